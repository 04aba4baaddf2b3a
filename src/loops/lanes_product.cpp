// Products of several factors in the lanes: two at a time, in the order of least work, through frames.
#include <algorithm>
#include <limits>

#include "loops/lanes_pair.h"

namespace einx::detail::loops {
namespace {

/// Both have terms, or neither: then tiles.
bool by_terms(const Factor& left, const Factor& right) {
  return left.terms.has_value() != right.terms.has_value();
}

double extents(const Nest& nest, std::span<const int> axes) {
  double product = 1;
  for (int axis : axes) product *= double(nest.axes[axis].extent.value);
  return product;
}

/// Axes of either, the left one's first.
std::vector<int> both(const Factor& left, const Factor& right) {
  std::vector<int> axes = left.axes;
  for (int axis : right.axes)
    if (!left.has(axis)) axes.push_back(axis);
  return axes;
}

double work_of(const Nest& nest, const Factor& left, const Factor& right) {
  if (!by_terms(left, right)) return extents(nest, both(left, right));
  const Factor &constant = left.terms ? left : right, &other = left.terms ? right : left;
  std::vector<int> around;
  for (int axis : other.axes)
    if (!constant.has(axis)) around.push_back(axis);
  return extents(nest, around) * double(constant.terms->size());
}

/// These two of the factors, and what of their axes is summed: those that nobody else wants.
PairStep step_of(const Nest& nest, const std::vector<Factor>& factors, std::size_t first, std::size_t second,
                 std::span<const int> kept, const std::vector<int>& open) {
  PairStep step{first, second, {}, {}, work_of(nest, factors[first], factors[second])};
  std::vector<int> axes = both(factors[first], factors[second]);
  if (factors.size() == 2)
    axes = {kept.begin(), kept.end()}, axes.insert(axes.end(), open.begin(), open.end());
  std::ranges::sort(axes);
  for (int axis : axes) {
    bool needed = std::ranges::find(kept, axis) != kept.end();
    for (std::size_t k = 0; k < factors.size(); ++k)
      needed = needed || (k != first && k != second && factors[k].has(axis));
    (needed ? step.kept : step.reduced).push_back(axis);
  }
  return step;
}

void multiply(std::vector<Factor>& factors, const PairStep& step, Factor product) {
  factors.erase(factors.begin() + std::ptrdiff_t(step.second));
  factors.erase(factors.begin() + std::ptrdiff_t(step.first));
  factors.push_back(std::move(product));
}

}  // namespace

bool Factor::has(int axis) const { return std::ranges::find(axes, axis) != axes.end(); }

std::vector<int> axes_of(const Nest& nest, const Access& access, int lane, int around) {
  std::vector<int> axes;
  for (std::size_t a = 0; a < nest.axes.size(); ++a)
    if (int(a) != lane && int(a) != around && !access.strides[a].is(0)) axes.push_back(int(a));
  std::ranges::stable_sort(
      axes, [&](int a, int b) { return std::abs(stride_of(access, a)) > std::abs(stride_of(access, b)); });
  return axes;
}

std::vector<PairStep> pair_steps(const Nest& nest, std::vector<Factor> factors, std::span<const int> kept,
                                 std::span<const int> reduced) {
  constexpr std::size_t kFew =
      4;  // factors of which every order is looked at; of more, the cheapest pair comes first
  std::vector<PairStep> best;
  if (factors.size() < 2) return best;
  const std::vector<int> open(reduced.begin(), reduced.end());
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < factors.size(); ++i)
    for (std::size_t j = i + 1; j < factors.size(); ++j) {
      PairStep step = step_of(nest, factors, i, j, kept, open);
      double work = step.work;
      if (work >= least) continue;
      std::vector<Factor> rest = factors;
      std::vector<int> left = open;
      for (int axis : step.reduced) std::erase(left, axis);
      multiply(rest, step, {{}, step.kept, {}});
      std::vector<PairStep> later;
      if (factors.size() <= kFew) {
        later = pair_steps(nest, std::move(rest), kept, left);
        for (const PairStep& next : later) work += next.work;
        if (work >= least) continue;
      }
      least = work;
      best = std::move(later);
      best.insert(best.begin(), std::move(step));
    }
  if (factors.size() <= kFew) return best;
  std::vector<int> left = open;
  for (int axis : best[0].reduced) std::erase(left, axis);
  multiply(factors, best[0], {{}, best[0].kept, {}});
  for (PairStep& next : pair_steps(nest, std::move(factors), kept, left)) best.push_back(std::move(next));
  return best;
}

ProductSum::ProductSum(const Nest& sum, std::vector<Factor> factors, std::vector<int> kept,
                       std::vector<int> reduced)
    : rows_(std::get<ops::Rows>(sum.meaning)),
      count_(sum.count),
      factors_(std::move(factors)),
      kept_(std::move(kept)),
      reduced_(std::move(reduced)) {}

void ProductSum::pair(AxisBuilder& b, Body& body, const PairStep& step, const Factor& left,
                      const Factor& right, const std::function<void(Body&, Ref)>& sink) const {
  const PairJob job{b, left, right, 0, step.kept, step.reduced, rows_.passes[0], sink};
  by_terms(left, right) ? emit_terms(job, body) : emit_tiles(job, body);
}

void ProductSum::emit(AxisBuilder& b, Body& body, int lane, int lanes,
                      const std::function<void(Body&, Ref)>& store) {
  const std::vector<PairStep> steps = pair_steps(b.nest, factors_, kept_, reduced_);
  std::vector<Factor> factors = factors_;
  for (std::size_t k = 0; k + 1 < steps.size(); ++k) {
    const PairStep& step = steps[k];
    if (frames_.size() == k)
      frames_.push_back(make_frame(b, rows_.passes[0].identity[0].dtype, step.kept, lanes));
    pair(b, body, step, factors[step.first], factors[step.second],
         [&](Body& in, Ref sum) { loops::store(b, in, frames_[k], lane, sum); });
    multiply(factors, step, {frames_[k], step.kept, {}});
  }
  pair(b, body, steps.back(), factors[0], factors[1], [&](Body& in, Ref sum) {
    const std::vector<Lazy> args{ready(sum), [&](Body& at) { return b.index(at, "n", {count_, {}, {}}); }};
    store(in, b.apply(in, "y", rows_.result, args)[0]);
  });
}

std::string ProductSum::words(const Nest& nest) const {
  const std::vector<PairStep> steps = pair_steps(nest, factors_, kept_, reduced_);
  std::string words;
  for (std::size_t k = 0; k + 1 < steps.size(); ++k)
    words += (k == 0 ? "operands are multiplied in pairs: " : ", ") +
             std::to_string(volume(nest, steps[k].kept)) + " sums of " +
             std::to_string(volume(nest, steps[k].reduced));
  for (const Factor& factor : factors_)
    if (factor.terms)
      words += (words.empty() ? "" : "; ") + std::to_string(factor.terms->size()) + " of the " +
               std::to_string(volume(nest, factor.axes)) +
               " elements of a constant are not zero, and in the code as numbers";
  return words;
}

}  // namespace einx::detail::loops
