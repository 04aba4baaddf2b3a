#include "passes/passes.h"

namespace einx::detail::passes {

graph::Graph run(graph::Graph graph) {
  for (const Pass& pass : kPipeline) graph = graph::verified(pass.name, pass.run(std::move(graph)));
  return graph;
}

}  // namespace einx::detail::passes
