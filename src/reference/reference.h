// Front door of the reference interpreter: plain nested loops from the loop definition (notation.md 8), no LLVM. The oracle of every
// test, and what EINX_JIT=0 runs.
#pragma once
#include <span>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::reference {

/// Runs a graph; `operands` in the order of its parameters (factories already called), of the parameters' dtype and shape, any strides.
/// Raises CallOperationError "runtime" for a coordinate out of range or a maximum of nothing.
std::vector<Tensor> run(const graph::Graph& graph, std::span<const Tensor> operands);

}  // namespace einx::detail::reference
