#include "graph/parse_expression.h"

#include <algorithm>
#include <set>

#include "graph/normal.h"

namespace einx::detail::graph {
namespace {

constexpr std::size_t kMaxPattern = std::size_t(64) << 10;  // the notation's budget

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

Words words_of(std::string_view pattern) {
  if (pattern.size() > kMaxPattern) throw ExpressionError{"expected an expression of at most 64 KiB"};
  Words words;
  words.inputs.emplace_back();
  std::set<std::string, std::less<>> seen;
  bool in_inputs = true;
  int depth =
      0;  // of parentheses; brackets make no dimension. The notation's parser checks that both are balanced
  for (std::size_t at = 0; at < pattern.size();) {
    if (is_word(pattern[at])) {
      const auto end = std::find_if_not(pattern.begin() + std::ptrdiff_t(at), pattern.end(), is_word);
      const std::string name(pattern.begin() + std::ptrdiff_t(at), end);
      if (!legal_name(name))
        throw ExpressionError{"expected an expression of named axes only, not \"" + name + "\""};
      if (seen.insert(name).second) words.names.push_back(name);
      if (in_inputs && depth == 0) words.inputs.back().push_back(name);
      at += name.size();
      continue;
    }
    const char c = pattern[at++];
    if (c == '>') in_inputs = false;
    if (c == '(' && depth++ == 0 && in_inputs) words.inputs.back().emplace_back();
    if (c == ')') --depth;
    if (c == ',' && depth == 0 && in_inputs) words.inputs.emplace_back();
  }
  return words;
}

std::set<std::string, std::less<>> names_in(std::string_view pattern) {
  std::set<std::string, std::less<>> names;
  for (auto at = pattern.begin(); at != pattern.end();) {
    const auto end = std::find_if_not(at, pattern.end(), is_word);
    if (legal_name({at, end})) names.emplace(at, end);
    at = end == at ? at + 1 : end;
  }
  return names;
}

Sizes sizes_from(const Words& words, const std::vector<Shape>& shapes) {
  if (words.inputs.size() != shapes.size())
    throw ExpressionError{"expected an expression of " + std::to_string(shapes.size()) +
                          " inputs, one for each operand"};
  Sizes sizes;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    if (words.inputs[k].size() != shapes[k].size())
      throw ExpressionError{"expected " + std::to_string(shapes[k].size()) + " dimensions for operand " +
                            std::to_string(k + 1) + " of shape " + support::tuple_text(shapes[k])};
    for (std::size_t d = 0; d < shapes[k].size(); ++d)
      if (!words.inputs[k][d].empty()) sizes.emplace(words.inputs[k][d], shapes[k][d]);
  }
  return sizes;
}

notation::Solved solved_from(std::string_view pattern, const Words& words, const Sizes& sizes) {
  std::vector<std::pair<std::string, std::int64_t>> ordered;
  for (const std::string& name : words.names) {
    const auto size = sizes.find(name);
    if (size == sizes.end()) throw ExpressionError{"expected the size of axis \"" + name + "\" as a keyword"};
    ordered.emplace_back(name, size->second);
  }
  const std::set<std::string_view> known(words.names.begin(), words.names.end());
  for (const auto& [name, size] : sizes)
    if (!known.contains(name))
      throw ExpressionError{"expected no size for \"" + name + "\": the expression has no such axis"};
  try {
    notation::Solved expr = notation::parse_solved(pattern, ordered);
    if (!well_formed(expr)) throw ExpressionError{"expected a well-formed expression"};
    return normal_form(std::move(expr));
  } catch (const Error& error) {
    const std::string_view what = error.what();
    throw ExpressionError{"expected a legal expression: " + std::string(what.substr(0, what.find('\n')))};
  }
}

}  // namespace einx::detail::graph
