// Recordings of einx::jit as a program that can be saved. Private to the model layer.
#pragma once
#include <vector>

#include "model/save.h"
#include "model/tapes.h"

namespace einx::detail::model {

/// One function, "forward", as it was recorded so far; what was captured is part of it, as it is now.
SavedProgram saved_recordings(const std::vector<RecordedPtr>& tapes, const OptimizeOptions& options, const Guards& guards);

}  // namespace einx::detail::model
