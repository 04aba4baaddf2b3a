#include <doctest/doctest.h>

#include "tensor/tensor.h"

using namespace einx;
using namespace einx::detail::tensor;

namespace {

constexpr DType kAll[] = {boolean, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64};

struct Case {
  DType a, b, common;
};
const Case kPromotions[] = {
    {boolean, boolean, boolean},
    {boolean, i8, i8},
    {boolean, u64, u64},
    {boolean, f16, f16},
    {boolean, bf16, bf16},
    {i8, i16, i16},
    {i8, i64, i64},
    {u8, u32, u32},
    {u8, i8, i16},
    {u16, i16, i32},
    {u32, i32, i64},
    {u8, i16, i16},
    {u8, i64, i64},
    {u32, i64, i64},
    {u16, i8, i32},
    {u32, i8, i64},
    {u64, i8, f64},
    {u64, i64, f64},
    {u64, u8, u64},
    {i8, f16, f16},
    {u8, f16, f16},
    {i16, f16, f32},
    {u16, f16, f32},
    {i32, f16, f64},
    {u64, f16, f64},
    {i8, bf16, bf16},
    {u16, bf16, f32},
    {i64, bf16, f64},
    {i8, f32, f32},
    {u16, f32, f32},
    {i32, f32, f64},
    {u32, f32, f64},
    {i64, f32, f64},
    {u64, f32, f64},
    {i64, f64, f64},
    {u8, f64, f64},
    {f16, f32, f32},
    {bf16, f32, f32},
    {f16, bf16, f32},
    {f16, f64, f64},
    {f32, f64, f64},
};

}  // namespace

TEST_CASE("promotion follows the table in both orders") {
  for (const Case& row : kPromotions) {
    CAPTURE(name_of(row.a));
    CAPTURE(name_of(row.b));
    CHECK(promote(row.a, row.b) == row.common);
    CHECK(promote(row.b, row.a) == row.common);
  }
  for (const DType dtype : kAll) CHECK(promote(dtype, dtype) == dtype);
  const DType three[] = {u8, i8, f32};
  CHECK(promote(three) == f32);
  CHECK(promote(std::span<const DType>(three, 1)) == u8);
}

TEST_CASE("names and sizes go both ways") {
  for (const DType dtype : kAll) {
    CHECK(dtype_from(name_of(dtype)) == dtype);
    CHECK(dtype_from(long_name(dtype)) == dtype);
    CHECK(size_of(promote(dtype, f64)) == 8);
  }
  CHECK(dtype_from("float16") == f16);
  CHECK(dtype_from("complex64") == std::nullopt);
  CHECK(size_of(bf16) == 2);
  CHECK(dtype_of<bool> == boolean);
  CHECK(dtype_of<long long> == i64);
  CHECK(dtype_of<unsigned char> == u8);
  CHECK(dtype_of<const double> == f64);
}

TEST_CASE("types as text show strides that are not row-major") {
  struct Row {
    DType dtype;
    Shape shape, strides;
    const char* text;
  };
  const Row rows[] = {
      {f32, {10, 10}, {10, 1}, "f32[10, 10]"},
      {f32, {10, 10}, {1, 10}, "f32[10, 10 : 1, 10]"},
      {i64, {}, {}, "i64[]"},
      {boolean, {1, 4}, {99, 1}, "bool[1, 4]"},
      {f16, {3}, {-1}, "f16[3 : -1]"},
      {bf16, {2, 1}, {1, 5}, "bf16[2, 1]"},
  };
  for (const Row& row : rows) CHECK(type_text(row.dtype, row.shape, row.strides) == row.text);
}
