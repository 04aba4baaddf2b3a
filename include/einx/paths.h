// In which order an einsum of many operands is best contracted.
//
//   const einx::PathInfo info = einx::contract_path("ij,jk,kl->il", {{2, 100}, {100, 2}, {2, 100}});
//   info.path            {{0, 1}, {0, 1}}: positions in the list of operands; those of a step are removed,
//   its result is appended std::cout << info.text();
//
// Costs are counted as opt_einsum counts them: a step over n operands has (product of the sizes of its axes)
// * (max(1, n - 1) + (1 if an axis is summed)).
#pragma once
#include <einx/tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace [[gnu::visibility("default")]] einx {

/// How far a search has come.
struct PathProgress {
  double seconds = 0;   ///< since it began
  double fraction = 0;  ///< of its budget
  double best = 0;      ///< cost of the best path so far; infinite while there is none
  int trials = 0;
};

struct PathOptions {
  /// "auto": exact where that is cheap, else sets that hang together, else random-greedy until the time is
  /// over; "optimal": the best of all paths of pairs, outer products and sums over single operands included
  /// (64 operands at most; time grows as 3^n beyond 12); "dp": the same without outer products; "greedy";
  /// "random-greedy": many greedy paths, improved part by part.
  std::string optimize = "auto";
  std::string minimize = "flops";  ///< "flops", "size": the largest intermediate, "write": all intermediates,
                                   ///< "time": by a model of this machine
  double seconds =
      0;  ///< most time for the search; 0: one second for auto and random-greedy, else as long as it takes
  double memory_limit = 0;  ///< most elements of an intermediate (the output aside); 0: none. What breaks it
                            ///< otherwise is sliced.
  bool slicing = true;      ///< false: an error instead of slices
  std::uint64_t seed =
      0;  ///< the same seed gives the same path, unless "time" is minimised or the clock ends the search
  std::vector<int> constants = {};  ///< operands known beforehand: what depends on them alone costs nothing
  std::function<bool(const PathProgress&)> progress =
      {};  ///< called now and then; false ends the search with the best path so far
};

struct PathStep {
  std::vector<int> positions;  ///< ascending
  std::string equation;        ///< "kl,ik->il"
  std::string remaining;       ///< the equation that is left; "..." for more than 20 terms
  int scaling = 0;             ///< number of axes
  double flops = 0;            ///< of one slice; 0 where all is constant
  double size = 0;             ///< elements of the result
};

struct PathInfo {
  std::string equation;  ///< with its output, ellipses written out
  std::vector<std::vector<int>> path;
  std::vector<PathStep> steps;
  int naive_scaling = 0, scaling = 0;  ///< axes of the nest over all operands; most axes of a step
  double naive_flops = 0, flops = 0;   ///< of that nest; of all steps and slices
  double largest = 0;                  ///< elements of the largest result of a step
  double write = 0;                    ///< elements of all results
  std::vector<std::string> slices;     ///< axes: the path is run for each assignment of them
  double slice_count = 1;
  std::string algorithm;  ///< that found the path
  bool exact = false;     ///< no path that this algorithm looks at is better
  bool stopped = false;   ///< by time or by `progress`
  double seconds = 0;     ///< that the search took

  double speedup() const { return flops > 0 ? naive_flops / flops : 1; }
  /// The table: equation, scaling, flop counts, speed-up, largest intermediate, and each step.
  std::string text() const;
};

/// `equation` as for einx::einsum, a shape for each operand. An axis of size 1 broadcasts. Raises what einsum
/// raises, and ValueError bad-parameter for an option that makes no sense, or if no path keeps the limit
/// without slices.
PathInfo contract_path(std::string_view equation, const std::vector<Shape>& shapes,
                       const PathOptions& options = {});

/// The same with numbers for axes: for networks of hundreds of tensors. A label twice in an input is its
/// diagonal; the labels of the output are distinct.
struct TensorNetwork {
  std::vector<std::vector<int>> inputs;
  std::vector<int> output;
  std::map<int, std::int64_t> sizes;
};
/// Slices are named by their numbers; equations have letters, a to z, then A to Z, then those of another
/// alphabet. Raises ValueError bad-parameter.
PathInfo contract_path(const TensorNetwork& network, const PathOptions& options = {});

}  // namespace einx
