// Operations on coordinates: where the tensor is read or written follows from values of other operands.
#include <algorithm>

#include "loops/estimate.h"
#include "loops/lowering.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

using graph::ValueId;
using notation::IndexMap;

/// The coordinates that one operand of a gather holds: one, or one per element of its bracketed axis.
void add_coordinates(Lowering& lowering, const graph::Node& node, std::size_t operand, DType computed,
                     const Axes& axes, Nest& nest) {
  const ValueId value = node.inputs[operand];
  const notation::TensorExpr& expr = node.expr.inputs[operand];
  const graph::Type& type = lowering.graph.values[value].type;
  IndexMap map = maps_of(lowering, node, expr, value)[0];
  IndexMap position = notation::index_maps(node.expr, expr, tensor::row_major(type.shape))[0];
  const auto inside = notation::axes_of(node.expr, expr, true);
  const std::int64_t count = inside.empty() ? 1 : node.expr.axes[inside[0]].size;
  const auto step = [&](const IndexMap& of) {
    for (const notation::Term& term : of.terms)
      if (bracketed(node.expr, term)) return term.stride;
    return std::int64_t(0);
  };
  const BufferId buffer = lowering.buffers[value];
  const bool given = lowering.plan.program.buffers[buffer].kind == Buffer::Kind::Input;
  for (std::int64_t k = 0; k < count; ++k) {
    Coordinate coordinate;
    coordinate.access = access_of(lowering, axes, value, map, computed);
    coordinate.position = access_of(lowering, axes, value, position, computed);
    coordinate.operand = given ? lowering.plan.program.buffers[buffer].index : -1;
    nest.coordinates.push_back(std::move(coordinate));
    map.offset += step(map);
    position.offset += step(position);
  }
}

/// The nest's coordinates from the `first` on, one a bracketed axis of the tensor, move along these axes in
/// the memory of `indexed`.
void point_coordinates(Lowering& lowering, const graph::Node& node, const IndexMap& indexed,
                       std::size_t first, Nest& nest) {
  const auto axes = notation::axes_of(node.expr, node.expr.inputs[0], true);
  if (first + nest.coordinates.size() > axes.size())
    support::internal_error("there is one coordinate for every bracketed axis");
  for (std::size_t k = 0; k < nest.coordinates.size(); ++k) {
    Coordinate& coordinate = nest.coordinates[k];
    const int axis = axes[first + k];
    coordinate.axis = int(first + k);
    coordinate.extent = lowering.number(node.expr.axes[axis].size);
    for (const notation::Term& term : indexed.terms)
      if (term.axis == axis) coordinate.stride = lowering.number(term.stride);
  }
}

// ---------------------------------------------------------------- scatters
bool has_elements(const Lowering& lowering, const Nest& nest) {
  return !drops_empty(lowering) ||
         std::ranges::none_of(nest.axes, [](const NestAxis& axis) { return axis.extent.value == 0; });
}

/// Every coordinate is looked at before anything is written, a kernel an operand.
void check_coordinates(Lowering& lowering, const graph::Node& node, const ops::Resolved& resolved,
                       std::span<const IndexMap> inputs, const IndexMap& output) {
  std::size_t first = 0;
  for (std::size_t k = 1; k + 1 < inputs.size(); ++k) {
    Axes axes{node.expr, {}, {}};
    add_kept(lowering, axes, inputs[k]);
    Nest nest;
    nest.label = "coordinates " + lowering.graph.values[node.inputs[k]].name;
    add_coordinates(lowering, node, k, resolved.operands[k], axes, nest);
    point_coordinates(lowering, node, output, first, nest);
    first += nest.coordinates.size();
    nest.axes = std::move(axes.axes);
    nest.position_strides.resize(nest.axes.size());
    if (!has_elements(lowering, nest)) continue;
    simplify(lowering, nest);
    lowering.items.push_back({std::move(nest), schedule_check});
  }
}

/// Whether input and output of a copy are one layout, so that the output may be the input's memory.
bool same_layout(const Nest& copy) {
  const Access &from = copy.inputs[0], &to = copy.outputs[0];
  bool same = from.offset.value == to.offset.value;
  for (std::size_t a = 0; a < copy.axes.size(); ++a)
    same &= copy.axes[a].extent.value == 1 || from.strides[a].value == to.strides[a].value;
  return same;
}

/// A graph that is nothing but this update of its first parameter.
bool may_update_in_place(const graph::Graph& graph, const graph::Node& node) {
  return graph.nodes.size() == 1 && !graph.parameters.empty() &&
         graph.parameters[0].value == node.inputs[0] && graph.results.size() == 1 &&
         graph.results[0] == node.outputs[0] && std::ranges::count(node.inputs, node.inputs[0]) == 1;
}

/// What the result starts as. Bracketed axes are copied along like all others.
void copy_tensor(Lowering& lowering, const graph::Node& node, const IndexMap& input, const IndexMap& output) {
  Axes axes{node.expr, {}, {}};
  for (const notation::Term& term : output.terms) axes.add(lowering, term.axis, false);
  Nest nest;
  nest.label = label(lowering, node, 0) + ": the tensor";
  const DType dtype = lowering.graph.values[node.outputs[0]].type.dtype;
  nest.inputs.push_back(access_of(lowering, axes, node.inputs[0], input, dtype));
  nest.outputs.push_back(output_of(lowering, axes, node.outputs[0], output));
  nest.axes = std::move(axes.axes);
  nest.meaning = ops::Move{};
  Program& program = lowering.plan.program;
  program.in_place = may_update_in_place(lowering.graph, node) && same_layout(nest);
  const std::size_t first = lowering.items.size();
  finish(lowering, std::move(nest));
  if (!program.in_place) return;
  for (std::size_t k = first; k < lowering.items.size(); ++k) {
    lowering.items[k].same_a = lowering.buffers[node.inputs[0]];
    lowering.items[k].same_b = lowering.buffers[node.outputs[0]];
  }
}

/// The axes of all operands in the order that decides which of two updates comes first: coordinates, update,
/// the rest. Those that the result does not have are the ones along which one element may be met twice.
Axes update_axes(Lowering& lowering, const graph::Node& node, std::span<const IndexMap> inputs,
                 const IndexMap& output) {
  Axes axes{node.expr, {}, {}};
  const auto add = [&](const IndexMap& map) {
    for (const notation::Term& term : map.terms) {
      const auto same = [&](const notation::Term& other) { return other.axis == term.axis; };
      if (!bracketed(node.expr, term))
        axes.add(lowering, term.axis, std::ranges::none_of(output.terms, same));
    }
  };
  for (const IndexMap& map : inputs.subspan(1)) add(map);
  add(inputs[0]);
  add(output);
  return axes;
}

}  // namespace

/// get_at: the k-th bracketed axis of the tensor is moved along by the k-th coordinate.
void lower_gather(Lowering& lowering, const graph::Node& node, const ops::Resolved& resolved) {
  const auto inputs = input_maps(lowering, node);
  const IndexMap output = maps_of(lowering, node, node.expr.outputs[0], node.outputs[0])[0];
  Axes axes{node.expr, {}, {}};
  add_kept(lowering, axes, output);
  Nest nest;
  nest.label = label(lowering, node, 0);
  nest.meaning = resolved.meaning;
  nest.inputs.push_back(access_of(lowering, axes, node.inputs[0], inputs[0], resolved.operands[0]));
  for (std::size_t k = 1; k < inputs.size(); ++k)
    add_coordinates(lowering, node, k, resolved.operands[k], axes, nest);
  point_coordinates(lowering, node, inputs[0], 0, nest);
  nest.outputs.push_back(output_of(lowering, axes, node.outputs[0], output));
  nest.axes = std::move(axes.axes);
  finish(lowering, std::move(nest));
}

/// set_at, add_at, subtract_at: check, copy, update.
void lower_scatter(Lowering& lowering, const graph::Node& node, const ops::Resolved& resolved) {
  const auto inputs = input_maps(lowering, node);
  const IndexMap output = maps_of(lowering, node, node.expr.outputs[0], node.outputs[0])[0];
  check_coordinates(lowering, node, resolved, inputs, output);
  copy_tensor(lowering, node, inputs[0], output);

  Axes axes = update_axes(lowering, node, inputs, output);
  const std::size_t update = inputs.size() - 1;
  Nest nest;
  nest.label = label(lowering, node, 0);
  nest.meaning = resolved.meaning;
  nest.inputs.push_back(
      access_of(lowering, axes, node.inputs[update], inputs[update], resolved.operands[update]));
  for (std::size_t k = 1; k < update; ++k)
    add_coordinates(lowering, node, k, resolved.operands[k], axes, nest);
  point_coordinates(lowering, node, output, 0, nest);
  nest.outputs.push_back(output_of(lowering, axes, node.outputs[0], output));
  nest.axes = std::move(axes.axes);
  nest.position_strides.resize(nest.axes.size());
  if (!has_elements(lowering, nest)) return;
  simplify(lowering, nest);
  lowering.items.push_back({std::move(nest), schedule_scatter});
}

}  // namespace einx::detail::loops
