#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace einx::detail::passes {
namespace {

std::vector<bool> needed_values(const graph::Graph& graph) {
  std::vector<bool> needed(graph.values.size(), false);
  for (const graph::ValueId result : graph.results) needed[result] = true;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (std::none_of(node->outputs.begin(), node->outputs.end(),
                     [&](graph::ValueId id) { return needed[id]; }))
      continue;
    for (const graph::ValueId id : node->outputs) needed[id] = true;  // a node stays whole
    for (const graph::ValueId id : node->inputs) needed[id] = true;
  }
  for (const graph::Parameter& parameter : graph.parameters) needed[parameter.value] = true;
  return needed;
}

/// Keeps the marked values under new numbers in the same order; returns the new number of each.
Replacement compact(std::vector<graph::Value>& values, const std::vector<bool>& needed) {
  Replacement number(values.size(), -1);
  std::vector<graph::Value> kept;
  for (std::size_t id = 0; id < values.size(); ++id) {
    if (!needed[id]) continue;
    number[id] = graph::ValueId(kept.size());
    kept.push_back(std::move(values[id]));
  }
  values = std::move(kept);
  return number;
}

}  // namespace

graph::Graph drop_dead(graph::Graph graph) {
  const std::vector<bool> needed = needed_values(graph);
  std::erase_if(graph.nodes, [&](const graph::Node& node) { return !needed[node.outputs.front()]; });
  std::erase_if(graph.constants, [&](const graph::Constant& constant) { return !needed[constant.value]; });

  const Replacement number = compact(graph.values, needed);
  for (graph::Parameter& parameter : graph.parameters) parameter.value = number[parameter.value];
  for (graph::Constant& constant : graph.constants) constant.value = number[constant.value];
  for (graph::Node& node : graph.nodes) {
    use(number, node.inputs);
    use(number, node.outputs);
  }
  use(number, graph.results);
  return graph;
}

}  // namespace einx::detail::passes
