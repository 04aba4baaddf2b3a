// Front door of the paths layer: in which order the terms of an einsum are contracted. Knows labels and
// sizes, no tensors.
//
//   Result result = paths::find(network, {.minimize = Minimize::Flops});
//   for (const StepTerms& step : paths::steps(network, result.path)) ...   what every step contracts, and
//   what it makes
//
// Costs are those that opt_einsum reports: a step over n terms costs (product of the sizes of all its labels)
// * (max(1, n - 1) + (1 if a label is summed)). Methods: exact dynamic programming over subsets (Pfeifer,
// Haegeman, Verstraete, arXiv:1304.6112), randomised greedy search and subtree reconfiguration (Gray,
// Kourtis, arXiv:2002.01935).
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "support/support.h"

namespace einx::detail::paths {

/// An einsum without tensors. Labels are 0, 1, ... below sizes.size(). An axis of size 1 that broadcasts has
/// no label in its term.
struct Network {
  std::vector<std::vector<int>> terms;  ///< a label twice in a term: its diagonal
  std::vector<int> output;              ///< each label once; every one is in a term
  std::vector<std::int64_t> sizes;      ///< per label
  std::vector<bool> constant = {};  ///< per term; empty: none. What depends on constants alone costs nothing.
};
/// Raises ValueError bad-parameter if it has no terms, a label without size, a negative size, or an output
/// label that is repeated or in no term.
void check(const Network& network);

/// Positions in the list of terms; the terms of a step are removed and its result is appended. A step of one
/// position sums or takes a diagonal.
using Path = std::vector<std::vector<int>>;

enum class Algorithm { Auto, Optimal, Dp, Greedy, RandomGreedy };
enum class Minimize { Flops, Size, Write, Time };
std::optional<Algorithm> algorithm_named(
    std::string_view name);  ///< "auto", "optimal", "dp", "greedy", "random-greedy"
std::optional<Minimize> minimize_named(std::string_view name);  ///< "flops", "size", "write", "time"
std::string_view name_of(Algorithm algorithm);

/// Seconds of a step: max(flops / flops_per_second, bytes moved / bytes_per_second) + seconds_per_step.
struct TimeModel {
  double flops_per_second = 0, bytes_per_second = 0, seconds_per_step = 0;
  double bytes_per_element = 4;
};
/// This machine's, measured at first use (some 10 ms) and kept for the process.
const TimeModel& measured_time_model();

struct Progress {
  double seconds = 0;   ///< since the start
  double fraction = 0;  ///< of the budget, 0 to 1
  double best = 0;      ///< cost of the best path so far; infinite before the first
  int trials = 0;       ///< paths that have been tried
};

struct Options {
  Algorithm algorithm = Algorithm::Auto;
  Minimize minimize = Minimize::Flops;
  /// Most seconds of search; 0: 1 for auto and random-greedy, else as many as it takes. Work is counted as
  /// well, at a rate that machines reach, so that what is found does not depend on the clock, but on slow
  /// machines.
  double seconds = 0;
  double memory_limit = 0;  ///< most elements of an intermediate, other than the output; 0: no limit
  bool slicing = true;      ///< whether labels may be sliced where no path keeps the limit otherwise
  std::uint64_t seed = 0;
  std::optional<TimeModel> time = std::nullopt;  ///< for Minimize::Time; none: measured_time_model()
  /// Called now and then; false stops the search, and the best path so far is the result.
  std::function<bool(const Progress&)> progress = {};
};

struct Cost {
  double flops = 0;    ///< of all slices
  double largest = 0;  ///< elements of the largest result of a step, the output among them; of one slice
  double write = 0;    ///< elements of all results of steps, of all slices
  double seconds = 0;  ///< by the time model, if one was given
};
struct Result {
  Path path;
  std::vector<int> slices;  ///< labels: the path is run for every assignment of them, and the results are
                            ///< added or put beside one another
  double slice_count = 1;
  Cost cost;
  Algorithm algorithm = Algorithm::Auto;  ///< the one that found the path
  bool exact = false;                     ///< nothing in that algorithm's space is better
  bool stopped = false;                   ///< by the budget or by `progress`
  double search_seconds = 0;
};

/// Raises ValueError bad-parameter: what `check` raises; a negative limit, budget or one that is no number;
/// `optimal` for more operands than it can take; a limit that no path keeps without slicing where slicing is
/// not allowed.
Result find(const Network& network, const Options& options = {});

/// One step of a path written out.
struct StepTerms {
  std::vector<int> positions;
  std::vector<int> identities;           ///< of each: the network's terms are 0, 1, ...; results of steps follow
  std::vector<std::vector<int>> inputs;  ///< labels of each, in the order of the positions
  std::vector<int> output;               ///< in order of appearance; for the last step the network's output
  double flops = 0, size = 0;            ///< 0 flops if all that it depends on is constant
};
/// Raises ValueError bad-parameter for a path that does not fit the network or leaves more than one term.
/// Sliced labels have size 1 and no factor.
std::vector<StepTerms> steps(const Network& network, const Path& path, const std::vector<int>& slices = {});
/// The cost of a path, whoever made it.
Cost cost(const Network& network, const Path& path, const std::vector<int>& slices = {},
          const std::optional<TimeModel>& time = std::nullopt);
/// Of one step over all terms.
double naive_flops(const Network& network);

}  // namespace einx::detail::paths
