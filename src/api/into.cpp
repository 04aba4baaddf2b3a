// Results into the caller's tensors.
#include <algorithm>

#include "api/api.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {
namespace api {
namespace {

struct Extent {
  const char *begin, *end;
};

/// The bytes that a tensor's elements lie in.
Extent bytes_of(const Tensor& tensor) {
  const auto* first = static_cast<const char*>(tensor.data());
  std::int64_t low = 0, high = 0;
  for (int d = 0; d < tensor.rank(); ++d) {
    const std::int64_t reach = (tensor.shape()[d] - 1) * tensor.strides()[d];
    (reach < 0 ? low : high) += reach;
  }
  const auto bytes = static_cast<std::int64_t>(size_of(tensor.dtype()));
  return {first + low * bytes, first + (high + 1) * bytes};
}

bool overlap(const Tensor& a, const Tensor& b) {
  if (a.size() == 0 || b.size() == 0) return false;
  const Extent x = bytes_of(a), y = bytes_of(b);
  return x.begin < y.end && y.begin < x.end;
}

void require_type(const Tensor& result, const graph::Type& type, std::size_t k) {
  const std::string place = "Result tensor #" + std::to_string(k + 1);
  const Shape got(result.shape().begin(), result.shape().end());
  if (!result.defined() || got != type.shape)
    support::raise<ValueError>({.kind = "bad-shape",
                                .sentence = place + (result.defined() ? " has shape " + support::tuple_text(got) : " is undefined") +
                                            ", but the result has shape " + support::tuple_text(type.shape) + "."});
  if (result.dtype() != type.dtype)
    support::raise<TypeError>({.kind = "dtype-mismatch",
                               .sentence = place + " holds " + std::string(name_of(result.dtype())) + ", but the result is " +
                                           std::string(name_of(type.dtype)) + "."});
  if (!result.writable()) support::raise<ValueError>({.kind = "bad-view", .sentence = place + " is a view of constant memory."});
}

bool overlaps_another(const Tensor& result, std::span<const Tensor* const> operands, std::span<Tensor* const> results) {
  return std::ranges::any_of(operands, [&](const Tensor* operand) { return overlap(result, *operand); }) ||
         std::ranges::any_of(results, [&](const Tensor* other) { return other != &result && overlap(result, *other); });
}

/// Generated code writes row-major, 64-byte aligned memory that overlaps nothing.
bool direct(const Tensor& result, std::span<const Tensor* const> operands, std::span<Tensor* const> results) {
  if (!result.contiguous() || reinterpret_cast<std::uintptr_t>(result.data()) % 64 != 0) return false;
  return !overlaps_another(result, operands, results);
}

/// An update where its tensor is: the copy that would need the alignment is not made.
bool updates_in_place(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor* const> results) {
  if (!executable.in_place || results.size() != 1 || operands[0]->data() != results[0]->data()) return false;
  const Tensor& tensor = *results[0];
  if (!tensor.contiguous() || reinterpret_cast<std::uintptr_t>(tensor.data()) % size_of(tensor.dtype()) != 0) return false;
  return !overlaps_another(tensor, operands.subspan(1), {});
}

}  // namespace

void run_into(const Executable& executable, std::span<const Tensor* const> operands, std::span<Tensor* const> results) {
  std::vector<Tensor> made(results.size());
  for (std::size_t k = 0; k < results.size(); ++k) {
    require_type(*results[k], executable.outputs[k], k);
    if (direct(*results[k], operands, results) || updates_in_place(executable, operands, results)) made[k] = *results[k];
  }
  run(executable, operands, made);
  for (std::size_t k = 0; k < results.size(); ++k)
    if (made[k].data() != results[k]->data()) tensor::copy(*results[k], made[k]);
}

}  // namespace api
}  // namespace einx::detail
