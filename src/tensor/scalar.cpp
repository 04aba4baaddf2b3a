// Elements as values: loading, storing and converting with one rule for every pair of dtypes.
#include <bit>
#include <cstring>

#include "tensor/tensor.h"

namespace einx::detail::tensor {
namespace {

template <class T>
T read(const void* address) {
  T value;
  std::memcpy(&value, address, sizeof(T));
  return value;
}

template <class T>
void write(void* address, T value) {
  std::memcpy(address, &value, sizeof(T));
}

/// Rounds towards odd, so that rounding the result once more to at most 22 bits is as if done in one step
/// (Boldo and Melquiond, 2008).
float round_to_odd(double value) {
  const float nearest = float(value);
  if (double(nearest) == value || value != value) return nearest;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(nearest);
  const double away = nearest < 0 || (nearest == 0 && value < 0) ? -double(nearest) : double(nearest);
  if (away > (value < 0 ? -value : value)) --bits;
  return std::bit_cast<float>(bits | 1);
}

/// What x86's cvttsd2si gives: the lowest integer for NaN and for values that do not fit.
std::int64_t truncated(double value) {
  const bool fits = value >= -0x1p63 && value < 0x1p63;
  return fits ? std::int64_t(value) : INT64_MIN;
}

std::int64_t wrapped(std::int64_t value, DType dtype) {
  switch (dtype) {
    case DType::i8:
      return std::int8_t(value);
    case DType::i16:
      return std::int16_t(value);
    case DType::i32:
      return std::int32_t(value);
    default:
      return value;
  }
}

std::uint64_t wrapped(std::uint64_t value, DType dtype) {
  switch (dtype) {
    case DType::u8:
      return std::uint8_t(value);
    case DType::u16:
      return std::uint16_t(value);
    case DType::u32:
      return std::uint32_t(value);
    default:
      return value;
  }
}

double rounded(double value, DType dtype) {
  switch (dtype) {
    case DType::f16:
      return float(half(round_to_odd(value)));
    case DType::bf16:
      return float(bfloat16(round_to_odd(value)));
    case DType::f32:
      return float(value);
    default:
      return value;
  }
}

/// Integers reach f64 in one rounding, and all narrower floats by way of f32, as generated code does it.
template <class Integer>
double integer_to_float(Integer value, DType dtype) {
  return dtype == f64 ? double(value) : rounded(double(float(value)), dtype);
}

bool is_true(const Scalar& value) {
  if (is_float(value.dtype)) return value.f != 0;
  return is_unsigned(value.dtype) ? value.u != 0 : value.i != 0;
}

double as_float(const Scalar& value, DType dtype) {
  if (is_float(value.dtype)) return rounded(value.f, dtype);
  return is_unsigned(value.dtype) ? integer_to_float(value.u, dtype) : integer_to_float(value.i, dtype);
}

/// The 64 bits of the value as an integer, before wrapping.
std::uint64_t as_integer(const Scalar& value, DType dtype) {
  if (!is_float(value.dtype)) return is_unsigned(value.dtype) ? value.u : std::uint64_t(value.i);
  if (dtype == u64 && value.f >= 0x1p63 && value.f < 0x1p64) return std::uint64_t(value.f);
  return std::uint64_t(truncated(value.f));
}

}  // namespace

Scalar load(const void* address, DType dtype) {
  Scalar value;
  value.dtype = dtype;
  switch (dtype) {
    case DType::boolean:
      value.i = read<std::uint8_t>(address) != 0;
      break;
    case DType::i8:
      value.i = read<std::int8_t>(address);
      break;
    case DType::i16:
      value.i = read<std::int16_t>(address);
      break;
    case DType::i32:
      value.i = read<std::int32_t>(address);
      break;
    case DType::i64:
      value.i = read<std::int64_t>(address);
      break;
    case DType::u8:
      value.u = read<std::uint8_t>(address);
      break;
    case DType::u16:
      value.u = read<std::uint16_t>(address);
      break;
    case DType::u32:
      value.u = read<std::uint32_t>(address);
      break;
    case DType::u64:
      value.u = read<std::uint64_t>(address);
      break;
    case DType::f16:
      value.f = float(read<half>(address));
      break;
    case DType::bf16:
      value.f = float(read<bfloat16>(address));
      break;
    case DType::f32:
      value.f = read<float>(address);
      break;
    case DType::f64:
      value.f = read<double>(address);
      break;
  }
  return value;
}

void store(void* address, const Scalar& value) {
  switch (value.dtype) {
    case DType::boolean:
      return write(address, std::uint8_t(value.i != 0));
    case DType::i8:
      return write(address, std::int8_t(value.i));
    case DType::i16:
      return write(address, std::int16_t(value.i));
    case DType::i32:
      return write(address, std::int32_t(value.i));
    case DType::i64:
      return write(address, value.i);
    case DType::u8:
      return write(address, std::uint8_t(value.u));
    case DType::u16:
      return write(address, std::uint16_t(value.u));
    case DType::u32:
      return write(address, std::uint32_t(value.u));
    case DType::u64:
      return write(address, value.u);
    case DType::f16:
      return write(address, half(round_to_odd(value.f)));
    case DType::bf16:
      return write(address, bfloat16(round_to_odd(value.f)));
    case DType::f32:
      return write(address, float(value.f));
    case DType::f64:
      return write(address, value.f);
  }
}

Scalar convert(const Scalar& value, DType dtype) {
  Scalar result;
  result.dtype = dtype;
  if (dtype == boolean)
    result.i = is_true(value);
  else if (is_float(dtype))
    result.f = as_float(value, dtype);
  else if (is_unsigned(dtype))
    result.u = wrapped(as_integer(value, dtype), dtype);
  else
    result.i = wrapped(std::int64_t(as_integer(value, dtype)), dtype);
  return result;
}

Scalar make_scalar(double value, DType dtype) {
  Scalar wide;
  wide.dtype = f64;
  wide.f = value;
  return convert(wide, dtype);
}

Scalar make_scalar(std::int64_t value, DType dtype) {
  Scalar wide;
  wide.dtype = i64;
  wide.i = value;
  return convert(wide, dtype);
}

double to_double(const Scalar& value) {
  if (is_float(value.dtype)) return value.f;
  return is_unsigned(value.dtype) ? double(value.u) : double(value.i);
}

}  // namespace einx::detail::tensor
