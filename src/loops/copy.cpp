// Moves: transposes, repeats, pieces of concatenations. No arithmetic, so only the order of memory accesses counts.
#include <algorithm>

#include "loops/estimate.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

/// The plane that is transposed: `across` is contiguous in the input, `along` in the output.
struct Plane {
  int across = -1, along = -1;
};

struct Copy {
  const Nest& nest;
  AxisBuilder builder;
  Plane plane;
  int block = 0;  ///< rows and columns of a register transpose
  std::vector<int> others{};

  const Access& from() const { return nest.inputs[0]; }
  const Access& to() const { return nest.outputs[0]; }
  std::int64_t extent(int axis) const { return nest.axes[std::size_t(axis)].extent.value; }
};

/// The input's contiguous axis, if it is another than the output's and both are at least a block long.
bool find_plane(const Nest& nest, int block, Plane& plane) {
  const int last = int(nest.axes.size()) - 1;
  if (!nest.outputs[0].strides[std::size_t(last)].is(1)) return false;
  plane.along = last;
  for (int a = 0; a < last; ++a)
    if (nest.inputs[0].strides[std::size_t(a)].is(1)) plane.across = a;
  const std::int64_t along_step = nest.inputs[0].strides[std::size_t(last)].value;
  if (plane.across < 0 || along_step == 0 || along_step == 1) return false;
  return nest.axes[std::size_t(plane.across)].extent.value >= block && nest.axes[std::size_t(plane.along)].extent.value >= block;
}

/// Rows and columns of a block that registers transpose.
int block_of(DType dtype, const Machine& machine) {
  const std::int64_t bytes = loops::size_of(dtype);
  if (bytes == 4) return machine.vector_bytes >= 32 ? 8 : 4;
  if (bytes == 8) return machine.vector_bytes >= 32 ? 4 : 2;
  return bytes == 2 ? 8 : 16;
}

using Inner = AxisBuilder::Inner;

/// `inner` at every block of the axis: whole blocks in a loop, what is left as one more block that ends at the end (and overlaps).
void blocks(Copy& c, Body& out, int axis, const Inner& inner) {
  const std::int64_t n = c.extent(axis), whole = n / c.block * c.block;
  Loop loop = header(LoopKind::Tile, c.block);
  loop.extent = {whole, -1};
  c.builder.over(out, axis, std::move(loop), inner);
  if (whole == n) return;
  c.builder.at[std::size_t(axis)].start = n - c.block;
  inner(out);
  c.builder.at[std::size_t(axis)].start = 0;
}

void transpose(Copy& c, Body& out) {
  const Access &from = c.from(), &to = c.to();
  out.push_back({Transpose{from.buffer, to.buffer, c.builder.address(from), c.builder.address(to), from.strides[std::size_t(c.plane.along)],
                           to.strides[std::size_t(c.plane.across)], c.block, c.block, false}});
}

/// Blocks straight to the output: all of `across` inside a strip of `along`, so that lines of the output are finished while they are cached.
void direct_strips(Copy& c, Body& out, std::int64_t strip, std::int64_t grain) {
  const int along = c.plane.along;
  const std::int64_t n = c.extent(along), whole = n / c.block * c.block;
  Loop strips = header(grain > 0 ? LoopKind::Parallel : LoopKind::Tile, strip, 1, std::max<std::int64_t>(1, grain));
  strips.extent = {whole, -1};
  c.builder.over(out, along, std::move(strips), [&](Body& in_strip) {
    const VarId tile = c.builder.at[std::size_t(along)].vars.back();
    blocks(c, in_strip, c.plane.across, [&](Body& body) {
      Loop loop = header(LoopKind::Tile, c.block);
      loop.extent = {strip, -1};
      loop.outer = tile;
      loop.outer_extent = {whole, -1};
      c.builder.over(body, along, std::move(loop), [&](Body& inner) { transpose(c, inner); });
    });
  });
  if (whole == n) return;
  c.builder.at[std::size_t(along)].start = n - c.block;
  blocks(c, out, c.plane.across, [&](Body& body) { transpose(c, body); });
  c.builder.at[std::size_t(along)].start = 0;
}

constexpr std::int64_t kTile = 64;  ///< elements of a staged tile's side

/// Tiles are transposed into a stage in L1 and leave it as whole lines past the caches.
void staged(Copy& c, Body& out) {
  const Access &from = c.from(), &to = c.to();
  const int along = c.plane.along, across = c.plane.across;
  const BufferId stage = c.builder.buffer("stage", Buffer::Kind::Local, to.dtype, kTile * kTile);
  const VarId row = c.builder.var("r"), column = c.builder.var("s"), line = c.builder.var("line"), lane = c.builder.var("lane");
  Address read = c.builder.address(from);
  read.terms.push_back({row, from.strides[std::size_t(along)]});
  read.terms.push_back({column, {1, -1}});
  Loop rows = header(LoopKind::Tile, c.block), columns = rows;
  rows.var = row;
  columns.var = column;
  rows.extent = columns.extent = {kTile, -1};
  rows.body.push_back({Transpose{from.buffer, stage, std::move(read), {{}, {{row, {1, -1}}, {column, {kTile, -1}}}, {}},
                                 from.strides[std::size_t(along)], {kTile, -1}, c.block, c.block, false}});
  columns.body.push_back({std::move(rows)});
  out.push_back({std::move(columns)});

  Address write = c.builder.address(to);
  write.terms.push_back({line, to.strides[std::size_t(across)]});
  write.terms.push_back({lane, {1, -1}});
  const std::int64_t lanes = c.builder.plan.machine.vector_bytes / loops::size_of(to.dtype);
  Loop lines = header(LoopKind::Serial), vectors = header(LoopKind::Vector, lanes, int(std::clamp<std::int64_t>(kTile / lanes, 1, 4)));
  lines.var = line;
  vectors.var = lane;
  lines.extent = vectors.extent = {kTile, -1};
  const Ref value = c.builder.load(vectors.body, "x", stage, to.dtype, {{}, {{line, {kTile, -1}}, {lane, {1, -1}}}, {}});
  vectors.body.push_back({Store{to.buffer, std::move(write), value, true}});
  lines.body.push_back({std::move(vectors)});
  out.push_back({std::move(lines)});
}

bool may_stage(const Copy& c, const Machine& machine) {
  const std::int64_t lanes = machine.vector_bytes / loops::size_of(c.to().dtype);
  return kTile % lanes == 0 && may_stream(c.to(), c.nest, std::size_t(c.plane.along), lanes, machine) && c.extent(c.plane.along) % kTile == 0 &&
         c.extent(c.plane.across) % kTile == 0;
}

void staged_plane(Copy& c, Body& out, std::int64_t grain) {
  Loop strips = header(grain > 0 ? LoopKind::Parallel : LoopKind::Tile, kTile, 1, std::max<std::int64_t>(1, grain));
  c.builder.over(out, c.plane.across, std::move(strips), [&](Body& in_strip) {
    c.builder.over(in_strip, c.plane.along, header(LoopKind::Tile, kTile), [&](Body& body) { staged(c, body); });
  });
}

/// Parallel over the first of the other axes if it cuts the work, else over strips of the plane.
void schedule_transpose(Copy& c) {
  const double ns = double(loops::size_of(c.to().dtype)) * 2 / 10.0 * double(volume(c.nest));
  const std::int64_t strip = c.block * 5;
  const bool stage = may_stage(c, c.builder.plan.machine);
  const auto plane = [&](Body& out, std::int64_t grain) { stage ? staged_plane(c, out, grain) : direct_strips(c, out, strip, grain); };
  const std::int64_t first = c.others.empty() ? 0 : c.extent(c.others[0]);
  const std::int64_t outer_grain = first >= 8 ? parallel_grain(first, ns / double(first)) : 0;
  const std::int64_t strips = stage ? c.extent(c.plane.across) / kTile : (c.extent(c.plane.along) + strip - 1) / strip;
  const std::int64_t strip_grain = c.others.empty() ? parallel_grain(strips, ns / double(strips)) : 0;
  Body body;
  if (outer_grain > 0) {
    c.builder.say("parallel over " + c.nest.axes[std::size_t(c.others[0])].name + " in parts of " + std::to_string(outer_grain));
    c.builder.over(body, c.others[0], header(LoopKind::Parallel, 1, 1, outer_grain), [&](Body& in) {
      c.builder.over(in, std::span(c.others).subspan(1), [&](Body& out) { plane(out, 0); });
    });
  } else {
    if (strip_grain > 0) c.builder.say("parallel over strips, parts of " + std::to_string(strip_grain));
    c.builder.over(body, c.others, [&](Body& out) { plane(out, strip_grain); });
  }
  if (stage)
    c.builder.say("tiles of 64 x 64 through a stage in L1, stored past the caches: the output is larger than they are");
  else
    c.builder.say("straight to the output in strips of " + std::to_string(strip));
  c.builder.finish(std::move(body));
}

}  // namespace

void schedule_copy(const Nest& nest, Plan& plan) {
  Plane plane;
  const int block = block_of(nest.outputs[0].dtype, plan.machine);
  if (plan.dynamic || nest.axes.empty() || !find_plane(nest, block, plane)) return schedule_map(nest, plan);
  Copy c{nest, AxisBuilder(nest, plan), plane, block};
  for (int a = 0; a < int(nest.axes.size()); ++a)
    if (a != plane.across && a != plane.along) c.others.push_back(a);
  c.builder.say(nest.label + ": copy");
  c.builder.say(nest.axes[std::size_t(plane.across)].name + " is contiguous in the input, " + nest.axes[std::size_t(plane.along)].name +
                " in the output: transposed in registers, blocks of " + std::to_string(block));
  schedule_transpose(c);
}

}  // namespace einx::detail::loops
