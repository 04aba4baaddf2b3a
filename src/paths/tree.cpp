// What a tree costs, and the tree as a path.
#include "paths/problem.h"

namespace einx::detail::paths {

namespace {

/// Calls visit(pair number, cost of the pair, the two operands, result's size) in order.
template <class Visit>
void walk(const Problem& problem, const Model& model, const Pairs& pairs, const Visit& visit) {
  std::vector<Legs> legs = problem.terms;
  std::vector<Operand> operands = problem.operands;
  legs.reserve(legs.size() + pairs.size());
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const std::size_t a = std::size_t(pairs[k].first), b = std::size_t(pairs[k].second);
    Legs result;
    const Joined joined = join_legs(problem, legs[a], legs[b], result);
    const PairCost pair =
        pair_cost(model, operands[a], operands[b], joined.both, joined.result, joined.summed);
    visit(k, pair, operands[a], operands[b], joined.result);
    legs[a] = {}, legs[b] = {};
    legs.push_back(std::move(result));
    operands.push_back({joined.result, 1, false, operands[a].constant && operands[b].constant});
  }
}

}  // namespace

Evaluation evaluate(const Problem& problem, const Model& model, const Pairs& pairs) {
  Evaluation out;
  walk(problem, model, pairs,
       [&](std::size_t k, const PairCost& pair, const Operand& a, const Operand& b, double result) {
         out.score = model.join(out.score, pair.score);
         if (pair.sum_first[0]) out.largest = std::max(out.largest, a.size);
         if (pair.sum_first[1]) out.largest = std::max(out.largest, b.size);
         if (k + 1 < pairs.size()) out.largest = std::max(out.largest, result);
       });
  return out;
}

Path linear(const Problem& problem, const Model& model, const Pairs& pairs) {
  const std::size_t count = std::size_t(problem.count());
  if (count == 1) return {{0}};
  std::vector<int> list;  // identities, as they stand in the list of terms
  std::vector<int> renamed(count + pairs.size());
  for (int k = 0; k < problem.count(); ++k) list.push_back(k), renamed[std::size_t(k)] = k;
  int next = problem.count();
  Path path;
  const auto take = [&](std::vector<int> identities) {
    std::vector<int> positions;
    for (const int identity : identities)
      positions.push_back(int(std::lower_bound(list.begin(), list.end(), identity) - list.begin()));
    std::sort(positions.begin(), positions.end());
    for (auto at = positions.rbegin(); at != positions.rend(); ++at) list.erase(list.begin() + *at);
    list.push_back(next);
    path.push_back(std::move(positions));
    return next++;
  };
  walk(problem, model, pairs,
       [&](std::size_t k, const PairCost& pair, const Operand&, const Operand&, double) {
         int& a = renamed[std::size_t(pairs[k].first)];
         int& b = renamed[std::size_t(pairs[k].second)];
         if (pair.sum_first[0]) a = take({a});
         if (pair.sum_first[1]) b = take({b});
         renamed[count + k] = take({a, b});
       });
  return path;
}

}  // namespace einx::detail::paths
