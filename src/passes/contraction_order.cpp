#include "passes/contraction_order.h"

#include <algorithm>
#include <bitset>

namespace einx::detail::passes {
namespace {

constexpr std::size_t kLabels = 512;
using Set = std::bitset<kLabels>;
constexpr std::size_t kExact = 10;
constexpr double kFree = 1e-9;  ///< what constants cost beside run time: decides between equals

struct Term {
  Set labels;
  bool constant = false;
};

class Search {
 public:
  Search(const Einsum& einsum, const std::vector<bool>& constant) {
    for (const notation::Axis& axis : einsum.expr.axes) sizes_.push_back(double(axis.size));
    for (const int label : labels_of(einsum.expr.outputs[0])) output_.set(std::size_t(label));
    for (std::size_t k = 0; k < einsum.operands.size(); ++k) {
      Term term{{}, constant[einsum.operands[k]]};
      for (const int label : labels_of(einsum.expr.inputs[k])) term.labels.set(std::size_t(label));
      terms_.push_back(term);
      if (term.labels.any()) places_.push_back(int(k));
    }
  }

  Order run() {
    sum_own_labels();
    const std::size_t count = places_.size();
    if (count > kExact) greedy();
    else if (count > 1) exact();
    return std::move(order_);
  }

 private:
  double product(const Set& labels) const {
    double out = 1;
    for (std::size_t k = labels._Find_first(); k < kLabels; k = labels._Find_next(k)) out *= sizes_[k];
    return out;
  }
  Set needed_beside(const std::vector<int>& used) const {
    Set out = output_;
    for (const int place : places_)
      if (std::find(used.begin(), used.end(), place) == used.end()) out |= terms_[std::size_t(place)].labels;
    return out;
  }
  double cost(const Set& all, const Set& kept, std::size_t operands, bool constant) const {
    return step_flops(product(all), operands, kept != all) * (constant ? kFree : 1);
  }

  int add(std::vector<int> operands, const Set& all, const Set& kept) {
    OrderStep step{std::move(operands), {}};
    bool constant = true;
    for (const int place : step.operands) constant = constant && terms_[std::size_t(place)].constant;
    if (!constant) order_.flops += cost(all, kept, step.operands.size(), false);
    for (std::size_t k = 0; k < kLabels; ++k)
      if (kept[k]) step.kept.push_back(int(k));
    order_.steps.push_back(std::move(step));
    terms_.push_back({kept, constant});
    return int(terms_.size()) - 1;
  }

  void sum_own_labels() {
    for (int& place : places_) {
      const Set all = terms_[std::size_t(place)].labels, kept = all & needed_beside({place});
      if (kept != all) place = add({place}, all, kept);
    }
  }

  int pair(int a, int b) {
    const Set all = terms_[std::size_t(a)].labels | terms_[std::size_t(b)].labels;
    return add({a, b}, all, all & needed_beside({a, b}));
  }

  void greedy() {
    while (places_.size() > 1) {
      double best = 0;
      std::pair<std::size_t, std::size_t> chosen{0, 0};
      for (std::size_t i = 0; i < places_.size(); ++i)
        for (std::size_t j = i + 1; j < places_.size(); ++j) {
          const Set &a = terms_[std::size_t(places_[i])].labels, &b = terms_[std::size_t(places_[j])].labels;
          const double score =
              product((a | b) & needed_beside({places_[i], places_[j]})) - product(a) - product(b);
          if (chosen.second == 0 || score < best) best = score, chosen = {i, j};
        }
      const int made = pair(places_[chosen.first], places_[chosen.second]);
      places_.erase(places_.begin() + std::ptrdiff_t(chosen.second));
      places_[chosen.first] = made;
    }
  }

  struct Best {
    Set kept;
    double cost = 0;
    std::size_t left = 0;
    bool constant = true;
  };

  void exact() {
    const std::size_t count = places_.size(), all = (std::size_t(1) << count) - 1;
    std::vector<Best> best(all + 1);
    for (std::size_t set = 1; set <= all; ++set) {
      std::vector<int> inside;
      Set labels;
      Best& entry = best[set];
      for (std::size_t k = 0; k < count; ++k) {
        if (!(set >> k & 1)) continue;
        inside.push_back(places_[k]);
        labels |= terms_[std::size_t(places_[k])].labels;
        entry.constant = entry.constant && terms_[std::size_t(places_[k])].constant;
      }
      entry.kept = labels & needed_beside(inside);
      if (inside.size() == 1) continue;
      entry.cost = -1;
      for (std::size_t left = (set - 1) & set; left > (set ^ left); left = (left - 1) & set) {
        const Best &a = best[left], &b = best[set ^ left];
        const double found = a.cost + b.cost + cost(a.kept | b.kept, entry.kept, 2, entry.constant);
        if (entry.cost < 0 || found < entry.cost) entry.cost = found, entry.left = left;
      }
    }
    build(best, all);
  }

  int build(const std::vector<Best>& best, std::size_t set) {
    if ((set & (set - 1)) == 0) return places_[std::size_t(__builtin_ctzll(set))];
    const int a = build(best, best[set].left), b = build(best, set ^ best[set].left);
    return add({std::min(a, b), std::max(a, b)}, best[best[set].left].kept | best[set ^ best[set].left].kept, best[set].kept);
  }

  std::vector<double> sizes_;
  Set output_;
  std::vector<Term> terms_;
  std::vector<int> places_;  ///< of the operands that are left
  Order order_;
};

}  // namespace

double step_flops(double iterations, std::size_t operands, bool sums) {
  return iterations * double(std::max<std::size_t>(1, operands - 1) + std::size_t(sums));
}

double nest_flops(const Einsum& einsum, const std::vector<bool>& constant) {
  const std::vector<bool> kept = kept_labels(einsum);
  std::vector<bool> seen(kept.size(), false);
  double iterations = 1;
  std::size_t operands = 0;
  bool sums = false, known = true;
  for (std::size_t k = 0; k < einsum.operands.size(); ++k) {
    const std::vector<int> labels = labels_of(einsum.expr.inputs[k]);
    operands += !labels.empty();
    known = known && constant[std::size_t(einsum.operands[k])];
    for (const int label : labels) {
      if (!seen[std::size_t(label)]) iterations *= double(einsum.expr.axes[std::size_t(label)].size);
      seen[std::size_t(label)] = true;
      sums = sums || !kept[std::size_t(label)];
    }
  }
  if (known || (operands <= 1 && !sums)) return 0;  // a move, or a product with a number
  return step_flops(iterations, operands, sums);
}

namespace {

Order one_nest(const Einsum& einsum, const std::vector<bool>& constant) {
  OrderStep step;
  for (std::size_t k = 0; k < einsum.operands.size(); ++k)
    if (!labels_of(einsum.expr.inputs[k]).empty()) step.operands.push_back(int(k));
  step.kept = labels_of(einsum.expr.outputs[0]);
  std::sort(step.kept.begin(), step.kept.end());
  if (step.operands.empty()) return {};
  return {{std::move(step)}, nest_flops(einsum, constant)};
}

}  // namespace

Order contraction_order(const Einsum& einsum, const std::vector<bool>& constant, const PathOptions&) {
  Order alone = one_nest(einsum, constant);
  if (alone.flops == 0 || einsum.expr.axes.size() > kLabels) return alone;
  Order found = Search(einsum, constant).run();
  return found.flops < alone.flops ? found : alone;
}

}  // namespace einx::detail::passes
