// Traced functions of several operations: einx::jit calls them, einx::trace gives their graph.
//
//   auto f = einx::jit([](einx::Value a, einx::Value b) { return einx::softmax("b [k]", einx::dot("b c, k c -> b k", a, b)); });
//   einx::Tensor y = f(x, t);                                                 // traced and compiled once a signature
//   einx::Graph g = einx::trace([](einx::Value a) { return exp(a) * 2; }, {{einx::f32, {1000, 1000}}});
//
// The function runs once with einx::Value for every operand; what it does with them is written down, not computed. It returns a Value, or several as an array,
// vector, pair or tuple. Tensors and numbers that it uses otherwise are constants of the graph. It may also take a std::span<const Value>.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <einx/arrange.h>
#include <einx/graph.h>
#include <einx/guards.h>
#include <einx/optimize_options.h>

namespace [[gnu::visibility("default")]] einx {

namespace detail {
namespace model {
struct SavedProgram;
}

using TraceBody = std::function<std::vector<Value>(std::span<const Value>)>;
/// What is known of a function: its recordings, and what was compiled of them. Copies of an einx::Jit share it.
struct JitState;
std::shared_ptr<JitState> new_jit();
/// Runs the compiled code of the operands' signature; what is missing is replayed from a recording, or traced.
struct JitCall {
  const std::shared_ptr<JitState>& state;
  Location site;           ///< of the jit(...) expression
  std::span<const Operand> operands;
  const TraceBody& trace;  ///< writes the body for given parameters
  const OptimizeOptions& options;
};
void call_jit(const JitCall& call, std::span<Tensor> results);
std::vector<Tensor> call_jit_all(const JitCall& call);
Guards jit_guards(const JitState& state);
Explanation explain_jit(const JitCall& call);
std::shared_ptr<const model::SavedProgram> saved_jit(const JitState& state, const OptimizeOptions& options);
Graph trace_graph(std::string_view name, std::span<const Spec> specs, const TraceBody& body);
/// ValueError "num-tensors": the function takes another number of values.
[[noreturn]] void refuse_trace(std::size_t given);

// ---------------------------------------------------------------- what the function takes
template <class F, std::size_t... I>
consteval bool takes_values(std::index_sequence<I...>) {
  return std::is_invocable_v<const F&, decltype((void(I), std::declval<const Value&>()))...>;
}
template <class F, std::size_t N>
inline constexpr bool takes_each = takes_values<F>(std::make_index_sequence<N>());
template <class F>
inline constexpr bool takes_span = std::is_invocable_v<const F&, std::span<const Value>>;

template <class F, std::size_t... I>
decltype(auto) apply_each(const F& f, [[maybe_unused]] std::span<const Value> values, std::index_sequence<I...>) {
  return f(values[I]...);
}
template <std::size_t N, class F>
decltype(auto) apply_values(const F& f, [[maybe_unused]] std::span<const Value> values) {
  static_assert(takes_each<F, N> || takes_span<F>, "the traced function takes another number of einx::Value than it is given");
  if constexpr (takes_each<F, N>) return apply_each(f, values, std::make_index_sequence<N>());
  else return f(values);
}

// ---------------------------------------------------------------- what it returns
/// How the results of a function become a list of values, and tensors again.
template <class R>
struct Returned {
  static_assert(sizeof(R) == 0, "a traced function returns an einx::Value, or an array, vector, pair or tuple of them");
};
template <class R>
  requires is_value<R>
struct Returned<R> {
  static std::vector<Value> values(const R& result) { return {result}; }
  static Tensor tensors(const JitCall& call) {
    Tensor result;
    call_jit(call, {&result, 1});
    return result;
  }
};
template <class V, std::size_t N>
  requires is_value<V>
struct Returned<std::array<V, N>> {
  static std::vector<Value> values(const std::array<V, N>& results) { return {results.begin(), results.end()}; }
  static std::array<Tensor, N> tensors(const JitCall& call) {
    std::array<Tensor, N> results;
    call_jit(call, results);
    return results;
  }
};
template <class V>
  requires is_value<V>
struct Returned<std::vector<V>> {
  static std::vector<Value> values(const std::vector<V>& results) { return {results.begin(), results.end()}; }
  static std::vector<Tensor> tensors(const JitCall& call) { return call_jit_all(call); }
};
template <class... V>
  requires(is_value<V> && ...)
struct Returned<std::tuple<V...>> {
  static std::vector<Value> values(const std::tuple<V...>& results) {
    return std::apply([](const V&... each) { return std::vector<Value>{each...}; }, results);
  }
  static auto tensors(const JitCall& call) {
    return std::apply([](auto&... each) { return std::make_tuple(std::move(each)...); }, as_lvalue(Returned<std::array<Value, sizeof...(V)>>::tensors(call)));
  }

 private:
  static auto& as_lvalue(auto&& results) { return results; }  // for the rest of the expression
};
template <class V, class W>
  requires(is_value<V> && is_value<W>)
struct Returned<std::pair<V, W>> {
  static std::vector<Value> values(const std::pair<V, W>& results) { return {results.first, results.second}; }
  static std::pair<Tensor, Tensor> tensors(const JitCall& call) {
    auto results = Returned<std::array<Value, 2>>::tensors(call);
    return {std::move(results[0]), std::move(results[1])};
  }
};

template <std::size_t N, class F>
using ReturnedBy = Returned<std::remove_cvref_t<decltype(apply_values<N>(std::declval<const F&>(), std::span<const Value>()))>>;

template <std::size_t N, class F>
TraceBody trace_body(const F& f) {
  return [&f](std::span<const Value> values) { return ReturnedBy<N, F>::values(apply_values<N>(f, values)); };
}

/// The body for a number of values that is known when the program runs.
template <class F, std::size_t N = 0>
std::vector<Value> apply_any(const F& f, std::span<const Value> values) {
  if constexpr (takes_span<F>) {
    return ReturnedBy<N, F>::values(f(values));
  } else {
    if constexpr (takes_each<F, N>)
      if (values.size() == N) return ReturnedBy<N, F>::values(apply_values<N>(f, values));
    if constexpr (N < 8) return apply_any<F, N + 1>(f, values);
    else refuse_trace(values.size());
  }
}

}  // namespace detail

/// A function of tensors, compiled once per signature; F itself runs once per ranks and dtypes, and again where it looked at sizes that are others now. See the top
/// of the file for what F may take and return, docs/guards.md for what is checked.
template <class F>
class Jit {
 public:
  Jit(F f, Location site, OptimizeOptions options = {})
      : f_(std::move(f)), site_(site), options_(std::move(options)), state_(detail::new_jit()) {}

  /// Tensors as F returns values: a Tensor, or an array, vector, pair or tuple of them. Operands are tensors, views, numbers (of i64, f64 or bool). With a Value
  /// among them - in another traced function - F becomes part of that function instead.
  template <OperandLike... A>
  auto operator()(const A&... operands) const {
    const std::array<Operand, sizeof...(A)> list{Operand(operands)...};
    if constexpr ((is_value<A> || ...)) {
      const std::array<Value, sizeof...(A)> values{constant(Operand(operands))...};
      return detail::apply_values<sizeof...(A)>(f_, std::span<const Value>(values));
    } else {
      const detail::TraceBody body = detail::trace_body<sizeof...(A)>(f_);
      return detail::ReturnedBy<sizeof...(A), F>::tensors({state_, site_, list, body, options_});
    }
  }
  const F& function() const { return f_; }

  /// What each specialisation that is compiled now relies on.
  Guards guards() const { return detail::jit_guards(*state_); }
  /// Which guard a call with these operands breaks, and what it will do: nothing is traced, compiled or run.
  template <OperandLike... A>
  Explanation explain(const A&... operands) const {
    const std::array<Operand, sizeof...(A)> list{Operand(operands)...};
    const detail::TraceBody body = detail::trace_body<sizeof...(A)>(f_);
    return detail::explain_jit({state_, site_, list, body, options_});
  }

  /// For einx::save (saved.h): the function as it was recorded so far.
  std::shared_ptr<const detail::model::SavedProgram> saved_program() const { return detail::saved_jit(*state_, options_); }

 private:
  F f_;
  Location site_;
  OptimizeOptions options_;
  std::shared_ptr<detail::JitState> state_;
};

template <class F>
Jit<F> jit(F f, Location site = Location::current()) {
  return Jit<F>(std::move(f), site);
}
/// The same with a say in what is optimised; OptimizeOptions::none() leaves the order of operations as it is written.
template <class F>
Jit<F> jit(F f, OptimizeOptions options, Location site = Location::current()) {
  return Jit<F>(std::move(f), site, std::move(options));
}

/// The graph of a function, as it was written: nothing is computed, allocated, simplified or compiled. Raises what the function raises; ValueError "bad-shape" for
/// types that cannot exist, "bad-parameter" for a name that is none.
template <class F, std::size_t N>
Graph trace(const F& f, const Spec (&specs)[N], std::string_view name = "traced") {
  return detail::trace_graph(name, specs, detail::trace_body<N>(f));
}
/// Of a function without operands.
template <class F>
  requires(detail::takes_each<F, 0>)
Graph trace(const F& f, std::string_view name = "traced") {
  return detail::trace_graph(name, {}, detail::trace_body<0>(f));
}
/// Of as many operands as there are specs: ValueError "num-tensors" if the function takes another number.
template <class F>
Graph trace(const F& f, std::span<const Spec> specs, std::string_view name = "traced") {
  return detail::trace_graph(name, specs, [&f](std::span<const Value> values) { return detail::apply_any(f, values); });
}

}  // namespace einx
