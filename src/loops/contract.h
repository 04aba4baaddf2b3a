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
/// Few results of long sums, or an operand that is contiguous along a summed axis. False if it is not that.
bool schedule_slices(const Nest& nest, Plan& plan);
/// Many small problems, of any number of operands: one in every lane. False if they are not small.
bool schedule_lanes(const Nest& nest, Plan& plan);

}  // namespace einx::detail::loops
