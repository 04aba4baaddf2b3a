// Strided copies, conversions and fills.
#include <cstring>

#include "tensor/storage.h"

namespace einx {

using detail::Storage;
namespace impl = detail::tensor;

namespace {

/// Calls body(address, index of its first element in row-major order) for every row along the last axis.
template <class F>
void for_each_row(const Tensor& tensor, F&& body) {
  const std::int64_t elements = tensor.size(), row = tensor.rank() == 0 ? 1 : tensor.shape().back();
  const std::int64_t bytes = std::int64_t(size_of(tensor.dtype()));
  const char* address = static_cast<const char*>(tensor.data());
  Shape index(std::size_t(tensor.rank()), 0);
  for (std::int64_t position = 0; position < elements; position += row) {
    body(address, position);
    for (int axis = tensor.rank() - 2; axis >= 0; --axis) {
      const std::size_t a = std::size_t(axis);
      const std::int64_t step = tensor.strides()[a] * bytes;
      if (++index[a] < tensor.shape()[a]) {
        address += step;
        break;
      }
      address -= (tensor.shape()[a] - 1) * step;
      index[a] = 0;
    }
  }
}

std::int64_t row_length(const Tensor& tensor) { return tensor.rank() == 0 ? 1 : tensor.shape().back(); }
std::int64_t row_stride(const Tensor& tensor) { return tensor.rank() == 0 ? 1 : tensor.strides().back(); }

/// Copies `count` elements of a fixed number of bytes from a strided row.
template <std::size_t bytes>
void copy_row(const char* from, std::int64_t stride, char* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * std::int64_t(bytes), from + i * stride * std::int64_t(bytes), bytes);
}

using CopyRow = void (*)(const char*, std::int64_t, char*, std::int64_t);

CopyRow copy_row_for(std::size_t bytes) {
  switch (bytes) {
    case 1:
      return copy_row<1>;
    case 2:
      return copy_row<2>;
    case 4:
      return copy_row<4>;
    default:
      return copy_row<8>;
  }
}

}  // namespace

Tensor Tensor::clone() const {
  if (!defined_) return {};
  Tensor result = empty(shape(), dtype_);
  const std::size_t bytes = size_of(dtype_);
  char* const to = Storage::bytes_of(result);
  if (contiguous()) {
    if (size() > 0) std::memcpy(to, data_, std::size_t(size()) * bytes);
    return result;
  }
  const CopyRow copy = copy_row_for(bytes);
  for_each_row(*this, [&](const char* from, std::int64_t position) {
    copy(from, row_stride(*this), to + position * std::int64_t(bytes), row_length(*this));
  });
  return result;
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == dtype_ || !defined_) return clone();
  Tensor result = empty(shape(), dtype);
  const std::int64_t from_step = row_stride(*this) * std::int64_t(size_of(dtype_)),
                     to_step = std::int64_t(size_of(dtype));
  char* const to = Storage::bytes_of(result);
  for_each_row(*this, [&](const char* from, std::int64_t position) {
    for (std::int64_t i = 0; i < row_length(*this); ++i)
      impl::store(to + (position + i) * to_step,
                  impl::convert(impl::load(from + i * from_step, dtype_), dtype));
  });
  return result;
}

}  // namespace einx

namespace einx::detail::tensor {

namespace {

/// Element by element along `axis` and the axes after it; addresses in bytes.
void copy_from_axis(const Tensor& to, char* to_address, const Tensor& from, const char* from_address, std::size_t axis) {
  const std::size_t bytes = size_of(to.dtype());
  if (axis == to.shape().size()) {
    std::memcpy(to_address, from_address, bytes);
    return;
  }
  for (std::int64_t i = 0; i < to.shape()[axis]; ++i)
    copy_from_axis(to, to_address + i * to.strides()[axis] * std::int64_t(bytes), from,
                   from_address + i * from.strides()[axis] * std::int64_t(bytes), axis + 1);
}

}  // namespace

void copy(Tensor& to, const Tensor& from) {
  copy_from_axis(to, static_cast<char*>(to.data()), from, static_cast<const char*>(from.data()), 0);
}

void fill(Tensor& row_major, const Scalar& value) {
  char element[8];
  store(element, value);
  copy_row_for(size_of(row_major.dtype()))(element, 0, Storage::bytes_of(row_major), row_major.size());
}

}  // namespace einx::detail::tensor
