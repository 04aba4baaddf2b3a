// The calls that first calls are timed on.
#pragma once
#include <string>
#include <vector>

#include "trace/trace.h"

namespace bench {

/// Every operation with every pattern of a conformance file once, on tensors of the first case's types.
std::vector<einx::detail::trace::Call> distinct_calls(const std::string& conformance_file);

}  // namespace bench
