// flip, roll, sort, argsort -> moves whose maps run backwards or start elsewhere, and calls of the runtime's
// sort.
#include <map>

#include "loops/estimate.h"
#include "loops/lowering.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

using notation::IndexMap;

/// Where elements are: in a value, or in a temporary of the same shape.
struct Place {
  BufferId buffer = -1;
  IndexMap map;
};

struct Ends {
  graph::ValueId from_value, to_value;
  Place from, to;
};
Ends ends_of(const Lowering& lowering, const graph::Node& node) {
  const graph::ValueId from = node.inputs[0], to = node.outputs[0];
  return {from,
          to,
          {lowering.buffers[from], input_maps(lowering, node)[0]},
          {lowering.buffers[to], maps_of(lowering, node, node.expr.outputs[0], to)[0]}};
}

std::int64_t stride_of(const IndexMap& map, int axis) {
  for (const notation::Term& term : map.terms)
    if (term.axis == axis) return term.stride;
  return 0;
}

/// A nest that moves elements from one place to the other, over the axes of the latter; `extents`: of axes
/// that are not walked as a whole.
void add_move(Lowering& lowering, const graph::Node& node, const Ends& ends,
              const std::map<int, std::int64_t>& extents = {}) {
  Axes axes{node.expr, {}, {}};
  for (const notation::Term& term : ends.to.map.terms) axes.add(lowering, term.axis, false);
  for (const auto& [axis, extent] : extents)
    for (std::size_t k = 0; k < axes.solved.size(); ++k)
      if (axes.solved[k] == axis) axes.axes[k].extent = lowering.number(extent);
  const DType dtype = lowering.graph.values[ends.to_value].type.dtype;
  Nest nest;
  nest.label = label(lowering, node, 0);
  nest.inputs.push_back(access_of(lowering, axes, ends.from_value, ends.from.map, dtype));
  nest.outputs.push_back(output_of(lowering, axes, ends.to_value, ends.to.map));
  nest.inputs[0].buffer = ends.from.buffer, nest.outputs[0].buffer = ends.to.buffer;
  nest.inputs[0].dtype = nest.outputs[0].dtype = dtype;
  nest.axes = std::move(axes.axes);
  nest.meaning = ops::Move{};
  finish(lowering, std::move(nest));
}

// ---------------------------------------------------------------- flip
/// The bracketed axes are read from their last element to their first.
void lower_flip(Lowering& lowering, const graph::Node& node) {
  Ends ends = ends_of(lowering, node);
  for (notation::Term& term : ends.from.map.terms) {
    if (!bracketed(node.expr, term)) continue;
    const std::int64_t size = node.expr.axes[term.axis].size;
    if (size > 0) ends.from.map.offset += term.stride * (size - 1);
    term.stride = -term.stride;
  }
  add_move(lowering, node, ends);
}

// ---------------------------------------------------------------- roll
struct Rolled {
  int axis;
  std::int64_t size, shift;  ///< 0 < shift < size
};

std::vector<Rolled> rolled_axes(const graph::Node& node) {
  const std::vector<int> axes = notation::axes_of(node.expr, node.expr.inputs[0], true);
  const std::vector<std::int64_t>& shifts = node.attributes.at(0).second;
  std::vector<Rolled> rolled;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::int64_t size = node.expr.axes[axes[k]].size;
    const std::int64_t rest = size > 0 ? shifts.at(k) % size : 0;
    if (rest != 0) rolled.push_back({axes[k], size, rest < 0 ? rest + size : rest});
  }
  return rolled;
}

/// A nest for every combination of the two ranges that each of these axes falls into: its last `shift`
/// elements come first, the others follow.
void roll_ranges(Lowering& lowering, const graph::Node& node, const Ends& ends,
                 std::span<const Rolled> rolled, std::map<int, std::int64_t> extents = {}) {
  if (rolled.empty()) return add_move(lowering, node, ends, extents);
  const auto& [axis, size, shift] = rolled.front();
  Ends last = ends, others = ends;
  last.from.map.offset += (size - shift) * stride_of(ends.from.map, axis);
  extents[axis] = shift;
  roll_ranges(lowering, node, last, rolled.subspan(1), extents);
  others.to.map.offset += shift * stride_of(ends.to.map, axis);
  extents[axis] = size - shift;
  roll_ranges(lowering, node, others, rolled.subspan(1), extents);
}

void lower_roll(Lowering& lowering, const graph::Node& node) {
  constexpr std::size_t kAtOnce = 3;  // axes a pass over the elements: eight nests
  Ends ends = ends_of(lowering, node);
  const Place result = ends.to;
  const graph::Value& value = lowering.graph.values[ends.to_value];
  const std::vector<Rolled> all = rolled_axes(node);
  std::span<const Rolled> rest = all;
  while (rest.size() > kAtOnce) {
    ends.to.buffer = add_buffer(lowering.plan.program, value.name + "_" + std::to_string(rest.size()),
                                Buffer::Kind::Temporary, value.type.dtype, 0, elements(value.type));
    roll_ranges(lowering, node, ends, rest.first(kAtOnce));
    ends.from = ends.to;
    rest = rest.subspan(kAtOnce);
  }
  ends.to = result;
  roll_ranges(lowering, node, ends, rest);
}

// ---------------------------------------------------------------- sort
/// The kept axes as few as possible, walked in the order of the output: one nest of constants.
Nest rows_of(const Lowering& lowering, const graph::Node& node, const Ends& ends, int along) {
  const DType from = lowering.graph.values[ends.from_value].type.dtype;
  const DType to = lowering.graph.values[ends.to_value].type.dtype;
  Nest nest;
  nest.inputs.push_back({ends.from.buffer, from, from, {ends.from.map.offset}, {}});
  nest.outputs.push_back({ends.to.buffer, to, to, {ends.to.map.offset}, {}});
  nest.meaning = ops::Move{};
  for (const notation::Term& term : ends.to.map.terms) {
    if (term.axis == along) continue;
    nest.axes.push_back({node.expr.axes[term.axis].name, {node.expr.axes[term.axis].size}, false});
    nest.inputs[0].strides.push_back({stride_of(ends.from.map, term.axis)});
    nest.outputs[0].strides.push_back({term.stride});
  }
  nest.position_strides.resize(nest.axes.size());
  simplify(nest, false);
  return nest;
}

void add_sort(Lowering& lowering, const graph::Node& node, const Ends& ends, bool positions, int along) {
  const Nest rows = rows_of(lowering, node, ends, along);
  Sort sort;
  sort.from = ends.from.buffer, sort.to = ends.to.buffer;
  sort.dtype = rows.inputs[0].dtype;
  sort.positions = positions;
  sort.from_offset = rows.inputs[0].offset.value, sort.to_offset = rows.outputs[0].offset.value;
  for (std::size_t k = 0; k < rows.axes.size(); ++k) {
    sort.extents.push_back(rows.axes[k].extent.value);
    sort.from_strides.push_back(rows.inputs[0].strides[k].value);
    sort.to_strides.push_back(rows.outputs[0].strides[k].value);
  }
  sort.length = node.expr.axes[along].size;
  sort.from_stride = stride_of(ends.from.map, along), sort.to_stride = stride_of(ends.to.map, along);
  sort.schedule = label(lowering, node, 0) + ": sort\nthe runtime turns each row of " +
                  std::to_string(sort.length) + " into unsigned keys" +
                  (positions ? " with their positions" : "") + " and sorts these; rows in parallel";
  lowering.items.push_back({Step(std::move(sort))});
}

/// A row that the output has several times is sorted once, into a temporary without the axes that repeat it.
Place once_only(Lowering& lowering, const graph::Node& node, const Ends& ends, int along) {
  const graph::Value& value = lowering.graph.values[ends.to_value];
  Place once;
  std::int64_t count = 1;
  for (std::size_t k = ends.to.map.terms.size(); k-- > 0;) {
    const int axis = ends.to.map.terms[k].axis;
    if (axis != along && stride_of(ends.from.map, axis) == 0) continue;
    once.map.terms.insert(once.map.terms.begin(), {axis, count});
    count *= node.expr.axes[axis].size;
  }
  if (count == elements(value.type)) return ends.to;
  once.buffer = add_buffer(lowering.plan.program, value.name + "_once", Buffer::Kind::Temporary,
                           value.type.dtype, 0, count);
  return once;
}

}  // namespace

void lower_shuffle(Lowering& lowering, const graph::Node& node, const ops::Shuffle& shuffle) {
  shuffle.roll ? lower_roll(lowering, node) : lower_flip(lowering, node);
}

void lower_sort(Lowering& lowering, const graph::Node& node, const ops::Sort& sort) {
  const Ends ends = ends_of(lowering, node);
  if (elements(lowering.graph.values[ends.to_value].type) == 0) return;
  const int along = notation::axes_of(node.expr, node.expr.inputs[0], true).at(0);
  Ends first = ends;
  first.to = once_only(lowering, node, ends, along);
  add_sort(lowering, node, first, sort.positions, along);
  if (first.to.buffer == ends.to.buffer) return;
  Ends repeated = ends;
  repeated.from = first.to;
  add_move(lowering, node, repeated);
}

}  // namespace einx::detail::loops
