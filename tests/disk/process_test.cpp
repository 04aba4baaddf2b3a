// Many processes at one folder, killed at any moment: others see whole entries or none.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "disk/folders.h"

namespace {

using namespace disk_test;

constexpr int kKeys = 24;
std::string key(int k) { return "key " + std::to_string(k); }
/// What one of the writers saves under a key: all of one letter, of a size that the key and the letter give.
std::string object(int k, int writer) {
  return std::string(std::size_t(1000 + 997 * k + writer), char('a' + writer));
}
bool whole(int k, const std::string& found) { return !found.empty() && found == object(k, found[0] - 'a'); }

/// Looks at every entry: how many are there, or -1 if one is not whole.
int survey(disk::Store& store) {
  int there = 0;
  for (int k = 0; k < kKeys; ++k) {
    const auto found = store.load(key(k));
    if (found && !whole(k, *found)) return -1;
    there += found ? 1 : 0;
  }
  return store.counters().rejected == 0 ? there : -1;
}

TEST_CASE("eight threads with one store") {
  const Place place;
  disk::Store store((place / "cache").string(), 100'000);  // entries go all the time
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int writer = 0; writer < 8; ++writer)
    threads.emplace_back([&, writer] {
      for (int round = 0; round < 100; ++round) {
        const int k = (7 * round + writer) % kKeys;
        if (const auto found = store.load(key(k)); found && !whole(k, *found)) ++wrong;
        store.save(key(k), object(k, writer));
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(store.counters().saved == 800);
  CHECK(store.counters().rejected == 0);
  CHECK(store.contents().bytes <=
        100'000 + 8 * 25'000);  // what the others are about to write is in no account
}

TEST_CASE("eight processes") {
  const Place place;
  const std::string folder = (place / "cache").string();
  for (const std::int64_t limit : {kPlenty, std::int64_t(100'000)}) {  // with and without entries that go
    std::vector<pid_t> children;
    for (int writer = 0; writer < 8; ++writer)
      children.push_back(start([&, writer] {
        std::mt19937 random(static_cast<unsigned>(writer));
        disk::Store store(folder, limit);
        for (int round = 0; round < 150; ++round) {
          const int k = int(random() % kKeys);
          const auto found = store.load(key(k));
          if (found && !whole(k, *found)) return 1;
          if (!found || random() % 4 == 0) store.save(key(k), object(k, writer));
          if (random() % 50 == 0) store.clear();
        }
        return store.counters().rejected == 0 && store.counters().saved > 0 ? 0 : 2;
      }));
    for (const pid_t child : children) CHECK(result(child) == 0);
    disk::Store store(folder, limit);
    CHECK(survey(store) >= 0);
    CHECK(files(folder).size() == std::size_t(store.contents().entries));  // no temporary file
  }
}

TEST_CASE("killed at 200 random moments") {
  const Place place;
  const std::string folder = (place / "cache").string();
  std::mt19937 random(5);
  int most = 0;
  for (int round = 0; round < 200; ++round) {
    const unsigned seed = random();
    const pid_t child = start([&] {
      std::mt19937 own(seed);
      disk::Store store(folder, kPlenty);
      for (;;) {
        const int k = int(own() % kKeys);
        store.save(key(k), object(k, int(own() % 26)));
      }
      return 0;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(200 + random() % 3000));
    REQUIRE(kill(child, SIGKILL) == 0);
    REQUIRE(result(child) == -SIGKILL);
    disk::Store store(folder, kPlenty);
    const int there = survey(store);
    REQUIRE(there >= 0);
    most = std::max(most, there);
    if (round % 40 == 39) store.clear();
  }
  CHECK(most > 0);  // some of them lived long enough
}

}  // namespace
