// The kernel of a group in lanes: operands that are not contiguous along the axis in the lanes are transposed
// into frames, the nests follow each other in one vector loop, results are transposed on their way out.
#include "loops/lanes.h"

#include <algorithm>

#include "loops/estimate.h"
#include "loops/plain.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kWrittenOut = 16;  ///< iterations of a plain nest that may stand as straight code

// ---------------------------------------------------------------- one set of axes
/// The axis in the lanes, that of the loop around the nests, then the others of every nest in turn.
Nest all_axes(const LanesGroup& group) {
  Nest all;
  const LanesGroup::Member& first = group.members.front();
  all.axes.push_back(first.nest.axes[std::size_t(first.lane)]);
  if (group.around > 0)
    all.axes.push_back({first.nest.axes[std::size_t(first.around)].name, constant(group.around), false});
  for (const LanesGroup::Member& member : group.members)
    for (int a = 0; a < int(member.nest.axes.size()); ++a)
      if (a != member.lane && a != member.around) all.axes.push_back(member.nest.axes[std::size_t(a)]);
  return all;
}

/// The member's nest along these axes, its own from `offset` on.
Nest along(const LanesGroup::Member& member, const Nest& all, std::size_t offset) {
  Nest nest = member.nest;
  const auto spread = [&](std::vector<Int>& strides) {
    std::vector<Int> wide(all.axes.size(), constant(0));
    std::size_t to = offset;
    for (std::size_t a = 0; a < strides.size(); ++a)
      wide[int(a) == member.lane ? 0 : int(a) == member.around ? 1 : to++] = strides[a];
    strides = std::move(wide);
  };
  for (Access& access : nest.inputs) spread(access.strides);
  for (Access& access : nest.outputs) spread(access.strides);
  spread(nest.position_strides);
  nest.axes = all.axes;
  return nest;
}

/// One nest of the group, and where its operands and its result are while the kernel runs.
struct Part {
  Nest nest;
  std::vector<int> kept, reduced;  ///< its own axes, without those that the group shares
  std::vector<Source> inputs;
  Source output;
  bool unpacks = false;
  std::optional<ProductSum> product;
};

std::vector<Part> parts_of(const LanesGroup& group, const Nest& all) {
  std::vector<Part> parts;
  const std::size_t shared = group.around > 0 ? 2 : 1;
  std::size_t offset = shared;
  for (const LanesGroup::Member& member : group.members) {
    Part part{along(member, all, offset), {}, {}, {}, {}, false, {}};
    const std::size_t own = member.nest.axes.size() - shared;
    for (std::size_t a = offset; a < offset + own; ++a)
      (all.axes[a].reduced ? part.reduced : part.kept).push_back(int(a));
    offset += own;
    parts.push_back(std::move(part));
  }
  return parts;
}

// ---------------------------------------------------------------- the kernel
class LanesKernel {
 public:
  LanesKernel(const LanesGroup& group, Plan& plan, int lanes)
      : group_(group), all_(all_axes(group)), b_(all_, plan), lanes_(lanes), parts_(parts_of(group, all_)) {
    for (const auto& [id, inner] : group.inner) {
      const Buffer buffer = plan.program.buffers[std::size_t(id)];
      frames_[id] =
          b_.buffer("frame", Buffer::Kind::Local, buffer.dtype, elements_of(group, inner, buffer) * lanes);
    }
    for (Part& part : parts_) place(part);
  }

  void make(const std::string& why) {
    const std::int64_t extent = group_.extent, whole = extent - extent % lanes_;
    const Int vectors_of = fixed(all_, 0) ? constant(whole / lanes_) : all_.axes[0].extent;
    const std::int64_t grain =
        parallel_grain(vectors_of, time_in_lanes(group_, lanes_) / double(whole / lanes_));
    Body body;
    Loop loop =
        header(grain > 0 ? LoopKind::Parallel : LoopKind::Tile, lanes_, 1, std::max<std::int64_t>(grain, 1));
    loop.extent = constant(whole);
    if (!fixed(all_, 0)) return make_open(std::move(body), std::move(loop), why);
    b_.over(body, 0, std::move(loop), [&](Body& in) { block(in); });
    if (whole != extent) {
      b_.at[0].start = extent - lanes_;
      block(body);
    }
    describe(why, grain);
    b_.finish(std::move(body));
  }

 private:
  /// The run shows how many vectors there are: the last one begins where it ends with the axis. Fewer values than lanes are another
  /// kernel's.
  void make_open(Body body, Loop vectors, const std::string& why) {
    vectors.extent = {};
    vectors.part = Loop::Part::Whole, vectors.unit = lanes_;
    Loop last = header(LoopKind::Tile, lanes_);
    last.part = Loop::Part::Last, last.unit = lanes_;
    b_.over(body, 0, std::move(vectors), [&](Body& in) { block(in); });
    b_.over(body, 0, std::move(last), [&](Body& in) { block(in); });
    describe(why, 0);
    b_.finish(std::move(body));
  }

  // ------------------------------------------------------------ where operands are
  void place(Part& part) {
    for (const Access& input : part.nest.inputs) part.inputs.push_back(source_of(part, input));
    const Access& output = part.nest.outputs[0];
    const auto inner = group_.inner.find(output.buffer);
    if (inner != group_.inner.end()) {
      part.output = inner_frame(output, inner->second);
      part.unpacks = inner->second.leaves;
    } else {
      part.unpacks = packs(output, 0);
      part.output = part.unpacks ? make_frame(b_, output, axes_of(part.nest, output, 0), lanes_)
                                 : Source{output, false};
    }
    if (product_rows(part.nest) == nullptr) return;
    std::vector<Factor> factors = factors_of(part.nest, b_.plan.program, 0, group_.around > 0 ? 1 : -1);
    for (std::size_t k = 0; k < factors.size(); ++k) factors[k].source = part.inputs[k];
    part.product.emplace(part.nest, std::move(factors), part.kept, part.reduced);
  }

  /// The same element of every value of the axis side by side; the buffer's other strides shrink accordingly.
  Source inner_frame(const Access& access, const Inner& inner) const {
    Source source{without(access, 0, group_.extent), true};
    if (group_.around > 0 && !inner.leaves)
      source.access = without(std::move(source.access), 1, group_.around);
    source.access.buffer = frames_.at(access.buffer);
    for (Int& stride : source.access.strides) stride.value *= lanes_;
    source.access.offset.value *= lanes_;
    return source;
  }

  Source source_of(const Part& part, const Access& input) {
    const auto inner = group_.inner.find(input.buffer);
    if (inner != group_.inner.end()) return inner_frame(input, inner->second);
    if (!packs(input, 0)) return {input, false};
    const std::vector<int> axes = axes_of(part.nest, input, 0);
    for (const Packed& packed : packed_)
      if (same(packed, input, axes)) return renamed(packed, input, axes);
    packed_.push_back({input, make_frame(b_, input, axes, lanes_), axes});
    return packed_.back().source;
  }

  /// An operand that is transposed once for all nests that read it.
  struct Packed {
    Access from;
    Source source;
    std::vector<int> axes;
  };
  bool same(const Packed& packed, const Access& input, std::span<const int> axes) const {
    const Access& from = packed.from;
    bool equal = from.buffer == input.buffer && from.offset == input.offset &&
                 from.strides[0] == input.strides[0] && packed.axes.size() == axes.size();
    for (std::size_t k = 0; equal && k < axes.size(); ++k)
      equal = from.strides[std::size_t(packed.axes[k])] == input.strides[std::size_t(axes[k])] &&
              all_.axes[std::size_t(packed.axes[k])].extent == all_.axes[std::size_t(axes[k])].extent;
    return equal;
  }
  /// Its frame along the axes of another nest.
  Source renamed(const Packed& packed, const Access& input, std::span<const int> axes) const {
    Source source = packed.source;
    std::ranges::fill(source.access.strides, constant(0));
    for (std::size_t k = 0; k < axes.size(); ++k)
      source.access.strides[std::size_t(axes[k])] = packed.source.access.strides[std::size_t(packed.axes[k])];
    source.access.computed = input.computed;
    return source;
  }

  // ------------------------------------------------------------ statements
  void block(Body& body) {
    const Strip strip{0, lanes_};
    for (const Packed& packed : packed_) pack(b_, body, packed.from, packed.source, packed.axes, strip);
    Loop loop = header(LoopKind::Vector, lanes_);
    loop.extent = constant(lanes_);
    b_.over(body, 0, std::move(loop), [&](Body& in) {
      const auto nests = [&](Body& at) {
        for (Part& part : parts_) compute(at, part);
      };
      group_.around > 0 ? b_.over(in, 1, header(LoopKind::Serial), nests) : nests(in);
    });
    for (const Part& part : parts_)
      if (part.unpacks)
        unpack(b_, body, part.output, part.nest.outputs[0], axes_of(part.nest, part.nest.outputs[0], 0),
               strip);
  }

  /// What another nest left is rounded as if it had been in memory: a product does not contract with a sum
  /// here.
  Ref fenced(Body& body, const Part& part, std::size_t input, Ref value) {
    const DType dtype = b_.dtype_of(value);
    if (!group_.inner.contains(part.nest.inputs[input].buffer) || !tensor::is_float(dtype)) return value;
    const Ref rounded = b_.reg("r", dtype);
    body.push_back({Apply{{rounded}, cast_fn(dtype, dtype), {value}}});
    return rounded;
  }

  void compute(Body& body, Part& part) {
    const auto keep = [&](Body& in, Ref value) {
      part.output.framed ? store(b_, in, part.output, 0, value) : b_.store(in, part.output.access, value);
    };
    if (part.product) return part.product->emit(b_, body, 0, lanes_, keep);
    const std::int64_t short_enough = cost(part.nest) > 2 ? 1 : kWrittenOut;
    const auto read = [&](Body& in, std::size_t k) {
      return fenced(in, part, k, load(b_, in, part.inputs[k], 0));
    };
    PlainBody plain{b_, part.nest, part.reduced, read, keep, short_enough};
    const bool alone = part.reduced.empty();
    over_short(b_, body, part.kept, alone ? short_enough : 0, [&](Body& in) { emit_plain(plain, in); });
  }

  void describe(const std::string& why, std::int64_t grain) {
    std::string labels;
    for (const LanesGroup::Member& member : group_.members)
      labels += (labels.empty() ? "" : "; ") + member.nest.label;
    b_.say(labels);
    if (!why.empty()) b_.say(why);
    const std::string& name = all_.axes[0].name;
    b_.say("small problems: " + std::to_string(lanes_) + " values of " + name + " in the lanes" +
           (packed_.empty() ? "" : ", operands transposed into frames") +
           (group_.extent % lanes_ != 0 ? "; the last vector does some of them again" : ""));
    if (group_.around > 0) b_.say("one loop over " + all_.axes[1].name + " around them all");
    for (const Part& part : parts_)
      if (const std::string words = part.product ? part.product->words(all_) : ""; !words.empty())
        b_.say(words);
    if (grain > 0) b_.say("threads take " + name + " in parts of " + std::to_string(grain * lanes_));
  }

  const LanesGroup& group_;
  Nest all_;
  AxisBuilder b_;
  int lanes_;
  std::vector<Part> parts_;
  std::map<BufferId, BufferId> frames_;  ///< of the inner buffers
  std::vector<Packed> packed_;
};

/// Elements of the access beside the vector axis, in bytes of a lane: what a nest of its own may take.
bool stays_small(const Nest& nest, int vector, int lanes) {
  constexpr std::int64_t kDeep = 512;
  const DType sums = std::get<ops::Rows>(nest.meaning).passes[0].identity[0].dtype;
  const auto elements_of = [&](const Access& access) { return volume(nest, axes_of(nest, access, vector)); };
  std::int64_t bytes = elements_of(nest.outputs[0]) * loops::size_of(nest.outputs[0].dtype);
  for (const Access& input : nest.inputs) bytes += elements_of(input) * loops::size_of(input.dtype);
  bytes += bytes / loops::size_of(nest.inputs[0].dtype) * loops::size_of(sums);
  return bytes * lanes <= kFrameBytes && volume(nest, axes_where(nest, true)) <= kDeep;
}

bool has_terms(const Nest& nest, const Program& program) {
  return std::ranges::any_of(nest.inputs, [&](const Access& input) {
    return terms_of(nest, input, axes_of(nest, input, -1), program).has_value();
  });
}

/// The longest kept axis that an operand moves along, and no constant that is written out.
int longest_lane(const Nest& nest, const Program& program) {
  int lane = -1;
  for (int axis : axes_where(nest, false)) {
    const bool free = std::ranges::none_of(nest.inputs, [&](const Access& input) {
      return moves(input, axis) && program.buffers[std::size_t(input.buffer)].kind == Buffer::Kind::Constant;
    });
    const bool longer =
        lane < 0 || nest.axes[std::size_t(axis)].extent.value > nest.axes[std::size_t(lane)].extent.value;
    if (free && read_along(nest, axis) && longer) lane = axis;
  }
  return lane;
}

/// A product that is small enough to be a group of its own.
std::optional<LanesGroup> alone(const Nest& nest, const Plan& plan, bool two = false) {
  constexpr std::int64_t kShort = 16;
  if (nest.inputs.size() < 2 || !is_product_sum(nest)) return {};
  if (nest.inputs.size() == 2 && !(two && volume(nest, axes_where(nest, true)) <= kShort) && !has_terms(nest, plan.program)) return {};
  const int lane = longest_lane(nest, plan.program);
  if (lane < 0) return {};
  LanesGroup group{
      {make_member(nest, lane, -1, plan.program)}, nest.axes[std::size_t(lane)].extent.value, 0, {}};
  const int lanes = lanes_of(group, plan);
  return lanes > 0 && stays_small(nest, lane, lanes) ? std::optional(std::move(group)) : std::nullopt;
}

}  // namespace

void emit_lanes(const LanesGroup& group, Plan& plan, int lanes, const std::string& why) {
  LanesKernel(group, plan, lanes).make(why);
}

bool is_small_in_lanes(const Nest& nest, const Plan& plan) { return alone(nest, plan).has_value(); }

namespace {

/// Whether nothing but the length of the axis is a parameter.
bool is_free_along_only(const Nest& nest, int lane) {
  Nest rest = nest;
  rest.axes[std::size_t(lane)].extent.param = -1;
  return !has_parameters(rest);
}

/// Scalar loops for fewer values of the axis than there are lanes.
void emit_few(const Nest& nest, Plan& plan, int lane, int lanes) {
  AxisBuilder b(nest, plan);
  PlainBody p{b, nest, axes_where(nest, true), [&](Body& body, std::size_t input) { return b.load(body, nest.inputs[input]); },
              [&](Body& body, Ref value) { b.store(body, nest.outputs[0], value); }};
  std::vector<int> kept = axes_where(nest, false);
  std::erase(kept, lane);
  Loop few = header(LoopKind::Serial);
  few.part = Loop::Part::Small, few.unit = lanes;
  Body body;
  b.over(body, lane, std::move(few), [&](Body& in) { b.over(in, kept, [&](Body& at) { emit_plain(p, at); }); });
  b.say(nest.label + ": fewer values of " + nest.axes[std::size_t(lane)].name + " than lanes");
  b.finish(std::move(body));
}

}  // namespace

bool schedule_lanes(const Nest& nest, Plan& plan, bool two) {
  const auto group = alone(nest, plan, two);
  if (!group) return false;
  const int lane = group->members[0].lane, lanes = lanes_of(*group, plan);
  if (plan.dynamic && !is_free_along_only(nest, lane)) return false;
  emit_lanes(*group, plan, lanes, "");
  if (!fixed(nest, lane)) emit_few(nest, plan, lane, lanes);
  return true;
}

}  // namespace einx::detail::loops
