// Axes of fused nests: an address of a row-major tensor is a number in the mixed radix of its axes, and what the consumer's axes add to it is written in that radix.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "loops/axis_builder.h"
#include "loops/fuse.h"
#include "loops/strides.h"

namespace einx::detail::loops {

void cut_axis(Nest& nest, std::size_t axis, std::int64_t inner) {
  const auto at = std::ptrdiff_t(axis);
  each_strides(nest, [&](std::vector<Int>& strides) {
    const std::int64_t stride = strides[axis].value;
    strides[axis] = constant(stride * inner);
    strides.insert(strides.begin() + at + 1, constant(stride));
  });
  NestAxis& outer = nest.axes[axis];
  const NestAxis made{outer.name + "_i", constant(inner), outer.reduced};
  outer.extent.value /= inner;
  nest.axes.insert(nest.axes.begin() + at + 1, made);
}

bool is_dense(const Nest& nest, const Access& access, std::span<const std::size_t> axes, std::int64_t elements) {
  std::int64_t inside = 1;
  for (std::size_t k = axes.size(); k-- > 0;) {
    if (access.strides[axes[k]].value != inside) return false;
    inside *= nest.axes[axes[k]].extent.value;
  }
  return inside == elements && access.offset.is(0);
}

std::vector<std::size_t> axes_along(const Nest& nest, const Access& access, bool moves) {
  std::vector<std::size_t> axes;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    if (access.strides[a].is(0) != moves) axes.push_back(a);
  std::ranges::stable_sort(axes, std::greater{}, [&](std::size_t a) { return std::abs(access.strides[a].value); });
  return axes;
}

namespace {

/// Splits the k-th listed axis; the list holds both parts afterwards.
void split_listed(Nest& nest, std::vector<std::size_t>& list, std::size_t k, std::int64_t inner) {
  const std::size_t axis = list[k];
  cut_axis(nest, axis, inner);
  for (std::size_t& other : list) other += other > axis;
  list.insert(list.begin() + std::ptrdiff_t(k) + 1, axis + 1);
}

}  // namespace

bool align(Nest& x, std::vector<std::size_t>& xs, Nest& y, std::vector<std::size_t>& ys) {
  std::size_t i = xs.size(), j = ys.size();  // from the fastest axes on
  while (i > 0 && j > 0) {
    const std::int64_t n = x.axes[xs[i - 1]].extent.value, m = y.axes[ys[j - 1]].extent.value;
    if (n > m) {
      if (m == 0 || n % m != 0) return false;
      split_listed(x, xs, i - 1, m);
      ++i;
    } else if (m > n) {
      if (n == 0 || m % n != 0) return false;
      split_listed(y, ys, j - 1, n);
      ++j;
    }
    --i, --j;
  }
  return i == 0 && j == 0;
}

namespace {

/// A cut of a consumer's axis that lets the radices line up.
struct Cut {
  std::size_t axis = 0;
  std::int64_t inner = 0;
};

class Radix {
 public:
  Radix(const Nest& producer) : producer_(producer), order_(axes_along(producer, producer.outputs[0], true)) {}

  /// The digits of a distance in the radix; beyond its largest number the first digit is too large.
  std::vector<std::int64_t> digits(std::int64_t distance) const {
    std::vector<std::int64_t> made(producer_.axes.size());
    std::int64_t rest = std::abs(distance);
    for (const std::size_t k : order_) {
      const std::int64_t unit = producer_.outputs[0].strides[k].value;
      made[k] = distance < 0 ? -(rest / unit) : rest / unit;
      rest %= unit;
    }
    return made;
  }

  /// Digits of all axes of the access, if no digit leaves its range; else `cut` says what may help.
  std::optional<Digits> of(const Nest& consumer, const Access& access, std::optional<Cut>& cut) const {
    Digits made{digits(access.offset.value), {}};
    for (const Int& stride : access.strides) made.step.push_back(digits(stride.value));
    for (std::size_t k = 0; k < producer_.axes.size(); ++k) {
      std::int64_t low = made.first[k], high = low;
      for (std::size_t a = 0; a < consumer.axes.size(); ++a)
        (made.step[a][k] < 0 ? low : high) += made.step[a][k] * (consumer.axes[a].extent.value - 1);
      if (low >= 0 && high < producer_.axes[k].extent.value) continue;
      cut = cut_for(consumer, made, k);
      return std::nullopt;
    }
    return made;
  }

 private:
  /// An axis that steps through this digit alone runs beyond it: its part within the digit is cut off.
  std::optional<Cut> cut_for(const Nest& consumer, const Digits& made, std::size_t k) const {
    const std::int64_t range = producer_.axes[k].extent.value;
    for (std::size_t a = 0; a < consumer.axes.size(); ++a) {
      const std::int64_t step = std::abs(made.step[a][k]), extent = consumer.axes[a].extent.value;
      const auto others = std::ranges::count_if(made.step[a], [](std::int64_t s) { return s != 0; });
      if (step == 0 || others != 1 || step * (extent - 1) < range || range % step != 0) continue;
      const std::int64_t inner = range / step;
      if (inner > 1 && inner < extent && extent % inner == 0) return Cut{a, inner};
    }
    return std::nullopt;
  }

  const Nest& producer_;
  std::vector<std::size_t> order_;
};

}  // namespace

std::optional<Digits> digits_of(const Nest& producer, Nest& consumer, std::size_t input) {
  const Radix radix(producer);
  for (;;) {
    std::optional<Cut> cut;
    if (auto made = radix.of(consumer, consumer.inputs[input], cut)) return made;
    if (!cut) return std::nullopt;
    cut_axis(consumer, cut->axis, cut->inner);
  }
}

Access through(const Access& operand, const Digits& digits) {
  const auto moved = [&](const std::vector<std::int64_t>& steps) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < steps.size(); ++k) sum += steps[k] * operand.strides[k].value;
    return sum;
  };
  Access made = operand;
  made.offset = constant(operand.offset.value + moved(digits.first));
  made.strides.clear();
  for (const auto& steps : digits.step) made.strides.push_back(constant(moved(steps)));
  return made;
}

}  // namespace einx::detail::loops
