// Transposes through a stage: what is written to memory leaves it as whole lines, past the caches
// (performance.md, transpose-4096 and reverse5).
#include <algorithm>
#include <cstdlib>

#include "loops/copy.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kSide = 64;  ///< elements of a square tile's side
constexpr std::int64_t kStageBytes = 64 << 10;
constexpr std::int64_t kShortRun =
    256;  ///< bytes; rows of the output below that are merged with their neighbours

std::int64_t lanes(const Copy& c) {
  return c.builder.plan.machine.vector_bytes / loops::size_of(c.to().dtype);
}

bool multiples(const Copy& c, const std::vector<int>& axes, std::int64_t of) {
  return std::all_of(axes.begin(), axes.end(), [&](int a) { return c.to().strides[std::size_t(a)].is_multiple(of); });
}

bool contains(const std::vector<int>& list, int item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// Square tiles of long rows.
Stage square_tiles(const Copy& c) {
  std::vector<int> rows = c.others;
  rows.push_back(c.across);
  const auto cuts = [&](int axis) { return c.nest.axes[std::size_t(axis)].extent.is_multiple(kSide); };
  const bool whole = cuts(c.along) && cuts(c.across);
  if (!whole || kSide % lanes(c) != 0 || !multiples(c, rows, lanes(c))) return {};
  return {kSide, kSide, {}};
}

/// Runs of the whole `along` and those axes that continue it in the output, for as many lines as there are.
Stage merged_runs(const Copy& c) {
  if (!fixed(c.nest, c.across) || !fixed(c.nest, c.along)) return {};
  Stage stage{c.extent(c.across), c.extent(c.along), {}};
  const std::int64_t bytes = loops::size_of(c.to().dtype);
  for (std::size_t k = c.others.size(); k-- > 0;) {
    const int axis = c.others[k];
    const std::int64_t longer = stage.run * c.extent(axis);
    if (!fixed(c.nest, axis) || stride_of(c.to(), axis) != stage.run || longer * stage.lines * bytes > kStageBytes) break;
    stage.run = longer;
    stage.merged.push_back(axis);
  }
  std::vector<int> rows{c.across};
  for (const int axis : c.others)
    if (!contains(stage.merged, axis)) rows.push_back(axis);
  const bool fits = stage.lines * stage.run * bytes <= kStageBytes && stage.run * bytes >= kShortRun;
  return fits && stage.run % lanes(c) == 0 && multiples(c, rows, lanes(c)) ? stage : Stage{};
}

/// From the stage to the output.
void flush(Copy& c, Body& out, const Stage& s, BufferId stage) {
  const std::int64_t width = lanes(c);
  const VarId line = c.builder.var("line"), lane = c.builder.var("lane");
  Address write = c.builder.address(c.to());
  write.terms.push_back({line, c.to().strides[std::size_t(c.across)]});
  write.terms.push_back({lane, constant(1)});
  Loop rows = header(LoopKind::Serial),
       vectors = header(LoopKind::Vector, width, int(std::clamp<std::int64_t>(s.run / width, 1, 4)));
  rows.var = line;
  vectors.var = lane;
  rows.extent = constant(s.lines);
  vectors.extent = constant(s.run);
  const Ref value = c.builder.load(vectors.body, "x", stage, c.to().dtype,
                                   {{}, {{line, constant(s.run)}, {lane, constant(1)}}, {}});
  vectors.body.push_back({Store{c.to().buffer, std::move(write), value, true}});
  rows.body.push_back({std::move(vectors)});
  out.push_back({std::move(rows)});
}

/// stage[line of across][merged axes][along], where the builder stands.
Address in_stage(const Copy& c, const Stage& s, const std::vector<std::size_t>& outer) {
  Address at;
  const auto add = [&](int axis, std::int64_t stride) {
    const auto& place = c.builder.at[std::size_t(axis)];
    for (std::size_t k = outer[std::size_t(axis)]; k < place.vars.size(); ++k)
      at.terms.push_back({place.vars[k], constant(stride)});
    at.offset.value += place.start * stride;
  };
  add(c.across, s.run);
  for (const int axis : s.merged) add(axis, c.to_stride(axis));
  add(c.along, 1);
  return at;
}

/// Elements from a tile's input to that of a tile soon after, two lines away or more: short rows far apart
/// are nothing that the hardware fetches by itself. 0 if that is not to the right.
std::int64_t step_of(const Copy& c, int axis) {
  const std::int64_t stride = c.from_stride(axis), lines = 2 * kLine / loops::size_of(c.to().dtype);
  return stride > 0 ? round_up(lines, stride) : 0;
}

/// One tile: register transposes into the stage, then lines out of it.
void tile(Copy& c, Body& out, const Stage& s, BufferId stage, std::int64_t step) {
  std::vector<std::size_t> outer;  // variables of the loops around the tile are no part of a place in it
  for (const auto& place : c.builder.at) outer.push_back(place.vars.size());
  const auto fill = [&](Body& body) {
    blocks(c, body, c.across, [&](Body& columns) {
      blocks(c, columns, c.along, [&](Body& rows) {
        transpose_block(c, rows, stage, in_stage(c, s, outer), constant(s.run));
        std::get<Transpose>(rows.back().node).ahead = step;
      });
    });
  };
  c.builder.over(out, s.merged, fill);
  flush(c, out, s, stage);
}

void square_tile(Copy& c, Body& out, const Stage& s, BufferId stage) {
  std::vector<std::size_t> outer;
  for (const auto& place : c.builder.at) outer.push_back(place.vars.size());
  Loop columns = header(LoopKind::Tile, c.block), rows = columns;
  columns.extent = rows.extent = constant(kSide);
  c.builder.over(out, c.across, std::move(columns), [&](Body& body) {
    c.builder.over(body, c.along, std::move(rows),
                   [&](Body& in) { transpose_block(c, in, stage, in_stage(c, s, outer), constant(s.run)); });
  });
  flush(c, out, s, stage);
}

/// Loops over the axes, the first one parallel if that is worth it.
void around(Copy& c, Body& out, const std::vector<int>& axes, const AxisBuilder::Inner& inner) {
  if (axes.empty()) return inner(out);
  const std::int64_t extent = c.extent(axes[0]), grain = parallel_grain(extent, cost(c) / double(extent));
  if (grain == 0) return c.builder.over(out, axes, inner);
  c.builder.say("parallel over " + c.name(axes[0]) + " in parts of " + std::to_string(grain));
  c.builder.over(out, axes[0], header(LoopKind::Parallel, 1, 1, grain),
                 [&](Body& body) { c.builder.over(body, std::span(axes).subspan(1), inner); });
}

void staged_squares(Copy& c, Body& out, const Stage& s, BufferId stage) {
  // the longer side is cut among the threads
  const bool by_lines = c.extent(c.across) >= c.extent(c.along);
  const int first = by_lines ? c.across : c.along, second = by_lines ? c.along : c.across;
  const std::int64_t strips = c.extent(first) / kSide;
  const std::int64_t grain = c.others.empty() ? parallel_grain(strips, cost(c) / double(strips)) : 0;
  if (grain > 0)
    c.builder.say("parallel over strips of " + c.name(first) + " in parts of " + std::to_string(grain));
  around(c, out, c.others, [&](Body& plane) {
    c.builder.over(
        plane, first,
        header(grain > 0 ? LoopKind::Parallel : LoopKind::Tile, kSide, 1, std::max<std::int64_t>(1, grain)),
        [&](Body& strip) {
          c.builder.over(strip, second, header(LoopKind::Tile, kSide),
                         [&](Body& body) { square_tile(c, body, s, stage); });
        });
  });
}

}  // namespace

Stage plan_stage(const Copy& c) {
  const std::int64_t bytes = volume(c.nest) * loops::size_of(c.to().dtype);
  if (lanes(c) < 1 || !c.to().offset.is_multiple(lanes(c))) return {};
  if (bytes <= kStreamBytes || blocks_are_lines(c)) return {};
  if (const Stage stage = square_tiles(c)) return stage;
  return merged_runs(c);
}

void schedule_staged(Copy& c, const Stage& s) {
  const BufferId stage = c.builder.buffer("stage", Buffer::Kind::Local, c.to().dtype, s.lines * s.run);
  const bool squares = s.merged.empty() && s.run == kSide && s.lines == kSide;
  c.builder.say("through a stage of " + std::to_string(s.lines) + " x " + std::to_string(s.run) +
                " elements, whole lines of which are stored past the caches");
  Body body;
  if (squares) {
    staged_squares(c, body, s, stage);
  } else {
    std::vector<int> outer;
    for (const int axis : c.others)
      if (!contains(s.merged, axis)) outer.push_back(axis);
    // runs may be written in any order: neighbours in the input follow one another
    std::stable_sort(outer.begin(), outer.end(),
                     [&](int a, int b) { return std::abs(c.from_stride(a)) > std::abs(c.from_stride(b)); });
    const std::int64_t step = outer.empty() ? 0 : step_of(c, outer.back());
    around(c, body, outer, [&](Body& out) { tile(c, out, s, stage, step); });
  }
  c.builder.finish(std::move(body));
}

}  // namespace einx::detail::loops
