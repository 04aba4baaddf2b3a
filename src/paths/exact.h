// Private to the paths layer: exact dynamic programming over all subsets of a few operands.
#pragma once
#include "paths/problem.h"

namespace einx::detail::paths {

/// Some operands that become one tensor: all of a problem, or the leaves of a part of a tree.
struct Window {
  std::vector<const Legs*> legs;
  std::vector<Operand> operands;
  std::vector<int> kept;   ///< labels of what they become, ascending
  bool is_output = false;  ///< the limit does not hold for it
};
inline constexpr int kMostExact = 20;  ///< operands of a window

/// The best tree over all ways to contract the operands two at a time, outer products included: 3^n / 2
/// splits. Reuses its memory.
class Exact {
 public:
  Exact();
  ~Exact();
  /// Only trees of less than this score count. Identities in `pairs()` are those of Pairs over the window.
  /// False: there is none, or the budget is over, or the window has more labels than masks have bits (1024
  /// after labels in the same operands have been made one).
  bool solve(const Problem& problem, const Model& model, const Window& window, const Score& below,
             Budget& budget);
  const Pairs& pairs() const { return pairs_; }
  const Score& score() const { return score_; }

 private:
  struct Scratch;
  struct Class {
    std::uint32_t terms = 0;
    bool kept = false;
    double size = 1;
  };
  void find_classes(const Problem& problem, const Window& window);
  template <int Words>
  bool run(const Model& model, const Window& window, const Score& below, Budget& budget);
  int extract(std::uint32_t set, int count);

  std::vector<int> class_of_;  ///< per label of the problem: position in seen_, else -1
  std::vector<int> seen_;
  std::vector<std::uint32_t> incidence_;
  std::vector<Class> classes_;
  std::vector<std::uint32_t> split_;
  std::unique_ptr<Scratch> scratch_;
  std::vector<double> products_;  ///< of 8 classes each, by which of them are there
  Pairs pairs_;
  Score score_;
};

}  // namespace einx::detail::paths
