// Front door of the passes: free functions graph -> graph, one a file. The order below is the design; the
// reason stands beside each.
#pragma once
#include <array>
#include <functional>
#include <string_view>

#include "graph/graph.h"
#include "paths/paths.h"

namespace einx::detail::passes {

/// Replaces uses of `id` nodes that change nothing (same shape, same order, same dtype) by their input.
graph::Graph drop_identities(graph::Graph graph);
/// Puts index maps (transposes, splits, merges, broadcasts, diagonals) into the expressions of the operations
/// around them, wherever the composed map is an expression: into the producer if they are its only reader,
/// else into each reader. Nodes without readers go.
graph::Graph merge_maps(graph::Graph graph);
/// Computes what follows from constants alone, with the reference interpreter: bounded in work, and in size
/// by the operands' or 1 MiB. What would raise an error stays.
graph::Graph fold_constants(graph::Graph graph);
/// Merges nodes that compute the same (operation, expression up to axis names, inputs in any order where that
/// makes no difference, attributes), and equal constants.
graph::Graph merge_common(graph::Graph graph);
/// Multiplies the scalars on the way of a value with each other: constants, rank-0 values and divisors go
/// through every operation whose result is of degree one in the operand they come with, and are taken in one
/// product where a value is needed whole. Changes the rounding of floats (f64, f32, bf16), whose scalars are
/// multiplied in f64 and rounded once; a division by a constant that meets other factors becomes a product
/// with the quotient. Scalars beyond 2^64 (f64: 2^512) or below its inverse, 0, infinities and nan stay where
/// they are; rank-0 values that are no constants are taken to be within. Of integers (which wrap) and f16
/// only factors that follow each other are multiplied.
graph::Graph accumulate_scalars(graph::Graph graph);
/// Moves products with a scalar to where they cost least: into a constant operand, after the operation with
/// the smallest result, or to an operand. Leaves integers and f16.
graph::Graph place_scalars(graph::Graph graph);
/// Removes nodes and constants that no result needs. Parameters stay: they are the signature.
graph::Graph drop_dead(graph::Graph graph);

/// How contractions are ordered. Slices would need loops around several nodes, which graphs do not have:
/// where no order keeps the memory limit, the einsum stays one node, which holds nothing between.
using PathOptions = paths::Options;
/// Chains of einsums (products, contractions, sums over axes, moves) become one node each where that is no
/// dearer: a value with several readers is computed in each of them, or kept for all, whichever takes fewer
/// floating-point operations in the best order. A value that is a result, or that another operation reads,
/// stays; it is also computed inside an einsum if that is cheaper there.
graph::Graph fuse_einsums(graph::Graph graph, const PathOptions& options = {});
/// Every einsum of three or more operands, or with axes that one operand alone has, in the order of the
/// fewest operations: a node a step. Numbers among the operands are multiplied into a constant operand, else
/// into the smallest value on the way. Between steps, f16 and bf16 are f32.
graph::Graph optimize_einsums(graph::Graph graph, const PathOptions& options = {});
/// Floating-point operations of the graph's einsums that run time takes, as opt_einsum counts: for each node
/// the number of combinations of its axes, times one for each operand but the first (at least one) and one
/// more if axes are summed. Products with single numbers, moves, and what follows from constants are free.
double flops(const graph::Graph& graph);

/// The same graph for other types of its parameters: every expression is solved again, nothing is executed.
/// Sizes that an operation was given stay: of axes that only an output has, of numbers in patterns, and of
/// axes named in `keep`. Where a dimension of several axes has changed, the one axis that can take up the
/// change does. Raises ValueError num-tensors; AxisSizeError axis-ambiguous if several can, axis-conflict if
/// none; the operations' errors about dtypes.
graph::Graph propagate_shapes(const graph::Graph& graph, const std::vector<graph::Type>& inputs,
                              const std::vector<std::string>& keep = {});

struct Pass {
  std::string_view name;
  graph::Graph (*run)(graph::Graph);
};
inline constexpr std::array kPipeline{
    Pass{"drop_identities", drop_identities},  // first: exposes equal nodes behind them
    Pass{"merge_maps", merge_maps},            // nodes that differ by a map only become equal
    Pass{"fold_constants", fold_constants},    // after the maps: what is left of those is worth storing
    Pass{"merge_common", merge_common},
    Pass{"drop_dead", drop_dead},  // last: the others leave nodes without users
};
/// Every pass, for tests and tools that go through them one by one.
inline constexpr std::array kAll{
    Pass{"drop_identities", drop_identities},
    Pass{"merge_maps", merge_maps},
    Pass{"fold_constants", fold_constants},
    Pass{"accumulate_scalars", accumulate_scalars},
    Pass{"place_scalars", place_scalars},
    Pass{"merge_common", merge_common},
    Pass{"drop_dead", drop_dead},
};
/// All of the pipeline, verified after each.
graph::Graph run(graph::Graph graph);

/// Which parts of `optimize` run beside the pipeline, and how long paths are searched for.
struct OptimizeOptions {
  bool scalars = true;      ///< accumulation and placement
  bool fusion = true;       ///< of einsums
  bool contraction = true;  ///< their orders
  PathOptions paths = default_paths();
  /// A tenth of a second for each einsum that is not solved exactly in less.
  static PathOptions default_paths() {
    PathOptions options;
    options.seconds = 0.1;
    return options;
  }
};
using Observer = std::function<void(std::string_view pass, const graph::Graph& graph)>;
/// Graphs of many operations: scalar accumulation, einsum fusion, contraction, scalar placement, and the
/// pipeline around them. Verified after each, when `observer` sees the graph.
graph::Graph optimize(graph::Graph graph, const OptimizeOptions& options = {}, const Observer& observer = {});

}  // namespace einx::detail::passes
