// Arithmetic on traced values: what may stand in the functions given to einx::jit, einx::elementwise, einx::reduction and einx::rowwise.
//
//   auto f = einx::jit([](einx::Value a, einx::Value b) { return where(a < b, exp(-a), 0.5 * b * b); });
//
// Shapes broadcast as NumPy's do, dtypes follow docs/operations.md, plain numbers are weak (they take the dtype of the values beside them). Names need no
// qualifier: they are found through their arguments. einx::exp(a), einx::where(m, a, b) and so on are the same for traced values.
#pragma once
#include <concepts>
#include <initializer_list>
#include <span>
#include <string_view>

#include <einx/operand.h>

namespace [[gnu::visibility("default")]] einx {

/// In the function of einx::rowwise: the sub-tensor over the bracketed axes, or one number of it (a sum, a maximum). See custom.h.
class Row : public Value {
 public:
  Row() = default;
  explicit Row(const Value& value) : Value(value) {}
};

namespace detail {
/// The operation on values, numbers and tensors, at least one of them a value. Elementwise operations broadcast; reductions and row-wise ones take all axes. Raises
/// TypeError for values of no or of several traced functions, AxisSizeError for shapes that do not broadcast, OperationNotSupportedError for dtypes.
Value apply(std::string_view op, std::span<const Operand> operands);
Value convert(const Value& value, DType dtype);
}  // namespace detail

namespace values {

template <class T>
concept Traced = is_value<T>;
template <class T>
concept IsRow = std::derived_from<std::remove_cvref_t<T>, Row>;
/// Values, numbers and tensors, at least one value. Tensors are constants of the traced function.
template <class... T>
concept Terms = (Traced<T> || ...) && ((Traced<T> || Number<T> || std::same_as<T, Tensor>) && ...);
/// A Row if any operand is one.
template <class... T>
using ResultOf = std::conditional_t<(IsRow<T> || ...), Row, Value>;

template <class... T>
ResultOf<T...> apply(std::string_view op, const T&... operands) {
  const Operand list[] = {Operand(operands)...};
  return ResultOf<T...>(detail::apply(op, list));
}

// Arithmetic; / is a division of floating-point numbers also for integers, bools cannot be subtracted.
template <class A, class B> requires Terms<A, B> auto operator+(const A& a, const B& b) { return apply("add", a, b); }
template <class A, class B> requires Terms<A, B> auto operator-(const A& a, const B& b) { return apply("subtract", a, b); }
template <class A, class B> requires Terms<A, B> auto operator*(const A& a, const B& b) { return apply("multiply", a, b); }
template <class A, class B> requires Terms<A, B> auto operator/(const A& a, const B& b) { return apply("true_divide", a, b); }
template <Traced A> auto operator-(const A& a) { return apply("negative", a); }
template <Traced A> auto operator+(const A& a) { return a; }
template <class A, class B> requires Terms<A, B> auto divide(const A& a, const B& b) { return apply("true_divide", a, b); }
template <class A, class B> requires Terms<A, B> auto true_divide(const A& a, const B& b) { return apply("true_divide", a, b); }
template <class A, class B> requires Terms<A, B> auto floor_divide(const A& a, const B& b) { return apply("floor_divide", a, b); }
template <class A, class B> requires Terms<A, B> auto pow(const A& a, const B& b) { return apply("pow", a, b); }
template <class A, class B> requires Terms<A, B> auto hypot(const A& a, const B& b) { return apply("hypot", a, b); }
template <class A, class B> requires Terms<A, B> auto max(const A& a, const B& b) { return apply("maximum", a, b); }
template <class A, class B> requires Terms<A, B> auto min(const A& a, const B& b) { return apply("minimum", a, b); }
template <class A, class B> requires Terms<A, B> auto maximum(const A& a, const B& b) { return apply("maximum", a, b); }
template <class A, class B> requires Terms<A, B> auto minimum(const A& a, const B& b) { return apply("minimum", a, b); }
template <class A, class B> requires Terms<A, B> auto logaddexp(const A& a, const B& b) { return apply("logaddexp", a, b); }

// Comparisons and logic give bools, as values: where, not if. There is no && and ||, which would have to look at their first operand.
template <class A, class B> requires Terms<A, B> auto operator<(const A& a, const B& b) { return apply("less", a, b); }
template <class A, class B> requires Terms<A, B> auto operator<=(const A& a, const B& b) { return apply("less_equal", a, b); }
template <class A, class B> requires Terms<A, B> auto operator>(const A& a, const B& b) { return apply("greater", a, b); }
template <class A, class B> requires Terms<A, B> auto operator>=(const A& a, const B& b) { return apply("greater_equal", a, b); }
template <class A, class B> requires Terms<A, B> auto operator==(const A& a, const B& b) { return apply("equal", a, b); }
template <class A, class B> requires Terms<A, B> auto operator!=(const A& a, const B& b) { return apply("not_equal", a, b); }
template <class A, class B> requires Terms<A, B> auto less(const A& a, const B& b) { return apply("less", a, b); }
template <class A, class B> requires Terms<A, B> auto less_equal(const A& a, const B& b) { return apply("less_equal", a, b); }
template <class A, class B> requires Terms<A, B> auto greater(const A& a, const B& b) { return apply("greater", a, b); }
template <class A, class B> requires Terms<A, B> auto greater_equal(const A& a, const B& b) { return apply("greater_equal", a, b); }
template <class A, class B> requires Terms<A, B> auto equal(const A& a, const B& b) { return apply("equal", a, b); }
template <class A, class B> requires Terms<A, B> auto not_equal(const A& a, const B& b) { return apply("not_equal", a, b); }
template <class A, class B> requires Terms<A, B> auto logical_and(const A& a, const B& b) { return apply("logical_and", a, b); }
template <class A, class B> requires Terms<A, B> auto logical_or(const A& a, const B& b) { return apply("logical_or", a, b); }
template <Traced A> auto logical_not(const A& a) { return apply("equal", a, 0); }
/// x where the mask is not zero, else y; both are computed.
template <class M, class X, class Y> requires Terms<M, X, Y> auto where(const M& mask, const X& x, const Y& y) { return apply("where", mask, x, y); }

// Functions of floating-point numbers; integers become floats as for logsumexp (docs/operations.md).
template <Traced A> auto exp(const A& a) { return apply("exp", a); }
template <Traced A> auto log(const A& a) { return apply("log", a); }
template <Traced A> auto log1p(const A& a) { return apply("log1p", a); }
template <Traced A> auto sqrt(const A& a) { return apply("sqrt", a); }
template <Traced A> auto tanh(const A& a) { return apply("tanh", a); }
template <Traced A> auto erf(const A& a) { return apply("erf", a); }
template <Traced A> auto sin(const A& a) { return apply("sin", a); }
template <Traced A> auto cos(const A& a) { return apply("cos", a); }
template <Traced A> auto abs(const A& a) { return apply("abs", a); }
template <Traced A> auto floor(const A& a) { return apply("floor", a); }
/// Converted with C++ rules (Tensor::cast).
template <Traced A> ResultOf<A> cast(const A& a, DType dtype) { return ResultOf<A>(detail::convert(a, dtype)); }

// One number of a row; sums of integers are taken in 64 bits, means in f64. The standard deviation is einx::std(x): without a qualifier, std is a namespace.
template <IsRow A> Row sum(const A& a) { return apply("sum", a); }
template <IsRow A> Row mean(const A& a) { return apply("mean", a); }
template <IsRow A> Row var(const A& a) { return apply("var", a); }
template <IsRow A> Row prod(const A& a) { return apply("prod", a); }
template <IsRow A> Row count_nonzero(const A& a) { return apply("count_nonzero", a); }
template <IsRow A> Row any(const A& a) { return apply("any", a); }
template <IsRow A> Row all(const A& a) { return apply("all", a); }
template <IsRow A> Row max(const A& a) { return apply("max", a); }
template <IsRow A> Row min(const A& a) { return apply("min", a); }
template <IsRow A> Row logsumexp(const A& a) { return apply("logsumexp", a); }
// Row to row.
template <IsRow A> Row softmax(const A& a) { return apply("softmax", a); }
template <IsRow A> Row log_softmax(const A& a) { return apply("log_softmax", a); }

}  // namespace values
}  // namespace einx
