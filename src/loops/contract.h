// Private to the contraction schedules: the classes of axes.
#pragma once
#include <optional>

#include "loops/axis_builder.h"

namespace einx::detail::loops {

/// Axes by who has them. A kept axis of neither operand (a repeated output) counts as one of the second.
struct Classes {
  std::vector<int> batch, m, n, k;
};
Classes classify(const Nest& nest);

/// Whether operands and results together are more than the caches hold.
bool leaves_cache(const Nest& nest, const Machine& machine);
/// At the start of a turn of the innermost outer loop: asks for the small blocks that operands are read from
/// some turns later. Nothing for operands whose blocks are large or stay the same.
void prefetch_ahead(AxisBuilder& b, Body& body, std::span<const int> outer);
/// Loops over the whole tiles of an axis, then what is left; inner is told the length. The axis stands at the
/// tile's start.
void over_tiles(AxisBuilder& b, Body& body, int axis, std::int64_t side,
                const std::function<void(Body&, std::int64_t)>& inner);

/// Whether the nest is sum(a * b) of two operands stored in the f32 or f64 it is computed in.
bool is_matrix_product(const Nest& nest);
/// Whether the nest is sum(a * b * ...), each operand once, in the dtype of the sum.
bool is_product_sum(const Nest& nest);
/// More than two operands, two at a time through temporaries. False if that saves no work.
bool schedule_pairs(const Nest& nest, Plan& plan);
/// The same steps as nests, with their temporaries; none if that saves no work.
std::vector<Nest> pair_nests(const Nest& nest, Plan& plan);
/// Whether schedule_lanes takes the nest.
bool is_small_in_lanes(const Nest& nest, const Plan& plan);
/// Packed product with a generated micro-kernel, for what is large enough. False if it is not.
bool schedule_matmul(const Nest& nest, Plan& plan);
/// The step that `schedule_matmul` made of `common` as `like`, for the sizes of `nest`, without its micro-kernel; nullopt if that one
/// does not serve them.
std::optional<Matmul> plan_again(const Nest& common, const Nest& nest, const Matmul& like, const Machine& machine);
/// Few results of long sums, or an operand that is contiguous along a summed axis. False if it is not that.
bool schedule_slices(const Nest& nest, Plan& plan);
/// Rows that are shorter than a vector, side by side. False if they are not, or if the blocks stay in no
/// register.
bool schedule_flat(const Nest& nest, Plan& plan);
/// Many small problems of more than two operands, or with a sparse constant: one in every lane. False if they are
/// not small.
bool schedule_lanes(const Nest& nest, Plan& plan, bool two = false);

}  // namespace einx::detail::loops
