// Traced functions at other sizes: what was recorded runs again, what was assumed is checked, nothing stale runs; guards and explanations say so.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <algorithm>

using einx::Explanation;
using einx::Shape;
using einx::Tensor;
using einx::Value;
using What = einx::Explanation::What;

namespace {

std::vector<float> floats(const Tensor& t) { return t.to_vector<float>(); }
Shape shape_of(const Tensor& t) { return {t.shape().begin(), t.shape().end()}; }

bool says(const einx::Guards& guards, std::string_view text) { return guards.text().find(text) != std::string::npos; }

}  // namespace

TEST_CASE("other sizes replay what was recorded; other ranks and dtypes are traced again") {
  int traced = 0;
  const auto f = einx::jit([&traced](Value x) {
    ++traced;
    return einx::einops::rearrange(x, "b (h w) -> b h w", {{"h", 2}});
  });
  for (const std::int64_t n : {3, 4, 5, 1, 0})
    for (const std::int64_t w : {2, 8, 6}) {
      const Tensor x = Tensor::iota({n, w});
      CHECK(floats(f(x)) == floats(x));
      CHECK(shape_of(f(x)) == Shape{n, 2, w / 2});
    }
  CHECK(traced == 1);
  f(Tensor::iota({3, 4}, einx::i64));
  CHECK(traced == 2);
  CHECK_THROWS_AS(f(Tensor::iota({3, 4, 2})), einx::RankError);
  CHECK(traced == 3);
  CHECK_THROWS_AS(f(Tensor::iota({3, 5})), einx::AxisSizeError);  // no longer divisible: the error of an eager call
  CHECK(traced == 3);
}

TEST_CASE("what the code looked at is a guard") {
  int traced = 0;
  const auto f = einx::jit([&traced](Value x) {
    ++traced;
    return x.shape()[0] > 2 ? einx::sum("a [b]", x) : x * 2;
  });
  CHECK(shape_of(f(Tensor::ones({3, 4}))) == Shape{3});
  CHECK(shape_of(f(Tensor::ones({2, 4}))) == Shape{2, 4});
  CHECK(traced == 2);
  CHECK(says(f.guards(), "looked: axis 0 of operand #1 is 3, which the code has read"));
  CHECK(f.explain(Tensor::ones({5, 4})).what == What::Traced);
  CHECK(f.explain(Tensor::ones({5, 4})).text().find("axis 0 of operand #1") != std::string::npos);
  CHECK(traced == 2);
}

TEST_CASE("guards name what a call relies on") {
  const auto f = einx::jit([](Value x, Value y) {
    const Value split = einx::einops::rearrange(x, "b (h w) -> b h w", {{"h", 2}});
    return einx::dot("b h w, w c -> b h c", split, y) + reshape(einx::roll("[c]", einx::sum("[w] c", y), einx::Shift{1}), {1, -1});
  });
  f(Tensor::ones({3, 4}), Tensor::ones({2, 5}));
  const einx::Guards guards = f.guards();
  REQUIRE(guards.specialisations.size() == 1);
  CHECK(guards.specialisations[0].signature == "(f32[3, 4], f32[2, 5])");
  CHECK(guards.specialisations[0].origin == einx::Origin::Traced);
  for (const char* text : {"dtype: operand #1 is f32", "rank: operand #2 has 2 axes", "size: axis 1 of operand #1 is 4", "layout: operand #1 is row-major",
                           "divisible: axis 1 of operand #1 by 2 (h), in \"b (h w) -> b h w\"", "given: h is 2", "parameter: shift is (1,) in roll",
                           "parameter: (1, -1) of reshape"})
    CHECK_MESSAGE(says(guards, text), text, "\n", guards.text());
  f(Tensor::ones({7, 6}), Tensor::ones({3, 5}));
  CHECK(says(f.guards(), "(f32[7, 6], f32[3, 5]), replayed"));
  const auto g = einx::jit([](Value x, Value y) { return einx::add("a b, b", x, y); });
  g(Tensor::ones({3, 4}), Tensor::ones({4}));
  CHECK(says(g.guards(), "equal: axis 0 of operand #2 is axis 1 of operand #1 (b), in \"a b, b\""));
}

TEST_CASE("explain says what a call would do, and does nothing") {
  int traced = 0;
  const auto f = einx::jit([&traced](Value x) {
    ++traced;
    return einx::einops::rearrange(x, "(a b) -> a b", {{"b", 2}});
  });
  CHECK(f.explain(Tensor::iota({4})).what == What::Traced);
  CHECK(traced == 0);
  f(Tensor::iota({4}));
  const std::uint64_t compiled = einx::cache_stats().compiled;
  CHECK(f.explain(Tensor::iota({4})).what == What::Hit);
  const Explanation longer = f.explain(Tensor::iota({6}));
  CHECK(longer.what == What::Replayed);
  CHECK(longer.text() == "replayed: axis 0 of operand #1 is 6, not 4");
  const Explanation odd = f.explain(Tensor::iota({5}));
  CHECK(odd.what == What::Raises);
  CHECK(odd.error.find("b") != std::string::npos);
  CHECK(f.explain(Tensor::iota({4}, einx::i32)).text() == "traced again: operand #1 is i32, not f32");
  CHECK(f.explain(Tensor::iota({2, 2})).text() == "traced again: operand #1 has 2 axes, not 1");
  CHECK(traced == 1);
  CHECK(einx::cache_stats().compiled == compiled);
}

TEST_CASE("captured tensors are never stale") {
  for (const bool folded : {true, false}) {
    Tensor weight = Tensor::full({4}, 2), large = Tensor::full({200, 200}, 1);
    einx::OptimizeOptions options;
    options.fold_constants = folded;
    const auto f = einx::jit([&](Value x) { return einx::multiply("a b, b", x, weight) * Tensor::full({1}, 3) + einx::sum("[...]", einx::constant(large)); }, options);
    CHECK(floats(f(Tensor::ones({2, 4}))) == std::vector<float>(8, 40006));
    weight.data_as<float>()[1] = 5;
    CHECK(floats(f(Tensor::ones({2, 4})))[1] == 40015);
    CHECK(floats(f(Tensor::ones({1, 4})))[1] == 40015);
    large.data_as<float>()[0] = 3;
    CHECK(floats(f(Tensor::ones({1, 4})))[1] == 40017);
    CHECK(says(f.guards(), folded ? "captured: f32[4] is a constant of the code (fold_constants), compared" : "captured: f32[4] is read anew by every call"));
    CHECK(says(f.guards(), "captured: f32[200, 200] is read anew by every call"));
    CHECK(says(f.guards(), "captured: f32[1] is a constant that only this function holds"));
    weight.data_as<float>()[2] = 7;
    if (folded) CHECK(f.explain(Tensor::ones({1, 4})).text().find("not what it was when it became a constant") != std::string::npos);
    CHECK(floats(f(Tensor::ones({1, 4})))[2] == 40002 + 21);
  }
}

TEST_CASE("sizes that are computed follow the data") {
  int traced = 0;
  const auto f = einx::jit([&traced](Value x, Value n) {
    ++traced;
    return einx::einops::repeat(x, "a -> a n", {{"n", n + 1}});
  });
  for (const std::int64_t n : {1, 4, 0, 4}) CHECK(shape_of(f(Tensor::iota({3}), Tensor::scalar(n))) == Shape{3, n + 1});
  CHECK(shape_of(f(Tensor::iota({5}), Tensor::scalar(std::int64_t(2)))) == Shape{5, 3});
  CHECK(traced == 1);
  CHECK_THROWS_AS(f(Tensor::iota({5}), Tensor::scalar(std::int64_t(-3))), einx::AxisSizeError);
  CHECK(says(f.guards(), "computed: a size in \"a -> a n\" is computed by every call"));
}

TEST_CASE("code that looks at what is computed is traced again when it changes") {
  const auto f = einx::jit([](Value x, Value n) {
    const Value y = einx::einops::repeat(x, "a -> a n", {{"n", n}});
    return y.shape()[1] > 2 ? y * 10 : y;
  });
  const auto at = [&](std::int64_t n) { return f(Tensor::ones({2}), Tensor::scalar(n)); };
  CHECK(floats(at(2)) == std::vector<float>(4, 1));
  CHECK(floats(at(3)) == std::vector<float>(6, 10));
  CHECK(floats(at(2)) == std::vector<float>(4, 1));
  CHECK(floats(at(1)) == std::vector<float>(2, 1));
}

TEST_CASE("branches and loops in traced functions follow the data") {
  const auto norm = einx::jit([](Value x) {
    const Value n = einx::sum("a [b]", x * x);
    return einx::cond(einx::any(n > 7), [](Value v) { return v / 2; }, [](Value v) { return v; }, n);
  });
  CHECK(floats(norm(Tensor::ones({2, 3}))) == std::vector<float>{3, 3});
  CHECK(floats(norm(Tensor::full({2, 3}, 2))) == std::vector<float>{6, 6});
  CHECK(floats(norm(Tensor::full({1, 2}, 2))) == std::vector<float>{4});
  const auto power = einx::jit([](Value x, Value n) {
    const auto [i, y] = einx::while_loop([&](Value k, Value) { return k < n; }, [&](Value k, Value v) { return std::pair{k + 1, v * x}; }, 0, einx::constant(1.0F) + x * 0);
    return y;
  });
  CHECK(floats(power(Tensor::full({2}, 3), Tensor::scalar(std::int64_t(4)))) == std::vector<float>{81, 81});
  CHECK(floats(power(Tensor::full({2}, 3), Tensor::scalar(std::int64_t(0)))) == std::vector<float>{1, 1});
  const auto fold = einx::jit([](Value x) { return einx::for_each(x, [](Value row, Value a, Value b) { return std::pair{b, a + row}; }, x.dtype() == einx::f32 ? 0.0 : 1.0, 1.0).first; });
  CHECK(fold(Tensor::iota({3})).item<double>() == doctest::Approx(2));  // swapped every round: (1, 0), (0, 2), (2, 2)
}

TEST_CASE("the same functions with tensors just run") {
  const Tensor x = Tensor::iota({3, 2});
  CHECK(floats(einx::cond(true, [](const Tensor& a) { return a; }, [](const Tensor& a) { return einx::negative("...", a); }, x)) == floats(x));
  const Tensor total = einx::for_each(x, [](const Tensor& row, const Tensor& sum) { return einx::add("a, a", row, sum); }, Tensor::zeros({2}));
  CHECK(floats(total) == std::vector<float>{6, 9});
  const auto [i, y] = einx::while_loop([](const Tensor& k, const Tensor&) { return einx::less(",", k, 3); },
                                       [](const Tensor& k, const Tensor& v) { return std::pair{einx::add(",", k, 1), einx::multiply("a,", v, 2)}; }, 0, Tensor::ones({2}));
  CHECK(floats(y) == std::vector<float>{8, 8});
  CHECK(i.item<std::int64_t>() == 3);
}

TEST_CASE("mistakes with regions are errors") {
  const auto unequal = einx::jit([](Value x) { return einx::cond(einx::any(x > 0), [](Value v) { return v; }, [](Value v) { return einx::sum("[...]", v); }, x); });
  CHECK_THROWS_WITH_AS(unequal(Tensor::ones({3})), doctest::Contains("script"), einx::TypeError);
  const auto many = einx::jit([](Value x) { return einx::cond(x > 0, [](Value v) { return v; }, [](Value v) { return -v; }, x); });
  CHECK_THROWS_AS(many(Tensor::ones({3})), einx::TypeError);
  const auto leaked = einx::jit([](Value x) {
    Value out = x;
    einx::cond(einx::any(x > 0), [&](Value v) { return out = v * 2; }, [](Value v) { return v; }, x);
    return out;
  });
  CHECK_THROWS_AS(leaked(Tensor::ones({3})), einx::TypeError);
  const auto grows = einx::jit([](Value x) { return einx::while_loop([](Value v) { return einx::sum(v) < 9; }, [](Value v) { return einx::concat({v, v}); }, x); });
  CHECK_THROWS_AS(grows(Tensor::ones({3})), einx::TypeError);
  CHECK_THROWS_AS(einx::trace([](Value x) { return einx::cond(einx::any(x > 0), [](Value v) { return v; }, [](Value v) { return v; }, x); }, {{einx::f32, {3}}}), einx::TypeError);
  const auto scalar = einx::jit([](Value x) { return einx::for_each(x, [](Value row, Value s) { return s + row; }, 0.0); });
  CHECK_THROWS_AS(scalar(Tensor::scalar(1.0F)), einx::ValueError);
  CHECK_THROWS_AS(einx::add("a,", Tensor::ones({2}), 1, {{"a", Value()}}), einx::Error);
}

// The failure modes of traced einops that its users document (a recipe that goes stale).
TEST_CASE("a recipe never goes stale: rank, axis names, divisibility, equal sizes, computed sizes, redundant sizes") {
  const auto flat = einx::jit([](Value x) { return einx::einops::rearrange(x, "b ... -> b (...)"); });
  CHECK(shape_of(flat(Tensor::iota({2, 3, 4}))) == Shape{2, 12});
  CHECK(shape_of(flat(Tensor::iota({2, 3, 4, 5}))) == Shape{2, 60});  // another rank is another recipe
  const auto chunks = einx::jit([](Value x) { return einx::einops::rearrange(x, "(n k) -> n k", {{"k", 4}}); });
  chunks(Tensor::iota({8}));
  CHECK_THROWS_AS(chunks(Tensor::iota({9})), einx::AxisSizeError);  // checks do not vanish
  const auto pair = einx::jit([](Value x, Value y) { return einx::einops::einsum(x, y, "b c, c d -> b d"); });
  pair(Tensor::ones({2, 3}), Tensor::ones({3, 4}));
  CHECK_THROWS_AS(pair(Tensor::ones({2, 3}), Tensor::ones({2, 4})), einx::AxisSizeError);
  const auto redundant = einx::jit([](Value x) { return einx::einops::rearrange(x, "b c -> c b", {{"b", 3}}); });
  redundant(Tensor::iota({3, 2}));
  CHECK_THROWS_AS(redundant(Tensor::iota({4, 2})), einx::AxisSizeError);
  const auto by_value = einx::jit([](Value x, Value b) { return einx::einops::rearrange(x, "(b c) -> b c", {{"b", b}}); });
  CHECK(shape_of(by_value(Tensor::iota({12}), Tensor::scalar(std::int64_t(3)))) == Shape{3, 4});
  CHECK(shape_of(by_value(Tensor::iota({12}), Tensor::scalar(std::int64_t(6)))) == Shape{6, 2});
  CHECK_THROWS_AS(by_value(Tensor::iota({12}), Tensor::scalar(std::int64_t(5))), einx::AxisSizeError);
}
