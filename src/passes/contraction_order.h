// Inside the passes: in which order the operands of an einsum are contracted.
#pragma once
#include <vector>

#include "passes/einsum.h"
#include "passes/passes.h"

namespace einx::detail::passes {

/// One step: one operand whose own labels are summed, or two (rarely more) that are contracted.
struct OrderStep {
  std::vector<int> operands;  ///< places in the list of operands; results of earlier steps follow it
  std::vector<int> kept;      ///< labels of the result, sorted
};
struct Order {
  std::vector<OrderStep> steps;  ///< the last one makes the result
  double flops = 0;              ///< at run time; an einsum of constants only: a 10^9th of what it takes
  bool over_limit = false;       ///< one step, because no order of several keeps the memory limit
};

/// The best order for the operands that have a label (numbers are left out: they can be multiplied in
/// anywhere). Without such operands there are no steps; one step over all of them, if no order is better.
Order contraction_order(const Einsum& einsum, const std::vector<bool>& constant, const PathOptions& options);

/// Whether nothing of it is left to run time.
bool all_constant(const Einsum& einsum, const std::vector<bool>& constant);
/// Of the einsum as one nest, in opt_einsum's convention: the product of the sizes, times a multiplication
/// for every operand but the first (one at least), and an addition if a label is summed. Numbers do not
/// count.
double nest_flops(const Einsum& einsum);

}  // namespace einx::detail::passes
