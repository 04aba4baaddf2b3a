// Graph -> nests: each node's solved expression becomes strides over its axes (notation.md 8); nothing is
// computed or reshaped here.
#include <algorithm>

#include "loops/fuse.h"
#include "loops/lowering.h"
#include "loops/memory.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

using graph::ValueId;
using notation::IndexMap;

/// The values that a result or a node reads.
std::vector<bool> read_values(const graph::Graph& graph) {
  std::vector<bool> read(graph.values.size(), false);
  for (const ValueId result : graph.results) read[result] = true;
  for (const graph::Node& node : graph.nodes)
    for (const ValueId input : node.inputs) read[input] = true;
  return read;
}

/// Parameters and constants have their memory; a node's value is written to its result, or to a temporary. A piece of
/// an id that nobody reads - a slice is one piece of three - has none, and is not moved.
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
  const std::vector<bool> read = read_values(graph);
  for (const graph::Node& node : graph.nodes)
    for (const ValueId value : node.outputs)
      if (read[value] || node.op->family != notation::Family::Id) give(value, Buffer::Kind::Temporary, 0);
}

// ---------------------------------------------------------------- the meanings
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
    if (lowering.buffers[to[k].value] < 0) continue;
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

// ---------------------------------------------------------------- the graph
void lower_node(Lowering& lowering, const graph::Node& node) {
  const ops::Resolved resolved = graph::resolve(lowering.graph, node);
  support::match(
      resolved.meaning, [&](const ops::Move&) { lower_move(lowering, node, resolved); },
      [&](const ops::Map&) { lower_rows(lowering, node, resolved); },
      [&](const ops::Rows&) { lower_rows(lowering, node, resolved); },
      [&](const ops::Gather&) { lower_gather(lowering, node, resolved); },
      [&](const ops::Shuffle& shuffle) { lower_shuffle(lowering, node, shuffle); },
      [&](const ops::Sort& sort) { lower_sort(lowering, node, sort); },
      [&](const ops::Scatter&) { lower_scatter(lowering, node, resolved); },
      [&](const ops::Native& native) { lower_native(lowering, node, native); });
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

// ---------------------------------------------------------------- the steps
void say_fused(const Item& item, Step& step) {
  support::match(step, [&](auto& one) {
    if (!item.fused.empty()) one.schedule += "\nfused: " + support::join(item.fused, ", ");
    if (!item.kept.empty()) one.schedule += "\nnot fused: " + item.kept;
  });
}

}  // namespace

void schedule_item(Item& item, Plan& plan) {
  std::vector<Step>& steps = plan.program.steps;
  if (auto* step = std::get_if<Step>(&item.work)) {
    if (auto* kernel = std::get_if<Kernel>(step)) {
      kernel->name = "k" + std::to_string(steps.size());
      plan.reserved = std::max<std::int64_t>(0, plan.reserved - instructions(*kernel));
    }
    steps.push_back(std::move(*step));
    return;
  }
  const std::size_t first = steps.size();
  plan.dynamic = has_parameters(std::get<Nest>(item.work));
  item.schedule(std::get<Nest>(item.work), plan);
  if (steps.size() > first) say_fused(item, steps[first]);
  for (std::size_t k = first; k < steps.size(); ++k)
    if (auto* kernel = std::get_if<Kernel>(&steps[k]))
      kernel->same_a = item.same_a, kernel->same_b = item.same_b;
}

void lower_nodes(Lowering& lowering) {
  make_buffers(lowering);
  for (const graph::Node& node : lowering.graph.nodes) lower_node(lowering, node);
  for (std::size_t k = 0; k < lowering.graph.results.size(); ++k) copy_result(lowering, k);
}

Program lower(const graph::Graph& graph, const Machine& machine, const Options& options) {
  Program program;
  program.name = graph.name;
  Lowering lowering{graph, {program, machine, options.dynamic}, {}, {}};
  lower_nodes(lowering);
  fuse(lowering, false);
  run_in_blocks(lowering);
  fuse(lowering, true);
  for (Item& item : lowering.items) schedule_item(item, lowering.plan);
  place_temporaries(program);
  return program;
}

}  // namespace einx::detail::loops
