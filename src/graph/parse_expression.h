// Inside the graph layer: a printed expression, the operands' shapes and the printed sizes -> the solved
// expression.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::graph {

/// What is wrong with an expression; the parser adds the line.
struct ExpressionError {
  std::string message;
};

/// The words of an expression, and which of them are a whole dimension of an input ("" for groups and sums).
struct Words {
  std::vector<std::string> names;                ///< each once, in the order of appearance
  std::vector<std::vector<std::string>> inputs;  ///< one entry a dimension
};
Words words_of(std::string_view pattern);
/// All names in an expression of any form.
std::set<std::string, std::less<>> names_in(std::string_view pattern);

using Sizes = std::map<std::string, std::int64_t, std::less<>>;
/// The sizes of the axes that are whole dimensions of inputs.
Sizes sizes_from(const Words& words, const std::vector<Shape>& shapes);
/// In normal form. Every axis needs a size and every size an axis.
notation::Solved solved_from(std::string_view pattern, const Words& words, const Sizes& sizes);

}  // namespace einx::detail::graph
