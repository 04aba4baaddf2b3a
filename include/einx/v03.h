// einx 0.3: its names, and patterns as it reads them. Everything else - tensors, numbers, factories, traced values, errors, the cache - is as everywhere.
//
//   einx::Tensor y = einx::v03::dot("b... (g [c1->c2])", x, w, {{"g", 2}});
//   einx::Tensor z = einx::v03::rearrange("a, b -> (b + a)", u, v);      // parts are paired by the names of their axes
//   einx::Tensor s = einx::v03::sum("a [b]", x, einx::keepdims);
//   einx::Tensor m = einx::v03::vmap("b [s...] c -> b c", x, [](const einx::Tensor& part) { return einx::mean("[...]", part); });
//
// What differs: an axis occurs once in a tensor's expression; '|' is '->'; only a literal 1 may be left out of an output; brackets of softmax, flip and roll may
// have another order in the output, and without brackets these work on the whole tensor; dot sums every axis that its output does not have.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include <einx/call.h>
#include <einx/roll.h>
#include <einx/solve.h>

namespace [[gnu::visibility("default")]] einx {
namespace v03 {

/// What a call takes beside its operands: sizes of axes, and the parameters that functions of einx 0.3 have.
///   {{"b", 2}}      einx::keepdims      v03::Options{{"b", 2}}.cse(false)
struct Options {
  Axes axes;
  std::optional<bool> keep;         ///< keepdims of reductions
  std::optional<bool> merge;        ///< cse: whether repeated sub-expressions become one axis; if not given they do, but not in `solve`
  bool flattened = false;           ///< flat of vmap: groups in brackets are split into their axes
  std::vector<std::int64_t> moved;  ///< shift of roll

  Options() = default;
  Options(std::initializer_list<Axis> sizes) : axes(sizes) {}
  Options(const Axes& sizes) : axes(sizes) {}
  Options(KeepDims given) : keep(given.value) {}
  Options keepdims(bool value = true) const { return with([&](Options& o) { o.keep = value; }); }
  Options cse(bool value) const { return with([&](Options& o) { o.merge = value; }); }
  Options flat(bool value = true) const { return with([&](Options& o) { o.flattened = value; }); }
  Options shift(const Shift& by) const { return with([&](Options& o) { o.moved = by.values; }); }

 private:
  template <class F>
  Options with(F change) const {
    Options changed = *this;
    change(changed);
    return changed;
  }
};

/// A call as the library sees it. `op`: what vmap, reduce and their like are to apply.
struct Call {
  std::string_view function, op, pattern;
  std::span<const Operand> operands;
  const Options& options;
  Location site;
};
/// Raise what the operations of einx raise. `results` must match the number of outputs (SemanticError otherwise).
void call(const Call& call, std::span<Tensor> results);
void call(const Call& call, std::span<Value> results);
std::vector<Tensor> call_all(const Call& call);
std::vector<Value> call_all_traced(const Call& call);
template <class R>
R call_one(const Call& info) {
  R result;
  call(info, std::span<R>(&result, 1));
  return result;
}

/// A function with Min to Max operands (Max < 0: any number; more than three go into braces): f(pattern, operands..., options).
template <int Min, int Max>
struct Function {
  std::string_view name;
  static constexpr bool takes(int n) { return n >= Min && (Max < 0 || n <= Max); }

  template <OperandLike A>
    requires(takes(1))
  auto operator()(std::string_view pattern, const A& a, const Options& options = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a)};
    return call_one<Result<A>>({name, {}, pattern, operands, options, site});
  }
  template <OperandLike A, OperandLike B>
    requires(takes(2))
  auto operator()(std::string_view pattern, const A& a, const B& b, const Options& options = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a), Operand(b)};
    return call_one<Result<A, B>>({name, {}, pattern, operands, options, site});
  }
  template <OperandLike A, OperandLike B, OperandLike C>
    requires(takes(3))
  auto operator()(std::string_view pattern, const A& a, const B& b, const C& c, const Options& options = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a), Operand(b), Operand(c)};
    return call_one<Result<A, B, C>>({name, {}, pattern, operands, options, site});
  }
  Tensor operator()(std::string_view pattern, std::initializer_list<Operand> operands, const Options& options = {}, Location site = Location::current()) const {
    return call_one<Tensor>({name, {}, pattern, {operands.begin(), operands.size()}, options, site});
  }
  template <values::Traced V>
  Value operator()(std::string_view pattern, std::initializer_list<V> values, const Options& options = {}, Location site = Location::current()) const {
    return call_one<Value>({name, {}, pattern, detail::operands_of(values), options, site});
  }
  Value operator()(std::string_view pattern, const std::vector<Value>& values, const Options& options = {}, Location site = Location::current()) const {
    return call_one<Value>({name, {}, pattern, detail::operands_of(values), options, site});
  }
};

// Moving elements: permute, compose, split, concatenate, broadcast. Needs '->'; several outputs come from rearrange_all.
inline constexpr Function<1, -1> rearrange{"rearrange"};
inline std::vector<Tensor> rearrange_all(std::string_view pattern, std::initializer_list<Operand> operands, const Options& options = {}, Location site = Location::current()) {
  return call_all({"rearrange", {}, pattern, {operands.begin(), operands.size()}, options, site});
}
template <values::Traced V>
std::vector<Value> rearrange_all(std::string_view pattern, std::initializer_list<V> values, const Options& options = {}, Location site = Location::current()) {
  return call_all_traced({"rearrange", {}, pattern, detail::operands_of(values), options, site});
}

// Elementwise. With two operands and one input expression the second operand is what stands in brackets: add("b... [c]", x, bias).
inline constexpr Function<1, -1> add{"add"}, multiply{"multiply"}, maximum{"maximum"}, minimum{"minimum"}, logical_and{"logical_and"}, logical_or{"logical_or"};
inline constexpr Function<2, 2> subtract{"subtract"}, true_divide{"true_divide"}, divide{"divide"}, floor_divide{"floor_divide"}, less{"less"},
    less_equal{"less_equal"}, greater{"greater"}, greater_equal{"greater_equal"}, equal{"equal"}, not_equal{"not_equal"};
inline constexpr Function<3, 3> where{"where"};

// Reductions, of the axes in brackets or of those that the output does not have.
inline constexpr Function<1, 1> sum{"sum"}, mean{"mean"}, var{"var"}, std{"std"}, prod{"prod"}, count_nonzero{"count_nonzero"}, any{"any"}, all{"all"}, max{"max"},
    min{"min"}, logsumexp{"logsumexp"};

// A general einsum. With two operands and one input expression the second operand has the axes in brackets: dot("a [b->c]", x, w) is dot("a b, b c -> a c", x, w).
inline constexpr Function<1, -1> dot{"dot"};

// Along the axes in brackets, or the whole tensor. roll("a [b c]", x, v03::Options().shift({1, 2})) or roll("a [b c]", x, einx::Shift{1, 2}).
inline constexpr Function<1, 1> softmax{"softmax"}, log_softmax{"log_softmax"}, flip{"flip"};
template <OperandLike A>
Result<A> roll(std::string_view pattern, const A& a, const Shift& shift, const Options& options = {}, Location site = Location::current()) {
  const Operand operands[] = {Operand(a)};
  return call_one<Result<A>>({"roll", {}, pattern, operands, options.shift(shift), site});
}

// Elements at coordinates.
inline constexpr Function<2, -1> get_at{"get_at"};
inline constexpr Function<3, -1> set_at{"set_at"}, add_at{"add_at"}, subtract_at{"subtract_at"};
/// index(pattern, {x, coordinates, updates}, "add_at")
inline Tensor index(std::string_view pattern, std::initializer_list<Operand> operands, std::string_view op, const Options& options = {}, Location site = Location::current()) {
  return call_one<Tensor>({"index", op, pattern, {operands.begin(), operands.size()}, options, site});
}
template <values::Traced V>
Value index(std::string_view pattern, std::initializer_list<V> values, std::string_view op, const Options& options = {}, Location site = Location::current()) {
  return call_one<Value>({"index", op, pattern, detail::operands_of(values), options, site});
}

/// The coordinates of the axes: arange("a b -> b a [2]", {{"a", 2}, {"b", 3}}) is i32[3, 2, 2]. Without a bracket there is one axis.
Tensor arange(std::string_view pattern, const Options& options = {}, DType dtype = i32, Location site = Location::current());

// ---------------------------------------------------------------- functions of your own
/// A function of tensors: a callable of one to four const Tensor& (or a span of them) that gives a Tensor or a vector of them.
using TensorFunction = std::function<std::vector<Tensor>(std::span<const Tensor>)>;
/// The same with the numbers of the axes it works along.
using AxisFunction = std::function<std::vector<Tensor>(std::span<const Tensor>, const std::vector<int>&)>;

/// ValueError "num-tensors": a callable does not take that many tensors.
[[noreturn]] void refuse_count(std::size_t count);

inline std::vector<Tensor> results_of(Tensor result) { return {std::move(result)}; }
inline std::vector<Tensor> results_of(std::vector<Tensor> results) { return results; }

/// f(tensors..., extra...)
template <class F, class... Extra>
std::vector<Tensor> apply_to(const F& f, std::span<const Tensor> t, const Extra&... extra) {
  using T = const Tensor&;
  if constexpr (std::is_invocable_v<const F&, T, const Extra&...>)
    if (t.size() == 1) return results_of(f(t[0], extra...));
  if constexpr (std::is_invocable_v<const F&, T, T, const Extra&...>)
    if (t.size() == 2) return results_of(f(t[0], t[1], extra...));
  if constexpr (std::is_invocable_v<const F&, T, T, T, const Extra&...>)
    if (t.size() == 3) return results_of(f(t[0], t[1], t[2], extra...));
  if constexpr (std::is_invocable_v<const F&, T, T, T, T, const Extra&...>)
    if (t.size() == 4) return results_of(f(t[0], t[1], t[2], t[3], extra...));
  if constexpr (std::is_invocable_v<const F&, std::span<const Tensor>, const Extra&...>) return results_of(f(t, extra...));
  refuse_count(t.size());
}

template <class F>
concept Named = std::convertible_to<const F&, std::string_view>;

/// An operation by name works on a traced value, too; a callable of tensors needs a tensor.
template <OperandLike A, class F, class OnTensor>
Result<A> traced_or_called(std::string_view function, std::string_view pattern, const A& a, const F& op, const Options& options, Location site,
                           OnTensor on_tensor) {
  if constexpr (is_value<A>) {
    static_assert(Named<F>, "a function of tensors has nothing to work on in a traced function: give the operation's name");
    const Operand operands[] = {Operand(a)};
    return call_one<Value>({function, op, pattern, operands, options, site});
  } else {
    return on_tensor();
  }
}

std::vector<Tensor> vmap_callable(const Call& call, const TensorFunction& f);
std::vector<Tensor> vmap_with_axis_callable(const Call& call, const AxisFunction& f);
Tensor reduce_callable(const Call& call, const AxisFunction& f);
Tensor elementwise_callable(const Call& call, const TensorFunction& f);
/// SemanticError "num-output-exprs" unless there is one.
Tensor only_result(const Call& call, std::vector<Tensor> results);

/// Applies an operation ("sum") or a callable to the sub-tensors in brackets, once for every assignment of the other axes; a group in brackets stays one axis
/// unless Options::flat. The callable's results have the shapes of the outputs' brackets (CallOperationError otherwise). Outputs that are left out are the inputs.
template <class F>
Tensor vmap(std::string_view pattern, std::initializer_list<Operand> operands, const F& op, const Options& options = {}, Location site = Location::current()) {
  Call info{"vmap", {}, pattern, {operands.begin(), operands.size()}, options, site};
  if constexpr (Named<F>) return info.op = op, call_one<Tensor>(info);
  else return only_result(info, vmap_callable(info, [&](std::span<const Tensor> t) { return apply_to(op, t); }));
}
template <OperandLike A, class F>
Result<A> vmap(std::string_view pattern, const A& a, const F& op, const Options& options = {}, Location site = Location::current()) {
  return traced_or_called<A>("vmap", pattern, a, op, options, site, [&] { return vmap(pattern, {Operand(a)}, op, options, site); });
}
template <values::Traced V, Named F>
Value vmap(std::string_view pattern, std::initializer_list<V> values, const F& op, const Options& options = {}, Location site = Location::current()) {
  return call_one<Value>({"vmap", op, pattern, detail::operands_of(values), options, site});
}
/// The same for several outputs.
template <class F>
std::vector<Tensor> vmap_all(std::string_view pattern, std::initializer_list<Operand> operands, const F& op, const Options& options = {}, Location site = Location::current()) {
  return vmap_callable({"vmap", {}, pattern, {operands.begin(), operands.size()}, options, site}, [&](std::span<const Tensor> t) { return apply_to(op, t); });
}

/// Applies an operation or a callable to whole tensors along the axes in brackets: f(x, axes) gives x with the axes that the output has, in their order. Several
/// tensors are first given the output's axes, those that one does not have with size 1.
template <class F>
Tensor vmap_with_axis(std::string_view pattern, std::initializer_list<Operand> operands, const F& op, const Options& options = {}, Location site = Location::current()) {
  Call info{"vmap_with_axis", {}, pattern, {operands.begin(), operands.size()}, options, site};
  if constexpr (Named<F>) return info.op = op, call_one<Tensor>(info);
  else
    return only_result(info, vmap_with_axis_callable(info, [&](std::span<const Tensor> t, const std::vector<int>& axes) { return apply_to(op, t, axes); }));
}
template <OperandLike A, class F>
Result<A> vmap_with_axis(std::string_view pattern, const A& a, const F& op, const Options& options = {}, Location site = Location::current()) {
  return traced_or_called<A>("vmap_with_axis", pattern, a, op, options, site, [&] { return vmap_with_axis(pattern, {Operand(a)}, op, options, site); });
}

/// A reduction by name or by a callable f(x, axes).
template <OperandLike A, class F>
Result<A> reduce(std::string_view pattern, const A& a, const F& op, const Options& options = {}, Location site = Location::current()) {
  const Operand operands[] = {Operand(a)};
  Call info{"reduce", {}, pattern, operands, options, site};
  if constexpr (Named<F>) return info.op = op, call_one<Result<A>>(info);
  else return reduce_callable(info, [&](std::span<const Tensor> t, const std::vector<int>& axes) { return apply_to(op, t, axes); });
}

/// An elementwise operation by name or by a callable of tensors that have the output's axes, of size 1 where an input lacks one.
template <class F>
Tensor elementwise(std::string_view pattern, std::initializer_list<Operand> operands, const F& op, const Options& options = {}, Location site = Location::current()) {
  Call info{"elementwise", {}, pattern, {operands.begin(), operands.size()}, options, site};
  if constexpr (Named<F>) return info.op = op, call_one<Tensor>(info);
  else return elementwise_callable(info, [&](std::span<const Tensor> t) { return apply_to(op, t); });
}

template <values::Traced V, Named F>
Value elementwise(std::string_view pattern, std::initializer_list<V> values, const F& op, const Options& options = {}, Location site = Location::current()) {
  return call_one<Value>({"elementwise", op, pattern, detail::operands_of(values), options, site});
}

// ---------------------------------------------------------------- solving
/// The size of every named axis; nothing if depths, ranks or sizes have no solution. Other errors are raised.
std::optional<std::map<std::string, AxisSizes>> solve(std::string_view pattern, std::initializer_list<Operand> operands, const Options& options = {});
/// Whether there is a solution; SyntaxError and ValueError are raised.
bool matches(std::string_view pattern, std::initializer_list<Operand> operands, const Options& options = {});
/// Raises if there is none.
void check(std::string_view pattern, std::initializer_list<Operand> operands, const Options& options = {});

}  // namespace v03
}  // namespace einx
