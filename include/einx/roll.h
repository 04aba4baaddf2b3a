// roll: the one operation with a parameter of its own.
#pragma once
#include <einx/graph.h>

namespace [[gnu::visibility("default")]] einx {

/// How far elements move along the rolled axes: an integer for all of them, or one for each bracketed axis in the order of the pattern. Any
/// integer will do, also a negative one; no bool, no floating point.
struct Shift {
  std::vector<std::int64_t> values;
  struct Entry {
    std::int64_t value;
    template <std::integral I>
      requires(!std::same_as<I, bool>)
    Entry(I by) : value(static_cast<std::int64_t>(by)) {}
  };
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Shift(I by) : values{static_cast<std::int64_t>(by)} {}
  Shift(std::initializer_list<Entry> by) {
    for (const Entry& entry : by) values.push_back(entry.value);
  }
  Shift(std::vector<std::int64_t> by) : values(std::move(by)) {}
};

namespace detail {
/// What `How` makes of roll(pattern, a, shift, axes).
template <class How>
struct Roll {
  template <OperandLike A>
  auto operator()(std::string_view pattern, const A& a, const Shift& shift, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a)};
    const Attribute attributes[] = {{"shift", shift.values}};
    return How::template make<Result<A>>({"roll", pattern, operands, axes, false, site, attributes});
  }
};
struct RollInto {
  template <OperandLike A>
  void operator()(Tensor& y, std::string_view pattern, const A& a, const Shift& shift, const Axes& axes = {}, Location site = Location::current()) const {
    const Operand operands[] = {Operand(a)};
    const Attribute attributes[] = {{"shift", shift.values}};
    Tensor* const results[] = {&y};
    call_into({"roll", pattern, operands, axes, false, site, attributes}, results);
  }
};
}  // namespace detail

/// Moves elements on along the bracketed axes, around the end.  roll("a [b c]", x, {1, -2}): y[a, b, c] = x[a, b - 1, c + 2], indices modulo the sizes
/// of b and c. A shift of another number of entries than one or that of the axes is a ValueError.
inline constexpr detail::Roll<Compute> roll{};
/// The same into the caller's tensor, as all op_into.
inline constexpr detail::RollInto roll_into{};
namespace graph {
inline constexpr detail::Roll<MakeGraph> roll{};
}

}  // namespace einx
