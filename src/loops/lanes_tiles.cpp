// Register tiles over an axis of either factor, every element of them a vector.
#include <algorithm>

#include "loops/lanes_pair.h"

namespace einx::detail::loops {
namespace {

constexpr std::int64_t kWrittenOut = 64;  ///< products of a tile that may stand as straight code

/// One product of two factors, summed over `reduced`: register tiles over an axis of either factor.
class TileKernel {
 public:
  explicit TileKernel(const PairJob& job) : j_(job), b_(job.b), factors_{&job.left, &job.right} {}

  void make(Body& body) {
    choose_tile(b_.plan.machine.vector_registers >= 32 ? 12 : 6);
    std::vector<int> loops = j_.kept;
    for (int axis : tile_) std::erase(loops, axis);
    b_.over(body, loops, [&](Body& in) { tiles(in, 0); });
  }

 private:
  void choose_tile(std::int64_t most) {
    const auto longest = [&](auto&& wanted) {
      int best = -1;
      for (int axis : j_.kept)
        if (wanted(axis) && (best < 0 || extent(axis) > extent(best))) best = axis;
      return best;
    };
    const int first = longest([&](int axis) { return factors_[0]->has(axis) && !factors_[1]->has(axis); });
    const int second = longest([&](int axis) { return factors_[1]->has(axis) && !factors_[0]->has(axis); });
    for (int axis : {first, second})
      if (axis >= 0) tile_.push_back(axis);
    if (tile_.empty() && !j_.kept.empty()) tile_.push_back(longest([](int) { return true; }));
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
    const Ref acc = array("acc", j_.pass.identity[0].dtype, all());
    each(body, all(), [&](Body& in, const auto& at) { b_.set(in, {acc.reg, at}, j_.pass.identity[0]); });
    sum(body, 0, [&](Body& in) { depth(in, acc); });
    each(body, all(), [&](Body& in, const auto& at) { j_.sink(in, {acc.reg, at}); });
  }

  /// Loops over the summed axes; the last ones are written out as far as they are short.
  void sum(Body& body, std::size_t k, const AxisBuilder::Inner& inner) {
    if (k == j_.reduced.size()) return inner(body);
    std::int64_t products = 1;
    for (std::int64_t count : counts_) products *= count;
    for (std::size_t j = k; j < j_.reduced.size(); ++j) products *= extent(j_.reduced[j]);
    b_.over(body, j_.reduced[k], header(products <= kWrittenOut ? LoopKind::Unrolled : LoopKind::Serial),
            [&](Body& in) { sum(in, k + 1, inner); });
  }

  void depth(Body& body, Ref acc) {
    Ref loaded[2];
    for (int f = 0; f < 2; ++f) {
      const Factor& factor = *factors_[f];
      const unsigned mask = mask_of(factor);
      loaded[f] = array("f", factor.source.access.computed, mask);
      each(body, mask, [&](Body& in, const auto& at) {
        const Ref value = load(b_, in, factor.source, j_.lane);
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
      const DType dtype = j_.pass.identity[0].dtype;
      const ops::ScalarFn product = prim_fn(ops::Prim::Mul, {dtype, dtype}, dtype);
      in.push_back({Update{{Ref{acc.reg, at}}, j_.pass.combine, b_.apply(in, "p", product, args)}});
    });
  }

  const PairJob& j_;
  AxisBuilder& b_;
  const Factor* factors_[2];
  std::vector<int> tile_;
  std::vector<std::int64_t> side_, counts_;
};

}  // namespace

void emit_tiles(const PairJob& job, Body& body) { TileKernel(job).make(body); }

}  // namespace einx::detail::loops
