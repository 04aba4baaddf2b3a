// Contractions. Axes are classed by who has them: batch (both operands and the output), M and N (one operand
// and the output), K (summed). Large f32 and f64 products go to the packed micro-kernel (matmul.cpp); the
// rest are register tiles straight from the strided operands - vectors along N, several M side by side, K
// serial - or plain reductions where there is nothing to reuse.
#include "loops/contract.h"

#include <algorithm>
#include <bit>

#include "loops/estimate.h"
#include "loops/rows.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

const ops::Rows& rows_of(const Nest& nest) { return std::get<ops::Rows>(nest.meaning); }

bool has(const Access& access, int axis) { return !access.strides[axis].is(0); }

/// fn is prim(first argument, second argument), in either order.
bool is_binary(const ops::ScalarFn& fn, ops::Prim prim) {
  const ops::ScalarNode& top = fn.nodes[fn.results[0]];
  if (top.prim != prim) return false;
  const auto arg = [&](int k) {
    return fn.nodes[top.args[k]].prim == ops::Prim::Arg ? fn.nodes[top.args[k]].arg : -1;
  };
  return std::min(arg(0), arg(1)) == 0 && std::max(arg(0), arg(1)) == 1;
}

// ---------------------------------------------------------------- register tiles
constexpr std::int64_t kWrittenOut = 128;  ///< products of a tile that may stand as straight code

struct TileChoice {
  std::vector<int> outer;  ///< batch, and M or N axes that are not part of the tile
  int vector = -1, rows = -1;
  int lanes = 1, unroll = 1, side = 1;  ///< the tile: unroll vectors of lanes x side rows
  std::int64_t grain = 0;
  std::vector<int> inner;
  bool stream = false;  ///< results leave past the caches
};

/// for outer, vectors of n, tiles of m: acc[m] = sum over k of a[m] * b. The vectors of b are loaded once for
/// all rows of the tile.
class TileKernel {
 public:
  TileKernel(const Nest& nest, Plan& plan, TileChoice choice)
      : b_(nest, plan), pass_(rows_of(nest).passes[0]), c_(std::move(choice)) {}

  void make() {
    Body body;
    outer(body, 0);
    b_.say(b_.nest.label);
    b_.say("register tiles of " + std::to_string(c_.side) + " " + b_.nest.axes[c_.rows].name + " x " +
           std::to_string(c_.unroll) + " x " + std::to_string(c_.lanes) + " lanes of " +
           b_.nest.axes[c_.vector].name + ", straight from the operands" +
           (c_.stream ? ", stored past the caches" : ""));
    if (c_.grain > 0)
      b_.say("threads take " + b_.nest.axes[c_.outer[0]].name + " in parts of " + std::to_string(c_.grain));
    b_.finish(std::move(body));
  }

 private:
  void outer(Body& body, std::size_t k) {
    if (k == c_.outer.size()) {
      prefetch_ahead(b_, body, c_.outer);
      return b_.over(body, c_.vector, header(LoopKind::Vector, c_.lanes, c_.unroll),
                     [&](Body& in) { columns(in); });
    }
    const bool parallel = k == 0 && c_.grain > 0;
    b_.over(body, c_.outer[k],
            parallel ? header(LoopKind::Parallel, 1, 1, c_.grain) : header(LoopKind::Serial),
            [&](Body& in) { outer(in, k + 1); });
  }

  void columns(Body& body) {
    over_tiles(b_, body, c_.rows, c_.side, [&](Body& in, std::int64_t count) { tile(in, count); });
  }

  /// A loop that is written out over `count` rows from where the axis stands; inner gets the accumulator of
  /// the row.
  void side(Body& body, Ref acc, std::int64_t count, const std::function<void(Body&, Ref)>& inner) {
    Loop loop = header(LoopKind::Unrolled);
    loop.extent = constant(count);
    b_.over(body, c_.rows, std::move(loop), [&](Body& in) {
      inner(in, Ref{acc.reg, {b_.at[c_.rows].vars.back()}});
    });
  }

  void tile(Body& body, std::int64_t count) {
    const DType dtype = pass_.identity[0].dtype;
    const Ref acc = b_.reg("acc", dtype);
    b_.kernel.registers[acc.reg].extents = {count};
    side(body, acc, count, [&](Body& in, Ref row) { b_.set(in, row, pass_.identity[0]); });
    sum(body, 0, [&](Body& in) { depth(in, acc, count); });
    side(body, acc, count, [&](Body& in, Ref row) {
      std::vector<Lazy> args{ready(row), [&](Body& at) {
                               return b_.index(at, "n", Address{b_.nest.count, {}, {}});
                             }};
      store_results(b_, in, b_.apply(in, "y", rows_of(b_.nest).result, args), {}, 0, c_.stream);
    });
  }

  /// Loops over the summed axes; the last is written out if it is short.
  void sum(Body& body, std::size_t k, const AxisBuilder::Inner& inner) {
    if (k == c_.inner.size()) return inner(body);
    const bool short_one = k + 1 == c_.inner.size() &&
                           fixed(b_.nest, c_.inner[k]) && b_.nest.axes[c_.inner[k]].extent.value * c_.side * c_.unroll <= kWrittenOut;
    b_.over(body, c_.inner[k], header(short_one ? LoopKind::Unrolled : LoopKind::Serial),
            [&](Body& in) { sum(in, k + 1, inner); });
  }

  void depth(Body& body, Ref acc, std::int64_t count) {
    std::vector<Lazy> args;
    for (const Access& input : b_.nest.inputs) {
      Lazy load = [&](Body& in) { return b_.load(in, input); };
      args.push_back(has(input, c_.rows) ? load : ready(load(body)));
    }
    side(body, acc, count, [&](Body& in, Ref row) {
      std::vector<Lazy> all = args;
      all.push_back([&](Body& at) { return b_.index(at, "n", Address{b_.nest.count, {}, {}}); });
      all.emplace_back();  // no product asks for a position
      in.push_back({Update{{row}, pass_.combine, b_.apply(in, "v", pass_.map, all)}});
    });
  }

  AxisBuilder b_;
  const ops::Pass& pass_;
  TileChoice c_;
};

/// The kept axis that is contiguous (or absent) in every operand and the output.
int pick_columns(const Nest& nest, std::span<const int> kept, int lanes) {
  int best = -1;
  for (int axis : kept) {
    bool fits = stride_of(nest.outputs[0], axis) == 1 && nest.axes[axis].extent.value >= std::min(lanes, 4);
    bool read = false;
    for (const Access& input : nest.inputs) {
      const std::int64_t stride = stride_of(input, axis);
      fits = fits && (stride == 0 || stride == 1);
      read = read || stride == 1;
    }
    if (fits && read) best = axis;
  }
  return best;
}

/// The longest kept axis that some operand with the vector axis does not have: its vectors are used again for
/// every row.
int pick_rows(const Nest& nest, std::span<const int> kept, int vector) {
  int best = -1;
  for (int axis : kept) {
    if (axis == vector) continue;
    const bool reuses = std::ranges::any_of(
        nest.inputs, [&](const Access& input) { return has(input, vector) && !has(input, axis); });
    if (reuses && (best < 0 || nest.axes[axis].extent.value > nest.axes[best].extent.value)) best = axis;
  }
  return best;
}

/// Whether one product of a batch stays in the outer cache with room to spare: packing gains nothing there.
bool stays_in_cache(const Nest& nest, const Machine& machine) {
  if (nest.inputs.size() != 2) return false;
  const Classes axes = classify(nest);
  const std::int64_t m = volume(nest, axes.m), n = volume(nest, axes.n), k = volume(nest, axes.k);
  const std::int64_t longest = std::int64_t(1) << 20;
  if (std::max({m, n, k}) > longest) return false;
  return (m * k + k * n + m * n) * loops::size_of(nest.outputs[0].dtype) <= machine.l2 / 4;
}

bool schedule_tiles(const Nest& nest, Plan& plan) {
  TileChoice c;
  c.lanes = lanes_of(nest, plan.machine);
  std::vector<int> kept = axes_where(nest, false);
  c.inner = axes_where(nest, true);
  c.vector = pick_columns(nest, kept, c.lanes);
  if (c.vector < 0 || c.inner.empty() || rows_of(nest).passes[0].identity.size() != 1) return false;
  c.rows = pick_rows(nest, kept, c.vector);
  if (c.rows < 0) return false;
  const bool known = fixed(nest, c.vector);
  const auto length = std::uint64_t(known ? nest.axes[c.vector].extent.value : c.lanes);
  c.lanes = int(std::min<std::uint64_t>(
      std::uint64_t(c.lanes), std::bit_ceil(length)));  // small matrices: shorter vectors without masks
  const std::int64_t vectors = known ? (nest.axes[c.vector].extent.value + c.lanes - 1) / c.lanes : 2;
  const bool many = plan.machine.vector_registers >= 32;
  c.unroll = int(std::min<std::int64_t>(vectors, 2));
  const std::int64_t most = many ? (c.unroll == 2 ? 12 : 16) : (c.unroll == 2 ? 4 : 8),
                     extent = nest.axes[c.rows].extent.value;
  const std::int64_t tiles = (extent + most - 1) / most;
  c.side = int(fixed(nest, c.rows) ? (extent + tiles - 1) / tiles : most);
  std::erase(kept, c.vector);
  std::erase(kept, c.rows);
  c.outer = std::move(kept);
  if (!c.outer.empty()) {
    const std::int64_t outermost = nest.axes[c.outer[0]].extent.value;
    c.grain = parallel_grain(nest.axes[c.outer[0]].extent, time_of(nest, 2 * c.lanes) / double(outermost));
  }
  c.stream = !c.outer.empty() && c.lanes * loops::size_of(nest.outputs[0].dtype) == kLine &&
             leaves_cache(nest, plan.machine) &&
             aligned_blocks(nest.outputs[0], nest, std::size_t(c.vector), c.lanes);
  TileKernel(nest, plan, std::move(c)).make();
  return true;
}

/// fn multiplies its first `factors` arguments, each once, and nothing else.
bool is_product(const ops::ScalarFn& fn, std::size_t factors, DType dtype) {
  std::vector<int> used(fn.nodes.size(), 0), seen(factors, 0);
  std::vector<int> open{fn.results[0]};
  while (!open.empty()) {
    const ops::ScalarNode& node = fn.nodes[std::size_t(open.back())];
    open.pop_back();
    if (node.dtype != dtype) return false;
    if (node.prim == ops::Prim::Mul) {
      open.push_back(node.args[0]);
      open.push_back(node.args[1]);
    } else if (node.prim != ops::Prim::Arg || std::size_t(node.arg) >= factors ||
               ++seen[std::size_t(node.arg)] > 1) {
      return false;
    }
  }
  return std::ranges::all_of(seen, [](int count) { return count == 1; });
}

bool is_sum(const ops::ScalarFn& combine) {
  return combine.nodes[std::size_t(combine.results[0])].prim == ops::Prim::Add;
}

}  // namespace

bool is_product_sum(const Nest& nest) {
  const ops::Rows& rows = rows_of(nest);
  if (rows.passes.size() != 1 || rows.per_element || rows.passes[0].identity.size() != 1) return false;
  const ops::Pass& pass = rows.passes[0];
  return is_product(pass.map, nest.inputs.size(), pass.identity[0].dtype) && is_sum(pass.combine);
}

bool is_matrix_product(const Nest& nest) {
  const ops::Rows& rows = rows_of(nest);
  if (nest.inputs.size() != 2 || rows.passes.size() != 1 || rows.per_element) return false;
  const DType dtype = nest.outputs[0].dtype;
  if (dtype != DType::f32 && dtype != DType::f64) return false;
  for (const Access& input : nest.inputs)
    if (input.dtype != dtype || input.computed != dtype) return false;
  const ops::Pass& pass = rows.passes[0];
  const ops::ScalarNode& result = rows.result.nodes[rows.result.results[0]];
  return pass.identity.size() == 1 && pass.identity[0].dtype == dtype &&
         is_binary(pass.map, ops::Prim::Mul) && is_binary(pass.combine, ops::Prim::Add) &&
         result.prim == ops::Prim::Arg && result.arg == 0;
}

namespace {

/// A product of elements, as they are or converted: what the schedules that move operands about know.
bool multiplies(const Nest& nest) {
  const ops::ScalarFn& map = rows_of(nest).passes[0].map;
  return std::ranges::all_of(map.nodes, [&](const ops::ScalarNode& node) {
    const auto is = [](const ops::ScalarNode& one, ops::Prim prim) { return one.prim == prim; };
    if (is(node, ops::Prim::Cast)) return is(map.nodes[std::size_t(node.args[0])], ops::Prim::Arg);
    return is(node, ops::Prim::Arg) || is(node, ops::Prim::Mul);
  });
}

bool schedule_small(const Nest& nest, Plan& plan) {
  if (!multiplies(nest)) return false;
  if (plan.dynamic) return schedule_lanes(nest, plan) || schedule_flat(nest, plan);
  if (schedule_lanes(nest, plan) || (nest.inputs.size() > 2 && schedule_pairs(nest, plan))) return true;
  return schedule_flat(nest, plan) || schedule_slices(nest, plan);
}

/// The results as they are before the epilogue: where these go if dtypes allow it, else in a temporary of the same strides.
Access before_epilogue(const Nest& nest, Plan& plan) {
  const DType dtype = nest.epilogue->fn.args[0];
  Access made = nest.outputs[0];
  made.computed = dtype;
  if (made.dtype == dtype) return made;
  if (plan.dynamic) return made;  // the schedules that need it do without
  made.dtype = dtype;
  std::int64_t reach = made.offset.value + 1;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    reach += (nest.axes[a].extent.value - 1) * made.strides[a].value;
  made.buffer = BufferId(plan.program.buffers.size());
  plan.program.buffers.push_back(
      {"product" + std::to_string(made.buffer), Buffer::Kind::Temporary, dtype, 0, reach});
  return made;
}

/// What applies the epilogue to results that another schedule left there.
Nest epilogue_alone(const Nest& nest, const Access& from) {
  Nest made;
  made.label = nest.label + ", the epilogue";
  made.meaning = ops::Map{nest.epilogue->fn};
  made.inputs = nest.epilogue->inputs;
  made.inputs.insert(made.inputs.begin(), from);
  made.outputs = nest.outputs;
  made.axes = nest.axes;
  made.position_strides.resize(made.axes.size());
  const auto erase = [](auto& list, std::size_t a) { list.erase(list.begin() + std::ptrdiff_t(a)); };
  for (std::size_t a = made.axes.size(); a-- > 0;) {
    if (!made.axes[a].reduced) continue;
    for (Access& input : made.inputs) erase(input.strides, a);
    erase(made.outputs[0].strides, a), erase(made.position_strides, a), erase(made.axes, a);
  }
  simplify(made, false);
  return made;
}

/// Tiles and rows apply the epilogue to what they hold in registers. The other schedules leave their results in memory first.
void schedule_with_epilogue(const Nest& nest, Plan& plan) {
  const std::size_t buffers = plan.program.buffers.size();
  Nest product = nest;
  product.outputs[0] = before_epilogue(nest, plan);
  product.epilogue.reset();
  const bool tiles_first = stays_in_cache(nest, plan.machine);
  const auto apart = [&] { schedule(epilogue_alone(nest, product.outputs[0]), plan); };
  if (schedule_small(product, plan)) return apart();
  if (!tiles_first && schedule_matmul(product, plan)) return apart();
  plan.program.buffers.resize(buffers);
  if (schedule_tiles(nest, plan)) return;
  product.outputs[0] = before_epilogue(nest, plan);
  if (schedule_matmul(product, plan)) return apart();
  plan.program.buffers.resize(buffers);
  schedule_rows(nest, plan);
}

}  // namespace

void schedule_contract(const Nest& nest, Plan& plan) {
  if (plan.dynamic && volume(nest) == 0) return schedule_plain(nest, plan);
  if (nest.epilogue) return schedule_with_epilogue(nest, plan);
  if (schedule_small(nest, plan)) return;
  if (stays_in_cache(nest, plan.machine) && schedule_tiles(nest, plan)) return;
  if (schedule_matmul(nest, plan) || schedule_tiles(nest, plan)) return;
  if (plan.dynamic && multiplies(nest) && schedule_lanes(nest, plan, true)) return;
  schedule_rows(nest, plan);
}

}  // namespace einx::detail::loops
