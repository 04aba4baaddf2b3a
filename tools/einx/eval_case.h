// One case of `einx eval`.
#pragma once
#include "eval_values.h"

namespace einx_command {

/// The result of a case without its id: outputs and via, axes, shapes, bool or ok. Raises einx::Error.
Json evaluate(const Json& a_case);

/// The call of a case in the default dialect.
Request request_of(const Json& a_case);

// --- one file a dialect
Json evaluate_einx03(const Json& a_case);
Json evaluate_einops(const Json& a_case);  ///< also einsum
/// What solve_axes and its relatives find, in the request's dialect.
einx::detail::notation::SolvedAxes solved_axes_of(const Request& request, bool merge);
/// Runs it through the library's cache: {"outputs", "via"}.
Json computed(const Request& request);

}  // namespace einx_command
