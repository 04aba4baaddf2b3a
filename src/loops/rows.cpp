#include "loops/rows.h"

#include <algorithm>

#include "loops/estimate.h"

namespace einx::detail::loops {
namespace {

const ops::Rows& rows_of(const Nest& nest) { return std::get<ops::Rows>(nest.meaning); }

void append(std::vector<Lazy>& to, const std::vector<Lazy>& items) {
  to.insert(to.end(), items.begin(), items.end());
}

/// One kernel: loops over the kept axes; inside, every pass over the reduced ones, then the result.
class RowsKernel {
 public:
  RowsKernel(const Nest& nest, Plan& plan, const RowsChoice& choice)
      : b_(nest, plan), rows_(rows_of(nest)), c_(choice) {}

  void make() {
    Body body;
    if (c_.start > 0) b_.at[0].start = c_.start;
    waiting_ = c_.stream && keeps_mapped() ? local_row() : b_.nest.outputs[0];
    if (c_.tile > 0) {
      b_.over(body, c_.vector, header(LoopKind::Tile, c_.tile), [&](Body& in) { outer(in, 0); });
      std::get<Loop>(body.back().node).kind = LoopKind::Parallel;
    } else {
      outer(body, 0);
    }
    b_.say(b_.nest.label);
    b_.say(c_.why);
    if (!c_.threads.empty()) b_.say(c_.threads);
    b_.finish(std::move(body));
  }

 private:
  bool vector_reduced() const { return c_.vector >= 0 && b_.nest.axes[c_.vector].reduced; }
  bool vector_kept() const { return c_.vector >= 0 && !b_.nest.axes[c_.vector].reduced; }

  void outer(Body& body, std::size_t k) {
    if (k == c_.outer.size()) return columns(body);
    const bool parallel = k == 0 && c_.grain > 0 && c_.tile == 0;
    b_.over(body, c_.outer[k],
            parallel ? header(LoopKind::Parallel, 1, 1, c_.grain) : header(LoopKind::Serial),
            [&](Body& in) { outer(in, k + 1); });
  }

  void columns(Body& body) {
    if (!vector_kept()) return row(body);
    Loop loop = header(LoopKind::Vector, c_.lanes, c_.unroll);
    if (c_.tile > 0) {
      loop.extent = constant(c_.tile);
      loop.outer = b_.at[c_.vector].vars.back();
      loop.outer_extent = b_.nest.axes[c_.vector].extent;
    }
    b_.over(body, c_.vector, std::move(loop), [&](Body& in) { row(in); });
  }

  /// Loops over the reduced axes, the vector one innermost.
  void reduced(Body& body, const AxisBuilder::Inner& inner) { reduced(body, 0, inner); }
  void reduced(Body& body, std::size_t k, const AxisBuilder::Inner& inner) {
    if (k < c_.inner.size()) {
      const bool unrolled = c_.unroll_last && k + 1 == c_.inner.size();
      return b_.over(body, c_.inner[k], header(unrolled ? LoopKind::Unrolled : LoopKind::Serial),
                     [&](Body& in) { reduced(in, k + 1, inner); });
    }
    if (!vector_reduced()) return inner(body);
    b_.over(body, c_.vector, header(LoopKind::Vector, c_.lanes, c_.unroll), inner);
  }

  std::vector<Lazy> elements() {
    std::vector<Lazy> values;
    for (const Access& input : b_.nest.inputs)
      values.push_back(once([&](Body& body) { return b_.load(body, input); }));
    return values;
  }
  Lazy count() {
    return [&](Body& body) { return b_.index(body, "n", Address{b_.nest.count, {}, {}}); };
  }

  /// The map of a pass, cut into what is the same all along a row and the rest.
  struct RowMap {
    ops::ScalarFn inside;
    std::vector<Lazy> fixed;  ///< accumulators of earlier passes
    std::vector<Ref> hoisted;
  };
  RowMap before(Body& body, std::size_t pass) {
    const ops::ScalarFn& map = rows_.passes[pass].map;
    std::size_t earlier = 0;
    for (std::size_t k = 0; k < pass; ++k) earlier += rows_.passes[k].identity.size();
    const std::size_t inputs = b_.nest.inputs.size();
    std::vector<bool> fixed(map.args.size(), false);
    std::fill_n(fixed.begin() + std::ptrdiff_t(inputs), earlier + 1, true);
    Hoisted cut = hoist(map, fixed);
    RowMap made{std::move(cut.inside), ready(std::span(accumulators_).first(earlier)), {}};
    std::vector<Lazy> args(inputs, Lazy{});
    append(args, made.fixed);
    args.push_back(count());
    args.emplace_back();
    made.hoisted = b_.apply(body, "h", cut.before, args);
    return made;
  }
  std::vector<Ref> mapped(Body& body, const RowMap& map, const std::vector<Lazy>& elements_of) {
    std::vector<Lazy> args = elements_of;
    append(args, map.fixed);
    args.push_back(count());
    const DType position = map.inside.args[args.size()];
    args.push_back([&, position](Body& in) {
      return b_.index(in, "position", b_.address(b_.nest.position_strides), position);
    });
    append(args, ready(map.hoisted));
    return b_.apply(body, "v", map.inside, args);
  }

  void pass(Body& body, std::size_t k) {
    const ops::Pass& one = rows_.passes[k];
    const RowMap map = before(body, k);
    std::vector<Ref> own;
    for (const tensor::Scalar& identity : one.identity) {
      own.push_back(vector_reduced() ? b_.reg("acc", identity.dtype, c_.lanes, c_.unroll)
                                     : b_.reg("acc", identity.dtype));
      b_.set(body, own.back(), identity);
    }
    const bool kept = keeps_mapped() && k + 1 == rows_.passes.size();
    reduced(body, [&](Body& in) {
      const std::vector<Ref> values = mapped(in, map, elements());
      if (k + 1 == rows_.passes.size()) prefetch(in);
      if (kept) b_.store(in, waiting_, values[0]);
      in.push_back({Update{own, c_.in_order ? *c_.in_order : one.combine, values}});
    });
    if (vector_reduced()) own = fold(body, one, own);
    accumulators_.insert(accumulators_.end(), own.begin(), own.end());
  }

  /// Asks for what lies further on, mostly the same place of a later row: while this one is computed with,
  /// memory works on that.
  void prefetch(Body& body) {
    if (c_.ahead == 0) return;
    for (const Access& input : b_.nest.inputs) {
      Address at = b_.address(input);
      at.offset.value += c_.ahead;
      body.push_back({Prefetch{input.buffer, std::move(at)}});
    }
  }

  std::vector<Ref> fold(Body& body, const ops::Pass& one, const std::vector<Ref>& lanes) {
    std::vector<Ref> scalars;
    for (const Ref& acc : lanes) scalars.push_back(b_.reg("s", b_.dtype_of(acc)));
    body.push_back({Fold{scalars, one.combine, lanes}});
    return scalars;
  }

  /// A row of the output's dtype in this thread's frame, indexed by the position in it.
  Access local_row() {
    Access row = b_.nest.outputs[0];
    row.buffer = b_.buffer("row", Buffer::Kind::Local, row.dtype, b_.nest.count.value);
    row.offset = constant(0);
    row.strides = b_.nest.position_strides;
    return row;
  }

  /// Whether the last pass's values wait - in the output or a local row - for the result that is made of
  /// them: softmax computes each exponential once.
  bool keeps_mapped() const {
    if (!rows_.per_element || !c_.spread.empty()) return false;
    const ops::Pass& last = rows_.passes.back();
    return last.identity.size() == 1 && rows_.result.uses(int(b_.nest.inputs.size())) &&
           last.identity[0].dtype == b_.nest.outputs[0].dtype;
  }

  void row(Body& body) {
    accumulators_.clear();
    for (std::size_t k = 0; k < rows_.passes.size(); ++k) pass(body, k);
    if (rows_.per_element) return results_per_element(body);
    std::vector<Lazy> args = ready(accumulators_);
    args.push_back(count());
    store_results(b_, body, b_.apply(body, "y", rows_.result, args), c_.spread, vector_kept() ? 0 : c_.lanes);
  }

  void results_per_element(Body& body) {
    const std::size_t inputs = b_.nest.inputs.size(), last = rows_.passes.back().identity.size();
    std::vector<bool> fixed(rows_.result.args.size(), true);
    std::fill_n(fixed.begin(), inputs + last, false);
    const Hoisted cut = hoist(rows_.result, fixed);
    std::vector<Lazy> args(inputs + last, Lazy{});
    append(args, ready(accumulators_));
    args.push_back(count());
    const std::vector<Ref> hoisted = b_.apply(body, "h", cut.before, args);
    const bool again = !keeps_mapped() && uses_mapped(cut.inside);
    const RowMap map = again ? before(body, rows_.passes.size() - 1) : RowMap{};
    reduced(body, [&](Body& in) {
      std::vector<Lazy> all = elements();
      if (again)
        append(all, ready(mapped(in, map, all)));
      else
        all.insert(all.end(), last, [&](Body& at) { return b_.load(at, waiting_); });
      append(all, ready(accumulators_));
      all.push_back(count());
      append(all, ready(hoisted));
      store_results(b_, in, b_.apply(in, "y", cut.inside, all), c_.spread, 0, c_.stream);
    });
  }

  bool uses_mapped(const ops::ScalarFn& result) const {
    for (std::size_t k = 0; k < rows_.passes.back().identity.size(); ++k)
      if (result.uses(int(b_.nest.inputs.size() + k))) return true;
    return false;
  }

  AxisBuilder b_;
  const ops::Rows& rows_;
  const RowsChoice& c_;
  Access waiting_;                 ///< where the last pass's values wait
  std::vector<Ref> accumulators_;  ///< of the passes so far: scalars, or vectors of columns
};

}  // namespace

Ref after_epilogue(AxisBuilder& b, Body& body, Ref result) {
  if (!b.nest.epilogue) return result;
  std::vector<Lazy> args{ready(result)};
  for (const Access& input : b.nest.epilogue->inputs)
    args.push_back([&b, &input](Body& in) { return b.load(in, input); });
  return b.apply(body, "e", b.nest.epilogue->fn, args)[0];
}

void store_results(AxisBuilder& b, Body& body, std::span<const Ref> values, std::span<const int> spread,
                   int lanes, bool streaming) {
  if (!spread.empty()) {
    const bool vector = lanes > 1 && spread.size() == 1;
    return b.over(
        body, spread.front(), vector ? header(LoopKind::Vector, lanes) : header(LoopKind::Serial),
        [&](Body& in) { store_results(b, in, values, spread.subspan(1), vector ? 0 : lanes, streaming); });
  }
  const Nest& nest = b.nest;
  for (std::size_t k = 0; k < nest.outputs.size(); ++k) {
    if (!rows_of(nest).coordinates)
      b.store(body, nest.outputs[k], after_epilogue(b, body, values[k]), streaming);
    else
      b.store(body, nest.outputs[k],
              b.apply(body, "coordinate", unravel_fn(nest.unravel, k), {ready(values[0])})[0]);
  }
}

void emit_rows(const Nest& nest, Plan& plan, const RowsChoice& choice) {
  RowsKernel(nest, plan, choice).make();
}

}  // namespace einx::detail::loops
