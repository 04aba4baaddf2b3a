// Every line of the C++ interface that docs/architecture.md promises, compiled and run.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cstdint>

using einx::Shape;
using einx::Tensor;

namespace {
Shape shape(const Tensor& t) { return {t.shape().begin(), t.shape().end()}; }
}  // namespace

TEST_CASE("reductions, with sizes by name") {
  const Tensor x = Tensor::zeros({10, 10}, einx::f32);
  CHECK(shape(einx::sum("a [b]", x)) == Shape{10});
  const Tensor video = Tensor::iota({2, 8, 3});
  const Tensor p = einx::mean("b (s [s2]) c", video, {{"s2", 4}});
  CHECK(shape(p) == Shape{2, 2, 3});
  CHECK(p.item<float>({0, 0, 0}) == doctest::Approx(4.5));
  const std::size_t n = 5;
  CHECK(shape(einx::sum("(a [s])", x.reshaped({100}), {{"s", n}})) == Shape{20});
}

TEST_CASE("dot with a left-out second operand and a factory") {
  const Tensor x = Tensor::ones({10, 10});
  const Tensor z = einx::dot("b... (g [c1->c2])", x, einx::ones, {{"g", 2}, {"c2", 8}});
  CHECK(shape(z) == Shape{10, 16});
  CHECK(z.item<float>({3, 4}) == 5);
}

TEST_CASE("lists for axes under an ellipsis") {
  const Tensor t = Tensor::iota({6, 4});
  CHECK(shape(einx::id("(b...) c -> b... c", t, {{"b", {2, 3}}})) == Shape{2, 3, 4});
  CHECK(shape(einx::id("(b...) c -> b... c", t, {{"b", Shape{6}}})) == Shape{6, 4});
  CHECK(shape(einx::id("(b...) c -> b... c", Tensor::iota({1, 4}), {{"b", {}}})) == Shape{4});
}

TEST_CASE("several results") {
  const Tensor x = Tensor::iota({2, 10});
  auto [q, k] = einx::id<2>("b (q + k) -> b q, b k", x, {{"q", 4}});
  CHECK(shape(q) == Shape{2, 4});
  CHECK(k.item<float>({1, 0}) == 14);
  const std::vector<Tensor> parts = einx::id_all("a, b, c -> (1 a), b 1, c", {Tensor::iota({2}), Tensor::iota({3}), Tensor::iota({2})});
  CHECK(parts.size() == 3);
  CHECK_THROWS_AS(einx::id<3>("b (q + k) -> b q, b k", x, {{"q", 4}}), einx::SemanticError);
  CHECK_THROWS_AS(einx::id("b (q + k) -> b q, b k", x, {{"q", 4}}), einx::SemanticError);
}

TEST_CASE("numbers are weak, scalars are strict") {
  const Tensor x = Tensor::ones({2, 3});
  CHECK(einx::multiply("a b,", x, 2).dtype() == einx::f32);
  CHECK(einx::multiply("a b,", x, 2.5).item<float>({1, 1}) == 2.5F);
  CHECK(einx::add("a,", Tensor::iota({3}, einx::i32), 1).dtype() == einx::i32);
  CHECK(einx::add("a,", Tensor::iota({3}, einx::i32), 0.5).dtype() == einx::f64);
  CHECK(einx::add("a b,", x, Tensor::scalar(2.0, einx::f64)).dtype() == einx::f64);
  CHECK(einx::add("a,", Tensor::ones({3}, einx::u8), true).dtype() == einx::u8);
}

TEST_CASE("many operands, keepdims, factories") {
  const Tensor a = Tensor::iota({3});
  CHECK(einx::add("a, a, a, a", {a, a, a, a}).item<float>({2}) == 8);
  CHECK(shape(einx::sum("a [b c]", Tensor::ones({2, 3, 4}), einx::keepdims)) == Shape{2, 1});
  CHECK(einx::add("a,", a, einx::full(2)).item<float>({0}) == 2);
  CHECK(einx::add("a, b -> a b", a, einx::iota, {{"b", 4}}).item<float>({2, 3}) == 5);
  CHECK(einx::multiply("a, a", a, [](const Shape& s) { return Tensor::full(s, 3, einx::f64); }).dtype() == einx::f64);
}

TEST_CASE("the other families") {
  const Tensor x = Tensor::iota({2, 3, 4});
  CHECK(einx::softmax("a b [c]", x).item<float>({0, 0, 3}) == doctest::Approx(0.643914));
  CHECK(einx::argmax("a [b c] -> a [2]", x).to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 3, 2, 3});
  const Tensor coordinates = Tensor::copy_of({0L, 2L, -1L}, {3});
  CHECK(einx::get_at("[b] c, p -> p c", Tensor::iota({3, 2}), coordinates).to_vector<float>() == std::vector<float>{0, 1, 4, 5, 4, 5});
  const Tensor mask = einx::less("a b c,", x, 3);
  CHECK(einx::where("a b c, a b c,", mask, x, -1).to_vector<float>()[3] == -1);
}

TEST_CASE("solving without computing") {
  const auto axes = einx::solve_axes("(a b)... c", {Tensor::zeros({4, 6, 3})}, {{"b", 2}});
  CHECK(axes.at("a") == einx::AxisSizes{{2}, {2, 3}});
  CHECK(einx::solve_shapes("a b, c b a", {Tensor::zeros({3, 4}), nullptr}, {{"c", 3}}) == std::vector<Shape>{{3, 4}, {3, 4, 3}});
  CHECK(einx::matches("a a", {Tensor::zeros({2, 2})}));
  CHECK_FALSE(einx::matches("a a", {Tensor::zeros({2, 3})}));
  CHECK_FALSE(einx::matches("a (b", {Tensor::zeros({2, 3})}));
  CHECK_THROWS_AS(einx::check("a b c", {Tensor::zeros({2, 3})}), einx::RankError);
}

TEST_CASE("results that leave past the caches are those of small calls") {
  Tensor x = Tensor::empty({20'000, 256}, einx::f32);
  for (std::int64_t k = 0; k < x.size(); ++k) x.data_as<float>()[k] = static_cast<float>(k * 2654435761 % 4096) / 200 - 10;
  std::vector<std::int64_t> all(20'000);
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = static_cast<std::int64_t>(k * 7919 % all.size());
  const Tensor soft = einx::softmax("b [k]", x), logs = einx::log_softmax("b [k]", x), turned = einx::id("b k -> k b", x),
               sums = einx::add("b k, k", x, x.sliced(0, 0, 1).reshaped({256})), gathered = einx::get_at("[b] k, p -> p k", x, all);
  for (const std::int64_t row : {0L, 1L, 9'999L, 19'999L}) {
    const Tensor one = x.sliced(0, row, row + 1);
    CHECK(soft.sliced(0, row, row + 1).to_vector<float>() == einx::softmax("b [k]", one).to_vector<float>());
    CHECK(logs.sliced(0, row, row + 1).to_vector<float>() == einx::log_softmax("b [k]", one).to_vector<float>());
    CHECK(turned.sliced(1, row, row + 1).to_vector<float>() == one.to_vector<float>());
    CHECK(sums.sliced(0, row, row + 1).to_vector<float>()[255] == one.to_vector<float>()[255] + x.item<float>({0, 255}));
    CHECK(gathered.sliced(0, row, row + 1).to_vector<float>() == x.sliced(0, all[row], all[row] + 1).to_vector<float>());
  }
}
