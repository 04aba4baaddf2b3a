// Few results of long sums: one operand's slice is packed into a frame, transposed so that vectors run along
// an axis of the output; the other operand is read as scalars from where it is. The tile of results stays in
// registers over all of a slice and in a frame from slice to slice. Long sums are cut into parts, by shape
// only, whose results a second kernel adds in their order.
#include <algorithm>

#include "loops/contract_pack.h"
#include "loops/estimate.h"
#include "loops/rows.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kLongest = 128;  ///< of the tile's two axes
constexpr std::int64_t kAhead = 2;      ///< steps of the second innermost summed axis that are prefetched
constexpr std::int64_t kMostLines = 4;  ///< prefetched for a row

struct Form {
  int vector = -1, rows = -1;
  int packed = 0;              ///< the operand with the vector axis
  int depth = -1, along = -1;  ///< summed axes that are contiguous in the packed, in the other operand
};

int contiguous_axis(const Nest& nest, const Access& access) {
  for (int axis : axes_where(nest, true))
    if (access.strides[axis].is(1)) return axis;
  return -1;
}

int longest(const Nest& nest, std::span<const int> axes) {
  const auto less = [&](int a, int b) { return nest.axes[a].extent.value < nest.axes[b].extent.value; };
  return axes.empty() ? -1 : *std::ranges::max_element(axes, less);
}

/// The vector axis is an axis of one operand alone, contiguous in the output if there is such a one; rows are
/// the longest axis of the other operand.
Form find_form(const Nest& nest) {
  const Classes classes = classify(nest);
  const std::vector<int>* const sides[] = {&classes.m, &classes.n};
  Form form;
  for (int packed = 0; packed < 2; ++packed) {
    const auto reads = [&](int axis, int input) { return !nest.inputs[input].strides[axis].is(0); };
    for (int axis : *sides[packed]) {
      const std::int64_t extent = nest.axes[axis].extent.value;
      if (!reads(axis, packed) || extent < 4 || extent > kLongest) continue;
      const bool better = form.vector < 0 || stride_of(nest.outputs[0], axis) == 1;
      const int rows = longest(nest, *sides[1 - packed]);
      if (better && rows >= 0 && reads(rows, 1 - packed)) form = {axis, rows, packed, -1, -1};
    }
  }
  if (form.vector < 0) return form;
  form.depth = contiguous_axis(nest, nest.inputs[form.packed]);
  form.along = contiguous_axis(nest, nest.inputs[1 - form.packed]);
  return form;
}

/// What is done for each slice, and where its summed axes run. Axes are those of a nest with the long ones
/// split.
struct Slice {
  std::vector<int> around, inside;  ///< summed axes around a slice, and in it, the fastest last
  std::int64_t width = 0;           ///< the vector axis in whole vectors
  bool pack = true;
};

std::int64_t smaller_divisor(std::int64_t extent, std::int64_t than) {
  for (std::int64_t d = than - 1; d > 1; --d)
    if (extent % d == 0) return d;
  return 1;
}

/// Long axes are split until a slice fits in a frame: all of what is contiguous in either operand if
/// possible, parts of both else; then as many of the other axes as fit.
Slice cut_slice(Nest& nest, const Form& form, std::int64_t lanes) {
  Slice slice;
  slice.width = round_up(nest.axes[form.vector].extent.value, lanes);
  slice.pack = stride_of(nest.inputs[form.packed], form.vector) != 1;
  std::vector<int> reduced = axes_where(nest, true), fast;
  if (!slice.pack) {
    slice.inside = std::move(reduced);
    return slice;
  }
  for (int axis : {form.depth, form.along})
    if (axis >= 0 && std::ranges::find(fast, axis) == fast.end()) fast.push_back(axis);
  if (fast.empty()) fast.push_back(longest(nest, reduced));
  std::vector<std::int64_t> block;
  std::int64_t bytes = slice.width * loops::size_of(nest.inputs[form.packed].dtype);
  const std::int64_t row = bytes;
  for (int axis : fast) block.push_back(nest.axes[axis].extent.value), bytes *= block.back();
  while (bytes > kFrameBytes) {
    std::int64_t& longest_block = *std::ranges::max_element(block);
    const std::size_t k = std::size_t(&longest_block - block.data());
    longest_block = smaller_divisor(nest.axes[fast[k]].extent.value, longest_block);
    bytes = row;
    for (std::int64_t length : block) bytes *= length;
  }
  for (std::size_t k = 0; k < fast.size(); ++k) {
    const int inner = split_axis(nest, fast[k], block[k]);
    if (inner != fast[k]) slice.around.push_back(fast[k]);
    slice.inside.push_back(inner);
  }
  for (int axis : reduced) {
    if (std::ranges::find(fast, axis) != fast.end()) continue;
    const std::int64_t extent = nest.axes[axis].extent.value;
    const bool fits = bytes * extent <= kFrameBytes;
    if (fits) bytes *= extent;
    (fits ? slice.inside : slice.around).insert((fits ? slice.inside : slice.around).begin(), axis);
  }
  return slice;
}

struct SliceTile {
  int lanes = 1, unroll = 1;
  std::int64_t side = 1, grain = 0;
  std::vector<int> outer;
};

class SliceKernel {
 public:
  SliceKernel(const Nest& nest, Plan& plan, Form form, Slice slice, SliceTile tile)
      : b_(nest, plan), f_(form), s_(std::move(slice)), t_(std::move(tile)) {
    source_ = {nest.inputs[f_.packed], false};
    if (s_.pack) source_ = make_frame(b_, nest.inputs[f_.packed], s_.inside, s_.width);
    const int rows[] = {f_.rows};
    if (!s_.around.empty()) sums_ = make_frame(b_, nest.outputs[0], rows, s_.width);
  }

  void make() {
    Body body;
    outer(body, 0);
    const auto name = [&](int axis) { return b_.nest.axes[axis].name; };
    b_.say(b_.nest.label);
    b_.say("few results of long sums: tiles of " + std::to_string(t_.side) + " " + name(f_.rows) + " x " +
           std::to_string(t_.unroll) + " x " + std::to_string(t_.lanes) + " lanes of " + name(f_.vector));
    if (s_.pack)
      b_.say("operand " + std::to_string(f_.packed) + " is not contiguous along " + name(f_.vector) +
             ": slices of it are transposed into a frame");
    if (t_.grain > 0)
      b_.say("threads take " + name(t_.outer[0]) + " in parts of " + std::to_string(t_.grain));
    b_.finish(std::move(body));
  }

 private:
  void outer(Body& body, std::size_t k) {
    if (k == t_.outer.size()) return results(body);
    const bool parallel = k == 0 && t_.grain > 0;
    b_.over(body, t_.outer[k],
            parallel ? header(LoopKind::Parallel, 1, 1, t_.grain) : header(LoopKind::Serial),
            [&](Body& in) { outer(in, k + 1); });
  }

  void results(Body& body) {
    if (s_.around.empty()) return slice(body);
    vectors(body, [&](Body& in) {
      b_.over(in, f_.rows, header(LoopKind::Serial), [&](Body& at) {
        const Ref zero = b_.reg("zero", sums_.access.dtype);
        b_.set(at, zero, rows_of().passes[0].identity[0]);
        store(b_, at, sums_, f_.vector, zero);
      });
    });
    b_.over(body, s_.around, [&](Body& in) { slice(in); });
    vectors(body, [&](Body& in) {
      b_.over(in, f_.rows, header(LoopKind::Serial),
              [&](Body& at) { b_.store(at, b_.nest.outputs[0], load(b_, at, sums_, f_.vector)); });
    });
  }

  void vectors(Body& body, const AxisBuilder::Inner& inner) {
    b_.over(body, f_.vector, header(LoopKind::Vector, t_.lanes, t_.unroll), inner);
  }

  void slice(Body& body) {
    if (s_.pack)
      pack(b_, body, b_.nest.inputs[f_.packed], source_, s_.inside,
           {f_.vector, b_.nest.axes[f_.vector].extent.value, kAhead});
    vectors(body, [&](Body& in) {
      over_tiles(b_, in, f_.rows, t_.side, [&](Body& at, std::int64_t count) { tile(at, count); });
    });
  }

  void side(Body& body, Ref acc, std::int64_t count, const std::function<void(Body&, Ref)>& inner) {
    Loop loop = header(LoopKind::Unrolled);
    loop.extent = constant(count);
    b_.over(body, f_.rows, std::move(loop), [&](Body& in) {
      inner(in, Ref{acc.reg, {b_.at[f_.rows].vars.back()}});
    });
  }

  void tile(Body& body, std::int64_t count) {
    const ops::Pass& pass = rows_of().passes[0];
    const DType dtype = pass.identity[0].dtype;
    const Ref acc = b_.reg("acc", dtype);
    b_.kernel.registers[acc.reg].extents = {count};
    const bool carried = !s_.around.empty();
    side(body, acc, count, [&](Body& in, Ref row) {
      if (carried)
        in.push_back({Load{row, sums_.access.buffer, address(sums_)}});
      else
        b_.set(in, row, pass.identity[0]);
    });
    const ops::ScalarFn product = prim_fn(ops::Prim::Mul, {dtype, dtype}, dtype);
    depth(body, 0, acc, count);
    side(body, acc, count, [&](Body& in, Ref row) {
      if (carried)
        store(b_, in, sums_, f_.vector, row);
      else
        b_.store(in, b_.nest.outputs[0], row);
    });
  }

  /// Loops over the summed axes of a slice. Around the innermost the rows are asked for that come after the
  /// next.
  void depth(Body& body, std::size_t k, Ref acc, std::int64_t count) {
    if (k == s_.inside.size()) return products(body, acc, count);
    if (k > 0 && k + 1 == s_.inside.size()) prefetch(body, s_.inside[k - 1], s_.inside[k], acc, count);
    b_.over(body, s_.inside[k], header(LoopKind::Serial), [&](Body& in) { depth(in, k + 1, acc, count); });
  }

  void prefetch(Body& body, int outer, int inner, Ref acc, std::int64_t count) {
    const Access& access = b_.nest.inputs[1 - f_.packed];
    if (!access.strides[inner].is(1)) return;
    const std::int64_t size = loops::size_of(access.dtype);
    const std::int64_t lines = (b_.nest.axes[inner].extent.value * size + kLine - 1) / kLine;
    side(body, acc, count, [&](Body& in, Ref) {
      for (std::int64_t line = 0; line < std::min<std::int64_t>(lines, kMostLines); ++line) {
        Address at = b_.address(access);
        at.offset.value += kAhead * access.strides[outer].value + line * (kLine / size);
        in.push_back({Prefetch{access.buffer, std::move(at)}});
      }
    });
  }

  void products(Body& body, Ref acc, std::int64_t count) {
    const ops::Pass& pass = rows_of().passes[0];
    const DType dtype = pass.identity[0].dtype;
    const ops::ScalarFn product = prim_fn(ops::Prim::Mul, {dtype, dtype}, dtype);
    const Ref vector = load(b_, body, source_, f_.vector);
    side(body, acc, count, [&](Body& in, Ref row) {
      const Ref scalar = b_.load(in, b_.nest.inputs[1 - f_.packed]);
      in.push_back({Update{{row}, pass.combine, b_.apply(in, "p", product, {ready(scalar), ready(vector)})}});
    });
  }

  Address address(const Source& source) const {
    Address at = b_.address(source.access);
    at.terms.push_back({b_.at[f_.vector].vars.back(), constant(1)});
    return at;
  }
  const ops::Rows& rows_of() const { return std::get<ops::Rows>(b_.nest.meaning); }

  AxisBuilder b_;
  Form f_;
  Slice s_;
  SliceTile t_;
  Source source_, sums_;
};

SliceTile choose_tile(const Nest& nest, const Form& form, const Plan& plan) {
  SliceTile tile;
  tile.lanes = lanes_of(nest, plan.machine);
  const std::int64_t vectors = (nest.axes[form.vector].extent.value + tile.lanes - 1) / tile.lanes;
  const bool many = plan.machine.vector_registers >= 32;
  tile.unroll = int(many ? even_tiles(vectors, 3) : std::min<std::int64_t>(vectors, 2));
  tile.side = even_tiles(nest.axes[form.rows].extent.value, (many ? 24 : 8) / tile.unroll);
  for (int axis : axes_where(nest, false))
    if (axis != form.vector && axis != form.rows) tile.outer.push_back(axis);
  return tile;
}

/// Nanoseconds on one thread, roughly.
double time_of_slices(const Nest& nest) { return 2 * double(volume(nest)) / 60; }

void emit_slices(Nest nest, Plan& plan, const Form& form) {
  SliceTile tile = choose_tile(nest, form, plan);
  if (!tile.outer.empty()) {
    const std::int64_t first = nest.axes[tile.outer[0]].extent.value;
    tile.grain = parallel_grain(first, time_of_slices(nest) / double(first));
  }
  Slice slice = cut_slice(nest, form, tile.lanes);
  SliceKernel(nest, plan, form, std::move(slice), std::move(tile)).make();
}

// ---------------------------------------------------------------- parts
struct Parts {
  int axis = -1;
  std::int64_t length = 0;
};

/// The axis that is contiguous nowhere, if there is one, else the longest: as many parts as pay, no more than
/// sixteen, all of one length.
Parts choose_parts(const Nest& nest, const Form& form) {
  constexpr double kPart = 30e3;
  constexpr std::int64_t kMost = 16;
  const std::int64_t wanted = std::min(kMost, std::int64_t(time_of_slices(nest) / kPart));
  std::vector<int> reduced = axes_where(nest, true), slow = reduced;
  std::erase_if(slow, [&](int axis) { return axis == form.depth || axis == form.along; });
  Parts best;
  std::int64_t most = 1;
  for (int axis : slow.empty() ? reduced : slow) {
    const std::int64_t extent = nest.axes[axis].extent.value;
    const std::int64_t parts = smaller_divisor(extent, std::min(wanted, extent) + 1);
    if (parts > most) best = {axis, extent / parts}, most = parts;
  }
  return best;
}

/// Where the results of each part lie: the vector axis contiguous, the part slowest.
Access temporary_of(const Nest& nest, Plan& plan, const Form& form, std::int64_t parts) {
  Access access = nest.outputs[0];
  access.offset = constant(0);
  std::ranges::fill(access.strides, constant(0));
  std::int64_t elements = 1;
  std::vector<int> kept = axes_where(nest, false);
  std::erase(kept, form.vector);
  kept.push_back(form.vector);
  for (std::size_t k = kept.size(); k-- > 0;) {
    access.strides[kept[k]] = constant(elements);
    elements *= nest.axes[kept[k]].extent.value;
  }
  access.buffer = BufferId(plan.program.buffers.size());
  plan.program.buffers.push_back(
      {"part" + std::to_string(access.buffer), Buffer::Kind::Temporary, access.dtype, 0, elements * parts});
  return access;
}

/// Adds the parts: the kept axes and, summed, the number of the part.
Nest adding(const Nest& nest, const Access& temporary, std::int64_t parts, std::int64_t results) {
  Nest made = nest;
  made.label += ", the parts combined";
  made.axes.clear();
  made.inputs = {temporary};
  made.inputs[0].strides.clear();
  made.outputs[0].strides.clear();
  for (int axis : axes_where(nest, false)) {
    made.axes.push_back(nest.axes[axis]);
    made.inputs[0].strides.push_back(temporary.strides[axis]);
    made.outputs[0].strides.push_back(nest.outputs[0].strides[axis]);
  }
  made.axes.push_back({"part", constant(parts), true});
  made.inputs[0].strides.push_back(constant(results));
  made.outputs[0].strides.push_back(constant(0));
  made.position_strides.assign(made.axes.size(), constant(0));
  const DType dtype = temporary.dtype;
  std::get<ops::Rows>(made.meaning).passes[0].map = forward_fn({dtype, DType::i64, DType::i64}, 1);
  simplify(made, false);
  return made;
}

void emit_parts(const Nest& nest, Plan& plan, const Form& form, const Parts& cut) {
  const std::int64_t parts = nest.axes[cut.axis].extent.value / cut.length;
  std::int64_t results = volume(nest, axes_where(nest, false));
  const Access temporary = temporary_of(nest, plan, form, parts);
  Nest part = nest;
  part.label += ", " + std::to_string(parts) + " parts";
  part.outputs[0] = temporary;
  Form inner = form;
  const int rest = split_axis(part, cut.axis, cut.length);
  if (form.depth == cut.axis) inner.depth = rest;
  if (form.along == cut.axis) inner.along = rest;
  part.axes[cut.axis].reduced = false;
  part.outputs[0].strides[cut.axis] = constant(results);
  SliceTile tile = choose_tile(part, inner, plan);
  std::erase(tile.outer, cut.axis);
  tile.outer.insert(tile.outer.begin(), cut.axis);
  tile.grain = 1;
  Slice slice = cut_slice(part, inner, tile.lanes);
  SliceKernel(part, plan, inner, std::move(slice), std::move(tile)).make();
  const Nest last = adding(nest, temporary, parts, results);
  emit_rows(last, plan, choose_rows(last, plan));
}

bool worthwhile(const Nest& nest, const Form& form) {
  if (form.vector < 0) return false;
  const std::int64_t n = nest.axes[form.vector].extent.value, m = nest.axes[form.rows].extent.value;
  const std::int64_t k = volume(nest, axes_where(nest, true));
  if (m > kLongest || k < 16) return false;
  const bool packs = stride_of(nest.inputs[form.packed], form.vector) != 1;
  return packs || k >= 16 * std::max(m, n);  // else tiles straight from the operands do
}

}  // namespace

bool schedule_slices(const Nest& nest, Plan& plan) {
  if (!is_matrix_product(nest)) return false;
  const Form form = find_form(nest);
  if (!worthwhile(nest, form)) return false;
  std::vector<int> outer = axes_where(nest, false);
  std::erase(outer, form.vector), std::erase(outer, form.rows);
  const Parts parts = volume(nest, outer) >= 16 ? Parts{} : choose_parts(nest, form);
  if (parts.axis >= 0)
    emit_parts(nest, plan, form, parts);
  else
    emit_slices(nest, plan, form);
  return true;
}

}  // namespace einx::detail::loops
