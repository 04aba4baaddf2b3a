// Operations of your own. They take patterns, sizes, Tensors, numbers and traced Values like the built-in ones, and compile, vectorise and cache like them.
//
//   auto huber = einx::elementwise("huber", [](einx::Value a, einx::Value b) {
//     const einx::Value d = abs(a - b);
//     return where(d < 1, 0.5 * d * d, d - 0.5);
//   });
//   einx::Tensor y = huber("a b, b -> a b", x, t);     // also huber.into(y, ...), huber.graph(...), and inside einx::jit
//
//   auto product_of_abs = einx::reduction("product_of_abs", 1, [](einx::Value x) { return abs(x); },
//                                         [](einx::Value a, einx::Value b) { return a * b; }, [](einx::Value acc) { return acc; });
//   auto rms_norm = einx::rowwise("rms_norm", [](einx::Row x) { return x / sqrt(mean(x * x) + 1e-6); });
//   auto inverse = einx::native("inverse", [](const einx::Tensor& a, einx::Tensor& out) { ... });
//
// The functions are traced: they run once for each combination of dtypes, on values without data, and must be pure. Identity: making an operation again from
// a callable that captures nothing gives the same operation (nothing is traced or compiled again); a callable that captures something, and another callable of
// a name that is taken, get an operation of their own called name_2, name_3, ... Operations live as long as the process: do not make capturing ones in a loop.
// Names are identifiers and not those of built-in operations (ValueError "bad-parameter").
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <einx/graph.h>

namespace [[gnu::visibility("default")]] einx {

/// How the functions of einx::native are called; see there.
struct NativeOptions {
  int min_inputs = 1;
  int max_inputs = 1;  ///< -1: any number
  int outputs = 1;
  /// The dtype of each output from those of the inputs; nothing: all outputs have the inputs' common dtype. May raise OperationNotSupportedError.
  std::function<std::vector<DType>(std::span<const DType> inputs)> dtypes = {};
};

namespace detail {

using TracedFunction = std::function<Value(std::span<const Value>)>;
using NativeFunction = std::function<void(std::span<const Tensor>, std::span<Tensor>)>;

template <class F>
inline constexpr char type_tag = 0;

/// What tells a callable from others: its type if it has no state, a function pointer its address. "" for anything else.
template <class F>
std::string identity_of(const F& f) {
  const auto text = [](const void* address) { return std::to_string(reinterpret_cast<std::uintptr_t>(address)) + ";"; };
  if constexpr (std::is_pointer_v<F>) return "*" + text(reinterpret_cast<const void*>(f)) + text(&type_tag<F>);
  else if constexpr (std::is_empty_v<F>) return text(&type_tag<F>);
  else return "";
}
/// "" if any part is.
template <class... F>
std::string identity_of_all(const F&... f) {
  const std::string parts[] = {identity_of(f)...};
  std::string all;
  for (const std::string& part : parts) {
    if (part.empty()) return "";
    all += part;
  }
  return all;
}

/// A number as it was written: it takes the dtype of what it is combined with.
struct WeakNumber {
  bool integral = true;
  std::int64_t integer = 0;
  double real = 0;
  template <Number T>
  WeakNumber(T number) : integral(std::is_integral_v<T>), integer(integral ? static_cast<std::int64_t>(number) : 0), real(static_cast<double>(number)) {}
};

struct ReductionParts {
  WeakNumber identity;
  TracedFunction map, combine, finish;  ///< map and finish may be empty; finish takes the accumulator and the number of elements
};
/// Make a row or find the one of this identity; give its name, which lives as long as the process. Raise ValueError "bad-parameter" for the name.
std::string_view add_elementwise(std::string_view name, const std::string& identity, int inputs, TracedFunction function);
std::string_view add_reduction(std::string_view name, const std::string& identity, ReductionParts parts);
std::string_view add_rowwise(std::string_view name, const std::string& identity, TracedFunction function);
std::string_view add_native(std::string_view name, const std::string& identity, NativeFunction function, const NativeOptions& options);

template <class V, class F, std::size_t... I>
auto call_with(const F& f, std::span<const Value> values, std::index_sequence<I...>) {
  return f(V(values[I])...);
}
template <class V, class F, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) { return std::is_invocable_v<const F&, decltype(((void)I, std::declval<V>()))...>; }

/// How many values a callable takes, at most eight; 0 if it takes none.
template <class F, class V = Value, int N = 1>
consteval int arity() {
  if constexpr (N > 8) return 0;
  else if constexpr (takes<V, F>(std::make_index_sequence<N>())) return N;
  else return arity<F, V, N + 1>();
}

template <int N, class V = Value, class F>
TracedFunction traced_function(F f) {
  return [f = std::move(f)](std::span<const Value> values) { return Value(call_with<V>(f, values, std::make_index_sequence<N>())); };
}

}  // namespace detail

/// What the makers below give: call it as op(pattern, operands..., sizes).
template <int Min, int Max>
struct CustomOperation : Operation<Min, Max> {
  IntoOperation<Min, Max> into;    ///< op.into(y, pattern, operands...)
  GraphOperation<Min, Max> graph;  ///< op.graph(pattern, operands...)
  explicit CustomOperation(std::string_view row) : Operation<Min, Max>{row}, into{row}, graph{row} {}
};

/// An elementwise operation: `f` takes one Value (a number) for each operand and returns one. Errors of `f` are raised by the first call with new dtypes.
template <class F>
auto elementwise(std::string_view name, F f) {
  constexpr int inputs = detail::arity<F>();
  static_assert(inputs > 0, "the function of einx::elementwise takes one to eight einx::Value and returns an einx::Value");
  return CustomOperation<inputs, inputs>(detail::add_elementwise(name, detail::identity_of(f), inputs, detail::traced_function<inputs>(f)));
}

/// A reduction of the bracketed axes. Each element is mapped to an accumulator, accumulators are combined two at a time, the last one is finished:
/// finish(combine(... map(x) ...)). `combine` has to be associative and commutative (up to rounding): elements are combined in any order and grouping, and with
/// `identity`, which must not change an accumulator. f16 and bf16 accumulate in f32. `finish` takes the accumulator, or it and the number of elements.
template <Number T, class Map, class Combine, class Finish>
auto reduction(std::string_view name, T identity, Map map, Combine combine, Finish finish) {
  static_assert(detail::arity<Map>() == 1, "the map of einx::reduction takes one einx::Value");
  static_assert(detail::arity<Combine>() == 2, "the combine of einx::reduction takes two einx::Value");
  constexpr int finished = detail::arity<Finish>();
  static_assert(finished == 1 || finished == 2, "the finish of einx::reduction takes the accumulator, or it and the number of elements");
  detail::ReductionParts parts{identity, detail::traced_function<1>(map), detail::traced_function<2>(combine), detail::traced_function<finished>(finish)};
  return CustomOperation<1, 1>(detail::add_reduction(name, detail::identity_of_all(map, combine, finish), std::move(parts)));
}
template <Number T, class Combine, class Finish>
auto reduction(std::string_view name, T identity, Combine combine, Finish finish) {
  static_assert(detail::arity<Combine>() == 2, "the combine of einx::reduction takes two einx::Value; for a map give all three functions");
  constexpr int finished = detail::arity<Finish>();
  static_assert(finished == 1 || finished == 2, "the finish of einx::reduction takes the accumulator, or it and the number of elements");
  detail::ReductionParts parts{identity, {}, detail::traced_function<2>(combine), detail::traced_function<finished>(finish)};
  return CustomOperation<1, 1>(detail::add_reduction(name, detail::identity_of_all(combine, finish), std::move(parts)));
}
template <Number T, class Combine>
auto reduction(std::string_view name, T identity, Combine combine) {
  static_assert(detail::arity<Combine>() == 2, "the combine of einx::reduction takes two einx::Value");
  return CustomOperation<1, 1>(detail::add_reduction(name, detail::identity_of(combine), {identity, {}, detail::traced_function<2>(combine), {}}));
}

/// An operation on whole rows, the sub-tensors over the bracketed axes: rms_norm("b [c]", x). `f` is arithmetic on an einx::Row; sum(x), mean(x), max(x), var(x) and
/// the other reductions give one number of the row, which may be used like any number. If the result is a row, the operation keeps the shape like softmax; if it is
/// one number, it is a reduction. Everything becomes one kernel that reads a row from memory once.
template <class F>
auto rowwise(std::string_view name, F f) {
  static_assert(detail::arity<F, Row>() == 1, "the function of einx::rowwise takes an einx::Row and returns an einx::Row");
  return CustomOperation<1, 1>(detail::add_rowwise(name, detail::identity_of(f), detail::traced_function<1, Row>(f)));
}

/// What einx::native gives.
struct NativeOperation : CustomOperation<1, -1> {
  using CustomOperation::CustomOperation;
  /// All outputs.
  std::vector<Tensor> all(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) const {
    return detail::call_all({name, pattern, {operands.begin(), operands.size()}, axes, false, site});
  }
  template <values::Traced V>
  std::vector<Value> all(std::string_view pattern, std::initializer_list<V> values, const Axes& axes = {}, Location site = Location::current()) const {
    return detail::call_all_traced({name, pattern, detail::operands_of(values), axes, false, site});
  }
  /// auto [l, u] = lu.results<2>("b [n m] -> b [n m], b [n m]", x);
  template <std::size_t N, OperandLike A>
  std::array<Result<A>, N> results(std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a)};
    return results_of<N, Result<A>>(pattern, operands, axes, site);
  }
  template <std::size_t N, OperandLike A, OperandLike B>
  std::array<Result<A, B>, N> results(std::string_view pattern, const A& a, const B& b, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a), Operand(b)};
    return results_of<N, Result<A, B>>(pattern, operands, axes, site);
  }

 private:
  template <std::size_t N, class R>
  std::array<R, N> results_of(std::string_view pattern, std::span<const Operand> operands, const Axes& axes, Location site) const {
    std::array<R, N> made;
    detail::call({name, pattern, operands, axes, false, site}, std::span<R>(made));
    return made;
  }
};

namespace detail {

template <class T, std::size_t>
using Repeat = T;
/// Whether F takes so many constant tensors, then so many to write to.
template <class F, std::size_t... I, std::size_t... O>
consteval bool takes_tensors(std::index_sequence<I...>, std::index_sequence<O...>) {
  return std::is_invocable_v<const F&, Repeat<const Tensor&, I>..., Repeat<Tensor&, O>...>;
}
template <class F, int In, int Out>
inline constexpr bool takes_these = takes_tensors<F>(std::make_index_sequence<In>(), std::make_index_sequence<Out>());
/// Inputs of a callable with `Total` tensors: as many as may be constant, at least one tensor is written to. 0: not callable so.
template <class F, int Total, int Out = 1>
consteval int constant_tensors() {
  if constexpr (Out >= Total) return 0;
  else if constexpr (takes_these<F, Total - Out, Out>) return Total - Out;
  else return constant_tensors<F, Total, Out + 1>();
}
template <class F, int Total = 2>
consteval std::pair<int, int> tensor_arity() {
  if constexpr (Total > 8) return {0, 0};
  else if constexpr (constant_tensors<F, Total>() > 0) return {constant_tensors<F, Total>(), Total - constant_tensors<F, Total>()};
  else return tensor_arity<F, Total + 1>();
}
template <class F, std::size_t... I, std::size_t... O>
NativeFunction spread_tensors(F f, std::index_sequence<I...>, std::index_sequence<O...>) {
  return [f = std::move(f)](std::span<const Tensor> in, std::span<Tensor> out) { f(in[I]..., out[O]...); };
}

}  // namespace detail

/// An operation from native code, for what cannot be traced. `f` takes (std::span<const Tensor> in, std::span<Tensor> out), or const Tensor& for each input and
/// then Tensor& for each output (which also gives their numbers). It is called once for every assignment of the axes outside brackets, with views of the
/// sub-tensors over the axes in brackets: groups decomposed, in the order of the text, any strides; the outputs are allocated already and f fills them:
///     inverse("b [n m] -> b [n m]", x), lu.all("b [n m] -> b [n m], b [n m]", {x}), cross("a [three], b [three] -> a b [three]", x, y)
/// A bracketed axis that only outputs have needs its size by keyword. Calls are made from several threads at once, in any order; `f` must be pure: equal calls in one
/// graph are made once. Views are good during the call only (clone what is to be kept). The first exception, by position, is raised as CallOperationError
/// "runtime" with the operation's name and the exception's text; calls that would come later may then be left out. Identity as of all operations here;
/// options are part of it only if they have no `dtypes` function.
template <class F>
NativeOperation native(std::string_view name, F f, NativeOptions options = {}) {
  std::string identity = detail::identity_of(f);
  constexpr bool spans = std::is_invocable_v<const F&, std::span<const Tensor>, std::span<Tensor>>;
  if constexpr (spans) {
    return NativeOperation(detail::add_native(name, identity, detail::NativeFunction(std::move(f)), options));
  } else {
    constexpr std::pair<int, int> arity = detail::tensor_arity<F>();
    static_assert(arity.first > 0, "the function of einx::native takes spans of tensors, or const Tensor& for inputs and Tensor& for outputs");
    options.min_inputs = options.max_inputs = arity.first;
    options.outputs = arity.second;
    return NativeOperation(detail::add_native(
        name, identity, detail::spread_tensors(std::move(f), std::make_index_sequence<std::size_t(arity.first)>(), std::make_index_sequence<std::size_t(arity.second)>()), options));
  }
}

}  // namespace einx
