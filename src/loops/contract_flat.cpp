// Small matrices, in batches or as strips of a tall one: rows of the result that are shorter than a vector
// stand side by side in vectors. Every step of the sum spreads a column of the one operand and a row of the
// other over them, from blocks that stay in registers.
#include <algorithm>

#include "loops/contract.h"
#include "loops/estimate.h"
#include "loops/rows.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kDeepest = 16;   ///< terms of a sum
constexpr std::int64_t kMostSlots = 4;  ///< vectors of results side by side

/// Rows of `left` times columns of `right`.
struct Flat {
  int left = 0, right = 1;
  int rows = -1, columns = -1, depth = -1;
  int lanes = 1;
  std::int64_t count = 0;  ///< rows at a time
  std::vector<int> outer;
  std::int64_t grain = 0;
  bool stream = false;
};

std::int64_t extent(const Nest& nest, int axis) { return nest.axes[axis].extent.value; }

/// Elements between the first and the last of the operand's block, both included; 0 if a stride is negative.
std::int64_t span_of(const Nest& nest, const Access& access, int axis, std::int64_t count, int depth) {
  const std::int64_t a = stride_of(access, axis), k = stride_of(access, depth);
  return a < 0 || k < 0 ? 0 : (count - 1) * a + (extent(nest, depth) - 1) * k + 1;
}

/// As many rows as fill vectors best, and of those the most.
std::int64_t rows_at_a_time(std::int64_t rows, std::int64_t columns, std::int64_t lanes) {
  std::int64_t best = 1;
  const auto used = [&](std::int64_t count) {
    const std::int64_t vectors = (count * columns + lanes - 1) / lanes;
    return double(count * columns) / double(vectors * lanes);
  };
  for (std::int64_t count = 1; count <= rows && count * columns <= kMostSlots * lanes; ++count)
    if (used(count) >= used(best)) best = count;
  return best;
}

class FlatKernel {
 public:
  FlatKernel(const Nest& nest, Plan& plan, Flat flat)
      : b_(nest, plan), pass_(std::get<ops::Rows>(nest.meaning).passes[0]), f_(std::move(flat)) {}

  void make() {
    Body body;
    outer(body, 0);
    const auto name = [&](int axis) { return b_.nest.axes[axis].name; };
    b_.say(b_.nest.label);
    b_.say("small matrices: " + std::to_string(f_.count) + " rows " + name(f_.rows) + " of " +
           std::to_string(extent(b_.nest, f_.columns)) + " " + name(f_.columns) +
           " side by side in vectors of " + std::to_string(f_.lanes) +
           (f_.stream ? ", stored past the caches" : ""));
    if (f_.grain > 0)
      b_.say("threads take " + name(f_.outer[0]) + " in parts of " + std::to_string(f_.grain));
    b_.finish(std::move(body));
  }

 private:
  void outer(Body& body, std::size_t k) {
    if (k == f_.outer.size()) {
      prefetch_ahead(b_, body, f_.outer);
      return over_rows(body);
    }
    const bool parallel = k == 0 && f_.grain > 0;
    b_.over(body, f_.outer[k],
            parallel ? header(LoopKind::Parallel, 1, 1, f_.grain) : header(LoopKind::Serial),
            [&](Body& in) { outer(in, k + 1); });
  }

  void over_rows(Body& body) {
    over_tiles(b_, body, f_.rows, f_.count, [&](Body& in, std::int64_t count) { block(in, count); });
  }

  void block(Body& body, std::int64_t count) {
    const std::int64_t columns = extent(b_.nest, f_.columns), results = count * columns;
    Loop loop = header(LoopKind::Vector, f_.lanes, int((results + f_.lanes - 1) / f_.lanes));
    loop.var = b_.var(b_.nest.axes[f_.rows].name + b_.nest.axes[f_.columns].name);
    loop.extent = constant(results);
    const Access &left = b_.nest.inputs[f_.left], &right = b_.nest.inputs[f_.right];
    Body& in = loop.body;
    const Ref acc = b_.reg("acc", pass_.identity[0].dtype);
    b_.set(in, acc, pass_.identity[0]);
    const Spread a{{},
                   left.buffer,
                   b_.address(left),
                   {},
                   span_of(b_.nest, left, f_.rows, count, f_.depth),
                   columns,
                   stride_of(left, f_.rows),
                   0};
    const Spread b{{},
                   right.buffer,
                   b_.address(right),
                   {},
                   span_of(b_.nest, right, f_.columns, columns, f_.depth),
                   columns,
                   0,
                   stride_of(right, f_.columns)};
    b_.over(in, f_.depth, header(LoopKind::Unrolled), [&](Body& at) { step(at, a, b, acc); });
    Address to = b_.address(b_.nest.outputs[0]);
    to.terms.push_back({loop.var, constant(1)});
    const auto& rows = std::get<ops::Rows>(b_.nest.meaning);
    const std::vector<Lazy> args{ready(acc), n()};
    const Ref result = b_.cast(in, b_.apply(in, "y", rows.result, args)[0], b_.nest.outputs[0].dtype);
    in.push_back({Store{b_.nest.outputs[0].buffer, std::move(to), result, f_.stream}});
    body.push_back({std::move(loop)});
  }

  /// One term of all sums.
  void step(Body& body, Spread a, Spread b, Ref acc) {
    const auto spread = [&](Spread& from, int input) {
      const Access& access = b_.nest.inputs[input];
      from.dst = b_.reg("v", access.dtype);
      from.first.terms.push_back({b_.at[f_.depth].vars.back(), access.strides[f_.depth]});
      body.push_back({from});
      return from.dst;
    };
    std::vector<Lazy> args(2);
    args[std::size_t(f_.left)] = ready(spread(a, f_.left));
    args[std::size_t(f_.right)] = ready(spread(b, f_.right));
    args.push_back(n());
    args.emplace_back();  // no product asks for a position
    body.push_back({Update{{acc}, pass_.combine, b_.apply(body, "p", pass_.map, args)}});
  }

  Lazy n() {
    return [&](Body& at) { return b_.index(at, "n", Address{b_.nest.count, {}, {}}); };
  }

  AxisBuilder b_;
  const ops::Pass& pass_;
  Flat f_;
};

/// Everything is stored in the one dtype of 4 or 8 bytes that it is computed in.
bool one_dtype(const Nest& nest) {
  const DType dtype = std::get<ops::Rows>(nest.meaning).passes[0].identity[0].dtype;
  const auto same = [&](const Access& access) { return access.dtype == dtype && access.computed == dtype; };
  return loops::size_of(dtype) >= 4 && std::ranges::all_of(nest.inputs, same) &&
         nest.outputs[0].dtype == dtype;
}

bool find_axes(const Nest& nest, Flat& flat) {
  const Classes classes = classify(nest);
  if (classes.k.size() != 1 || classes.m.size() != 1 || classes.n.size() != 1) return false;
  flat.depth = classes.k[0];
  flat.outer = classes.batch;
  const bool swapped = stride_of(nest.outputs[0], classes.m[0]) == 1;
  flat.left = int(swapped), flat.right = 1 - flat.left;
  flat.rows = swapped ? classes.n[0] : classes.m[0];
  flat.columns = swapped ? classes.m[0] : classes.n[0];
  const Access& output = nest.outputs[0];
  return moves(nest.inputs[flat.left], flat.rows) && moves(nest.inputs[flat.right], flat.columns) &&
         stride_of(output, flat.columns) == 1 && stride_of(output, flat.rows) == extent(nest, flat.columns);
}

/// Whether the blocks of both operands and the results stay in registers.
bool stays_in_registers(const Nest& nest, const Flat& flat, const Machine& machine) {
  const auto vectors = [&](std::int64_t elements) { return (elements + flat.lanes - 1) / flat.lanes; };
  const std::int64_t columns = extent(nest, flat.columns);
  const std::int64_t left = span_of(nest, nest.inputs[flat.left], flat.rows, flat.count, flat.depth);
  const std::int64_t right = span_of(nest, nest.inputs[flat.right], flat.columns, columns, flat.depth);
  const std::int64_t all = vectors(left) + vectors(right) + vectors(flat.count * columns);
  return left > 0 && right > 0 && all + 4 <= machine.vector_registers;
}

/// Blocks of either operand have to be the same whatever the sizes are; how many rows and problems there are is free.
bool is_fixed(const Nest& nest, const Flat& flat) {
  const auto fixed_along = [&](const Access& access) {
    return access.strides[std::size_t(flat.rows)].constant() && access.strides[std::size_t(flat.columns)].constant() &&
           access.strides[std::size_t(flat.depth)].constant();
  };
  return fixed(nest, flat.columns) && fixed(nest, flat.depth) && std::ranges::all_of(nest.inputs, fixed_along);
}

}  // namespace

bool schedule_flat(const Nest& nest, Plan& plan) {
  const ops::Rows& rows = std::get<ops::Rows>(nest.meaning);
  if (nest.inputs.size() != 2 || rows.passes.size() != 1 || rows.per_element || !one_dtype(nest))
    return false;
  Flat flat;
  flat.lanes = lanes_of(nest, plan.machine);
  if (!find_axes(nest, flat) || !is_fixed(nest, flat)) return false;
  const std::int64_t columns = extent(nest, flat.columns);
  if (columns > flat.lanes / 2 || extent(nest, flat.depth) > kDeepest) return false;
  flat.count = rows_at_a_time(fixed(nest, flat.rows) ? extent(nest, flat.rows) : kMostSlots * flat.lanes, columns, flat.lanes);
  if (2 * flat.count * columns <= flat.lanes || !stays_in_registers(nest, flat, plan.machine)) return false;
  if (!flat.outer.empty()) {
    const std::int64_t first = extent(nest, flat.outer[0]);
    flat.grain = parallel_grain(nest.axes[std::size_t(flat.outer[0])].extent, time_of(nest, 2 * flat.lanes) / double(first));
  }
  flat.stream = fixed_strides(nest.outputs[0]) && fixed(nest, flat.rows) && leaves_cache(nest, plan.machine) && extent(nest, flat.rows) * columns % flat.lanes == 0;
  FlatKernel(nest, plan, std::move(flat)).make();
  return true;
}

}  // namespace einx::detail::loops
