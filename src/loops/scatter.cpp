// set_at, add_at, subtract_at, once the output holds the tensor; and the check of all coordinates before
// that.
//
// Two assignments of the axes meet in one element only along axes that the output does not have. All others
// may be cut among threads and walked in any order or as vectors: the updates of an element keep theirs, so
// bits do not depend on the number of threads.
#include <algorithm>
#include <cstdlib>

#include "loops/estimate.h"

namespace einx::detail::loops {
namespace {

struct Choice {
  std::vector<int> loops;  ///< serial, outermost first
  int vector = -1;         ///< inside of them
  int lanes = 1, unroll = 1;
  int ahead = 0;          ///< so many iterations of the last loop before a slice is updated, it is asked for
  int cut = -1;           ///< the axis that threads share, one of the above
  std::int64_t part = 0;  ///< iterations of it a thread takes at a time
  std::string why;
};

void say_cut(const Nest& nest, Choice& c) {
  if (c.cut >= 0)
    c.why += "\nthreads take " + nest.axes[c.cut].name + " in parts of " + std::to_string(c.part);
}

// ---------------------------------------------------------------- what is chosen for updates
/// Elements that a thread should have to itself on a contiguous axis: whole cache lines, and enough of them
/// for the prefetcher.
constexpr std::int64_t kSliceBytes = 1024;

/// The slice's contiguous axis, if it has one. In a dynamic program only a constant stride is known.
int pick_vector(const Nest& nest, std::span<const int> slice, bool dynamic) {
  for (const int axis : slice)
    if (stride_of(nest.outputs[0], axis) == 1 && (dynamic || nest.axes[axis].extent.value >= 2)) return axis;
  return -1;
}

/// Iterations a part if threads shared this axis; 0: it is not worth it.
std::int64_t part_of(const Nest& nest, const Choice& c, int axis, double nanoseconds) {
  const std::int64_t extent = nest.axes[axis].extent.value;
  std::int64_t grain = parallel_grain(extent, nanoseconds / double(extent));
  if (grain == 0) return 0;
  if (axis == c.vector) {
    // Halves, quarters, ...: two or four threads have the same to do.
    const std::int64_t least = std::max(grain, kSliceBytes / loops::size_of(nest.outputs[0].dtype));
    grain = extent;
    while (grain / 2 >= least) grain = (grain + 1) / 2;
    grain = round_up(grain, std::int64_t(c.lanes) * c.unroll);
  }
  return grain < extent ? grain : 0;
}

/// The outermost axis of the output that gives several parts a thread, else the one that gives the most.
void pick_cut(const Nest& nest, Choice& c, double nanoseconds) {
  constexpr std::int64_t kEnough = 16;
  std::vector<int> candidates = c.loops;
  if (c.vector >= 0) candidates.push_back(c.vector);
  std::int64_t most = 0;
  for (const int axis : candidates) {
    if (nest.axes[axis].reduced) continue;
    const std::int64_t part = part_of(nest, c, axis, nanoseconds);
    if (part == 0) continue;
    const std::int64_t parts = (nest.axes[axis].extent.value + part - 1) / part;
    if (parts <= most) continue;
    most = parts, c.cut = axis, c.part = part;
    if (parts >= kEnough) break;
  }
}

/// Bytes of the tensor that any coordinates can reach.
std::int64_t reach(const Nest& nest) {
  std::int64_t elements = 1;
  for (const Coordinate& c : nest.coordinates)
    elements = std::max(elements, c.extent.value * std::abs(c.stride.value));
  return elements * loops::size_of(nest.outputs[0].dtype);
}

/// Slices at random places of a large tensor: enough of an advance to hide a miss.
void pick_ahead(const Nest& nest, const Plan& plan, Choice& c) {
  constexpr int kAhead = 4;
  const bool slices = c.vector >= 0 && !c.loops.empty() && c.loops.back() != c.cut &&
                      in_coordinates(nest, c.loops.back()) &&
                      nest.axes[c.loops.back()].extent.value > kAhead;
  if (!slices || reach(nest) <= plan.machine.l2) return;
  c.ahead = kAhead;
  c.why += "\nslices are asked for " + std::to_string(kAhead) + " updates in advance: the tensor is larger than the caches";
}

/// Loops in the order of the updates, then those of the slice that all coordinates share.
Choice choose_update(const Nest& nest, const Plan& plan) {
  Choice c;
  std::vector<int> slice;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    (nest.axes[a].reduced || in_coordinates(nest, int(a)) ? c.loops : slice).push_back(int(a));
  c.lanes = int(std::max<std::int64_t>(1, plan.machine.vector_bytes / widest_bytes(nest)));
  c.vector = pick_vector(nest, slice, plan.dynamic);
  std::erase(slice, c.vector);
  if (!plan.dynamic)
    std::ranges::stable_sort(slice, std::ranges::greater{},
                             [&](int axis) { return std::abs(nest.outputs[0].strides[axis].value); });
  c.loops.insert(c.loops.end(), slice.begin(), slice.end());
  c.why = c.vector >= 0 ? "slices are updated as vectors along " + nest.axes[c.vector].name
                        : "element by element: no slice is contiguous";
  if (plan.dynamic) {
    const auto kept = std::ranges::find_if(c.loops, [&](int axis) { return !nest.axes[axis].reduced; });
    if (kept == c.loops.end()) return c;
    c.cut = *kept, c.part = 64;
    std::rotate(c.loops.begin(), kept, kept + 1);
    return c;
  }
  constexpr std::int64_t kMostAtOnce = 4;
  if (c.vector >= 0)
    c.unroll = int(std::clamp<std::int64_t>(nest.axes[c.vector].extent.value / c.lanes, 1, kMostAtOnce));
  const double speed = c.vector >= 0 ? std::max(1.0, 0.5 * c.lanes) : 1.0;
  pick_cut(nest, c, cost(nest) * double(volume(nest)) / speed);
  say_cut(nest, c);
  pick_ahead(nest, plan, c);
  return c;
}

// ---------------------------------------------------------------- what is chosen for checks
Choice choose_check(const Nest& nest, const Plan& plan) {
  Choice c;
  c.loops = axes_where(nest, false);
  c.why = "coordinates one by one";
  if (c.loops.empty()) return c;
  c.vector = c.loops.back();
  c.loops.pop_back();
  c.lanes = int(std::max<std::int64_t>(1, plan.machine.vector_bytes / loops::size_of(DType::i64)));
  c.unroll = 2;
  c.why = "vectors of coordinates along " + nest.axes[c.vector].name;
  if (plan.dynamic) {
    if (!c.loops.empty()) c.cut = c.loops[0], c.part = 64;
    return c;
  }
  const double nanoseconds = 0.3 * double(volume(nest)) * double(nest.coordinates.size());
  const int axis = c.loops.empty() ? c.vector : c.loops[0];
  std::int64_t grain =
      parallel_grain(nest.axes[axis].extent.value, nanoseconds / double(nest.axes[axis].extent.value));
  if (axis == c.vector) grain = round_up(grain, std::int64_t(c.lanes) * c.unroll);
  if (grain == 0 || grain >= nest.axes[axis].extent.value) return c;
  c.cut = axis, c.part = grain;
  say_cut(nest, c);
  return c;
}

// ---------------------------------------------------------------- the loops
struct Level {
  int axis = -1;
  Loop loop;
};

/// A cut axis that is the outermost one is a parallel loop; any other has a parallel loop of tiles around
/// everything and stays where it is.
std::vector<Level> levels_of(const Nest& nest, const Choice& c) {
  std::vector<Level> levels;
  const bool outermost = !c.loops.empty() && c.cut == c.loops[0];
  if (c.cut >= 0 && !outermost) levels.push_back({c.cut, header(LoopKind::Parallel, c.part)});
  const auto add = [&](int axis, Loop loop) {
    if (axis == c.cut && !outermost) {
      loop.extent = constant(c.part);
      loop.outer_extent = nest.axes[axis].extent;
    }
    levels.push_back({axis, std::move(loop)});
  };
  for (const int axis : c.loops)
    add(axis,
        axis == c.cut && outermost ? header(LoopKind::Parallel, 1, 1, c.part) : header(LoopKind::Serial));
  if (c.vector >= 0) add(c.vector, header(LoopKind::Vector, c.lanes, c.unroll));
  return levels;
}

/// Loops with everything as far out as it is known.
class IndexedLoops {
 public:
  IndexedLoops(const Nest& nest, Plan& plan, const Choice& choice)
      : b_(nest, plan), choice_(choice), levels_(levels_of(nest, choice)), checked_(nest.coordinates.size()) {
    b_.say(nest.label + (nest.inputs.empty() ? ": checked before anything is written" : ": scatter"));
    b_.say(choice.why);
  }

  void make() {
    Body body;
    arrive(body, -1);
    enter(body, 0);
    b_.finish(std::move(body));
  }

 private:
  /// The innermost level that moves it; a parallel body stands alone.
  int level_of(const Access& access) const {
    int known = !levels_.empty() && levels_[0].loop.kind == LoopKind::Parallel ? 0 : -1;
    for (int l = 0; l < int(levels_.size()); ++l)
      if (moves(access, levels_[std::size_t(l)].axis)) known = l;
    return known;
  }

  void enter(Body& body, std::size_t level) {
    if (level == levels_.size()) return update(body);
    if (choice_.ahead > 0 && !asks_ && level + 2 == levels_.size()) return enter_asking(body, level);
    Loop loop = levels_[level].loop;
    const int axis = levels_[level].axis;
    if (!loop.outer_extent.is(0)) loop.outer = b_.at[axis].vars.back();
    b_.over(body, axis, std::move(loop), [&](Body& in) {
      arrive(in, int(level));
      enter(in, level + 1);
    });
  }

  /// The loop around the vectors in two parts: the last slices have none after them to ask for.
  void enter_asking(Body& body, std::size_t level) {
    const int axis = levels_[level].axis;
    Loop& loop = levels_[level].loop;
    const std::int64_t all = b_.nest.axes[axis].extent.value - choice_.ahead;
    for (const bool last : {false, true}) {
      asks_ = true;
      loop.extent = constant(last ? choice_.ahead : all);
      b_.at[axis].start = last ? all : 0;
      b_.over(body, axis, loop, [&](Body& in) {
        if (!last) ask(in, axis);
        arrive(in, int(level));
        enter(in, level + 1);
      });
    }
    b_.at[axis].start = 0;
    asks_ = false;
  }

  /// The first lines of the slice that is updated `ahead` iterations later: from there on the hardware goes by
  /// itself. Its coordinates have been checked by a kernel before; negative ones miss, which harms nothing.
  void ask(Body& body, int axis) {
    constexpr std::int64_t kLines = 4, kLineBytes = 64;
    const Access& to = b_.nest.outputs[0];
    b_.at[axis].start += choice_.ahead;
    Address at = b_.address(to);
    for (const Coordinate& c : b_.nest.coordinates)
      at.indirect.push_back({load_coordinate(b_, body, c).reg, c.stride});
    b_.at[axis].start -= choice_.ahead;
    const std::int64_t line = kLineBytes / loops::size_of(to.dtype);
    for (std::int64_t k = 0; k < kLines; ++k, at.offset.value += line) body.push_back({Prefetch{to.buffer, at}});
  }

  /// What is known at this level and was not before.
  void arrive(Body& body, int level) {
    for (std::size_t k = 0; k < checked_.size(); ++k) {
      const Coordinate& c = b_.nest.coordinates[k];
      if (level_of(c.access) != level) continue;
      const Ref value = load_coordinate(b_, body, c);
      checked_[k] = b_.reg("index", DType::i64);
      body.push_back({Check{checked_[k], value, c.extent, c.operand, c.axis, b_.address(c.position)}});
    }
    for (const Access& update : b_.nest.inputs)
      if (level_of(update) == level) by_ = b_.load(body, update);
  }

  void update(Body& body) {
    const auto* scatter = std::get_if<ops::Scatter>(&b_.nest.meaning);
    if (scatter == nullptr || b_.nest.inputs.empty()) return;
    const Access& to = b_.nest.outputs[0];
    Address at = b_.address(to);
    for (std::size_t k = 0; k < checked_.size(); ++k)
      at.indirect.push_back({checked_[k].reg, b_.nest.coordinates[k].stride});
    const Lazy element = [&](Body& out) { return b_.load(out, "x", to.buffer, to.dtype, at); };
    const Ref updated = b_.apply(body, "y", scatter->update, {element, ready(by_)})[0];
    body.push_back({Store{to.buffer, at, updated}});
  }

  AxisBuilder b_;
  const Choice& choice_;
  bool asks_ = false;  ///< inside of enter_asking
  std::vector<Level> levels_;
  std::vector<Ref> checked_;  ///< by coordinate
  Ref by_;                    ///< the update
};

}  // namespace

void schedule_check(const Nest& nest, Plan& plan) {
  IndexedLoops(nest, plan, choose_check(nest, plan)).make();
}

void schedule_scatter(const Nest& nest, Plan& plan) {
  IndexedLoops(nest, plan, choose_update(nest, plan)).make();
}

}  // namespace einx::detail::loops
