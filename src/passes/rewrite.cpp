#include "passes/rewrite.h"

#include <algorithm>
#include <numeric>

namespace einx::detail::passes {

using graph::Graph;
using graph::Node;
using graph::ValueId;

Replacement no_replacement(const Graph& graph) {
  Replacement replacement(graph.values.size());
  std::iota(replacement.begin(), replacement.end(), 0);
  return replacement;
}

void use(const Replacement& replacement, std::vector<ValueId>& ids) {
  for (ValueId& id : ids) id = replacement[id];
}

std::vector<int> producers(const Graph& graph) {
  std::vector<int> places(graph.values.size(), -1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (const ValueId output : graph.nodes[n].outputs) places[output] = int(n);
  return places;
}

std::vector<int> use_counts(const Graph& graph) {
  std::vector<int> counts(graph.values.size(), 0);
  for (const Node& node : graph.nodes)
    for (const ValueId input : node.inputs) ++counts[input];
  for (const ValueId result : graph.results) ++counts[result];
  return counts;
}

std::vector<int> constant_places(const Graph& graph) {
  std::vector<int> places(graph.values.size(), -1);
  for (std::size_t k = 0; k < graph.constants.size(); ++k) places[graph.constants[k].value] = int(k);
  return places;
}

namespace {

/// The nodes' places so that each comes behind those that make its operands: depth first, with a stack of its
/// own since graphs may be long chains.
std::vector<int> dependency_order(const Graph& graph) {
  const std::vector<int> made_by = producers(graph);
  std::vector<int> order;
  std::vector<char> entered(graph.nodes.size(), 0);
  std::vector<std::pair<int, std::size_t>> stack;  // a node, and its operand that is next
  for (int root = 0; root < int(graph.nodes.size()); ++root) {
    if (!entered[root]) stack.emplace_back(root, 0), entered[root] = 1;
    while (!stack.empty()) {
      auto& [place, operand] = stack.back();
      if (operand == graph.nodes[place].inputs.size()) {
        order.push_back(place);
        stack.pop_back();
        continue;
      }
      const int before = made_by[graph.nodes[place].inputs[operand++]];
      if (before >= 0 && !entered[before]) stack.emplace_back(before, 0), entered[before] = 1;
    }
  }
  return order;
}

}  // namespace

Graph sorted(Graph graph) {
  Replacement number(graph.values.size(), -1);
  std::vector<graph::Value> values;
  const auto place = [&](ValueId& id) {
    number[id] = ValueId(values.size());
    values.push_back(std::move(graph.values[id]));
    id = number[id];
  };
  for (graph::Parameter& parameter : graph.parameters) place(parameter.value);
  for (graph::Constant& constant : graph.constants) place(constant.value);
  std::vector<Node> nodes;
  for (const int n : dependency_order(graph)) {
    Node& node = graph.nodes[n];
    use(number, node.inputs);
    for (ValueId& output : node.outputs) place(output);
    nodes.push_back(std::move(node));
  }
  use(number, graph.results);
  graph.nodes = std::move(nodes);
  graph.values = std::move(values);
  return graph;
}

namespace {

bool has_concatenation(const notation::Dim& dim) {
  return dim.kind == notation::Dim::Kind::Concat ||
         std::any_of(dim.parts.begin(), dim.parts.end(),
                     [](const notation::Dim& part) { return has_concatenation(part); });
}

}  // namespace

bool has_concatenation(const notation::TensorExpr& expr) {
  return std::any_of(expr.dims.begin(), expr.dims.end(),
                     [](const notation::Dim& dim) { return has_concatenation(dim); });
}

}  // namespace einx::detail::passes
