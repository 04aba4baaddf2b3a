// The operations. Each is called as op(pattern, operands..., sizes): the first call with a new pattern, shape or dtype compiles (milliseconds), later ones
// only look the machine code up. docs/operations.md tells what each means; docs/notation.md explains patterns.
#pragma once
#include <einx/graph.h>

namespace [[gnu::visibility("default")]] einx {

// Elementwise: the pattern names the axes of every operand; missing axes broadcast.  add("a b, b -> a b", x, y)
inline constexpr Operation<1, -1> add{"add"};
inline constexpr Operation<1, -1> multiply{"multiply"};
inline constexpr Operation<1, -1> maximum{"maximum"};
inline constexpr Operation<1, -1> minimum{"minimum"};
inline constexpr Operation<1, -1> logical_and{"logical_and"};
inline constexpr Operation<1, -1> logical_or{"logical_or"};
inline constexpr Operation<1, -1> logaddexp{"logaddexp"};
inline constexpr Operation<2, 2> subtract{"subtract"};
inline constexpr Operation<2, 2> true_divide{"true_divide"};
inline constexpr Operation<2, 2> divide{"divide"};
inline constexpr Operation<2, 2> floor_divide{"floor_divide"};
inline constexpr Operation<2, 2> less{"less"};
inline constexpr Operation<2, 2> less_equal{"less_equal"};
inline constexpr Operation<2, 2> greater{"greater"};
inline constexpr Operation<2, 2> greater_equal{"greater_equal"};
inline constexpr Operation<2, 2> equal{"equal"};
inline constexpr Operation<2, 2> not_equal{"not_equal"};
inline constexpr Operation<3, 3> where{"where"};

// Reductions over the bracketed axes.  sum("a [b]", x) : f32[4, 3] -> f32[4]
inline constexpr Operation<1, 1> sum{"sum"};
inline constexpr Operation<1, 1> mean{"mean"};
inline constexpr Operation<1, 1> var{"var"};
inline constexpr Operation<1, 1> std{"std"};
inline constexpr Operation<1, 1> prod{"prod"};
inline constexpr Operation<1, 1> count_nonzero{"count_nonzero"};
inline constexpr Operation<1, 1> any{"any"};
inline constexpr Operation<1, 1> all{"all"};
inline constexpr Operation<1, 1> max{"max"};
inline constexpr Operation<1, 1> min{"min"};
inline constexpr Operation<1, 1> logsumexp{"logsumexp"};

// Sum of products over the bracketed axes.  dot("a [b], [b] c -> a c", x, y)
inline constexpr Operation<2, -1> dot{"dot"};

// Along the bracketed axes, keeping the shape.  softmax("b [k]", x)
inline constexpr Operation<1, 1> softmax{"softmax"};
inline constexpr Operation<1, 1> log_softmax{"log_softmax"};

// Coordinates (i64) of the first extremum.  argmax("a [b c] -> a [2]", x)
inline constexpr Operation<1, 1> argmax{"argmax"};
inline constexpr Operation<1, 1> argmin{"argmin"};

// Elements at coordinates.  get_at("b [h w] c, b p [2] -> b p c", image, points); raises CallOperationError for a coordinate outside [-n, n).
inline constexpr Operation<2, -1> get_at{"get_at"};

/// Into the caller's tensor: sum_into(y, "a [b]", x).
inline constexpr IntoOperation<1, -1> add_into{"add"};
inline constexpr IntoOperation<1, -1> multiply_into{"multiply"};
inline constexpr IntoOperation<1, -1> maximum_into{"maximum"};
inline constexpr IntoOperation<1, -1> minimum_into{"minimum"};
inline constexpr IntoOperation<1, -1> logical_and_into{"logical_and"};
inline constexpr IntoOperation<1, -1> logical_or_into{"logical_or"};
inline constexpr IntoOperation<1, -1> logaddexp_into{"logaddexp"};
inline constexpr IntoOperation<2, 2> subtract_into{"subtract"};
inline constexpr IntoOperation<2, 2> true_divide_into{"true_divide"};
inline constexpr IntoOperation<2, 2> divide_into{"divide"};
inline constexpr IntoOperation<2, 2> floor_divide_into{"floor_divide"};
inline constexpr IntoOperation<2, 2> less_into{"less"};
inline constexpr IntoOperation<2, 2> less_equal_into{"less_equal"};
inline constexpr IntoOperation<2, 2> greater_into{"greater"};
inline constexpr IntoOperation<2, 2> greater_equal_into{"greater_equal"};
inline constexpr IntoOperation<2, 2> equal_into{"equal"};
inline constexpr IntoOperation<2, 2> not_equal_into{"not_equal"};
inline constexpr IntoOperation<3, 3> where_into{"where"};
inline constexpr IntoOperation<1, 1> sum_into{"sum"};
inline constexpr IntoOperation<1, 1> mean_into{"mean"};
inline constexpr IntoOperation<1, 1> var_into{"var"};
inline constexpr IntoOperation<1, 1> std_into{"std"};
inline constexpr IntoOperation<1, 1> prod_into{"prod"};
inline constexpr IntoOperation<1, 1> count_nonzero_into{"count_nonzero"};
inline constexpr IntoOperation<1, 1> any_into{"any"};
inline constexpr IntoOperation<1, 1> all_into{"all"};
inline constexpr IntoOperation<1, 1> max_into{"max"};
inline constexpr IntoOperation<1, 1> min_into{"min"};
inline constexpr IntoOperation<1, 1> logsumexp_into{"logsumexp"};
inline constexpr IntoOperation<2, -1> dot_into{"dot"};
inline constexpr IntoOperation<1, 1> softmax_into{"softmax"};
inline constexpr IntoOperation<1, 1> log_softmax_into{"log_softmax"};
inline constexpr IntoOperation<1, 1> argmax_into{"argmax"};
inline constexpr IntoOperation<1, 1> argmin_into{"argmin"};
inline constexpr IntoOperation<2, -1> get_at_into{"get_at"};

// Moving elements: permute, compose, split, concatenate, broadcast, diagonal.  id("(h p) w -> p h w", x, {{"p", 2}})
template <OperandLike A>
Result<A> id(std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) {
  return Operation<1, -1>{"id"}(pattern, a, axes, site);
}
template <OperandLike A, OperandLike B>
Result<A, B> id(std::string_view pattern, const A& a, const B& b, const Axes& axes = {}, Location site = Location::current()) {
  return Operation<1, -1>{"id"}(pattern, a, b, axes, site);
}
template <OperandLike A, OperandLike B, OperandLike C>
Result<A, B, C> id(std::string_view pattern, const A& a, const B& b, const C& c, const Axes& axes = {}, Location site = Location::current()) {
  return Operation<1, -1>{"id"}(pattern, a, b, c, axes, site);
}
inline Tensor id(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) {
  return Operation<1, -1>{"id"}(pattern, operands, axes, site);
}
/// N results: auto [q, k] = id<2>("b (q + k) -> b q, b k", x, {{"q", 4}}); another number of outputs is a SemanticError.
template <std::size_t N, OperandLike A>
std::array<Result<A>, N> id(std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) {
  const Operand operands[] = {Operand(a)};
  std::array<Result<A>, N> results;
  detail::call({"id", pattern, operands, axes, false, site}, std::span<Result<A>>(results));
  return results;
}
template <std::size_t N>
std::array<Tensor, N> id(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) {
  std::array<Tensor, N> results;
  detail::call({"id", pattern, {operands.begin(), operands.size()}, axes, false, site}, std::span<Tensor>(results));
  return results;
}
/// As many results as the pattern has outputs.
inline std::vector<Tensor> id_all(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) {
  return detail::call_all({"id", pattern, {operands.begin(), operands.size()}, axes, false, site});
}
inline constexpr IntoOperation<1, -1> id_into{"id"};

/// graph::sum("a [b]", x) and so on: the graph of the call instead of its result.
namespace graph {
inline constexpr GraphOperation<1, -1> id{"id"};
inline constexpr GraphOperation<1, -1> add{"add"};
inline constexpr GraphOperation<1, -1> multiply{"multiply"};
inline constexpr GraphOperation<1, -1> maximum{"maximum"};
inline constexpr GraphOperation<1, -1> minimum{"minimum"};
inline constexpr GraphOperation<1, -1> logical_and{"logical_and"};
inline constexpr GraphOperation<1, -1> logical_or{"logical_or"};
inline constexpr GraphOperation<1, -1> logaddexp{"logaddexp"};
inline constexpr GraphOperation<2, 2> subtract{"subtract"};
inline constexpr GraphOperation<2, 2> true_divide{"true_divide"};
inline constexpr GraphOperation<2, 2> divide{"divide"};
inline constexpr GraphOperation<2, 2> floor_divide{"floor_divide"};
inline constexpr GraphOperation<2, 2> less{"less"};
inline constexpr GraphOperation<2, 2> less_equal{"less_equal"};
inline constexpr GraphOperation<2, 2> greater{"greater"};
inline constexpr GraphOperation<2, 2> greater_equal{"greater_equal"};
inline constexpr GraphOperation<2, 2> equal{"equal"};
inline constexpr GraphOperation<2, 2> not_equal{"not_equal"};
inline constexpr GraphOperation<3, 3> where{"where"};
inline constexpr GraphOperation<1, 1> sum{"sum"};
inline constexpr GraphOperation<1, 1> mean{"mean"};
inline constexpr GraphOperation<1, 1> var{"var"};
inline constexpr GraphOperation<1, 1> std{"std"};
inline constexpr GraphOperation<1, 1> prod{"prod"};
inline constexpr GraphOperation<1, 1> count_nonzero{"count_nonzero"};
inline constexpr GraphOperation<1, 1> any{"any"};
inline constexpr GraphOperation<1, 1> all{"all"};
inline constexpr GraphOperation<1, 1> max{"max"};
inline constexpr GraphOperation<1, 1> min{"min"};
inline constexpr GraphOperation<1, 1> logsumexp{"logsumexp"};
inline constexpr GraphOperation<2, -1> dot{"dot"};
inline constexpr GraphOperation<1, 1> softmax{"softmax"};
inline constexpr GraphOperation<1, 1> log_softmax{"log_softmax"};
inline constexpr GraphOperation<1, 1> argmax{"argmax"};
inline constexpr GraphOperation<1, 1> argmin{"argmin"};
inline constexpr GraphOperation<2, -1> get_at{"get_at"};
}  // namespace graph

}  // namespace einx
