// Front door of the passes: free functions graph -> graph, one a file. The order below is the design; the reason stands beside each.
#pragma once
#include <array>
#include <string_view>

#include "graph/graph.h"
#include "paths/paths.h"

namespace einx::detail::passes {

/// Replaces uses of `id` nodes that change nothing (same shape, same order, same dtype) by their input.
graph::Graph drop_identities(graph::Graph graph);
/// Merges nodes that compute the same: operation, expression up to axis names, inputs, attributes.
graph::Graph merge_common(graph::Graph graph);
/// Removes nodes and constants that no result needs. Parameters stay: they are the signature.
graph::Graph drop_dead(graph::Graph graph);

/// How contractions are ordered. Slices would need loops around several nodes, which graphs do not have: where no order keeps the memory limit, the
/// einsum stays one node, which holds nothing between.
using PathOptions = paths::Options;
/// Chains of einsums (products, contractions, sums over axes, moves) become one node each where that is no dearer: a value with several
/// readers is computed in each of them, or kept for all, whichever takes fewer floating-point operations in the best order. A value that is a
/// result, or that another operation reads, stays; it is also computed inside an einsum if that is cheaper there.
graph::Graph fuse_einsums(graph::Graph graph, const PathOptions& options = {});
/// Every einsum of three or more operands, or with axes that one operand alone has, in the order of the fewest operations: a node a step. Numbers
/// among the operands are multiplied into a constant operand, else into the smallest value on the way. Between steps, f16 and bf16 are f32.
graph::Graph optimize_einsums(graph::Graph graph, const PathOptions& options = {});
/// Floating-point operations of the graph's einsums that run time takes, as opt_einsum counts: for each node the number of combinations of
/// its axes, times one for each operand but the first (at least one) and one more if axes are summed. Products with single numbers,
/// moves, and what follows from constants are free.
double flops(const graph::Graph& graph);

struct Pass {
  std::string_view name;
  graph::Graph (*run)(graph::Graph);
};
inline constexpr std::array kPipeline{
    Pass{"drop_identities", drop_identities},  // first: exposes equal nodes behind them
    Pass{"merge_common", merge_common},
    Pass{"drop_dead", drop_dead},              // last: the others leave nodes without users
};
/// All of them, verified after each.
graph::Graph run(graph::Graph graph);

}  // namespace einx::detail::passes
