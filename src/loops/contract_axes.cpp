// What the contraction schedules share: classes of axes, tiles of rows, memory asked for in advance.
#include <algorithm>

#include "loops/contract.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

bool has(const Access& access, int axis) { return !access.strides[std::size_t(axis)].is(0); }

}  // namespace

Classes classify(const Nest& nest) {
  Classes classes;
  for (std::size_t a = 0; a < nest.axes.size(); ++a) {
    const bool in_a = has(nest.inputs[0], int(a)), in_b = has(nest.inputs[1], int(a));
    std::vector<int>& to = nest.axes[a].reduced ? classes.k
                           : in_a && in_b       ? classes.batch
                           : in_a               ? classes.m
                                                : classes.n;
    to.push_back(int(a));
  }
  return classes;
}

bool leaves_cache(const Nest& nest, const Machine& machine) {
  double bytes = 0;
  const auto add = [&](const Access& access) {
    double elements = 1;
    for (std::size_t a = 0; a < nest.axes.size(); ++a)
      if (has(access, int(a))) elements *= double(nest.axes[a].extent.value);
    bytes += elements * double(loops::size_of(access.dtype));
  };
  for (const Access& input : nest.inputs) add(input);
  for (const Access& output : nest.outputs) add(output);
  return bytes > double(machine.l3);
}

void prefetch_ahead(AxisBuilder& b, Body& body, std::span<const int> outer) {
  constexpr std::int64_t kBlock = 4096, kAheadBytes = 2048;
  if (outer.empty() || !leaves_cache(b.nest, b.plan.machine)) return;
  for (const Access& input : b.nest.inputs) {
    const std::int64_t size = loops::size_of(input.dtype), turn = stride_of(input, outer.back());
    std::int64_t bytes = size;
    bool upwards = turn > 0;
    for (std::size_t a = 0; a < b.nest.axes.size(); ++a) {
      if (std::ranges::find(outer, int(a)) != outer.end()) continue;
      bytes += (b.nest.axes[a].extent.value - 1) * stride_of(input, int(a)) * size;
      upwards = upwards && stride_of(input, int(a)) >= 0;
    }
    if (!upwards || bytes > kBlock) continue;
    const std::int64_t turns = (kAheadBytes + bytes - 1) / bytes;
    for (std::int64_t line = 0; line < bytes; line += kLine) {
      Address at = b.address(input);
      at.offset.value += turns * turn + line / size;
      body.push_back({Prefetch{input.buffer, std::move(at)}});
    }
  }
}

namespace {

/// The last tile overlaps the one before it; rows that are fewer than a tile are taken one by one.
void over_whole_tiles(AxisBuilder& b, Body& body, int axis, std::int64_t side,
                      const std::function<void(Body&, std::int64_t)>& inner) {
  for (const Loop::Part part : {Loop::Part::Whole, Loop::Part::Last, Loop::Part::Small}) {
    const std::int64_t step = part == Loop::Part::Small ? 1 : side;
    Loop loop = header(LoopKind::Tile, step);
    loop.part = part, loop.unit = side;
    b.over(body, axis, std::move(loop), [&](Body& in) { inner(in, step); });
  }
}

}  // namespace

void over_tiles(AxisBuilder& b, Body& body, int axis, std::int64_t side,
                const std::function<void(Body&, std::int64_t)>& inner) {
  const std::int64_t extent = b.nest.axes[axis].extent.value, whole = extent - extent % side;
  if (!fixed(b.nest, axis)) return over_whole_tiles(b, body, axis, side, inner);
  if (whole > 0) {
    Loop tiles = header(LoopKind::Tile, side);
    tiles.extent = constant(whole);
    b.over(body, axis, std::move(tiles), [&](Body& in) { inner(in, side); });
  }
  if (whole == extent) return;
  b.at[axis].start = whole;
  inner(body, extent - whole);
  b.at[axis].start = 0;
}

}  // namespace einx::detail::loops
