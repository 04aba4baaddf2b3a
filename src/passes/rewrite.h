// Inside the passes: what several of them ask of a graph, and do to it.
#pragma once
#include <span>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::passes {

/// replacement[id] is the value to use instead of `id` (itself if none). Chains are the caller's to resolve.
using Replacement = std::vector<graph::ValueId>;
Replacement no_replacement(const graph::Graph& graph);

/// Rewrites a node's inputs.
void use(const Replacement& replacement, std::vector<graph::ValueId>& ids);

/// For every value the place in graph.nodes of the node that makes it; -1 for parameters and constants.
std::vector<int> producers(const graph::Graph& graph);
/// For every value how often it is read: once for each operand that it is, once for each result.
std::vector<int> use_counts(const graph::Graph& graph);
/// For every value the place in graph.constants; -1 if it is none.
std::vector<int> constant_places(const graph::Graph& graph);

/// Nodes that a pass has put anywhere, in an order in which everything is made before it is used; otherwise
/// as they stood. Values get new numbers.
graph::Graph sorted(graph::Graph graph);

/// Whether there is a sum in the expression: a concatenation, or a tensor that is split into pieces.
bool has_concatenation(const notation::TensorExpr& expr);

}  // namespace einx::detail::passes
