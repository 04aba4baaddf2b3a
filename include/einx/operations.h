// The operations. Each is called as op(pattern, operands..., sizes): the first call with a new pattern, shape or dtype compiles (milliseconds), later ones
// only look the machine code up. docs/operations.md tells what each means; docs/notation.md explains patterns.
#pragma once
#include <einx/graph.h>
#include <einx/roll.h>

namespace [[gnu::visibility("default")]] einx {

// One line an operation: its name and the smallest and largest number of operands (-1: any). EINX_OPERATION(sum, 1, 1) declares einx::sum, which computes;
// einx::sum_into(y, "a [b]", x), which writes into the caller's tensor; and einx::graph::sum, which gives the graph of the call instead of its result.
#define EINX_OPERATION(name, min, max)                            \
  inline constexpr Operation<min, max> name{#name};               \
  inline constexpr IntoOperation<min, max> name##_into{#name};    \
  namespace graph {                                               \
  inline constexpr GraphOperation<min, max> name{#name};          \
  }

// Elementwise: the pattern names the axes of every operand; missing axes broadcast.  add("a b, b -> a b", x, y)
EINX_OPERATION(add, 1, -1)
EINX_OPERATION(multiply, 1, -1)
EINX_OPERATION(maximum, 1, -1)
EINX_OPERATION(minimum, 1, -1)
EINX_OPERATION(logical_and, 1, -1)
EINX_OPERATION(logical_or, 1, -1)
EINX_OPERATION(logaddexp, 1, -1)
EINX_OPERATION(subtract, 2, 2)
EINX_OPERATION(true_divide, 2, 2)
EINX_OPERATION(divide, 2, 2)
EINX_OPERATION(floor_divide, 2, 2)
EINX_OPERATION(less, 2, 2)
EINX_OPERATION(less_equal, 2, 2)
EINX_OPERATION(greater, 2, 2)
EINX_OPERATION(greater_equal, 2, 2)
EINX_OPERATION(equal, 2, 2)
EINX_OPERATION(not_equal, 2, 2)
EINX_OPERATION(where, 3, 3)
EINX_OPERATION(negative, 1, 1)

// Names that C has as functions, too: function templates, so that `using namespace einx` leaves exp(1.0) what it is. einx::exp("a b", x), exp_into, graph::exp
// as above; einx::exp(v) of a traced value is that of value.h.
#define EINX_FUNCTION(name)                                                                                                      \
  using values::name;                                                                                                            \
  template <OperandLike A>                                                                                                       \
  Result<A> name(std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) {             \
    return Operation<1, 1>{#name}(pattern, a, axes, site);                                                                       \
  }                                                                                                                              \
  inline constexpr IntoOperation<1, 1> name##_into{#name};                                                                       \
  namespace graph {                                                                                                              \
  inline constexpr GraphOperation<1, 1> name{#name};                                                                             \
  }
EINX_FUNCTION(abs)
EINX_FUNCTION(exp)
EINX_FUNCTION(log)
EINX_FUNCTION(log1p)
EINX_FUNCTION(sqrt)
EINX_FUNCTION(tanh)
EINX_FUNCTION(erf)
EINX_FUNCTION(sin)
EINX_FUNCTION(cos)
EINX_FUNCTION(floor)
// The same of two operands: pow("a, b -> a b", x, y)
#define EINX_FUNCTION_OF_TWO(name)                                                                                                               \
  template <OperandLike A, OperandLike B>                                                                                                        \
  Result<A, B> name(std::string_view pattern, const A& a, const B& b, const Axes& axes = {}, Location site = Location::current()) {              \
    return Operation<2, 2>{#name}(pattern, a, b, axes, site);                                                                                    \
  }                                                                                                                                              \
  inline constexpr IntoOperation<2, 2> name##_into{#name};                                                                                       \
  namespace graph {                                                                                                                              \
  inline constexpr GraphOperation<2, 2> name{#name};                                                                                             \
  }
using values::hypot;
using values::pow;
EINX_FUNCTION_OF_TWO(pow)
EINX_FUNCTION_OF_TWO(hypot)
#undef EINX_FUNCTION_OF_TWO
#undef EINX_FUNCTION

// Reductions over the bracketed axes.  sum("a [b]", x) : f32[4, 3] -> f32[4]
EINX_OPERATION(sum, 1, 1)
EINX_OPERATION(mean, 1, 1)
EINX_OPERATION(var, 1, 1)
EINX_OPERATION(std, 1, 1)
EINX_OPERATION(prod, 1, 1)
EINX_OPERATION(count_nonzero, 1, 1)
EINX_OPERATION(any, 1, 1)
EINX_OPERATION(all, 1, 1)
EINX_OPERATION(max, 1, 1)
EINX_OPERATION(min, 1, 1)
EINX_OPERATION(logsumexp, 1, 1)

// Sum of products over the bracketed axes.  dot("a [b], [b] c -> a c", x, y)
EINX_OPERATION(dot, 2, -1)

// Along the bracketed axes, keeping the shape.  softmax("b [k]", x)
EINX_OPERATION(softmax, 1, 1)
EINX_OPERATION(log_softmax, 1, 1)
EINX_OPERATION(flip, 1, 1)
EINX_OPERATION(sort, 1, 1)
EINX_OPERATION(argsort, 1, 1)

// Coordinates (i64) of the first extremum.  argmax("a [b c] -> a [2]", x)
EINX_OPERATION(argmax, 1, 1)
EINX_OPERATION(argmin, 1, 1)

// Elements at coordinates.  get_at("b [h w] c, b p [2] -> b p c", image, points); raises CallOperationError for a coordinate outside [-n, n).
EINX_OPERATION(get_at, 2, -1)

// The tensor with elements at coordinates set, increased, decreased: a new tensor. For duplicates the last in row-major order wins, sums accumulate.
// add_at("[v] c, b t, b t c", table, tokens, gradient). add_at_into(table, "[v] c, b t, b t c", tokens, gradient) updates the table in place.
#define EINX_UPDATE(name)                                 \
  inline constexpr Operation<3, -1> name{#name};          \
  inline constexpr UpdateIntoOperation name##_into{#name}; \
  namespace graph {                                       \
  inline constexpr GraphOperation<3, -1> name{#name};     \
  }
EINX_UPDATE(set_at)
EINX_UPDATE(add_at)
EINX_UPDATE(subtract_at)

#undef EINX_UPDATE
#undef EINX_OPERATION

// Moving elements: permute, compose, split, concatenate, broadcast, diagonal.  id("(h p) w -> p h w", x, {{"p", 2}})
// With <N>, N results: auto [q, k] = id<2>("b (q + k) -> b q, b k", x, {{"q", 4}}); another number of outputs is a SemanticError. id_all gives as many results
// as the pattern has outputs.
#define EINX_MOVE(name)                                                                                                                                                  \
  template <OperandLike A>                                                                                                                                               \
  Result<A> name(std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) {                                                     \
    return Operation<1, -1>{#name}(pattern, a, axes, site);                                                                                                              \
  }                                                                                                                                                                      \
  template <OperandLike A, OperandLike B>                                                                                                                                \
  Result<A, B> name(std::string_view pattern, const A& a, const B& b, const Axes& axes = {}, Location site = Location::current()) {                                      \
    return Operation<1, -1>{#name}(pattern, a, b, axes, site);                                                                                                           \
  }                                                                                                                                                                      \
  template <OperandLike A, OperandLike B, OperandLike C>                                                                                                                 \
  Result<A, B, C> name(std::string_view pattern, const A& a, const B& b, const C& c, const Axes& axes = {}, Location site = Location::current()) {                       \
    return Operation<1, -1>{#name}(pattern, a, b, c, axes, site);                                                                                                        \
  }                                                                                                                                                                      \
  inline Tensor name(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) {                    \
    return Operation<1, -1>{#name}(pattern, operands, axes, site);                                                                                                       \
  }                                                                                                                                                                      \
  template <std::size_t N, OperandLike A>                                                                                                                                \
  std::array<Result<A>, N> name(std::string_view pattern, const A& a, const Axes& axes = {}, Location site = Location::current()) {                                      \
    const Operand operands[] = {Operand(a)};                                                                                                                             \
    std::array<Result<A>, N> results;                                                                                                                                    \
    detail::call({#name, pattern, operands, axes, false, site}, std::span<Result<A>>(results));                                                                          \
    return results;                                                                                                                                                      \
  }                                                                                                                                                                      \
  template <std::size_t N>                                                                                                                                               \
  std::array<Tensor, N> name(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) {            \
    std::array<Tensor, N> results;                                                                                                                                       \
    detail::call({#name, pattern, {operands.begin(), operands.size()}, axes, false, site}, std::span<Tensor>(results));                                                  \
    return results;                                                                                                                                                      \
  }                                                                                                                                                                      \
  inline std::vector<Tensor> name##_all(std::string_view pattern, std::initializer_list<Operand> operands, const Axes& axes = {}, Location site = Location::current()) { \
    return detail::call_all({#name, pattern, {operands.begin(), operands.size()}, axes, false, site});                                                                   \
  }                                                                                                                                                                      \
  template <values::Traced V>                                                                                                                                          \
  Value name(std::string_view pattern, std::initializer_list<V> values, const Axes& axes = {}, Location site = Location::current()) {                                  \
    return Operation<1, -1>{#name}(pattern, values, axes, site);                                                                                                       \
  }                                                                                                                                                                    \
  inline Value name(std::string_view pattern, const std::vector<Value>& values, const Axes& axes = {}, Location site = Location::current()) {                          \
    return Operation<1, -1>{#name}(pattern, values, axes, site);                                                                                                       \
  }                                                                                                                                                                    \
  template <std::size_t N, values::Traced V>                                                                                                                           \
  std::array<Value, N> name(std::string_view pattern, std::initializer_list<V> values, const Axes& axes = {}, Location site = Location::current()) {                   \
    std::array<Value, N> results;                                                                                                                                      \
    detail::call({#name, pattern, detail::operands_of(values), axes, false, site}, std::span<Value>(results));                                                         \
    return results;                                                                                                                                                    \
  }                                                                                                                                                                    \
  template <values::Traced V>                                                                                                                                          \
  std::vector<Value> name##_all(std::string_view pattern, std::initializer_list<V> values, const Axes& axes = {}, Location site = Location::current()) {               \
    return detail::call_all_traced({#name, pattern, detail::operands_of(values), axes, false, site});                                                                  \
  }                                                                                                                                                                    \
  inline std::vector<Value> name##_all(std::string_view pattern, const std::vector<Value>& values, const Axes& axes = {}, Location site = Location::current()) {       \
    return detail::call_all_traced({#name, pattern, detail::operands_of(values), axes, false, site});                                                                  \
  }                                                                                                                                                                    \
  inline constexpr IntoOperation<1, -1> name##_into{#name};                                                                                                              \
  namespace graph {                                                                                                                                                      \
  inline constexpr GraphOperation<1, -1> name{#name};                                                                                                                    \
  }
EINX_MOVE(id)
EINX_MOVE(rearrange)  // the same by its einops name
#undef EINX_MOVE  // no macro leaves this header

}  // namespace einx
