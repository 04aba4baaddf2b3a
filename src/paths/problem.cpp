// A network as the search sees it: what no path can tell apart is one.
#include "paths/problem.h"

#include <map>

namespace einx::detail::paths {

namespace {

/// The terms of every label of the network, ascending and each once; the output is term number terms.size().
std::vector<std::vector<int>> terms_of_labels(const Network& network) {
  std::vector<std::vector<int>> terms(network.sizes.size());
  const auto add = [&](const std::vector<int>& labels, int term) {
    for (const int label : labels)
      if (terms[std::size_t(label)].empty() || terms[std::size_t(label)].back() != term)
        terms[std::size_t(label)].push_back(term);
  };
  for (std::size_t k = 0; k < network.terms.size(); ++k) add(network.terms[k], int(k));
  add(network.output, int(network.terms.size()));
  return terms;
}

void add_label(Problem& problem, const std::vector<int>& terms) {
  const int label = problem.labels();
  problem.sizes.push_back(1);
  problem.degree.push_back(int(terms.size()));
  problem.kept.push_back(terms.back() == problem.count());
  for (const int term : terms)
    if (term < problem.count()) problem.terms[std::size_t(term)].push_back({label, 1});
}

}  // namespace

Problem make_problem(const Network& network, const std::vector<int>& slices, std::vector<int>* label_of) {
  Problem problem;
  problem.terms.resize(network.terms.size());
  problem.operands.resize(network.terms.size());
  const std::vector<std::vector<int>> terms = terms_of_labels(network);
  std::map<std::vector<int>, int> known;
  if (label_of) label_of->assign(terms.size(), -1);
  for (std::size_t label = 0; label < terms.size(); ++label) {
    if (terms[label].empty()) continue;
    if (std::find(slices.begin(), slices.end(), int(label)) != slices.end()) continue;
    const double size = double(std::max<std::int64_t>(network.sizes[label], 1));
    if (terms[label].size() == 1) {
      Operand& operand = problem.operands[std::size_t(terms[label][0])];
      operand.own *= size;
      operand.has_own = true;
      continue;
    }
    const auto [found, fresh] = known.try_emplace(terms[label], problem.labels());
    if (fresh) add_label(problem, terms[label]);
    problem.sizes[std::size_t(found->second)] *= size;
    if (label_of) (*label_of)[label] = found->second;
  }
  for (std::size_t k = 0; k < problem.terms.size(); ++k) {
    for (const Leg& leg : problem.terms[k]) problem.operands[k].size *= problem.sizes[std::size_t(leg.label)];
    problem.operands[k].constant = !network.constant.empty() && network.constant[k];
  }
  return problem;
}

// ---------------------------------------------------------------- what a step costs
namespace {

/// `first`: which operands are summed over their own labels before.
Score score_of(const Model& model, const Operand* const (&pair)[2], const bool (&first)[2], double both,
               double result, bool summed) {
  Score before;
  double read = 0;
  for (int k = 0; k < 2; ++k) {
    const Operand& operand = *pair[k];
    if (first[k]) {
      const double whole = operand.size * operand.own;
      if (operand.size > model.limit) return kNoScore;
      before = model.join(before, operand.constant ? model.free_step(2 * whole, operand.size)
                                                   : model.step(2 * whole, whole, operand.size));
      read += operand.size;
    } else {
      both *= operand.own;
      summed = summed || operand.has_own;
      read += operand.size * operand.own;
    }
  }
  const double flops = both * (summed ? 2 : 1);
  const bool free = pair[0]->constant && pair[1]->constant;
  return model.join(before, free ? model.free_step(flops, result) : model.step(flops, read, result));
}

}  // namespace

PairCost pair_cost(const Model& model, const Operand& a, const Operand& b, double both, double result,
                   bool summed) {
  const Operand* const pair[2] = {&a, &b};
  PairCost best;
  for (int choice = 0; choice < 4; ++choice) {
    const bool first[2] = {(choice & 1) != 0, (choice & 2) != 0};
    if ((first[0] && !a.has_own) || (first[1] && !b.has_own)) continue;
    const Score score = score_of(model, pair, first, both, result, summed);
    if (choice == 0 || score < best.score) best = {score, {first[0], first[1]}};
  }
  return best;
}

Joined join_legs(const Problem& problem, const Legs& a, const Legs& b, Legs& into) {
  Joined out;
  into.clear();
  std::size_t i = 0, j = 0;
  const auto keep = [&](const Leg& leg) {
    const double size = problem.sizes[std::size_t(leg.label)];
    out.both *= size;
    if (leg.count == problem.degree[std::size_t(leg.label)]) {
      out.summed = true;
    } else {
      out.result *= size;
      into.push_back(leg);
    }
  };
  while (i < a.size() && j < b.size()) {
    if (a[i].label < b[j].label) {
      keep(a[i++]);
    } else if (b[j].label < a[i].label) {
      keep(b[j++]);
    } else {
      keep({a[i].label, a[i].count + b[j].count});
      ++i, ++j;
    }
  }
  while (i < a.size()) keep(a[i++]);
  while (j < b.size()) keep(b[j++]);
  return out;
}

}  // namespace einx::detail::paths
