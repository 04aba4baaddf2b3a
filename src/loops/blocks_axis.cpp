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

/// A buffer's part in the group if it is met like this; nullopt: no frame can stand for it.
std::optional<Inner> as_inner(const LanesGroup& group, const LanesGroup::Member& member, const Access& access,
                              const Program& program) {
  const std::int64_t elements = program.buffers[std::size_t(access.buffer)].elements;
  if (!stays_inside(member.nest, access, member.lane, group.extent) || elements % group.extent != 0)
    return {};
  Inner inner{access.strides[std::size_t(member.lane)].value, 0, false};
  if (group.around == 0) return inner;
  const Access rest = without(access, member.lane, group.extent);
  if (!stays_inside(member.nest, rest, member.around, group.around) ||
      elements / group.extent % group.around != 0)
    return {};
  inner.around = access.strides[std::size_t(member.around)].value;
  return inner;
}

/// Whether the member meets the group's buffers as they were written.
bool agrees(const Growing& growing, const LanesGroup::Member& member, const Program& program) {
  const auto fits = [&](const Access& access, bool reads) {
    if (growing.closed.contains(access.buffer)) return !reads;
    const auto inner = growing.group.inner.find(access.buffer);
    if (inner == growing.group.inner.end()) return true;
    const auto as = as_inner(growing.group, member, access, program);
    return as && as->stride == inner->second.stride && as->around == inner->second.around;
  };
  const Access& output = member.nest.outputs[0];
  const bool moves_along = !output.strides[std::size_t(member.lane)].is(0) &&
                           (member.around < 0 || !output.strides[std::size_t(member.around)].is(0));
  return moves_along && fits(output, false) &&
         std::ranges::all_of(member.nest.inputs, [&](const Access& input) { return fits(input, true); });
}

void add(Growing& growing, LanesGroup::Member member, const Program& program) {
  const Access& output = member.nest.outputs[0];
  const auto inner = as_inner(growing.group, member, output, program);
  if (inner && !growing.closed.contains(output.buffer))
    growing.group.inner[output.buffer] = *inner;
  else
    growing.group.inner.erase(output.buffer), growing.closed.insert(output.buffer);
  growing.group.members.push_back(make_member(std::move(member.nest), member.lane, member.around, program));
}

/// The axis of a loop around the nests, if there is one, beside the one in the lanes.
bool join_around(Growing& growing, const Nest& nest, int lane, const Program& program) {
  for (int axis : axes_where(nest, false)) {
    if (axis == lane || nest.axes[std::size_t(axis)].extent.value % growing.group.around != 0) continue;
    const LanesGroup::Member member{with_axis(nest, axis, growing.group.around), lane, axis};
    if (!agrees(growing, member, program)) continue;
    add(growing, member, program);
    return true;
  }
  return false;
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

bool join(Growing& growing, const Nest& nest, const Program& program) {
  for (int axis : axes_where(nest, false)) {
    if (nest.axes[std::size_t(axis)].extent.value % growing.group.extent != 0) continue;
    const LanesGroup::Member member{with_axis(nest, axis, growing.group.extent), axis, -1};
    if (growing.group.around > 0) {
      if (join_around(growing, member.nest, axis, program)) return true;
    } else if (agrees(growing, member, program)) {
      add(growing, member, program);
      return true;
    }
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
