// Sizes that become run-time parameters of one kernel: after the k-th signature nothing is traced or compiled, and every size is right.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include "support/log.h"

using einx::Shape;
using einx::Tensor;
using einx::Value;

namespace {

/// Sets how many signatures a site compiles before its sizes are parameters, and back.
struct After {
  explicit After(std::int64_t k) { einx::set_dynamic_after(k); }
  After(const After&) = delete;
  ~After() { einx::set_dynamic_after(4); }
};

std::vector<float> floats(const Tensor& t) { return t.to_vector<float>(); }

float total(const Tensor& t) {
  double sum = 0;
  for (const float f : floats(t)) sum += f;
  return float(sum);
}

}  // namespace

TEST_CASE("one kernel serves 1000 sizes: a direct call") {
  const After after(4);
  const auto call = [](const Tensor& x) { return einx::sum("a [b]", x); };
  for (const std::int64_t n : {5, 6, 7, 9}) call(Tensor::iota({n, 8}));
  const einx::CacheStats before = einx::cache_stats();
  for (std::int64_t n = 10; n < 1010; ++n) {
    const Tensor x = Tensor::iota({n, 8});
    const Tensor got = call(x);
    REQUIRE(got.shape()[0] == n);
    REQUIRE(got.item<float>({n - 1}) == float(8 * 8 * (n - 1) + 28));
    REQUIRE(got.item<float>({0}) == 28);
  }
  CHECK(einx::cache_stats().compiled == before.compiled);
  CHECK(einx::cache_stats().dynamic >= before.dynamic + 1000);
}

TEST_CASE("one kernel serves 1000 sizes: a traced function, whose code runs once") {
  const After after(4);
  int traced = 0;
  const auto f = einx::jit([&traced](Value x, Value y) {
    ++traced;
    return einx::exp(einx::dot("b c, c d -> b d", x, y)) * 2;
  });
  const Tensor w = Tensor::full({4, 3}, 0.5);
  for (const std::int64_t n : {5, 6, 7, 9}) f(Tensor::zeros({n, 4}), w);
  const einx::CacheStats before = einx::cache_stats();
  for (std::int64_t n = 10; n < 1010; ++n) REQUIRE(total(f(Tensor::zeros({n, 4}), w)) == float(2 * 3 * n));
  CHECK(traced == 1);
  CHECK(einx::cache_stats().compiled == before.compiled);
  CHECK(f.guards().text().find(", dynamic") != std::string::npos);
  CHECK(f.explain(Tensor::zeros({3, 4}), w).what == einx::Explanation::What::Dynamic);
}

TEST_CASE("sizes beyond the samples are right: 0, 1, huge, and what was seen before") {
  const After after(2);
  const auto f = einx::jit([](Value x) { return einx::einops::rearrange(x, "b (h w) -> w b h", {{"h", 2}}) + 1; });
  for (const std::int64_t n : {3, 5, 0, 1, 2, 3, 70001, 5, 64}) {
    const Tensor x = Tensor::iota({n, 6}), got = f(x), want = einx::einops::rearrange(x, "b (h w) -> w b h", {{"h", 2}});
    REQUIRE(got.size() == want.size());
    const std::vector<float> a = floats(got), b = floats(want);
    bool same = true;
    for (std::size_t k = 0; k < a.size(); ++k) same &= a[k] == b[k] + 1;
    CHECK_MESSAGE(same, n);
  }
  for (const std::int64_t n : {3, 5, 0, 1, 2, 70001}) {  // an axis that is reduced, too
    const Tensor x = Tensor::ones({n});
    CHECK(einx::sum("[a]", x).item<float>() == float(n));
  }
  CHECK_THROWS_AS(f(Tensor::iota({4, 7})), einx::AxisSizeError);
}

TEST_CASE("EINX_DYNAMIC_AFTER=0 compiles every size") {
  const After after(0);
  const einx::CacheStats before = einx::cache_stats();
  for (const std::int64_t n : {11, 12, 13, 14, 15, 16}) einx::multiply("a, a", Tensor::ones({n}), Tensor::ones({n}));
  CHECK(einx::cache_stats().compiled == before.compiled + 6);
  CHECK(einx::cache_stats().dynamic == before.dynamic);
}

TEST_CASE("the retrace warning says which axes are run-time parameters, and these sizes do not count") {
  const After after(3);
  einx::set_warn_on_retrace(4);
  support_test::Log log;
  const auto call = [](const Tensor& x, double k) { return einx::add("b,", x.cast(k > 0 ? einx::f64 : einx::f32), 1); };
  for (std::int64_t n = 20; n < 40; ++n) call(Tensor::ones({n}), 0);
  CHECK(log.count("traced and compiled") == 0);  // three were compiled, the others are parameters
  call(Tensor::ones({3}), 1);                    // another dtype is another signature
  CHECK(log.count("traced and compiled 4 times") == 1);
  CHECK(log.count("axis b of operand 0 is a run-time parameter since the 3rd signature") == 1);
  einx::set_warn_on_retrace(0);
}
