#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tensor/tensor.h"

using namespace einx;
using namespace einx::detail::tensor;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity(),
                 kNan = std::numeric_limits<double>::quiet_NaN();

struct FromFloat {
  double value;
  DType dtype;
  std::int64_t bits;  ///< of the integer result
};
const FromFloat kFromFloat[] = {
    {2.9, i32, 2},
    {-2.9, i32, -2},
    {300, u8, 44},
    {-1, u8, 255},
    {3e9, i32, std::int32_t(3'000'000'000u)},
    {kNan, i64, INT64_MIN},
    {kNan, i32, 0},
    {kInf, i64, INT64_MIN},
    {-kInf, i8, 0},
    {1e19, u64, std::int64_t(10'000'000'000'000'000'000u)},
    {-1, u64, -1},
    {1e30, u64, INT64_MIN},
    {0.5, boolean, 1},
    {0, boolean, 0},
    {kNan, boolean, 1},
    {0x1p63, i64, INT64_MIN},
    {-0x1p63, i64, INT64_MIN},
    {128, i8, -128},
};

struct FromInteger {
  std::int64_t value;
  DType dtype;
  double result;
};
const FromInteger kFromInteger[] = {
    {300, i8, 44},
    {-1, u16, 65535},
    {7, boolean, 1},
    {(1 << 24) + 1, f32, 1 << 24},
    {INT64_MAX, f32, 0x1p63},
    {65519, f16, 65504},
    {70000, f16, kInf},
    {257, bf16, 256},
    {-3, f64, -3},
    {2049, f16, 2048},
    {2051, f16, 2052},
};

std::int64_t bits_of(const Scalar& value) {
  return is_unsigned(value.dtype) ? std::int64_t(value.u) : value.i;
}

}  // namespace

TEST_CASE("floats become integers by truncation, and what does not fit by cvttsd2si's rule") {
  for (const FromFloat& row : kFromFloat) {
    CAPTURE(row.value);
    CAPTURE(name_of(row.dtype));
    CHECK(bits_of(make_scalar(row.value, row.dtype)) == row.bits);
  }
}

TEST_CASE("integers wrap and round") {
  for (const FromInteger& row : kFromInteger) {
    CAPTURE(row.value);
    CAPTURE(name_of(row.dtype));
    CHECK(to_double(make_scalar(row.value, row.dtype)) == row.result);
  }
}

TEST_CASE("64-bit integers stay exact") {
  const std::int64_t big = (std::int64_t(1) << 62) + 1;
  const Scalar value = make_scalar(big, i64);
  CHECK(convert(value, u64).u == std::uint64_t(big));
  Scalar most;
  most.dtype = u64;
  most.u = UINT64_MAX;
  CHECK(convert(most, i64).i == -1);
  CHECK(to_double(convert(most, f64)) == 0x1p64);
  char element[8];
  store(element, most);
  CHECK(load(element, u64).u == UINT64_MAX);
}

TEST_CASE("f64 to a half rounds once") {
  const double above_tie = 1 + 0x1p-11 + 0x1p-40;  // a float would lose the last term, and ties go to even
  CHECK(make_scalar(above_tie, f16).f == 1 + 0x1p-10);
  CHECK(make_scalar(1 + 0x1p-11, f16).f == 1);
  CHECK(make_scalar(1 + 0x1p-8 + 0x1p-40, bf16).f == 1 + 0x1p-7);
  CHECK(make_scalar(-(1 + 0x1p-11 + 0x1p-40), f16).f == -(1 + 0x1p-10));
  CHECK(make_scalar(1e300, f16).f == kInf);
  CHECK(make_scalar(1e-300, bf16).f == 0);
  CHECK(std::signbit(make_scalar(-0.0, f16).f));
  CHECK(std::isnan(make_scalar(kNan, bf16).f));
}

TEST_CASE("every dtype survives storing and loading") {
  for (int d = 0; d <= int(DType::f64); ++d) {
    const DType dtype = DType(d);
    for (const std::int64_t value : {0, 1, 100}) {
      char element[8];
      const Scalar scalar = make_scalar(value, dtype);
      store(element, scalar);
      CHECK(to_double(load(element, dtype)) == to_double(scalar));
      CHECK(to_double(scalar) == (dtype == boolean ? double(value != 0) : double(value)));
    }
  }
}
