// Paired timing: every candidate in turn, again and again, each right after a run of its own, so that none finds in the caches what the one before it has
// read; the minimum of each.
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

/// The fastest of at least `repetitions` interleaved runs of each, and of as many as fit into `budget` seconds.
inline std::vector<double> fastest(const std::vector<Work>& candidates, int repetitions = 7, double budget = 1.5) {
  std::vector<double> best(candidates.size(), 1e30);
  for (const Work& work : candidates) work();  // warm: compiled, pages mapped
  double spent = 0;
  for (int round = 0; round < repetitions || spent < budget; ++round) {
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      spent += seconds(candidates[k]);
      const double taken = seconds(candidates[k]);
      best[k] = std::min(best[k], taken);
      spent += taken;
    }
    if (round > 2000) break;
  }
  return best;
}

}  // namespace bench
