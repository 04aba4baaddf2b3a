// get_at: the bracketed axes of operand 0 take their values from the other operands.
#include "reference/meanings.h"
#include "support/support.h"

namespace einx::detail::reference {
namespace {

/// One coordinate: which operand it is read from, how far from the operand's element, and the axis it
/// indexes.
struct Coordinate {
  std::size_t operand;
  std::int64_t number;  ///< along the operand's bracketed axis; 0 if it has none
  std::int64_t offset;  ///< of that number
  int axis;             ///< of operand 0
  std::int64_t size, stride;
};

/// Operands in order; each gives one coordinate, or those along its bracketed axis.
std::vector<Coordinate> coordinates_of(const Step& step, const std::vector<notation::IndexMap>& maps) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<int> indexed = notation::axes_of(expr, expr.inputs[0], true);
  std::vector<Coordinate> out;
  for (std::size_t i = 1; i < expr.inputs.size(); ++i) {
    const std::vector<int> along = notation::axes_of(expr, expr.inputs[i], true);
    const std::int64_t count = along.empty() ? 1 : expr.axes[along[0]].size;
    const std::int64_t step_along = along.empty() ? 0 : stride_of(maps[i], along[0]);
    for (std::int64_t k = 0; k < count; ++k) {
      if (out.size() == indexed.size())
        support::internal_error("get_at has one coordinate for every bracketed axis");
      const int axis = indexed[out.size()];
      out.push_back({i, k, k * step_along, axis, expr.axes[axis].size, stride_of(maps[0], axis)});
    }
  }
  if (out.size() != indexed.size())
    support::internal_error("get_at has one coordinate for every bracketed axis");
  return out;
}

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

void run_gather(const Step& step) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<notation::IndexMap> maps = maps_of(step);
  const std::vector<Coordinate> coordinates = coordinates_of(step, maps);
  const std::vector<Source> sources = sources_of(step);
  const Target target(step.outputs[0]);
  Walk walk(expr, vectorised_axes(expr), maps);
  walk.each(walk.origin(), [&](const std::int64_t* at) {
    std::int64_t offset = at[0], index = 0;
    for (const Coordinate& coordinate : coordinates) {
      const Scalar value = sources[coordinate.operand].at(at[coordinate.operand] + coordinate.offset);
      if (!in_range(value, coordinate.size, index)) out_of_range(step, walk, coordinate, value);
      offset += index * coordinate.stride;
    }
    target.put(at[sources.size()], sources[0].at(offset));
  });
}

}  // namespace einx::detail::reference
