// What this machine does in a second, measured once: a loop of multiply-adds in the cache, and reading more
// than the cache holds.
#include <chrono>
#include <vector>

#include "paths/paths.h"

namespace einx::detail::paths {

namespace {

using Clock = std::chrono::steady_clock;

template <class Run>
double best_seconds(int times, const Run& run) {
  double best = std::numeric_limits<double>::infinity();
  for (int k = 0; k < times; ++k) {
    const Clock::time_point start = Clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

/// Independent chains, as a contraction in registers has them. The library itself is compiled for any CPU:
/// kernels made for this one are some times as fast.
double measure_flops() {
  constexpr int kChains = 64, kRounds = 20000;
  constexpr double kWiderVectors = 4;
  std::vector<float> sums(kChains, 1.0f);
  const float factor = 0.999f, term = 0.001f;
  const double seconds = best_seconds(3, [&] {
    float chains[kChains];
    std::copy(sums.begin(), sums.end(), chains);
    for (int round = 0; round < kRounds; ++round)
      for (float& chain : chains) chain = chain * factor + term;
    std::copy(chains, chains + kChains, sums.begin());
  });
  return kWiderVectors * 2.0 * kChains * kRounds / seconds;
}

double measure_bytes() {
  constexpr std::size_t kElements = std::size_t(1) << 21;
  std::vector<double> from(kElements, 1.0), to(kElements);
  const double seconds = best_seconds(3, [&] { std::copy(from.begin(), from.end(), to.begin()); });
  return 2.0 * sizeof(double) * double(kElements) / seconds;
}

}  // namespace

const TimeModel& measured_time_model() {
  constexpr double kSecondsPerStep = 1e-6;  // a kernel's call and its temporary
  static const TimeModel model{measure_flops(), measure_bytes(), kSecondsPerStep};
  return model;
}

}  // namespace einx::detail::paths
