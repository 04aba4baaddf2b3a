// Running a finished signature, and what its failures say.
#include <array>

#include "api/addresses.h"
#include "api/api.h"
#include "reference/reference.h"
#include "runtime/runtime.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::api {
namespace {

constexpr std::int64_t kSmall = 2048;

/// "(1, 2)": the index of the element at a row-major position.
std::string index_text(const Shape& shape, std::int64_t position) {
  Shape index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    const std::int64_t extent = shape[d] > 0 ? shape[d] : 1;
    index[d] = position % extent;
    position /= extent;
  }
  return support::tuple_text(index);
}

/// The name of the axis-th indexed axis of the tensor that a gather reads or a scatter updates.
std::string indexed_axis(const graph::Graph& graph, int axis) {
  for (const graph::Node& node : graph.nodes) {
    if (node.op->family != notation::Family::GetAt && node.op->family != notation::Family::UpdateAt) continue;
    const auto bracketed = notation::axes_of(node.expr, node.expr.inputs[0], true);
    if (axis < static_cast<int>(bracketed.size())) return node.expr.axes[bracketed[axis]].source;
  }
  return "#" + std::to_string(axis + 1);
}

[[noreturn]] void raise_status(const Executable& executable, const einx_status& status) {
  if (status.code == EINX_OUT_OF_MEMORY) {
    support::raise<CallOperationError>({.kind = "runtime", .sentence = "There is not enough memory for the result or a temporary of this operation."});
  }
  std::string where;
  if (status.operand >= 0 && status.operand < static_cast<int>(executable.inputs.size()) && status.position >= 0)
    where = " at " + index_text(executable.inputs[status.operand].shape, status.position) + " of operand #" + std::to_string(status.operand + 1);
  support::raise<CallOperationError>(
      {.kind = "runtime",
       .sentence = "The coordinate " + std::to_string(status.value) + where + " is outside axis " + indexed_axis(executable.graph, status.axis) +
                   " of size " + std::to_string(status.extent) + ".",
       .pattern = executable.graph.nodes.size() == 1 ? notation::text(executable.graph.nodes[0].expr) : "",
       .show_pattern = executable.graph.nodes.size() == 1,
       .advice = {"Coordinates from -n to n - 1 are valid for an axis of size n; negative ones count from its end."}});
}

void run_reference(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor> results) {
  std::vector<Tensor> inputs;
  for (const Tensor* operand : operands) inputs.push_back(*operand);
  std::vector<Tensor> made = reference::run(executable.graph, inputs);
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (results[k].defined()) tensor::copy(results[k], made[k]);
    else results[k] = std::move(made[k]);
  }
}

}  // namespace

void run_code(const Executable& executable, const void* const* inputs, void** outputs) {
  if (!executable.empty_reduction.empty()) support::raise<CallOperationError>({.kind = "runtime", .sentence = executable.empty_reduction});
  einx_status status{};
  if (executable.code->run(inputs, outputs, &status) != EINX_OK) raise_status(executable, status);
}

void run(const Executable& executable, const void* const* inputs, std::span<Tensor> results) {
  Addresses<void*, 2> outputs(results.size());
  for (std::size_t k = 0; k < results.size(); ++k) {
    // A small tensor is one block together with its owner; memory from the driver would need two.
    if (!results[k].defined() && executable.output_bytes[k] <= kSmall)
      results[k] = Tensor::empty(executable.outputs[k].shape, executable.outputs[k].dtype);
    outputs[k] = results[k].data();
  }
  run_code(executable, inputs, outputs.data());
  for (std::size_t k = 0; k < results.size(); ++k)
    if (!results[k].defined()) results[k] = tensor::adopt(outputs[k], executable.outputs[k].shape, executable.outputs[k].dtype);
}

namespace {

void run_program(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor> results) {
  std::vector<Tensor> inputs;
  for (const Tensor* operand : operands) inputs.push_back(*operand);
  std::vector<Tensor> made = executable.program(inputs);
  std::move(made.begin(), made.end(), results.begin());
}

}  // namespace

void run(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor> results) {
  if (executable.program) return run_program(executable, operands, results);
  if (!executable.code) return run_reference(executable, operands, results);
  Addresses<const void*> inputs(operands.size());
  for (std::size_t k = 0; k < operands.size(); ++k) inputs[k] = operands[k]->data();
  run(executable, inputs.data(), results);
}

std::vector<const Tensor*> addresses(std::span<const Tensor> tensors) {
  std::vector<const Tensor*> result;
  for (const Tensor& tensor : tensors) result.push_back(&tensor);
  return result;
}

std::vector<Tensor> run(const Executable& executable, std::span<const Tensor> operands) {
  std::vector<Tensor> results(executable.outputs.size());
  run(executable, addresses(operands), results);
  return results;
}

}  // namespace einx::detail::api
