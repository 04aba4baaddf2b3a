// Calls that a thread has made before: found without the table, never found when anything differs, and what they allocate.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <vector>

using einx::Tensor;

namespace {

thread_local std::int64_t allocations = 0;

std::vector<float> values(const Tensor& x) { return x.to_vector<float>(); }

}  // namespace

// The library's allocations come here, too: it asks for these functions by name.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* data = std::malloc(bytes)) return data;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* data) noexcept { std::free(data); }
[[gnu::noinline]] void operator delete(void* data, std::size_t) noexcept { std::free(data); }

TEST_CASE("a repeated call is a hit, and a dropped signature is compiled again") {
  const Tensor x = Tensor::iota({3, 5});
  einx::sum("p [q]", x);
  const auto before = einx::cache_stats();
  for (int k = 0; k < 100; ++k) CHECK(values(einx::sum("p [q]", x)) == std::vector<float>{10, 35, 60});
  CHECK(einx::cache_stats().hits - before.hits == 100);
  CHECK(einx::cache_stats().compiled == before.compiled);
  einx::clear_cache();
  CHECK(values(einx::sum("p [q]", x)) == std::vector<float>{10, 35, 60});
  CHECK(einx::cache_stats().compiled == before.compiled + 1);
}

TEST_CASE("the same call site with anything else is another signature") {
  const Tensor x = Tensor::iota({4, 4});
  const auto sum = [](const std::string& pattern, const Tensor& t) { return values(einx::sum(pattern, t)); };
  std::string pattern = "a [b]";  // one buffer: only its contents change
  for (int k = 0; k < 4; ++k) {
    pattern = "a [b]";
    CHECK(sum(pattern, x) == std::vector<float>{6, 22, 38, 54});
    CHECK(sum(pattern, x.permuted({1, 0})) == std::vector<float>{24, 28, 32, 36});
    CHECK(sum(pattern, x.sliced(1, 0, 2)) == std::vector<float>{1, 9, 17, 25});
    CHECK(sum(pattern, x.cast(einx::i32)) == std::vector<float>{6, 22, 38, 54});
    CHECK(einx::sum(pattern, x, einx::keepdims).rank() == 2);
    pattern = "[a] b";
    CHECK(sum(pattern, x) == std::vector<float>{24, 28, 32, 36});
    CHECK(values(einx::max("a [b]", x)) == std::vector<float>{3, 7, 11, 15});
    CHECK(values(einx::sum("(a b) [c]", x, {{"a", 2}})) == std::vector<float>{6, 22, 38, 54});
    for (const std::int64_t parts : {1, 2, 4})
      CHECK(einx::sum("a (b [c])", x, {{"b", parts}}).shape()[1] == parts);
    CHECK(values(einx::add("a, -> a", Tensor::ones({2}), k)) == std::vector<float>(2, float(1 + k)));
    CHECK(values(einx::add("a, -> a", Tensor::ones({2}), 0.5 + k)) == std::vector<float>(2, float(1.5 + k)));
    CHECK_THROWS_AS(einx::id("->", Tensor()), einx::TypeError);
    CHECK(einx::id("->", Tensor::scalar(2.f)).item<float>() == 2);
  }
}

TEST_CASE("a call that runs keeps its code, whatever a function of the user's does") {
  bool forgets = false;
  const auto meddle = einx::native("meddle", [&forgets](const Tensor& a, Tensor& out) {
    if (forgets) einx::clear_cache();
    if (forgets) einx::sum("[m]", Tensor::ones({3}));
    out.data_as<float>()[0] = a.item<float>() + 1;
  });
  const Tensor x = Tensor::iota({1, 3});
  for (int k = 0; k < 9; ++k) {
    forgets = k % 3 == 2;  // found in the table first, then in front of it
    CHECK(values(meddle("[a] b -> [a] b", x)) == std::vector<float>{1, 2, 3});
  }
}

TEST_CASE("threads that call while others forget") {
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> pool;
  for (int t = 0; t < 6; ++t)
    pool.emplace_back([&, t] {
      for (int k = 0; k < 1500; ++k) {
        const std::int64_t n = (k + t) % 7 + 1;
        wrong += einx::sum("[a]", Tensor::full({n}, 2)).item<float>() != float(2 * n);
      }
    });
  std::thread forgetful([&] {
    for (int k = 0; !stop; ++k) {
      if (k % 3 == 0) einx::clear_cache();
      einx::set_cache_size(k % 3 == 1 ? 3 : -1);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  for (std::thread& thread : pool) thread.join();
  stop = true;
  forgetful.join();
  einx::set_cache_size(-1);
  CHECK(wrong == 0);
}

TEST_CASE("what a call allocates") {
  const Tensor x = Tensor::iota({4, 4});
  Tensor y = einx::sum("a [b]", x);
  const einx::Graph graph = einx::graph::sum("a [b]", x);
  const einx::Operand operands[] = {einx::Operand(x)};
  Tensor* const results[] = {&y};
  const std::int64_t shape[] = {4, 4}, row[] = {4};
  const einx::View views[] = {{x.data(), einx::f32, shape}};
  const einx::MutableView places[] = {{y.data(), einx::f32, row}};
  const struct {
    std::string what;
    std::function<void()> call;
    std::int64_t at_most;
  } rows[] = {
      {"pattern: only the output, from recycled blocks", [&] { einx::sum("a [b]", x); }, 0},
      {"with sizes: the list of sizes is the caller's", [&] { einx::sum("a (b [c])", x, {{"b", 2}}); }, 1},
      {"a number", [&] { einx::add("a b, -> a b", x, 2); }, 0},
      {"into", [&] { einx::sum_into(y, "a [b]", x); }, 0},
      {"graph", [&] { graph.run_into(results, operands); }, 0},
      {"graph, output allocated", [&] { graph(x); }, 0},
      {"graph on views", [&] { graph.run_into(places, views); }, 0},
  };
  for (const auto& row_ : rows) {
    CAPTURE(row_.what);
    for (int k = 0; k < 3; ++k) row_.call();
    const std::int64_t before = allocations;
    for (int k = 0; k < 10; ++k) row_.call();
    CHECK((allocations - before) <= 10 * row_.at_most);
  }
}
