// Functions of the user's: called for every assignment of the axes outside brackets, one after the other.
#include <algorithm>

#include "reference/meanings.h"

namespace einx::detail::reference {
namespace {

/// The sub-tensor over the bracketed axes of one operand.
struct SubTensor {
  DType dtype;
  Shape shape, strides;
};

SubTensor sub_tensor(const notation::Solved& expr, const notation::TensorExpr& tree,
                     const notation::IndexMap& map, DType dtype) {
  SubTensor made{dtype, {}, {}};
  for (const int axis : notation::axes_of(expr, tree, true)) {
    made.shape.push_back(expr.axes[std::size_t(axis)].size);
    made.strides.push_back(stride_of(map, axis));
  }
  return made;
}

}  // namespace

void run_native(const Step& step, const ops::Native& native) {
  const notation::Solved& expr = step.node.expr;
  if (std::ranges::all_of(step.outputs, [](const Tensor& tensor) { return tensor.size() == 0; })) return;
  const std::vector<notation::IndexMap> maps = maps_of(step);
  std::vector<SubTensor> in, out;
  for (std::size_t k = 0; k < step.inputs.size(); ++k)
    in.push_back(sub_tensor(expr, expr.inputs[k], maps[k], step.inputs[k].dtype()));
  for (std::size_t k = 0; k < step.outputs.size(); ++k)
    out.push_back(sub_tensor(expr, expr.outputs[k], maps[in.size() + k], step.outputs[k].dtype()));
  Walk walk(expr, vectorised_axes(expr), maps);
  walk.each(walk.origin(), [&](const std::int64_t* at) {
    std::vector<Tensor> inputs, outputs;
    for (std::size_t k = 0; k < in.size(); ++k) {
      const void* data =
          static_cast<const char*>(step.inputs[k].data()) + at[k] * std::int64_t(size_of(in[k].dtype));
      inputs.push_back(Tensor::view(data, in[k].dtype, in[k].shape, in[k].strides));
    }
    for (std::size_t k = 0; k < out.size(); ++k) {
      void* data = static_cast<char*>(step.outputs[k].data()) +
                   at[in.size() + k] * std::int64_t(size_of(out[k].dtype));
      outputs.push_back(Tensor::view(data, out[k].dtype, out[k].shape, out[k].strides));
    }
    (*native.function)(inputs, outputs);
  });
}

}  // namespace einx::detail::reference
