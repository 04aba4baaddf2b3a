#include <map>
#include <string>
#include <tuple>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace einx::detail::passes {
namespace {

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

using Key = std::tuple<const ops::Op*, std::string, std::vector<graph::ValueId>, graph::Attributes>;

}  // namespace

graph::Graph merge_common(graph::Graph graph) {
  Replacement replacement = no_replacement(graph);
  std::map<Key, const graph::Node*> first;
  for (graph::Node& node : graph.nodes) {
    use(replacement, node.inputs);
    const auto [known, is_new] =
        first.emplace(Key{node.op, anonymous_text(node.expr), node.inputs, node.attributes}, &node);
    if (is_new) continue;
    for (std::size_t k = 0; k < node.outputs.size(); ++k)
      replacement[node.outputs[k]] = known->second->outputs[k];
  }
  use(replacement, graph.results);
  return graph;
}

}  // namespace einx::detail::passes
