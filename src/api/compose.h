// From the graphs that users' functions write to meanings of the registry. Private to the api layer.
#pragma once
#include "api/tracing.h"

namespace einx::detail::api {

/// Writes a graph of single numbers into a function under construction: `parameters` are the nodes of its parameters. Gives the node of its result, in the
/// result's dtype. Raises ValueError "bad-parameter" for anything that is not elementwise.
int write(ops::Composer& to, std::string_view op, const graph::Graph& graph, std::span<const int> parameters);

/// Length of the row that functions of rows are traced with; nothing may depend on it.
inline constexpr std::int64_t kRowLength = 1009;
/// A graph of one row -> passes over it and a result for each element, or one. Raises ValueError "bad-parameter" for what rows cannot do.
ops::Rows rows_of(std::string_view op, const graph::Graph& graph);

}  // namespace einx::detail::api
