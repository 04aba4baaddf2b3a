// Paired timing: every candidate in turn, again and again; the minimum of each. A turn is several runs, of which the first does not count: what the
// candidate before it has left in the caches is nobody's merit.
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

namespace bench {

using Work = std::function<void()>;

inline double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The fastest counted run of at least `turns` interleaved turns of each, and of as many as fit into `budget` seconds.
inline std::vector<double> fastest(const std::vector<Work>& candidates, int turns = 7, double budget = 1.5) {
  constexpr int kCounted = 3;
  constexpr double kLong = 0.02;  // seconds; of runs that take this long one counts
  std::vector<double> best(candidates.size(), 1e30);
  for (const Work& work : candidates) work();  // compiled, pages mapped
  double spent = 0;
  for (int turn = 0; (turn < turns || spent < budget) && turn < 2000; ++turn) {
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      spent += seconds(candidates[k]);
      for (int run = 0; run < kCounted; ++run) {
        const double taken = seconds(candidates[k]);
        best[k] = std::min(best[k], taken);
        spent += taken;
        if (taken > kLong) break;
      }
    }
  }
  return best;
}

}  // namespace bench
