// The functions of einops 0.8, with its patterns and its rules; docs/coming-from-einops.md tells what differs.
//
//   using namespace einx::einops;
//   rearrange(x, "b c (h p) (w q) -> b (h w) (p q c)", {{"p", 2}, {"q", 2}})
//   reduce(x, "b c h w -> b c", "mean")       reduce(x, "b (t s) -> b t", einx::logsumexp, {{"s", 4}})
//   repeat(x, "h w -> h w c", {{"c", 3}})     rearrange({x, y, z}, "b h w -> h (b w)")          a list is stacked along a new first axis
//   auto [packed, shapes] = pack({x, y}, "b * c");                              unpack(packed, shapes, "b * c")
#pragma once
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <einx/graph.h>

namespace [[gnu::visibility("default")]] einx {

namespace detail {

inline CallInfo einops_call(std::string_view op, std::string_view function, std::string_view pattern, std::span<const Operand> operands, const Axes& sizes,
                            Location site) {
  return {op, pattern, operands, sizes, false, site, {}, Dialect::Einops, function};
}

/// The operation behind a named reduction, and the function whose rules hold: "repeat" and "rearrange" are reductions of einops, too.
struct EinopsReduction {
  std::string_view op, function, list_function;
};
/// Raises OperationNotSupportedError unknown-operation.
EinopsReduction einops_reduction(std::string_view name);

using AxesReducer = std::function<Tensor(const Tensor&, const std::vector<int>&)>;
/// Splits the axes, calls the function with those to reduce at the end, and puts what it gives into the pattern's output.
Tensor reduce_with(const CallInfo& info, const AxesReducer& reduce);

/// Raises TypeError operand-kind for an empty list.
void require_list(std::size_t size);

template <class T>
std::vector<Operand> list_operands(const T& list) {
  require_list(list.size());
  return std::vector<Operand>(list.begin(), list.end());
}

}  // namespace detail

namespace einops {

template <class T>
concept TensorList = std::same_as<T, std::vector<Tensor>> || std::same_as<T, std::vector<Value>> || std::same_as<T, std::span<const Tensor>>;
template <class L>
using ListResult = Result<typename L::value_type>;
/// An operation of the library or of the user's own: einx::logsumexp, einx::reduction(...).
template <class T>
concept NamedOperation = requires(const T& op) {
  { op.name } -> std::convertible_to<std::string_view>;
};
template <class F>
concept AxesFunction = std::is_invocable_r_v<Tensor, const F&, const Tensor&, const std::vector<int>&>;

/// rearrange(x or list, pattern, sizes), repeat(x or list, pattern, sizes).
template <class How = Compute>
struct Transformation {
  std::string_view function, list_function;

  template <OperandLike A>
  auto operator()(const A& x, std::string_view pattern, const Axes& sizes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(x)};
    return How::template make<Result<A>>(detail::einops_call("id", function, pattern, operands, sizes, site));
  }
  template <TensorList L>
  auto operator()(const L& list, std::string_view pattern, const Axes& sizes = {}, Location site = Location::current()) const {
    return How::template make<ListResult<L>>(detail::einops_call("id", list_function, pattern, detail::list_operands(list), sizes, site));
  }
  auto operator()(std::initializer_list<Operand> list, std::string_view pattern, const Axes& sizes = {}, Location site = Location::current()) const {
    detail::require_list(list.size());
    return How::template make<Tensor>(detail::einops_call("id", list_function, pattern, {list.begin(), list.size()}, sizes, site));
  }
  template <values::Traced V>
  auto operator()(std::initializer_list<V> list, std::string_view pattern, const Axes& sizes = {}, Location site = Location::current()) const {
    return (*this)(std::vector<Value>(list.begin(), list.end()), pattern, sizes, site);
  }
};

/// reduce(x or list, pattern, reduction, sizes). A reduction is one of "min max sum mean prod any all" (the mean only of floating-point numbers), an operation with
/// brackets like einx::logsumexp, or a function (const Tensor&, const std::vector<int>& axes) -> Tensor that reduces those axes. If the output has all axes,
/// nothing is reduced.
template <class How = Compute>
struct Reduction {
  template <OperandLike A, class R>
  auto operator()(const A& x, std::string_view pattern, const R& reduction, const Axes& sizes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(x)};
    return run<Result<A>>(operands, false, pattern, reduction, sizes, site);
  }
  template <TensorList L, class R>
  auto operator()(const L& list, std::string_view pattern, const R& reduction, const Axes& sizes = {}, Location site = Location::current()) const {
    return run<ListResult<L>>(detail::list_operands(list), true, pattern, reduction, sizes, site);
  }
  template <class R>
  auto operator()(std::initializer_list<Operand> list, std::string_view pattern, const R& reduction, const Axes& sizes = {},
                  Location site = Location::current()) const {
    detail::require_list(list.size());
    return run<Tensor>({list.begin(), list.size()}, true, pattern, reduction, sizes, site);
  }
  template <values::Traced V, class R>
  auto operator()(std::initializer_list<V> list, std::string_view pattern, const R& reduction, const Axes& sizes = {},
                  Location site = Location::current()) const {
    return run<Value>(detail::list_operands(list), true, pattern, reduction, sizes, site);
  }

 private:
  template <class T, class R>
  static auto run(std::span<const Operand> operands, bool list, std::string_view pattern, const R& reduction, const Axes& sizes, Location site) {
    if constexpr (std::convertible_to<const R&, std::string_view>) {
      const detail::EinopsReduction named = detail::einops_reduction(reduction);
      return How::template make<T>(detail::einops_call(named.op, list ? named.list_function : named.function, pattern, operands, sizes, site));
    } else if constexpr (NamedOperation<R>) {
      return How::template make<T>(detail::einops_call(reduction.name, list ? "reduce list" : "reduce", pattern, operands, sizes, site));
    } else {
      static_assert(AxesFunction<R>, "a reduction is a name, an operation, or a function (const Tensor&, const std::vector<int>&) -> Tensor");
      static_assert(std::same_as<T, Tensor> && std::same_as<How, Compute>, "a function of tensors has nothing to reduce in a traced function");
      return detail::reduce_with(detail::einops_call("sum", list ? "reduce list" : "reduce", pattern, operands, sizes, site), reduction);
    }
  }
};

/// einsum(operands..., pattern) with names instead of letters: einsum(x, w, "batch in, in out -> batch out").
template <class How = Compute>
struct Einsum {
  template <OperandLike A>
  auto operator()(const A& a, std::string_view pattern, Location site = Location::current()) const {
    return run<Result<A>>({Operand(a)}, pattern, site);
  }
  template <OperandLike A, OperandLike B>
  auto operator()(const A& a, const B& b, std::string_view pattern, Location site = Location::current()) const {
    return run<Result<A, B>>({Operand(a), Operand(b)}, pattern, site);
  }
  template <OperandLike A, OperandLike B, OperandLike C>
  auto operator()(const A& a, const B& b, const C& c, std::string_view pattern, Location site = Location::current()) const {
    return run<Result<A, B, C>>({Operand(a), Operand(b), Operand(c)}, pattern, site);
  }
  auto operator()(std::initializer_list<Operand> operands, std::string_view pattern, Location site = Location::current()) const {
    return run<Tensor>(operands, pattern, site);
  }
  template <values::Traced V>
  auto operator()(std::initializer_list<V> values, std::string_view pattern, Location site = Location::current()) const {
    return run<Value>(detail::operands_of(values), pattern, site);
  }
  auto operator()(const std::vector<Value>& values, std::string_view pattern, Location site = Location::current()) const {
    return run<Value>(detail::operands_of(values), pattern, site);
  }

 private:
  template <class R>
  static auto run(std::initializer_list<Operand> operands, std::string_view pattern, Location site) {
    return run<R>(std::span(operands.begin(), operands.size()), pattern, site);
  }
  template <class R>
  static auto run(std::span<const Operand> operands, std::string_view pattern, Location site) {
    static const Axes none;
    return How::template make<R>(detail::einops_call("einsum", "einsum", pattern, operands, none, site));
  }
};

inline constexpr Transformation<> rearrange{"rearrange", "rearrange list"};
inline constexpr Transformation<> repeat{"repeat", "repeat list"};
inline constexpr Reduction<> reduce{};
inline constexpr Einsum<> einsum{};
namespace graph {
inline constexpr Transformation<MakeGraph> rearrange{"rearrange", "rearrange list"};
inline constexpr Transformation<MakeGraph> repeat{"repeat", "repeat list"};
inline constexpr Reduction<MakeGraph> reduce{};
inline constexpr Einsum<MakeGraph> einsum{};
}  // namespace graph

/// What pack gives: the packed tensor, and of each tensor the shape that stands where the pattern has its star.
template <class T>
struct Packed {
  T tensor;
  std::vector<Shape> shapes;
};

}  // namespace einops

namespace detail {
/// The name under which the shapes that unpack makes are among the sizes of a call.
inline constexpr std::string_view kPackedShape = "packed shape";
/// The shapes in the place of the star.
std::vector<Shape> packed_shapes(std::span<const Operand> operands, std::string_view pattern);
/// Packed shapes as sizes, as the notation wants them.
Axes packed_sizes(std::span<const Shape> shapes);
/// Raises what is wrong with an unpacking without a single shape.
void check_unpacking(const CallInfo& info);
}  // namespace detail

namespace einops {

/// pack({x, y}, "i j * k"): the axes at the star, any number in each tensor, become one; there the tensors are concatenated. Raises SyntaxError, RankError,
/// AxisSizeError, TypeError operand-kind for an empty list.
inline Packed<Tensor> pack(std::initializer_list<Operand> tensors, std::string_view pattern, Location site = Location::current()) {
  static const Axes none;
  detail::require_list(tensors.size());
  const std::span<const Operand> operands(tensors.begin(), tensors.size());
  Tensor packed = detail::call_one<Tensor>(detail::einops_call("id", "pack", pattern, operands, none, site));
  return {std::move(packed), detail::packed_shapes(operands, pattern)};
}
template <TensorList L>
Packed<ListResult<L>> pack(const L& tensors, std::string_view pattern, Location site = Location::current()) {
  static const Axes none;
  const std::vector<Operand> operands = detail::list_operands(tensors);
  auto packed = detail::call_one<ListResult<L>>(detail::einops_call("id", "pack", pattern, operands, none, site));
  return {std::move(packed), detail::packed_shapes(operands, pattern)};
}

template <values::Traced V>
Packed<Value> pack(std::initializer_list<V> values, std::string_view pattern, Location site = Location::current()) {
  return pack(std::vector<Value>(values.begin(), values.end()), pattern, site);
}

/// The way back: a tensor for each shape. At most one size of all shapes is -1 and follows from the others. Raises SyntaxError, RankError, AxisSizeError.
template <OperandLike A>
std::vector<Result<A>> unpack(const A& x, const std::vector<Shape>& shapes, std::string_view pattern, Location site = Location::current()) {
  const Operand operands[] = {Operand(x)};
  const Axes sizes = detail::packed_sizes(shapes);
  const detail::CallInfo info = detail::einops_call("id", "unpack", pattern, operands, sizes, site);
  std::vector<Result<A>> results(shapes.size());
  if (shapes.empty()) detail::check_unpacking(info);
  else detail::call(info, std::span<Result<A>>(results));
  return results;
}

/// Sizes by name, which other calls take: rearrange(y, "(b h) -> b h", parse_shape(x, "b _ h")).
struct AxisSizes {
  std::vector<std::pair<std::string, std::int64_t>> items;  ///< in the order of the pattern
  /// Raises ValueError bad-parameter for a name that is not there.
  std::int64_t at(std::string_view name) const;
  operator Axes() const;  ///< refers to the names in here
};
/// parse_shape(x, "batch _ h w"): `_` and `...` skip, a number has to be the size. Raises SyntaxError, RankError, AxisSizeError.
AxisSizes parse_shape(const Tensor& x, std::string_view pattern);
AxisSizes parse_shape(const Value& x, std::string_view pattern);

/// What EinMix is made of beside its pattern.
struct MixOptions {
  std::string_view weight_shape;                          ///< "c d": names, whose sizes are given
  std::optional<std::string_view> bias_shape = {};        ///< "d": names of the output; without, nothing is added
  std::optional<std::uint64_t> seed = {};                 ///< of the initial weights; without, others every time
};

/// A linear layer that a pattern describes: EinMix mix("b c -> b d", {.weight_shape = "c d", .bias_shape = "d"}, {{"c", 8}, {"d", 4}}); y = mix(x). Contracts the
/// input with the weight, adds the bias; groups split and compose axes. Weights are uniform in (-a, a), a = sqrt(3 / fan_in), biases with a = sqrt(1 / fan_in);
/// fan_in is the size of the weight's axes that the output does not have. Raises SyntaxError, SemanticError, AxisSizeError, ValueError unused-size, whose
/// expression is the contraction: "b c, c d -> b d".
class EinMix {
 public:
  EinMix(std::string_view pattern, const MixOptions& options, const Axes& sizes);

  template <OperandLike A>
  Result<A> operator()(const A& x, Location site = Location::current()) const {
    const Operand operands[] = {Operand(x), Operand(weight)};
    const Axes sizes = sizes_;
    const auto mixed = detail::call_one<Result<A>>(detail::einops_call("einsum", "EinMix", contraction_, operands, sizes, site));
    return bias.defined() ? add_bias(mixed, site) : mixed;
  }

  Tensor weight;  ///< f32, axes as in weight_shape. May be replaced
  Tensor bias;    ///< f32, axes as in bias_shape; undefined without one

 private:
  template <class T>
  T add_bias(const T& mixed, Location site) const {
    static const Axes none;
    const Operand operands[] = {Operand(mixed), Operand(bias)};
    return detail::call_one<T>(detail::einops_call("add", "EinMix", addition_, operands, none, site));
  }

  std::string contraction_, addition_;
  AxisSizes sizes_;
};

}  // namespace einops
}  // namespace einx
