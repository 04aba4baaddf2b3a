// Private to the paths layer: one call of `find`, with everything that its searches share.
#pragma once
#include "paths/search.h"

namespace einx::detail::paths {

struct Search {
  const Options& options;
  Model model;
  Budget budget;
  Algorithm used = Algorithm::Auto;  ///< the last one that found something
};

/// Raises ValueError bad-parameter.
void check(const Options& options, const Network& network);
/// With a number of seconds, whatever was given.
Options with_budget(Options options);

/// A tree by the algorithm of the options; without pairs if none keeps the limit, as far as it looks.
Found search_tree(const Problem& problem, Search& search);
/// With its score, or none if it breaks the limit.
Found judged(const Problem& problem, const Model& model, Found tree);

/// A tree that keeps the limit once labels of the network are sliced. Raises ValueError bad-parameter if they
/// must not be, and no tree keeps it.
struct Sliced {
  Pairs pairs;
  std::vector<int> slices;
  double total = kInfinite;  ///< cost of all slices
};
Sliced search_slices(const Network& network, const Problem& problem, Search& search);

}  // namespace einx::detail::paths
