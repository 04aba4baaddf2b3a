// Private to the paths layer: one greedy path after another, each with other random choices.
#pragma once
#include "paths/problem.h"

namespace einx::detail::paths {

/// xoshiro256**, seeded by splitmix64: the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  double uniform() { return double(next() >> 11) * 0x1p-53; }  ///< [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double gumbel();
  int below(int n) { return int(uniform() * n); }

 private:
  std::uint64_t state_[4];
};

/// How a trial chooses: the pair with the least size(result) / weight - weight * (size(a) + size(b)), on a
/// logarithmic scale with Gumbel noise (Boltzmann choice).
struct GreedyChoice {
  double weight = 1;
  double temperature = 0;
};

/// Keeps its memory from trial to trial.
class Greedy {
 public:
  Greedy(const Problem& problem, const Model& model);
  /// False if the budget is over or the tree costs more than `at_most`: it is given up as soon as that is
  /// clear. With a limit, pairs beyond it are taken last.
  bool run(const GreedyChoice& choice, Random& random, double at_most, Budget& budget);
  const Pairs& pairs() const { return pairs_; }
  const Score& score() const { return score_; }

 private:
  struct Candidate {
    double score = 0;
    int a = 0, b = 0;
    bool operator<(const Candidate& other) const {  // a heap's top is the greatest
      return score != other.score ? score > other.score : a != other.a ? a > other.a : b > other.b;
    }
  };
  void reset();
  void offer_neighbours(int node, bool all);
  void offer(int a, int b, double result);
  int join(int a, int b);
  void replace(int label, int a, int b, int made);
  bool join_rest(double at_most, Budget& budget);

  const Problem& problem_;
  const Model& model_;
  std::vector<Legs> legs_;  ///< of terms and results
  std::vector<Operand> operands_;
  std::vector<std::uint8_t> alive_;
  std::vector<int> first_, holders_,
      holding_;              ///< label l is held by holders_[first_[l] ...], holding_[l] of them
  std::vector<int> counts_;  ///< of the node whose neighbours are looked for, per label
  std::vector<int> visited_;
  std::vector<Candidate> heap_;
  GreedyChoice choice_;
  Random* random_ = nullptr;
  double work_ = 0;
  Pairs pairs_;
  Score score_;
};

}  // namespace einx::detail::paths
