// The table under many threads: single flight, shared failures, eviction of what is in use. Runs under
// ThreadSanitizer too.
#include <doctest/doctest.h>
#include <einx/error.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "cache/keys.h"

namespace {

using namespace cache_test;
using cache::Table;

template <class F>
void on_threads(int count, const F& work) {
  std::latch start(count);
  std::vector<std::jthread> threads;
  for (int t = 0; t < count; ++t)
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      work(t);
    });
}

void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::yield();
}

TEST_CASE("16 threads ask for 1,000 keys: each is made once") {
  constexpr int keys = 1000;
  Table table(-1, 8192);
  std::vector<std::atomic<int>> makes(keys);
  std::atomic<int> wrong = 0;
  on_threads(16, [&](int t) {
    for (int i = 0; i < keys; ++i) {
      const int key = (i * 7 + t * 61) % keys;  // another order on each thread
      const auto made = table.find_or_make(Key(key), [&] {
        ++makes[std::size_t(key)];
        std::this_thread::yield();
        return entry(key);
      });
      wrong += value(made) != key;
    }
  });
  int once = 0;
  for (const auto& count : makes) once += count == 1;
  CHECK(once == keys);
  CHECK(wrong == 0);
  const cache::Stats stats = table.stats();
  CHECK(stats.compiled == keys);
  CHECK(stats.live == keys);
  CHECK(stats.misses == keys + stats.waited);
  CHECK(stats.hits + stats.misses == 16 * keys);
}

TEST_CASE("whoever asks during a make waits and gets the same entry, kept or not") {
  for (const int capacity : {-1, 0}) {
    CAPTURE(capacity);
    Table table(capacity, 100);
    std::atomic<int> makes = 0;
    std::vector<Table::Entry> got(8);
    on_threads(8, [&](int t) {
      got[std::size_t(t)] = table.find_or_make(Key("k"), [&] {
        ++makes;
        wait_until([&] { return table.stats().waited == 7; });
        return entry(9);
      });
    });
    CHECK(makes == 1);
    for (const auto& each : got) CHECK(each == got[0]);
    CHECK(table.stats().live == (capacity == 0 ? 0 : 1));
  }
}

TEST_CASE("a failure reaches every waiter as it was thrown, and the next call makes anew") {
  Table table(-1, 100);
  std::atomic<int> caught = 0;
  on_threads(8, [&](int) {
    try {
      table.find_or_make(Key("k"), [&]() -> Table::Entry {
        wait_until([&] { return table.stats().waited == 7; });
        throw einx::SemanticError({.message = "no such thing", .kind = "missing-output", .carets = {1, 2}});
      });
    } catch (const einx::SemanticError& error) {
      caught += error.kind() == "missing-output" && error.carets().size() == 2;
    }
  });
  CHECK(caught == 8);
  CHECK(table.stats().failed == 1);
  CHECK(value(table.find_or_make(Key("k"), [] { return entry(1); })) == 1);
}

TEST_CASE("different keys are made at the same time") {
  Table table(-1, 100);
  std::atomic<int> inside = 0;
  on_threads(2, [&](int t) {
    table.find_or_make(Key(t), [&] {
      ++inside;
      wait_until([&] { return inside == 2; });  // hangs if one make excluded the other
      return entry(t);
    });
  });
  CHECK(inside == 2);
}

TEST_CASE("makes that wait for each other in a circle raise instead of hanging") {
  Table table(-1, 100);
  std::atomic<int> inside = 0, raised = 0;
  on_threads(2, [&](int t) {
    try {
      table.find_or_make(Key(t), [&] {
        ++inside;
        wait_until([&] { return inside == 2; });
        return table.find_or_make(Key(1 - t), [&] { return entry(t); });
      });
    } catch (const einx::InternalError&) {
      ++raised;
    }
  });
  CHECK(raised == 2);  // the one that closed the circle, and through its failed make the other
  CHECK(table.stats().live == 0);
}

TEST_CASE("entries are evicted and cleared while other threads use them") {
  struct Canary {
    explicit Canary(int v) : value(v) {}
    ~Canary() { value = -1; }
    int value;
  };
  Table table(3, 100);
  std::atomic<int> wrong = 0;
  on_threads(8, [&](int t) {
    for (int i = 0; i < 500; ++i) {
      const int key = (i + t) % 11;
      const auto held = table.find_or_make(Key(key), [&] { return std::make_shared<const Canary>(key); });
      if (t == 0 && i % 50 == 0) table.clear();
      if (t == 1 && i % 50 == 0) table.set_capacity(1 + i % 4);
      wrong += static_cast<const Canary*>(held.get())->value != key;
      wrong += int(table.stats().live) > 8 + 4;  // the capacity, and what is being added just now
    }
  });
  CHECK(wrong == 0);
  table.set_capacity(2);
  CHECK(table.stats().live <= 2);
}

TEST_CASE("the look-ups of many threads all count") {
  Table table(4, 100);
  table.find_or_make(Key("k"), [] { return entry(1); });
  on_threads(4, [&](int) {
    for (int i = 0; i < 5000; ++i) table.find(Key("k"));
  });
  CHECK(table.stats().hits == 20000);
}

}  // namespace
