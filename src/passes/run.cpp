#include "passes/passes.h"

namespace einx::detail::passes {

graph::Graph run(graph::Graph graph) {
  // One node, as most calls make: nothing equals it, its results are needed, and they stay even if it is an
  // identity.
  if (graph.nodes.size() == 1 && graph.results == graph.nodes[0].outputs)
    return graph::verified(kPipeline.front().name, std::move(graph));
  for (const Pass& pass : kPipeline) graph = graph::verified(pass.name, pass.run(std::move(graph)));
  return graph;
}

}  // namespace einx::detail::passes
