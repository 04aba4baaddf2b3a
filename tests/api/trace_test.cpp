// Graphs of functions, and what a traced function may take, hold and give.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <thread>

using einx::Shape;
using einx::Tensor;
using einx::Value;

namespace {

std::vector<float> numbers(const Tensor& x) { return x.to_vector<float>(); }
bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a traced function is a graph that nobody has compiled") {
  const einx::Graph graph = einx::trace([](Value a, Value b) { return einx::softmax("b [k]", einx::dot("b c, k c -> b k", a, b)) * 2; },
                                        {{einx::f32, {3, 4}}, {einx::f32, {5, 4}, {1, 5}}}, "attention");
  CHECK(graph.text() ==
        "def attention(i0: f32[3, 4], i1: f32[5, 4 : 1, 5]) -> f32[3, 5]:\n"
        "    x0: f32[3, 5] = dot(i0, i1, \"b [c], k [c] -> b k\")\n"
        "    x1: f32[3, 5] = softmax(x0, \"b [k] -> b [k]\")\n"
        "    c0: f32[] = constant(2)\n"
        "    x2: f32[3, 5] = multiply(x1, c0, \"a1 a0, -> a1 a0\")\n"
        "    return x2\n");
  CHECK(graph.name() == "attention");
  CHECK(graph.inputs() == std::vector<einx::Spec>{{einx::f32, {3, 4}}, {einx::f32, {5, 4}, Shape{1, 5}}});
  CHECK(graph.outputs() == std::vector<einx::Spec>{{einx::f32, {3, 5}}});
  const Tensor x = Tensor::iota({3, 4}), t = Tensor::ones({4, 5}).permuted({1, 0});
  const Tensor want = einx::softmax("b [k]", einx::dot("b c, k c -> b k", x, t));
  const std::vector<float> got = numbers(graph(x, t)), wanted = numbers(want);
  for (std::size_t k = 0; k < got.size(); ++k) CHECK(got[k] == 2 * wanted[k]);
}

TEST_CASE("values that no memory could hold can be handled, as long as nothing runs") {
  const auto huge = [](Value a, Value b) { return einx::multiply("i j, k l -> i j k l", a, b); };
  const einx::Graph graph = einx::trace([&](Value a, Value b) { return einx::sum("i [j k] l", huge(a, b)); },
                                        {{einx::f32, {100000, 1000}}, {einx::f32, {1000, 100000}}});
  CHECK(contains(graph.text(), "f32[100000, 1000, 1000, 100000]"));
  CHECK(contains(graph.json(), "100000"));
  CHECK(contains(graph.dot(), "digraph"));
  CHECK(einx::Graph::parse(graph.text()).text() == graph.text());
  CHECK_FALSE(graph.loops().empty());
  const Tensor wide = Tensor::ones({1}).broadcast_to({1 << 10, 1 << 15});
  CHECK(contains(einx::graph::einsum("ij,kl->ijkl", wide, wide).text(), "f32[1024, 32768, 1024, 32768]"));
}

TEST_CASE("making, printing and reading graphs compiles nothing; running compiles once, whoever asks") {
  const auto before = einx::cache_stats();
  const Tensor x = Tensor::iota({3, 5});
  const einx::Graph call = einx::graph::sum("lazy [b]", x);
  const einx::Graph again = einx::Graph::parse(call.text());
  CHECK(call.json() != "");
  CHECK(einx::cache_stats().misses == before.misses);
  CHECK(numbers(call(x)) == std::vector<float>{10, 35, 60});
  CHECK(einx::cache_stats().misses == before.misses + 1);
  CHECK(numbers(einx::sum("lazy [b]", x)) == std::vector<float>{10, 35, 60});  // which the graph has put there
  CHECK(einx::cache_stats().misses == before.misses + 1);

  const einx::Graph shared = einx::trace([](Value a) { return exp(a) - a; }, {x});
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> results(4);
  for (auto& result : results) threads.emplace_back([&] { result = numbers(shared(x)); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == results[0]);
}

TEST_CASE("what cannot be compiled raises when it runs, each time") {
  const einx::Graph graph = einx::trace([](Value a) { return einx::max("a [b]", a); }, {{einx::f32, {2, 0}}});
  for (int k = 0; k < 2; ++k) CHECK_THROWS_AS(graph(Tensor::zeros({2, 0})), einx::CallOperationError);
}

TEST_CASE("results: one, a vector, an array, a pair, a tuple") {
  const Tensor x = Tensor::iota({2, 2});
  const auto [sum, twice] = einx::jit([](Value a) { return std::array{einx::sum("a [b]", a), a * 2}; })(x);
  CHECK(numbers(sum) == std::vector<float>{1, 5});
  CHECK(numbers(twice) == std::vector<float>{0, 2, 4, 6});
  const auto [low, high] = einx::jit([](Value a) { return std::pair{einx::min("a [b]", a), einx::max("a [b]", a)}; })(x);
  CHECK(numbers(low) == std::vector<float>{0, 2});
  CHECK(numbers(high) == std::vector<float>{1, 3});
  const auto [p, q, r] = einx::jit([](Value a) { return std::tuple{a + 1, a, einx::sum(a)}; })(x);
  CHECK(numbers(p) == std::vector<float>{1, 2, 3, 4});
  CHECK(numbers(q) == std::vector<float>{0, 1, 2, 3});
  CHECK(r.item<float>() == 6);
  const std::vector<Tensor> parts = einx::jit([](Value a) { return einx::id_all("a (b + c) -> a b, a c", {a}, {{"b", 1}}); })(x);
  CHECK(parts.size() == 2);
  const einx::Graph graph = einx::trace([](Value a) { return std::pair{a, a}; }, {x});
  CHECK(graph.outputs().size() == 2);
  CHECK(graph.run({x}).size() == 2);
}

TEST_CASE("operands: any number, as a span; numbers, vectors and views") {
  const auto total = einx::jit([](std::span<const Value> all) {
    Value sum = all[0];
    for (const Value& each : all.subspan(1)) sum = sum + each;
    return sum;
  });
  const Tensor x = Tensor::iota({3});
  CHECK(numbers(total(x)) == std::vector<float>{0, 1, 2});
  CHECK(numbers(total(x, x, 1, 0.5)) == std::vector<float>{1.5, 3.5, 5.5});
  std::vector<float> memory{1, 2, 3, 4, 5, 6};
  CHECK(numbers(total(memory)) == memory);
  const std::int64_t shape[] = {2, 2}, strides[] = {1, 3};
  const einx::View view{memory.data(), einx::f32, shape, strides};
  CHECK(numbers(total(view, 1)) == std::vector<float>{2, 5, 3, 6});
  CHECK(numbers(einx::sum("[a] b", view)) == std::vector<float>{3, 9});
  CHECK_THROWS_AS(total(einx::View{nullptr, einx::f32, shape}), einx::ValueError);

  const std::vector<einx::Spec> specs(3, einx::Spec(einx::f32, {3}));
  CHECK(einx::trace(total.function(), specs).inputs().size() == 3);
  const auto two = [](Value a, Value b) { return a - b; };
  CHECK(einx::trace(two, std::span(specs).first(2)).inputs().size() == 2);
  CHECK_THROWS_AS(einx::trace(two, std::span<const einx::Spec>(specs)), einx::ValueError);
}

TEST_CASE("constants are values where the types need them to be") {
  const Tensor weight = Tensor::full({4}, 2);
  const einx::Graph graph = einx::trace([&](Value a) { return einx::stack({a, einx::constant(weight), einx::constant(weight) * 3}); }, {{einx::f32, {4}}});
  CHECK(numbers(graph(Tensor::ones({4}))) == std::vector<float>{1, 1, 1, 1, 2, 2, 2, 2, 6, 6, 6, 6});
  const einx::Graph none = einx::trace([] { return einx::constant(Tensor::iota({3})) * 2; });
  CHECK(numbers(none.run(std::span<const einx::Operand>()).at(0)) == std::vector<float>{0, 2, 4});
  CHECK(einx::trace([] { return einx::constant(2.5); }).outputs() == std::vector<einx::Spec>{{einx::f64, {}}});
  CHECK(einx::trace([] { return einx::constant(true); }).outputs() == std::vector<einx::Spec>{{einx::boolean, {}}});
  CHECK_THROWS_AS(einx::constant(weight), einx::TypeError);
  CHECK_THROWS_AS(einx::trace([] { return einx::constant(Tensor()); }), einx::TypeError);
  CHECK_THROWS_AS(einx::trace([] { return einx::constant(einx::ones); }), einx::TypeError);
}

TEST_CASE("tensors beside values in arithmetic are constants") {
  const Tensor weight = Tensor::copy_of<float>({1, 2}, {2, 1});
  const auto f = einx::jit([&](Value a) { return where(a < weight, a * weight, einx::add(weight, a)); });
  CHECK(numbers(f(Tensor::iota({3}))) == std::vector<float>{0, 2, 3, 0, 2, 4});
  CHECK_THROWS_AS(einx::trace([](Value a) { return a + Tensor(); }, {{einx::f32, {2}}}), einx::TypeError);
}

TEST_CASE("a traced function in another becomes part of it") {
  const auto half = einx::jit([](Value a) { return a / 2; });
  const auto both = einx::jit([](Value a, Value b) { return std::pair{a + b, a - b}; });
  const auto f = einx::jit([&](Value a) {
    const auto [sum, difference] = both(half(a), 1);
    return sum * difference;
  });
  CHECK(numbers(f(Tensor::iota({3}))) == std::vector<float>{-1, -0.75F, 0});
  const einx::Graph graph = einx::trace([&](Value a) { return half(a); }, {{einx::f32, {2}}});
  CHECK(contains(graph.text(), "true_divide"));
  const einx::Graph inner = einx::trace([](Value a) {
    const einx::Graph other = einx::trace([](Value b) { return b + einx::constant(1); }, {{einx::f32, {3}}});
    return a + other(Tensor::ones({3})) + einx::constant(Tensor::ones({3}));  // its own again
  }, {{einx::f32, {3}}});
  CHECK(numbers(inner(Tensor::zeros({3}))) == std::vector<float>{3, 3, 3});
}

TEST_CASE("expressions stay: the same function is right at every size") {
  const auto f = einx::jit([](Value a) { return einx::einops::rearrange(a, "b (h w c) -> b c h w", {{"h", 2}, {"c", 3}}); });
  for (const std::int64_t b : {1, 4, 2})
    for (const std::int64_t w : {1, 5}) {
      const Tensor x = Tensor::iota({b, 2 * w * 3}), y = f(x);
      CHECK(numbers(y) == numbers(einx::einops::rearrange(x, "b (h w c) -> b c h w", {{"h", 2}, {"c", 3}})));
      CHECK(Shape(y.shape().begin(), y.shape().end()) == Shape{b, 3, 2, w});
    }
  const einx::Graph graph = einx::trace(f.function(), {{einx::f32, {4, 12}}});
  CHECK(contains(graph.text(), "\"b (h w c) -> b c h w\""));
}

TEST_CASE("mistakes in traces are errors") {
  const auto f = [](Value a) { return a + 1; };
  CHECK_THROWS_AS(einx::trace(f, {{einx::f32, {-1}}}), einx::ValueError);
  CHECK_THROWS_AS(einx::trace(f, {{einx::f32, {std::int64_t(1) << 40, std::int64_t(1) << 40}}}), einx::ValueError);
  CHECK_THROWS_AS(einx::trace(f, {{einx::f32, {3}, {1, 1}}}), einx::ValueError);
  CHECK_THROWS_AS(einx::trace(f, {{einx::f32, {3, 3}, {1, std::int64_t(1) << 62}}}), einx::ValueError);
  CHECK_THROWS_AS(einx::trace(f, {{einx::f32, Shape(65, 1)}}), einx::ValueError);
  CHECK_THROWS_AS(einx::trace(f, {{einx::f32, {3}}}, "not a name"), einx::ValueError);
  CHECK_THROWS_AS(einx::trace([](Value) { return std::vector<Value>{}; }, {{einx::f32, {3}}}), einx::ValueError);
  Value kept;
  einx::trace([&](Value a) { return kept = a; }, {{einx::f32, {3}}});
  CHECK_THROWS_AS(einx::trace([&](Value) { return kept; }, {{einx::f32, {3}}}), einx::TypeError);
  CHECK_THROWS_AS(einx::trace([](Value a) { return einx::add("a, a, a", {a, a}); }, {{einx::f32, {3}}}), einx::ValueError);
  struct Stop {};
  CHECK_THROWS_AS(einx::trace([](Value a) -> Value { throw Stop{}; return a; }, {{einx::f32, {3}}}), Stop);
  CHECK_THROWS_AS(einx::constant(1), einx::TypeError);  // no trace is left behind
}
