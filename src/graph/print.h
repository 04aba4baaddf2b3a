// Inside the graph layer: the pieces of the graph text that its printer, its errors and its drawings share.
#pragma once
#include <string>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::graph {

/// "x3", or "?7" for an id that is no value: broken graphs are printed too, in the errors about them.
std::string name_of(const Graph& graph, ValueId id);
/// "b (g [c]) -> b g", or a note that the expression is broken.
std::string expression_text(const Node& node);
/// For each axis whether it is a whole dimension of an input, whose shape then gives its size: all others are
/// printed.
std::vector<bool> given_by_shapes(const notation::Solved& expr);
/// "x0: f32[10, 2] = sum(i0, "b (g [c]) -> b g", g=2, c=5)"
std::string node_text(const Graph& graph, const Node& node);

}  // namespace einx::detail::graph
