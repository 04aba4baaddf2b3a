#include "reference/coordinates.h"

#include "support/support.h"

namespace einx::detail::reference {

std::vector<Coordinate> coordinates_of(const Step& step, const std::vector<notation::IndexMap>& maps,
                                       std::size_t end, const notation::IndexMap& indexed_map) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<int> indexed = notation::axes_of(expr, expr.inputs[0], true);
  std::vector<Coordinate> out;
  for (std::size_t i = 1; i < end; ++i) {
    const std::vector<int> along = notation::axes_of(expr, expr.inputs[i], true);
    const std::int64_t count = along.empty() ? 1 : expr.axes[along[0]].size;
    const std::int64_t step_along = along.empty() ? 0 : stride_of(maps[i], along[0]);
    for (std::int64_t k = 0; k < count; ++k) {
      if (out.size() == indexed.size())
        support::internal_error("there is one coordinate for every bracketed axis");
      const int axis = indexed[out.size()];
      out.push_back({i, k, k * step_along, axis, expr.axes[axis].size, stride_of(indexed_map, axis)});
    }
  }
  if (out.size() != indexed.size())
    support::internal_error("there is one coordinate for every bracketed axis");
  return out;
}

namespace {

/// The index of a dimension for values of all axes (notation.md 8).
std::int64_t index_of(const notation::Solved& expr, const notation::Dim& dim,
                      const std::vector<std::int64_t>& values) {
  if (dim.kind == notation::Dim::Kind::Axis) return values[dim.axis];
  std::int64_t index = 0;
  for (const notation::Dim& part : dim.parts)
    index = index * notation::size(expr, part) + index_of(expr, part, values);
  return index;
}

[[noreturn]] void out_of_range(const Step& step, const Walk& walk, const Coordinate& coordinate,
                               const Scalar& value) {
  const notation::Solved& expr = step.node.expr;
  std::vector<std::int64_t> values(expr.axes.size()), position;
  for (std::size_t k = 0; k < walk.axes().size(); ++k) values[walk.axes()[k]] = walk.counters()[k];
  const notation::TensorExpr& tree = expr.inputs[coordinate.operand];
  for (int axis : notation::axes_of(expr, tree, true)) values[axis] = coordinate.number;
  for (const notation::Dim& dim : tree.dims) position.push_back(index_of(expr, dim, values));

  const notation::Axis& axis = expr.axes[coordinate.axis];
  support::Report report;
  report.kind = "runtime";
  report.sentence = std::string("The operation '").append(step.node.op->name).append("' got the coordinate ");
  report.sentence += tensor::is_unsigned(value.dtype) ? std::to_string(value.u) : std::to_string(value.i);
  report.sentence += " at position " + support::tuple_text(position) + " of operand #" +
                     std::to_string(coordinate.operand + 1);
  report.sentence += ", outside axis '" + (axis.source.empty() ? axis.name : axis.source) + "' of size " +
                     std::to_string(axis.size) + ".";
  support::raise<CallOperationError>(report);
}

/// Whether `value` is in [-size, size); then `index` is its place in [0, size). Judged in the value's own
/// dtype.
bool in_range(const Scalar& value, std::int64_t size, std::int64_t& index) {
  if (tensor::is_unsigned(value.dtype)) {
    index = std::int64_t(value.u);
    return value.u < std::uint64_t(size);
  }
  index = value.i < 0 ? value.i + size : value.i;
  return value.i >= -size && value.i < size;
}

}  // namespace

std::int64_t checked(const Step& step, const Walk& walk, const Coordinate& coordinate, const Scalar& value) {
  std::int64_t index = 0;
  if (!in_range(value, coordinate.size, index)) out_of_range(step, walk, coordinate, value);
  return index;
}

}  // namespace einx::detail::reference
