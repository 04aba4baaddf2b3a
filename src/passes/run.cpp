#include "passes/passes.h"

namespace einx::detail::passes {

#ifdef NDEBUG
constexpr bool kVerify = false;  // it costs as much as tracing; the tests verify after each pass whatever the build
#else
constexpr bool kVerify = true;
#endif

graph::Graph run(graph::Graph graph) {
  for (const Pass& pass : kPipeline) {
    graph = pass.run(std::move(graph));
    if (kVerify) graph = graph::verified(pass.name, std::move(graph));
  }
  return graph;
}

}  // namespace einx::detail::passes
