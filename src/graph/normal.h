// Inside the graph layer: the one form that expressions, constants and names have in a graph; arithmetic on
// sizes that may not overflow.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "graph/read.h"

namespace einx::detail::graph {

/// Axis indices in range, groups and concatenations shaped as the notation allows, nesting bounded. What
/// everything else presumes.
bool well_formed(const notation::Solved& expr);

/// Size of a dimension, nullopt if it does not fit in 63 bits.
std::optional<std::int64_t> checked_size(const notation::Solved& expr, const notation::Dim& dim);
/// The data of a constant: a copy, since the graph may outlive what its owner does to the original;
/// row-major, bools as 0 and 1, so that equal constants have equal bytes.
Tensor owned(const Tensor& data);

/// One an output: those of id may differ (ops::output_dtypes).
std::vector<DType> output_dtypes(const Graph& graph, const Node& node);

}  // namespace einx::detail::graph
