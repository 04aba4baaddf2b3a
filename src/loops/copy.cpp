// Moves: transposes, repeats, pieces of concatenations. No arithmetic, so only the order of memory accesses
// counts.
#include "loops/copy.h"

#include <algorithm>

#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

/// Elements of a block's side beyond those of an axis of n, relative to them.
double waste(std::int64_t n, std::int64_t block) { return double(round_up(n, block)) / double(n); }

/// Rows and columns of a block that registers transpose: a register's worth, or half of that where blocks
/// would overlap much.
int block_of(const Copy& c, const Machine& machine) {
  constexpr int kMost = 16;  // more rows than that do not stay in registers
  constexpr double kWaste = 1.3;
  constexpr std::int64_t kWorthWide = 1
                                      << 20;  // bytes; a 16 x 16 block takes several milliseconds to compile
  const std::int64_t bytes = loops::size_of(c.to().dtype);
  const int widest = std::min<int>(kMost, int(std::max<std::int64_t>(2, machine.vector_bytes / bytes)));
  const int full = volume(c.nest) * bytes < kWorthWide && bytes >= 4 ? std::min(widest, 8) : widest;
  const bool wasteful = waste(c.extent(c.across), full) * waste(c.extent(c.along), full) > kWaste;
  const bool short_axis =
      std::min(c.extent(c.across), c.extent(c.along)) < full;  // one block is all there is of it
  return wasteful && full > 4 && !short_axis ? full / 2 : full;
}

/// The input's contiguous axis, if it is another than the output's.
bool find_plane(Copy& c) {
  c.along = int(c.nest.axes.size()) - 1;
  if (stride_of(c.to(), c.along) != 1) return false;
  for (int a = 0; a < c.along; ++a)
    if (stride_of(c.from(), a) == 1) c.across = a;
  const std::int64_t along_step = stride_of(c.from(), c.along);
  return c.across >= 0 && along_step != 0 && along_step != 1;
}

/// Blocks straight to the output. `tile`: what is walked as a unit, so that lines of both sides are used up
/// while they are cached.
struct Direct {
  bool streaming = false;
  std::int64_t across_tile = 0, along_tile = 0;
  bool across_first = true;  ///< tiles: the outer loop is that over `across`
  std::int64_t next = 0;     ///< elements from a tile's input to that of the next one: asked for row by row
};

/// Asks for lines of the next tile, as many as the block has: a piece of one row, so that memory reads long
/// runs, where blocks read a line from each of many rows. The tile has as many blocks as its input such
/// pieces.
void ask_for_next(Copy& c, Body& out, const Direct& d) {
  const std::int64_t side = c.side(c.across), row = c.from_stride(c.along);
  const VarId number = c.builder.at[std::size_t(c.across)].vars.back();
  Address at = c.builder.address(c.from());
  for (Address::Term& term : at.terms)
    if (term.var == number) term.stride = constant(row / side);
  at.offset.value += d.next;
  for (std::int64_t line = 0; line < side; ++line, at.offset.value += side)
    out.push_back({Prefetch{c.from().buffer, at, true}});
}

/// What is streamed reads strips of the input from left to right, and asks for the next tile in advance.
void transpose(Copy& c, Body& out, const Direct& d) {
  const bool in_tile = c.builder.at[std::size_t(c.across)].vars.size() == 2 &&
                       c.builder.at[std::size_t(c.along)].vars.size() == 2;
  if (d.next != 0 && in_tile) ask_for_next(c, out, d);
  transpose_block(c, out, c.to().buffer, c.builder.address(c.to()), c.to().strides[std::size_t(c.across)]);
  auto& block = std::get<Transpose>(out.back().node);
  block.streaming = d.streaming;
  if (d.streaming && d.next == 0) block.ahead = d.across_tile;
}

/// Elements of the axis in whole blocks, where its extent is a constant.
std::int64_t whole(const Copy& c, int axis) { return c.extent(axis) / c.side(axis) * c.side(axis); }

/// The loop runs over the whole blocks of the axis.
void end_whole(const Copy& c, int axis, Loop& loop, Int& extent) {
  extent = c.nest.axes[std::size_t(axis)].extent;
  if (fixed(c.nest, axis)) return void(extent = constant(whole(c, axis)));
  if (extent.is_multiple(c.side(axis))) return;
  loop.part = Loop::Part::Whole;
  loop.unit = c.side(axis);
}

/// The blocks of the axis inside the tile that is open on it.
Loop inside(const Copy& c, int axis, std::int64_t tile) {
  Loop loop = header(LoopKind::Tile, c.side(axis));
  loop.extent = constant(tile);
  loop.outer = c.builder.at[std::size_t(axis)].vars.back();
  end_whole(c, axis, loop, loop.outer_extent);
  return loop;
}

/// An axis that is shorter than a block, element by element beside vectors of the other.
void short_side(Copy& c, Body& out, int axis) {
  const int other = axis == c.across ? c.along : c.across;
  const std::int64_t lanes = std::max<std::int64_t>(1, c.builder.plan.machine.vector_bytes / loops::size_of(c.to().dtype));
  Loop loop = header(LoopKind::Serial);
  loop.part = Loop::Part::Small, loop.unit = c.side(axis);
  c.builder.over(out, axis, std::move(loop), [&](Body& line) {
    c.builder.over(line, other, header(LoopKind::Vector, lanes),
                   [&](Body& body) { c.builder.store(body, c.to(), c.builder.load(body, c.from())); });
  });
}

/// What is left at the ends where only the run shows what that is: a block at the end of an axis of which more is than whole
/// blocks, or an axis that has none.
void open_edges(Copy& c, Body& out, const AxisBuilder::Inner& block) {
  const auto exact = [&](int axis) { return c.nest.axes[std::size_t(axis)].extent.is_multiple(c.side(axis)); };
  const auto whole_blocks = [&](Body& body, int axis, Loop::Part part, const AxisBuilder::Inner& inner) {
    Loop loop = header(LoopKind::Tile, c.side(axis));
    loop.part = part, loop.unit = c.side(axis);
    c.builder.over(body, axis, std::move(loop), inner);
  };
  using enum Loop::Part;
  if (!exact(c.along))
    whole_blocks(out, c.along, Last, [&](Body& rows) {
      whole_blocks(rows, c.across, Whole, block);
      if (!exact(c.across)) whole_blocks(rows, c.across, Last, block);
    });
  if (!exact(c.across))
    whole_blocks(out, c.across, Last, [&](Body& columns) { whole_blocks(columns, c.along, Whole, block); });
  for (const int axis : {c.across, c.along})
    if (!exact(axis)) short_side(c, out, axis);
}

/// What is left at the ends of both axes: blocks that end there, and overlap what is done already.
void edges(Copy& c, Body& out, const Direct& d) {
  const bool known = fixed(c.nest, c.across) && fixed(c.nest, c.along);
  if (!known) return open_edges(c, out, [&](Body& body) { transpose(c, body, d); });
  const auto at_end = [&](int axis, const auto& inner) {
    c.builder.at[std::size_t(axis)].start = c.extent(axis) - c.side(axis);
    inner();
    c.builder.at[std::size_t(axis)].start = 0;
  };
  if (whole(c, c.along) != c.extent(c.along))
    at_end(c.along, [&] { blocks(c, out, c.across, [&](Body& body) { transpose(c, body, d); }); });
  if (whole(c, c.across) != c.extent(c.across))
    at_end(c.across, [&] {
      Loop loop = header(LoopKind::Tile, c.side(c.along));
      loop.extent = constant(whole(c, c.along));
      c.builder.over(out, c.along, std::move(loop), [&](Body& body) { transpose(c, body, d); });
    });
}

void plane(Copy& c, Body& out, const Direct& d, std::int64_t grain) {
  const auto tiles = [&](bool is_across, LoopKind kind) {
    Loop loop = header(kind, is_across ? d.across_tile : d.along_tile, 1, std::max<std::int64_t>(1, grain));
    end_whole(c, is_across ? c.across : c.along, loop, loop.extent);
    return loop;
  };
  const int first = d.across_first ? c.across : c.along, second = d.across_first ? c.along : c.across;
  // streamed blocks that continue a run of the output follow one another
  const int outer = d.streaming ? c.across : c.along, inner = d.streaming ? c.along : c.across;
  const auto tile_of = [&](int axis) { return axis == c.across ? d.across_tile : d.along_tile; };
  c.builder.over(out, first, tiles(d.across_first, grain > 0 ? LoopKind::Parallel : LoopKind::Tile),
                 [&](Body& strip) {
                   c.builder.over(strip, second, tiles(!d.across_first, LoopKind::Tile), [&](Body& tile) {
                     c.builder.over(tile, outer, inside(c, outer, tile_of(outer)), [&](Body& row) {
                       c.builder.over(row, inner, inside(c, inner, tile_of(inner)),
                                      [&](Body& body) { transpose(c, body, d); });
                     });
                   });
                 });
  edges(c, out, d);
}

/// Rows whose distance is a multiple of a cache's way share its few places.
bool rows_collide(const Copy& c) {
  constexpr std::int64_t kWay = 16 << 10;
  return c.from_stride(c.along) * loops::size_of(c.to().dtype) % kWay == 0;
}

std::int64_t parts(const Copy& c, int axis, std::int64_t tile) { return (c.extent(axis) + tile - 1) / tile; }

/// Elements from a tile's input to the next one's, or the one after the next loop's step: wrong at the ends,
/// where it asks for what nobody wants.
std::int64_t to_next_tile(const Copy& c, const Machine& machine, const Direct& d) {
  const std::int64_t bytes = c.extent(c.across) * c.extent(c.along) * loops::size_of(c.to().dtype);
  if (!c.others.empty() && bytes <= machine.l2 / 2) return c.from_stride(c.others.back());
  return d.across_tile < c.extent(c.across) ? d.across_tile : d.along_tile * c.from_stride(c.along);
}

/// For rows that collide, lines of which do not wait long in the L1: tiles as wide as a square of blocks, so
/// that a row is as many lines as a block has rows, and comes into the L2 in one run.
Direct long_runs(const Copy& c, const Machine& machine) {
  const std::int64_t side = c.side(c.across);
  Direct d{true, side * side, 4 * side, false};
  d.next = to_next_tile(c, machine, d);
  return d;
}
bool has_long_runs(const Copy& c) {
  const std::int64_t side = c.side(c.across);
  return rows_collide(c) && side == c.side(c.along) && c.extent(c.across) >= side * side;
}

Direct plan_direct(const Copy& c) {
  constexpr std::int64_t kLong = 512, kFewParts = 8;
  const std::int64_t bytes = loops::size_of(c.to().dtype);
  const std::int64_t line = round_up(std::max<std::int64_t>(c.block, kLine / bytes), c.side(c.across));
  const bool streams = volume(c.nest) * bytes > kStreamBytes && blocks_are_lines(c);
  if (streams && has_long_runs(c)) return long_runs(c, c.builder.plan.machine);
  if (streams)
    return {true, round_up(2 * kLine / bytes, c.side(c.across)), (rows_collide(c) ? 2 : 4) * kLine / bytes,
            false};
  const bool cut_across = !c.others.empty() || c.extent(c.across) / line >= kFewParts;
  Direct d{false, line,
           cut_across ? round_up(c.extent(c.along), c.side(c.along)) : round_up(kLong, c.side(c.along))};
  d.across_first = parts(c, c.across, d.across_tile) >= parts(c, c.along, d.along_tile);
  return d;
}

/// Parallel over the first of the other axes if it cuts the work, else over strips of the plane.
void schedule_direct(Copy& c) {
  constexpr std::int64_t kFewParts = 8;
  const Direct d = plan_direct(c);
  const int cut = d.across_first ? c.across : c.along;
  const std::int64_t strips = parts(c, cut, d.across_first ? d.across_tile : d.along_tile);
  const std::int64_t first = c.others.empty() ? 0 : c.extent(c.others[0]);
  const bool many = first >= kFewParts || (!c.others.empty() && !fixed(c.nest, c.others[0]));
  const std::int64_t outer_grain =
      many ? parallel_grain(c.nest.axes[std::size_t(c.others[0])].extent, cost(c) / double(first)) : 0;
  const std::int64_t strip_grain = c.others.empty() ? parallel_grain(strips, cost(c) / double(strips)) : 0;
  c.builder.say(d.streaming ? "straight to the output, whole lines past the caches, in strips of " +
                                  std::to_string(d.along_tile) + " rows, the next tile " +
                                  (d.next != 0 ? "asked for in runs of its rows" : "prefetched")
                            : "straight to the output");
  Body body;
  if (outer_grain > 0) {
    c.builder.say("parallel over " + c.name(c.others[0]) + " in parts of " + std::to_string(outer_grain));
    c.builder.over(body, c.others[0], header(LoopKind::Parallel, 1, 1, outer_grain), [&](Body& in) {
      c.builder.over(in, std::span(c.others).subspan(1), [&](Body& out) { plane(c, out, d, 0); });
    });
  } else {
    if (strip_grain > 0)
      c.builder.say("parallel over tiles of " + c.name(cut) + ", parts of " + std::to_string(strip_grain));
    c.builder.over(body, c.others, [&](Body& out) { plane(c, out, d, strip_grain); });
  }
  c.builder.finish(std::move(body));
}

}  // namespace

void blocks(Copy& c, Body& out, int axis, const AxisBuilder::Inner& inner) {
  const std::int64_t n = c.extent(axis), side = c.side(axis), in_blocks = n / side * side;
  Loop loop = header(LoopKind::Tile, side);
  loop.extent = constant(in_blocks);
  c.builder.over(out, axis, std::move(loop), inner);
  if (in_blocks == n) return;
  c.builder.at[std::size_t(axis)].start = n - side;
  inner(out);
  c.builder.at[std::size_t(axis)].start = 0;
}

void transpose_block(Copy& c, Body& out, BufferId to, Address to_at, Int to_stride) {
  out.push_back({Transpose{c.from().buffer, to, c.builder.address(c.from()), std::move(to_at),
                           c.from().strides[std::size_t(c.along)], to_stride, int(c.side(c.along)),
                           int(c.side(c.across)), false}});
}

bool blocks_are_lines(const Copy& c) {
  return c.side(c.along) * loops::size_of(c.to().dtype) == kLine &&
         aligned_blocks(c.to(), c.nest, std::size_t(c.along), c.block);
}

double cost(const Copy& c) {
  constexpr double kBytesPerNanosecond = 10;
  return 2 * double(loops::size_of(c.to().dtype)) * double(volume(c.nest)) / kBytesPerNanosecond;
}

void schedule_copy(const Nest& nest, Plan& plan) {
  constexpr std::int64_t kTiny = 256;  // elements; a shuffled block costs more to compile than it ever saves
  if (nest.axes.empty() || volume(nest) <= (plan.dynamic ? 0 : kTiny)) return schedule_map(nest, plan);
  Copy c{nest, AxisBuilder(nest, plan)};
  if (!find_plane(c)) return schedule_map(nest, plan);
  c.block = block_of(c, plan.machine);
  for (int a = 0; a < c.along; ++a)
    if (a != c.across) c.others.push_back(a);
  c.builder.say(nest.label + ": copy");
  c.builder.say(c.name(c.across) + " is contiguous in the input, " + c.name(c.along) +
                " in the output: transposed in registers, blocks of " + std::to_string(c.block));
  const Stage stage = plan_stage(c);
  stage ? schedule_staged(c, stage) : schedule_direct(c);
}

}  // namespace einx::detail::loops
