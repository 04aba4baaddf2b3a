// Control flow in traced functions: what depends on data and has to be decided when the function runs.
//
//   auto f = einx::jit([](einx::Value x) {
//     return einx::cond(einx::any(x > 7), [](einx::Value v) { return v / 2; }, [](einx::Value v) { return v; }, x);
//   });
//   auto [i, y] = einx::while_loop([](einx::Value i, einx::Value y) { return i < 10; }, [](einx::Value i, einx::Value y) { return std::pair{i + 1, y * 2}; }, 0, x);
//   einx::Value total = einx::for_each(x, [](einx::Value row, einx::Value sum) { return sum + row; }, einx::constant(0.0));
//
// With values among their operands they become part of the function that einx::jit or a module records: each function given to them is traced once, with the operands'
// types. With tensors only, they run as they stand. Values from outside may be used inside; what is made inside comes out by being returned.
#pragma once
#include <einx/jit.h>

namespace [[gnu::visibility("default")]] einx {
namespace detail {

/// Raise TypeError "operand-kind" outside of recorded functions and for branches or rounds of different types, "script-condition" for a condition of several elements.
std::vector<Value> trace_cond(const Value& predicate, const TraceBody& then, const TraceBody& otherwise, std::span<const Value> operands);
std::vector<Value> trace_while(const TraceBody& test, const TraceBody& body, std::span<const Value> carried);
std::vector<Value> trace_for(const Value& over, const TraceBody& body, std::span<const Value> carried);
/// Whether the one element of a tensor or number is not zero. Raises TypeError "script-condition".
bool is_true(const Operand& operand);
/// Numbers as tensors of i64, f64 or bool.
Tensor tensor_from(const Operand& operand);
/// Rows of the first axis. Raise ValueError "bad-view" for a single number.
std::int64_t row_count(const Tensor& x);
Tensor row_of(const Tensor& x, std::int64_t k);

/// Results of a function as a list, and the way back: a value or tensor, or an array, vector, pair or tuple of them.
template <class R>
struct Several {
  template <class T>
  static std::vector<T> list(const R& one) { return {one}; }
  template <class T>
  static R from(const std::vector<T>& list) { return R(list.at(0)); }
};
template <class V>
struct Several<std::vector<V>> {
  template <class T>
  static std::vector<T> list(const std::vector<V>& all) { return {all.begin(), all.end()}; }
  template <class T>
  static std::vector<V> from(const std::vector<T>& list) { return {list.begin(), list.end()}; }
};
template <class V, std::size_t N>
struct Several<std::array<V, N>> {
  template <class T>
  static std::vector<T> list(const std::array<V, N>& all) { return {all.begin(), all.end()}; }
  template <class T>
  static std::array<V, N> from(const std::vector<T>& list) {
    std::array<V, N> all;
    for (std::size_t k = 0; k < N; ++k) all[k] = list.at(k);
    return all;
  }
};
template <class R>
  requires requires { typename std::tuple_size<R>::type; } && (!requires(R r) { r.data(); })
struct Several<R> {
  template <class T>
  static std::vector<T> list(const R& all) {
    return std::apply([](const auto&... each) { return std::vector<T>{each...}; }, all);
  }
  template <class T>
  static R from(const std::vector<T>& list) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return R{list.at(I)...}; }(std::make_index_sequence<std::tuple_size_v<R>>());
  }
};

/// f on a list.
template <std::size_t N, class T, class F>
decltype(auto) apply_list(const F& f, std::span<const T> list) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) { return f(list[I]...); }(std::make_index_sequence<N>());
}
template <std::size_t N, class T, class F>
using ListResult = std::remove_cvref_t<decltype(apply_list<N, T>(std::declval<const F&>(), std::span<const T>()))>;
template <std::size_t N, class F>
TraceBody region(const F& f) {
  return [&f](std::span<const Value> values) { return Several<ListResult<N, Value, F>>::template list<Value>(apply_list<N, Value>(f, values)); };
}

}  // namespace detail

/// then(operands...) where the predicate - one element of any dtype - is not zero, else otherwise(operands...). Both give values of the same types: a script
/// (docs/scripts.md) may return other ranks from its branches.
template <OperandLike P, class Then, class Otherwise, OperandLike... A>
auto cond(const P& predicate, const Then& then, const Otherwise& otherwise, const A&... operands) {
  constexpr std::size_t N = sizeof...(A);
  if constexpr (is_value<P> || (is_value<A> || ...)) {
    using R = detail::ListResult<N, Value, Then>;
    static_assert(std::same_as<R, detail::ListResult<N, Value, Otherwise>>, "both branches of einx::cond return the same C++ type");
    const std::array<Value, N> values{constant(Operand(operands))...};
    return detail::Several<R>::from(detail::trace_cond(constant(Operand(predicate)), detail::region<N>(then), detail::region<N>(otherwise), values));
  } else {
    return detail::is_true(Operand(predicate)) ? then(operands...) : otherwise(operands...);
  }
}

/// body(state...) while test(state...) is not zero; the body gives the next state, of the same types. Gives the last state, as the body does.
template <class Test, class Body, OperandLike... A>
  requires(sizeof...(A) > 0)
auto while_loop(const Test& test, const Body& body, const A&... init) {
  constexpr std::size_t N = sizeof...(A);
  if constexpr ((is_value<A> || ...)) {
    const std::array<Value, N> values{constant(Operand(init))...};
    return detail::Several<detail::ListResult<N, Value, Body>>::from(detail::trace_while(detail::region<N>(test), detail::region<N>(body), values));
  } else {
    using R = detail::ListResult<N, Tensor, Body>;
    std::vector<Tensor> state{detail::tensor_from(Operand(init))...};
    while (detail::is_true(Operand(detail::apply_list<N, Tensor>(test, state)))) state = detail::Several<R>::template list<Tensor>(detail::apply_list<N, Tensor>(body, state));
    return detail::Several<R>::from(state);
  }
}

/// body(row, state...) for every row of the first axis of x; the body gives the next state, of the same types. Gives the last state, as the body does.
template <OperandLike X, class Body, OperandLike... A>
  requires(sizeof...(A) > 0)
auto for_each(const X& x, const Body& body, const A&... init) {
  constexpr std::size_t N = sizeof...(A);
  if constexpr (is_value<X> || (is_value<A> || ...)) {
    const std::array<Value, N> values{constant(Operand(init))...};
    using R = detail::ListResult<N + 1, Value, Body>;
    return detail::Several<R>::from(detail::trace_for(constant(Operand(x)), detail::region<N + 1>(body), values));
  } else {
    using R = detail::ListResult<N + 1, Tensor, Body>;
    const Tensor rows = detail::tensor_from(Operand(x));
    std::vector<Tensor> state{detail::tensor_from(Operand(init))...};
    for (std::int64_t k = 0; k < detail::row_count(rows); ++k) {
      state.insert(state.begin(), detail::row_of(rows, k));
      state = detail::Several<R>::template list<Tensor>(detail::apply_list<N + 1, Tensor>(body, state));
    }
    return detail::Several<R>::from(state);
  }
}

}  // namespace einx
