// solve_axes, solve_shapes, matches, check.
#include <einx/solve.h>

#include "api/operands.h"
#include "support/support.h"

namespace einx {
namespace {

using namespace detail;

notation::SolvedAxes solved(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes, bool merge) {
  std::vector<notation::Operand> shapes;
  for (const Operand& operand : operands) {
    switch (operand.kind()) {
      case Operand::Kind::Tensor: shapes.push_back({Shape(operand.tensor().shape().begin(), operand.tensor().shape().end()), ""}); break;
      case Operand::Kind::Value: shapes.push_back({operand.value().shape(), ""}); break;
      case Operand::Kind::Factory: shapes.push_back({std::nullopt, "factory"}); break;
      case Operand::Kind::Unknown: shapes.push_back({std::nullopt, "unknown shape"}); break;
      default: shapes.push_back({Shape{}, ""});
    }
  }
  return notation::solve_axes(pattern, shapes, api::constraints(axes), merge);
}

}  // namespace

std::map<std::string, AxisSizes> solve_axes(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes) {
  std::map<std::string, AxisSizes> result;
  for (auto& [name, value] : solved(pattern, operands, axes, false).axes) result[name] = {value.dims, value.values};
  return result;
}

std::vector<Shape> solve_shapes(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes) {
  return solved(pattern, operands, axes, true).shapes;
}

bool matches(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes) {
  try {
    solved(pattern, operands, axes, true);
    return true;
  } catch (const InternalError&) {
    throw;
  } catch (const Error&) {
    return false;
  }
}

void check(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes) { solved(pattern, operands, axes, true); }

}  // namespace einx
