// Large products: the runtime packs panels through tables of offsets (so any strides and any number of axes
// do) and calls a micro-kernel that is generated here as loops. Tile sizes fill the registers (BLIS, Van Zee
// and van de Geijn 2015).
#include <algorithm>

#include "loops/contract.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kMaxTable = 1 << 18;  ///< entries of one table
constexpr std::int64_t kMinWork =
    96 * 96 * 96;  ///< products below this are done in place: packing would cost more

/// Offsets of all values of these axes in row-major order.
std::vector<std::int64_t> offsets(const Nest& nest, const Access& access, std::span<const int> axes) {
  std::vector<std::int64_t> table{0};
  for (int axis : axes) {
    std::vector<std::int64_t> longer;
    longer.reserve(table.size() * std::size_t(nest.axes[axis].extent.value));
    for (std::int64_t base : table)
      for (std::int64_t k = 0; k < nest.axes[axis].extent.value; ++k)
        longer.push_back(base + k * access.strides[axis].value);
    table = std::move(longer);
  }
  return table;
}

struct TileSize {
  int mr = 0, nr = 0;
};
TileSize tile_size(const Machine& machine, DType dtype) {
  const int lanes = int(machine.vector_bytes / loops::size_of(dtype));
  if (machine.vector_registers >= 32) return {12, 2 * lanes};
  if (machine.fma) return {6, 2 * lanes};
  return {4, 2 * lanes};  // a register more for the product that is added
}

/// for k: tile[mi][n] += a[k][mi] * b[k][n]; the tile lives in registers.
MicroKernel micro_kernel(const Machine& machine, DType dtype, TileSize size) {
  MicroKernel micro;
  micro.buffers = {{"a", Buffer::Kind::Input, dtype, 0, 0},
                   {"b", Buffer::Kind::Input, dtype, 1, 0},
                   {"tile", Buffer::Kind::Output, dtype, 0, std::int64_t(size.mr) * size.nr}};
  Kernel& kernel = micro.kernel;
  kernel.name = "micro";
  kernel.vars = {"n", "mi", "k", "mi_1", "mi_2"};
  const VarId n = 0, mi_set = 1, k = 2, mi = 3, mi_store = 4;
  kernel.registers = {{"acc", dtype, {size.mr}, 0, 0},
                      {"b", dtype, {}, 0, 0},
                      {"a", dtype, {}, 0, 0},
                      {"p", dtype, {}, 0, 0}};
  const auto acc = [](VarId row) { return Ref{0, {row}}; };
  const Ref b{1, {}}, a{2, {}}, p{3, {}};
  const auto loop = [](VarId var, Int extent, LoopKind kind, Body body) {
    Loop made;
    made.var = var;
    made.extent = extent;
    made.kind = kind;
    made.body = std::move(body);
    return Statement{std::move(made)};
  };
  const auto rows = [&](VarId var, Body body) {
    return loop(var, constant(size.mr), LoopKind::Unrolled, std::move(body));
  };
  const std::vector<DType> two{dtype, dtype};
  Body update{{Load{a, 0, {{}, {{k, constant(size.mr)}, {mi, constant(1)}}, {}}}},
              {Apply{{p}, prim_fn(ops::Prim::Mul, two, dtype), {a, b}}},
              {Update{{acc(mi)}, prim_fn(ops::Prim::Add, two, dtype), {p}}}};
  Body depth{{Load{b, 1, {{}, {{k, constant(size.nr)}, {n, constant(1)}}, {}}}}, rows(mi, std::move(update))};
  Body columns{
      rows(mi_set, {{Set{acc(mi_set), tensor::make_scalar(0.0, dtype)}}}),
      loop(k, Int{0, 0}, LoopKind::Serial, std::move(depth)),
      rows(mi_store,
           {{Store{2, {{}, {{mi_store, constant(size.nr)}, {n, constant(1)}}, {}}, acc(mi_store), false}}})};
  Statement all = loop(n, constant(size.nr), LoopKind::Vector, std::move(columns));
  auto& vector = std::get<Loop>(all.node);
  vector.step = machine.vector_bytes / loops::size_of(dtype);
  vector.unroll = int(size.nr / vector.step);
  kernel.body.push_back(std::move(all));
  return micro;
}

bool worthwhile(const Nest& nest, const Classes& axes) {
  const std::int64_t m = volume(nest, axes.m), n = volume(nest, axes.n), k = volume(nest, axes.k);
  for (std::int64_t length : {m, n, k})
    if (length < 8 || length > kMaxTable) return false;
  return m * n >= 1024 && m * n * k >= kMinWork && volume(nest, axes.batch) <= kMaxTable;
}

}  // namespace

bool schedule_matmul(const Nest& nest, Plan& plan) {
  Classes axes = classify(nest);
  if (!is_matrix_product(nest) || !worthwhile(nest, axes)) return false;
  // Rows of the tile leave along n: take for n what is contiguous in the output.
  const auto inner_stride = [&](const std::vector<int>& of) {
    return of.empty() ? 0 : stride_of(nest.outputs[0], of.back());
  };
  const bool swapped = inner_stride(axes.n) != 1 && inner_stride(axes.m) == 1;
  if (swapped) std::swap(axes.m, axes.n);
  const Access &a = nest.inputs[swapped], &b = nest.inputs[!swapped], &c = nest.outputs[0];
  Matmul step;
  step.a = a.buffer;
  step.b = b.buffer;
  step.c = c.buffer;
  step.dtype = c.dtype;
  step.offset_a = a.offset.value;
  step.offset_b = b.offset.value;
  step.offset_c = c.offset.value;
  step.batch_a = offsets(nest, a, axes.batch);
  step.batch_b = offsets(nest, b, axes.batch);
  step.batch_c = offsets(nest, c, axes.batch);
  step.m_a = offsets(nest, a, axes.m);
  step.k_a = offsets(nest, a, axes.k);
  step.k_b = offsets(nest, b, axes.k);
  step.n_b = offsets(nest, b, axes.n);
  step.m_c = offsets(nest, c, axes.m);
  step.n_c = offsets(nest, c, axes.n);
  const TileSize tile = tile_size(plan.machine, step.dtype);
  step.mr = tile.mr;
  step.nr = tile.nr;
  const double flops = 2.0 * double(volume(nest));
  step.parallel = flops >= 2 * 50e3 * 100;  // two threads' worth of 50 us at 100 GFLOP/s
  step.micro = micro_kernel(plan.machine, step.dtype, tile);
  step.schedule = nest.label + "\npacked product of " + std::to_string(step.batch_a.size()) + " x " +
                  std::to_string(step.m_a.size()) + " x " + std::to_string(step.n_b.size()) + " x " +
                  std::to_string(step.k_a.size()) + ", register tile " + std::to_string(tile.mr) + " x " +
                  std::to_string(tile.nr) +
                  (swapped ? ", operands exchanged: the output runs along the first's axes" : "");
  plan.program.steps.emplace_back(std::move(step));
  return true;
}

}  // namespace einx::detail::loops
