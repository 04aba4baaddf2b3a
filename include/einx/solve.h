// Solving expressions without computing: what sizes do the axes have?
#pragma once
#include <map>
#include <string>
#include <vector>

#include <einx/operand.h>

namespace [[gnu::visibility("default")]] einx {

/// An axis' size; under d ellipses a row-major array of d dimensions.
struct AxisSizes {
  std::vector<std::int64_t> dims, values;
  bool operator==(const AxisSizes&) const = default;
};

/// solve_axes("(a b)... c", {x}, {{"b", 2}}): the size of every named axis. A nullptr operand has an unknown shape. Raises the notation's errors.
std::map<std::string, AxisSizes> solve_axes(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {});
/// One shape per expression: solve_shapes("a b, c b a", {x, nullptr}, {{"c", 3}}).
std::vector<Shape> solve_shapes(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {});
/// Whether it can be solved; any error, also of syntax, is a no.
bool matches(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {});
/// Raises if it cannot be solved.
void check(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {});

}  // namespace einx
