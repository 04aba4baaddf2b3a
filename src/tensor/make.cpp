// Tensor: making, asking and reading single elements.
#include <algorithm>
#include <cstring>

#include "tensor/storage.h"

namespace einx {

using detail::Storage;
namespace impl = detail::tensor;

Tensor::Tensor() noexcept = default;

std::int64_t* Tensor::set_rank(int rank) {
  rank_ = std::uint8_t(rank);
  if (rank <= inline_rank) return small_;
  large_ = std::make_shared<std::int64_t[]>(2 * std::size_t(rank));
  return large_.get();
}

Tensor Tensor::empty(std::span<const std::int64_t> shape, DType dtype) {
  return Storage::create(shape, dtype);
}

Tensor Tensor::zeros(std::span<const std::int64_t> shape, DType dtype) {
  Tensor result = empty(shape, dtype);
  std::memset(result.data_, 0,
              std::size_t(result.size()) * size_of(dtype));  // all bits zero is 0 in every dtype
  return result;
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype) {
  Tensor result = empty(shape, dtype);
  impl::fill(result, impl::make_scalar(value, dtype));
  return result;
}

Tensor Tensor::iota(const Shape& shape, DType dtype) {
  Tensor result = empty(shape, dtype);
  char* address = Storage::bytes_of(result);
  for (std::int64_t i = 0; i < result.size(); ++i, address += size_of(dtype))
    impl::store(address, impl::make_scalar(i, dtype));
  return result;
}

Tensor Tensor::scalar(double value, DType dtype) { return full({}, value, dtype); }

Tensor Tensor::scalar(std::int64_t value, DType dtype) {
  Tensor result = empty({}, dtype);
  impl::store(result.data_, impl::make_scalar(value, dtype));
  return result;
}

Tensor Tensor::copy_bytes(const void* values, std::size_t count, const Shape& shape, DType dtype) {
  const std::int64_t elements = impl::checked_elements(shape, dtype);
  if (std::uint64_t(elements) != count)
    impl::bad_shape("The shape " + impl::shape_text(shape) + " holds " + std::to_string(elements) +
                    " elements, but " + std::to_string(count) + " were given.");
  Tensor result = empty(shape, dtype);
  if (count > 0) std::memcpy(result.data_, values, count * size_of(dtype));
  return result;
}

std::int64_t Tensor::size() const noexcept {
  std::int64_t product = 1;
  bool empty = false;
  for (const std::int64_t extent : shape()) {
    empty = empty || extent == 0;
    // An empty tensor's other extents may overflow, a non-empty one's were checked.
    if (__builtin_mul_overflow(product, extent, &product)) product = 0;
  }
  return defined_ && !empty ? product : 0;
}

bool Tensor::contiguous() const noexcept {
  std::int64_t expected = 1;
  bool result = true;
  for (int axis = rank_ - 1; axis >= 0; --axis) {
    const std::int64_t extent = dims()[axis];
    if (extent == 0) return true;
    if (extent == 1) continue;
    result = result && dims()[rank_ + axis] == expected;
    if (__builtin_mul_overflow(expected, extent, &expected)) expected = 0;
  }
  return result;
}

void Tensor::require(DType dtype) const {
  if (defined_ && dtype == dtype_) return;
  const std::string wanted(name_of(dtype));
  detail::support::raise<TypeError>(
      {.kind = "dtype-mismatch",
       .sentence = defined_ ? "The tensor holds " + std::string(name_of(dtype_)) + " and cannot be read as " +
                                  wanted + "."
                            : "The tensor is undefined and cannot be read as " + wanted + "."});
}

const void* Tensor::element(std::initializer_list<std::int64_t> index) const {
  if (index.size() == 0 && size() == 1) return data_;
  const std::string at = impl::shape_text(std::span(index.begin(), index.size()));
  if (index.size() != std::size_t(rank_))
    impl::bad_view("The index " + at + " does not name one element of a tensor of shape " +
                   impl::shape_text(shape()) + ".");
  std::int64_t offset = 0;
  for (int axis = 0; axis < rank_; ++axis) {
    const std::int64_t i = index.begin()[axis];
    if (i < 0 || i >= shape()[std::size_t(axis)])
      impl::bad_view("The index " + at + " lies outside of the shape " + impl::shape_text(shape()) + ".");
    offset += i * strides()[std::size_t(axis)];
  }
  return static_cast<const char*>(data_) + offset * std::int64_t(size_of(dtype_));
}

}  // namespace einx
