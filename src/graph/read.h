// Second front door of the graph layer, for those who read graphs that others have written: files of several functions,
// JSON, and what names and types there may be.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::graph {

/// Gives the data of a constant by its name, or nothing.
using DataSource = std::function<std::optional<Tensor>(const std::string& name)>;
/// Refers to `data`.
DataSource source_of(const std::vector<std::pair<std::string, Tensor>>& data);

/// Every function of a text, in order; at least one. Raises SyntaxError "graph-text" like `parse`.
std::vector<Graph> parse_all(std::string_view text, const DataSource& data);
/// The way back from `json`. Raises SyntaxError "graph-text" with the path of the field: "nodes[2].op".
Graph from_json(std::string_view text, const DataSource& data);

/// [A-Za-z_][A-Za-z0-9_]*
bool legal_name(std::string_view name);
/// Whether all elements of a tensor of this shape, axes of size 0 counted as 1, have a byte address in 63
/// bits: strides then fit too.
bool addressable(const Shape& shape, DType dtype);
/// Whether the furthest element of a strided tensor has a byte offset in 63 bits.
bool reachable(const Shape& shape, const Shape& strides, DType dtype);

}  // namespace einx::detail::graph
