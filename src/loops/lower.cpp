// Graph -> nests: each node's solved expression becomes strides over its axes (notation.md 8); nothing is
// computed or reshaped here.
#include <algorithm>
#include <map>

#include "loops/estimate.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

using graph::ValueId;
using notation::IndexMap;

struct Lowering {
  const graph::Graph& graph;
  Plan plan;
  std::vector<BufferId> buffers;  ///< of each value

  /// A number of the graph's types: a constant, or in a dynamic program a parameter of its own.
  Int number(std::int64_t value) {
    if (!plan.dynamic) return {value, -1};
    plan.program.parameters.push_back(value);
    return {value, int(plan.program.parameters.size()) - 1};
  }
};

std::int64_t elements(const graph::Type& type) { return support::checked_product(type.shape).value_or(0); }

// ---------------------------------------------------------------- buffers
BufferId add_buffer(Program& program, std::string name, Buffer::Kind kind, DType dtype, int index,
                    std::int64_t count) {
  program.buffers.push_back({std::move(name), kind, dtype, index, count});
  return BufferId(program.buffers.size()) - 1;
}

/// Parameters and constants have their memory; a node's value is written to its result, or to a temporary.
void make_buffers(Lowering& lowering) {
  const graph::Graph& graph = lowering.graph;
  Program& program = lowering.plan.program;
  lowering.buffers.assign(graph.values.size(), -1);
  const auto give = [&](ValueId value, Buffer::Kind kind, int index) {
    const graph::Value& v = graph.values[value];
    if (lowering.buffers[value] >= 0) return;
    lowering.buffers[value] = add_buffer(program, v.name, kind, v.type.dtype, index, elements(v.type));
  };
  for (std::size_t k = 0; k < graph.parameters.size(); ++k) {
    give(graph.parameters[k].value, Buffer::Kind::Input, int(k));
    program.inputs.push_back(graph.values[graph.parameters[k].value].type);
  }
  for (std::size_t k = 0; k < graph.constants.size(); ++k) {
    give(graph.constants[k].value, Buffer::Kind::Constant, int(k));
    program.constants.push_back(graph.constants[k].data);
  }
  for (std::size_t k = 0; k < graph.results.size(); ++k) {
    give(graph.results[k], Buffer::Kind::Output, int(k));
    program.outputs.push_back(graph.values[graph.results[k]].type);
  }
  for (const graph::Node& node : graph.nodes)
    for (const ValueId value : node.outputs) give(value, Buffer::Kind::Temporary, 0);
}

// ---------------------------------------------------------------- axes of one nest
struct Axes {
  const notation::Solved& expr;
  std::vector<int> solved;  ///< index into expr.axes, one per axis of the nest
  std::vector<NestAxis> axes;

  void add(Lowering& lowering, int axis, bool reduced) {
    if (std::find(solved.begin(), solved.end(), axis) != solved.end()) return;
    solved.push_back(axis);
    axes.push_back({expr.axes[axis].name, lowering.number(expr.axes[axis].size), reduced});
  }
};

bool bracketed(const notation::Solved& expr, const notation::Term& term) {
  return expr.axes[term.axis].bracketed;
}

Access access_of(Lowering& lowering, const Axes& axes, ValueId value, const IndexMap& map, DType computed) {
  const DType stored = lowering.graph.values[value].type.dtype;
  Access access{lowering.buffers[value], stored, computed, lowering.number(map.offset),
                std::vector<Int>(axes.axes.size())};
  for (const notation::Term& term : map.terms) {
    const auto found = std::find(axes.solved.begin(), axes.solved.end(), term.axis);
    if (found != axes.solved.end())
      access.strides[std::size_t(found - axes.solved.begin())] = lowering.number(term.stride);
  }
  return access;
}

Access output_of(Lowering& lowering, const Axes& axes, ValueId value, const IndexMap& map) {
  Access access = access_of(lowering, axes, value, map, lowering.graph.values[value].type.dtype);
  // the last axis of a row-major tensor is contiguous whatever its extents are
  if (!map.terms.empty() && map.terms.back().stride == 1) {
    const auto found = std::find(axes.solved.begin(), axes.solved.end(), map.terms.back().axis);
    if (found != axes.solved.end()) access.strides[std::size_t(found - axes.solved.begin())] = {1, -1};
  }
  return access;
}

void add_kept(Lowering& lowering, Axes& axes, const IndexMap& output) {
  for (const notation::Term& term : output.terms)
    if (!bracketed(axes.expr, term)) axes.add(lowering, term.axis, false);
}

std::string label(const Lowering& lowering, const graph::Node& node, std::size_t output) {
  std::vector<std::string> names;
  for (const ValueId value : node.inputs) names.push_back(lowering.graph.values[value].name);
  return std::string(node.op->name) + "(" + support::join(names, ", ") + ") -> " +
         lowering.graph.values[node.outputs[output]].name;
}

bool empty(const std::vector<NestAxis>& axes, bool reduced) {
  return std::any_of(axes.begin(), axes.end(),
                     [&](const NestAxis& a) { return a.reduced == reduced && a.extent.value == 0; });
}

/// Simplifies and schedules; an output of no elements needs no step, a reduction of none is left to plain
/// loops.
void finish(Lowering& lowering, Nest nest) {
  const auto* rows = std::get_if<ops::Rows>(&nest.meaning);
  const bool per_element = rows != nullptr && rows->per_element;
  const bool dynamic = lowering.plan.dynamic, nothing_reduced = empty(nest.axes, true);
  if (!dynamic && (empty(nest.axes, false) || (per_element && nothing_reduced))) return;
  if (rows != nullptr && rows->nonempty && nothing_reduced && !empty(nest.axes, false) && !per_element) {
    lowering.plan.program.empty_reduction =
        nest.label + ": there is no element to choose from, the bracketed axes have size 0";
    return;
  }
  if (nest.position_strides.empty()) nest.position_strides.resize(nest.axes.size());
  simplify(nest, dynamic);
  if (nothing_reduced) return schedule_plain(nest, lowering.plan);
  schedule(nest, lowering.plan);
}

// ---------------------------------------------------------------- the meanings
std::vector<IndexMap> maps_of(const Lowering& lowering, const graph::Node& node,
                              const notation::TensorExpr& expr, ValueId value) {
  return notation::index_maps(node.expr, expr, lowering.graph.values[value].type.strides);
}

struct Piece {
  std::size_t operand = 0;
  ValueId value = -1;
  IndexMap map;
};
std::vector<Piece> pieces_of(const Lowering& lowering, const graph::Node& node,
                             const std::vector<notation::TensorExpr>& exprs,
                             const std::vector<ValueId>& values) {
  std::vector<Piece> pieces;
  for (std::size_t k = 0; k < exprs.size(); ++k)
    for (IndexMap& map : maps_of(lowering, node, exprs[k], values[k]))
      pieces.push_back({k, values[k], std::move(map)});
  return pieces;
}

/// id: the i-th piece of the inputs becomes the i-th piece of the outputs.
void lower_move(Lowering& lowering, const graph::Node& node, const ops::Resolved& resolved) {
  const auto from = pieces_of(lowering, node, node.expr.inputs, node.inputs);
  const auto to = pieces_of(lowering, node, node.expr.outputs, node.outputs);
  if (from.size() != to.size()) support::internal_error("id has as many input pieces as output pieces");
  for (std::size_t k = 0; k < from.size(); ++k) {
    Axes axes{node.expr, {}, {}};
    add_kept(lowering, axes, to[k].map);
    Nest nest;
    nest.label = label(lowering, node, to[k].operand);
    const DType dtype = lowering.graph.values[to[k].value].type.dtype;
    nest.inputs.push_back(access_of(lowering, axes, from[k].value, from[k].map, dtype));
    nest.outputs.push_back(output_of(lowering, axes, to[k].value, to[k].map));
    nest.axes = std::move(axes.axes);
    nest.meaning = resolved.meaning;
    finish(lowering, std::move(nest));
  }
}

/// Inputs of an operation without concatenations.
std::vector<IndexMap> input_maps(const Lowering& lowering, const graph::Node& node) {
  std::vector<IndexMap> maps;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    auto pieces = maps_of(lowering, node, node.expr.inputs[k], node.inputs[k]);
    if (pieces.size() != 1) support::internal_error("only id has concatenations");
    maps.push_back(std::move(pieces[0]));
  }
  return maps;
}

/// Row-major strides over the reduced axes in text order.
void number_positions(Lowering& lowering, Nest& nest) {
  nest.position_strides.assign(nest.axes.size(), Int{});
  std::int64_t stride = 1;
  for (std::size_t a = nest.axes.size(); a-- > 0;) {
    if (!nest.axes[a].reduced) continue;
    nest.position_strides[a] =
        stride == 1 && a + 1 == nest.axes.size() ? Int{1, -1} : lowering.number(stride);
    stride *= nest.axes[a].extent.value;
  }
  nest.count = lowering.number(stride);
}

/// argmax writes one number per bracketed axis along the output's own bracketed axis, if it has one.
void coordinate_outputs(Lowering& lowering, const graph::Node& node, const Axes& axes, const IndexMap& output,
                        Nest& nest) {
  for (const int axis : notation::axes_of(node.expr, node.expr.inputs[0], true))
    nest.unravel.push_back(node.expr.axes[axis].size);
  std::int64_t step = 0;
  for (const notation::Term& term : output.terms)
    if (bracketed(node.expr, term)) step = term.stride;
  IndexMap kept{output.offset, {}};
  for (const notation::Term& term : output.terms)
    if (!bracketed(node.expr, term)) kept.terms.push_back(term);
  for (std::size_t k = 0; k < nest.unravel.size(); ++k) {
    nest.outputs.push_back(output_of(lowering, axes, node.outputs[0], kept));
    kept.offset += step;
  }
}

void lower_rows(Lowering& lowering, const graph::Node& node, const ops::Resolved& resolved) {
  const auto inputs = input_maps(lowering, node);
  const IndexMap output = maps_of(lowering, node, node.expr.outputs[0], node.outputs[0])[0];
  const auto* rows = std::get_if<ops::Rows>(&resolved.meaning);
  Axes axes{node.expr, {}, {}};
  add_kept(lowering, axes, output);
  if (rows != nullptr)
    for (const IndexMap& input : inputs)
      for (const notation::Term& term : input.terms)
        if (bracketed(node.expr, term)) axes.add(lowering, term.axis, true);
  Nest nest;
  nest.label = label(lowering, node, 0);
  nest.meaning = resolved.meaning;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    nest.inputs.push_back(access_of(lowering, axes, node.inputs[k], inputs[k], resolved.operands[k]));
  nest.axes = axes.axes;
  number_positions(lowering, nest);
  if (rows != nullptr && rows->coordinates)
    coordinate_outputs(lowering, node, axes, output, nest);
  else
    nest.outputs.push_back(output_of(lowering, axes, node.outputs[0], output));
  finish(lowering, std::move(nest));
}

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

// ---------------------------------------------------------------- the graph
void lower_node(Lowering& lowering, const graph::Node& node) {
  const ops::Resolved resolved = graph::resolve(lowering.graph, node);
  support::match(
      resolved.meaning, [&](const ops::Move&) { lower_move(lowering, node, resolved); },
      [&](const ops::Map&) { lower_rows(lowering, node, resolved); },
      [&](const ops::Rows&) { lower_rows(lowering, node, resolved); },
      [&](const ops::Gather&) { lower_gather(lowering, node, resolved); },
      [&](const ops::Shuffle&) { support::internal_error("flip and roll are not lowered yet"); },
      [&](const ops::Sort&) { support::internal_error("sort is not lowered yet"); },
      [&](const ops::Scatter&) { support::internal_error("scatters are not lowered yet"); },
      [&](const ops::Native&) { support::internal_error("native functions are not lowered yet"); });
}

/// A parameter, a constant or a value that another result already holds: copied out.
void copy_result(Lowering& lowering, std::size_t result) {
  Program& program = lowering.plan.program;
  const graph::Value& value = lowering.graph.values[lowering.graph.results[result]];
  const BufferId from = lowering.buffers[lowering.graph.results[result]];
  if (program.buffers[from].kind == Buffer::Kind::Output && program.buffers[from].index == int(result))
    return;
  const DType dtype = value.type.dtype;
  const BufferId to = add_buffer(program, value.name + "_copy", Buffer::Kind::Output, dtype, int(result),
                                 elements(value.type));
  Nest nest;
  nest.label = "copy(" + value.name + ")";
  nest.inputs.push_back({from, dtype, dtype, lowering.number(0), {}});
  nest.outputs.push_back({to, dtype, dtype, lowering.number(0), {}});
  nest.meaning = ops::Move{};
  const Shape dense = tensor::row_major(value.type.shape);
  for (std::size_t d = 0; d < dense.size(); ++d) {
    nest.axes.push_back({"d" + std::to_string(d), lowering.number(value.type.shape[d]), false});
    nest.inputs[0].strides.push_back(lowering.number(value.type.strides[d]));
    nest.outputs[0].strides.push_back(d + 1 == dense.size() ? Int{1, -1} : lowering.number(dense[d]));
  }
  finish(lowering, std::move(nest));
}

}  // namespace

Program lower(const graph::Graph& graph, const Machine& machine, const Options& options) {
  Program program;
  program.name = graph.name;
  Lowering lowering{graph, {program, machine, options.dynamic}, {}};
  make_buffers(lowering);
  for (const graph::Node& node : graph.nodes) lower_node(lowering, node);
  for (std::size_t k = 0; k < graph.results.size(); ++k) copy_result(lowering, k);
  return program;
}

}  // namespace einx::detail::loops
