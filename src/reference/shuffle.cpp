// flip, roll, sort, argsort: elements that change places along the bracketed axes.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "reference/meanings.h"
#include "support/support.h"

namespace einx::detail::reference {
namespace {

/// The places that the elements along one bracketed axis come from, relative to where they go: out[i] is
/// in[i + moved[i] / stride].
struct Moved {
  std::size_t counter;              ///< of the walk
  std::vector<std::int64_t> moved;  ///< offset in the input that is added for each value of the axis
};

/// Exact for every shift: |shift % size| < size.
std::int64_t source_of(std::int64_t i, std::int64_t size, const std::int64_t* shift) {
  if (shift == nullptr) return size - 1 - i;
  const std::int64_t back = i - *shift % size;
  return back < 0 ? back + size : back >= size ? back - size : back;
}

std::vector<Moved> moves_of(const Step& step, const ops::Shuffle& shuffle, const notation::IndexMap& from,
                            const std::vector<int>& axes) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<int> bracketed = notation::axes_of(expr, expr.inputs[0], true);
  std::vector<Moved> out;
  for (std::size_t k = 0; k < bracketed.size(); ++k) {
    const std::int64_t size = expr.axes[bracketed[k]].size, stride = stride_of(from, bracketed[k]);
    const std::int64_t* shift = shuffle.roll ? &step.node.attributes.at(0).second.at(k) : nullptr;
    Moved moved{std::size_t(std::find(axes.begin(), axes.end(), bracketed[k]) - axes.begin()), {}};
    for (std::int64_t i = 0; i < size; ++i) moved.moved.push_back((source_of(i, size, shift) - i) * stride);
    out.push_back(std::move(moved));
  }
  return out;
}

/// Ascending, nan last; equal elements, 0 and -0 among them, are neither before the other.
bool before(const Scalar& a, const Scalar& b) {
  if (tensor::is_float(a.dtype)) return a.f < b.f || (std::isnan(b.f) && !std::isnan(a.f));
  return tensor::is_unsigned(a.dtype) ? a.u < b.u : a.i < b.i;
}

}  // namespace

void run_shuffle(const Step& step, const ops::Shuffle& shuffle) {
  const std::vector<notation::IndexMap> maps = maps_of(step);
  std::vector<int> axes = vectorised_axes(step.node.expr);
  for (const int axis : notation::axes_of(step.node.expr, step.node.expr.inputs[0], true))
    axes.push_back(axis);
  const std::vector<Moved> moves = moves_of(step, shuffle, maps[0], axes);
  const Source source = sources_of(step)[0];
  const Target target(step.outputs[0]);
  Walk walk(step.node.expr, axes, maps);
  walk.each(walk.origin(), [&](const std::int64_t* at) {
    std::int64_t offset = at[0];
    for (const Moved& move : moves) offset += move.moved[std::size_t(walk.counters()[move.counter])];
    target.put(at[1], source.at(offset));
  });
}

void run_sort(const Step& step, const ops::Sort& sort) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<notation::IndexMap> maps = maps_of(step);
  const int along = notation::axes_of(expr, expr.inputs[0], true).at(0);
  const std::int64_t from_stride = stride_of(maps[0], along), to_stride = stride_of(maps[1], along);
  const Source source = sources_of(step)[0];
  const Target target(step.outputs[0]);
  std::vector<Scalar> row(std::size_t(expr.axes[along].size));
  std::vector<std::int64_t> order(row.size());
  Walk walk(expr, vectorised_axes(expr), maps);
  walk.each(walk.origin(), [&](const std::int64_t* at) {
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = source.at(at[0] + std::int64_t(i) * from_stride);
    std::iota(order.begin(), order.end(), std::int64_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return before(row[std::size_t(a)], row[std::size_t(b)]);
    });
    for (std::size_t i = 0; i < row.size(); ++i)
      target.put(at[1] + std::int64_t(i) * to_stride,
                 sort.positions ? tensor::make_scalar(order[i], i64) : row[std::size_t(order[i])]);
  });
}

}  // namespace einx::detail::reference
