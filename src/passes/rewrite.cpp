#include "passes/rewrite.h"

#include <numeric>

namespace einx::detail::passes {

Replacement no_replacement(const graph::Graph& graph) {
  Replacement replacement(graph.values.size());
  std::iota(replacement.begin(), replacement.end(), 0);
  return replacement;
}

void use(const Replacement& replacement, std::vector<graph::ValueId>& ids) {
  for (graph::ValueId& id : ids) id = replacement[id];
}

}  // namespace einx::detail::passes
