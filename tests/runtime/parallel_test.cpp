#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/runtime.h"

namespace {

struct Parts {
  std::mutex mutex;
  std::vector<std::pair<int64_t, int64_t>> ranges;
};

std::vector<std::pair<int64_t, int64_t>> parts_of(int64_t count, int64_t grain) {
  Parts parts;
  einx_rt_parallel_for(
      count, grain,
      [](void* context, int64_t begin, int64_t end) {
        auto& into = *static_cast<Parts*>(context);
        const std::lock_guard lock(into.mutex);
        into.ranges.emplace_back(begin, end);
      },
      &parts);
  std::sort(parts.ranges.begin(), parts.ranges.end());
  return parts.ranges;
}

struct Case {
  int64_t count, grain;
  std::vector<std::pair<int64_t, int64_t>> parts;
};
const Case kCases[] = {
    {0, 4, {}},
    {-3, 4, {}},
    {1, 4, {{0, 1}}},
    {4, 4, {{0, 4}}},
    {5, 4, {{0, 4}, {4, 5}}},
    {9, 3, {{0, 3}, {3, 6}, {6, 9}}},
    {3, 0, {{0, 1}, {1, 2}, {2, 3}}},
    {10, INT64_MAX, {{0, 10}}},
};

void count_nested(void* context, int64_t, int64_t) {
  einx_rt_parallel_for(
      10, 1,
      [](void* counter, int64_t begin, int64_t end) {
        *static_cast<std::atomic<int64_t>*>(counter) += end - begin;
      },
      context);
}

}  // namespace

TEST_CASE("the parts depend on count and grain, never on the number of threads") {
  for (const int32_t threads : {1, 2, 5, 0}) {
    einx_rt_set_threads(threads);
    for (const Case& row : kCases) {
      CAPTURE(row.count);
      CAPTURE(row.grain);
      CHECK(parts_of(row.count, row.grain) == row.parts);
    }
  }
}

TEST_CASE("a parallel loop inside a part runs on that thread") {
  std::atomic<int64_t> total = 0;
  einx_rt_parallel_for(8, 1, count_nested, &total);
  CHECK(total == 80);
}

TEST_CASE("the number of threads can be set and reset") {
  einx_rt_set_threads(3);
  CHECK(einx_rt_threads() == 3);
  einx_rt_set_threads(0);
  CHECK(einx_rt_threads() >= 1);
}

TEST_CASE("a forked child computes on one thread and does not hang") {
  einx_rt_set_threads(4);
  CHECK(parts_of(100, 1).size() == 100);  // the parent's team exists now
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a hang ends the child by a signal
    void* data = einx_rt_allocate(1 << 22);
    const bool works = einx_rt_threads() == 1 && parts_of(100, 1).size() == 100 && data != nullptr;
    _exit(works ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(einx_rt_threads() == 4);
  einx_rt_set_threads(0);
}
