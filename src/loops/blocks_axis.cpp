// The shared axis of a group. Axes are merged where strides allow it, so it may be the outer part of an axis.
#include <algorithm>

#include "loops/blocks.h"
#include "loops/estimate.h"

namespace einx::detail::loops {
namespace {

/// Whether all of the access for one value of the axis lies within one step of it, in every period.
bool stays_inside(const Nest& nest, const Access& access, int lane, std::int64_t extent) {
  const std::int64_t stride = access.strides[std::size_t(lane)].value, period = stride * extent;
  if (stride <= 0 || access.offset.value < 0) return false;
  std::int64_t low = access.offset.value % period, high = low;
  for (std::size_t a = 0; a < nest.axes.size(); ++a) {
    const std::int64_t step = access.strides[a].value;
    if (int(a) == lane || step % period == 0) continue;
    (step < 0 ? low : high) += (nest.axes[a].extent.value - 1) * step;
  }
  return low >= 0 && high < stride;
}

/// The nest with the axis split so that its outer part has this extent.
Nest with_axis(const Nest& nest, int axis, std::int64_t extent) {
  Nest split = nest;
  const std::int64_t rest = nest.axes[std::size_t(axis)].extent.value / extent;
  if (rest > 1) split_axis(split, axis, rest);
  return split;
}

/// Whether the group's buffers are met as they were written, and a new one can be an inner one.
bool agrees(const LanesGroup& group, const Nest& nest, int lane, const Program& program) {
  const auto fits = [&](const Access& access) {
    const auto inner = group.inner.find(access.buffer);
    return inner == group.inner.end() || (access.strides[std::size_t(lane)].is(inner->second.stride) &&
                                          stays_inside(nest, access, lane, group.extent));
  };
  if (!std::ranges::all_of(nest.inputs, fits) || !fits(nest.outputs[0])) return false;
  const Access& output = nest.outputs[0];
  return stays_inside(nest, output, lane, group.extent) &&
         program.buffers[std::size_t(output.buffer)].elements % group.extent == 0;
}

}  // namespace

std::set<BufferId> read_by(const Nest& nest) {
  std::set<BufferId> buffers;
  for (const Access& input : nest.inputs) buffers.insert(input.buffer);
  for (const Coordinate& coordinate : nest.coordinates) buffers.insert(coordinate.access.buffer);
  // an element that is updated is read first
  if (std::holds_alternative<ops::Scatter>(nest.meaning)) buffers.insert(nest.outputs[0].buffer);
  return buffers;
}

std::set<BufferId> written_by(const Nest& nest) {
  std::set<BufferId> buffers;
  for (const Access& output : nest.outputs) buffers.insert(output.buffer);
  return buffers;
}

bool may_join(const Item& item) {
  const auto* nest = std::get_if<Nest>(&item.work);
  if (nest == nullptr || item.schedule != schedule || item.same_a >= 0) return false;
  const auto* rows = std::get_if<ops::Rows>(&nest->meaning);
  const bool known = (rows != nullptr && !rows->coordinates) ||
                     std::holds_alternative<ops::Map>(nest->meaning) ||
                     std::holds_alternative<ops::Move>(nest->meaning);
  return known && nest->coordinates.empty() && nest->outputs.size() == 1 && volume(*nest) > 0;
}

bool join(LanesGroup& group, const Nest& nest, const Program& program) {
  for (int axis : axes_where(nest, false)) {
    if (nest.axes[std::size_t(axis)].extent.value % group.extent != 0) continue;
    const Nest split = with_axis(nest, axis, group.extent);
    if (!agrees(group, split, axis, program)) continue;
    const Access& output = split.outputs[0];
    group.inner[output.buffer] = {output.strides[std::size_t(axis)].value,
                                  program.buffers[std::size_t(output.buffer)].elements / group.extent, false};
    group.members.push_back({split, axis});
    return true;
  }
  return false;
}

void settle(LanesGroup& group, const Program& program, const std::set<BufferId>& outside) {
  std::set<BufferId> read;
  for (const LanesGroup::Member& member : group.members) read.merge(read_by(member.nest));
  std::erase_if(group.inner, [&](const auto& entry) { return !read.contains(entry.first); });
  for (auto& [id, inner] : group.inner)
    inner.leaves = program.buffers[std::size_t(id)].kind == Buffer::Kind::Output || outside.contains(id);
}

}  // namespace einx::detail::loops
