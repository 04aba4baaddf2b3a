// Inside the graph layer: the rules of a single node, which the parser checks line by line.
#pragma once
#include <optional>
#include <string>

#include "graph/graph.h"

namespace einx::detail::graph {

/// nullopt if the node at this place of the graph obeys every rule, else the broken one. Ids must be in
/// range. Without `types` those of the node's outputs are not looked at.
std::optional<std::string> violation(const Graph& graph, const Node& node, bool types = true);

/// "def" and "return" begin lines of the text and name no value.
bool legal_value_name(std::string_view name);

}  // namespace einx::detail::graph
