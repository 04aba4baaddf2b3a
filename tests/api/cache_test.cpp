// The signature cache through the public functions: single flight, eviction, counters.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

using einx::Tensor;

TEST_CASE("sixteen threads asking for the same thousand signatures compile each once") {
  constexpr int threads = 16;
  constexpr std::int64_t signatures = 1000;
  einx::clear_cache();
  const auto before = einx::cache_stats();
  std::atomic<int> wrong{0};
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t)
    pool.emplace_back([&wrong] {
      for (std::int64_t n = 1; n <= signatures; ++n) {
        const Tensor y = einx::sum("[a]", Tensor::full({n}, 1, einx::i32));
        wrong += y.item<std::int64_t>() != n;
      }
    });
  for (std::thread& thread : pool) thread.join();
  const auto after = einx::cache_stats();
  CHECK(wrong == 0);
  CHECK(after.compiled - before.compiled == signatures);
  CHECK(after.failed == before.failed);
}

TEST_CASE("a bounded cache keeps the least recently used out") {
  einx::clear_cache();
  einx::set_cache_size(2);
  const auto call = [](std::int64_t n) { return einx::sum("[a]", Tensor::ones({n})).item<float>(); };
  const auto compiled = [] { return einx::cache_stats().compiled; };
  call(1);
  call(2);
  const auto two = compiled();
  call(1);
  CHECK(compiled() == two);
  call(3);  // pushes 2 out
  CHECK(compiled() == two + 1);
  call(1);
  CHECK(compiled() == two + 1);
  call(2);
  CHECK(compiled() == two + 2);
  einx::set_cache_size(0);
  call(2);
  call(2);
  CHECK(compiled() == two + 4);
  einx::set_cache_size(-1);
}

TEST_CASE("a call that fails to compile is not cached") {
  const auto before = einx::cache_stats();
  for (int k = 0; k < 3; ++k) CHECK_THROWS_AS(einx::sum("a [b] c", Tensor::ones({2, 2})), einx::RankError);
  CHECK(einx::cache_stats().compiled == before.compiled);
  CHECK(einx::cache_stats().failed == before.failed + 3);
}
