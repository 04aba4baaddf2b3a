#include <algorithm>
#include <optional>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace einx::detail::passes {
namespace {

using notation::Dim;

/// The axes in the order of the elements, those of size 1 left out; false for a sum.
bool append_axes(const notation::Solved& expr, const Dim& dim, std::vector<int>& axes) {
  if (dim.kind == Dim::Kind::Concat) return false;
  if (dim.kind == Dim::Kind::Axis && expr.axes[dim.axis].size != 1) axes.push_back(dim.axis);
  return std::all_of(dim.parts.begin(), dim.parts.end(),
                     [&](const Dim& part) { return append_axes(expr, part, axes); });
}

std::optional<std::vector<int>> element_order(const notation::Solved& expr,
                                              const notation::TensorExpr& tensor) {
  std::vector<int> axes;
  for (const Dim& dim : tensor.dims)
    if (!append_axes(expr, dim, axes)) return std::nullopt;
  return axes;
}

/// Whether output k is input k, element by element at the same place. An axis twice (a diagonal) also has
/// another shape on the other side.
bool keeps(const graph::Graph& graph, const graph::Node& node, std::size_t k) {
  const graph::Type& from = graph.values[node.inputs[k]].type;
  const graph::Type& to = graph.values[node.outputs[k]].type;
  if (from.dtype != to.dtype || from.shape != to.shape) return false;
  const auto input = element_order(node.expr, node.expr.inputs[k]);
  return input && input == element_order(node.expr, node.expr.outputs[k]);
}

/// Without sums, input k of `id` goes to output k.
bool pairs_up(const graph::Node& node) {
  if (node.op->family != notation::Family::Id || node.inputs.size() != node.outputs.size()) return false;
  const auto plain = [&](const notation::TensorExpr& tensor) {
    return element_order(node.expr, tensor).has_value();
  };
  return std::all_of(node.expr.inputs.begin(), node.expr.inputs.end(), plain) &&
         std::all_of(node.expr.outputs.begin(), node.expr.outputs.end(), plain);
}

}  // namespace

/// A result stays a value that a node makes and that is in no other place of the results: whoever runs the
/// graph then hands out a fresh row-major tensor, never an operand of the caller's.
graph::Graph drop_identities(graph::Graph graph) {
  Replacement replacement = no_replacement(graph);
  std::vector<bool> made_by_node(graph.values.size(), false);
  for (graph::Node& node : graph.nodes) {
    use(replacement, node.inputs);
    for (const graph::ValueId output : node.outputs) made_by_node[output] = true;
    if (!pairs_up(node)) continue;
    for (std::size_t k = 0; k < node.outputs.size(); ++k)
      if (keeps(graph, node, k)) replacement[node.outputs[k]] = node.inputs[k];
  }
  for (graph::ValueId& result : graph.results) {
    const graph::ValueId source = replacement[result];
    const bool already = std::find(graph.results.begin(), graph.results.end(), source) != graph.results.end();
    if (made_by_node[source] && !already) result = source;
  }
  return graph;
}

}  // namespace einx::detail::passes
