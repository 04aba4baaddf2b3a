// Private to the contraction schedules: the classes of axes.
#pragma once
#include "loops/axis_builder.h"

namespace einx::detail::loops {

/// Axes by who has them. A kept axis of neither operand (a repeated output) counts as one of the second.
struct Classes {
  std::vector<int> batch, m, n, k;
};
Classes classify(const Nest& nest);

/// Whether the nest is sum(a * b) of two operands stored in the f32 or f64 it is computed in.
bool is_matrix_product(const Nest& nest);
/// Packed product with a generated micro-kernel, for what is large enough. False if it is not.
bool schedule_matmul(const Nest& nest, Plan& plan);

}  // namespace einx::detail::loops
