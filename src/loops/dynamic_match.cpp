// Whether nests are one nest of several sizes. Names and reasons differ freely; functions, dtypes, buffers
// and the order of axes must not.
#include <algorithm>

#include "loops/dynamic.h"
#include "loops/strides.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

bool same(const tensor::Scalar& a, const tensor::Scalar& b) {
  return a.dtype == b.dtype && a.i == b.i;  // the bits: of floats, too
}

bool same(const ops::ScalarNode& a, const ops::ScalarNode& b) {
  return a.prim == b.prim && a.dtype == b.dtype && a.args == b.args && a.arg == b.arg &&
         (a.prim != ops::Prim::Const || same(a.constant, b.constant));
}

template <class T>
bool same_lists(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(a, b, [](const T& x, const T& y) { return same(x, y); });
}

bool same(const ops::ScalarFn& a, const ops::ScalarFn& b) {
  return a.args == b.args && a.results == b.results && same_lists(a.nodes, b.nodes);
}

bool same(const ops::Pass& a, const ops::Pass& b) {
  return same(a.map, b.map) && same(a.combine, b.combine) && same_lists(a.identity, b.identity);
}

bool same(const ops::Rows& a, const ops::Rows& b) {
  return a.per_element == b.per_element && a.coordinates == b.coordinates && a.nonempty == b.nonempty &&
         same(a.result, b.result) &&
         std::ranges::equal(a.passes, b.passes,
                            [](const ops::Pass& x, const ops::Pass& y) { return same(x, y); });
}

bool same(const ops::Meaning& a, const ops::Meaning& b) {
  if (a.index() != b.index()) return false;
  return support::match(
      a, [](const ops::Move&) { return true; },
      [&](const ops::Map& x) { return same(x.fn, std::get<ops::Map>(b).fn); },
      [&](const ops::Rows& x) { return same(x, std::get<ops::Rows>(b)); },
      [](const ops::Gather&) { return true; },
      [&](const ops::Scatter& x) {
        const auto& y = std::get<ops::Scatter>(b);
        return x.reads == y.reads && same(x.update, y.update);
      },
      [](const auto&) { return false; });  // no nest has them
}

/// The first size of a grid is no part of how positions in it are counted.
bool same_sizes(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  return a.size() == b.size() && (a.empty() || std::equal(a.begin() + 1, a.end(), b.begin() + 1));
}

/// Whether there is an iteration of the kept axes, or of all.
bool runs(const Nest& nest, bool reduced) {
  return std::ranges::none_of(
      nest.axes, [&](const NestAxis& axis) { return axis.extent.value == 0 && (reduced || !axis.reduced); });
}

bool same_views(const std::vector<Native::View>& a, const std::vector<Native::View>& b) {
  return std::ranges::equal(a, b, [](const Native::View& x, const Native::View& y) {
    return x.buffer == y.buffer && x.dtype == y.dtype;
  });
}

/// Steps without loops of ours: their numbers are their own.
bool same_step(const Step& pattern, const Step& other) {
  if (pattern.index() != other.index()) return false;
  return support::match(
      pattern,
      [&](const Sort& a) {
        const auto& b = std::get<Sort>(other);
        return a.from == b.from && a.to == b.to && a.dtype == b.dtype && a.positions == b.positions;
      },
      [&](const Native& a) {
        const auto& b = std::get<Native>(other);
        return a.function == b.function && same_views(a.inputs, b.inputs) && same_views(a.outputs, b.outputs);
      },
      [](const auto&) { return false; });
}

}  // namespace

bool same_buffers(const std::vector<Buffer>& a, const std::vector<Buffer>& b) {
  return std::ranges::equal(a, b, [](const Buffer& x, const Buffer& y) {
    return x.kind == y.kind && x.dtype == y.dtype &&
           (x.kind == Buffer::Kind::Temporary || x.index == y.index);
  });
}

bool Match::number(const Int& pattern, const Int& other, bool counts) {
  if (!pattern.constant()) {
    (*parameters_)[std::size_t(pattern.param)] = other.value;
    return true;
  }
  if (!counts || pattern.value == other.value) return true;
  if (!parameters_) differing_.insert(&pattern);
  return parameters_ == nullptr;
}

/// How far an axis of one value steps does not matter.
bool Match::strides(const std::vector<Int>& pattern, const std::vector<Int>& other,
                    const std::vector<NestAxis>& axes) {
  if (pattern.size() != other.size() || pattern.size() != axes.size()) return false;
  for (std::size_t a = 0; a < axes.size(); ++a)
    if (!number(pattern[a], other[a], counts_ && axes[a].extent.value > 1)) return false;
  return true;
}

bool Match::access(const Access& pattern, const Access& other, const std::vector<NestAxis>& axes) {
  return pattern.buffer == other.buffer && pattern.dtype == other.dtype &&
         pattern.computed == other.computed && number(pattern.offset, other.offset, counts_) &&
         strides(pattern.strides, other.strides, axes);
}

bool Match::accesses(const std::vector<Access>& pattern, const std::vector<Access>& other,
                     const std::vector<NestAxis>& axes) {
  if (pattern.size() != other.size()) return false;
  for (std::size_t k = 0; k < pattern.size(); ++k)
    if (!access(pattern[k], other[k], axes)) return false;
  return true;
}

bool Match::coordinate(const Coordinate& pattern, const Coordinate& other,
                       const std::vector<NestAxis>& axes) {
  return pattern.operand == other.operand && pattern.axis == other.axis &&
         access(pattern.access, other.access, axes) && access(pattern.position, other.position, axes) &&
         number(pattern.extent, other.extent) && number(pattern.stride, other.stride);
}

bool Match::nest(const Nest& pattern, const Nest& other) {
  if (pattern.axes.size() != other.axes.size() || !same_sizes(pattern.unravel, other.unravel) ||
      pattern.coordinates.size() != other.coordinates.size() ||
      pattern.epilogue.has_value() != other.epilogue.has_value() || !same(pattern.meaning, other.meaning))
    return false;
  for (std::size_t a = 0; a < pattern.axes.size(); ++a)
    if (pattern.axes[a].reduced != other.axes[a].reduced ||
        !number(pattern.axes[a].extent, other.axes[a].extent))
      return false;
  // what is never looked at may lie anywhere
  const bool reads = runs(other, true), writes = runs(other, false);
  const std::vector<NestAxis>& axes = other.axes;
  counts_ = reads;
  for (std::size_t k = 0; k < pattern.coordinates.size(); ++k)
    if (!coordinate(pattern.coordinates[k], other.coordinates[k], axes)) return false;
  if (!accesses(pattern.inputs, other.inputs, axes)) return false;
  counts_ = writes;
  if (pattern.epilogue && (!same(pattern.epilogue->fn, other.epilogue->fn) ||
                           !accesses(pattern.epilogue->inputs, other.epilogue->inputs, axes)))
    return false;
  return accesses(pattern.outputs, other.outputs, axes) &&
         strides(pattern.position_strides, other.position_strides, axes) &&
         number(pattern.count, other.count);
}

bool Match::item(const Item& pattern, const Item& other) {
  if (pattern.schedule != other.schedule || pattern.same_a != other.same_a ||
      pattern.same_b != other.same_b || pattern.work.index() != other.work.index())
    return false;
  if (const auto* step_of = std::get_if<Step>(&pattern.work))
    return same_step(*step_of, std::get<Step>(other.work));
  return nest(std::get<Nest>(pattern.work), std::get<Nest>(other.work));
}

bool Match::items(const std::vector<Item>& pattern, const std::vector<Item>& other) {
  if (pattern.size() != other.size()) return false;
  for (std::size_t k = 0; k < pattern.size(); ++k)
    if (!item(pattern[k], other[k])) return false;
  return true;
}

}  // namespace einx::detail::loops
