// Simplification of nests: what every schedule may rely on.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "loops/estimate.h"
#include "loops/lowering.h"
#include "loops/strides.h"

namespace einx::detail::loops {
namespace {

void erase_axis(Nest& nest, std::size_t axis) {
  each_strides(nest,
               [&](std::vector<Int>& strides) { strides.erase(strides.begin() + std::ptrdiff_t(axis)); });
  nest.axes.erase(nest.axes.begin() + std::ptrdiff_t(axis));
}

void drop_unit_axes(Nest& nest, Simplified& done) {
  for (std::size_t a = nest.axes.size(); a-- > 0;) {
    if (!nest.axes[a].extent.is(1)) continue;
    done.dropped.push_back(a);
    erase_axis(nest, a);
  }
}

bool is_scatter(const Nest& nest) { return std::holds_alternative<ops::Scatter>(nest.meaning); }

/// Whether inner follows outer in the order of a scatter's updates.
bool adjacent(const Nest& nest, std::size_t outer, std::size_t inner) {
  for (std::size_t between = outer + 1; between < inner; ++between)
    if (nest.axes[between].reduced) return false;
  return outer < inner;
}

/// Whether (outer, inner) can be walked as one axis.
bool travel_together(Nest& nest, std::size_t outer, std::size_t inner, bool with_position) {
  if (nest.axes[outer].reduced != nest.axes[inner].reduced) return false;
  if (is_scatter(nest) && nest.axes[outer].reduced && !adjacent(nest, outer, inner)) return false;
  if (!nest.axes[inner].extent.constant() || !nest.axes[outer].extent.constant()) return false;
  const std::int64_t extent = nest.axes[inner].extent.value;
  bool together = true;
  each_strides(nest, [&](const std::vector<Int>& strides) {
    if (&strides == &nest.position_strides && !with_position) return;
    const auto step = support::checked_mul(strides[inner].value, extent);
    together = together && strides[inner].constant() && strides[outer].constant() && step && *step == strides[outer].value;
  });
  return together && support::checked_mul(nest.axes[outer].extent.value, extent).has_value();
}

void merge(Nest& nest, std::size_t outer, std::size_t inner) {
  nest.axes[inner].name = nest.axes[outer].name + "_" + nest.axes[inner].name;
  nest.axes[inner].extent.value *= nest.axes[outer].extent.value;
  erase_axis(nest, outer);
}

bool merge_one_pair(Nest& nest, bool with_position, Simplified& done) {
  for (std::size_t outer = 0; outer < nest.axes.size(); ++outer)
    for (std::size_t inner = 0; inner < nest.axes.size(); ++inner) {
      if (outer == inner || !travel_together(nest, outer, inner, with_position)) continue;
      merge(nest, outer, inner);
      done.merged.emplace_back(outer, inner);
      return true;
    }
  return false;
}

bool writes_nothing(const Nest& nest) {
  return std::ranges::any_of(nest.axes,
                             [](const NestAxis& axis) { return !axis.reduced && axis.extent.value == 0; });
}

/// Strides say nothing about an axis of one value: the other's are those of both.
bool merge_as(Nest& nest, std::size_t outer, std::size_t inner, bool with_position) {
  if (std::max(outer, inner) >= nest.axes.size()) return false;
  if (nest.axes[inner].extent.value == 1)
    each_strides(nest, [&](std::vector<Int>& strides) { strides[inner] = strides[outer]; });
  else if (nest.axes[outer].extent.value > 1 && !writes_nothing(nest) &&
           !travel_together(nest, outer, inner, with_position))
    return false;
  merge(nest, outer, inner);
  return true;
}

template <class T>
void permute(std::vector<T>& items, std::span<const std::size_t> order) {
  std::vector<T> sorted;
  for (const std::size_t k : order) sorted.push_back(std::move(items[k]));
  items = std::move(sorted);
}

void permute_axes(Nest& nest, std::span<const std::size_t> order) {
  each_strides(nest, [&](std::vector<Int>& strides) { permute(strides, order); });
  permute(nest.axes, order);
}

std::vector<std::size_t> order_axes(Nest& nest) {
  std::vector<std::size_t> order(nest.axes.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  const auto key = [&](std::size_t a) {
    const bool reduced = nest.axes[a].reduced;
    const std::vector<Access>& by = reduced && !nest.inputs.empty() ? nest.inputs : nest.outputs;
    return std::pair(reduced, by.empty() ? 0 : -std::abs(by[0].strides[a].value));
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  permute_axes(nest, order);
  return order;
}

}  // namespace

bool uses_position(const Nest& nest) {
  const auto* rows = std::get_if<ops::Rows>(&nest.meaning);
  if (rows == nullptr) return false;
  int arg = int(nest.inputs.size()) + 1;  // operands, accumulators of earlier passes, count, position
  for (const ops::Pass& pass : rows->passes) {
    if (pass.map.uses(arg)) return true;
    arg += int(pass.identity.size());
  }
  return rows->coordinates;
}

bool has_parameters(const Nest& nest) {
  bool found = false;
  each_number(nest, [&](const Int& number) { found = found || !number.constant(); });
  return found;
}

void simplify(Nest& nest, bool dynamic, Simplified* done) {
  if (dynamic) return;  // extents and strides are not known: the order of the text is all there is
  Simplified unused;
  Simplified& steps = done ? *done : unused;
  drop_unit_axes(nest, steps);
  const bool with_position = uses_position(nest);
  while (merge_one_pair(nest, with_position, steps)) {
  }
  if (!is_scatter(nest)) steps.order = order_axes(nest);  // whose order has a meaning
}

bool simplify_as(Nest& nest, const Simplified& done) {
  for (const std::size_t axis : done.dropped) {
    if (axis >= nest.axes.size() || !nest.axes[axis].extent.is(1)) return false;
    erase_axis(nest, axis);
  }
  const bool with_position = uses_position(nest);
  for (const auto& [outer, inner] : done.merged)
    if (!merge_as(nest, outer, inner, with_position)) return false;
  if (is_scatter(nest)) return true;
  if (done.order.size() != nest.axes.size()) return false;
  permute_axes(nest, done.order);
  return true;
}

void simplify(Lowering& lowering, Nest& nest) {
  if (lowering.as_simplified) {
    const bool known = lowering.next < lowering.as_simplified->size();
    lowering.fits = lowering.fits && known && simplify_as(nest, (*lowering.as_simplified)[lowering.next++]);
    return;
  }
  Simplified done;
  simplify(nest, lowering.plan.dynamic, &done);
  if (lowering.simplified) lowering.simplified->push_back(std::move(done));
}

}  // namespace einx::detail::loops
