#include "loops/contract_pack.h"

#include <algorithm>
#include <bit>

namespace einx::detail::loops {
namespace {

/// Axes of the frame that are one contiguous run of the operand, too, and those that are not.
struct Run {
  std::int64_t length = 0;  ///< 0: nothing is contiguous
  std::int64_t stride = 0;  ///< of the frame
  std::vector<int> others;
};

Run run_of(const Nest& nest, const Access& memory, const Access& frame, std::span<const int> axes) {
  Run run{0, 0, {axes.begin(), axes.end()}};
  const auto next = [&] {
    return std::ranges::find_if(run.others, [&](int axis) {
      if (run.length == 0) return memory.strides[axis].is(1);
      return memory.strides[axis].is(run.length) && frame.strides[axis].is(run.stride * run.length);
    });
  };
  for (auto found = next(); found != run.others.end(); found = next()) {
    if (run.length == 0) run = {1, frame.strides[*found].value, std::move(run.others)};
    run.length *= nest.axes[*found].extent.value;
    run.others.erase(found);
  }
  return run;
}

/// Where a block of a transpose starts: a variable and a constant.
struct Place {
  VarId var = -1;
  std::int64_t start = 0;
};

void move_to(Address& address, const Place& place, std::int64_t stride) {
  if (place.var >= 0) address.terms.push_back({place.var, constant(stride)});
  address.offset.value += place.start * stride;
}

/// Whole blocks in a loop, then one more that ends at the end: what both copy is copied twice.
void over_blocks(AxisBuilder& b, Body& body, const std::string& name, std::int64_t extent, std::int64_t side,
                 const std::function<void(Body&, Place)>& inner) {
  const std::int64_t whole = extent / side * side;
  if (whole > side) {
    Loop loop = header(LoopKind::Tile, side);
    loop.var = b.var(name);
    loop.extent = constant(whole);
    inner(loop.body, {loop.var, 0});
    body.push_back({std::move(loop)});
  } else {
    inner(body, {});
  }
  if (whole != extent) inner(body, {-1, extent - side});
}

enum class Way { In, Out };

/// A vector of lanes, if it is 2 or 4 times the side of what is transposed: several short rows go in one
/// register.
std::int64_t lanes_at_a_time(const Machine& machine, std::int64_t bytes, std::int64_t side,
                             std::int64_t count) {
  for (std::int64_t lanes = side * bytes >= 16 ? 4 * side : side; lanes > side; lanes /= 2)
    if (lanes <= count && lanes * bytes <= machine.vector_bytes) return lanes;
  return side;
}

/// Nothing to transpose: a gathered vector at a time.
void move_lanes(AxisBuilder& b, Body& body, const Access& memory, const Source& frame, Strip strip, Way way) {
  const auto lanes = std::min<std::int64_t>(b.plan.machine.vector_bytes / loops::size_of(memory.dtype),
                                            std::int64_t(std::bit_floor(std::uint64_t(strip.count))));
  Loop loop = header(LoopKind::Vector, lanes);
  loop.extent = constant(strip.count);
  Access raw = memory;
  raw.computed = raw.dtype;
  b.over(body, strip.vector, std::move(loop), [&](Body& in) {
    if (way == Way::In)
      store(b, in, frame, strip.vector, b.load(in, raw));
    else
      b.store(in, raw, load(b, in, {frame.access, true}, strip.vector));
  });
}

void move(AxisBuilder& b, Body& body, const Access& memory, const Source& frame, std::span<const int> axes,
          Strip strip, Way way) {
  const Run run = run_of(b.nest, memory, frame.access, axes);
  const std::int64_t most =
      std::min<std::int64_t>(8, b.plan.machine.vector_bytes / loops::size_of(memory.dtype));
  const auto side = std::int64_t(
      std::bit_floor(std::uint64_t(std::min({most, strip.count, std::max<std::int64_t>(run.length, 1)}))));
  const std::int64_t size = loops::size_of(memory.dtype);
  // on their way out, blocks wider than 128 bits cost as many shuffles as squares do
  const std::int64_t across_lanes =
      way == Way::Out && side * size > 16 ? side : lanes_at_a_time(b.plan.machine, size, side, strip.count);
  const Int along = memory.strides[strip.vector], across = constant(run.stride);
  const std::int64_t ahead = run.others.empty() ? 0 : strip.ahead * memory.strides[run.others.back()].value;
  b.over(body, run.others, [&](Body& loop) {
    if (run.length == 0) return move_lanes(b, loop, memory, frame, strip, way);
    over_blocks(b, loop, "lane", strip.count, across_lanes, [&](Body& rows, Place lane) {
      over_blocks(b, rows, "run", run.length, side, [&](Body& in, Place at) {
        Address outside = b.address(memory), inside = b.address(frame.access);
        move_to(outside, lane, along.value);
        move_to(outside, at, 1);
        move_to(inside, lane, 1);
        move_to(inside, at, run.stride);
        if (way == Way::In)
          in.push_back({Transpose{memory.buffer, frame.access.buffer, outside, inside, along, across,
                                  int(across_lanes), int(side), false, ahead}});
        else
          in.push_back({Transpose{frame.access.buffer, memory.buffer, inside, outside, across, along,
                                  int(side), int(across_lanes)}});
      });
    });
  });
}

Address lane_address(const AxisBuilder& b, const Source& source, int vector) {
  Address address = b.address(source.access);
  if (source.framed) address.terms.push_back({b.at[vector].vars.back(), constant(1)});
  return address;
}

}  // namespace

Source make_frame(AxisBuilder& b, DType dtype, std::span<const int> axes, std::int64_t width) {
  Source source{{-1, dtype, dtype, constant(0), std::vector<Int>(b.nest.axes.size(), constant(0))}, true};
  std::int64_t elements = width;
  for (std::size_t k = axes.size(); k-- > 0;) {
    source.access.strides[axes[k]] = constant(elements);
    elements *= b.nest.axes[axes[k]].extent.value;
  }
  source.access.buffer = b.buffer("frame", Buffer::Kind::Local, dtype, elements);
  return source;
}

Source make_frame(AxisBuilder& b, const Access& like, std::span<const int> axes, std::int64_t width) {
  Source source = make_frame(b, like.dtype, axes, width);
  source.access.computed = like.computed;
  return source;
}

void pack(AxisBuilder& b, Body& body, const Access& from, const Source& to, std::span<const int> axes,
          Strip strip) {
  move(b, body, from, to, axes, strip, Way::In);
}

void unpack(AxisBuilder& b, Body& body, const Source& from, const Access& to, std::span<const int> axes,
            Strip strip) {
  move(b, body, to, from, axes, strip, Way::Out);
}

Ref load(AxisBuilder& b, Body& body, const Source& source, int vector) {
  const Access& access = source.access;
  return b.cast(body, b.load(body, "v", access.buffer, access.dtype, lane_address(b, source, vector)),
                access.computed);
}

void store(AxisBuilder& b, Body& body, const Source& source, int vector, Ref value) {
  const Ref converted = b.cast(body, value, source.access.dtype);
  body.push_back({Store{source.access.buffer, lane_address(b, source, vector), converted, false}});
}

std::int64_t even_tiles(std::int64_t extent, std::int64_t most) {
  const std::int64_t tiles = (extent + most - 1) / most;
  return (extent + tiles - 1) / tiles;
}

int split_axis(Nest& nest, int axis, std::int64_t inner) {
  if (nest.axes[axis].extent.value <= inner) return axis;
  const int made = int(nest.axes.size());
  NestAxis part = nest.axes[axis];
  nest.axes[axis].extent.value /= inner;
  part.extent.value = inner;
  nest.axes.push_back(std::move(part));
  const auto split = [&](std::vector<Int>& strides) {
    strides.push_back(strides[axis]);
    strides[axis].value *= inner;
  };
  for (Access& access : nest.inputs) split(access.strides);
  for (Access& access : nest.outputs) split(access.strides);
  split(nest.position_strides);
  return made;
}

}  // namespace einx::detail::loops
