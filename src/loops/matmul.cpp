// Large products: the runtime packs panels through tables of offsets (so any strides and any number of axes
// do) and calls a micro-kernel that is generated here as loops, for the very strides of a and c.
#include <algorithm>
#include <functional>
#include <optional>

#include "loops/blocking.h"
#include "loops/contract.h"
#include "loops/product.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kMaxTable = 1 << 18;  ///< entries of one table
constexpr std::int64_t kMinWork =
    96 * 96 * 96;  ///< products below this are done in place: packing would cost more

constexpr std::int64_t kFarRows = 1 << 20;  ///< elements: farther rows do not fit an address's constant

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

/// The distance between neighbours of a table if it is the same for all of them. A single offset has any.
std::optional<std::int64_t> step_of(const std::vector<std::int64_t>& table) {
  const std::int64_t step = table.size() > 1 ? table[1] - table[0] : 0;
  for (std::size_t k = 2; k < table.size(); ++k)
    if (table[k] - table[k - 1] != step) return std::nullopt;
  return step;
}

/// Strides of the micro-kernel: rows and depths of a, rows of c.
struct TileStrides {
  std::int64_t a_row, a_depth, c_row;
};

/// Axes of a product, as they are for all sizes of its template, and which operand is which. Axes of n are those that the
/// output is contiguous along: rows of a tile leave along them.
struct Sides {
  Classes axes;
  bool swapped = false;
};
Sides sides_of(const Nest& nest) {
  Sides sides{classify(nest)};
  const auto inner_stride = [&](const std::vector<int>& of) {
    return of.empty() ? 0 : stride_of(nest.outputs[0], of.back());
  };
  sides.swapped = inner_stride(sides.axes.n) != 1 && inner_stride(sides.axes.m) == 1;
  if (sides.swapped) std::swap(sides.axes.m, sides.axes.n);
  return sides;
}

bool fixed_along(const Access& access, std::span<const int> axes) {
  return std::ranges::all_of(axes, [&](int axis) { return access.strides[std::size_t(axis)].constant(); });
}
bool fixed_axes(const Nest& nest, std::span<const int> axes) {
  return std::ranges::all_of(axes, [&](int axis) { return fixed(nest, axis); });
}

/// How the micro-kernel finds a: in place if rows run along the depth, a constant distance apart, or else
/// rows copied side by side, or transposed if they do not run along the depth. Distances that are parameters are no part of it.
/// `short_ones`: nor is how many rows there are.
void choose_rows_of_a(const Nest& nest, const Sides& sides, Matmul& step, TileStrides& strides, bool short_ones) {
  const Access& a = nest.inputs[sides.swapped];
  const std::optional<std::int64_t> rows = step_of(step.m_a), depths = step_of(step.k_a);
  const std::int64_t bytes = loops::size_of(step.dtype);
  const bool known = fixed_along(a, sides.axes.k);
  step.rows = Matmul::Rows::Depths;
  strides.a_row = 1, strides.a_depth = step.mr;
  if (known && !short_ones && fixed_along(a, sides.axes.m) && depths && std::abs(*depths) == 1 && rows &&
      std::int64_t(step.m_a.size()) >= step.mr && std::abs(*rows) < kFarRows) {
    step.rows = Matmul::Rows::Direct;
    strides.a_row = *rows, strides.a_depth = *depths;
  } else if (known && depths && *depths == 1) {
    step.rows = Matmul::Rows::Lines;
    step.line = round_up(step.kc, kLine / bytes) + kLine / bytes;  // no power of two: rows in different sets
    strides.a_row = step.line, strides.a_depth = 1;
  }
}

/// Whether tiles may be written where they belong, and past the caches.
void choose_stores(const Nest& nest, const Sides& sides, Matmul& step, TileStrides& strides, bool short_ones) {
  const Access& c = nest.outputs[0];
  const std::optional<std::int64_t> rows = step_of(step.m_c);
  const std::int64_t lanes = kLine / loops::size_of(step.dtype);
  step.direct = !short_ones && fixed_along(c, sides.axes.m) && fixed_along(c, sides.axes.n) && rows && step_of(step.n_c) == 1 &&
                std::int64_t(step.m_c.size()) >= step.mr && std::int64_t(step.n_c.size()) >= step.nr;
  strides.c_row = step.direct ? *rows : step.nr;
  const auto whole = [&](std::int64_t offset) { return offset % lanes == 0; };
  const bool known = fixed_strides(c) && fixed_axes(nest, sides.axes.n) && fixed_axes(nest, sides.axes.k);
  step.streams = known && step.direct && step.kc >= std::int64_t(step.k_a.size()) &&
                 volume(nest, axes_where(nest, false)) * loops::size_of(step.dtype) > kStreamBytes &&
                 whole(*rows) && whole(step.nr) && std::int64_t(step.n_c.size()) % step.nr == 0 &&
                 whole(step.offset_c) && std::ranges::all_of(step.batch_c, whole);
}

/// The micro-kernel as loops: the tile lives in registers along the depth.
class MicroKernelMaker {
 public:
  /// `adds`: the depth may be several blocks.
  MicroKernelMaker(const Machine& machine, const Matmul& step, TileStrides strides, bool adds)
      : step_(step), strides_(strides), lanes_(machine.vector_bytes / loops::size_of(step.dtype)), adds_(adds) {
    const DType dtype = step.dtype;
    micro_.buffers = {{"a", Buffer::Kind::Input, dtype, 0, 0},
                      {"b", Buffer::Kind::Input, dtype, 1, 0},
                      {"c", Buffer::Kind::Output, dtype, 0, 0}};
    micro_.kernel.name = "micro";
    micro_.kernel.registers = {{"acc", dtype, {step.mr}, 0, 0},
                               {"b", dtype, {}, 0, 0},
                               {"a", dtype, {}, 0, 0},
                               {"p", dtype, {}, 0, 0}};
  }

  /// once if fresh: tile = a * b. Once if not, and there are several blocks of the depth: tile += a * b.
  MicroKernel make() {
    micro_.kernel.body.push_back(variant(Int{0, 1}, true));
    if (adds_) micro_.kernel.body.push_back(variant(Int{0, 2}, false));
    return std::move(micro_);
  }

 private:
  VarId var(const char* name) {
    micro_.kernel.vars.push_back(name + std::to_string(micro_.kernel.vars.size()));
    return VarId(micro_.kernel.vars.size() - 1);
  }
  Loop loop(VarId var, Int extent, LoopKind kind) {
    Loop made;
    made.var = var;
    made.extent = extent;
    made.kind = kind;
    return made;
  }
  /// For every row of the tile.
  Statement rows(const std::function<Statement(VarId)>& inner) {
    const VarId row = var("i");
    Loop made = loop(row, constant(step_.mr), LoopKind::Unrolled);
    made.body.push_back(inner(row));
    return {std::move(made)};
  }
  Address tile_row(VarId row, VarId n) const {
    return {{}, {{row, constant(strides_.c_row)}, {n, constant(1)}}, {}};
  }

  Statement variant(Int times, bool fresh) {
    Loop once = loop(var("once"), times, LoopKind::Serial);
    const VarId n = var("n");
    Loop columns = loop(n, constant(step_.nr), LoopKind::Vector);
    columns.step = lanes_;
    columns.unroll = int(step_.nr / lanes_);
    columns.body.push_back(rows([&](VarId row) {
      const Ref acc{0, {row}};
      return fresh ? Statement{Set{acc, tensor::make_scalar(0.0, step_.dtype)}}
                   : Statement{Load{acc, 2, tile_row(row, n)}};
    }));
    columns.body.push_back(depth(n));
    columns.body.push_back(rows([&](VarId row) {
      return Statement{Store{2, tile_row(row, n), Ref{0, {row}}, step_.streams}};
    }));
    once.body.push_back({std::move(columns)});
    return {std::move(once)};
  }

  Statement depth(VarId n) {
    const std::vector<DType> two{step_.dtype, step_.dtype};
    const Ref b{1, {}}, a{2, {}}, p{3, {}};
    const VarId k = var("k"), row = var("i");
    Loop along = loop(k, Int{0, 0}, LoopKind::Serial);
    along.body.push_back({Load{b, 1, {{}, {{k, constant(step_.nr)}, {n, constant(1)}}, {}}}});
    Loop tile = loop(row, constant(step_.mr), LoopKind::Unrolled);
    tile.body = {{Load{a, 0, {{}, {{k, constant(strides_.a_depth)}, {row, constant(strides_.a_row)}}, {}}}},
                 {Apply{{p}, prim_fn(ops::Prim::Mul, two, step_.dtype), {a, b}}},
                 {Update{{Ref{0, {row}}}, prim_fn(ops::Prim::Add, two, step_.dtype), {p}}}};
    along.body.push_back({std::move(tile)});
    return {std::move(along)};
  }

  const Matmul& step_;
  TileStrides strides_;
  std::int64_t lanes_;
  bool adds_;
  MicroKernel micro_;
};

/// `anyway`: there is no other schedule with reuse.
bool worthwhile(const Nest& nest, const Classes& axes, bool anyway) {
  const std::int64_t m = volume(nest, axes.m), n = volume(nest, axes.n), k = volume(nest, axes.k);
  for (std::int64_t length : {m, n, k})
    if (length < 8 || length > kMaxTable) return false;
  return m * n >= (anyway ? 64 : 1024) && m * n * k >= (anyway ? 1 << 12 : kMinWork) && volume(nest, axes.batch) <= kMaxTable;
}

std::string words(const std::string& label, const Matmul& step, const ProductSizes& sizes) {
  std::string text = label + "\npacked product of";
  for (const std::int64_t size : {sizes.batch, sizes.m, sizes.n, sizes.k})
    text += (text.back() == 'f' ? " " : " x ") + std::to_string(size);
  text += step.rows == Matmul::Rows::Direct  ? ", rows of a where they are"
          : step.rows == Matmul::Rows::Lines ? ", rows of a copied side by side: they are not evenly spaced"
                                             : ", rows of a transposed: they do not run along the depth";
  if (!step.direct) return text + ", tiles copied to the output: its rows are not runs";
  return text +
         (step.streams ? ", tiles past the caches: the output is large" : ", tiles straight to the output");
}

/// Tables of offsets, for the sizes of `nest`.
Matmul tables_of(const Nest& nest, const Sides& sides) {
  const Access &a = nest.inputs[sides.swapped], &b = nest.inputs[!sides.swapped], &c = nest.outputs[0];
  Matmul step;
  step.a = a.buffer;
  step.b = b.buffer;
  step.c = c.buffer;
  step.dtype = c.dtype;
  step.offset_a = a.offset.value;
  step.offset_b = b.offset.value;
  step.offset_c = c.offset.value;
  step.batch_a = offsets(nest, a, sides.axes.batch);
  step.batch_b = offsets(nest, b, sides.axes.batch);
  step.batch_c = offsets(nest, c, sides.axes.batch);
  step.m_a = offsets(nest, a, sides.axes.m);
  step.k_a = offsets(nest, a, sides.axes.k);
  step.k_b = offsets(nest, b, sides.axes.k);
  step.n_b = offsets(nest, b, sides.axes.n);
  step.m_c = offsets(nest, c, sides.axes.m);
  step.n_c = offsets(nest, c, sides.axes.n);
  return step;
}

ProductSizes sizes_of(const Matmul& step) {
  return {std::int64_t(step.batch_c.size()), std::int64_t(step.m_a.size()), std::int64_t(step.n_b.size()),
          std::int64_t(step.k_a.size()), loops::size_of(step.dtype)};
}

void set_blocks(Matmul& step, const Blocking& cut) {
  step.mr = cut.mr, step.nr = cut.nr, step.kc = cut.kc, step.mc = cut.mc, step.nc = cut.nc;
  step.row_parts = cut.row_parts, step.column_parts = cut.column_parts, step.grain = cut.grain;
  step.parallel = cut.parallel;
}

/// Operands and results that need no conversion, whose sizes a temporary would have.
bool stored_as(const Nest& nest, DType dtype) {
  return nest.outputs[0].dtype == dtype &&
         std::ranges::all_of(nest.inputs, [&](const Access& input) { return input.dtype == dtype; });
}

}  // namespace

bool schedule_matmul(const Nest& original, Plan& plan) {
  const std::optional<DType> dtype = product_dtype(original);
  if (!dtype || !worthwhile(original, classify(original), plan.dynamic) || (plan.dynamic && !stored_as(original, *dtype)))
    return false;
  const StoredProduct stored = store_as(original, plan, *dtype);
  const Nest& nest = stored.nest;
  const Sides sides = sides_of(nest);
  Matmul step = tables_of(nest, sides);
  const ProductSizes sizes = sizes_of(step);
  const Blocking cut = choose_blocking(plan.machine, sizes);
  set_blocks(step, cut);
  TileStrides strides{};
  const bool short_ones = plan.dynamic && !worthwhile(nest, sides.axes, false);
  choose_rows_of_a(nest, sides, step, strides, short_ones);
  choose_stores(nest, sides, step, strides, short_ones);
  const bool adds = step.kc < sizes.k || !fixed_axes(nest, sides.axes.k);
  step.micro = MicroKernelMaker(plan.machine, step, strides, adds).make();
  step.schedule = words(nest.label, step, sizes) + "\n" + describe(cut, sizes) +
                  (sides.swapped ? "\noperands exchanged: the output runs along the first's axes" : "") +
                  (stored.words.empty() ? "" : "\n" + stored.words);
  plan.program.steps.emplace_back(std::move(step));
  if (stored.last) schedule(*stored.last, plan);
  return true;
}

namespace {

/// Whether the micro-kernel of `like`, which knows distances, is right for these tables.
bool serves(const Matmul& like, const Matmul& step) {
  const bool tall = std::int64_t(step.m_c.size()) >= like.mr, wide = std::int64_t(step.n_c.size()) >= like.nr;
  const auto same = [](const auto& a, const auto& b) { return step_of(a) && step_of(a) == step_of(b); };
  if (like.rows == Matmul::Rows::Direct && !(tall && same(step.m_a, like.m_a) && same(step.k_a, like.k_a))) return false;
  if (like.rows == Matmul::Rows::Lines && step_of(step.k_a) != 1) return false;
  if (like.direct && !(tall && wide && same(step.m_c, like.m_c) && step_of(step.n_c) == 1)) return false;
  const auto whole = [&](std::int64_t offset) { return offset * loops::size_of(step.dtype) % kLine == 0; };
  return !like.streams || (step.kc >= std::int64_t(step.k_a.size()) && std::int64_t(step.n_c.size()) % like.nr == 0 &&
                           whole(step.offset_c) && std::ranges::all_of(step.batch_c, whole));
}

}  // namespace

std::optional<Matmul> plan_again(const Nest& common, const Nest& nest, const Matmul& like, const Machine& machine) {
  const Sides sides = sides_of(common);
  for (const std::vector<int>* axes : {&sides.axes.m, &sides.axes.n, &sides.axes.k, &sides.axes.batch})
    if (volume(nest, *axes) > kMaxTable || volume(nest, *axes) == 0) return std::nullopt;
  Matmul step = tables_of(nest, sides);
  set_blocks(step, choose_blocking(machine, sizes_of(step), like.mr, like.nr));
  if (like.rows == Matmul::Rows::Lines) step.kc = like.kc, step.line = like.line;
  if (!serves(like, step)) return std::nullopt;
  step.rows = like.rows, step.direct = like.direct, step.streams = like.streams;
  return step;
}

}  // namespace einx::detail::loops
