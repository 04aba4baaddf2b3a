// Traced functions: one graph per signature, numbers and captured tensors as constants, mistakes as errors.
#include <doctest/doctest.h>

#include <einx/einx.h>

using einx::Tensor;
using einx::Value;

TEST_CASE("a traced function computes what its operations compute") {
  const auto f = einx::jit([](Value a, Value b) { return einx::softmax("b [k]", einx::dot("b c, k c -> b k", a, b)); });
  const Tensor x = Tensor::iota({3, 4}), t = Tensor::ones({5, 4});
  const Tensor want = einx::softmax("b [k]", einx::dot("b c, k c -> b k", x, t));
  CHECK(f(x, t).to_vector<float>() == want.to_vector<float>());
  const Tensor wider = Tensor::iota({2, 7});
  CHECK(f(wider, Tensor::ones({3, 7})).size() == 6);
}

TEST_CASE("it is traced once per ranks and dtypes") {
  int traced = 0;
  const auto f = einx::jit([&traced](Value a) {
    ++traced;
    return einx::add("a,", a, 1);
  });
  for (int k = 0; k < 5; ++k) f(Tensor::iota({3}));
  CHECK(traced == 1);
  f(Tensor::iota({4}));
  CHECK(traced == 1);  // another size runs what was recorded
  f(Tensor::iota({4}, einx::f64));
  CHECK(traced == 2);
}

TEST_CASE("captured tensors and numbers are constants, several results come back as a vector") {
  const Tensor weight = Tensor::full({4}, 2);
  const auto f = einx::jit([&weight](Value a) {
    const Value scaled = einx::multiply("a b, b", a, weight);
    return std::vector<Value>{einx::sum("a [b]", scaled), einx::add("a b,", scaled, 0.5)};
  });
  const std::vector<Tensor> results = f(Tensor::ones({2, 4}));
  CHECK(results.at(0).to_vector<float>() == std::vector<float>{8, 8});
  CHECK(results.at(1).item<float>({1, 3}) == 2.5F);
}

TEST_CASE("a value where tensors are computed is refused, not read") {
  const auto f = einx::jit([](Value a) {
    CHECK_THROWS_AS(einx::add("a, a", {a, Tensor::ones({64})}), einx::TypeError);
    CHECK_THROWS_AS(einx::id_all("a, a -> a, a", {a, Tensor::ones({64})}), einx::TypeError);
    Tensor y = Tensor::zeros({64});
    CHECK_THROWS_AS(einx::id_into(y, "a -> a", a), einx::TypeError);
    CHECK_THROWS_AS(einx::graph::sum("[a]", a), einx::TypeError);
    CHECK_THROWS_AS(einx::dot("[a], [a]", {a, Tensor::ones({64})}), einx::TypeError);
    return einx::sum("[a]", a);
  });
  CHECK(f(Tensor::ones({64})).item<float>() == 64);
}

TEST_CASE("values know their type; mistakes are errors") {
  const auto f = einx::jit([](Value a) {
    CHECK(a.dtype() == einx::f32);
    CHECK(a.shape() == einx::Shape{2, 3});
    return einx::sum("a [b] c", a);
  });
  CHECK_THROWS_AS(f(Tensor::ones({2, 3})), einx::RankError);
  CHECK_THROWS_AS(einx::sum("[a]", Value()), einx::TypeError);
}

TEST_CASE("a function of hundreds of operations that no kernel can share compiles") {
  // Two axes are flipped in turn, and the rows are normalised between: nothing can be fused away.
  const auto f = einx::jit([](Value a) {
    for (int k = 0; k < 300; ++k) a = einx::softmax(k % 2 == 0 ? "a [b]" : "[a] b", einx::flip(k % 3 == 0 ? "[a] b" : "a [b]", a));
    return a;
  });
  double sum = 0;
  for (const float value : f(Tensor::iota({4, 3})).to_vector<float>()) sum += value;
  CHECK(sum == doctest::Approx(3).epsilon(1e-5));
}
