// Values to test with: the special ones of a dtype, then random bits.
#pragma once
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "codegen/programs.h"

namespace programs {

inline std::vector<double> special_numbers() {
  const double inf = std::numeric_limits<double>::infinity();
  return {0.0,     -0.0,   1.0,    -1.0,    2.0,   -2.0,         0.5,          -0.5,          0.1,
          3.0,     -3.0,   7.0,    100.0,   127.0, -128.0,       255.0,        256.0,         65504.0,
          65520.0, 1e-5,   1e-8,   6e-8,    -3e-8, 1e-40,        1e-46,        1e-310,        5e-324,
          1e20,    -1e20,  1e38,   1e39,    1e300, 2147483647.0, 2147483648.0, -2147483649.0, 4294967296.0,
          9.3e18,  1.5e19, 1.9e19, -9.3e18, inf,   -inf,         std::nan(""), 88.7,          89.0,
          -87.5,   -103.9, -105.0, 709.7,   710.0, -745.0,       -746.0,       0.3,           -0.3,
          0.62,    0.63,   1.5};
}

/// n elements of a dtype as bytes.
inline std::vector<unsigned char> test_values(DType dtype, std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  const std::vector<double> special = special_numbers();
  std::vector<unsigned char> bytes(n * size_of(dtype) + 64);
  for (std::size_t k = 0; k < n; ++k) {
    unsigned char* to = bytes.data() + k * size_of(dtype);
    const auto choice = random() % 4;
    const std::uint64_t bits = random();
    if (dtype == boolean) {
      *to = bits & 1;
    } else if (choice == 0) {
      tensor::store(to, tensor::make_scalar(special[bits % special.size()], dtype));
    } else if (choice == 1) {
      tensor::store(to, tensor::make_scalar(std::ldexp(double(std::int64_t(bits)), -60), dtype));
    } else if (choice == 2) {
      tensor::store(to, tensor::make_scalar(std::int64_t(bits % 17) - 8, dtype));
    } else {
      std::memcpy(to, &bits, size_of(dtype));
    }
  }
  return bytes;
}

inline const std::vector<DType>& all_dtypes() {
  static const std::vector<DType> list = {boolean, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64};
  return list;
}

/// Distance in units in the last place of the dtype; 0 for equal values and for two NaNs.
inline double ulps(double got, double wanted, DType dtype) {
  if (got == wanted || (std::isnan(got) && std::isnan(wanted))) return 0;
  if (!std::isfinite(got) || !std::isfinite(wanted)) return std::numeric_limits<double>::infinity();
  const int mantissa = dtype == f64 ? 52 : dtype == f32 ? 23 : dtype == f16 ? 10 : 7;
  const int lowest = dtype == f64 ? -1022 : dtype == f16 ? -14 : -126;
  const int exponent = wanted == 0 ? lowest : std::max(lowest, std::ilogb(wanted));
  return std::fabs(got - wanted) / std::ldexp(1.0, exponent - mantissa);
}

/// out[k] = fn(in0[k], in1[k], ...) by vectors of `lanes` (1: a serial loop).
inline std::shared_ptr<const codegen::Code> map_code(const codegen::Target& target, const ops::ScalarFn& fn,
                                                     std::int64_t n, int lanes, int unroll = 1) {
  Builder b;
  Apply apply{{}, fn, {}};
  Body body;
  for (std::size_t k = 0; k < fn.args.size(); ++k) {
    const BufferId in = b.buffer(Buffer::Kind::Input, fn.args[k], 0, int(k));
    const RegId x = b.reg(fn.args[k]);
    body.push_back({Load{reg(x), in, at({along(0)})}});
    apply.args.push_back(reg(x));
  }
  const BufferId out = b.buffer(Buffer::Kind::Output, fn.result_dtype(), n);
  const RegId y = b.reg(fn.result_dtype());
  apply.dst = {reg(y)};
  body.push_back({apply});
  body.push_back({Store{out, at({along(0)}), reg(y)}});
  b.kernel.body = {{loop(0, n, lanes > 1 ? LoopKind::Vector : LoopKind::Serial, body, lanes, unroll)}};
  return b.compile(target);
}

}  // namespace programs
