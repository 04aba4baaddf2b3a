// Private to the paths layer: the searches that `find` puts together. All of them are deterministic but for
// the clock of their budget.
#pragma once
#include <optional>

#include "paths/exact.h"
#include "paths/problem.h"

namespace einx::detail::paths {

struct Found {
  Pairs pairs;
  Score score = kNoScore;
  bool exact = false;
};

/// Exact over all subsets; none if no tree keeps the limit, or the budget ends. A greedy tree bounds it where
/// that pays.
std::optional<Found> find_exact(const Problem& problem, const Model& model, bool is_output, Budget& budget);

/// Dynamic programming over those sets of terms that hang together and cost no more than `known`, a tree that
/// is already there. `outer`: over all sets that cost no more. Its result is `exact` if nothing was left out;
/// `known` itself if nothing is better. `most_work` bounds it as well as the budget.
Found find_connected(const Problem& problem, const Model& model, bool is_output, bool outer,
                     const Found& known, double most_work, Budget& budget);

/// The greedy tree without chance.
Found find_greedy(const Problem& problem, const Model& model, Budget& budget);
/// Greedy trials in batches, the best of each reconfigured; ends after `most_batches`, or when many batches
/// in a row were no better.
Found find_random_greedy(const Problem& problem, const Model& model, std::uint64_t seed, int most_batches,
                         Budget& budget);

/// Improves a tree: parts of `leaves` leaves are solved anew, until no part gets better or the budget is
/// over.
void reconfigure(const Problem& problem, const Model& model, int leaves, int most_passes, Found& tree,
                 Exact& exact, Budget& budget);

/// Labels of the problem such that every intermediate of the tree fits into the limit of the model once they
/// are sliced.
std::vector<int> slices_of(const Problem& problem, const Model& model, const Pairs& pairs);
/// The problem of one slice.
Problem sliced(const Problem& problem, const std::vector<int>& labels);
/// How many slices they make.
double slice_count(const Problem& problem, const std::vector<int>& labels);

}  // namespace einx::detail::paths
