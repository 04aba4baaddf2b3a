// How operations are called: the templates behind the names of operations.h. Nothing here needs to be read to use einx.
#pragma once
#include <array>
#include <initializer_list>
#include <source_location>
#include <span>
#include <string_view>
#include <vector>

#include <einx/dialect.h>
#include <einx/value.h>

namespace [[gnu::visibility("default")]] einx {

using Location = std::source_location;
class Graph;

/// The deprecated keepdims of reductions, before the axes: einx::sum("a [b]", x, einx::keepdims).
struct KeepDims {
  bool value = true;
};
inline constexpr KeepDims keepdims{};

namespace detail {

/// A parameter of an operation's own: shift = {1, 2}.
struct Attribute {
  std::string_view name;
  std::span<const std::int64_t> values;
};

/// One call as the library sees it: views of what stands in the caller's expression.
struct CallInfo {
  std::string_view op, pattern;
  std::span<const Operand> operands;
  const Axes& axes;
  bool keepdims = false;
  Location site;
  std::span<const Attribute> attributes = {};
  Dialect dialect = Dialect::Einx;
  std::string_view function = {};  ///< as the caller named it in that dialect, if it is not `op`
};
/// Raise every class of einx::Error but InternalError. `results` must match the number of outputs (SemanticError otherwise).
void call(const CallInfo& info, std::span<Tensor> results);
void call(const CallInfo& info, std::span<Value> results);
std::vector<Tensor> call_all(const CallInfo& info);
std::vector<Value> call_all_traced(const CallInfo& info);
void call_into(const CallInfo& info, std::span<Tensor* const> results);
Graph make_graph(const CallInfo& info);

template <class R>
R call_one(const CallInfo& info) {
  R result;
  call(info, std::span<R>(&result, 1));
  return result;
}
template <class List>
std::vector<Operand> operands_of(const List& list) {
  return std::vector<Operand>(list.begin(), list.end());
}
}  // namespace detail

/// What an operation's name does with a call: compute its result, or (graph.h) make its graph.
struct Compute {
  template <class R>
  static R make(const detail::CallInfo& info) { return detail::call_one<R>(info); }
};

/// An operation with Min to Max operands (Max < 0: any number; more than three go into braces). op(pattern, operands..., sizes).
template <int Min, int Max, class How = Compute>
struct Operation {
  std::string_view name;
  static constexpr bool takes(int n) { return n >= Min && (Max < 0 || n <= Max); }

  template <OperandLike A>
    requires(takes(1))
  auto operator()(std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a)};
    return How::template make<Result<A>>({name, pattern, operands, axes, false, site});
  }
  template <OperandLike A>
    requires(takes(1))
  auto operator()(std::string_view pattern, const A& a, KeepDims keep, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a)};
    return How::template make<Result<A>>({name, pattern, operands, axes, keep.value, site});
  }
  template <OperandLike A, OperandLike B>
    requires(takes(2))
  auto operator()(std::string_view pattern, const A& a, const B& b, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a), Operand(b)};
    return How::template make<Result<A, B>>({name, pattern, operands, axes, false, site});
  }
  template <OperandLike A, OperandLike B, OperandLike C>
    requires(takes(3))
  auto operator()(std::string_view pattern, const A& a, const B& b, const C& c, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a), Operand(b), Operand(c)};
    return How::template make<Result<A, B, C>>({name, pattern, operands, axes, false, site});
  }
  /// On traced values, as in value.h: no pattern, elementwise operations broadcast as NumPy does, others work on all axes.
  template <values::Traced... A>
    requires(takes(sizeof...(A)) && std::same_as<How, Compute>)
  auto operator()(const A&... values) const {
    return values::apply(name, values...);
  }
  template <class A, class B, class... C>
    requires(takes(2 + sizeof...(C)) && values::Terms<A, B, C...> && !(values::Traced<A> && values::Traced<B> && (values::Traced<C> && ...)) && std::same_as<How, Compute>)
  auto operator()(const A& a, const B& b, const C&... c) const {
    return values::apply(name, a, b, c...);
  }
  auto operator()(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) const {
    return How::template make<Tensor>({name, pattern, {operands.begin(), operands.size()}, axes, false, site});
  }
  /// Traced values in braces, or any number of them in a vector. For tensors beside them there is einx::constant.
  template <values::Traced V>
  auto operator()(std::string_view pattern, std::initializer_list<V> values, const Axes& axes = {}, Location site = Location::current()) const {
    return How::template make<Value>({name, pattern, detail::operands_of(values), axes, false, site});
  }
  auto operator()(std::string_view pattern, const std::vector<Value>& values, const Axes& axes = {}, Location site = Location::current()) const {
    return How::template make<Value>({name, pattern, detail::operands_of(values), axes, false, site});
  }
};

/// The same into the caller's tensor: op_into(y, pattern, operands..., sizes). y has the result's shape and dtype (ValueError, TypeError
/// otherwise), any strides, and may overlap the operands.
template <int Min, int Max>
struct IntoOperation {
  std::string_view name;
  template <OperandLike A>
    requires(Operation<Min, Max>::takes(1))
  void operator()(Tensor& y, std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a)};
    run(y, {name, pattern, operands, axes, false, site});
  }
  template <OperandLike A, OperandLike B>
    requires(Operation<Min, Max>::takes(2))
  void operator()(Tensor& y, std::string_view pattern, const A& a, const B& b, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a), Operand(b)};
    run(y, {name, pattern, operands, axes, false, site});
  }
  template <OperandLike A, OperandLike B, OperandLike C>
    requires(Operation<Min, Max>::takes(3))
  void operator()(Tensor& y, std::string_view pattern, const A& a, const B& b, const C& c, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a), Operand(b), Operand(c)};
    run(y, {name, pattern, operands, axes, false, site});
  }
  void operator()(Tensor& y, std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) const {
    run(y, {name, pattern, {operands.begin(), operands.size()}, axes, false, site});
  }

 private:
  static void run(Tensor& y, const detail::CallInfo& info) {
    Tensor* const results[] = {&y};
    detail::call_into(info, results);
  }
};

/// An update where the tensor is: op_into(x, pattern, coordinates..., updates, sizes). x is the first operand of the pattern and the result, any strides; it has
/// the output's shape (ValueError otherwise). Nothing is written if a coordinate is out of range.
struct UpdateIntoOperation {
  std::string_view name;
  template <OperandLike A, OperandLike B>
  void operator()(Tensor& x, std::string_view pattern, const A& a, const B& b, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(x), Operand(a), Operand(b)};
    run(x, {name, pattern, operands, axes, false, site});
  }
  template <OperandLike A, OperandLike B, OperandLike C>
  void operator()(Tensor& x, std::string_view pattern, const A& a, const B& b, const C& c, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(x), Operand(a), Operand(b), Operand(c)};
    run(x, {name, pattern, operands, axes, false, site});
  }
  void operator()(Tensor& x, std::string_view pattern, std::initializer_list<Operand> others, const Axes& axes = {}, Location site = Location::current()) const {
    std::vector<Operand> operands{Operand(x)};
    operands.insert(operands.end(), others.begin(), others.end());
    run(x, {name, pattern, operands, axes, false, site});
  }

 private:
  static void run(Tensor& x, const detail::CallInfo& info) {
    Tensor* const results[] = {&x};
    detail::call_into(info, results);
  }
};

}  // namespace einx
