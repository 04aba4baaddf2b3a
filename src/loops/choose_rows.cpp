// Which axis of a nest of Rows becomes the vector, and what goes around it.
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

#include "loops/estimate.h"
#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

const ops::Rows& rows_of(const Nest& nest) { return std::get<ops::Rows>(nest.meaning); }

/// Whether the axis is contiguous wherever it is read (an operand without it does not count).
bool contiguous(const Nest& nest, int axis) {
  bool one = false;
  for (const Access& input : nest.inputs) {
    const std::int64_t stride = stride_of(input, axis);
    if (stride != 0 && stride != 1) return false;
    one = one || stride == 1;
  }
  return one;
}

std::int64_t distance(const Nest& nest, int axis) {
  std::int64_t sum = 0;
  for (const Access& input : nest.inputs) sum += std::abs(stride_of(input, axis));
  return sum;
}

int nearest(const Nest& nest, std::span<const int> axes, std::int64_t at_least) {
  int best = -1;
  for (int axis : axes)
    if (nest.axes[axis].extent.value >= at_least && (best < 0 || distance(nest, axis) < distance(nest, best)))
      best = axis;
  return best;
}

int first_contiguous(const Nest& nest, std::span<const int> axes) {
  for (int axis : axes)
    if (contiguous(nest, axis)) return axis;
  return -1;
}

bool strides_known(const Nest& nest) { return std::ranges::all_of(nest.inputs, fixed_strides); }

struct Pick {
  int axis = -1;
  std::string why;
};

Pick pick_vector(const Nest& nest, std::span<const int> kept, std::span<const int> reduced, int lanes) {
  const std::int64_t row = volume(nest, reduced);
  const auto extent = [&](int axis) { return axis < 0 ? 0 : nest.axes[axis].extent.value; };
  const auto name = [&](int axis) { return nest.axes[axis].name; };
  const int r = first_contiguous(nest, reduced), k = first_contiguous(nest, kept);
  if (r < 0 && k < 0 && !strides_known(nest)) {
    const std::span<const int> from = reduced.empty() ? kept : reduced;
    if (!from.empty()) return {from.back(), "vectors along the last axis, " + name(from.back()) + ": strides are parameters"};
  }
  if (r >= 0 && (extent(r) >= lanes || row >= 4 * lanes))
    return {r, "vectors along the reduced axis " + name(r) + ", which is contiguous"};
  if (k >= 0 && extent(k) >= std::min(lanes / 4, 4))
    return {k, "vectors across the kept axis " + name(k) + ", which is contiguous"};
  if (const int across = nearest(nest, kept, lanes); across >= 0)
    return {across, "vectors across the kept axis " + name(across) + ": rows are too short or scattered"};
  if (r >= 0 && extent(r) > 1) return {r, "vectors along the reduced axis " + name(r) + ", short as it is"};
  if (const int along = nearest(nest, reduced, lanes); along >= 0)
    return {along, "vectors along the reduced axis " + name(along) + ", gathered: nothing is contiguous"};
  return {-1, "scalar: too little for a vector"};
}

void sort_inner(const Nest& nest, std::vector<int>& axes) {
  std::ranges::stable_sort(axes, [&](int a, int b) { return distance(nest, a) > distance(nest, b); });
}

/// Threads take the outermost kept axis that is long enough, else columns of the vector axis.
void choose_threads(const Nest& nest, RowsChoice& c) {
  const double total = time_of(nest, c.lanes);
  const auto parts = [&](int axis) {
    return parallel_grain(nest.axes[axis].extent, total / std::max(1.0, double(nest.axes[axis].extent.value)));
  };
  auto best = c.outer.end();
  for (auto it = c.outer.begin(); it != c.outer.end(); ++it) {
    const std::int64_t extent = nest.axes[*it].extent.value;
    if (best == c.outer.end() ||
        (fixed(nest, *best) && nest.axes[*best].extent.value < 16 && extent > nest.axes[*best].extent.value))
      best = it;
  }
  if (best != c.outer.end()) {
    std::rotate(c.outer.begin(), best, best + 1);
    c.grain = parts(c.outer.front());
    if (c.grain > 0)
      c.threads =
          "threads take " + nest.axes[c.outer.front()].name + " in parts of " + std::to_string(c.grain);
    return;
  }
  if (c.vector < 0 || nest.axes[c.vector].reduced) return;
  const std::int64_t block =
      round_up(std::max<std::int64_t>(parts(c.vector), 1), std::int64_t(c.lanes) * c.unroll);
  if (parts(c.vector) == 0 || (fixed(nest, c.vector) && block >= nest.axes[c.vector].extent.value)) return;
  c.tile = block;
  c.threads = "threads take blocks of " + std::to_string(block) + " of " + nest.axes[c.vector].name;
}

}  // namespace

int lanes_of(const Nest& nest, const Machine& machine) {
  std::int64_t widest = 1;
  for (const Access& input : nest.inputs)
    widest = std::max<std::int64_t>(widest, loops::size_of(input.dtype));
  for (const ops::Pass& pass : rows_of(nest).passes) {
    widest = std::max<std::int64_t>(
        widest, loops::size_of(pass.identity[0].dtype));  // a position beside it may be wider: two registers
  }
  return int(std::max<std::int64_t>(1, machine.vector_bytes / widest));
}

int unroll_of(const Nest& nest, const Machine& machine) {
  std::size_t accumulators = 1;
  double work = 0;
  for (const ops::Pass& pass : rows_of(nest).passes) {
    accumulators = std::max(accumulators, pass.identity.size());
    work = std::max(work, cost(pass.map));
  }
  const int most = machine.vector_registers >= 32 ? 8 : 4;
  return accumulators > 1 || work > 1 ? most / 2 : most;
}

double time_of(const Nest& nest, int lanes) {
  return cost(nest) * double(volume(nest)) / std::max(1.0, 0.5 * double(lanes));
}

RowsChoice choose_rows(const Nest& nest, const Plan& plan) {
  RowsChoice c;
  c.lanes = lanes_of(nest, plan.machine);
  c.unroll = unroll_of(nest, plan.machine);
  std::vector<int> kept, reduced = axes_where(nest, true);
  for (int axis : axes_where(nest, false))
    (read_along(nest, axis) ? kept : c.spread).push_back(axis);
  Pick pick = pick_vector(nest, kept, reduced, c.lanes);
  c.vector = pick.axis;
  c.why = std::move(pick.why);
  std::erase(kept, c.vector);
  std::erase(reduced, c.vector);
  sort_inner(nest, reduced);
  c.outer = std::move(kept);
  c.inner = std::move(reduced);
  if (c.vector >= 0) {
    const bool known = fixed(nest, c.vector);
    const auto length = std::uint64_t(known ? std::max<std::int64_t>(1, nest.axes[c.vector].extent.value) : c.lanes);
    c.lanes = int(std::min<std::uint64_t>(std::uint64_t(c.lanes), std::bit_ceil(length)));
    const std::int64_t vectors = known ? nest.axes[c.vector].extent.value / c.lanes : c.unroll;
    c.unroll = int(std::clamp<std::int64_t>(vectors, 1, c.unroll));
    c.why += ", " + std::to_string(c.unroll) + " x " + std::to_string(c.lanes) + " lanes";
  }
  const bool scalar_around = c.vector < 0 || !nest.axes[c.vector].reduced;
  c.unroll_last = scalar_around && !c.inner.empty() && fixed(nest, c.inner.back()) &&
                  nest.axes[c.inner.back()].extent.value <= 8;
  choose_threads(nest, c);
  return c;
}

bool goes_forward(const Nest& nest, const RowsChoice& choice) {
  std::vector<int> loops = choice.inner;
  if (choice.vector >= 0 && nest.axes[choice.vector].reduced) loops.push_back(choice.vector);
  std::int64_t inside = 1;
  for (std::size_t k = loops.size(); k-- > 0;) {
    const Int& stride = nest.position_strides[loops[k]];
    const bool known = stride.constant() && (k == 0 || fixed(nest, loops[k]));
    if (!known || stride.value < inside) return false;
    inside = stride.value * nest.axes[loops[k]].extent.value;
  }
  return true;
}

void sort_by_position(const Nest& nest, RowsChoice& choice) {
  std::ranges::stable_sort(choice.inner, [&](int a, int b) {
    return nest.position_strides[a].value > nest.position_strides[b].value;
  });
}

void schedule_rows(const Nest& nest, Plan& plan) {
  const RowsChoice choice = choose_rows(nest, plan);
  if (!schedule_split(nest, plan, choice) && !schedule_columns(nest, plan, choice))
    emit_rows(nest, plan, choice);
}

}  // namespace einx::detail::loops
