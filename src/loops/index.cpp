// get_at: coordinates are checked as far out as they are known; then whole contiguous slices move as vectors.
#include <algorithm>
#include <cstdlib>

#include "loops/estimate.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

struct GatherChoice {
  std::vector<int> loops;  ///< axes of the coordinates, then those of the slice, without the vector axis
  int vector = -1;
  int lanes = 1, unroll = 1;
  int ahead = 1;  ///< slices whose coordinates are checked together: each is prefetched while an earlier one moves
  std::int64_t grain = 0;
  bool stream = false;
  std::string why;
};

/// The slice's axis that is contiguous on both sides, else in the output, else in the tensor.
int pick_vector(const Nest& nest, std::span<const int> slice) {
  const auto rank = [&](int axis) {
    return 2 * (stride_of(nest.outputs[0], axis) == 1) + (stride_of(nest.inputs[0], axis) == 1);
  };
  int best = -1;
  for (int axis : slice)
    if (nest.axes[axis].extent.value >= 2 && (best < 0 || rank(axis) > rank(best))) best = axis;
  return best >= 0 && rank(best) > 0 ? best : -1;
}

constexpr std::int64_t kGatherStreamBytes =
    kStreamBytes / 2;  ///< the table passes through the caches as well

/// How many slices ahead of the one that moves memory is asked for another: enough to hide a miss, few enough for the L1.
constexpr std::size_t kPrefetchDistance = 4;

/// Several slices at a time where the last loop is one of coordinates and its extent allows it.
int pick_ahead(const Nest& nest, const GatherChoice& c) {
  if (c.vector < 0 || c.loops.empty() || !in_coordinates(nest, c.loops.back())) return 1;
  const bool long_slices = nest.axes[c.vector].extent.value >= 4 * c.lanes;
  const std::int64_t slices = nest.axes[c.loops.back()].extent.value;
  return !long_slices || !fixed(nest, c.loops.back()) ? 1 : slices % 8 == 0 ? 8 : slices % 4 == 0 ? 4 : 1;
}

GatherChoice choose(const Nest& nest, const Plan& plan) {
  GatherChoice c;
  c.lanes = int(std::max<std::int64_t>(
      1, plan.machine.vector_bytes /
             std::max(loops::size_of(nest.inputs[0].dtype), loops::size_of(nest.outputs[0].dtype))));
  c.unroll = plan.machine.vector_registers >= 32 ? 8 : 4;
  std::vector<int> slice;
  for (int axis : axes_where(nest, false)) (in_coordinates(nest, axis) ? c.loops : slice).push_back(axis);
  c.vector = pick_vector(nest, slice);
  std::erase(slice, c.vector);
  c.why = c.vector >= 0 ? "slices move as vectors along " + nest.axes[c.vector].name
                        : "element by element: no slice is contiguous";
  c.loops.insert(c.loops.end(), slice.begin(), slice.end());
  if (c.loops.empty()) return c;
  c.ahead = pick_ahead(nest, c);
  if (c.ahead > 1)
    c.why += "\ncoordinates checked " + std::to_string(c.ahead) + " at a time, so that slices are prefetched while earlier ones move";
  const std::int64_t bytes = loops::size_of(nest.outputs[0].dtype);
  c.stream = c.vector >= 0 && volume(nest) * bytes > kGatherStreamBytes &&
             c.lanes * bytes == plan.machine.vector_bytes &&
             aligned_blocks(nest.outputs[0], nest, std::size_t(c.vector), c.lanes);
  if (c.stream) c.why += "\nstreaming stores: the output is larger than the caches";
  const std::int64_t outer = nest.axes[c.loops[0]].extent.value;
  if (c.vector >= 0 && fixed(nest, c.vector))
    c.unroll = int(std::clamp<std::int64_t>(nest.axes[c.vector].extent.value / c.lanes, 1, c.unroll));
  const double speed = c.vector >= 0 ? 0.5 * c.lanes : 1.0;
  c.grain = parallel_grain(outer, cost(nest) * double(volume(nest)) / double(outer) / std::max(speed, 1.0));
  if (c.grain > 0)
    c.why += "\nthreads take " + nest.axes[c.loops[0]].name + " in parts of " + std::to_string(c.grain);
  return c;
}

class GatherKernel {
 public:
  GatherKernel(const Nest& nest, Plan& plan, GatherChoice choice) : b_(nest, plan), c_(std::move(choice)) {
    checked_.assign(std::size_t(c_.ahead), std::vector<Ref>(nest.coordinates.size()));
  }

  void make() {
    Body body;
    loop(body, 0);
    b_.say(b_.nest.label);
    b_.say(c_.why);
    b_.finish(std::move(body));
  }

 private:
  /// Checks the coordinates that change with no loop further in than `depth`, and not with fewer, for the
  /// slices from `first` on.
  void check(Body& body, std::size_t depth, std::size_t first) {
    for (std::size_t k = 0; k < b_.nest.coordinates.size(); ++k) {
      const Coordinate& c = b_.nest.coordinates[k];
      std::size_t known = 0;
      for (std::size_t d = 0; d < c_.loops.size(); ++d)
        if (moves(c.access, c_.loops[d])) known = d + 1;
      if (known != depth) continue;
      const Ref value = load_coordinate(b_, body, c), checked = b_.reg("index", DType::i64);
      body.push_back({Check{checked, value, c.extent, c.operand, c.axis, b_.address(c.position)}});
      for (std::size_t slice = first; slice < checked_.size(); ++slice) checked_[slice][k] = checked;
    }
  }

  void loop(Body& body, std::size_t depth) {
    if (depth == 0) check(body, 0, 0);
    if (depth == c_.loops.size()) return slices(body, false);
    const bool parallel = depth == 0 && c_.grain > 0 && checked_at_top() == 0;
    const LoopKind kind = parallel ? LoopKind::Parallel : LoopKind::Serial;
    if (c_.ahead > 1 && depth + 1 == c_.loops.size()) return blocks(body, depth, parallel);
    b_.over(body, c_.loops[depth], header(kind, 1, 1, std::max<std::int64_t>(1, c_.grain)), [&](Body& in) {
      check(in, depth + 1, 0);
      loop(in, depth + 1);
    });
  }

  /// The last loop in blocks of `ahead` slices; every block but the last one asks for the first slices of the next.
  void blocks(Body& body, std::size_t depth, bool parallel) {
    const int axis = c_.loops[depth];
    const std::int64_t last = b_.nest.axes[axis].extent.value - c_.ahead;
    if (last > 0) {
      Loop head = header(parallel ? LoopKind::Parallel : LoopKind::Tile, c_.ahead, 1,
                         std::max<std::int64_t>(1, c_.grain / c_.ahead));
      head.extent = constant(last);
      b_.over(body, axis, head, [&](Body& in) { block(in, depth, true); });
    }
    b_.at[axis].start = last;
    block(body, depth, false);
    b_.at[axis].start = 0;
  }

  void block(Body& body, std::size_t depth, bool more) {
    each_slice([&](std::size_t slice) { check(body, depth + 1, slice); });
    slices(body, more);
  }

  /// Moves the last axis of the loops on, slice by slice.
  void each_slice(const std::function<void(std::size_t)>& with) {
    if (c_.ahead == 1) return with(0);
    std::int64_t& start = b_.at[c_.loops.back()].start;
    for (int k = 0; k < c_.ahead; ++k, ++start) with(std::size_t(k));
    start -= c_.ahead;
  }

  /// Coordinates that no loop changes stand before the first loop, which then cannot be a parallel one.
  std::ptrdiff_t checked_at_top() const {
    return std::ranges::count_if(b_.nest.coordinates, [&](const Coordinate& c) {
      return std::ranges::none_of(c_.loops, [&](int axis) { return moves(c.access, axis); });
    });
  }

  /// The slices of a block one after the other. `more`: another block follows.
  void slices(Body& body, bool more) {
    if (c_.vector < 0) return move(body, 0);
    const std::vector<Address> wanted = c_.ahead > 1 ? later_slices(body, more) : std::vector<Address>{};
    each_slice([&](std::size_t slice) {
      b_.over(body, c_.vector, header(LoopKind::Vector, c_.lanes, c_.unroll), [&](Body& in) {
        if (slice < wanted.size()) prefetch(in, wanted[slice]);
        move(in, slice);
      });
    });
  }

  /// What is wanted from memory while each slice moves: the start of the slice kPrefetchDistance further on. Coordinates of the next block are
  /// not checked yet: a prefetch of a wrong address does nothing.
  std::vector<Address> later_slices(Body& body, bool more) {
    std::vector<Address> starts;
    const auto ahead = std::size_t(c_.ahead);
    std::int64_t& start = b_.at[c_.loops.back()].start;
    const std::size_t count = more ? ahead + kPrefetchDistance : ahead;
    for (std::size_t slice = 0; slice < count; ++slice, ++start) {
      if (slice < kPrefetchDistance) continue;
      if (slice < ahead) {
        starts.push_back(source(checked_[slice]));
        continue;
      }
      std::vector<Ref> next = checked_[0];
      for (std::size_t k = 0; k < next.size(); ++k)
        if (moves(b_.nest.coordinates[k].access, c_.loops.back())) next[k] = load_coordinate(b_, body, b_.nest.coordinates[k]);
      starts.push_back(source(next));
    }
    start -= std::int64_t(count);
    return starts;
  }

  /// The vector axis' part of the address is added where it is known.
  void prefetch(Body& body, Address at) {
    const Int& stride = b_.nest.inputs[0].strides[c_.vector];
    for (const VarId var : b_.at[c_.vector].vars) at.terms.push_back({var, stride});
    body.push_back({Prefetch{b_.nest.inputs[0].buffer, std::move(at)}});
  }

  /// Where the tensor is read with these coordinates.
  Address source(const std::vector<Ref>& coordinates) {
    Address from = b_.address(b_.nest.inputs[0]);
    for (std::size_t k = 0; k < coordinates.size(); ++k)
      from.indirect.push_back({coordinates[k].reg, b_.nest.coordinates[k].stride});
    return from;
  }

  void move(Body& body, std::size_t slice) {
    const Access& input = b_.nest.inputs[0];
    const Ref value = b_.load(body, "x", input.buffer, input.dtype, source(checked_[slice]));
    b_.store(body, b_.nest.outputs[0], b_.cast(body, value, input.computed), c_.stream);
  }

  AxisBuilder b_;
  GatherChoice c_;
  std::vector<std::vector<Ref>> checked_;  ///< by slice and coordinate
};

}  // namespace

void schedule_index(const Nest& nest, Plan& plan) { GatherKernel(nest, plan, choose(nest, plan)).make(); }

}  // namespace einx::detail::loops
