// One case of `einx eval`.
#pragma once
#include "eval_values.h"

namespace einx_command {

/// The result of a case without its id: outputs and via, axes, shapes, bool or ok. Raises einx::Error.
Json evaluate(const Json& a_case);

}  // namespace einx_command
