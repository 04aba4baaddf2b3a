// The optimiser of graphs: fewer operations for the same values.
//
//   einx::Graph g = einx::trace([](einx::Value x, einx::Value y, einx::Value z) { return 0.784 * einx::einsum("ij,jk,kl->il", x, y, z); }, specs);
//   einx::Graph h = einx::optimize(g);                        // einx::flops(h) <= einx::flops(g)
//   auto f = einx::optimize_einsums_full(function, specs);    // a callable: for other shapes it is traced and optimised again
//
// The names and the order of the four optimisations are those of opt_einsum_fx: scalar accumulation, einsum fusion, contraction, scalar placement. Floating-point
// results change by rounding only, as sums and products are taken in another order; see docs/optimizer.md. Graphs are values: each function gives a new one, and
// those that opt_einsum_fx has in place take einx::in_place as well.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <einx/graph.h>
#include <einx/jit.h>
#include <einx/optimize_options.h>

namespace [[gnu::visibility("default")]] einx {

/// fuse_einsums(graph, einx::in_place): the graph is replaced by what it becomes.
struct InPlace {};
inline constexpr InPlace in_place;

/// Sees the graph after each pass.
using PassObserver = std::function<void(std::string_view pass, const Graph& graph)>;
/// All passes in their order.
Graph optimize(const Graph& graph, const OptimizeOptions& options = {}, const PassObserver& observer = {});

/// Einsums (dot, einsum, products, sums over axes, transpositions and other moves) that read einsums become one, where the cheapest order of the whole takes no
/// more operations. What several of them read is computed in each, or shared, whichever is cheaper; what is a result, or read otherwise, stays.
Graph fuse_einsums(const Graph& graph);
void fuse_einsums(Graph& graph, InPlace);
/// Numbers along a chain of operations become one, which goes into a constant operand if there is one, else to the smallest value on the way.
Graph fuse_scalars(const Graph& graph);
void fuse_scalars(Graph& graph, InPlace);
/// Each einsum of three or more operands as steps over two, in the cheapest order. One that no order keeps within `paths.memory_limit` stays as it is, with a
/// warning in the log. (Shapes are always known here: a graph without them cannot be made.) Raises ValueError "bad-parameter" for options that make no sense.
Graph optimize_einsums(const Graph& graph, const PathOptions& paths = {});
/// The same graph for other inputs: types of all values, in no time and no memory for what they hold. Sizes that an operation was given stay: of axes that only
/// an output has, of numbers in patterns, of axes named in `keep`. Where a dimension of several axes changed, the one axis that can take it up does. Raises
/// AxisSizeError "axis-ambiguous" if several can and "axis-conflict" if none, ValueError "num-tensors".
Graph propagate_shapes(const Graph& graph, const std::vector<Spec>& inputs, const std::vector<std::string>& keep = {});
/// The graph itself: optimised graphs compile as they are. For programs that are ported from opt_einsum_fx.
Graph jitable(const Graph& graph);

/// Floating-point operations of the graph's einsums that are left to run time, as opt_einsum counts: a node's number of combinations of its axes, times one for
/// each operand but the first (at least one), and one more if axes are summed. Products with single numbers and moves are free, and so are other operations.
double flops(const Graph& graph);

/// The four optimisations for these inputs, or for the graph's own if none are given.
Graph optimize_einsums_full(const Graph& graph, const std::vector<Spec>& inputs = {}, const OptimizeOptions& options = {});

/// A function that is traced, optimised and compiled once a signature. The example only says what `graph` shows; calls may have other shapes and dtypes.
template <class F>
class Optimized {
 public:
  Optimized(Jit<F> function, Graph graph) : function_(std::move(function)), graph_(std::move(graph)) {}
  template <OperandLike... A>
  auto operator()(const A&... operands) const { return function_(operands...); }
  const Graph& graph() const { return graph_; }  ///< for the example

 private:
  Jit<F> function_;
  Graph graph_;
};
template <class F, std::size_t N>
  requires(!std::is_same_v<F, Graph>)
Optimized<F> optimize_einsums_full(F f, const Spec (&example)[N], const OptimizeOptions& options = {}, Location site = Location::current()) {
  Graph graph = optimize(trace(f, example), options);
  return {Jit<F>(std::move(f), site, options), std::move(graph)};
}

/// The passes one by one, each alone; what they do is written in src/passes/passes.h and docs/optimizer.md.
namespace passes {
Graph drop_identities(const Graph& graph);
Graph merge_maps(const Graph& graph);
Graph fold_constants(const Graph& graph);
Graph merge_common(const Graph& graph);
Graph accumulate_scalars(const Graph& graph);
Graph fuse_einsums(const Graph& graph);
Graph optimize_einsums(const Graph& graph, const PathOptions& paths = {});
Graph place_scalars(const Graph& graph);
Graph drop_dead(const Graph& graph);
}  // namespace passes

}  // namespace einx
