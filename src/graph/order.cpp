#include "graph/order.h"

#include <algorithm>
#include <cstring>

namespace einx::detail::graph {
namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() ||
      !std::equal(a.shape().begin(), a.shape().end(), b.shape().begin(), b.shape().end()))
    return false;
  if (a.size() == 0) return true;
  const Tensor left = a.contiguous() ? a : a.clone();
  const Tensor right = b.contiguous() ? b : b.clone();
  return std::memcmp(left.data(), right.data(), std::size_t(left.size()) * size_of(left.dtype())) == 0;
}

}  // namespace

bool ids_in_range(const Graph& graph) {
  const auto legal = [&](ValueId id) { return id >= 0 && std::size_t(id) < graph.values.size(); };
  const auto all = [&](const std::vector<ValueId>& ids) {
    return std::all_of(ids.begin(), ids.end(), legal);
  };
  return std::all_of(graph.parameters.begin(), graph.parameters.end(),
                     [&](const Parameter& p) { return legal(p.value); }) &&
         std::all_of(graph.constants.begin(), graph.constants.end(),
                     [&](const Constant& c) { return legal(c.value); }) &&
         std::all_of(graph.nodes.begin(), graph.nodes.end(),
                     [&](const Node& n) { return all(n.inputs) && all(n.outputs); }) &&
         all(graph.results);
}

ValueId first_value(const Statement& statement) {
  return support::match(
      statement, [](const Constant* constant) { return constant->value; },
      [](const Node* node) { return node->outputs.empty() ? -1 : node->outputs.front(); });
}

std::vector<Statement> statements(const Graph& graph) {
  std::vector<Statement> result;
  for (const Constant& constant : graph.constants) result.push_back(&constant);
  for (const Node& node : graph.nodes) result.push_back(&node);
  std::stable_sort(result.begin(), result.end(),
                   [](const Statement& a, const Statement& b) { return first_value(a) < first_value(b); });
  return result;
}

Graph renumbered(const Graph& graph) {
  std::vector<ValueId> to(graph.values.size(), -1);
  Graph result;
  result.name = graph.name;
  const auto place = [&](ValueId id) {
    if (to[id] >= 0) return;
    to[id] = ValueId(result.values.size());
    result.values.push_back(graph.values[id]);
  };
  for (const Parameter& parameter : graph.parameters) place(parameter.value);
  for (ValueId id = 0; id < ValueId(graph.values.size()); ++id) place(id);

  const auto moved = [&](std::vector<ValueId> ids) {
    for (ValueId& id : ids) id = to[id];
    return ids;
  };
  for (const Parameter& parameter : graph.parameters)
    result.parameters.push_back({to[parameter.value], parameter.factory});
  for (const Statement& statement : statements(graph)) {
    support::match(
        statement,
        [&](const Constant* constant) {
          result.constants.push_back({to[constant->value], constant->data});
        },
        [&](const Node* node) {
          result.nodes.push_back(
              {node->op, node->expr, moved(node->inputs), moved(node->outputs), node->attributes});
        });
  }
  result.results = moved(graph.results);
  return result;
}

bool operator==(const Graph& a, const Graph& b) {
  const bool comparable = ids_in_range(a) && ids_in_range(b);  // broken graphs are compared as they stand
  const Graph left = comparable ? renumbered(a) : a;
  const Graph right = comparable ? renumbered(b) : b;
  return left.name == right.name && left.values == right.values && left.parameters == right.parameters &&
         left.nodes == right.nodes && left.results == right.results &&
         std::equal(left.constants.begin(), left.constants.end(), right.constants.begin(),
                    right.constants.end(), [](const Constant& x, const Constant& y) {
                      return x.value == y.value && same_bits(x.data, y.data);
                    });
}

}  // namespace einx::detail::graph
