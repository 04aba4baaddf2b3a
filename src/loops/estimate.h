// What lowering and schedules decide by, and the scalar functions of coordinates. Private to the loops layer.
#pragma once
#include "loops/axis_builder.h"

namespace einx::detail::loops {

/// Rough nanoseconds of one scalar evaluation, for decisions on threads only.
double cost(const ops::ScalarFn& fn);
double cost(const Nest& nest);
/// Bytes of a lane of a map or scatter: the widest of what is loaded, stored and computed; f16 and bf16 are
/// computed in f32.
std::int64_t widest_bytes(const Nest& nest);
/// Iterations a part for a parallel loop of this extent, so that a part lasts about 50 us or more; 0: not
/// worth a fork. By shape only.
std::int64_t parallel_grain(std::int64_t extent, double ns_per_iteration);
/// The same; never 0 for a parameter, where the run decides whether there is more than one part.
std::int64_t parallel_grain(const Int& extent, double ns_per_iteration);

/// Drops axes of extent 1, merges axes that all accesses step through together, orders kept axes by output
/// stride and reduced ones by input 0's. Nothing is decided by the value of a parameter.
void simplify(Nest& nest, bool dynamic, Simplified* done = nullptr);
/// The same steps for a nest of other sizes; false if its axes do not allow them.
bool simplify_as(Nest& nest, const Simplified& done);
/// Whether a pass or the result looks at the element's position.
bool uses_position(const Nest& nest);

/// Position in a row-major grid -> coordinate `axis`.
ops::ScalarFn unravel_fn(const std::vector<std::int64_t>& sizes, std::size_t axis);
/// Whether the operand changes along the axis; whether a coordinate does.
bool moves(const Access& access, int axis);
bool in_coordinates(const Nest& nest, int axis);
/// A coordinate as i64; unsigned ones beyond that stay out of range.
Ref load_coordinate(AxisBuilder& builder, Body& out, const Coordinate& coordinate);

}  // namespace einx::detail::loops
