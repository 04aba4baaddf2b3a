#include "reference/walk.h"

#include <algorithm>

namespace einx::detail::reference {

Walk::Walk(const notation::Solved& expr, std::vector<int> axes, std::span<const notation::IndexMap> maps)
    : axes_(std::move(axes)), counters_(axes_.size()), offsets_(maps.size()) {
  for (int axis : axes_) {
    sizes_.push_back(expr.axes[axis].size);
    for (const notation::IndexMap& map : maps) steps_.push_back(stride_of(map, axis));
  }
  for (const notation::IndexMap& map : maps) origin_.push_back(map.offset);
  const bool empty = std::find(sizes_.begin(), sizes_.end(), 0) != sizes_.end();
  for (std::int64_t size : sizes_) count_ = empty ? 0 : count_ * size;
}

bool Walk::advance() {
  const std::size_t maps = offsets_.size();
  for (std::size_t depth = axes_.size(); depth-- > 0;) {
    const std::int64_t* steps = steps_.data() + depth * maps;
    if (++counters_[depth] < sizes_[depth]) {
      for (std::size_t k = 0; k < maps; ++k) offsets_[k] += steps[k];
      return true;
    }
    counters_[depth] = 0;
    for (std::size_t k = 0; k < maps; ++k) offsets_[k] -= steps[k] * (sizes_[depth] - 1);
  }
  return false;
}

std::int64_t stride_of(const notation::IndexMap& map, int axis) {
  for (const notation::Term& term : map.terms)
    if (term.axis == axis) return term.stride;
  return 0;
}

std::vector<int> axes_of_all(const notation::Solved& expr, std::span<const notation::TensorExpr> tensors,
                             bool bracketed) {
  std::vector<int> out;
  for (const notation::TensorExpr& tensor : tensors)
    for (int axis : notation::axes_of(expr, tensor, bracketed))
      if (std::find(out.begin(), out.end(), axis) == out.end()) out.push_back(axis);
  return out;
}

}  // namespace einx::detail::reference
