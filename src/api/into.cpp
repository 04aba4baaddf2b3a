// Results into the caller's memory.
#include "api/addresses.h"
#include "api/api.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {
namespace api {
namespace {

using Reach = Executable::Reach;
constexpr std::size_t kFewResults = 2;

bool same(std::span<const std::int64_t> a, const Shape& b) {
  bool equal = a.size() == b.size();
  for (std::size_t d = 0; equal && d < b.size(); ++d) equal = a[d] == b[d];
  return equal;
}

std::uintptr_t address(const void* data) { return reinterpret_cast<std::uintptr_t>(data); }

bool overlap(const void* a, const Reach& x, const void* b, const Reach& y) {
  if (x.low == x.high || y.low == y.high) return false;
  return address(a) + x.low < address(b) + y.high && address(b) + y.low < address(a) + x.high;
}

/// The bytes that a result's elements lie in.
Reach reach(const MutableView& view) {
  Reach result;
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    if (view.shape[d] == 0) return {};
    const std::int64_t distance = (view.shape[d] - 1) * view.strides[d];
    (distance < 0 ? result.low : result.high) += distance;
  }
  const auto bytes = static_cast<std::int64_t>(size_of(view.dtype));
  return {result.low * bytes, (result.high + 1) * bytes};
}

/// Row-major; no strides mean that, too.
bool contiguous(const MutableView& view) {
  std::int64_t expected = 1;
  for (std::size_t d = view.shape.size(); d-- > 0 && !view.strides.empty();) {
    if (view.shape[d] == 0) return true;
    if (view.shape[d] != 1 && view.strides[d] != expected) return false;
    expected *= view.shape[d];
  }
  return true;
}

[[noreturn]] void wrong_shape(std::size_t k, const Shape& wanted, std::string_view is) {
  support::raise<ValueError>({.kind = "bad-shape",
                              .sentence = "Result tensor #" + std::to_string(k + 1) + std::string(is) + ", but the result has shape " +
                                          support::tuple_text(wanted) + "."});
}
[[noreturn]] void wrong_view(std::size_t k, std::string_view is) {
  support::raise<ValueError>({.kind = "bad-view", .sentence = "Result tensor #" + std::to_string(k + 1) + std::string(is)});
}

void require_type(const MutableView& result, const graph::Type& type, std::size_t k) {
  if (!same(result.shape, type.shape))
    wrong_shape(k, type.shape, " has shape " + support::tuple_text({result.shape.begin(), result.shape.end()}));
  if (result.dtype != type.dtype)
    support::raise<TypeError>({.kind = "dtype-mismatch",
                               .sentence = "Result tensor #" + std::to_string(k + 1) + " holds " + std::string(name_of(result.dtype)) +
                                           ", but the result is " + std::string(name_of(type.dtype)) + "."});
}

MutableView view_of(Tensor& result, const graph::Type& type, std::size_t k) {
  if (!result.defined()) wrong_shape(k, type.shape, " is undefined");
  const MutableView view{result.data(), result.dtype(), result.shape(), result.strides()};
  require_type(view, type, k);
  if (!result.writable()) wrong_view(k, " is a view of constant memory.");
  return view;
}

/// One call: where its operands and results lie.
struct Places {
  const Executable& executable;
  const void* const* inputs;
  std::span<const MutableView> results;
  std::span<const Reach> reaches;  ///< of the results

  bool overlaps_another(std::size_t k, std::size_t first_input) const {
    for (std::size_t i = first_input; i < executable.inputs.size(); ++i)
      if (overlap(results[k].data, reaches[k], inputs[i], executable.reaches[i])) return true;
    for (std::size_t i = 0; i < results.size(); ++i)
      if (i != k && overlap(results[k].data, reaches[k], results[i].data, reaches[i])) return true;
    return false;
  }
  /// Generated code writes row-major, 64-byte aligned memory that overlaps nothing.
  bool direct(std::size_t k) const {
    return address(results[k].data) % 64 == 0 && results[k].data && contiguous(results[k]) && !overlaps_another(k, 0);
  }
  /// An update where its tensor is: the copy that would need the alignment is not made.
  bool updates_in_place() const {
    return executable.in_place && results.size() == 1 && inputs[0] == results[0].data && contiguous(results[0]) &&
           address(inputs[0]) % size_of(results[0].dtype) == 0 && !overlaps_another(0, 1);
  }
};

/// Memory that the driver allocated, to where it is wanted.
void copy_out(void* made, const graph::Type& type, const MutableView& to) {
  const Tensor from = tensor::adopt(made, type.shape, type.dtype);
  const Shape shape(to.shape.begin(), to.shape.end());
  Tensor result = to.strides.empty() ? Tensor::view(to.data, to.dtype, shape)
                                     : Tensor::view(to.data, to.dtype, shape, {to.strides.begin(), to.strides.end()});
  tensor::copy(result, from);
}

void run_checked(const Executable& executable, const void* const* inputs, std::span<const MutableView> results) {
  Addresses<Reach, kFewResults> reaches(results.size());
  for (std::size_t k = 0; k < results.size(); ++k)
    reaches[k] = results[k].strides.empty() ? Reach{0, executable.output_bytes[k]} : reach(results[k]);
  const Places places{executable, inputs, results, reaches.span()};
  Addresses<void*, kFewResults> outputs(results.size());
  for (std::size_t k = 0; k < results.size(); ++k) outputs[k] = places.direct(k) || places.updates_in_place() ? results[k].data : nullptr;
  run_code(executable, inputs, outputs.data());
  for (std::size_t k = 0; k < results.size(); ++k)
    if (outputs[k] != results[k].data) copy_out(outputs[k], executable.outputs[k], results[k]);
}

/// Most calls have one result that fits the contract: nothing is looked at twice, nothing is written but its address.
bool run_single(const Executable& executable, const void* const* inputs, const MutableView& result) {
  const std::uintptr_t begin = address(result.data), end = begin + std::uintptr_t(executable.output_bytes[0]);
  if (begin % 64 != 0 || begin == end || !contiguous(result)) return false;
  for (std::size_t i = 0; i < executable.inputs.size(); ++i)
    if (address(inputs[i]) + executable.reaches[i].low < end && begin < address(inputs[i]) + executable.reaches[i].high) return false;
  void* output = result.data;
  run_code(executable, inputs, &output);
  return true;
}

}  // namespace

void run_into(const Executable& executable, const void* const* inputs, std::span<Tensor* const> results) {
  if (results.size() == 1) {
    const MutableView view = view_of(*results[0], executable.outputs[0], 0);
    return run_single(executable, inputs, view) ? void() : run_checked(executable, inputs, {&view, 1});
  }
  Addresses<MutableView, kFewResults> views(results.size());
  for (std::size_t k = 0; k < results.size(); ++k) views[k] = view_of(*results[k], executable.outputs[k], k);
  run_checked(executable, inputs, views.span());
}

void run_into(const Executable& executable, const void* const* inputs, std::span<const MutableView> results) {
  for (std::size_t k = 0; k < results.size(); ++k) {
    const MutableView& result = results[k];
    require_type(result, executable.outputs[k], k);
    if (!result.strides.empty() && result.strides.size() != result.shape.size()) wrong_view(k, " needs as many strides as axes, or none at all.");
    if (!result.data && executable.output_bytes[k] > 0) wrong_view(k, " has no address.");
  }
  if (results.size() != 1 || !run_single(executable, inputs, results[0])) run_checked(executable, inputs, results);
}

void run_into(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor* const> results) {
  if (executable.code) {
    Addresses<const void*> inputs(operands.size());
    for (std::size_t k = 0; k < operands.size(); ++k) inputs[k] = operands[k]->data();
    return run_into(executable, inputs.data(), results);
  }
  for (std::size_t k = 0; k < results.size(); ++k) view_of(*results[k], executable.outputs[k], k);
  std::vector<Tensor> made(results.size());
  run(executable, operands, made);
  for (std::size_t k = 0; k < results.size(); ++k) tensor::copy(*results[k], made[k]);
}

}  // namespace api
}  // namespace einx::detail
