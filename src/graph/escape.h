// Inside the graph layer: strings in JSON and DOT.
#pragma once
#include <string>
#include <string_view>

namespace einx::detail::graph {

/// The text between quotation marks, as both JSON and DOT read it: quotation marks and backslashes escaped,
/// control characters as \uXXXX.
std::string quoted(std::string_view text);

}  // namespace einx::detail::graph
