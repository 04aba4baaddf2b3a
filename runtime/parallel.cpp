// parallel_for on OpenMP. Which indices form a part never depends on the number of threads, and neither does
// what a kernel computes.
#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "runtime/runtime.h"

namespace {

constexpr int32_t kMostThreads = 65536;

int32_t threads_from_environment() {
  const char* text = std::getenv("EINX_NUM_THREADS");
  if (text == nullptr || *text == '\0') return 0;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  return *end == '\0' && value >= 0 && value <= kMostThreads ? int32_t(value) : 0;
}

/// 0: OpenMP's own choice. Negative: not set by the program, so the environment decides.
std::atomic<int32_t> wanted_threads = -1;
std::atomic<bool> forked = false;

/// libgomp's workers do not exist in a forked child, and waiting for them hangs: a child computes on one
/// thread.
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, [] { forked = true; });

int32_t wanted() {
  static const int32_t from_environment = threads_from_environment();
  const int32_t set = wanted_threads.load(std::memory_order_relaxed);
  return set >= 0 ? set : from_environment;
}

void run_part(int64_t part, int64_t count, int64_t grain, einx_rt_body body, void* context) {
  const int64_t begin = part * grain;
  body(context, begin, begin + std::min(grain, count - begin));
}

}  // namespace

extern "C" {

int32_t einx_rt_threads(void) {
  if (forked.load(std::memory_order_relaxed)) return 1;
  const int32_t threads = wanted();
  return threads > 0 ? threads : std::max(1, omp_get_max_threads());
}

void einx_rt_set_threads(int32_t threads) { wanted_threads = std::clamp(threads, 0, kMostThreads); }

void einx_rt_parallel_for(int64_t count, int64_t grain, einx_rt_body body, void* context) {
  if (count <= 0) return;
  grain = std::clamp<int64_t>(grain, 1, count);
  const int64_t parts = count / grain + (count % grain != 0);
  const int32_t threads = parts == 1 ? 1 : int32_t(std::min<int64_t>(einx_rt_threads(), parts));
  if (threads <= 1 || omp_in_parallel()) {
    for (int64_t part = 0; part < parts; ++part) run_part(part, count, grain, body, context);
    return;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t part = 0; part < parts; ++part) run_part(part, count, grain, body, context);
}

}  // extern "C"
