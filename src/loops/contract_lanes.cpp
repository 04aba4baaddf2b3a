// Many small problems side by side: an axis of the output becomes the lanes, so that whatever is done for one
// problem is done for a vector of them. Operands that are not contiguous along it are transposed into frames,
// and so are the results on their way out. Products of more than two operands are taken in pairs, cheapest
// first, in the frame.
#include <algorithm>
#include <bit>

#include "loops/contract_pack.h"
#include "loops/estimate.h"
#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kWrittenOut = 64;  ///< products of a tile that may stand as straight code

const ops::Rows& rows_of(const Nest& nest) { return std::get<ops::Rows>(nest.meaning); }

/// One factor: an operand or a product so far, and the axes it has beside the vector axis.
struct Factor {
  Source source;
  std::vector<int> axes;
  bool has(int axis) const { return std::ranges::find(axes, axis) != axes.end(); }
};

std::vector<int> axes_of(const Nest& nest, const Access& access, int vector) {
  std::vector<int> axes;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    if (int(a) != vector && !access.strides[a].is(0)) axes.push_back(int(a));
  std::ranges::stable_sort(
      axes, [&](int a, int b) { return std::abs(stride_of(access, a)) > std::abs(stride_of(access, b)); });
  return axes;
}

/// One product of two factors, summed over `reduced`: register tiles over an axis of either factor.
class PairKernel {
 public:
  PairKernel(AxisBuilder& b, const Factor& left, const Factor& right, int vector)
      : b_(b), factors_{&left, &right}, vector_(vector) {}

  std::vector<int> kept, reduced;
  ops::ScalarFn map;                     ///< of the two, and of whatever the nest's map is told
  std::function<void(Body&, Ref)> sink;  ///< stores one sum
  tensor::Scalar identity;
  ops::ScalarFn combine;

  void make(Body& body, bool many_registers) {
    choose_tile(many_registers ? 12 : 6);
    std::vector<int> loops = kept;
    for (int axis : tile_) std::erase(loops, axis);
    b_.over(body, loops, [&](Body& in) { tiles(in, 0); });
  }

 private:
  void choose_tile(std::int64_t most) {
    const auto longest = [&](auto&& wanted) {
      int best = -1;
      for (int axis : kept)
        if (wanted(axis) && (best < 0 || extent(axis) > extent(best))) best = axis;
      return best;
    };
    const int first = longest([&](int axis) { return factors_[0]->has(axis) && !factors_[1]->has(axis); });
    const int second = longest([&](int axis) { return factors_[1]->has(axis) && !factors_[0]->has(axis); });
    for (int axis : {first, second})
      if (axis >= 0) tile_.push_back(axis);
    if (tile_.empty() && !kept.empty()) tile_.push_back(longest([](int) { return true; }));
    if (tile_.size() == 2)
      side_.push_back(even_tiles(extent(tile_[0]), most / std::min<std::int64_t>(extent(tile_[1]), 4)));
    if (!tile_.empty())
      side_.push_back(even_tiles(extent(tile_.back()), tile_.size() == 2
                                                           ? std::min<std::int64_t>(4, most / side_[0])
                                                           : std::min<std::int64_t>(8, most)));
  }

  std::int64_t extent(int axis) const { return b_.nest.axes[axis].extent.value; }

  void tiles(Body& body, std::size_t k) {
    if (k == tile_.size()) return tile(body);
    over_tiles(b_, body, tile_[k], side_[k], [&](Body& in, std::int64_t count) {
      counts_.push_back(count);
      tiles(in, k + 1);
      counts_.pop_back();
    });
  }

  /// Written out over those axes of the tile that the mask has; inner gets the register's indices.
  using Indexed = std::function<void(Body&, const std::vector<VarId>&)>;
  void each(Body& body, unsigned mask, std::size_t k, std::vector<VarId>& vars, const Indexed& inner) {
    if (k == tile_.size()) return inner(body, vars);
    if ((mask >> k & 1) == 0) return each(body, mask, k + 1, vars, inner);
    Loop loop = header(LoopKind::Unrolled);
    loop.extent = constant(counts_[k]);
    b_.over(body, tile_[k], std::move(loop), [&](Body& in) {
      vars.push_back(b_.at[tile_[k]].vars.back());
      each(in, mask, k + 1, vars, inner);
      vars.pop_back();
    });
  }
  void each(Body& body, unsigned mask, const Indexed& inner) {
    std::vector<VarId> vars;
    each(body, mask, 0, vars, inner);
  }
  unsigned all() const { return (1U << tile_.size()) - 1; }
  unsigned mask_of(const Factor& factor) const {
    unsigned mask = 0;
    for (std::size_t k = 0; k < tile_.size(); ++k) mask |= unsigned(factor.has(tile_[k])) << k;
    return mask;
  }
  /// A register for every place of the tile that the mask tells apart.
  Ref array(const std::string& name, DType dtype, unsigned mask) {
    const Ref made = b_.reg(name, dtype);
    for (std::size_t k = 0; k < tile_.size(); ++k)
      if (mask >> k & 1) b_.kernel.registers[made.reg].extents.push_back(counts_[k]);
    return made;
  }

  void tile(Body& body) {
    const Ref acc = array("acc", identity.dtype, all());
    each(body, all(), [&](Body& in, const auto& at) { b_.set(in, {acc.reg, at}, identity); });
    sum(body, 0, [&](Body& in) { depth(in, acc); });
    each(body, all(), [&](Body& in, const auto& at) { sink(in, {acc.reg, at}); });
  }

  /// Loops over the summed axes; the last ones are written out as far as they are short.
  void sum(Body& body, std::size_t k, const AxisBuilder::Inner& inner) {
    if (k == reduced.size()) return inner(body);
    std::int64_t products = 1;
    for (std::int64_t count : counts_) products *= count;
    for (std::size_t j = k; j < reduced.size(); ++j) products *= extent(reduced[j]);
    b_.over(body, reduced[k], header(products <= kWrittenOut ? LoopKind::Unrolled : LoopKind::Serial),
            [&](Body& in) { sum(in, k + 1, inner); });
  }

  void depth(Body& body, Ref acc) {
    Ref loaded[2];
    for (int f = 0; f < 2; ++f) {
      const Factor& factor = *factors_[f];
      const unsigned mask = mask_of(factor);
      loaded[f] = array("f", factor.source.access.computed, mask);
      each(body, mask, [&](Body& in, const auto& at) {
        const Ref value = load(b_, in, factor.source, vector_);
        in.push_back({Apply{{Ref{loaded[f].reg, at}}, forward_fn({b_.dtype_of(value)}, 1), {value}}});
      });
    }
    each(body, all(), [&](Body& in, const std::vector<VarId>& at) {
      std::vector<Lazy> args;
      for (int f = 0; f < 2; ++f) {
        Ref value{loaded[f].reg, {}};
        for (std::size_t k = 0; k < tile_.size(); ++k)
          if (mask_of(*factors_[f]) >> k & 1) value.index.push_back(at[k]);
        args.push_back(ready(value));
      }
      args.push_back([&](Body& here) { return b_.index(here, "n", Address{b_.nest.count, {}, {}}); });
      args.emplace_back();  // no product asks for a position
      in.push_back({Update{{Ref{acc.reg, at}}, combine, b_.apply(in, "p", map, args)}});
    });
  }

  AxisBuilder& b_;
  const Factor* factors_[2];
  int vector_;
  std::vector<int> tile_;
  std::vector<std::int64_t> side_, counts_;
};

class LanesKernel {
 public:
  LanesKernel(const Nest& nest, Plan& plan, int vector, int lanes)
      : b_(nest, plan), vector_(vector), lanes_(lanes) {
    for (const Access& input : nest.inputs) {
      Factor factor{{input, false}, axes_of(nest, input, vector)};
      packed_.push_back(std::abs(stride_of(input, vector)) > 1 || stride_of(input, vector) < 0);
      if (packed_.back()) factor.source = make_frame(b_, input, factor.axes, lanes);
      operands_.push_back(std::move(factor));
    }
    const Access& output = nest.outputs[0];
    kept_ = axes_where(nest, false);
    std::erase(kept_, vector);
    out_ = {{output, false}, axes_of(nest, output, vector)};
    if (stride_of(output, vector) != 1) out_.source = make_frame(b_, output, out_.axes, lanes);
  }

  void make() {
    const NestAxis& axis = b_.nest.axes[vector_];
    const std::int64_t extent = axis.extent.value, whole = extent - extent % lanes_;
    const std::int64_t grain =
        parallel_grain(whole / lanes_, time_of(b_.nest, 2 * lanes_) / double(whole / lanes_));
    Body body;
    Loop loop =
        header(grain > 0 ? LoopKind::Parallel : LoopKind::Tile, lanes_, 1, std::max<std::int64_t>(grain, 1));
    loop.extent = constant(whole);
    b_.over(body, vector_, std::move(loop), [&](Body& in) { block(in); });
    if (whole != extent) {
      b_.at[vector_].start = extent - lanes_;
      block(body);
    }
    b_.say(b_.nest.label);
    b_.say("small problems: " + std::to_string(lanes_) + " values of " + axis.name +
           " in the lanes, operands transposed into frames" +
           (whole != extent ? "; the last vector does some of them again" : ""));
    if (operands_.size() > 2) b_.say("operands are multiplied in pairs, cheapest first" + order_);
    if (grain > 0) b_.say("threads take " + axis.name + " in parts of " + std::to_string(grain * lanes_));
    b_.finish(std::move(body));
  }

 private:
  void block(Body& body) {
    order_.clear();
    const Strip strip{vector_, lanes_};
    for (std::size_t k = 0; k < operands_.size(); ++k)
      if (packed_[k]) pack(b_, body, b_.nest.inputs[k], operands_[k].source, operands_[k].axes, strip);
    Loop loop = header(LoopKind::Vector, lanes_);
    loop.extent = constant(lanes_);
    b_.over(body, vector_, std::move(loop), [&](Body& in) { products(in); });
    if (out_.source.framed) unpack(b_, body, out_.source, b_.nest.outputs[0], out_.axes, strip);
  }

  double volume_of(const Factor& left, const Factor& right) const {
    double product = 1;
    for (std::size_t a = 0; a < b_.nest.axes.size(); ++a)
      if (left.has(int(a)) || right.has(int(a))) product *= double(b_.nest.axes[a].extent.value);
    return product;
  }

  /// The pair whose product costs least, to the front.
  void cheapest_first(std::vector<Factor>& factors) const {
    std::size_t first = 0, second = 1;
    for (std::size_t i = 0; i < factors.size(); ++i)
      for (std::size_t j = i + 1; j < factors.size(); ++j)
        if (volume_of(factors[i], factors[j]) < volume_of(factors[first], factors[second]))
          first = i, second = j;
    std::swap(factors[0], factors[first]);
    std::swap(factors[1], factors[second]);
  }

  void products(Body& body) {
    std::vector<Factor> factors = operands_;
    open_ = axes_where(b_.nest, true);
    for (int made = 0; factors.size() > 2; ++made) {
      cheapest_first(factors);
      Factor product = pair(body, factors, made);
      factors.erase(factors.begin(), factors.begin() + 2);
      factors.push_back(std::move(product));
    }
    const ops::Rows& rows = rows_of(b_.nest);
    PairKernel last(b_, factors[0], factors[1], vector_);
    last.kept = kept_;
    last.reduced = open_;
    last.map = operands_.size() == 2 ? rows.passes[0].map : product_of(rows.passes[0].identity[0].dtype);
    last.sink = [&](Body& in, Ref sum) {
      std::vector<Lazy> args{ready(sum), [&](Body& at) {
                               return b_.index(at, "n", Address{b_.nest.count, {}, {}});
                             }};
      const Ref result = b_.apply(in, "y", rows.result, args)[0];
      if (out_.source.framed)
        store(b_, in, out_.source, vector_, result);
      else
        b_.store(in, b_.nest.outputs[0], result);
    };
    finish(last, body);
  }

  /// The first two factors multiplied, and summed over what no other factor and not the output has.
  Factor pair(Body& body, const std::vector<Factor>& factors, int number) {
    const DType dtype = rows_of(b_.nest).passes[0].identity[0].dtype;
    PairKernel kernel(b_, factors[0], factors[1], vector_);
    for (std::size_t a = 0; a < b_.nest.axes.size(); ++a) {
      const int axis = int(a);
      if (!factors[0].has(axis) && !factors[1].has(axis)) continue;
      bool needed = !b_.nest.axes[a].reduced;
      for (std::size_t k = 2; k < factors.size(); ++k) needed = needed || factors[k].has(axis);
      (needed ? kernel.kept : kernel.reduced).push_back(axis);
    }
    for (int axis : kernel.reduced) std::erase(open_, axis);
    order_ += (number == 0 ? ": " : ", ") + std::to_string(volume(b_.nest, kernel.kept)) + " sums of " +
              std::to_string(volume(b_.nest, kernel.reduced));
    Factor product{product_frame(dtype, kernel.kept, number), kernel.kept};
    kernel.map = product_of(dtype);
    kernel.sink = [&](Body& in, Ref sum) { store(b_, in, product.source, vector_, sum); };
    finish(kernel, body);
    return product;
  }

  /// Made for the first block, used again for the last.
  Source product_frame(DType dtype, std::span<const int> axes, int number) {
    if (int(products_.size()) == number) products_.push_back(make_frame(b_, dtype, axes, lanes_));
    return products_[std::size_t(number)];
  }

  void finish(PairKernel& kernel, Body& body) {
    const ops::Pass& pass = rows_of(b_.nest).passes[0];
    kernel.identity = pass.identity[0];
    kernel.combine = pass.combine;
    kernel.make(body, b_.plan.machine.vector_registers >= 32);
  }

  static ops::ScalarFn product_of(DType dtype) { return prim_fn(ops::Prim::Mul, {dtype, dtype}, dtype); }

  AxisBuilder b_;
  int vector_, lanes_;
  std::vector<Factor> operands_;
  std::vector<bool> packed_;
  std::vector<int> kept_, open_;  ///< axes of the output; summed ones that no pair has summed yet
  Factor out_;
  std::vector<Source> products_;
  std::string order_;
};

/// Elements of the access beside the vector axis.
std::int64_t elements_of(const Nest& nest, const Access& access, int vector) {
  return volume(nest, axes_of(nest, access, vector));
}

bool fits(const Nest& nest, int vector, int lanes) {
  constexpr std::int64_t kDeep = 64;
  const DType sums = rows_of(nest).passes[0].identity[0].dtype;
  std::int64_t bytes = elements_of(nest, nest.outputs[0], vector) * loops::size_of(nest.outputs[0].dtype);
  for (const Access& input : nest.inputs)
    bytes += elements_of(nest, input, vector) * loops::size_of(input.dtype);
  if (nest.inputs.size() > 2) bytes += bytes / loops::size_of(nest.inputs[0].dtype) * loops::size_of(sums);
  return bytes * lanes <= kFrameBytes &&
         volume(nest, axes_where(nest, true)) <= kDeep * (nest.inputs.size() > 2 ? 8 : 1);
}

}  // namespace

bool schedule_lanes(const Nest& nest, Plan& plan) {
  const ops::Rows& rows = rows_of(nest);
  const ops::Pass& pass = rows.passes[0];
  if (rows.passes.size() != 1 || rows.per_element || pass.identity.size() != 1) return false;
  if (nest.inputs.size() > 2 && !is_product_sum(nest)) return false;
  int vector = -1;
  for (int axis : axes_where(nest, false))
    if (read_along(nest, axis) &&
        (vector < 0 || nest.axes[axis].extent.value > nest.axes[vector].extent.value))
      vector = axis;
  if (vector < 0 || nest.axes[vector].extent.value < 4) return false;
  const auto extent = std::uint64_t(nest.axes[vector].extent.value);
  const int lanes = int(std::min(std::uint64_t(lanes_of(nest, plan.machine)), std::bit_floor(extent)));
  if (lanes < 4 || !fits(nest, vector, lanes)) return false;
  LanesKernel(nest, plan, vector, lanes).make();
  return true;
}

}  // namespace einx::detail::loops
