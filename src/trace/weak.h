// Inside the tracer: the dtype that each operand of a call brings, weak numbers included.
#pragma once
#include <vector>

#include "trace/trace.h"

namespace einx::detail::trace {

/// One dtype an operand. Weak numbers take the dtype of those operands that theirs is combined with (operations.md 1, 4, 8).
std::vector<DType> operand_dtypes(const ops::Op& op, const std::vector<Operand>& operands);

}  // namespace einx::detail::trace
