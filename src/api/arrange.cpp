// Traced values under other shapes: calls of id and flip with patterns made from shapes.
#include <einx/arrange.h>

#include <algorithm>
#include <numeric>

#include "api/tracing.h"
#include "support/support.h"

namespace einx {
namespace {

namespace support = detail::support;

std::string shape_text(const Shape& shape) { return support::tuple_text(shape); }

[[noreturn]] void bad_shape(const std::string& sentence) { support::raise<ValueError>({.kind = "bad-shape", .sentence = sentence}); }
[[noreturn]] void bad_view(const std::string& sentence) { support::raise<ValueError>({.kind = "bad-view", .sentence = sentence}); }

/// A pattern in the making: axes get the names a0, a1, ... and their sizes.
class Pattern {
 public:
  std::string axis(std::int64_t size) {
    names_.push_back("a" + std::to_string(names_.size()));
    sizes_.push_back(size);
    return names_.back();
  }
  /// An axis for each size.
  std::vector<std::string> axes(std::span<const std::int64_t> sizes) {
    std::vector<std::string> made;
    for (const std::int64_t size : sizes) made.push_back(axis(size));
    return made;
  }
  std::vector<Value> call(std::string_view op, std::span<const Operand> operands, const std::string& pattern, std::size_t results = 1) const {
    Axes sizes;
    for (std::size_t k = 0; k < names_.size(); ++k) sizes.items.push_back({names_[k], Size(sizes_[k])});
    std::vector<Value> made(results);
    detail::call({op, pattern, operands, sizes}, std::span<Value>(made));
    return made;
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::int64_t> sizes_;
};

std::string row(const std::vector<std::string>& items) { return support::join(items, " "); }
/// "(a + b)", or what there is of it.
std::string concatenation(const std::vector<std::string>& items) { return items.size() == 1 ? items[0] : "(" + support::join(items, " + ") + ")"; }

int checked_axis(int axis, std::size_t rank, std::string_view function) {
  const int count = int(rank), at = axis < 0 ? axis + count : axis;
  if (at < 0 || at >= count)
    bad_view(std::string(function) + " along axis " + std::to_string(axis) + " of " + std::to_string(count) + " axes.");
  return at;
}

// ---------------------------------------------------------------- reshape
std::int64_t elements(const Shape& shape) { return support::checked_product(shape).value_or(-1); }

/// The shape with its -1 replaced.
Shape complete_shape(const Shape& from, const Shape& to) {
  const auto refuse = [&] { bad_shape("A value of shape " + shape_text(from) + " cannot have the shape " + shape_text(to) + "."); };
  Shape shape = to;
  const auto open = std::ranges::find(shape, -1);
  if (std::ranges::count(shape, -1) > 1 || std::ranges::any_of(shape, [](std::int64_t size) { return size < -1; })) refuse();
  if (open != shape.end()) {
    *open = 1;
    const std::int64_t others = elements(shape);
    if (others <= 0 || elements(from) % others != 0) refuse();
    *open = elements(from) / others;
  }
  if (elements(shape) != elements(from)) refuse();
  return shape;
}

/// A part of two shapes with as many elements on either side, as short as it can be. Axes of size 1 count on no side.
struct Segment {
  std::vector<std::size_t> from, to;
};
std::vector<Segment> segments_of(const Shape& from, const Shape& to) {
  std::vector<Segment> segments;
  std::size_t i = 0, j = 0;
  const auto skip_ones = [](const Shape& shape, std::size_t& k) {
    while (k < shape.size() && shape[k] == 1) ++k;
    return k < shape.size();
  };
  while (skip_ones(from, i) && skip_ones(to, j)) {
    Segment segment{{i}, {j}};
    std::int64_t left = from[i++], right = to[j++];
    while (left != right) {  // the products of the whole shapes are equal, so there are more
      if (left < right) skip_ones(from, i), segment.from.push_back(i), left *= from[i++];
      else skip_ones(to, j), segment.to.push_back(j), right *= to[j++];
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

/// The sizes of axes of which the axes on both sides are made: the next boundary on either side has to be a multiple of the one before. Nothing if one is not.
std::vector<std::int64_t> common_axes(const Shape& from, const Shape& to, const Segment& segment) {
  std::vector<std::int64_t> sizes;
  std::size_t i = 0, j = 0;
  std::int64_t left = from[segment.from[0]], right = to[segment.to[0]];
  for (;;) {
    const std::int64_t size = std::min(left, right);
    if (std::max(left, right) % size != 0) return {};
    sizes.push_back(size);
    left /= size, right /= size;
    if (left == 1 && ++i < segment.from.size()) left = from[segment.from[i]];
    if (right == 1 && ++j < segment.to.size()) right = to[segment.to[j]];
    if (i == segment.from.size() || j == segment.to.size()) return sizes;
  }
}

/// One side's text: for each dimension the axes it is made of.
class Side {
 public:
  explicit Side(const Shape& shape) : shape_(shape), dims_(shape.size(), "1") {}
  /// The dimensions of a segment, made of these axes in order.
  void fill(const std::vector<std::size_t>& dims, const std::vector<std::string>& names, const std::vector<std::int64_t>& sizes) {
    std::size_t next = 0;
    for (const std::size_t dim : dims) {
      std::vector<std::string> parts;
      for (std::int64_t product = 1; product < shape_[dim]; product *= sizes[next++]) parts.push_back(names[next]);
      dims_[dim] = parts.size() == 1 ? parts[0] : "(" + row(parts) + ")";
    }
  }
  std::string text() const { return row(dims_); }

 private:
  const Shape& shape_;
  std::vector<std::string> dims_;
};

/// One node where every segment has common axes; else `between` is the shape in which those that have none are one axis each.
std::optional<Value> reshape_once(const Value& x, const Shape& from, const Shape& to, Shape& between) {
  Pattern pattern;
  Side left(from), right(to);
  bool direct = true;
  for (const Segment& segment : segments_of(from, to)) {
    const std::vector<std::int64_t> sizes = common_axes(from, to, segment);
    if (sizes.empty()) {
      between.push_back(1);
      for (const std::size_t dim : segment.from) between.back() *= from[dim];
      direct = false;
      continue;
    }
    for (const std::size_t dim : segment.from) between.push_back(from[dim]);
    const std::vector<std::string> names = pattern.axes(sizes);
    left.fill(segment.from, names, sizes);
    right.fill(segment.to, names, sizes);
  }
  if (!direct) return std::nullopt;
  const Operand operands[] = {Operand(x)};
  return pattern.call("id", operands, left.text() + " -> " + right.text())[0];
}

}  // namespace

// ---------------------------------------------------------------- recorded as one step each
namespace {

using Kind = detail::script::Arrange::Kind;
using Integers = std::vector<std::optional<detail::script::Integer>>;

template <class List>
Integers integers(const List& list) {
  Integers made;
  for (const auto each : list) made.emplace_back(detail::script::Integer(std::int64_t(each)));
  return made;
}
Integers integers(std::initializer_list<std::optional<std::int64_t>> list) {
  Integers made;
  for (const auto& each : list) made.push_back(each ? std::optional<detail::script::Integer>(*each) : std::nullopt);
  return made;
}

template <class Make>
Value recorded(Kind kind, const Value& x, Integers numbers, Make make) {
  return detail::api::arranged(kind, std::span(&x, 1), std::move(numbers), make);
}

Value concat_of(std::span<const Value> values, int axis);

Value reshape_of(const Value& x, const Shape& shape) {
  const Shape from = x.shape(), to = complete_shape(from, shape);
  if (from == to) return x;
  // Without elements there is nothing to move, and sizes say nothing of each other.
  if (elements(to) == 0) return Value(x.tracing(), detail::graph::add_constant(x.tracing()->graph, Tensor::empty(to, x.dtype())));
  Shape between;
  if (const auto made = reshape_once(x, from, to, between)) return *made;
  Shape unused;
  return reshape_of(*reshape_once(x, from, between, unused), to);
}

// ---------------------------------------------------------------- orders and repetitions
Value transpose_of(const Value& x, const std::vector<int>& order) {
  const Shape shape = x.shape();
  Pattern pattern;
  const std::vector<std::string> axes = pattern.axes(shape);
  std::vector<std::string> permuted;
  std::vector<bool> used(shape.size(), false);
  for (const int axis : order) {
    const int at = checked_axis(axis, shape.size(), "transpose");
    if (used[std::size_t(at)]) bad_view("transpose names axis " + std::to_string(axis) + " twice.");
    used[std::size_t(at)] = true;
    permuted.push_back(axes[std::size_t(at)]);
  }
  if (order.size() != shape.size())
    bad_view("transpose has an order of " + std::to_string(order.size()) + " axes for a value of " + std::to_string(shape.size()) + ".");
  const Operand operands[] = {Operand(x)};
  return pattern.call("id", operands, row(axes) + " -> " + row(permuted))[0];
}

Value reversed_axes(const Value& x) {
  std::vector<int> order(x.shape().size());
  std::iota(order.rbegin(), order.rend(), 0);
  return transpose_of(x, order);
}

Value broadcast_of(const Value& x, const Shape& shape) {
  const Shape from = x.shape();
  const auto refuse = [&] { bad_shape("A value of shape " + shape_text(from) + " cannot be repeated to the shape " + shape_text(shape) + "."); };
  if (from.size() > shape.size() || std::ranges::any_of(shape, [](std::int64_t size) { return size < 0; })) refuse();
  Pattern pattern;
  const std::vector<std::string> to = pattern.axes(shape);
  const std::size_t added = shape.size() - from.size();
  std::vector<std::string> axes;
  for (std::size_t d = 0; d < from.size(); ++d) {
    if (from[d] != shape[added + d] && from[d] != 1) refuse();
    axes.push_back(from[d] == shape[added + d] ? to[added + d] : "1");
  }
  const Operand operands[] = {Operand(x)};
  return pattern.call("id", operands, row(axes) + " -> " + row(to))[0];
}

// ---------------------------------------------------------------- slices

/// The positions begin, begin + step, ... of an axis, `count` of them; step > 0.
struct Positions {
  std::int64_t begin = 0, count = 0, step = 1;
  bool reversed = false;
};

/// As Python counts them.
Positions positions_of(std::int64_t size, std::optional<std::int64_t> from, std::optional<std::int64_t> to, std::int64_t step) {
  if (step == 0) support::raise<ValueError>({.kind = "bad-parameter", .sentence = "The step of a slice cannot be 0."});
  const std::int64_t low = step < 0 ? -1 : 0, high = step < 0 ? size - 1 : size;
  const auto placed = [&](std::int64_t at) {
    if (at < 0) at = at < -size ? low : at + size;
    return std::clamp(at, low, high);
  };
  const std::int64_t begin = from ? placed(*from) : step < 0 ? high : low;
  const std::int64_t end = to ? placed(*to) : step < 0 ? low : high;
  const std::int64_t distance = step < 0 ? begin - end : end - begin;
  if (distance <= 0) return {0, 0, 1, false};
  // a step beyond the axis takes one position; -step may not exist
  const std::int64_t stride = step < -size ? size : std::min(step < 0 ? -step : step, size);
  const std::int64_t count = (distance - 1) / stride + 1;
  return step < 0 ? Positions{begin - (count - 1) * stride, count, stride, true} : Positions{begin, count, stride, false};
}

/// x with one axis cut into pieces, of which one is wanted: "a (b + c) -> a b, a c". `input` is the text of the pieces, `outputs` that of each as a dimension.
Value one_piece(const Value& x, std::size_t axis, Pattern& pattern, const std::vector<std::string>& input, const std::vector<std::string>& outputs,
                std::size_t wanted) {
  const Shape shape = x.shape();
  std::vector<std::string> dims, sides;
  for (std::size_t d = 0; d < shape.size(); ++d) dims.push_back(d == axis ? concatenation(input) : pattern.axis(shape[d]));
  const std::string left = row(dims);
  for (const std::string& output : outputs) {
    dims[axis] = output;
    sides.push_back(row(dims));
  }
  const Operand operands[] = {Operand(x)};
  return pattern.call("id", operands, left + " -> " + support::join(sides, ", "), outputs.size())[wanted];
}

/// `count` neighbours; as a dimension they have the text `kept`, or a name.
Value cut(const Value& x, std::size_t axis, std::int64_t begin, std::int64_t count, const char* kept = nullptr) {
  const std::int64_t after = x.shape()[axis] - begin - count;
  Pattern pattern;
  std::vector<std::string> pieces;
  if (begin > 0) pieces.push_back(pattern.axis(begin));
  const std::size_t wanted = pieces.size();
  pieces.push_back(kept ? "1" : pattern.axis(count));
  if (after > 0) pieces.push_back(pattern.axis(after));
  std::vector<std::string> outputs = pieces;
  if (kept) outputs[wanted] = kept;
  return one_piece(x, axis, pattern, pieces, outputs, wanted);
}

/// Every step-th position of an axis that has step times as many: "(a (1 + b)) -> a, (a b)" with the piece at `offset` in each group.
Value every(const Value& x, std::size_t axis, std::int64_t step, std::int64_t offset) {
  Pattern pattern;
  const std::string groups = pattern.axis(x.shape()[axis] / step);
  std::vector<std::string> pieces, outputs;
  const auto add = [&](std::int64_t size) {
    pieces.push_back(pattern.axis(size));
    outputs.push_back("(" + groups + " " + pieces.back() + ")");
  };
  if (offset > 0) add(offset);
  const std::size_t wanted = pieces.size();
  pieces.push_back("1");
  outputs.push_back(groups);
  if (offset + 1 < step) add(step - offset - 1);
  return one_piece(x, axis, pattern, {"(" + groups + " " + concatenation(pieces) + ")"}, outputs, wanted);
}

Value spread_slice(const Value& x, std::size_t axis, const Positions& at) {
  const std::int64_t size = x.shape()[axis], whole = at.count * at.step;
  const std::int64_t offset = std::max<std::int64_t>(0, at.begin + whole - size);  // of the position in its group
  if (offset <= at.begin && offset < at.step) {
    const bool all = at.begin == offset && whole == size;
    return every(all ? x : cut(x, axis, at.begin - offset, whole), axis, at.step, offset);
  }
  // the axis is shorter than so many groups: the last position on its own
  const std::int64_t last = at.begin + (at.count - 1) * at.step;
  const Value parts[] = {spread_slice(x, axis, {at.begin, at.count - 1, at.step, false}), cut(x, axis, last, 1)};
  return concat_of(parts, int(axis));
}

Value flipped(const Value& x, std::size_t axis) {
  const Shape shape = x.shape();
  Pattern pattern;
  std::vector<std::string> dims = pattern.axes(shape);
  dims[axis] = "[" + dims[axis] + "]";
  const Operand operands[] = {Operand(x)};
  return pattern.call("flip", operands, row(dims))[0];
}

Value slice_of(const Value& x, int axis, std::optional<std::int64_t> from, std::optional<std::int64_t> to, std::int64_t step) {
  const Shape shape = x.shape();
  const auto along = std::size_t(checked_axis(axis, shape.size(), "slice"));
  const Positions at = positions_of(shape[along], from, to, step);
  Value result = x;
  if (at.count == 0 || at.step == 1 || at.count == 1) {
    if (at.count != shape[along]) result = cut(x, along, at.begin, at.count);
  } else {
    result = spread_slice(x, along, at);
  }
  return at.reversed && at.count > 1 ? flipped(result, along) : result;
}

Value select_of(const Value& x, int axis, std::int64_t index) {
  const Shape shape = x.shape();
  const auto along = std::size_t(checked_axis(axis, shape.size(), "select"));
  const std::int64_t at = index < 0 ? index + shape[along] : index;
  if (at < 0 || at >= shape[along])
    bad_view("select of " + std::to_string(index) + " along an axis of size " + std::to_string(shape[along]) + ".");
  return cut(x, along, at, 1, "");
}

}  // namespace

namespace values {

Value reshape(const Value& x, const Shape& shape) {
  return recorded(Kind::Reshape, x, integers(shape), [&] { return reshape_of(x, shape); });
}
Value transpose(const Value& x, const std::vector<int>& order) {
  // without axes there is no order to write down: of a single number it is the reversed one
  return recorded(Kind::Transpose, x, integers(order), [&] { return transpose_of(x, order); });
}
Value transpose(const Value& x) {
  return recorded(Kind::Transpose, x, {}, [&] { return reversed_axes(x); });
}
Value broadcast_to(const Value& x, const Shape& shape) {
  return recorded(Kind::BroadcastTo, x, integers(shape), [&] { return broadcast_of(x, shape); });
}
Value slice(const Value& x, int axis, std::optional<std::int64_t> from, std::optional<std::int64_t> to, std::int64_t step) {
  return recorded(Kind::Slice, x, integers({axis, from, to, step}), [&] { return slice_of(x, axis, from, to, step); });
}
Value select(const Value& x, int axis, std::int64_t index) {
  return recorded(Kind::Select, x, integers({axis, index}), [&] { return select_of(x, axis, index); });
}

}  // namespace values

// ---------------------------------------------------------------- sizes
Value size(const Value& x, int axis) {
  const auto measure = [&] {
    const Shape shape = x.shape();
    return detail::api::number_value(x.tracing(), shape[std::size_t(checked_axis(axis, shape.size(), "size"))]);
  };
  return recorded(Kind::Size, x, integers({axis}), measure);
}
Value rank(const Value& x) {
  return recorded(Kind::Rank, x, {}, [&] { return detail::api::number_value(x.tracing(), std::int64_t(x.shape().size())); });
}

// ---------------------------------------------------------------- several values
namespace {

std::vector<Operand> list_of(std::span<const Value> values, std::string_view function) {
  if (values.empty())
    support::raise<TypeError>({.kind = "operand-kind", .sentence = std::string(function) + " of an empty list: nothing says what the result is."});
  return {values.begin(), values.end()};
}

}  // namespace

namespace {

Value stack_of(std::span<const Value> values, int axis) {
  const std::vector<Operand> operands = list_of(values, "stack");
  const Shape shape = values[0].shape();
  const auto along = std::size_t(checked_axis(axis, shape.size() + 1, "stack"));
  Pattern pattern;
  std::vector<std::string> dims = pattern.axes(shape);
  const std::vector<std::string> sides(values.size(), row(dims));
  dims.insert(dims.begin() + std::ptrdiff_t(along), concatenation(std::vector<std::string>(values.size(), "1")));
  return pattern.call("id", operands, support::join(sides, ", ") + " -> " + row(dims))[0];
}

Value concat_of(std::span<const Value> values, int axis) {
  const std::vector<Operand> operands = list_of(values, "concat");
  const Shape shape = values[0].shape();
  const auto along = std::size_t(checked_axis(axis, shape.size(), "concat"));
  if (values.size() == 1) return values[0];
  Pattern pattern;
  std::vector<std::string> dims = pattern.axes(shape), sides, pieces;
  for (const Value& value : values) {
    const Shape own = value.shape();
    pieces.push_back(own.size() > along ? pattern.axis(own[along]) : dims[along]);
    dims[along] = pieces.back();
    sides.push_back(row(dims));
  }
  dims[along] = concatenation(pieces);
  return pattern.call("id", operands, support::join(sides, ", ") + " -> " + row(dims))[0];
}

}  // namespace

Value stack(std::span<const Value> values, int axis) {
  return detail::api::arranged(Kind::Stack, values, integers({axis}), [&] { return stack_of(values, axis); });
}
Value concat(std::span<const Value> values, int axis) {
  return detail::api::arranged(Kind::Concat, values, integers({axis}), [&] { return concat_of(values, axis); });
}

}  // namespace einx
