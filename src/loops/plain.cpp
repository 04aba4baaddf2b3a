// Scalar loops in the order of the axes, for any nest: what every other schedule falls back to.
#include "loops/plain.h"

#include "loops/estimate.h"
#include "loops/rows.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

std::vector<Lazy> operands(PlainBody& p) {
  std::vector<Lazy> loads;
  for (std::size_t k = 0; k < p.nest.inputs.size(); ++k)
    loads.push_back([&p, k](Body& body) { return p.load(body, k); });
  return loads;
}
Lazy count(PlainBody& p) {
  return [&p](Body& body) { return p.builder.index(body, "count", {p.nest.count, {}, {}}); };
}
Lazy position(PlainBody& p) {
  return [&p](Body& body) {
    return p.builder.index(body, "position", p.builder.address(p.nest.position_strides));
  };
}
void append(std::vector<Lazy>& args, const std::vector<Ref>& refs, std::size_t number) {
  for (std::size_t k = 0; k < number; ++k) args.push_back(ready(refs[k]));
}

/// What a pass makes of the element at hand; `earlier`: the number of accumulators of the passes before it.
std::vector<Ref> mapped(PlainBody& p, Body& body, const ops::Pass& pass, std::size_t earlier) {
  std::vector<Lazy> args = operands(p);
  append(args, p.accumulators, earlier);
  args.push_back(count(p));
  args.push_back(position(p));
  return p.builder.apply(body, "v", pass.map, args);
}

void run_pass(PlainBody& p, Body& out, const ops::Pass& pass) {
  std::vector<Ref> own;
  for (const tensor::Scalar& identity : pass.identity) {
    own.push_back(p.builder.reg("acc", identity.dtype));
    p.builder.set(out, own.back(), identity);
  }
  over_short(p.builder, out, p.reduced, p.written_out, [&](Body& body) {
    body.push_back({Update{own, pass.combine, mapped(p, body, pass, p.accumulators.size())}});
  });
  p.accumulators.insert(p.accumulators.end(), own.begin(), own.end());
}

void write_result(PlainBody& p, Body& out, const ops::Rows& rows) {
  std::vector<Lazy> args;
  append(args, p.accumulators, p.accumulators.size());
  args.push_back(count(p));
  const Ref value = p.builder.apply(out, "y", rows.result, args)[0];
  if (!rows.coordinates) return p.store(out, after_epilogue(p.builder, out, value));
  for (std::size_t k = 0; k < p.nest.outputs.size(); ++k) {
    const Ref coordinate =
        p.builder.apply(out, "coordinate", unravel_fn(p.nest.unravel, k), {ready(value)})[0];
    p.builder.store(out, p.nest.outputs[k], coordinate);
  }
}

/// The last pass's values are computed again: nothing of a row is kept.
void write_elements(PlainBody& p, Body& out, const ops::Rows& rows) {
  over_short(p.builder, out, p.reduced, p.written_out, [&](Body& body) {
    const ops::Pass& last = rows.passes.back();
    const auto values = mapped(p, body, last, p.accumulators.size() - last.identity.size());
    std::vector<Lazy> args = operands(p);
    append(args, values, values.size());
    append(args, p.accumulators, p.accumulators.size());
    args.push_back(count(p));
    p.store(body, p.builder.apply(body, "y", rows.result, args)[0]);
  });
}

void rows(PlainBody& p, Body& out, const ops::Rows& rows) {
  for (const ops::Pass& pass : rows.passes) run_pass(p, out, pass);
  rows.per_element ? write_elements(p, out, rows) : write_result(p, out, rows);
}

void gather(PlainBody& p, Body& out) {
  const Access& from = p.nest.inputs[0];
  Address at = p.builder.address(from);
  for (const Coordinate& c : p.nest.coordinates) {
    const Ref raw = load_coordinate(p.builder, out, c);
    const Ref checked = p.builder.reg("index", DType::i64);
    out.push_back({Check{checked, raw, c.extent, c.operand, c.axis, p.builder.address(c.position)}});
    at.indirect.push_back({checked.reg, c.stride});
  }
  const Ref value = p.builder.load(out, "x", from.buffer, from.dtype, std::move(at));
  p.store(out, p.builder.cast(out, value, from.computed));
}

std::int64_t grain_of(const Nest& nest, bool dynamic, const std::vector<int>& kept) {
  if (kept.empty()) return 0;
  if (dynamic) return 64;  // the extents may be anything
  const std::int64_t extent = nest.axes[std::size_t(kept[0])].extent.value;
  return extent == 0 ? 0 : parallel_grain(extent, cost(nest) * double(volume(nest) / extent));
}

}  // namespace

void over_short(AxisBuilder& b, Body& body, std::span<const int> axes, std::int64_t written_out,
                const AxisBuilder::Inner& inner) {
  if (axes.empty()) return inner(body);
  const bool is_short = !b.plan.dynamic && written_out > 0 &&
                        volume(b.nest, std::vector(axes.begin(), axes.end())) <= written_out;
  b.over(body, axes.front(), header(is_short ? LoopKind::Unrolled : LoopKind::Serial),
         [&](Body& in) { over_short(b, in, axes.subspan(1), written_out, inner); });
}

void emit_plain(PlainBody& p, Body& out) {
  support::match(
      p.nest.meaning, [&](const ops::Move&) { p.store(out, p.load(out, 0)); },
      [&](const ops::Map& map) { p.store(out, p.builder.apply(out, "y", map.fn, operands(p))[0]); },
      [&](const ops::Rows& meaning) { rows(p, out, meaning); }, [&](const ops::Gather&) { gather(p, out); },
      [&](const auto&) { support::internal_error("this meaning has no nest"); });
}

void schedule_plain(const Nest& nest, Plan& plan) {
  AxisBuilder builder(nest, plan);
  PlainBody p{builder, nest, axes_where(nest, true),
              [&](Body& body, std::size_t input) { return builder.load(body, nest.inputs[input]); },
              [&](Body& body, Ref value) { builder.store(body, nest.outputs[0], value); }};
  const std::vector<int> kept = axes_where(nest, false);
  const std::int64_t grain = grain_of(nest, plan.dynamic, kept);
  builder.say(nest.label + ": plain");
  builder.say("scalar loops in the order of the output");
  Body body;
  if (grain > 0) {
    builder.say("parallel over " + nest.axes[std::size_t(kept[0])].name + " in parts of " +
                std::to_string(grain));
    builder.over(body, kept[0], header(LoopKind::Parallel, 1, 1, grain), [&](Body& in) {
      builder.over(in, std::span(kept).subspan(1), [&](Body& out) { emit_plain(p, out); });
    });
  } else {
    builder.over(body, kept, [&](Body& out) { emit_plain(p, out); });
  }
  builder.finish(std::move(body));
}

}  // namespace einx::detail::loops
