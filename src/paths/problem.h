// Private to the paths layer: a network as the search sees it, and what steps cost there.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "paths/paths.h"

namespace einx::detail::paths {

inline constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// A label of a term or an intermediate, with how many of the original terms below it have it.
struct Leg {
  int label = 0, count = 0;
};
using Legs = std::vector<Leg>;  ///< ascending labels

/// What a term or intermediate is worth when it is contracted. A term with labels that nobody else has may be
/// summed over them first: those are kept apart as one factor.
struct Operand {
  double size = 1;  ///< without its own labels
  double own = 1;   ///< product of the sizes of its own labels
  bool has_own = false;
  bool constant = false;
};

/// Labels that occur in the same terms are one (their sizes multiplied): no path can tell them apart. Labels
/// of one term alone are in Operand::own.
struct Problem {
  std::vector<Legs> terms;
  std::vector<Operand> operands;
  std::vector<double> sizes;       ///< per label, at least 1
  std::vector<int> degree;         ///< number of terms that have it, and one more if the output does
  std::vector<std::uint8_t> kept;  ///< whether the output has it
  int count() const { return int(terms.size()); }
  int labels() const { return int(sizes.size()); }
};
/// `label_of`, if given: for every label of the network that of the problem, -1 for a term's own.
Problem make_problem(const Network& network, const std::vector<int>& slices = {},
                     std::vector<int>* label_of = nullptr);

// ---------------------------------------------------------------- what a step costs
/// Two numbers: what is minimised, and what decides between equals. Both are sums over the steps, but the
/// maximum for Minimize::Size.
struct Score {
  double cost = 0, tie = 0;
  bool operator<(const Score& other) const {
    return cost < other.cost || (cost == other.cost && tie < other.tie);
  }
};
inline constexpr Score kNoScore{kInfinite, kInfinite};

struct Model {
  Minimize minimize = Minimize::Flops;
  TimeModel time;
  double limit = kInfinite;  ///< elements of an intermediate

  Score join(const Score& a, const Score& b) const {
    return {minimize == Minimize::Size ? std::max(a.cost, b.cost) : a.cost + b.cost, a.tie + b.tie};
  }
  /// `flops`, elements read, elements written.
  Score step(double flops, double read, double written) const {
    switch (minimize) {
      case Minimize::Flops:
        return {flops, written};
      case Minimize::Size:
        return {written, flops};
      case Minimize::Write:
        return {written, flops};
      case Minimize::Time:
        break;
    }
    const double bytes = (read + written) * time.bytes_per_element;
    return {std::max(flops / time.flops_per_second, bytes / time.bytes_per_second) + time.seconds_per_step,
            flops};
  }
  /// What is made of constants alone takes no time, but memory.
  Score free_step(double flops, double written) const {
    return minimize == Minimize::Size ? Score{written, flops} : Score{0, flops + written};
  }
};

/// A step over two operands whose own labels are summed first or in the step, whichever is better.
struct PairCost {
  Score score = kNoScore;
  bool sum_first[2] = {false, false};
};
/// `both`: elements over the labels of both, own ones aside; `result`: elements of what it makes; `summed`:
/// whether a label of both goes.
PairCost pair_cost(const Model& model, const Operand& a, const Operand& b, double both, double result,
                   bool summed);

// ---------------------------------------------------------------- trees
/// A path by identities: term k is k, the result of pair k is count() + k. Sums before a pair are not written
/// down: they follow from the model.
using Pairs = std::vector<std::pair<int, int>>;

/// The legs of what two operands make. `both`, `result` and `summed` are those of pair_cost.
struct Joined {
  double both = 1, result = 1;
  bool summed = false;
};
Joined join_legs(const Problem& problem, const Legs& a, const Legs& b, Legs& into);

/// The score of a tree, and the largest intermediate in it other than the output (sums before a pair
/// included).
struct Evaluation {
  Score score;
  double largest = 0;
};
Evaluation evaluate(const Problem& problem, const Model& model, const Pairs& pairs);
/// As a path with positions; with the sums.
Path linear(const Problem& problem, const Model& model, const Pairs& pairs);

// ---------------------------------------------------------------- budgets
/// Time and work of a search. Work is what is deterministic: about nanoseconds of a fast machine.
class Budget {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Budget(const Options& options);
  /// Adds work; true if the search is to stop.
  bool spend(double work) {
    work_ += work;
    return work_ < next_look_ ? over_ : look();
  }
  bool over() const { return over_; }
  double left() const { return std::max(0.0, limit_ - work_); }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  /// For the callback.
  void found(double best) { best_ = std::min(best_, best); }
  void tried() { ++trials_; }

 private:
  bool look();
  const Options& options_;
  Clock::time_point start_ = Clock::now();
  double work_ = 0, limit_ = 0, next_look_ = 0, best_ = kInfinite;
  int trials_ = 0;
  bool over_ = false;
};

}  // namespace einx::detail::paths
