// Scalar loops in the order of the axes, for any nest: what every other schedule falls back to.
#include "loops/estimate.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

struct Plain {
  const Nest& nest;
  AxisBuilder builder;
  std::vector<int> reduced{};
  std::vector<Ref> accumulators{};  ///< of the passes so far
};

std::vector<Lazy> operands(Plain& p) {
  std::vector<Lazy> loads;
  for (const Access& input : p.nest.inputs)
    loads.push_back([&p, &input](Body& body) { return p.builder.load(body, input); });
  return loads;
}
Lazy count(Plain& p) {
  return [&p](Body& body) { return p.builder.index(body, "count", {p.nest.count, {}, {}}); };
}
Lazy position(Plain& p) {
  return [&p](Body& body) {
    return p.builder.index(body, "position", p.builder.address(p.nest.position_strides));
  };
}
void append(std::vector<Lazy>& args, const std::vector<Ref>& refs, std::size_t number) {
  for (std::size_t k = 0; k < number; ++k) args.push_back(ready(refs[k]));
}

/// What a pass makes of the element at hand; `earlier`: the number of accumulators of the passes before it.
std::vector<Ref> mapped(Plain& p, Body& body, const ops::Pass& pass, std::size_t earlier) {
  std::vector<Lazy> args = operands(p);
  append(args, p.accumulators, earlier);
  args.push_back(count(p));
  args.push_back(position(p));
  return p.builder.apply(body, "v", pass.map, args);
}

void run_pass(Plain& p, Body& out, const ops::Pass& pass) {
  std::vector<Ref> own;
  for (const tensor::Scalar& identity : pass.identity) {
    own.push_back(p.builder.reg("acc", identity.dtype));
    p.builder.set(out, own.back(), identity);
  }
  p.builder.over(out, p.reduced, [&](Body& body) {
    body.push_back({Update{own, pass.combine, mapped(p, body, pass, p.accumulators.size())}});
  });
  p.accumulators.insert(p.accumulators.end(), own.begin(), own.end());
}

void write_result(Plain& p, Body& out, const ops::Rows& rows) {
  std::vector<Lazy> args;
  append(args, p.accumulators, p.accumulators.size());
  args.push_back(count(p));
  const Ref value = p.builder.apply(out, "y", rows.result, args)[0];
  if (!rows.coordinates) return p.builder.store(out, p.nest.outputs[0], value);
  for (std::size_t k = 0; k < p.nest.outputs.size(); ++k) {
    const Ref coordinate =
        p.builder.apply(out, "coordinate", unravel_fn(p.nest.unravel, k), {ready(value)})[0];
    p.builder.store(out, p.nest.outputs[k], coordinate);
  }
}

/// The last pass's values are computed again: nothing of a row is kept.
void write_elements(Plain& p, Body& out, const ops::Rows& rows) {
  p.builder.over(out, p.reduced, [&](Body& body) {
    const ops::Pass& last = rows.passes.back();
    const auto values = mapped(p, body, last, p.accumulators.size() - last.identity.size());
    std::vector<Lazy> args = operands(p);
    append(args, values, values.size());
    append(args, p.accumulators, p.accumulators.size());
    args.push_back(count(p));
    p.builder.store(body, p.nest.outputs[0], p.builder.apply(body, "y", rows.result, args)[0]);
  });
}

void rows(Plain& p, Body& out, const ops::Rows& rows) {
  for (const ops::Pass& pass : rows.passes) run_pass(p, out, pass);
  rows.per_element ? write_elements(p, out, rows) : write_result(p, out, rows);
}

void gather(Plain& p, Body& out) {
  const Access& from = p.nest.inputs[0];
  Address at = p.builder.address(from);
  for (const Coordinate& c : p.nest.coordinates) {
    const Ref raw = load_coordinate(p.builder, out, c);
    const Ref checked = p.builder.reg("index", DType::i64);
    out.push_back({Check{checked, raw, c.extent, c.operand, c.axis, p.builder.address(c.position)}});
    at.indirect.push_back({checked.reg, c.stride});
  }
  const Ref value = p.builder.load(out, "x", from.buffer, from.dtype, std::move(at));
  p.builder.store(out, p.nest.outputs[0], p.builder.cast(out, value, from.computed));
}

void innermost(Plain& p, Body& out) {
  const Access& to = p.nest.outputs[0];
  support::match(
      p.nest.meaning,
      [&](const ops::Move&) { p.builder.store(out, to, p.builder.load(out, p.nest.inputs[0])); },
      [&](const ops::Map& map) {
        p.builder.store(out, to, p.builder.apply(out, "y", map.fn, operands(p))[0]);
      },
      [&](const ops::Rows& meaning) { rows(p, out, meaning); }, [&](const ops::Gather&) { gather(p, out); },
      [&](const auto&) { support::internal_error("this meaning has no nest"); });
}

std::int64_t grain_of(const Nest& nest, bool dynamic, const std::vector<int>& kept) {
  if (kept.empty()) return 0;
  if (dynamic) return 64;  // the extents may be anything
  const std::int64_t extent = nest.axes[std::size_t(kept[0])].extent.value;
  return extent == 0 ? 0 : parallel_grain(extent, cost(nest) * double(volume(nest) / extent));
}

}  // namespace

void schedule_plain(const Nest& nest, Plan& plan) {
  Plain p{nest, AxisBuilder(nest, plan)};
  p.reduced = axes_where(nest, true);
  const std::vector<int> kept = axes_where(nest, false);
  const std::int64_t grain = grain_of(nest, plan.dynamic, kept);
  p.builder.say(nest.label + ": plain");
  p.builder.say("scalar loops in the order of the output");
  Body body;
  if (grain > 0) {
    p.builder.say("parallel over " + nest.axes[std::size_t(kept[0])].name + " in parts of " +
                  std::to_string(grain));
    p.builder.over(body, kept[0], header(LoopKind::Parallel, 1, 1, grain), [&](Body& in) {
      p.builder.over(in, std::span(kept).subspan(1), [&](Body& out) { innermost(p, out); });
    });
  } else {
    p.builder.over(body, kept, [&](Body& out) { innermost(p, out); });
  }
  p.builder.finish(std::move(body));
}

}  // namespace einx::detail::loops
