// Greedy trials, the best of which are reconfigured.
#include <cmath>

#include "paths/greedy.h"
#include "paths/search.h"

namespace einx::detail::paths {

namespace {

constexpr int kBatch = 8;      ///< trials of which one is reconfigured
constexpr int kPatience = 64;  ///< batches without a better tree, at least
constexpr int kPatiencePerTerm = 8;
constexpr int kLeaves = 8;  ///< of a part that is solved anew
constexpr int kPasses = 6;
constexpr double kHopeless = 1e3;  ///< times the cost of the batch's best so far: a trial is given up

/// Every other time anywhere, else near what was best.
GreedyChoice drawn(Random& random, const GreedyChoice& best) {
  constexpr double kLeastWeight = 0.1, kMostWeight = 4, kLeastTemperature = 1e-3, kNear = 0.25;
  if (best.temperature == 0 || random.below(2) == 0)
    return {random.uniform(kLeastWeight, kMostWeight),
            std::exp(random.uniform(std::log(kLeastTemperature), 0.0))};
  const auto near = [&](double value) { return value * std::exp(random.uniform(-kNear, kNear)); };
  return {std::clamp(near(best.weight), kLeastWeight, kMostWeight),
          std::clamp(near(best.temperature), kLeastTemperature, 1.0)};
}

/// A tree that breaks the limit is worth what its slices cost.
Score with_slices(const Problem& problem, const Model& model, Found& tree, Exact& exact, Budget& budget) {
  if (model.limit == kInfinite || evaluate(problem, model, tree.pairs).largest <= model.limit)
    return tree.score;
  const std::vector<int> labels = slices_of(problem, model, tree.pairs);
  const Problem slice = sliced(problem, labels);
  tree.score = evaluate(slice, model, tree.pairs).score;
  reconfigure(slice, model, kLeaves, kPasses, tree, exact, budget);
  if (model.minimize != Minimize::Size) tree.score.cost *= slice_count(problem, labels);
  return tree.score;
}

}  // namespace

Found find_greedy(const Problem& problem, const Model& model, Budget& budget) {
  Greedy greedy(problem, model);
  Random random(0);
  Options unlimited;
  unlimited.seconds = kInfinite;
  Budget patient(unlimited);  // it takes milliseconds, and without it there is no path at all
  greedy.run({}, random, kInfinite, patient);
  budget.tried();
  return {greedy.pairs(), greedy.score(), false};
}

Found find_random_greedy(const Problem& problem, const Model& model, std::uint64_t seed, int most_batches,
                         Budget& budget) {
  Model unlimited = model;  // slices take care of the limit
  unlimited.limit = kInfinite;
  Exact exact;
  Random random(seed);
  Greedy greedy(problem, unlimited);
  Found best = find_greedy(problem, model, budget);
  reconfigure(problem, unlimited, kLeaves, kPasses, best, exact, budget);
  best.score = with_slices(problem, model, best, exact, budget);
  budget.found(best.score.cost);
  GreedyChoice good;
  const int patience = std::max(kPatience, kPatiencePerTerm * problem.count());
  for (int batch = 0, since = 0; batch < most_batches && since < patience && !budget.over();
       ++batch, ++since) {
    Found tree;
    GreedyChoice choice;
    for (int trial = 0; trial < kBatch && !budget.over(); ++trial) {
      const double enough = std::min(tree.score.cost, best.score.cost * kHopeless);
      budget.tried();
      const GreedyChoice now = drawn(random, good);
      if (!greedy.run(now, random, enough, budget) || !(greedy.score() < tree.score)) continue;
      tree = {greedy.pairs(), greedy.score(), false};
      choice = now;
    }
    if (tree.pairs.empty()) continue;
    reconfigure(problem, unlimited, kLeaves, kPasses, tree, exact, budget);
    tree.score = with_slices(problem, model, tree, exact, budget);
    if (!(tree.score < best.score)) continue;
    if (tree.score.cost < best.score.cost) since = 0;
    best = std::move(tree);
    good = choice;
    budget.found(best.score.cost);
  }
  return best;
}

}  // namespace einx::detail::paths
