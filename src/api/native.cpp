// einx::native: rows of the registry whose meaning is a function of the user's on sub-tensors.
#include <einx/custom.h>

#include "api/api.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {
namespace {

[[noreturn]] void function_failed(std::string_view op, const std::string& why) {
  support::raise<CallOperationError>(
      {.kind = "runtime", .sentence = "The function of the operation '" + std::string(op) + "' " + why});
}

std::string shape_text(const Tensor& tensor) {
  return support::tuple_text(Shape(tensor.shape().begin(), tensor.shape().end()));
}

/// `out = inverse(a)` makes the handle another tensor instead of writing to ours: its elements are copied.
void take_over(std::string_view op, const Tensor& returned, Tensor& place) {
  if (returned.defined() && returned.data() == place.data() && std::ranges::equal(returned.strides(), place.strides())) return;
  if (!returned.defined() || !std::ranges::equal(returned.shape(), place.shape()))
    function_failed(op, "put a tensor of shape " + (returned.defined() ? shape_text(returned) : "(undefined)") +
                            " in the place of an output of shape " + shape_text(place) + ".");
  if (returned.dtype() != place.dtype())
    function_failed(op, "put a tensor of " + std::string(name_of(returned.dtype())) + " in the place of an output of " +
                            std::string(name_of(place.dtype())) + ".");
  tensor::copy(place, returned.data() == place.data() ? returned.clone() : returned);
}

/// The user's function with its exceptions turned into ours.
ops::Native::Function guarded(std::string_view op, NativeFunction function) {
  return [op, function = std::move(function)](std::span<const Tensor> in, std::span<Tensor> out) {
    std::vector<Tensor> handles(out.begin(), out.end());
    try {
      function(in, handles);
    } catch (const std::exception& error) {
      function_failed(op, std::string("threw: ") + error.what());
    } catch (...) {
      function_failed(op, "threw something that is not a std::exception.");
    }
    for (std::size_t k = 0; k < out.size(); ++k) take_over(op, handles[k], out[k]);
  };
}

[[noreturn]] void bad_options(std::string_view name, const std::string& what) {
  support::raise<ValueError>({.kind = "bad-parameter", .sentence = "The options of the operation '" + std::string(name) + "' " + what});
}

void check_options(std::string_view name, const NativeOptions& options) {
  if (options.min_inputs < 1) bad_options(name, "ask for less than one input.");
  if (options.max_inputs >= 0 && options.max_inputs < options.min_inputs) bad_options(name, "have max_inputs below min_inputs.");
  if (options.outputs < 1) bad_options(name, "ask for less than one output.");
}

std::vector<DType> result_dtypes(const ops::Op& op, const NativeOptions& options, std::span<const DType> inputs) {
  const auto outputs = std::size_t(options.outputs);
  if (!options.dtypes) return std::vector<DType>(outputs, tensor::promote(inputs));
  std::vector<DType> dtypes;
  try {
    dtypes = options.dtypes(inputs);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    function_failed(op.name, std::string("has a dtype rule that threw: ") + error.what());
  } catch (...) {
    function_failed(op.name, "has a dtype rule that threw something that is not a std::exception.");
  }
  if (dtypes.size() == outputs) return dtypes;
  bad_options(op.name, "give " + std::to_string(dtypes.size()) + " dtypes for " + std::to_string(outputs) + " outputs.");
}

}  // namespace

std::string_view add_native(std::string_view name, const std::string& identity, NativeFunction function,
                            const NativeOptions& options) {
  check_options(name, options);
  const std::string numbers = std::to_string(options.min_inputs) + " " + std::to_string(options.max_inputs) + " " +
                              std::to_string(options.outputs);
  const bool shared = !identity.empty() && !options.dtypes;
  ops::UserRow row{std::string(name), notation::Family::Native, options.min_inputs, options.max_inputs, {}};
  row.resolve = [function = std::move(function), options](const ops::Op& op, std::span<const DType> inputs) {
    ops::Native native{std::make_shared<const ops::Native::Function>(guarded(op.name, function)), result_dtypes(op, options, inputs)};
    ops::Resolved resolved{{inputs.begin(), inputs.end()}, native.results[0], {}};
    resolved.meaning = std::move(native);
    return resolved;
  };
  return ops::add_row(std::move(row), shared ? "native " + numbers + " " + identity : "").name;
}

}  // namespace einx::detail
