#include "loops/lowering.h"

#include <algorithm>

#include "loops/estimate.h"
#include "support/support.h"

namespace einx::detail::loops {

using graph::ValueId;
using notation::IndexMap;

void Axes::add(Lowering& lowering, int axis, bool reduced) {
  if (std::find(solved.begin(), solved.end(), axis) != solved.end()) return;
  solved.push_back(axis);
  axes.push_back({expr.axes[axis].name, lowering.number(expr.axes[axis].size), reduced});
}

std::int64_t elements(const graph::Type& type) { return support::checked_product(type.shape).value_or(0); }

BufferId add_buffer(Program& program, std::string name, Buffer::Kind kind, DType dtype, int index,
                    std::int64_t count) {
  program.buffers.push_back({std::move(name), kind, dtype, index, count});
  return BufferId(program.buffers.size()) - 1;
}

std::string label(const Lowering& lowering, const graph::Node& node, std::size_t output) {
  std::vector<std::string> names;
  for (const ValueId value : node.inputs) names.push_back(lowering.graph.values[value].name);
  return std::string(node.op->name) + "(" + support::join(names, ", ") + ") -> " +
         lowering.graph.values[node.outputs[output]].name;
}

// ---------------------------------------------------------------- index maps and accesses
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

std::vector<IndexMap> maps_of(const Lowering& lowering, const graph::Node& node,
                              const notation::TensorExpr& expr, ValueId value) {
  return notation::index_maps(node.expr, expr, lowering.graph.values[value].type.strides);
}

std::vector<IndexMap> input_maps(const Lowering& lowering, const graph::Node& node) {
  std::vector<IndexMap> maps;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    auto pieces = maps_of(lowering, node, node.expr.inputs[k], node.inputs[k]);
    if (pieces.size() != 1) support::internal_error("only id has concatenations");
    maps.push_back(std::move(pieces[0]));
  }
  return maps;
}

namespace {

bool empty(const std::vector<NestAxis>& axes, bool reduced) {
  return std::any_of(axes.begin(), axes.end(),
                     [&](const NestAxis& a) { return a.reduced == reduced && a.extent.value == 0; });
}

}  // namespace

bool drops_empty(const Lowering& lowering) {
  return !lowering.plan.dynamic && lowering.as_simplified == nullptr;
}

void finish(Lowering& lowering, Nest nest) {
  const auto* rows = std::get_if<ops::Rows>(&nest.meaning);
  const bool per_element = rows != nullptr && rows->per_element;
  const bool nothing_reduced = empty(nest.axes, true);
  if (drops_empty(lowering) && (empty(nest.axes, false) || (per_element && nothing_reduced))) return;
  if (rows != nullptr && rows->nonempty && nothing_reduced && !empty(nest.axes, false) && !per_element) {
    lowering.plan.program.empty_reduction =
        nest.label + ": there is no element to choose from, the bracketed axes have size 0";
    if (!lowering.as_simplified) return;
  }
  if (nest.position_strides.empty()) nest.position_strides.resize(nest.axes.size());
  simplify(lowering, nest);
  lowering.items.push_back({std::move(nest), nothing_reduced && lowering.as_simplified == nullptr ? schedule_plain : schedule});
}

}  // namespace einx::detail::loops
