// What a group in lanes takes: frames, lanes, time.
#include <algorithm>
#include <bit>

#include "loops/estimate.h"
#include "loops/lanes.h"

namespace einx::detail::loops {

const ops::Rows* product_rows(const Nest& nest) {
  return std::holds_alternative<ops::Rows>(nest.meaning) && nest.inputs.size() >= 2 && is_product_sum(nest)
             ? std::get_if<ops::Rows>(&nest.meaning)
             : nullptr;
}

bool packs(const Access& access, int lane) {
  const std::int64_t stride = stride_of(access, lane);
  return stride != 0 && stride != 1;
}

std::vector<Factor> factors_of(const Nest& nest, const Program& program, int lane, int around) {
  std::vector<Factor> factors;
  for (const Access& input : nest.inputs) {
    factors.push_back({{input, false}, axes_of(nest, input, lane, around), {}});
    Factor& factor = factors.back();
    const bool same_for_all = !moves(input, lane) && (around < 0 || !moves(input, around));
    if (same_for_all) factor.terms = terms_of(nest, input, factor.axes, program);
  }
  return factors;
}

namespace {

constexpr std::int64_t kGroupBytes = 120
                                     << 10;  ///< frames of a group: what a kernel may have in its stack frame

std::vector<PairStep> steps_of(const LanesGroup::Member& member, const Program& program) {
  std::vector<int> kept = axes_where(member.nest, false);
  std::erase(kept, member.lane), std::erase(kept, member.around);
  return pair_steps(member.nest, factors_of(member.nest, program, member.lane, member.around), kept,
                    axes_where(member.nest, true));
}

std::int64_t elements_beside(const LanesGroup::Member& member, const Access& access) {
  return volume(member.nest, axes_of(member.nest, access, member.lane));
}

/// Elements beside the lanes that are transposed on their way in or out.
std::int64_t transposed(const LanesGroup& group, const LanesGroup::Member& member) {
  std::int64_t elements = 0;
  for (const Access& input : member.nest.inputs)
    if (!group.inner.contains(input.buffer) && packs(input, member.lane))
      elements += elements_beside(member, input);
  const Access& output = member.nest.outputs[0];
  const auto inner = group.inner.find(output.buffer);
  if (inner != group.inner.end() ? inner->second.leaves : packs(output, member.lane))
    elements += elements_beside(member, output);
  return elements;
}

std::int64_t frame_bytes(const LanesGroup& group, const Plan& plan, int lanes) {
  std::int64_t elements = 0, bytes = 1;
  for (const LanesGroup::Member& member : group.members) {
    bytes = std::max(bytes, widest_bytes(member.nest));
    elements += transposed(group, member) + member.in_between;
  }
  for (const auto& [id, inner] : group.inner)
    if (!inner.leaves) elements += elements_of(group, inner, plan.program.buffers[std::size_t(id)]);
  return elements * bytes * lanes;
}

/// Bytes of a lane: of everything that is loaded, computed or stored.
std::int64_t lane_bytes(const Nest& nest) {
  std::int64_t bytes = widest_bytes(nest);
  if (const auto* rows = std::get_if<ops::Rows>(&nest.meaning))
    for (const ops::Pass& pass : rows->passes)
      for (const tensor::Scalar& identity : pass.identity)
        bytes = std::max(bytes, loops::size_of(identity.dtype));
  return bytes;
}

}  // namespace

Access without(Access access, int axis, std::int64_t extent) {
  const std::int64_t period = access.strides[std::size_t(axis)].value * extent;
  const auto shrunk = [&](std::int64_t stride) { return stride % period == 0 ? stride / extent : stride; };
  for (Int& stride : access.strides) stride = constant(shrunk(stride.value));
  access.strides[std::size_t(axis)] = constant(0);
  const std::int64_t rest = access.offset.value % period;
  access.offset = constant((access.offset.value - rest) / extent + rest);
  return access;
}

std::int64_t elements_of(const LanesGroup& group, const Inner& inner, const Buffer& buffer) {
  const std::int64_t elements = buffer.elements / group.extent;
  return group.around > 0 && !inner.leaves ? elements / group.around : elements;
}

int full_lanes(const LanesGroup& group, const Plan& plan) {
  std::int64_t bytes = 1;
  for (const LanesGroup::Member& member : group.members) bytes = std::max(bytes, lane_bytes(member.nest));
  const auto most = std::min<std::int64_t>(plan.machine.vector_bytes / bytes, group.extent);
  return int(std::bit_floor(std::uint64_t(most)));
}

int lanes_of(const LanesGroup& group, const Plan& plan) {
  for (int lanes = full_lanes(group, plan); lanes >= 4; lanes /= 2)
    if (frame_bytes(group, plan, lanes) <= kGroupBytes) return lanes;
  return 0;
}

LanesGroup::Member make_member(Nest nest, int lane, int around, const Program& program) {
  constexpr double kProduct = 0.3, kLoad = 0.2;  // of a vector
  LanesGroup::Member member{std::move(nest), lane, around};
  const auto length = [&](int axis) {
    return axis < 0 ? 1.0 : double(member.nest.axes[std::size_t(axis)].extent.value);
  };
  if (product_rows(member.nest) == nullptr) {
    const double each = (cost(member.nest) - 0.2) * 2.5 + kLoad;  // an operation is a quarter of a nanosecond
    member.vectors = double(volume(member.nest)) / length(lane) * each;
    return member;
  }
  const std::vector<PairStep> steps = steps_of(member, program);
  for (std::size_t k = 0; k < steps.size(); ++k) {
    // long sums wait for each other unless there are several side by side
    const double side = std::min<double>(8, double(volume(member.nest, steps[k].kept)));
    const double waits = std::min(1.0, double(volume(member.nest, steps[k].reduced)) / 32) / side;
    member.vectors += steps[k].work * std::max(kProduct, waits) * length(around);
    if (k + 1 < steps.size()) member.in_between += volume(member.nest, steps[k].kept);
  }
  return member;
}

double time_in_lanes(const LanesGroup& group, int lanes) {
  constexpr double kTransposed = 0.04;  // an element
  double vectors = 0, elements = 0;
  for (const LanesGroup::Member& member : group.members) {
    elements += double(transposed(group, member));
    vectors += member.vectors;
  }
  return double(group.extent) * (elements * kTransposed + vectors / lanes);
}

}  // namespace einx::detail::loops
