// Simplification of nests: what every schedule may rely on.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "loops/estimate.h"
#include "loops/strides.h"

namespace einx::detail::loops {
namespace {

void erase_axis(Nest& nest, std::size_t axis) {
  each_strides(nest,
               [&](std::vector<Int>& strides) { strides.erase(strides.begin() + std::ptrdiff_t(axis)); });
  nest.axes.erase(nest.axes.begin() + std::ptrdiff_t(axis));
}

void drop_unit_axes(Nest& nest) {
  for (std::size_t a = nest.axes.size(); a-- > 0;)
    if (nest.axes[a].extent.is(1)) erase_axis(nest, a);
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
  const std::int64_t extent = nest.axes[inner].extent.value;
  bool together = true;
  each_strides(nest, [&](const std::vector<Int>& strides) {
    if (&strides == &nest.position_strides && !with_position) return;
    const auto step = support::checked_mul(strides[inner].value, extent);
    together = together && step && *step == strides[outer].value;
  });
  return together && support::checked_mul(nest.axes[outer].extent.value, extent).has_value();
}

bool merge_one_pair(Nest& nest, bool with_position) {
  for (std::size_t outer = 0; outer < nest.axes.size(); ++outer)
    for (std::size_t inner = 0; inner < nest.axes.size(); ++inner) {
      if (outer == inner || !travel_together(nest, outer, inner, with_position)) continue;
      nest.axes[inner].name = nest.axes[outer].name + "_" + nest.axes[inner].name;
      nest.axes[inner].extent.value *= nest.axes[outer].extent.value;
      erase_axis(nest, outer);
      return true;
    }
  return false;
}

void order_axes(Nest& nest) {
  std::vector<std::size_t> order(nest.axes.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  const auto key = [&](std::size_t a) {
    const bool reduced = nest.axes[a].reduced;
    const std::vector<Access>& by = reduced && !nest.inputs.empty() ? nest.inputs : nest.outputs;
    return std::pair(reduced, by.empty() ? 0 : -std::abs(by[0].strides[a].value));
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  const auto permute = [&](auto& items) {
    auto sorted = items;
    for (std::size_t k = 0; k < order.size(); ++k) sorted[k] = items[order[k]];
    items = std::move(sorted);
  };
  each_strides(nest, permute);
  permute(nest.axes);
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

void simplify(Nest& nest, bool dynamic) {
  if (dynamic) return;  // extents and strides are not known: the order of the text is all there is
  drop_unit_axes(nest);
  const bool with_position = uses_position(nest);
  while (merge_one_pair(nest, with_position)) {
  }
  if (!is_scatter(nest)) order_axes(nest);  // whose order has a meaning
}

}  // namespace einx::detail::loops
