// Which search for which network: parts that share no label by themselves, each by the algorithm that was
// asked for.
#include <cmath>
#include <numeric>

#include "paths/plan.h"

namespace einx::detail::paths {

namespace {

constexpr double kExactShare = 0.1;      ///< of the budget: what all subsets may take under `auto`
constexpr double kConnectedShare = 0.4;  ///< the same of sets that hang together
constexpr double kUnlikelyShare = 0.1;   ///< where there are so many that all of them are seldom seen
constexpr int kUnlikely = 64;            ///< terms
constexpr int kFirstBatches = 4;         ///< of random-greedy, for a bound on what sets may cost
constexpr int kAlwaysExact = 8;          ///< operands, under `auto`
constexpr int kExactParts = 12;          ///< results of parts that are joined exactly
constexpr int kLeaves = 8, kPasses = 4;  ///< for improving what parts were joined to
constexpr int kNoEnd = std::numeric_limits<int>::max();

bool exact_is_quick(const Problem& problem, const Search& search) {
  const int count = problem.count();
  return count <= kAlwaysExact ||
         (count <= kMostExact && std::pow(3.0, count) < kExactShare * search.budget.left());
}

Found random_greedy(const Problem& problem, Search& search, int most_batches) {
  return find_random_greedy(problem, search.model, search.options.seed, most_batches, search.budget);
}
Found first_tree(const Problem& problem, Search& search) {
  return judged(problem, search.model, random_greedy(problem, search, kFirstBatches));
}

Found optimal(const Problem& problem, Search& search, bool is_output) {
  search.used = Algorithm::Optimal;
  if (problem.count() > kMostExact)
    return find_connected(problem, search.model, is_output, true, first_tree(problem, search), kInfinite,
                          search.budget);
  if (auto found = find_exact(problem, search.model, is_output, search.budget)) return *found;
  return search.budget.over() ? first_tree(problem, search) : Found{};
}

Found connected(const Problem& problem, Search& search, bool is_output, double most_work) {
  search.used = Algorithm::Dp;
  return find_connected(problem, search.model, is_output, false, first_tree(problem, search), most_work,
                        search.budget);
}

Found by_budget(const Problem& problem, Search& search, bool is_output) {
  const double budget = search.budget.left();
  if (exact_is_quick(problem, search)) return optimal(problem, search, is_output);
  const double share = problem.count() <= kUnlikely ? kConnectedShare : kUnlikelyShare;
  Found found = connected(problem, search, is_output, share * budget);
  if (found.exact || search.budget.over()) return found;
  search.used = Algorithm::RandomGreedy;
  Found random = random_greedy(problem, search, kNoEnd);
  return random.score < found.score || found.pairs.empty() ? random : found;
}

Found search_part(const Problem& problem, Search& search, bool is_output) {
  if (problem.count() == 1) return {{}, {}, true};
  switch (search.options.algorithm) {
    case Algorithm::Optimal:
      return optimal(problem, search, is_output);
    case Algorithm::Dp:
      return connected(problem, search, is_output, kInfinite);
    case Algorithm::Greedy:
      search.used = Algorithm::Greedy;
      return find_greedy(problem, search.model, search.budget);
    case Algorithm::RandomGreedy:
      search.used = Algorithm::RandomGreedy;
      return random_greedy(problem, search, kNoEnd);
    case Algorithm::Auto:
      break;
  }
  return by_budget(problem, search, is_output);
}

// ---------------------------------------------------------------- parts that share no label
using Part = std::vector<int>;  ///< terms

std::vector<Part> parts_of(const Problem& problem) {
  std::vector<int> root(problem.terms.size()), holder(problem.sizes.size(), -1);
  std::iota(root.begin(), root.end(), 0);
  const auto find_root = [&](int k) {
    while (root[std::size_t(k)] != k) k = root[std::size_t(k)] = root[std::size_t(root[std::size_t(k)])];
    return k;
  };
  for (int k = 0; k < problem.count(); ++k)
    for (const Leg& leg : problem.terms[std::size_t(k)]) {
      int& other = holder[std::size_t(leg.label)];
      if (other >= 0) root[std::size_t(find_root(k))] = find_root(other);
      other = k;
    }
  std::vector<Part> by_root(problem.terms.size());
  for (int k = 0; k < problem.count(); ++k) by_root[std::size_t(find_root(k))].push_back(k);
  std::erase_if(by_root, [](const Part& part) { return part.empty(); });
  return by_root;
}

Problem restricted(const Problem& problem, const Part& part) {
  Problem out{{}, {}, problem.sizes, problem.degree, problem.kept};
  for (const int k : part) {
    out.terms.push_back(problem.terms[std::size_t(k)]);
    out.operands.push_back(problem.operands[std::size_t(k)]);
  }
  return out;
}

/// A tree of the whole from trees of its parts.
class Joiner {
 public:
  explicit Joiner(const Problem& problem)
      : problem_(problem), legs_(problem.terms), operands_(problem.operands) {}

  void add(const Part& part, const Pairs& tree) {
    const int own = int(part.size()), base = int(legs_.size());
    const auto global = [&](int local) {
      return local < own ? part[std::size_t(local)] : base + local - own;
    };
    int root = part[0];
    for (const auto& [a, b] : tree) root = join(global(a), global(b));
    roots_.push_back(root);
  }

  /// The results of the parts are multiplied: exactly ordered where they are few, else the smallest first,
  /// which are mostly scalars.
  Pairs finish(Model model) {
    const auto smaller = [&](int a, int b) {
      return operands_[std::size_t(a)].size < operands_[std::size_t(b)].size;
    };
    std::stable_sort(roots_.begin(), roots_.end(), smaller);
    std::size_t first = 0;  // those before it have been joined
    for (; roots_.size() - first > kExactParts; first += 2) {
      const int made = join(roots_[first], roots_[first + 1]);
      roots_.insert(std::upper_bound(roots_.begin() + std::ptrdiff_t(first) + 2, roots_.end(), made, smaller),
                    made);
    }
    roots_.erase(roots_.begin(), roots_.begin() + std::ptrdiff_t(first));
    model.limit = kInfinite;
    join_exactly(model);
    return std::move(pairs_);
  }

 private:
  int join(int a, int b) {
    Legs made;
    const Joined result = join_legs(problem_, legs_[std::size_t(a)], legs_[std::size_t(b)], made);
    operands_.push_back(
        {result.result, 1, false, operands_[std::size_t(a)].constant && operands_[std::size_t(b)].constant});
    legs_.push_back(std::move(made));
    pairs_.emplace_back(a, b);
    return int(legs_.size()) - 1;
  }

  void join_exactly(const Model& model) {
    if (roots_.size() < 2) return;
    Window window;
    window.is_output = true;
    for (const int root : roots_) {
      window.legs.push_back(&legs_[std::size_t(root)]);
      window.operands.push_back(operands_[std::size_t(root)]);
      for (const Leg& leg : legs_[std::size_t(root)]) window.kept.push_back(leg.label);
    }
    Options patience;
    patience.seconds = kInfinite;
    Budget patient(patience);
    Exact exact;
    if (!exact.solve(problem_, model, window, kNoScore, patient))
      support::internal_error("a few operands have a tree");
    const int count = int(roots_.size()), base = int(legs_.size());
    const auto global = [&](int local) {
      return local < count ? roots_[std::size_t(local)] : base + local - count;
    };
    for (const auto& [a, b] : exact.pairs()) pairs_.emplace_back(global(a), global(b));
  }

  const Problem& problem_;
  std::vector<Legs> legs_;
  std::vector<Operand> operands_;
  std::vector<int> roots_;
  Pairs pairs_;
};

}  // namespace

Found judged(const Problem& problem, const Model& model, Found tree) {
  const Evaluation now = evaluate(problem, model, tree.pairs);
  tree.score = now.largest <= model.limit ? now.score : kNoScore;
  return tree;
}

Found search_tree(const Problem& problem, Search& search) {
  // Looking at everything at once, `optimal` finds where a scalar is best multiplied, and outer products of
  // parts that pay.
  const Algorithm algorithm = search.options.algorithm;
  if (algorithm == Algorithm::Optimal || (algorithm == Algorithm::Auto && exact_is_quick(problem, search)))
    return search_part(problem, search, true);
  const std::vector<Part> parts = parts_of(problem);
  if (parts.size() == 1) return search_part(problem, search, true);
  Joiner joiner(problem);
  bool exact = true;
  for (const Part& part : parts) {
    const Found found = search_part(restricted(problem, part), search, false);
    if (found.pairs.empty() && part.size() > 1) return {};
    exact = exact && found.exact;
    joiner.add(part, found.pairs);
  }
  Found out{joiner.finish(search.model), {}, exact};
  Exact scratch;
  reconfigure(problem, search.model, kLeaves, kPasses, out, scratch, search.budget);
  out.score = evaluate(problem, search.model, out.pairs).score;
  return out;
}

}  // namespace einx::detail::paths
