// A function of the user's: its operands as views of the buffers for every assignment of the kept axes.
#include <algorithm>

#include "loops/lowering.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

/// Axes outside brackets, of all tensors, outputs first: positions count in the order of the first output.
std::vector<int> kept_axes(const notation::Solved& expr) {
  std::vector<int> kept;
  for (const auto* side : {&expr.outputs, &expr.inputs})
    for (const notation::TensorExpr& tensor : *side)
      for (const int axis : notation::axes_of(expr, tensor, false))
        if (std::ranges::find(kept, axis) == kept.end()) kept.push_back(axis);
  return kept;
}

Native::View view_of(const Lowering& lowering, const graph::Node& node, const notation::TensorExpr& expr,
                     graph::ValueId value, const std::vector<int>& kept) {
  const auto maps = maps_of(lowering, node, expr, value);
  if (maps.size() != 1) support::internal_error("only id has concatenations");
  const auto stride = [&](int axis) {
    const auto found = std::ranges::find(maps[0].terms, axis, &notation::Term::axis);
    return found == maps[0].terms.end() ? 0 : found->stride;
  };
  Native::View view{lowering.buffers[std::size_t(value)],
                    lowering.graph.values[std::size_t(value)].type.dtype,
                    maps[0].offset,
                    {},
                    {},
                    {}};
  for (const int axis : kept) view.kept_strides.push_back(stride(axis));
  for (const int axis : notation::axes_of(node.expr, expr, true)) {
    view.shape.push_back(node.expr.axes[std::size_t(axis)].size);
    view.strides.push_back(stride(axis));
  }
  return view;
}

}  // namespace

void lower_native(Lowering& lowering, const graph::Node& node, const ops::Native& function) {
  const std::vector<int> kept = kept_axes(node.expr);
  Native step;
  step.schedule =
      label(lowering, node, 0) + "\na function of the user's; threads take parts of the assignments";
  step.function = function.function;
  for (const int axis : kept) step.extents.push_back(node.expr.axes[std::size_t(axis)].size);
  for (std::size_t k = 0; k < node.inputs.size(); ++k)
    step.inputs.push_back(view_of(lowering, node, node.expr.inputs[k], node.inputs[k], kept));
  for (std::size_t k = 0; k < node.outputs.size(); ++k)
    step.outputs.push_back(view_of(lowering, node, node.expr.outputs[k], node.outputs[k], kept));
  lowering.items.push_back({Step(std::move(step))});
}

}  // namespace einx::detail::loops
