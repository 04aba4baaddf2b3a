// How far results of two ways to compute the same are apart.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include <einx/einx.h>

/// The largest difference of two row-major f32 tensors of one shape.
inline double largest_difference(const einx::Tensor& a, const einx::Tensor& b) {
  float largest = 0;
  for (std::int64_t k = 0; k < a.size(); ++k) largest = std::max(largest, std::abs(a.data_as<float>()[k] - b.data_as<float>()[k]));
  return largest;
}
