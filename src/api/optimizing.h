// Private to the api layer: public options as the layers below have them.
#pragma once
#include <einx/optimize_options.h>

#include "passes/passes.h"
#include "paths/paths.h"

namespace einx::detail::api {

/// Raises ValueError bad-parameter for names that are none. `progress` is called through `options`, which must outlive the result.
paths::Options path_options(const PathOptions& options);
passes::OptimizeOptions optimize_options(const OptimizeOptions& options);

}  // namespace einx::detail::api
