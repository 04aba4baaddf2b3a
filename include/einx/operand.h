// What a call takes: operands, axis sizes, tensor factories.
#pragma once
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <einx/tensor.h>

namespace [[gnu::visibility("default")]] einx {

namespace detail {
struct Tracing;  // the graph a traced function is writing
}

namespace values {
/// Makes this namespace one of Value's: its operators and functions (value.h) are found without a qualifier, beside the operations of the same names.
struct Arithmetic {};
}  // namespace values

struct View;  // graph.h

/// A tensor inside a traced function (einx::jit, einx::trace): dtype and shape are known, the data is not. + - * / and functions like exp or where: value.h;
/// reshape, slice, stack and their like: arrange.h.
class Value : public values::Arithmetic {
 public:
  Value() = default;
  Value(std::shared_ptr<detail::Tracing> tracing, int id) : tracing_(std::move(tracing)), id_(id) {}
  DType dtype() const;  ///< both raise TypeError for a default-constructed Value
  Shape shape() const;
  template <class T>
    requires std::is_arithmetic_v<T>
  operator T() const {
    static_assert(sizeof(T) == 0, "a traced einx::Value has no value yet: use einx::where instead of if");
  }
  const std::shared_ptr<detail::Tracing>& tracing() const { return tracing_; }
  int id() const { return id_; }

 private:
  std::shared_ptr<detail::Tracing> tracing_;
  int id_ = -1;
};

template <class T>
concept Number = std::is_arithmetic_v<T>;
template <class F>
concept Factory = std::is_invocable_r_v<Tensor, const F&, const Shape&>;

/// One argument of a call: a tensor (by reference, nothing is copied), a weak number, a factory that is called with the solved shape, or a traced value.
/// Lives only as long as the call's full expression.
class Operand {
 public:
  enum class Kind : std::uint8_t { Tensor, WeakBool, WeakInt, WeakFloat, Factory, Value, Unknown };
  Operand(const Tensor& tensor) : kind_(Kind::Tensor), tensor_(&tensor) {}
  Operand(const Value& value) : kind_(Kind::Value), value_(&value) {}
  template <Number T>
  Operand(T number) {
    if constexpr (std::is_same_v<T, bool>) kind_ = Kind::WeakBool, integer_ = number;
    else if constexpr (std::is_integral_v<T>) kind_ = Kind::WeakInt, integer_ = static_cast<std::int64_t>(number);
    else kind_ = Kind::WeakFloat, real_ = static_cast<double>(number);
  }
  template <Factory F>
  Operand(const F& factory) : kind_(Kind::Factory), factory_([&factory](const Shape& shape) { return Tensor(factory(shape)); }) {}
  /// Rank-1 views of the caller's memory.
  template <Element T>
  Operand(const std::vector<T>& values) requires(!std::is_same_v<T, bool>) : Operand(std::span<const T>(values)) {}
  template <Element T>
  Operand(std::span<T> values) : kind_(Kind::Tensor), owned_(std::make_shared<Tensor>(Tensor::view(values, {std::int64_t(values.size())}))), tensor_(owned_.get()) {}
  /// Memory of the caller's, described in place (graph.h).
  Operand(const View& view);
  /// A tensor of unknown shape, for solve_axes and solve_shapes.
  Operand(std::nullptr_t) : kind_(Kind::Unknown) {}

  Kind kind() const { return kind_; }
  const Tensor& tensor() const { return *tensor_; }
  const Value& value() const { return *value_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  const std::function<Tensor(const Shape&)>& factory() const { return factory_; }

 private:
  Kind kind_ = Kind::Unknown;
  std::shared_ptr<Tensor> owned_;
  const Tensor* tensor_ = nullptr;
  const Value* value_ = nullptr;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::function<Tensor(const Shape&)> factory_;
};
template <class T>
concept OperandLike = std::constructible_from<Operand, const T&>;
template <class T>
inline constexpr bool is_value = std::derived_from<std::remove_cvref_t<T>, Value>;
/// What a call gives: a Value if any operand is one, else a Tensor.
template <class... T>
using Result = std::conditional_t<(is_value<T> || ...), Value, Tensor>;

/// The size of an axis: an integer, or a list with one size per repetition of its ellipsis (possibly empty). No bool, no floating point. In a traced function also a
/// Value: einx::size(x, 0) * 2, or an integer of rank 0 that it computes.
struct Size {
  std::int64_t value = 0;
  std::vector<std::int64_t> list;
  bool is_list = false;
  Value computed;  ///< belongs to no traced function if the size is one of the others
  Size(const Value& size) : computed(size) {}
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Size(I size) : value(static_cast<std::int64_t>(size)) {}
  Size(std::initializer_list<std::int64_t> sizes) : list(sizes), is_list(true) {}
  Size(const Shape& sizes) : list(sizes), is_list(true) {}
};
struct Axis {
  std::string_view name;
  Size size;
};
/// Sizes by name: {{"s2", 4}, {"b", {2, 3}}}.
struct Axes {
  std::vector<Axis> items;
  Axes() = default;
  Axes(std::initializer_list<Axis> sizes) : items(sizes) {}
};

/// Tensor factories: stand for an operand whose shape the expression determines.
struct Ones {
  Tensor operator()(const Shape& shape) const { return Tensor::ones(shape); }
};
struct Zeros {
  Tensor operator()(const Shape& shape) const { return Tensor::zeros(shape); }
};
struct Iota {
  Tensor operator()(const Shape& shape) const { return Tensor::iota(shape); }
};
struct Full {
  double value;
  DType dtype = f32;
  Tensor operator()(const Shape& shape) const { return Tensor::full(shape, value, dtype); }
};
inline constexpr Ones ones{};    ///< f32 ones
inline constexpr Zeros zeros{};  ///< f32 zeros
inline constexpr Iota iota{};    ///< f32 0, 1, 2, ... in row-major order
inline Full full(double value, DType dtype = f32) { return {value, dtype}; }

}  // namespace einx
