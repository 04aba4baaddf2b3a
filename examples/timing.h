// What the examples measure with.
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>

namespace timing {

inline double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The fastest of many, in seconds: until the budget of seconds is spent, and `least` times at least.
inline double best_of(const std::function<void()>& work, double budget = 0.2, int least = 10) {
  double best = seconds(work), sum = best;
  for (int k = 0; k < least || (sum < budget && k < 100000); ++k) {
    const double last = seconds(work);
    best = std::min(best, last), sum += last;
  }
  return best;
}

}  // namespace timing
