// Tensors and their types as text.
#include <charconv>

#include "tensor/storage.h"

namespace einx {
namespace impl = detail::tensor;
namespace {

constexpr std::int64_t kLongAxis = 8;  ///< longer axes are shortened to
constexpr std::int64_t kEdge = 3;      ///< so many elements at each end

template <class T, class... Format>
std::string number(T value, Format... format) {
  char buffer[64];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format...).ptr);
}

std::string element_text(const char* address, DType dtype) {
  const impl::Scalar value = impl::load(address, dtype);
  switch (dtype) {
    case DType::boolean:
      return value.i != 0 ? "true" : "false";
    case DType::f16:
      return number(float(value.f), std::chars_format::general, 5);
    case DType::bf16:
      return number(float(value.f), std::chars_format::general, 4);
    case DType::f32:
      return number(float(value.f));
    case DType::f64:
      return number(value.f);
    default:
      return impl::is_unsigned(dtype) ? number(value.u) : number(value.i);
  }
}

std::string axis_text(const Tensor& tensor, std::size_t axis, const char* address) {
  if (axis == tensor.shape().size()) return element_text(address, tensor.dtype());
  const std::int64_t extent = tensor.shape()[axis],
                     step = tensor.strides()[axis] * std::int64_t(size_of(tensor.dtype()));
  std::string text = "[";
  for (std::int64_t i = 0; i < extent; ++i) {
    if (i > 0) text += ", ";
    if (extent > kLongAxis && i == kEdge) {
      text += "...";
      i = extent - kEdge - 1;
    } else {
      text += axis_text(tensor, axis + 1, address + i * step);
    }
  }
  return text + "]";
}

std::string numbers(std::span<const std::int64_t> values) {
  std::string text;
  for (const std::int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

}  // namespace

std::string Tensor::to_string() const {
  if (!defined_) return "undefined";
  const std::string type = std::string(name_of(dtype_)) + "[" + numbers(shape()) + "] ";
  return type + (size() == 0 && rank_ > 0 ? "[]" : axis_text(*this, 0, static_cast<const char*>(data_)));
}

}  // namespace einx

namespace einx::detail::tensor {

std::string type_text(DType dtype, std::span<const std::int64_t> shape,
                      std::span<const std::int64_t> strides) {
  std::string text = std::string(name_of(dtype)) + "[" + numbers(shape);
  const Shape expected = row_major(shape);
  bool differ = false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    differ = differ || (shape[axis] != 1 && strides[axis] != expected[axis]);
  if (differ) text += " : " + numbers(strides);
  return text + "]";
}

}  // namespace einx::detail::tensor
