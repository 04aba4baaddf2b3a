// Front door of the passes: free functions graph -> graph, one a file. The order below is the design; the reason stands beside each.
#pragma once
#include <array>
#include <string_view>

#include "graph/graph.h"

namespace einx::detail::passes {

/// Replaces uses of `id` nodes that change nothing (same shape, same order, same dtype) by their input.
graph::Graph drop_identities(graph::Graph graph);
/// Merges nodes that compute the same: operation, expression up to axis names, inputs, attributes.
graph::Graph merge_common(graph::Graph graph);
/// Removes nodes and constants that no result needs. Parameters stay: they are the signature.
graph::Graph drop_dead(graph::Graph graph);

struct Pass {
  std::string_view name;
  graph::Graph (*run)(graph::Graph);
};
inline constexpr std::array kPipeline{
    Pass{"drop_identities", drop_identities},  // first: exposes equal nodes behind them
    Pass{"merge_common", merge_common},
    Pass{"drop_dead", drop_dead},              // last: the others leave nodes without users
};
/// All of them, verified after each.
graph::Graph run(graph::Graph graph);

}  // namespace einx::detail::passes
