// Shared by the notation tests: rules by family letter, calls in one line, errors as text.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "notation/notation.h"

namespace notation_test {

using namespace einx::detail::notation;

inline Rules rules_for(const std::string& op) {
  Rules r;
  r.op = op;
  const auto set = [&](Family family, int low, int high) {
    r.family = family;
    r.min_inputs = low;
    r.max_inputs = high;
  };
  if (op == "id") set(Family::Id, 1, -1);
  if (op == "add") set(Family::Elementwise, 1, -1);
  if (op == "less") set(Family::Elementwise, 2, 2);
  if (op == "sum" || op == "keepdims") set(Family::Reduce, 1, 1);
  if (op == "dot") set(Family::Dot, 2, -1);
  if (op == "softmax" || op == "sort" || op == "roll") set(Family::Preserve, 1, 1);
  if (op == "argmax") set(Family::ArgFind, 1, 1);
  if (op == "get_at") set(Family::GetAt, 2, -1);
  if (op == "set_at") set(Family::UpdateAt, 3, -1);
  r.second_operand_shorthand = op == "add" || op == "dot";
  r.keepdims = op == "keepdims";
  r.one_bracketed_axis = op == "sort";
  if (op == "roll") r.reserved = {"shift"};
  return r;
}

using Shapes = std::vector<std::optional<einx::Shape>>;
using Sizes = std::vector<Constraint>;

inline Constraint one(const std::string& name, std::int64_t value) { return {name, {}, {value}, ""}; }
inline Constraint list(const std::string& name, std::vector<std::int64_t> values) {
  return {name, {std::int64_t(values.size())}, values, ""};
}

inline std::vector<Operand> operands(const Shapes& shapes) {
  std::vector<Operand> all;
  for (const auto& shape : shapes) all.push_back({shape, shape ? "" : "factory"});
  return all;
}

inline Solved solved(const std::string& op, const std::string& pattern, const Shapes& shapes,
                     const Sizes& sizes = {}) {
  const std::vector<Operand> given = operands(shapes);
  return solve(expand(parse(pattern), rules_for(op), given, sizes), given, sizes);
}

/// "class kind [carets]" of the error that f raises, "" if it raises none.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const einx::Error& error) {
    std::string out = std::string(error.class_name()) + " " + std::string(error.kind());
    for (int caret : error.carets()) out += " " + std::to_string(caret);
    // Every kind is one of the closed table, under the class that it is raised as.
    const auto& kinds = einx::detail::support::kinds();
    CHECK_MESSAGE(std::any_of(kinds.begin(), kinds.end(),
                              [&](const auto& k) {
                                return k.class_name == error.class_name() && k.kind == error.kind();
                              }),
                  out);
    return out;
  }
  return "";
}

/// "a b -> b a | a=2 b=3"
inline std::string with_sizes(const Solved& s) {
  std::string out = text(s) + " |";
  for (const Axis& axis : s.axes) out += " " + axis.name + "=" + std::to_string(axis.size);
  return out;
}

}  // namespace notation_test
