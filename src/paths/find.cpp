// The front door: parts that share no label are searched by themselves, the algorithm is chosen by size and
// budget, and slices make a limit hold.
#include <cmath>
#include <numeric>

#include "paths/search.h"

namespace einx::detail::paths {

namespace {

constexpr double kDefaultSeconds = 1;
constexpr double kExactShare = 0.1;      ///< of the budget: what all subsets may take under `auto`
constexpr double kConnectedShare = 0.4;  ///< the same of sets that hang together
constexpr int kFirstBatches = 4;         ///< of random-greedy, for a bound on what sets may cost
constexpr int kSmall = 12;               ///< operands that are always solved exactly

double splits(int count) { return std::pow(3.0, count); }

/// One search: everything that its parts share.
struct Search {
  const Options& options;
  Model model;
  Budget budget;
  bool stopped_short = false;
  Algorithm used = Algorithm::Auto;
};

/// The tree that bounds what others may cost; without a score where it breaks the limit.
Found bound(const Problem& problem, const Model& model, Found tree) {
  const Evaluation now = evaluate(problem, model, tree.pairs);
  tree.score = now.largest <= model.limit ? now.score : kNoScore;
  return tree;
}

Found first_tree(const Problem& problem, Search& search) {
  return bound(problem, search.model,
               find_random_greedy(problem, search.model, search.options.seed, kFirstBatches, search.budget));
}

Found optimal(const Problem& problem, Search& search, bool is_output) {
  search.used = Algorithm::Optimal;
  if (problem.count() <= kMostExact) {
    if (auto found = find_exact(problem, search.model, is_output, kNoScore, search.budget)) return *found;
    if (!search.budget.over()) return {};
    return first_tree(problem, search);
  }
  return find_connected(problem, search.model, is_output, true, first_tree(problem, search), kInfinite,
                        search.budget);
}

Found connected(const Problem& problem, Search& search, bool is_output) {
  search.used = Algorithm::Dp;
  return find_connected(problem, search.model, is_output, false, first_tree(problem, search), kInfinite,
                        search.budget);
}

Found by_budget(const Problem& problem, Search& search, bool is_output) {
  const double budget = search.budget.left();
  if (problem.count() <= 8 ||
      (problem.count() <= kMostExact && splits(problem.count()) < kExactShare * budget)) {
    search.used = Algorithm::Optimal;
    if (auto found = find_exact(problem, search.model, is_output, kNoScore, search.budget)) return *found;
  }
  search.used = Algorithm::Dp;
  Found found = find_connected(problem, search.model, is_output, false, first_tree(problem, search),
                               kConnectedShare * budget, search.budget);
  if (found.exact || search.budget.over()) return found;
  search.used = Algorithm::RandomGreedy;
  Found random = find_random_greedy(problem, search.model, search.options.seed,
                                    std::numeric_limits<int>::max(), search.budget);
  return random.score < found.score || found.pairs.empty() ? random : found;
}

Found search_part(const Problem& problem, Search& search, bool is_output) {
  if (problem.count() == 1) return {{}, {}, true};
  switch (search.options.algorithm) {
    case Algorithm::Optimal:
      return optimal(problem, search, is_output);
    case Algorithm::Dp:
      return connected(problem, search, is_output);
    case Algorithm::Greedy:
      search.used = Algorithm::Greedy;
      return find_greedy(problem, search.model, search.budget);
    case Algorithm::RandomGreedy:
      search.used = Algorithm::RandomGreedy;
      return find_random_greedy(problem, search.model, search.options.seed, std::numeric_limits<int>::max(),
                                search.budget);
    case Algorithm::Auto:
      break;
  }
  return by_budget(problem, search, is_output);
}

// ---------------------------------------------------------------- parts that share no label
std::vector<std::vector<int>> parts_of(const Problem& problem) {
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
  std::vector<std::vector<int>> parts, by_root(problem.terms.size());
  for (int k = 0; k < problem.count(); ++k) by_root[std::size_t(find_root(k))].push_back(k);
  for (std::vector<int>& part : by_root)
    if (!part.empty()) parts.push_back(std::move(part));
  return parts;
}

Problem restricted(const Problem& problem, const std::vector<int>& part) {
  Problem out{{}, {}, problem.sizes, problem.degree, problem.kept};
  for (const int k : part) {
    out.terms.push_back(problem.terms[std::size_t(k)]);
    out.operands.push_back(problem.operands[std::size_t(k)]);
  }
  return out;
}

/// A whole tree of the trees of the parts: their results are multiplied, exactly ordered where they are few,
/// else the smallest first.
Pairs joined(const Problem& problem, const std::vector<std::vector<int>>& parts,
             const std::vector<Pairs>& trees, Search& search) {
  Pairs pairs;
  std::vector<int> roots;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const int own = int(parts[p].size()), base = problem.count() + int(pairs.size());
    const auto global = [&](int local) {
      return local < own ? parts[p][std::size_t(local)] : base + local - own;
    };
    for (const auto& [a, b] : trees[p]) pairs.emplace_back(global(a), global(b));
    roots.push_back(trees[p].empty() ? parts[p][0] : problem.count() + int(pairs.size()) - 1);
  }
  std::vector<Legs> legs = problem.terms;
  std::vector<Operand> operands = problem.operands;
  for (const auto& [a, b] : pairs) {
    Legs made;
    const Joined result = join_legs(problem, legs[std::size_t(a)], legs[std::size_t(b)], made);
    legs.push_back(std::move(made));
    operands.push_back(
        {result.result, 1, false, operands[std::size_t(a)].constant && operands[std::size_t(b)].constant});
  }
  std::stable_sort(roots.begin(), roots.end(), [&](int a, int b) {
    return operands[std::size_t(a)].size < operands[std::size_t(b)].size;
  });
  // What is beyond the few is joined smallest first: mostly scalars.
  while (int(roots.size()) > kSmall) {
    pairs.emplace_back(roots[0], roots[1]);
    Legs made;
    const Joined result = join_legs(problem, legs[std::size_t(roots[0])], legs[std::size_t(roots[1])], made);
    operands.push_back(
        {result.result, 1, false,
         operands[std::size_t(roots[0])].constant && operands[std::size_t(roots[1])].constant});
    legs.push_back(std::move(made));
    roots.erase(roots.begin(), roots.begin() + 2);
    const auto place =
        std::upper_bound(roots.begin(), roots.end(), operands.back().size,
                         [&](double size, int b) { return size < operands[std::size_t(b)].size; });
    roots.insert(place, problem.count() + int(pairs.size()) - 1);
  }
  if (roots.size() == 1) return pairs;
  Window window;
  for (const int root : roots) {
    window.legs.push_back(&legs[std::size_t(root)]);
    window.operands.push_back(operands[std::size_t(root)]);
    for (const Leg& leg : legs[std::size_t(root)]) window.kept.push_back(leg.label);
  }
  std::sort(window.kept.begin(), window.kept.end());
  window.is_output = true;
  Options patience;
  patience.seconds = kInfinite;
  Budget patient(patience);
  Model unlimited = search.model;
  unlimited.limit = kInfinite;
  Exact exact;
  exact.solve(problem, unlimited, window, kNoScore, patient);
  const int base = problem.count() + int(pairs.size()), count = int(roots.size());
  const auto global = [&](int local) {
    return local < count ? roots[std::size_t(local)] : base + local - count;
  };
  for (const auto& [a, b] : exact.pairs()) pairs.emplace_back(global(a), global(b));
  return pairs;
}

/// `optimal` looks at everything at once: an outer product of parts may pay, a scalar may be multiplied
/// anywhere.
bool as_one(const Problem& problem, const Search& search) {
  if (search.options.algorithm == Algorithm::Optimal) return true;
  return search.options.algorithm == Algorithm::Auto && problem.count() <= kMostExact &&
         (problem.count() <= 8 || splits(problem.count()) < kExactShare * search.budget.left());
}

/// No pairs: no tree keeps the limit, as far as the algorithm sees.
Found search_tree(const Problem& problem, Search& search) {
  const std::vector<std::vector<int>> parts =
      as_one(problem, search) ? std::vector<std::vector<int>>(1) : parts_of(problem);
  if (parts.size() == 1) return search_part(problem, search, true);
  std::vector<Pairs> trees;
  bool exact = true;
  for (const std::vector<int>& part : parts) {
    const Found found = search_part(restricted(problem, part), search, false);
    if (found.pairs.empty() && part.size() > 1) return {};
    exact = exact && found.exact;
    trees.push_back(found.pairs);
  }
  Found out{joined(problem, parts, trees, search), {}, exact};
  // Scalars and parts may be worth more inside of one another.
  Exact scratch;
  reconfigure(problem, search.model, 8, 4, out, scratch, search.budget);
  out.score = evaluate(problem, search.model, out.pairs).score;
  return out;
}

// ---------------------------------------------------------------- limits
struct Sliced {
  Pairs pairs;
  std::vector<int> slices;  ///< labels of the network
  double total = kInfinite;
};

bool fits(const Network& network, const Model& model, const Pairs& pairs, const std::vector<int>& slices) {
  return evaluate(make_problem(network, slices), model, pairs).largest <= model.limit;
}

/// The slices that this tree needs, and the best tree for them.
Sliced slice_tree(const Network& network, Search& search, const Pairs& pairs) {
  std::vector<int> class_of;
  const Problem problem = make_problem(network, {}, &class_of);
  Sliced out{pairs, {}, kInfinite};
  for (const int label : slices_of(problem, search.model, pairs))
    for (std::size_t k = 0; k < class_of.size(); ++k)
      if (class_of[k] == label && network.sizes[k] > 1) out.slices.push_back(int(k));
  // Labels that are one for the search need not all be sliced.
  for (std::size_t k = 0; k < out.slices.size();) {
    std::vector<int> fewer = out.slices;
    fewer.erase(fewer.begin() + std::ptrdiff_t(k));
    if (fits(network, search.model, pairs, fewer))
      out.slices = fewer;
    else
      ++k;
  }
  const Problem slice = make_problem(network, out.slices);
  Found best = bound(slice, search.model, {pairs, {}, false});
  const Found again = search_tree(slice, search);
  if (!again.pairs.empty()) {
    const Found checked = bound(slice, search.model, again);
    if (checked.score < best.score) best = checked;
  }
  out.pairs = best.pairs;
  out.total = best.score.cost;
  if (search.model.minimize != Minimize::Size)
    for (const int label : out.slices) out.total *= double(network.sizes[std::size_t(label)]);
  return out;
}

[[noreturn]] void raise_limit(double limit, double needed) {
  const auto number = [](double x) { return std::to_string(static_cast<long long>(std::min(x, 9e18))); };
  support::raise<ValueError>(
      {.kind = "bad-parameter",
       .sentence = "No path was found that keeps every intermediate within " + number(limit) + " elements.",
       .advice = {"The best path found for size needs " + number(needed) +
                  "; allow more, or allow labels to be sliced."}});
}

/// From trees that ignore the limit, one for cost and one for size.
Sliced with_slices(const Network& network, const Problem& problem, Search& search) {
  const Model limited = search.model;
  Sliced best;
  double needed = kInfinite;
  for (const Minimize minimize : {limited.minimize, Minimize::Size}) {
    search.model.limit = kInfinite;
    search.model.minimize = minimize;
    const Found tree = search_tree(problem, search);
    const double largest = evaluate(problem, search.model, tree.pairs).largest;
    search.model = limited;
    needed = std::min(needed, largest);
    if (!search.options.slicing && largest > limited.limit) continue;
    Sliced sliced = slice_tree(network, search, tree.pairs);
    if (best.pairs.empty() || sliced.total < best.total) best = std::move(sliced);
  }
  if (best.pairs.empty()) raise_limit(limited.limit, needed);
  return best;
}

// ---------------------------------------------------------------- options
void check(const Options& options, const Network& network) {
  const auto refuse = [](std::string sentence, std::vector<std::string> advice = {}) {
    support::raise<ValueError>(
        {.kind = "bad-parameter", .sentence = std::move(sentence), .advice = std::move(advice)});
  };
  if (!(options.seconds >= 0))
    refuse("The time for finding a path is a number of seconds, not " + std::to_string(options.seconds) +
           ".");
  if (!(options.memory_limit >= 0) || (options.memory_limit > 0 && options.memory_limit < 1))
    refuse("A memory limit is a number of elements, at least 1 (0: none), not " +
           std::to_string(options.memory_limit) + ".");
  constexpr std::size_t kMost = 64;
  if (options.algorithm == Algorithm::Optimal && network.terms.size() > kMost)
    refuse("The algorithm optimal takes at most " + std::to_string(kMost) + " operands, not " +
               std::to_string(network.terms.size()) + ".",
           {"auto, dp and random-greedy take more."});
}

Options with_budget(Options options) {
  if (options.seconds > 0) return options;
  const bool open_ended = options.algorithm == Algorithm::Optimal || options.algorithm == Algorithm::Dp ||
                          options.algorithm == Algorithm::Greedy;
  options.seconds = open_ended ? kInfinite : kDefaultSeconds;
  return options;
}

}  // namespace

Window whole(const Problem& problem, bool is_output) {
  Window window;
  for (const Legs& legs : problem.terms) window.legs.push_back(&legs);
  window.operands = problem.operands;
  for (int label = 0; label < problem.labels(); ++label)
    if (problem.kept[std::size_t(label)]) window.kept.push_back(label);
  window.is_output = is_output;
  return window;
}

std::optional<Found> find_exact(const Problem& problem, const Model& model, bool is_output,
                                const Score& below, Budget& budget) {
  Exact exact;
  if (!exact.solve(problem, model, whole(problem, is_output), below, budget)) return std::nullopt;
  budget.tried();
  budget.found(exact.score().cost);
  return Found{exact.pairs(), exact.score(), true};
}

Result find(const Network& network, const Options& given) {
  check(network);
  check(given, network);
  const Options options = with_budget(given);
  Search search{options,
                {options.minimize, {}, options.memory_limit > 0 ? options.memory_limit : kInfinite},
                Budget(options)};
  if (options.time)
    search.model.time = *options.time;
  else if (options.minimize == Minimize::Time)
    search.model.time = measured_time_model();
  Result out;
  Problem problem = make_problem(network);
  Found found = network.terms.size() == 1 ? Found{{}, {}, true} : search_tree(problem, search);
  if (network.terms.size() > 1 &&
      (found.pairs.empty() || evaluate(problem, search.model, found.pairs).largest > search.model.limit)) {
    Sliced sliced = with_slices(network, problem, search);
    found = {std::move(sliced.pairs), {}, false};
    out.slices = std::move(sliced.slices);
    problem = make_problem(network, out.slices);
  }
  out.path = linear(problem, search.model, found.pairs);
  for (const int label : out.slices) out.slice_count *= double(network.sizes[std::size_t(label)]);
  const bool timed = options.time || options.minimize == Minimize::Time;
  out.cost = cost(network, out.path, out.slices, timed ? std::optional(search.model.time) : std::nullopt);
  out.algorithm = search.used == Algorithm::Auto ? Algorithm::Optimal : search.used;
  out.exact = found.exact;
  out.stopped = search.budget.over();
  out.search_seconds = search.budget.seconds();
  return out;
}

namespace {
template <class E>
struct Name {
  std::string_view name;
  E value;
};
constexpr Name<Algorithm> kAlgorithms[] = {{"auto", Algorithm::Auto},
                                           {"optimal", Algorithm::Optimal},
                                           {"dp", Algorithm::Dp},
                                           {"greedy", Algorithm::Greedy},
                                           {"random-greedy", Algorithm::RandomGreedy}};
constexpr Name<Minimize> kMinimize[] = {{"flops", Minimize::Flops},
                                        {"size", Minimize::Size},
                                        {"write", Minimize::Write},
                                        {"time", Minimize::Time}};

template <class E>
std::optional<E> named(std::span<const Name<E>> table, std::string_view name) {
  for (const Name<E>& row : table)
    if (row.name == name) return row.value;
  return std::nullopt;
}
}  // namespace

std::optional<Algorithm> algorithm_named(std::string_view name) {
  return named<Algorithm>(kAlgorithms, name);
}
std::optional<Minimize> minimize_named(std::string_view name) { return named<Minimize>(kMinimize, name); }
std::string_view name_of(Algorithm algorithm) {
  for (const auto& row : kAlgorithms)
    if (row.value == algorithm) return row.name;
  return "auto";
}

}  // namespace einx::detail::paths
