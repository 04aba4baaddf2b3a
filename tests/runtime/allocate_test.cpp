#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "runtime/runtime.h"

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kRecycles = false;
#else
constexpr bool kRecycles = true;
#endif

struct Held {
  void* data;
  int64_t bytes;
  unsigned char mark;
};

Held hold(int64_t bytes, unsigned char mark) {
  Held held{einx_rt_allocate(bytes), bytes, mark};
  std::memset(held.data, mark, size_t(bytes));
  return held;
}

/// Whether first and last byte still are what hold() wrote.
bool intact(const Held& held) {
  const auto* bytes = static_cast<const unsigned char*>(held.data);
  return held.bytes == 0 || (bytes[0] == held.mark && bytes[held.bytes - 1] == held.mark);
}

void churn(unsigned seed, int rounds) {
  std::mt19937 random(seed);
  std::vector<Held> held;
  for (int round = 0; round < rounds; ++round) {
    const int64_t bytes = int64_t(random() % (int64_t(1) << (random() % 22)));
    held.push_back(hold(bytes, static_cast<unsigned char>(random())));
    if (held.size() < 20) continue;
    const size_t victim = random() % held.size();
    CHECK(intact(held[victim]));
    einx_rt_free(held[victim].data, held[victim].bytes);
    held.erase(held.begin() + std::ptrdiff_t(victim));
  }
  for (const Held& h : held) {
    CHECK(intact(h));
    einx_rt_free(h.data, h.bytes);
  }
}

}  // namespace

TEST_CASE("every size is aligned and writable") {
  for (const int64_t bytes : {0, 1, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1,
                              (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 5'000'000, 40'000'001}) {
    CAPTURE(bytes);
    const Held held = hold(bytes, 7);
    CHECK(reinterpret_cast<std::uintptr_t>(held.data) % 64 == 0);
    if (kRecycles && bytes >= 2 << 20) CHECK(reinterpret_cast<std::uintptr_t>(held.data) % (2 << 20) == 0);
    CHECK(intact(held));
    einx_rt_free(held.data, bytes);
  }
}

TEST_CASE("impossible sizes give no memory instead of a failure") {
  CHECK(einx_rt_allocate(-1) == nullptr);
  CHECK(einx_rt_allocate(INT64_MAX) == nullptr);
  einx_rt_free(nullptr, 100);
}

TEST_CASE("blocks are recycled, large ones within a bound and until trimmed") {
  if (!kRecycles) return;
  for (const int64_t bytes : {100, 3000, 100'000, 3'000'000}) {
    void* first = einx_rt_allocate(bytes);
    einx_rt_free(first, bytes);
    void* second = einx_rt_allocate(bytes - 1);
    CHECK(first == second);
    einx_rt_free(second, bytes - 1);
  }
  CHECK(einx_rt_pooled_bytes() >= 3'100'000);
  std::vector<void*> many;
  for (int i = 0; i < 40; ++i)
    many.push_back(einx_rt_allocate(int64_t(40) << 20));  // more than the bound of 1 GiB, never touched
  for (void* data : many) einx_rt_free(data, int64_t(40) << 20);
  CHECK(einx_rt_pooled_bytes() <= int64_t(1) << 30);
  CHECK(einx_rt_pooled_bytes() >= int64_t(900) << 20);
  einx_rt_trim();
  CHECK(einx_rt_pooled_bytes() == 0);
}

TEST_CASE("blocks of many threads never overlap, also when another thread frees them") {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) threads.emplace_back([t] { churn(t, 3000); });
  for (std::thread& thread : threads) thread.join();

  std::vector<Held> held;
  std::thread([&] {
    for (int i = 0; i < 500; ++i) held.push_back(hold(i * 37 % 5000, static_cast<unsigned char>(i)));
  }).join();
  for (const Held& h : held) {
    CHECK(intact(h));
    einx_rt_free(h.data, h.bytes);
  }
  churn(99, 1000);
}
