// Lists of tensors in einops: rearrange([x, y, z], "b h w -> h (b w)").
#include <algorithm>

#include "trace/dialects.h"

namespace einx::detail::trace {
namespace {

constexpr std::string_view kList = " list";

using notation::Dim;
using notation::Solved;
using notation::TensorExpr;

std::string fresh_name(const Solved& solved, int& next) {
  for (;;) {
    std::string name = "s" + std::to_string(next++);
    if (std::none_of(solved.axes.begin(), solved.axes.end(),
                     [&](const notation::Axis& axis) { return axis.name == name; }))
      return name;
  }
}

Dim axis_dim(int axis) {
  Dim dim;
  dim.axis = axis;
  return dim;
}

/// `count` new axes of size 1 one after the other: a tensor of the list each.
Dim concatenated(Solved& solved, std::size_t count) {
  Dim dim;
  dim.kind = count == 1 ? Dim::Kind::Group : Dim::Kind::Concat;
  int next = 0;
  for (std::size_t k = 0; k < count && count > 1; ++k) {
    dim.parts.push_back(axis_dim(int(solved.axes.size())));
    const std::string name = fresh_name(solved, next);
    solved.axes.push_back({name, 1, false, true, "1"});
  }
  return dim;
}

void replace(Dim& dim, int axis, const Dim& with) {
  if (dim.kind == Dim::Kind::Axis && dim.axis == axis) {
    dim = with;
    return;
  }
  if (with.parts.empty())  // the only tensor of a list: in a group, an axis of size 1 says nothing
    std::erase_if(dim.parts,
                  [axis](const Dim& part) { return part.kind == Dim::Kind::Axis && part.axis == axis; });
  for (Dim& part : dim.parts) replace(part, axis, with);
}

/// The stacked axis is written in one piece, and nothing is computed.
bool moves_whole(const ops::Op& op, const Solved& solved, std::size_t count) {
  const Dim& first = solved.inputs[0].dims[0];
  return op.family == notation::Family::Id &&
         (first.kind == Dim::Kind::Axis || (first.parts.empty() && count == 1));
}

Solved unstacked(Solved solved, std::size_t count) {
  const Dim first = solved.inputs[0].dims[0];
  TensorExpr each{{solved.inputs[0].dims.begin() + 1, solved.inputs[0].dims.end()}};
  const Dim whole = concatenated(solved, count);
  if (first.kind == Dim::Kind::Axis)
    for (Dim& dim : solved.outputs[0].dims) replace(dim, first.axis, whole);
  solved.inputs.assign(count, each);
  return solved;
}

/// "a b, a b, a b -> (1 + 1 + 1) a b"
Solved stacking(const Shape& shape, std::size_t count) {
  Solved solved;
  TensorExpr each;
  for (const std::int64_t size : shape) {
    const std::string name = "d" + std::to_string(solved.axes.size());
    each.dims.push_back(axis_dim(int(solved.axes.size())));
    solved.axes.push_back({name, size, false, false, name});
  }
  TensorExpr all = each;
  all.dims.insert(all.dims.begin(), concatenated(solved, count));
  solved.inputs.assign(count, each);
  solved.outputs = {all};
  return solved;
}

}  // namespace

bool is_list(const Call& call) { return call.function.ends_with(kList); }

std::string function_name(const Call& call) {
  return is_list(call) ? call.function.substr(0, call.function.size() - kList.size()) : call.function;
}

notation::Operand stacked_operand(const Call& call) {
  std::vector<std::string> lines;
  bool ranks = true, shapes = true;
  const Shape& first = call.operands.at(0).type.shape;
  for (std::size_t k = 0; k < call.operands.size(); ++k) {
    if (call.operands[k].kind != Operand::Kind::Tensor)
      support::raise<TypeError>(
          {.kind = "operand-kind",
           .sentence = "A list holds tensors; entry #" + std::to_string(k + 1) + " is none."});
    const Shape& shape = call.operands[k].type.shape;
    ranks = ranks && shape.size() == first.size();
    shapes = shapes && shape == first;
    lines.push_back("#" + std::to_string(k + 1) + ": shape " + support::tuple_text(shape));
  }
  const std::string sentence =
      "The tensors of a list are stacked along a new first axis and need the same shape.";
  if (!ranks)
    support::raise<RankError>({.kind = "ndim-mismatch",
                               .sentence = sentence,
                               .pattern = call.pattern,
                               .show_pattern = true,
                               .operands = lines});
  if (!shapes)
    support::raise<AxisSizeError>({.kind = "axis-conflict",
                                   .sentence = sentence,
                                   .pattern = call.pattern,
                                   .show_pattern = true,
                                   .operands = lines});
  Shape whole = first;
  whole.insert(whole.begin(), std::int64_t(call.operands.size()));
  return {whole, "list of shape " + support::tuple_text(whole)};
}

Stacked stack(graph::Graph& graph, const ops::Op& op, Solved solved, std::vector<graph::ValueId> values) {
  const std::size_t count = values.size();
  if (moves_whole(op, solved, count)) return {unstacked(std::move(solved), count), std::move(values)};
  const Shape shape = graph.values[values[0]].type.shape;
  return {std::move(solved),
          graph::add_node(graph, ops::get("id"), stacking(shape, count), std::move(values))};
}

const ops::Op& operation_of(const Call& call, const Solved& solved, std::span<const DType> operands) {
  if (call.dialect != Dialect::Einops || function_name(call) != "reduce") return *call.op;
  if (notation::axes_of(solved, solved.inputs[0], true).empty()) return ops::get("id");
  const DType dtype = tensor::promote(operands);
  if (call.op->name == "mean" && !tensor::is_float(dtype))
    support::raise<OperationNotSupportedError>(
        {.kind = "dtype-not-supported",
         .sentence =
             "einops has no mean of " + std::string(name_of(dtype)) + ", only of floating-point numbers.",
         .pattern = call.pattern,
         .show_pattern = true,
         .advice = {"Convert the tensor first, x.cast(einx::f32), or use einx::mean, whose result is f64."}});
  return *call.op;
}

}  // namespace einx::detail::trace
