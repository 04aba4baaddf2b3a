// Inside the graph layer: the order in which a graph is written down.
#pragma once
#include <variant>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::graph {

/// A line between the signature and `return`.
using Statement = std::variant<const Constant*, const Node*>;

/// Whether no id points outside the graph.
bool ids_in_range(const Graph& graph);
/// Constants and nodes in the order of the values they define. Holds pointers into `graph`.
std::vector<Statement> statements(const Graph& graph);
/// The first value a statement defines, -1 for a node without outputs.
ValueId first_value(const Statement& statement);

/// The same graph as its text gives it back: values numbered parameters first, then in order. A traced graph
/// may have met a parameter only after some nodes; that makes no difference to what it computes. `graph` must
/// be valid.
Graph renumbered(const Graph& graph);

}  // namespace einx::detail::graph
