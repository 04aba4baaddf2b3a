// Consecutive nests that share an independent axis, run block by block in one kernel: how such groups are
// found and what they save. Private to the loops layer.
#pragma once
#include <set>

#include "loops/lanes.h"
#include "loops/lowering.h"

namespace einx::detail::loops {

/// Buffers that the item's nest reads, and those it writes.
std::set<BufferId> read_by(const Nest& nest);
std::set<BufferId> written_by(const Nest& nest);
/// Whether the item may be one of a group: elements, sums and rows of independent iterations, not scheduled
/// yet.
bool may_join(const Item& item);

/// A group while it grows: `group.inner` has every buffer that could be an inner one, `closed` those that are
/// written in ways that no frame follows.
struct Growing {
  LanesGroup group;
  std::set<BufferId> closed;
};
/// Adds the nest if it has the group's axes: with the strides that the group's buffers have along them in
/// what they were written, everything else inside of one step.
bool join(Growing& growing, const Nest& nest, const Program& program);
/// Keeps in `inner` what a member writes and another reads; `outside`: buffers that somebody else reads.
void settle(LanesGroup& group, const Program& program, const std::set<BufferId>& outside);

/// Nanoseconds that the nest takes by a kernel of its own on one thread, roughly.
double time_alone(const Nest& nest, const Plan& plan);

}  // namespace einx::detail::loops
