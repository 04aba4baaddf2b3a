#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <tuple>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace einx::detail::passes {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

/// Axes by number: those of a node stand in the order of their appearance, so expressions that differ in
/// names only become the same text.
std::string anonymous_text(notation::Solved expr) {
  std::string sizes;
  for (std::size_t k = 0; k < expr.axes.size(); ++k) {
    expr.axes[k].name = "a" + std::to_string(k);
    sizes += " " + std::to_string(expr.axes[k].size);
  }
  return notation::text(expr) + sizes;
}

using Key = std::tuple<const ops::Op*, std::string, std::vector<ValueId>, graph::Attributes>;

/// Whether the operands may change places: two of them where x op y is y op x, more where the order of steps
/// makes no difference either (but for the rounding of contractions, which is free anyhow).
bool commutes(const Graph& graph, const Node& node) {
  constexpr std::string_view two[] = {"add", "multiply", "equal", "not_equal", "logaddexp", "hypot"};
  constexpr std::string_view any[] = {"maximum", "minimum", "logical_and", "logical_or", "dot", "einsum"};
  if (node.inputs.size() < 2 || ops::find(node.op->name) != node.op) return false;
  const auto named = [&](std::span<const std::string_view> names) {
    return std::ranges::find(names, node.op->name) != names.end();
  };
  const DType dtype = graph.values[node.inputs[0]].type.dtype;
  const bool one_dtype = std::ranges::all_of(
      node.inputs, [&](ValueId input) { return graph.values[input].type.dtype == dtype; });
  if (node.inputs.size() == 2) return named(two) || named(any);
  return one_dtype && (named(any) || (named(two) && !tensor::is_float(dtype)));
}

Key key_of(const Node& node) { return {node.op, anonymous_text(node.expr), node.inputs, node.attributes}; }

Node reordered(const Node& node, std::span<const std::size_t> order) {
  Node other = node;
  for (std::size_t k = 0; k < order.size(); ++k) {
    other.inputs[k] = node.inputs[order[k]];
    other.expr.inputs[k] = node.expr.inputs[order[k]];
  }
  other.expr = graph::normal_form(std::move(other.expr));
  return other;
}

/// The same for nodes that differ in the order of operands, where that makes no difference.
Key canonical_key(const Graph& graph, const Node& node) {
  if (!commutes(graph, node)) return key_of(node);
  std::vector<std::size_t> order(node.inputs.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::ranges::stable_sort(order, {}, [&](std::size_t k) { return node.inputs[k]; });
  Key key = key_of(reordered(node, order));
  if (order.size() == 2 &&
      node.inputs[0] == node.inputs[1]) {  // x and its transpose: numbers do not say which is first
    std::swap(order[0], order[1]);
    key = std::min(key, key_of(reordered(node, order)));
  }
  return key;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && std::ranges::equal(a.shape(), b.shape()) &&
         (a.size() == 0 || std::memcmp(a.data(), b.data(), std::size_t(a.size()) * size_of(a.dtype())) == 0);
}

/// Constants lie row-major, so that equal ones have equal bytes. Most differ in dtype, size or the first
/// bytes.
void merge_constants(const Graph& graph, Replacement& replacement) {
  std::multimap<std::pair<DType, std::int64_t>, const graph::Constant*> first;
  for (const graph::Constant& constant : graph.constants) {
    const std::pair key{constant.data.dtype(), constant.data.size()};
    const auto [begin, end] = first.equal_range(key);
    const auto known = std::find_if(
        begin, end, [&](const auto& entry) { return same_bits(entry.second->data, constant.data); });
    if (known == end)
      first.emplace_hint(end, key, &constant);
    else
      replacement[constant.value] = known->second->value;
  }
}

}  // namespace

/// Native functions of the user's are taken to be pure: called twice with the same operands, they may be called once.
graph::Graph merge_common(graph::Graph graph) {
  Replacement replacement = no_replacement(graph);
  merge_constants(graph, replacement);
  std::map<Key, const Node*> first;
  for (Node& node : graph.nodes) {
    use(replacement, node.inputs);
    const auto [known, is_new] = first.emplace(canonical_key(graph, node), &node);
    if (is_new) continue;
    for (std::size_t k = 0; k < node.outputs.size(); ++k)
      replacement[node.outputs[k]] = known->second->outputs[k];
  }
  use(replacement, graph.results);
  return graph;
}

}  // namespace einx::detail::passes
