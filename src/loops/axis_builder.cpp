#include "loops/axis_builder.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace einx::detail::loops {

std::int64_t size_of(DType dtype) { return std::int64_t(einx::size_of(dtype)); }

std::int64_t round_up(std::int64_t value, std::int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// ---------------------------------------------------------------- scalar functions
ops::ScalarFn prim_fn(ops::Prim prim, std::vector<DType> args, DType result) {
  ops::ScalarFn fn = forward_fn(std::move(args), 0);
  ops::ScalarNode node{.prim = prim, .dtype = result};
  for (std::size_t k = 0; k < fn.args.size(); ++k) node.args[k] = int(k);
  fn.results = {int(fn.nodes.size())};
  fn.nodes.push_back(node);
  return fn;
}

ops::ScalarFn cast_fn(DType from, DType to) { return prim_fn(ops::Prim::Cast, {from}, to); }

ops::ScalarFn forward_fn(std::vector<DType> args, int results) {
  ops::ScalarFn fn;
  fn.args = std::move(args);
  for (std::size_t k = 0; k < fn.args.size(); ++k)
    fn.nodes.push_back({.prim = ops::Prim::Arg, .dtype = fn.args[k], .arg = int(k)});
  for (int k = 0; k < results; ++k) fn.results.push_back(k);
  return fn;
}

namespace {

/// The function over those of its arguments that it uses; `kept` says which.
ops::ScalarFn used_only(const ops::ScalarFn& fn, std::vector<int>& kept) {
  ops::ScalarFn result = fn;
  result.args.clear();
  std::vector<int> place(fn.args.size(), -1);
  for (std::size_t k = 0; k < fn.args.size(); ++k) {
    if (!fn.uses(int(k))) continue;
    place[k] = int(kept.size());
    kept.push_back(int(k));
    result.args.push_back(fn.args[k]);
  }
  for (ops::ScalarNode& node : result.nodes)
    if (node.prim == ops::Prim::Arg) node.arg = place[node.arg];
  return result;
}

}  // namespace

ops::ScalarFn with_results(const ops::ScalarFn& fn, const std::vector<int>& results) {
  std::vector<bool> needed(fn.nodes.size());
  for (int result : results) needed[result] = true;
  for (std::size_t n = fn.nodes.size(); n-- > 0;)
    if (needed[n])
      for (int arg : fn.nodes[n].args)
        if (arg >= 0) needed[arg] = true;
  ops::ScalarFn out;
  out.args = fn.args;
  std::vector<int> place(fn.nodes.size(), -1);
  for (std::size_t n = 0; n < fn.nodes.size(); ++n) {
    if (!needed[n]) continue;
    place[n] = int(out.nodes.size());
    out.nodes.push_back(fn.nodes[n]);
    for (int& arg : out.nodes.back().args)
      if (arg >= 0) arg = place[arg];
  }
  for (int result : results) out.results.push_back(place[result]);
  return out;
}

Hoisted hoist(const ops::ScalarFn& fn, const std::vector<bool>& fixed) {
  enum class Class { Constant, Fixed, Varying };
  std::vector<Class> of(fn.nodes.size(), Class::Constant);
  for (std::size_t n = 0; n < fn.nodes.size(); ++n) {
    if (fn.nodes[n].prim == ops::Prim::Arg) of[n] = fixed[fn.nodes[n].arg] ? Class::Fixed : Class::Varying;
    for (int arg : fn.nodes[n].args)
      if (arg >= 0) of[n] = std::max(of[n], of[arg]);
  }
  std::vector<int> frontier;  // fixed nodes that varying ones need
  const auto needs = [&](int n) {
    if (of[n] == Class::Fixed && fn.nodes[n].prim != ops::Prim::Arg && std::ranges::find(frontier, n) == frontier.end())
      frontier.push_back(n);
  };
  for (std::size_t n = 0; n < fn.nodes.size(); ++n)
    if (of[n] == Class::Varying)
      for (int arg : fn.nodes[n].args)
        if (arg >= 0) needs(arg);
  for (int result : fn.results) needs(result);
  Hoisted cut{with_results(fn, frontier), fn};
  for (int n : frontier) {
    ops::ScalarNode& node = cut.inside.nodes[n];
    node = {.prim = ops::Prim::Arg, .dtype = node.dtype, .arg = int(cut.inside.args.size())};
    cut.inside.args.push_back(node.dtype);
  }
  cut.inside = with_results(cut.inside, fn.results);
  return cut;
}

std::vector<Lazy> ready(std::span<const Ref> refs) {
  std::vector<Lazy> values;
  for (const Ref& ref : refs) values.push_back(ready(ref));
  return values;
}

Lazy once(Lazy make) {
  return [make = std::move(make), made = std::make_shared<std::optional<Ref>>()](Body& body) {
    if (!*made) *made = make(body);
    return **made;
  };
}

// ---------------------------------------------------------------- nests
std::int64_t volume(const Nest& nest, std::span<const int> axes) {
  std::int64_t product = 1;
  for (int axis : axes) product *= nest.axes[axis].extent.value;
  return product;
}

std::int64_t volume(const Nest& nest) {
  std::int64_t product = 1;
  for (const NestAxis& axis : nest.axes) product *= axis.extent.value;
  return product;
}

std::vector<int> axes_where(const Nest& nest, bool reduced) {
  std::vector<int> axes;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    if (nest.axes[a].reduced == reduced) axes.push_back(int(a));
  return axes;
}

bool read_along(const Nest& nest, int axis) {
  return std::ranges::any_of(nest.inputs, [&](const Access& input) { return !input.strides[axis].is(0); });
}

bool fixed(const Nest& nest, int axis) { return nest.axes[std::size_t(axis)].extent.constant(); }

bool fixed_strides(const Access& access) {
  return access.offset.constant() && std::ranges::all_of(access.strides, [](const Int& stride) { return stride.constant(); });
}

std::int64_t stride_of(const Access& access, int axis) {
  const Int& stride = access.strides[axis];
  return stride.constant() ? stride.value : 2;  // a parameter: anything, so never taken for contiguous
}

// ---------------------------------------------------------------- AxisBuilder
AxisBuilder::AxisBuilder(const Nest& nest_of, Plan& plan_of) : nest(nest_of), plan(plan_of), at(nest_of.axes.size()) {}

VarId AxisBuilder::var(const std::string& name) {
  std::string unique = name;
  int& number = number_[name];
  while (!names_.insert(unique).second) unique = name + "_" + std::to_string(++number);
  kernel.vars.push_back(unique);
  return VarId(kernel.vars.size()) - 1;
}

Ref AxisBuilder::reg(const std::string& name, DType dtype, int lanes, int slots) {
  const int number = int(kernel.registers.size());
  kernel.registers.push_back({name + std::to_string(number), dtype, {}, lanes, slots});
  return Ref{number, {}};
}

BufferId AxisBuilder::buffer(const std::string& name, Buffer::Kind kind, DType dtype, std::int64_t elements) {
  std::vector<Buffer>& buffers = plan.program.buffers;
  buffers.push_back({name + std::to_string(buffers.size()), kind, dtype, 0, elements});
  return BufferId(buffers.size()) - 1;
}

void AxisBuilder::say(const std::string& sentence) {
  if (!kernel.schedule.empty()) kernel.schedule += "\n";
  kernel.schedule += sentence;
}

void AxisBuilder::finish(Body body) {
  kernel.name = "k" + std::to_string(plan.program.steps.size());
  kernel.body = std::move(body);
  plan.program.steps.emplace_back(std::move(kernel));
}

Address AxisBuilder::address(std::span<const Int> strides) const {
  Address result;
  for (std::size_t a = 0; a < strides.size(); ++a) {
    if (strides[a].is(0)) continue;
    for (VarId v : at[a].vars) result.terms.push_back({v, strides[a]});
    if (at[a].start == 0) continue;
    if (strides[a].constant()) result.offset.value += at[a].start * strides[a].value;
    else result.starts.push_back({strides[a], at[a].start});
  }
  return result;
}

Address AxisBuilder::address(const Access& access) const {
  Address result = address(access.strides);
  if (access.offset.constant()) result.offset.value += access.offset.value;
  else result.offset = access.offset;
  return result;
}

Ref AxisBuilder::load(Body& body, const std::string& name, BufferId from, DType dtype, Address where) {
  const Ref dst = reg(name, dtype);
  body.push_back({Load{dst, from, std::move(where)}});
  return dst;
}

Ref AxisBuilder::load(Body& body, const Access& access) {
  return cast(body, load(body, "v", access.buffer, access.dtype, address(access)), access.computed);
}

void AxisBuilder::store(Body& body, const Access& access, Ref value, bool streaming) {
  const Ref converted = cast(body, value, access.dtype);
  body.push_back({Store{access.buffer, address(access), converted, streaming}});
}

Ref AxisBuilder::cast(Body& body, Ref value, DType dtype) {
  if (dtype_of(value) == dtype) return value;
  const Ref dst = reg("c", dtype);
  body.push_back({Apply{{dst}, cast_fn(dtype_of(value), dtype), {value}}});
  return dst;
}

void AxisBuilder::set(Body& body, Ref dst, tensor::Scalar value) { body.push_back({Set{dst, value}}); }

Ref AxisBuilder::index(Body& body, const std::string& name, Address where, DType dtype) {
  const Ref dst = reg(name, dtype);
  body.push_back({Index{dst, std::move(where)}});
  return dst;
}

std::vector<Ref> AxisBuilder::apply(Body& body, const std::string& name, const ops::ScalarFn& fn, const std::vector<Lazy>& args) {
  std::vector<int> kept;
  ops::ScalarFn lean = used_only(with_results(fn, fn.results), kept);
  std::vector<Ref> given;
  for (int k : kept) given.push_back(cast(body, args[k](body), fn.args[k]));
  std::vector<Ref> results(lean.results.size());
  Apply made;
  std::vector<int> computed;
  for (std::size_t k = 0; k < results.size(); ++k) {
    const ops::ScalarNode& node = lean.nodes[lean.results[k]];
    if (node.prim == ops::Prim::Arg) {
      results[k] = given[node.arg];
      continue;
    }
    results[k] = reg(name, node.dtype);
    made.dst.push_back(results[k]);
    computed.push_back(lean.results[k]);
  }
  if (made.dst.empty()) return results;
  lean.results = std::move(computed);
  made.fn = std::move(lean);
  made.args = std::move(given);
  body.push_back({std::move(made)});
  return results;
}

void AxisBuilder::over(Body& body, int axis, Loop loop, const Inner& inner) {
  loop.var = var(nest.axes[axis].name);
  if (loop.extent.is(0)) loop.extent = nest.axes[axis].extent;
  at[axis].vars.push_back(loop.var);
  inner(loop.body);
  at[axis].vars.pop_back();
  body.push_back({std::move(loop)});
}

void AxisBuilder::over(Body& body, std::span<const int> axes, const Inner& inner) {
  if (axes.empty()) return inner(body);
  over(body, axes.front(), header(LoopKind::Serial), [&](Body& in) { over(in, axes.subspan(1), inner); });
}

Loop header(LoopKind kind, std::int64_t step, int unroll, std::int64_t grain) {
  Loop loop;
  loop.kind = kind;
  loop.step = step;
  loop.unroll = unroll;
  loop.grain = grain;
  return loop;
}

}  // namespace einx::detail::loops
