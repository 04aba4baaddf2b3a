// Moves: transposes, repeats, pieces of concatenations. No arithmetic, so only the order of memory accesses counts.
#include "loops/copy.h"

#include <algorithm>

namespace einx::detail::loops {
namespace {

/// Rows and columns of a block that registers transpose.
int block_of(DType dtype, const Machine& machine) {
  const std::int64_t bytes = loops::size_of(dtype);
  if (bytes == 4) return machine.vector_bytes >= 32 ? 8 : 4;
  if (bytes == 8) return machine.vector_bytes >= 32 ? 4 : 2;
  return bytes == 2 ? 8 : 16;
}

/// The input's contiguous axis, if it is another than the output's and both are at least a block long.
bool find_plane(Copy& c) {
  c.along = int(c.nest.axes.size()) - 1;
  if (c.to_stride(c.along) != 1) return false;
  for (int a = 0; a < c.along; ++a)
    if (c.from_stride(a) == 1) c.across = a;
  const std::int64_t along_step = c.from_stride(c.along);
  return c.across >= 0 && along_step != 0 && along_step != 1 && c.extent(c.across) >= c.block && c.extent(c.along) >= c.block;
}

void transpose(Copy& c, Body& out) {
  transpose_block(c, out, c.to().buffer, c.builder.address(c.to()), c.to().strides[std::size_t(c.across)]);
}

/// Blocks straight to the output: all of `across` inside a strip of `along`, so that lines of the output are finished while they are cached.
void strips(Copy& c, Body& out, std::int64_t strip, std::int64_t grain) {
  const std::int64_t n = c.extent(c.along), whole = n / c.block * c.block;
  Loop outer = header(grain > 0 ? LoopKind::Parallel : LoopKind::Tile, strip, 1, std::max<std::int64_t>(1, grain));
  outer.extent = constant(whole);
  c.builder.over(out, c.along, std::move(outer), [&](Body& in_strip) {
    const VarId tile = c.builder.at[std::size_t(c.along)].vars.back();
    blocks(c, in_strip, c.across, [&](Body& body) {
      Loop loop = header(LoopKind::Tile, c.block);
      loop.extent = constant(strip);
      loop.outer = tile;
      loop.outer_extent = constant(whole);
      c.builder.over(body, c.along, std::move(loop), [&](Body& inner) { transpose(c, inner); });
    });
  });
  if (whole == n) return;
  c.builder.at[std::size_t(c.along)].start = n - c.block;
  blocks(c, out, c.across, [&](Body& body) { transpose(c, body); });
  c.builder.at[std::size_t(c.along)].start = 0;
}

/// Parallel over the first of the other axes if it cuts the work, else over strips of the plane.
void schedule_direct(Copy& c) {
  constexpr std::int64_t kNarrow = 128, kStripBlocks = 5, kFewParts = 8;
  const std::int64_t along = c.extent(c.along);
  const std::int64_t strip = along <= kNarrow ? round_up(along, c.block) : c.block * kStripBlocks;
  const std::int64_t first = c.others.empty() ? 0 : c.extent(c.others[0]);
  const std::int64_t outer_grain = first >= kFewParts ? parallel_grain(first, cost(c) / double(first)) : 0;
  const std::int64_t parts = (along + strip - 1) / strip;
  const std::int64_t strip_grain = c.others.empty() ? parallel_grain(parts, cost(c) / double(parts)) : 0;
  c.builder.say("straight to the output, in strips of " + std::to_string(std::min(strip, along)));
  Body body;
  if (outer_grain > 0) {
    c.builder.say("parallel over " + c.name(c.others[0]) + " in parts of " + std::to_string(outer_grain));
    c.builder.over(body, c.others[0], header(LoopKind::Parallel, 1, 1, outer_grain), [&](Body& in) {
      c.builder.over(in, std::span(c.others).subspan(1), [&](Body& out) { strips(c, out, strip, 0); });
    });
  } else {
    if (strip_grain > 0) c.builder.say("parallel over strips, parts of " + std::to_string(strip_grain));
    c.builder.over(body, c.others, [&](Body& out) { strips(c, out, strip, strip_grain); });
  }
  c.builder.finish(std::move(body));
}

}  // namespace

void blocks(Copy& c, Body& out, int axis, const AxisBuilder::Inner& inner) {
  const std::int64_t n = c.extent(axis), whole = n / c.block * c.block;
  Loop loop = header(LoopKind::Tile, c.block);
  loop.extent = constant(whole);
  c.builder.over(out, axis, std::move(loop), inner);
  if (whole == n) return;
  c.builder.at[std::size_t(axis)].start = n - c.block;
  inner(out);
  c.builder.at[std::size_t(axis)].start = 0;
}

void transpose_block(Copy& c, Body& out, BufferId to, Address to_at, Int to_stride) {
  out.push_back({Transpose{c.from().buffer, to, c.builder.address(c.from()), std::move(to_at), c.from().strides[std::size_t(c.along)], to_stride,
                           c.block, c.block, false}});
}

double cost(const Copy& c) {
  constexpr double kBytesPerNanosecond = 10;
  return 2 * double(loops::size_of(c.to().dtype)) * double(volume(c.nest)) / kBytesPerNanosecond;
}

void schedule_copy(const Nest& nest, Plan& plan) {
  if (plan.dynamic || nest.axes.empty()) return schedule_map(nest, plan);
  Copy c{nest, AxisBuilder(nest, plan)};
  c.block = block_of(nest.outputs[0].dtype, plan.machine);
  if (!find_plane(c)) return schedule_map(nest, plan);
  for (int a = 0; a < c.along; ++a)
    if (a != c.across) c.others.push_back(a);
  c.builder.say(nest.label + ": copy");
  c.builder.say(c.name(c.across) + " is contiguous in the input, " + c.name(c.along) + " in the output: transposed in registers, blocks of " +
                std::to_string(c.block));
  const Stage stage = plan_stage(c);
  stage ? schedule_staged(c, stage) : schedule_direct(c);
}

}  // namespace einx::detail::loops
