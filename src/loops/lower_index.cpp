// Operations on coordinates: where the tensor is read or written follows from values of other operands.
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
  const auto indexed = notation::axes_of(node.expr, node.expr.inputs[0], true);
  if (indexed.size() != nest.coordinates.size())
    support::internal_error("get_at has one coordinate per bracketed axis");
  for (std::size_t k = 0; k < indexed.size(); ++k) {
    Coordinate& coordinate = nest.coordinates[k];
    coordinate.axis = int(k);
    coordinate.extent = lowering.number(node.expr.axes[indexed[k]].size);
    for (const notation::Term& term : inputs[0].terms)
      if (term.axis == indexed[k]) coordinate.stride = lowering.number(term.stride);
  }
  nest.outputs.push_back(output_of(lowering, axes, node.outputs[0], output));
  nest.axes = std::move(axes.axes);
  finish(lowering, std::move(nest));
}

}  // namespace einx::detail::loops
