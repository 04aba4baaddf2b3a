// Scalars of any dtype for test tables.
#pragma once
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ops/ops.h"

namespace values {

using einx::DType;
using einx::detail::tensor::Scalar;

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

inline const std::vector<DType>& all_dtypes() {
  using namespace einx;
  static const std::vector<DType> out = {boolean, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64};
  return out;
}

/// Equal, both nan, or within a relative tolerance; zeros must agree in sign when `exact`.
inline bool close(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  return std::fabs(a - b) <= tolerance * std::fmax(1.0, std::fabs(b));
}

/// Half an ulp or so around 1.
inline double tolerance_of(DType dtype) {
  return dtype == einx::bf16 ? 4e-3 : dtype == einx::f16 ? 5e-4 : dtype == einx::f32 ? 1e-7 : 1e-15;
}

inline std::vector<Scalar> scalars(const std::vector<DType>& dtypes, const std::vector<double>& numbers) {
  std::vector<Scalar> out;
  for (std::size_t i = 0; i < numbers.size(); ++i) out.push_back(einx::detail::tensor::make_scalar(numbers[i], dtypes[i]));
  return out;
}

inline std::string names(const std::vector<DType>& dtypes) {
  std::string out;
  for (DType dtype : dtypes) out.append(out.empty() ? "" : ", ").append(einx::name_of(dtype));
  return out;
}

}  // namespace values
