#include "graph/literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "tensor/tensor.h"

namespace einx::detail::graph {
namespace {

template <class T>
T as(const void* element) {
  T value;
  std::memcpy(&value, element, sizeof(T));
  return value;
}

template <class T>
void put(void* element, T value) {
  std::memcpy(element, &value, sizeof(T));
}

std::uint64_t bits_of(const void* element, std::size_t bytes) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, element, bytes);  // little-endian hosts only, like the .npy reader
  return bits;
}

/// The quiet NaN without payload or sign.
std::uint64_t plain_nan(DType dtype) {
  switch (dtype) {
    case DType::f16:
      return 0x7e00;
    case DType::bf16:
      return 0x7fc0;
    case DType::f32:
      return 0x7fc00000;
    default:
      return 0x7ff8000000000000;
  }
}

template <class... Format>
std::string chars(auto value, Format... format) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format...).ptr;
  return {buffer.data(), end};
}

std::string nan_text(const void* element, DType dtype) {
  const std::uint64_t bits = bits_of(element, size_of(dtype));
  return bits == plain_nan(dtype) ? "nan" : "nan(0x" + chars(bits, 16) + ")";
}

/// to_chars knows no 16-bit floats: the fewest digits that come back as the same bits. Four and a half digits
/// always do.
template <class Half>
std::string half_text(const void* element) {
  const Half value = as<Half>(element);
  std::string digits;
  for (int precision = 1; precision <= 9; ++precision) {
    digits = chars(float(value), std::chars_format::general, precision);
    Half back;
    if (read_element(digits, dtype_of<Half>, &back) && back.bits == value.bits) break;
  }
  return digits;
}

std::string float_text(const void* element, DType dtype) {
  switch (dtype) {
    case DType::f16:
      return half_text<half>(element);
    case DType::bf16:
      return half_text<bfloat16>(element);
    case DType::f32:
      return chars(as<float>(element));
    default:
      return chars(as<double>(element));
  }
}

/// The whole text as a number, nullopt otherwise.
template <class T, class... Format>
std::optional<T> number(std::string_view text, Format... format) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
bool read_integer(std::string_view text, void* element) {
  const auto value = number<T>(text);
  if (value) put(element, *value);
  return value.has_value();
}

bool read_nan(std::string_view text, DType dtype, void* element) {
  std::uint64_t bits = plain_nan(dtype);
  if (text != "nan") {
    if (!text.starts_with("nan(0x") || !text.ends_with(')')) return false;
    const auto given = number<std::uint64_t>(text.substr(6, text.size() - 7), 16);
    if (!given || (size_of(dtype) < 8 && *given >> (8 * size_of(dtype)) != 0)) return false;
    bits = *given;
  }
  std::array<unsigned char, 8> written{};
  std::memcpy(written.data(), &bits, sizeof bits);
  const bool nan = std::isnan(tensor::to_double(tensor::load(written.data(), dtype)));
  if (nan) std::memcpy(element, written.data(), size_of(dtype));
  return nan;
}

bool read_float(std::string_view text, DType dtype, void* element) {
  if (text.starts_with("nan")) return read_nan(text, dtype, element);
  const std::string_view magnitude = text.substr(text.starts_with('-') ? 1 : 0);
  const bool infinite = magnitude == "inf";
  if (!infinite && (magnitude.empty() || magnitude.front() < '0' || magnitude.front() > '9')) return false;
  if (dtype == DType::f64) {
    const auto value = number<double>(text);
    if (value) put(element, *value);
    return value.has_value();
  }
  const auto value = number<float>(text);
  if (!value) return false;
  if (dtype == DType::f32) put(element, *value);
  if (dtype == DType::f16) put(element, half(*value));
  if (dtype == DType::bf16) put(element, bfloat16(*value));
  return true;
}

/// One axis of `data_text`: `element` walks through the row-major elements.
void append_axis(std::string& out, const Tensor& data, int axis, const std::byte*& element) {
  if (axis == data.rank()) {
    out += element_text(element, data.dtype());
    element += size_of(data.dtype());
    return;
  }
  out += '[';
  for (std::int64_t k = 0; k < data.shape()[axis]; ++k) {
    if (k > 0) out += ", ";
    append_axis(out, data, axis + 1, element);
  }
  out += ']';
}

}  // namespace

std::string element_text(const void* element, DType dtype) {
  switch (dtype) {
    case DType::boolean:
      return as<unsigned char>(element) != 0 ? "true" : "false";
    case DType::i8:
      return chars(int(as<std::int8_t>(element)));
    case DType::i16:
      return chars(as<std::int16_t>(element));
    case DType::i32:
      return chars(as<std::int32_t>(element));
    case DType::i64:
      return chars(as<std::int64_t>(element));
    case DType::u8:
      return chars(int(as<std::uint8_t>(element)));
    case DType::u16:
      return chars(as<std::uint16_t>(element));
    case DType::u32:
      return chars(as<std::uint32_t>(element));
    case DType::u64:
      return chars(as<std::uint64_t>(element));
    default:
      break;
  }
  const bool nan = std::isnan(tensor::to_double(tensor::load(element, dtype)));
  return nan ? nan_text(element, dtype) : float_text(element, dtype);
}

bool read_element(std::string_view text, DType dtype, void* element) {
  switch (dtype) {
    case DType::boolean:
      if (text == "true" || text == "false") put<unsigned char>(element, text == "true");
      return text == "true" || text == "false";
    case DType::i8:
      return read_integer<std::int8_t>(text, element);
    case DType::i16:
      return read_integer<std::int16_t>(text, element);
    case DType::i32:
      return read_integer<std::int32_t>(text, element);
    case DType::i64:
      return read_integer<std::int64_t>(text, element);
    case DType::u8:
      return read_integer<std::uint8_t>(text, element);
    case DType::u16:
      return read_integer<std::uint16_t>(text, element);
    case DType::u32:
      return read_integer<std::uint32_t>(text, element);
    case DType::u64:
      return read_integer<std::uint64_t>(text, element);
    default:
      return read_float(text, dtype, element);
  }
}

std::string data_text(const Tensor& data) {
  if (data.size() == 0) return "[]";
  std::string out;
  const auto* element = static_cast<const std::byte*>(data.data());
  append_axis(out, data, 0, element);
  return out;
}

}  // namespace einx::detail::graph
