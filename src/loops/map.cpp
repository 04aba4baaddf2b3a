// Elementwise operations and converting copies: vectors along the axis on which the output is contiguous.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "loops/estimate.h"
#include "loops/stream.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

double arithmetic(const Nest& nest) {
  const auto* map = std::get_if<ops::Map>(&nest.meaning);
  return map == nullptr ? 0 : cost(map->fn);
}

/// Nanoseconds an element, vectorised: memory or arithmetic, whichever is more.
double element_cost(const Nest& nest, std::int64_t lanes) {
  double bytes = double(loops::size_of(nest.outputs[0].dtype));
  for (std::size_t k = 0; k < nest.inputs.size(); ++k) bytes += double(loops::size_of(nest.inputs[k].dtype));
  return std::max(bytes / 15.0, arithmetic(nest) / double(std::max<std::int64_t>(1, lanes / 2)));
}

/// One loop of the kernel, outermost first.
struct Level {
  std::size_t axis = 0;
  Loop loop;
  bool in_tile = false;  ///< of the level of the same axis before it
};

struct Map {
  const Nest& nest;
  AxisBuilder builder;
  std::vector<Level> levels{};
  bool streaming = false;
  std::vector<std::size_t> asked{};  ///< operands that are asked for `ahead` bytes in advance
  std::int64_t ahead = 0;
  std::vector<Ref> values{};  ///< of each operand, once loaded

  /// The innermost loop that an operand changes along; -1: none.
  int level_of(const Access& access) const {
    int deepest = levels.size() > 0 && levels[0].loop.kind == LoopKind::Parallel
                      ? 0
                      : -1;  // parallel bodies stand alone
    for (int l = 0; l < int(levels.size()); ++l)
      if (!access.strides[levels[std::size_t(l)].axis].is(0)) deepest = l;
    return deepest;
  }
  void load(Body& out, int level) {
    if (level + 1 == int(levels.size()))
      for (const std::size_t k : asked) {
        const Access& operand = nest.inputs[k];
        Address later = builder.address(operand);
        later.offset.value += ahead / loops::size_of(operand.dtype);
        out.push_back({Prefetch{operand.buffer, std::move(later)}});
      }
    for (std::size_t k = 0; k < nest.inputs.size(); ++k)
      if (level_of(nest.inputs[k]) == level) values[k] = builder.load(out, nest.inputs[k]);
  }
  void store(Body& out) {
    Ref value = values[0];
    if (const auto* map = std::get_if<ops::Map>(&nest.meaning)) {
      std::vector<Lazy> args;
      for (const Ref& ref : values) args.push_back(ready(ref));
      value = builder.apply(out, "y", map->fn, args)[0];
    }
    builder.store(out, nest.outputs[0], value, streaming);
  }
  void emit(Body& out, std::size_t level) {
    if (level == levels.size()) return store(out);
    Loop loop = levels[level].loop;
    if (levels[level].in_tile) loop.outer = builder.at[levels[level].axis].vars.back();
    builder.over(out, int(levels[level].axis), std::move(loop), [&](Body& body) {
      load(body, int(level));
      emit(body, level + 1);
    });
  }
};

/// The axis of the vectors: the one the output is contiguous along; where that is shorter than half a vector,
/// a longer one that an input is contiguous along.
std::size_t vector_axis(const Nest& nest, std::int64_t lanes) {
  const std::size_t last = nest.axes.size() - 1;
  if (nest.axes[last].extent.value * 2 > lanes) return last;
  for (const Access& input : nest.inputs)
    for (std::size_t a = 0; a < last; ++a)
      if (input.strides[a].is(1) && nest.axes[a].extent.value >= lanes) return a;
  return last;
}

/// The outputs' order; a move that leaves past the caches may write in any order, so it reads as its input
/// lies.
std::vector<std::size_t> walk_order(const Map& m) {
  std::vector<std::size_t> order(m.nest.axes.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  const Access& from = m.nest.inputs[0];
  if (m.streaming && std::holds_alternative<ops::Move>(m.nest.meaning))
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::abs(from.strides[a].value) > std::abs(from.strides[b].value);
    });
  return order;
}

/// The axis that is cut among threads: the outermost if it has enough iterations, else the longest.
std::size_t parallel_axis(const Map& m) {
  constexpr std::int64_t kEnough = 8;
  const std::vector<std::size_t> order = walk_order(m);
  std::size_t best = order.front();
  for (const std::size_t a : order)
    if (fixed(m.nest, int(best)) && m.nest.axes[best].extent.value < kEnough && m.nest.axes[a].extent.value > m.nest.axes[best].extent.value)
      best = a;
  return best;
}

/// Loops from the outermost to the vectors. A vector axis that is parallel, or not the output's fastest, is
/// cut into tiles: the others go around or into these.
void plan_levels(Map& m, std::size_t vector, std::int64_t lanes, int unroll) {
  constexpr std::int64_t kNear =
      1024;  // elements; a tile's lines of the output stay in L1 while the short axis is walked
  const Nest& nest = m.nest;
  const std::size_t parallel = parallel_axis(m);
  const std::int64_t extent = nest.axes[parallel].extent.value;
  const std::int64_t grain =
      parallel_grain(nest.axes[parallel].extent, element_cost(nest, lanes) * double(volume(nest)) / double(extent));
  Level innermost{vector, header(LoopKind::Vector, lanes, unroll)};
  const auto cut = [&](Loop tiles, std::int64_t size) {
    tiles.step = round_up(size, lanes * unroll);
    innermost.loop.extent = constant(tiles.step);
    innermost.loop.outer_extent = nest.axes[vector].extent;
    innermost.in_tile = true;
    m.levels.push_back({vector, tiles});
  };
  if (grain > 0) {
    m.builder.say("parallel over " + nest.axes[parallel].name + " in parts of " + std::to_string(grain));
    if (parallel == vector)
      cut(header(LoopKind::Parallel), grain);
    else
      m.levels.push_back({parallel, header(LoopKind::Parallel, 1, 1, grain)});
  }
  for (const std::size_t a : walk_order(m)) {
    if (a == vector && a + 1 < nest.axes.size() && !innermost.in_tile)
      cut(header(LoopKind::Tile), kNear);
    if (a != vector && (grain == 0 || a != parallel)) m.levels.push_back({a, header(LoopKind::Serial)});
  }
  m.levels.push_back(std::move(innermost));
}

bool selects(const Nest& nest) {
  const auto* map = std::get_if<ops::Map>(&nest.meaning);
  return map != nullptr && std::ranges::any_of(map->fn.nodes, [](const ops::ScalarNode& node) {
           return node.prim == ops::Prim::Select;
         });
}

/// Operands that run along the vectors and are larger than the caches of a core are asked for in advance where the hardware falls behind: stores
/// past the caches outrun it, and so do masked loads, which a selection from what was just loaded becomes and which do not set it off at all
/// (measured: 1.2 and 1.6 times a copy without, 1.0 and 1.0 with).
void ask_ahead(Map& m, std::size_t vector, const Machine& machine) {
  constexpr std::int64_t kPage = 4096;
  const bool masked = machine.masks && selects(m.nest);
  if (!masked && !m.streaming) return;
  m.ahead = masked ? kPage : 2 * kPage;
  for (std::size_t k = 0; k < m.nest.inputs.size(); ++k) {
    const Access& operand = m.nest.inputs[k];
    std::int64_t bytes = loops::size_of(operand.dtype);
    for (std::size_t a = 0; a < m.nest.axes.size(); ++a)
      if (operand.strides[a].value != 0) bytes *= m.nest.axes[a].extent.value;
    if (operand.dtype == DType::boolean || !operand.strides[vector].is(1) || bytes <= machine.l2) continue;
    m.asked.push_back(k);
    m.builder.say("operand " + std::to_string(k) + " is asked for " + std::to_string(m.ahead) + " bytes in advance: " +
                  (masked ? "masked loads do not make the hardware do so" : "stores past the caches outrun the hardware"));
  }
}

}  // namespace

void schedule_map(const Nest& nest, Plan& plan) {
  if (nest.axes.empty() || (plan.dynamic && volume(nest) == 0)) return schedule_plain(nest, plan);
  const std::int64_t lanes = std::max<std::int64_t>(1, plan.machine.vector_bytes / widest_bytes(nest));
  const std::size_t vector = vector_axis(nest, lanes);
  const std::int64_t vectors = fixed(nest, int(vector)) ? (nest.axes[vector].extent.value + lanes - 1) / lanes : 4;
  const int unroll = int(std::clamp<std::int64_t>(vectors, 1,
                                                  arithmetic(nest) > 2   ? 1
                                                  : arithmetic(nest) > 1 ? 2
                                                                         : 4));
  Map m{nest, AxisBuilder(nest, plan)};
  m.values.resize(nest.inputs.size());
  m.builder.say(nest.label + ": map");
  m.builder.say("vectors of " + std::to_string(lanes) + " along " + nest.axes[vector].name + ", " +
                std::to_string(unroll) + " at a time");
  m.streaming = may_stream(nest.outputs[0], nest, vector, lanes, plan.machine);
  if (m.streaming) m.builder.say("stored past the caches: the output is larger than they are");
  ask_ahead(m, vector, plan.machine);
  plan_levels(m, vector, lanes, unroll);
  Body body;
  m.load(body, -1);
  m.emit(body, 0);
  m.builder.finish(std::move(body));
}

}  // namespace einx::detail::loops
