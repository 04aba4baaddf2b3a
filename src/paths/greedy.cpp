// Greedy search: a heap of pairs that share a label, and what is left over by size (Gray, Kourtis,
// arXiv:2002.01935).
#include "paths/greedy.h"

#include <cmath>
#include <utility>

namespace einx::detail::paths {

namespace {

constexpr int kManyHolders = 16;      ///< a label of more is no reason to contract two of them
constexpr double kHugeSize = 1e200;   ///< so that differences of sizes are numbers
constexpr double kBeyondLimit = 1e6;  ///< added to the score of pairs whose result is too large

double logarithmic(double x) { return x < 0 ? -std::log1p(-x) : std::log1p(x); }

}  // namespace

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    std::uint64_t z = seed += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Random::next() {
  const auto rotated = [](std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); };
  const std::uint64_t out = rotated(state_[1] * 5, 7) * 9, shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotated(state_[3], 45);
  return out;
}

double Random::gumbel() { return -std::log(-std::log(uniform() + 0x1p-54)); }

Greedy::Greedy(const Problem& problem, const Model& model) : problem_(problem), model_(model) {
  const std::size_t nodes = 2 * std::size_t(problem.count());
  legs_.resize(nodes);
  operands_.resize(nodes);
  visited_.resize(nodes);
  counts_.resize(std::size_t(problem.labels()));
  int first = 0;
  for (int label = 0; label < problem.labels(); ++label) {
    first_.push_back(first);
    first += problem.degree[std::size_t(label)];
  }
  holders_.resize(std::size_t(first));
}

void Greedy::reset() {
  alive_.assign(legs_.size(), 0);
  holding_.assign(std::size_t(problem_.labels()), 0);
  std::fill(visited_.begin(), visited_.end(), -1);
  for (int k = 0; k < problem_.count(); ++k) {
    legs_[std::size_t(k)] = problem_.terms[std::size_t(k)];
    operands_[std::size_t(k)] = problem_.operands[std::size_t(k)];
    alive_[std::size_t(k)] = 1;
    for (const Leg& leg : legs_[std::size_t(k)])
      holders_[std::size_t(first_[std::size_t(leg.label)] + holding_[std::size_t(leg.label)]++)] = k;
  }
  heap_.clear();
  pairs_.clear();
  score_ = {};
}

void Greedy::offer(int a, int b, double result) {
  const double sizes = operands_[std::size_t(a)].size + operands_[std::size_t(b)].size;
  double score =
      logarithmic(std::min(result, kHugeSize) / choice_.weight - std::min(sizes, kHugeSize) * choice_.weight);
  if (choice_.temperature > 0) score -= choice_.temperature * random_->gumbel();
  if (result > model_.limit) score += kBeyondLimit;
  heap_.push_back({score, std::min(a, b), std::max(a, b)});
}

/// `all`: also with nodes of a higher number, else each pair would be offered twice at the start.
void Greedy::offer_neighbours(int node, bool all) {
  const Legs& own = legs_[std::size_t(node)];
  for (const Leg& leg : own) counts_[std::size_t(leg.label)] = leg.count;
  for (const Leg& leg : own) {
    const int* holder = holders_.data() + first_[std::size_t(leg.label)];
    const int holding = holding_[std::size_t(leg.label)];
    if (holding > kManyHolders) continue;
    for (int k = 0; k < holding; ++k) {
      const int other = holder[k];
      if (other == node || visited_[std::size_t(other)] == node || (!all && other > node)) continue;
      visited_[std::size_t(other)] = node;
      double result = operands_[std::size_t(node)].size * operands_[std::size_t(other)].size;
      for (const Leg& theirs : legs_[std::size_t(other)]) {
        const int count = counts_[std::size_t(theirs.label)];
        if (count == 0) continue;
        const double size = problem_.sizes[std::size_t(theirs.label)];
        result /= count + theirs.count == problem_.degree[std::size_t(theirs.label)] ? size * size : size;
      }
      work_ += double(8 + legs_[std::size_t(other)].size());
      offer(node, other, result);
      if (all) std::push_heap(heap_.begin(), heap_.end());
    }
  }
  for (const Leg& leg : own) counts_[std::size_t(leg.label)] = 0;
}

void Greedy::replace(int label, int a, int b, int made) {
  int* holder = holders_.data() + first_[std::size_t(label)];
  int& holding = holding_[std::size_t(label)];
  int kept = 0;
  for (int k = 0; k < holding; ++k)
    if (holder[k] != a && holder[k] != b) holder[kept++] = holder[k];
  if (made >= 0) holder[kept++] = made;
  holding = kept;
}

int Greedy::join(int a, int b) {
  const int made = problem_.count() + int(pairs_.size());
  const Operand &x = operands_[std::size_t(a)], &y = operands_[std::size_t(b)];
  const Joined joined =
      join_legs(problem_, legs_[std::size_t(a)], legs_[std::size_t(b)], legs_[std::size_t(made)]);
  score_ = model_.join(score_, pair_cost(model_, x, y, joined.both, joined.result, joined.summed).score);
  operands_[std::size_t(made)] = {joined.result, 1, false, x.constant && y.constant};
  alive_[std::size_t(a)] = alive_[std::size_t(b)] = 0;
  alive_[std::size_t(made)] = 1;
  for (const int gone : {a, b})
    for (const Leg& leg : legs_[std::size_t(gone)]) replace(leg.label, a, b, -1);
  for (const Leg& leg : legs_[std::size_t(made)]) replace(leg.label, a, b, made);
  work_ += 20 + 3 * double(legs_[std::size_t(a)].size() + legs_[std::size_t(b)].size());
  pairs_.emplace_back(a, b);
  return made;
}

/// What shares no label, or only one that many hold: the smallest two, again and again.
bool Greedy::join_rest(double at_most, Budget& budget) {
  const auto larger = [&](int a, int b) {
    const double x = operands_[std::size_t(a)].size, y = operands_[std::size_t(b)].size;
    return x != y ? x > y : a > b;
  };
  std::vector<int> rest;
  for (int k = 0; k < problem_.count() + int(pairs_.size()); ++k)
    if (alive_[std::size_t(k)]) rest.push_back(k);
  std::make_heap(rest.begin(), rest.end(), larger);
  const auto pop = [&] {
    std::pop_heap(rest.begin(), rest.end(), larger);
    const int node = rest.back();
    rest.pop_back();
    return node;
  };
  while (rest.size() > 1) {
    const int a = pop(), b = pop();
    rest.push_back(join(a, b));
    std::push_heap(rest.begin(), rest.end(), larger);
    if (score_.cost > at_most || budget.over()) return false;
  }
  return true;
}

bool Greedy::run(const GreedyChoice& choice, Random& random, double at_most, Budget& budget) {
  choice_ = choice;
  random_ = &random;
  work_ = 0;
  reset();
  for (int k = 0; k < problem_.count(); ++k) offer_neighbours(k, false);
  std::make_heap(heap_.begin(), heap_.end());
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end());
    const Candidate best = heap_.back();
    heap_.pop_back();
    work_ += 10;
    if (!alive_[std::size_t(best.a)] || !alive_[std::size_t(best.b)]) continue;
    const int made = join(best.a, best.b);
    if (score_.cost > at_most) break;
    offer_neighbours(made, true);
    if (budget.spend(std::exchange(work_, 0))) return false;
  }
  const bool whole = score_.cost <= at_most && join_rest(at_most, budget);
  budget.spend(std::exchange(work_, 0));
  return whole;
}

}  // namespace einx::detail::paths
