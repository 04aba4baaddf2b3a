// Names, sizes and promotion of dtypes.
#include <array>

#include "tensor/tensor.h"

namespace einx {
namespace {

struct Row {
  std::string_view name, long_name;
  std::size_t size;
};

/// In the order of DType.
constexpr std::array<Row, 13> kRows = {{
    {"bool", "bool", 1},
    {"i8", "int8", 1},
    {"i16", "int16", 2},
    {"i32", "int32", 4},
    {"i64", "int64", 8},
    {"u8", "uint8", 1},
    {"u16", "uint16", 2},
    {"u32", "uint32", 4},
    {"u64", "uint64", 8},
    {"f16", "float16", 2},
    {"bf16", "bfloat16", 2},
    {"f32", "float32", 4},
    {"f64", "float64", 8},
}};

const Row& row(DType dtype) { return kRows[std::size_t(dtype)]; }

}  // namespace

std::size_t size_of(DType dtype) noexcept { return row(dtype).size; }
std::string_view name_of(DType dtype) noexcept { return row(dtype).name; }

}  // namespace einx

namespace einx::detail::tensor {
namespace {

DType signed_of_size(std::size_t size) { return size == 1 ? i8 : size == 2 ? i16 : size == 4 ? i32 : i64; }

/// Two different integer types: the wider one if it can hold both, else the next signed type, f64 beyond i64.
DType promote_integers(DType a, DType b) {
  const DType wider = size_of(a) >= size_of(b) ? a : b;
  if (is_signed(a) == is_signed(b)) return wider;
  const std::size_t unsigned_size = size_of(is_signed(a) ? b : a),
                    signed_size = size_of(is_signed(a) ? a : b);
  if (signed_size > unsigned_size) return signed_of_size(signed_size);
  return unsigned_size == 8 ? f64 : signed_of_size(2 * unsigned_size);
}

/// The narrowest float that is at least `floating` and holds most values of the integer type.
DType promote_mixed(DType integer, DType floating) {
  const std::size_t width = size_of(integer);
  if (floating == f64 || width >= 4) return f64;
  return is_half(floating) && width == 1 ? floating : f32;
}

}  // namespace

DType promote(DType a, DType b) {
  if (a == b || b == boolean) return a;
  if (a == boolean) return b;
  if (!is_float(a) && !is_float(b)) return promote_integers(a, b);
  if (!is_float(a)) return promote_mixed(a, b);
  if (!is_float(b)) return promote_mixed(b, a);
  if (is_half(a) && is_half(b)) return f32;
  return size_of(a) >= size_of(b) ? a : b;
}

DType promote(std::span<const DType> dtypes) {
  DType result = boolean;
  for (const DType dtype : dtypes) result = promote(result, dtype);
  return result;
}

std::optional<DType> dtype_from(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (name == kRows[i].name || name == kRows[i].long_name) return DType(i);
  return std::nullopt;
}

std::string_view long_name(DType dtype) { return row(dtype).long_name; }

}  // namespace einx::detail::tensor
