// Reductions of one pass: sum, max, any, ... The vector axis and its order are chosen in choose_rows.cpp;
// wide columns and few results have forms of their own.
#include <algorithm>

#include "loops/estimate.h"
#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

const ops::Rows& rows_of(const Nest& nest) { return std::get<ops::Rows>(nest.meaning); }

// ---------------------------------------------------------------- columns
/// Bytes of a row that are read in a run. Short runs keep the accumulators and the next rows in the L1; a
/// variance's groups are many rows already, so that its runs are what limits the jumps.
constexpr std::int64_t kRunBytes = 2 << 10, kMomentRunBytes = 16 << 10;
constexpr int kRows = 4;        ///< rows taken together: one load and store of the accumulators for all
constexpr int kMomentRows = 8;  ///< of a variance: their mean is found and used in registers

class ColumnsKernel {
 public:
  ColumnsKernel(const Nest& nest, Plan& plan, const RowsChoice& choice, std::int64_t block)
      : b_(nest, plan),
        pass_(rows_of(nest).passes[0]),
        c_(choice),
        block_(block),
        identity_(pass_.identity),
        variance_(is_variance(nest)),
        together_(variance_ ? kMomentRows : kRows),
        asks_((variance_ || choice.in_order) &&
              volume(nest) * loops::size_of(nest.inputs[0].dtype) > plan.machine.l2) {
    if (variance_) identity_.push_back(identity_[0]);
    for (const tensor::Scalar& identity : identity_)
      buffers_.push_back(b_.buffer("acc", Buffer::Kind::Local, identity.dtype, block));
  }

  void make() {
    Body body;
    if (c_.start > 0) b_.at[0].start = c_.start;
    const bool by_rows = c_.grain > 0;
    Loop tiles = header(LoopKind::Tile, block_);
    if (by_rows) {
      outer(body, 0, [&](Body& in) { b_.over(in, c_.vector, tiles, [&](Body& at) { block(at); }); });
    } else {
      tiles.kind = c_.tile > 0 ? LoopKind::Parallel : LoopKind::Tile;
      b_.over(body, c_.vector, tiles, [&](Body& in) { outer(in, 0, [&](Body& at) { block(at); }); });
    }
    b_.say(b_.nest.label);
    b_.say(c_.why);
    if (by_rows) b_.say(c_.threads);
    if (tiles.kind == LoopKind::Parallel) b_.say("threads take blocks of columns");
    b_.say("blocks of " + std::to_string(block_) + " columns, accumulators in L1, " +
           std::to_string(together_) + " rows at a time");
    if (variance_) b_.say("means and squared deviations of a group from registers, then merged: one reading");
    if (asks_) b_.say("the next rows are asked for in advance");
    b_.finish(std::move(body));
  }

 private:
  void outer(Body& body, std::size_t k, const AxisBuilder::Inner& inner) {
    if (k == c_.outer.size()) return inner(body);
    const bool parallel = k == 0 && c_.grain > 0;
    b_.over(body, c_.outer[k],
            parallel ? header(LoopKind::Parallel, 1, 1, c_.grain) : header(LoopKind::Serial),
            [&](Body& in) { outer(in, k + 1, inner); });
  }

  /// A vector loop over the columns of the block.
  void columns(Body& body, const AxisBuilder::Inner& inner) {
    Loop loop = header(LoopKind::Vector, c_.lanes, c_.unroll);
    loop.extent = constant(block_);
    loop.outer = b_.at[c_.vector].vars.back();
    loop.outer_extent = b_.nest.axes[c_.vector].extent;
    b_.over(body, c_.vector, std::move(loop), inner);
  }
  Address in_block() const { return {{}, {{b_.at[c_.vector].vars.back(), constant(1)}}, {}}; }

  std::vector<Ref> load_accumulators(Body& body) {
    std::vector<Ref> values;
    for (std::size_t k = 0; k < buffers_.size(); ++k)
      values.push_back(b_.load(body, "acc", buffers_[k], identity_[k].dtype, in_block()));
    return values;
  }
  void store_accumulators(Body& body, std::span<const Ref> values) {
    for (std::size_t k = 0; k < buffers_.size(); ++k)
      body.push_back({Store{buffers_[k], in_block(), values[k], false}});
  }
  std::vector<Ref> combine(Body& body, const ops::ScalarFn& fn, std::span<const Ref> left,
                           std::span<const Ref> right) {
    std::vector<Lazy> args = ready(left);
    for (const Ref& ref : right) args.push_back(ready(ref));
    return b_.apply(body, "a", fn, args);
  }
  /// Positions count from the first row of the group if elements come in order: constants, where a row's own
  /// number would have to be spread over the lanes for every vector.
  std::vector<Ref> map(Body& body, std::int64_t relative, int row) {
    std::vector<Lazy> args;
    for (const Access& input : b_.nest.inputs) args.push_back([&](Body& in) { return b_.load(in, input); });
    args.push_back([&](Body& in) { return b_.index(in, "n", Address{b_.nest.count, {}, {}}); });
    const DType position = pass_.map.args.back();
    args.push_back([&, position](Body& in) {
      Address where = b_.address(b_.nest.position_strides);
      if (c_.in_order && b_.nest.position_strides[row].constant())
        where = {constant(relative * b_.nest.position_strides[row].value), {}, {}};
      else if (c_.in_order)
        where = {{}, {}, {}, {{b_.nest.position_strides[row], relative}}};
      return b_.index(in, "position", std::move(where), position);
    });
    return b_.apply(body, "v", pass_.map, args);
  }
  /// Moves the group's position (the second accumulator) to where the group begins.
  void place(Body& body, std::vector<Ref>& group) {
    const DType dtype = b_.dtype_of(group[1]);
    const Ref base = b_.index(body, "base", b_.address(b_.nest.position_strides), dtype);
    group[1] = b_.apply(body, "position", prim_fn(ops::Prim::Add, {dtype, dtype}, dtype),
                        {ready(group[1]), ready(base)})[0];
  }

  /// Asks for what the next group of rows has at these columns: the hardware follows few rows at a time, and
  /// none beyond its page, and so much arithmetic lies between two loads that the processor does not see the
  /// next ones itself.
  void ask_ahead(Body& body, int row, int count) {
    if (!asks_) return;
    const std::int64_t first = b_.at[row].start;
    b_.at[row].start += together_;
    for (int k = 0; k < count; ++k, ++b_.at[row].start)
      for (const Access& input : b_.nest.inputs) body.push_back({Prefetch{input.buffer, b_.address(input)}});
    b_.at[row].start = first;
  }

  /// `count` rows from where the reduced axis `row` stands, combined pairwise (earlier ones on the left) and
  /// then with the accumulators.
  void rows(Body& body, int row, int count) {
    columns(body, [&](Body& in) {
      const ops::ScalarFn& fn = c_.in_order ? *c_.in_order : pass_.combine;
      const std::int64_t first = b_.at[row].start;
      ask_ahead(in, row, count);
      std::vector<std::vector<Ref>> values;
      for (int k = 0; k < count; ++k, ++b_.at[row].start) values.push_back(map(in, k, row));
      b_.at[row].start = first;
      for (; values.size() > 1; values.resize((values.size() + 1) / 2)) {
        for (std::size_t k = 0; k < values.size() / 2; ++k)
          values[k] = combine(in, fn, values[2 * k], values[2 * k + 1]);
        if (values.size() % 2 == 1) values[values.size() / 2] = values.back();
      }
      if (c_.in_order) place(in, values[0]);
      store_accumulators(in, combine(in, fn, load_accumulators(in), values[0]));
    });
  }

  /// The same for a variance: accumulators are the mean and the squared deviations from it.
  void moments(Body& body, int row, int count) {
    const DType t = identity_[0].dtype;
    Address before{constant(b_.at[row].start), {}, {}};
    for (const VarId var : b_.at[row].vars) before.terms.push_back({var, constant(1)});
    const std::vector<Ref> weights = b_.apply(body, "w", group_weights(t, count),
                                              {[&](Body& in) { return b_.index(in, "before", before); }});
    columns(body, [&](Body& in) {
      std::vector<Ref> group;
      const std::int64_t first = b_.at[row].start;
      ask_ahead(in, row, count);
      for (int k = 0; k < count; ++k, ++b_.at[row].start) group.push_back(map(in, k, row)[0]);
      b_.at[row].start = first;
      const std::vector<Ref> old = load_accumulators(in);
      group.insert(group.end(), old.begin(), old.end());
      group.insert(group.end(), weights.begin(), weights.end());
      store_accumulators(in, b_.apply(in, "m", group_moments(t, count), ready(group)));
    });
  }

  void block(Body& body) {
    columns(body, [&](Body& in) {
      for (std::size_t k = 0; k < buffers_.size(); ++k) {
        const Ref identity = b_.reg("e", identity_[k].dtype);
        b_.set(in, identity, identity_[k]);
        in.push_back({Store{buffers_[k], in_block(), identity, false}});
      }
    });
    const std::span<const int> around = std::span(c_.inner).first(c_.inner.size() - 1);
    b_.over(body, around, [&](Body& in) { all_rows(in, c_.inner.back()); });
    const ops::ScalarFn& given = rows_of(b_.nest).result;
    const ops::ScalarFn result = variance_ ? with_moments(given, identity_[0].dtype) : given;
    columns(body, [&](Body& in) {
      const std::vector<Ref> accumulators = load_accumulators(in);
      std::vector<Lazy> args = ready(accumulators);
      args.push_back([&](Body& at) { return b_.index(at, "n", Address{b_.nest.count, {}, {}}); });
      store_results(b_, in, b_.apply(in, "y", result, args), {}, 0);
    });
  }

  void all_rows(Body& body, int row) {
    const auto some = [&](Body& in, int count) {
      variance_ ? moments(in, row, count) : rows(in, row, count);
    };
    const std::int64_t extent = b_.nest.axes[row].extent.value, whole = extent - extent % together_;
    Loop groups = header(LoopKind::Tile, together_);
    if (!fixed(b_.nest, row)) {
      Loop rest = header(LoopKind::Serial);
      groups.part = Loop::Part::Whole, rest.part = Loop::Part::Rest;
      groups.unit = rest.unit = together_;
      b_.over(body, row, groups, [&](Body& in) { some(in, together_); });
      return b_.over(body, row, rest, [&](Body& in) { some(in, 1); });
    }
    groups.extent = constant(whole);
    b_.over(body, row, groups, [&](Body& in) { some(in, together_); });
    for (std::int64_t k = whole; k < extent; ++k) {
      b_.at[row].start = k;
      some(body, 1);
    }
    b_.at[row].start = 0;
  }

  AxisBuilder b_;
  const ops::Pass& pass_;
  const RowsChoice& c_;
  std::int64_t block_;
  std::vector<tensor::Scalar> identity_;
  bool variance_;
  int together_;  ///< rows
  bool asks_;     ///< for the next group of rows
  std::vector<BufferId> buffers_;
};

}  // namespace

bool schedule_columns(const Nest& nest, Plan& plan, const RowsChoice& given) {
  const ops::Rows& rows = rows_of(nest);
  const bool variance = is_variance(nest);
  RowsChoice choice = given;
  if (variance) choice.unroll = 1;  // a group's elements take the registers
  if (variance && choice.inner.size() != 1) return false;
  if ((rows.passes.size() != 1 && !variance) || rows.per_element || !choice.spread.empty() ||
      choice.inner.empty())
    return false;
  if (choice.vector < 0 || nest.axes[choice.vector].reduced) return false;
  const NestAxis& columns = nest.axes[choice.vector];
  const std::int64_t extent = columns.extent.value, deep = nest.axes[choice.inner.back()].extent.value;
  for (const Access& input : nest.inputs)
    if (stride_of(input, choice.vector) != 1) return false;
  const std::int64_t step = std::int64_t(choice.lanes) * choice.unroll;
  if (deep < 2 * kRows || extent < 2 * step) return false;
  const std::int64_t run = variance ? kMomentRunBytes : kRunBytes;
  std::int64_t block = round_up(std::min(extent, run / loops::size_of(nest.inputs[0].dtype)), step);
  if (choice.grain == 0 && choice.tile > 0)
    block = std::min(block, std::max(round_up(extent / 8, step), 4 * step));
  ColumnsKernel(nest, plan, choice, block).make();
  return true;
}

void schedule_reduce(const Nest& nest, Plan& plan) { schedule_rows(nest, plan); }

}  // namespace einx::detail::loops
