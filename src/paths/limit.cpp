// Where no path keeps the memory limit: a path that does not, and the labels that are sliced for it.
#include <string>

#include "paths/plan.h"

namespace einx::detail::paths {

namespace {

bool fits(const Network& network, const Model& model, const Pairs& pairs, const std::vector<int>& slices) {
  return evaluate(make_problem(network, slices), model, pairs).largest <= model.limit;
}

/// Labels of the network that this tree needs to have sliced.
std::vector<int> network_slices(const Network& network, const Model& model, const Pairs& pairs) {
  std::vector<int> class_of, slices;
  const Problem problem = make_problem(network, {}, &class_of);
  for (const int label : slices_of(problem, model, pairs))
    for (std::size_t k = 0; k < class_of.size(); ++k)
      if (class_of[k] == label && network.sizes[k] > 1) slices.push_back(int(k));
  // Labels that are one for the search need not all be sliced; nor need those that later ones made
  // unnecessary.
  for (std::size_t k = 0; k < slices.size();) {
    std::vector<int> fewer = slices;
    fewer.erase(fewer.begin() + std::ptrdiff_t(k));
    if (fits(network, model, pairs, fewer))
      slices = std::move(fewer);
    else
      ++k;
  }
  return slices;
}

/// The slices that a tree needs, and the best tree for them.
Sliced slice_tree(const Network& network, Search& search, const Pairs& pairs) {
  const std::vector<int> slices = network_slices(network, search.model, pairs);
  const Problem slice = make_problem(network, slices);
  Found best = judged(slice, search.model, {pairs, {}, false});
  if (Found again = search_tree(slice, search); !again.pairs.empty()) {
    again = judged(slice, search.model, std::move(again));
    if (again.score < best.score) best = std::move(again);
  }
  double total = best.score.cost;
  if (search.model.minimize != Minimize::Size)
    for (const int label : slices) total *= double(network.sizes[std::size_t(label)]);
  return {std::move(best.pairs), slices, total};
}

[[noreturn]] void raise_limit(double limit, double needed) {
  const auto number = [](double x) { return std::to_string(static_cast<long long>(std::min(x, 9e18))); };
  support::raise<ValueError>(
      {.kind = "bad-parameter",
       .sentence = "No path was found that keeps every intermediate within " + number(limit) + " elements.",
       .advice = {"The best path found for size needs " + number(needed) +
                  "; allow more, or allow labels to be sliced."}});
}

}  // namespace

Sliced search_slices(const Network& network, const Problem& problem, Search& search) {
  const Model limited = search.model;
  Sliced best;
  double needed = kInfinite;
  // From two trees that ignore the limit: one for cost, one for size.
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

}  // namespace einx::detail::paths
