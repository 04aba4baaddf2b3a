// Inside the passes: what several of them do to a graph.
#pragma once
#include <vector>

#include "graph/graph.h"

namespace einx::detail::passes {

/// replacement[id] is the value to use instead of `id` (itself if none). Chains are the caller's to resolve.
using Replacement = std::vector<graph::ValueId>;
Replacement no_replacement(const graph::Graph& graph);

/// Rewrites a node's inputs.
void use(const Replacement& replacement, std::vector<graph::ValueId>& ids);

}  // namespace einx::detail::passes
