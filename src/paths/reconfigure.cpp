// Subtree reconfiguration: a part of a tree with few leaves is replaced by the best tree over them (Gray,
// Kourtis, arXiv:2002.01935).
#include <numeric>

#include "paths/search.h"

namespace einx::detail::paths {

namespace {

constexpr double kWorthwhile = 1 - 1e-9;  ///< or rounding would go on for ever
constexpr double kStillImproving = 1 - 1e-3;

class Tree {
 public:
  Tree(const Problem& problem, const Model& model, const Pairs& pairs)
      : problem_(problem), model_(model), legs_(problem.terms), operands_(problem.operands) {
    const std::size_t nodes = legs_.size() + pairs.size();
    legs_.resize(nodes), operands_.resize(nodes), scores_.resize(nodes);
    children_.resize(nodes, {-1, -1});
    for (std::size_t k = 0; k < pairs.size(); ++k)
      set(int(problem.terms.size() + k), pairs[k].first, pairs[k].second);
  }

  Score score() const {
    Score total;
    for (int node = problem_.count(); node < nodes(); ++node)
      total = model_.join(total, scores_[std::size_t(node)]);
    return total;
  }

  /// Every inner node once as the root of a part, the dearest first.
  bool pass(int leaves, bool broad, Exact& exact, Budget& budget) {
    std::vector<int> roots(std::size_t(nodes() - problem_.count()));
    std::iota(roots.begin(), roots.end(), problem_.count());
    std::stable_sort(roots.begin(), roots.end(), [&](int a, int b) {
      return scores_[std::size_t(b)].cost < scores_[std::size_t(a)].cost;
    });
    bool better = false;
    for (const int root : roots) {
      if (budget.over()) break;
      better = improve(root, leaves, broad, exact, budget) || better;
    }
    return better;
  }

  /// Children before parents.
  Pairs pairs() const {
    Pairs out;
    number(nodes() - 1, out);
    return out;
  }

 private:
  int nodes() const { return int(legs_.size()); }
  bool inner(int node) const { return children_[std::size_t(node)].first >= 0; }

  void set(int node, int a, int b) {
    const Operand &x = operands_[std::size_t(a)], &y = operands_[std::size_t(b)];
    const Joined joined =
        join_legs(problem_, legs_[std::size_t(a)], legs_[std::size_t(b)], legs_[std::size_t(node)]);
    scores_[std::size_t(node)] = pair_cost(model_, x, y, joined.both, joined.result, joined.summed).score;
    operands_[std::size_t(node)] = {joined.result, 1, false, x.constant && y.constant};
    children_[std::size_t(node)] = {a, b};
  }

  /// The leaves of a part below `root`, and in inner_ its inner nodes, root first. `broad`: level by level,
  /// else always the dearest.
  std::vector<int> grow(int root, int leaves, bool broad) {
    inner_.assign(1, root);
    std::vector<int> front = {children_[std::size_t(root)].first, children_[std::size_t(root)].second};
    while (int(front.size()) < leaves) {
      int chosen = -1;
      for (int k = 0; k < int(front.size()); ++k) {
        if (!inner(front[std::size_t(k)])) continue;
        if (chosen >= 0 && broad) break;
        if (chosen < 0 || scores_[std::size_t(front[std::size_t(chosen)])].cost <
                              scores_[std::size_t(front[std::size_t(k)])].cost)
          chosen = k;
      }
      if (chosen < 0) break;
      const int node = front[std::size_t(chosen)];
      inner_.push_back(node);
      front.erase(front.begin() + chosen);
      front.push_back(children_[std::size_t(node)].first);
      front.push_back(children_[std::size_t(node)].second);
    }
    return front;
  }

  /// What a part has to beat: nothing, where it breaks the limit.
  Score part_score() const {
    Score now;
    for (const int node : inner_) {
      now = model_.join(now, scores_[std::size_t(node)]);
      if (operands_[std::size_t(node)].size > model_.limit && node != nodes() - 1) return kNoScore;
    }
    return {now.cost * kWorthwhile, now.cost == 0 ? now.tie * kWorthwhile : kInfinite};
  }

  bool improve(int root, int leaves, bool broad, Exact& exact, Budget& budget) {
    const std::vector<int> front = grow(root, leaves, broad);
    if (front.size() < 3) return false;
    Window window;
    for (const int node : front) {
      window.legs.push_back(&legs_[std::size_t(node)]);
      window.operands.push_back(operands_[std::size_t(node)]);
    }
    for (const Leg& leg : legs_[std::size_t(root)]) window.kept.push_back(leg.label);
    window.is_output = root == nodes() - 1;
    if (!exact.solve(problem_, model_, window, part_score(), budget)) return false;
    const int count = int(front.size());
    const auto node_of = [&](int local) {
      // The last pair is the root; the others take the places of the inner nodes that were there.
      return local < count ? front[std::size_t(local)] : inner_[std::size_t(2 * count - 2 - local)];
    };
    for (int k = 0; k < int(exact.pairs().size()); ++k) {
      const auto [a, b] = exact.pairs()[std::size_t(k)];
      set(node_of(count + k), node_of(a), node_of(b));
    }
    return true;
  }

  int number(int node, Pairs& out) const {
    if (!inner(node)) return node;
    // Trees may be as deep as there are terms: no recursion.
    std::vector<std::pair<int, bool>> stack = {{node, false}};
    std::vector<int> numbers(legs_.size(), -1);
    for (int k = 0; k < problem_.count(); ++k) numbers[std::size_t(k)] = k;
    while (!stack.empty()) {
      const auto [at, seen] = stack.back();
      stack.pop_back();
      const auto [a, b] = children_[std::size_t(at)];
      if (seen) {
        out.emplace_back(numbers[std::size_t(a)], numbers[std::size_t(b)]);
        numbers[std::size_t(at)] = problem_.count() + int(out.size()) - 1;
        continue;
      }
      stack.emplace_back(at, true);
      for (const int child : {b, a})
        if (inner(child)) stack.emplace_back(child, false);
    }
    return numbers[std::size_t(node)];
  }

  const Problem& problem_;
  const Model& model_;
  std::vector<Legs> legs_;
  std::vector<Operand> operands_;
  std::vector<Score> scores_;
  std::vector<std::pair<int, int>> children_;
  std::vector<int> inner_;
};

}  // namespace

void reconfigure(const Problem& problem, const Model& model, int leaves, int most_passes, Found& found,
                 Exact& exact, Budget& budget) {
  if (found.pairs.size() < 2) return;
  Tree tree(problem, model, found.pairs);
  double before = tree.score().cost;
  for (int pass = 0; pass < most_passes && !budget.over(); ++pass) {
    const bool broad = pass % 2 == 0;
    if (!tree.pass(leaves, broad, exact, budget) && !broad) break;
    const double now = tree.score().cost;
    if (!broad && now > before * kStillImproving) break;
    if (!broad) before = now;
  }
  found.pairs = tree.pairs();
  found.score = tree.score();
}

}  // namespace einx::detail::paths
