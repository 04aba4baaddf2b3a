// Recorded graphs of equivariant layers (tests/workloads) as graphs of ours.
#pragma once
#include <string>
#include <vector>

#include "graph/graph.h"

namespace workloads {

struct Workload {
  einx::detail::graph::Graph graph;
  double flops_best = 0;  ///< after opt_einsum_fx, in its own count
  int weights = -1;       ///< which operand of the recorded function they are
};

/// The operations as recorded: reshapes and slices as moves, einsums, products with numbers, sums, concatenation. `constant_weights`: the parameter "w" is a
/// constant of the graph.
Workload load(const std::string& name, bool constant_weights, einx::DType dtype = einx::f64);

/// What the recorded operations give, computed operation by operation on plain arrays: nothing of the library but tensors.
std::vector<double> run_plainly(const std::string& name, const std::vector<einx::Tensor>& operands);

}  // namespace workloads
