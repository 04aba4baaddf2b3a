// Slicing: the path is run for every assignment of a few labels, so that its intermediates fit into memory.
#include <cmath>

#include "paths/search.h"

namespace einx::detail::paths {

namespace {

struct Step {
  Legs both, result;  ///< only labels count
  double cost = 0, size = 1;
};

std::vector<Step> steps_of(const Problem& problem, const Pairs& pairs) {
  std::vector<Legs> legs = problem.terms;
  std::vector<Step> steps(pairs.size());
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const Legs &a = legs[std::size_t(pairs[k].first)], &b = legs[std::size_t(pairs[k].second)];
    Step& step = steps[k];
    const Joined joined = join_legs(problem, a, b, step.result);
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(step.both),
                   [](const Leg& x, const Leg& y) { return x.label < y.label; });
    step.cost = joined.both;
    step.size = joined.result;
    legs.push_back(step.result);
  }
  steps.back().size = 0;  // the output is no intermediate
  return steps;
}

bool has(const Legs& legs, int label) {
  return std::binary_search(legs.begin(), legs.end(), Leg{label, 0},
                            [](const Leg& a, const Leg& b) { return a.label < b.label; });
}

/// Of the labels of the largest result, the one that makes the path dearer by least, for what it makes
/// smaller.
int best_label(const std::vector<Step>& steps, const std::vector<double>& sizes, const Step& largest) {
  double total = 0;
  for (const Step& step : steps) total += step.cost;
  int best = -1;
  double best_score = kInfinite;
  for (const Leg& leg : largest.result) {
    const double size = sizes[std::size_t(leg.label)];
    if (size <= 1) continue;
    double with = 0;
    for (const Step& step : steps)
      if (has(step.both, leg.label)) with += step.cost;
    const double score = std::log((with + (total - with) * size) / total) / std::log(size);
    if (score < best_score) best_score = score, best = leg.label;
  }
  return best;
}

}  // namespace

std::vector<int> slices_of(const Problem& problem, const Model& model, const Pairs& pairs) {
  std::vector<Step> steps = steps_of(problem, pairs);
  std::vector<double> sizes = problem.sizes;
  std::vector<int> labels;
  for (;;) {
    const auto largest = std::max_element(steps.begin(), steps.end(),
                                          [](const Step& a, const Step& b) { return a.size < b.size; });
    if (largest->size <= model.limit) return labels;
    const int label = best_label(steps, sizes, *largest);
    if (label < 0) return labels;  // every label of size above 1 is sliced: it holds one element
    labels.push_back(label);
    for (Step& step : steps) {
      if (has(step.both, label)) step.cost /= sizes[std::size_t(label)];
      if (has(step.result, label)) step.size /= sizes[std::size_t(label)];
    }
    sizes[std::size_t(label)] = 1;
  }
}

Problem sliced(const Problem& problem, const std::vector<int>& labels) {
  Problem out = problem;
  for (const int label : labels) out.sizes[std::size_t(label)] = 1;
  for (std::size_t k = 0; k < out.terms.size(); ++k) {
    out.operands[k].size = 1;
    for (const Leg& leg : out.terms[k]) out.operands[k].size *= out.sizes[std::size_t(leg.label)];
  }
  return out;
}

double slice_count(const Problem& problem, const std::vector<int>& labels) {
  double count = 1;
  for (const int label : labels) count *= problem.sizes[std::size_t(label)];
  return count;
}

}  // namespace einx::detail::paths
