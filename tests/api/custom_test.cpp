// einx::elementwise, einx::reduction and einx::rowwise: values against plain loops, every dtype, layouts, identity, mistakes.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cmath>
#include <limits>
#include <thread>

#include "own.h"

using einx::DType;
using einx::Row;
using einx::Tensor;
using einx::Value;

namespace {

Value traced_huber(Value a, Value b) {
  const Value d = abs(a - b);
  return where(d < 1, 0.5 * d * d, d - 0.5);
}
auto huber() { return einx::elementwise("huber", traced_huber); }
double huber_of(double a, double b) {
  const double d = std::fabs(a - b);
  return d < 1 ? 0.5 * d * d : d - 0.5;
}

auto gelu() {
  return einx::elementwise("gelu", [](Value x) { return 0.5 * x * (1 + erf(x * 0.7071067811865476)); });
}
auto product_of_abs() {
  return einx::reduction("product_of_abs", 1, [](Value x) { return abs(x); }, [](Value a, Value b) { return a * b; }, [](Value acc) { return acc; });
}
auto mean_square() {
  return einx::reduction("mean_square", 0, [](Value x) { return x * x; }, [](Value a, Value b) { return a + b; }, [](Value acc, Value n) { return acc / n; });
}
auto rms_norm() {
  return einx::rowwise("rms_norm", [](Row x) { return x / sqrt(mean(x * x) + 1e-6); });
}
auto layer_norm() {
  return einx::rowwise("layer_norm", [](Row x) { return (x - mean(x)) / sqrt(var(x) + 1e-5); });
}
auto my_softmax() {
  return einx::rowwise("my_softmax", [](Row x) {
    const Row e = exp(x - max(x));
    return e / sum(e);
  });
}

constexpr DType kFloats[] = {einx::f16, einx::bf16, einx::f32, einx::f64};
constexpr DType kAll[] = {einx::boolean, einx::i8, einx::i16, einx::i32, einx::i64, einx::u8, einx::u16, einx::u32, einx::u64, einx::f16, einx::bf16, einx::f32, einx::f64};

double tolerance(DType dtype) { return dtype == einx::f64 ? 1e-12 : dtype == einx::f32 ? 2e-5 : dtype == einx::f16 ? 4e-3 : 3e-2; }

}  // namespace

TEST_CASE("huber: broadcast, axes, weak numbers, into, graph") {
  const Tensor x = own::random({5, 7}, einx::f32), t = own::random({7}, einx::f32);
  const Tensor y = huber()("a b, b -> a b", x, t);
  CHECK(y.dtype() == einx::f32);
  for (std::int64_t a = 0; a < 5; ++a)
    for (std::int64_t b = 0; b < 7; ++b)
      CHECK(y.item<float>({a, b}) == doctest::Approx(huber_of(double(x.item<float>({a, b})), double(t.item<float>({b})))).epsilon(1e-5));
  CHECK(huber()("a b, b", x, t).to_vector<float>() == y.to_vector<float>());  // the output may be left out
  CHECK(huber()("(a c) b, b -> c b a", x, t, {{"a", 5}}).shape()[2] == 5);
  const Tensor against = huber()("a b,", x, 2);
  CHECK(against.dtype() == einx::f32);
  CHECK(against.item<float>({1, 2}) == doctest::Approx(huber_of(double(x.item<float>({1, 2})), 2.0)).epsilon(1e-5));
  Tensor into = Tensor::zeros({5, 7});
  huber().into(into, "a b, b -> a b", x, t);
  CHECK(into.to_vector<float>() == y.to_vector<float>());
  const einx::Graph graph = huber().graph("a b, b -> a b", x, t);
  CHECK(graph.text().find("= huber(i0, i1, \"a b, b -> a b\"") != std::string::npos);
  CHECK(graph(x, t).to_vector<float>() == y.to_vector<float>());
  const einx::Graph again = einx::Graph::parse(graph.text());
  CHECK(again.text() == graph.text());
  CHECK(again(x, t).to_vector<float>() == y.to_vector<float>());
  CHECK_FALSE(graph.llvm_ir().empty());
}

TEST_CASE("an elementwise operation is one kernel, whatever its function is made of") {
  const std::string loops = huber().graph("a b, b -> a b", own::random({64, 64}, einx::f32), own::random({64}, einx::f32)).loops();
  CHECK(loops.find("temporary") == std::string::npos);
  CHECK(loops.find("kernel k0") != std::string::npos);
  CHECK(loops.find("kernel k1") == std::string::npos);
}

TEST_CASE("elementwise on every dtype and layout is what the reference computes") {
  const auto op = einx::elementwise("affine_pair", [](Value a, Value b) { return where(a < b, a * 2 + b, b / 3); });
  for (const DType dtype : kAll)
    for (const std::int64_t n : {0, 1, 3, 15, 16, 17, 33, 67}) {
      const Tensor a = own::random({n, 3}, dtype), b = own::random({3, n}, dtype);
      for (const Tensor& x : {a, a.reversed(0), own::random({3, n}, dtype).permuted({1, 0}), own::random({3}, dtype).broadcast_to({n, 3})}) {
        own::same_as_reference(op, "a b, b a -> b a", {x, b}, 0);
        own::same_as_reference(op, "a b, b a -> a b", {x, b.reversed(1)}, 0);
      }
    }
}

TEST_CASE("halves are computed in single precision throughout") {
  const auto op = einx::elementwise("keeps_precision", [](Value a) { return (a + 2048) - 2048; });
  const Tensor x = Tensor::full({5}, 0.5, einx::f16);
  CHECK(op("a", x).dtype() == einx::f16);
  CHECK(op("a", x).to_vector<float>() == std::vector<float>(5, 0.5F));
  const auto rounded = einx::elementwise("rounds_when_asked", [](Value a) { return cast(cast(a, einx::f32) + 2048, einx::f16) - 2048; });
  CHECK(rounded("a", x).to_vector<float>() == std::vector<float>(5, 0.0F));  // what the user writes is done
}

TEST_CASE("gelu with erf") {
  const Tensor x = own::random({300}, einx::f64);
  const std::vector<double> in = x.to_vector<double>(), out = gelu()("a", x).to_vector<double>();
  for (std::size_t k = 0; k < in.size(); ++k)
    CHECK(out[k] == doctest::Approx(0.5 * in[k] * (1 + std::erf(in[k] * 0.7071067811865476))).epsilon(1e-13));
  for (const DType dtype : kAll) own::same_as_reference(gelu(), "a", {own::random({37}, dtype)}, tolerance(einx::f32));
}

TEST_CASE("product_of_abs: brackets, automatic brackets, keepdims, every dtype") {
  const Tensor x = own::random({4, 6}, einx::f64);
  const Tensor y = product_of_abs()("a [b]", x);
  for (std::int64_t a = 0; a < 4; ++a) {
    double want = 1;
    for (std::int64_t b = 0; b < 6; ++b) want *= std::fabs(x.item<double>({a, b}));
    CHECK(y.item<double>({a}) == doctest::Approx(want));
  }
  CHECK(product_of_abs()("a b -> a", x).to_vector<double>() == y.to_vector<double>());
  const Tensor kept = product_of_abs()("a [b]", x, einx::keepdims);
  CHECK(einx::Shape(kept.shape().begin(), kept.shape().end()) == einx::Shape{4, 1});
  CHECK(product_of_abs()("[a b]", Tensor::zeros({0, 3})).item<float>() == 1);
  for (const DType dtype : kAll)
    for (const std::int64_t n : {0, 1, 5, 16, 31, 67}) {
      CHECK(product_of_abs()("a [b]", own::random({2, n}, dtype)).dtype() == dtype);
      own::same_as_reference(product_of_abs(), "a [b]", {own::random({3, n}, dtype)}, tolerance(dtype) * 40);
      own::same_as_reference(product_of_abs(), "[b] a", {own::random({n, 19}, dtype).reversed(1)}, tolerance(dtype) * 40);
    }
}

TEST_CASE("finish may use the number of elements; halves accumulate in f32") {
  const Tensor ones = Tensor::ones({5000}, einx::f16);
  CHECK(mean_square()("[a]", ones).item<einx::half>() == 1.0F);
  CHECK(mean_square()("[a]", ones).dtype() == einx::f16);
  CHECK(mean_square()("[a]", Tensor::full({4}, 3, einx::i32)).dtype() == einx::f64);
  CHECK(mean_square()("[a]", Tensor::full({4}, 3, einx::i32)).item<double>() == 9);
}

TEST_CASE("an identity may be infinite or need a wider accumulator") {
  const auto largest = einx::reduction("largest", -std::numeric_limits<double>::infinity(), [](Value a, Value b) { return max(a, b); });
  CHECK(largest("a [b]", Tensor::full({2, 3}, -5)).to_vector<float>() == std::vector<float>{-5, -5});
  CHECK(largest("[b]", Tensor::full({3}, -5, einx::i32)).dtype() == einx::f64);
  const auto product = einx::reduction("a_product", 1.0, [](Value a, Value b) { return a * b; });
  CHECK(product("[b]", Tensor::full({3}, 2, einx::i32)).dtype() == einx::i32);
  CHECK(product("[b]", Tensor::full({3}, 2, einx::i32)).item<int>() == 8);
}

TEST_CASE("rms_norm and layer_norm keep the shape") {
  for (const DType dtype : kFloats)
    for (const std::int64_t n : {0, 1, 2, 7, 16, 33, 257}) {
      const Tensor x = own::random({3, n, 2}, dtype);
      for (const char* pattern : {"a [b] c", "a [b c]", "[a] b c", "a b c -> a b c", "a [b] c -> c [b] a"}) {
        own::same_as_reference(rms_norm(), pattern, {x}, tolerance(dtype));
        own::same_as_reference(layer_norm(), pattern, {x.reversed(1)}, tolerance(dtype) * 4);
      }
      CHECK(rms_norm()("a [b] c", x).dtype() == dtype);
    }
  const Tensor x = own::random({4, 50}, einx::f64), y = layer_norm()("a [b]", x);
  const Tensor mean = einx::mean("a [b]", y), var = einx::var("a [b]", y);
  for (std::int64_t a = 0; a < 4; ++a) {
    CHECK(std::fabs(mean.item<double>({a})) < 1e-12);
    CHECK(var.item<double>({a}) == doctest::Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("integers in rows become floats where the operations say so") {
  const Tensor x = Tensor::iota({2, 4}, einx::i32);
  const Tensor y = rms_norm()("a [b]", x);
  CHECK(y.dtype() == einx::f64);
  CHECK(y.item<double>({0, 3}) == doctest::Approx(3 / std::sqrt(14.0 / 4 + 1e-6)));
}

TEST_CASE("softmax written by hand is einx::softmax") {
  for (const DType dtype : kFloats)
    for (const std::int64_t n : {1, 5, 16, 100, 1000}) {
      const Tensor x = own::random({6, n}, dtype);
      own::close(my_softmax()("a [b]", x), einx::softmax("a [b]", x), tolerance(dtype));
      own::same_as_reference(my_softmax(), "[b] a", {x}, tolerance(dtype));
    }
}

TEST_CASE("a row-wise operation reads a row once: one kernel, equal accumulators once") {
  const einx::Graph graph = layer_norm().graph("a [b]", own::random({64, 512}, einx::f32));
  const std::string loops = graph.loops();
  CHECK(loops.find("temporary") == std::string::npos);
  CHECK(loops.find("kernel k1") == std::string::npos);
  // mean(x) and the mean inside var(x) are one accumulator: two folds in all
  std::size_t folds = 0;
  for (std::size_t at = loops.find("fold"); at != std::string::npos; at = loops.find("fold", at + 1)) ++folds;
  CHECK(folds == 2);
}

TEST_CASE("several accumulators share a pass, and results of mixed dtypes") {
  const auto op = einx::rowwise("spread_of", [](Row x) { return (max(x) - min(x)) / cast(count_nonzero(x), einx::f32) + mean(x) * einx::std(x); });
  for (const std::int64_t n : {1, 2, 17, 300}) {
    const Tensor x = own::random({5, n}, einx::f32);
    own::same_as_reference(op, "a [b]", {x}, 1e-4);
    own::same_as_reference(op, "b [a]", {x.permuted({1, 0}).reversed(0)}, 1e-4);
    CHECK(op("a [b]", x).rank() == 1);
    CHECK(op("a b -> a", x).rank() == 1);
  }
  const auto both = einx::rowwise("log_softmax_of_max", [](Row x) { return log_softmax(x) * max(x) + any(x > 0.5); });
  own::same_as_reference(both, "a [b]", {own::random({4, 33}, einx::f32)}, 1e-4);
  const auto plain = einx::rowwise("twice_a_row", [](Row x) { return x * 2; });
  own::same_as_reference(plain, "a [b]", {own::random({4, 33}, einx::f32)}, 0);
  CHECK_THROWS_AS(einx::rowwise("largest_of_row", [](Row x) { return max(x); })("a [b]", Tensor::zeros({2, 0})), einx::CallOperationError);
}

TEST_CASE("custom operations inside traced functions, and inside each other") {
  const auto f = einx::jit([](Value x, Value t) { return product_of_abs()("a [b]", huber()("a b, b -> a b", rms_norm()("a [b]", x), t)); });
  const Tensor x = own::random({3, 9}, einx::f32), t = own::random({9}, einx::f32);
  own::close(f(x, t), product_of_abs()("a [b]", huber()("a b, b -> a b", rms_norm()("a [b]", x), t)), 1e-6);
  const auto nested = einx::elementwise("half_huber", [](Value a, Value b) { return huber()(a, b) / 2 + huber()(", -> ", a, b) / 2; });
  own::close(nested("a, a", t, t.reversed(0)), huber()("a, a", t, t.reversed(0)), 1e-6);
  const auto row = einx::rowwise("sum_of_huber", [](Row r) { return sum(Row(huber()(r, 0.25))) + Row(product_of_abs()(r)); });
  own::same_as_reference(row, "a [b]", {x}, 1e-4);
}

TEST_CASE("identity: the same callable is the same operation, captures make their own") {
  const auto make = [] { return einx::elementwise("once_only", [](Value a) { return a + 1; }); };
  CHECK(make().name == "once_only");
  const Tensor x = Tensor::ones({13});
  make()("a", x);
  const auto before = einx::cache_stats();
  for (int k = 0; k < 20; ++k) CHECK(make()("a", x).item<float>({3}) == 2);
  CHECK(einx::cache_stats().compiled == before.compiled);
  const auto other = einx::elementwise("once_only", [](Value a) { return a + 2; });
  CHECK(other.name == "once_only_2");
  CHECK(other("a", x).item<float>({0}) == 3);
  for (int add = 1; add < 4; ++add) {
    const auto captured = einx::elementwise("captures", [add](Value a) { return a + add; });
    CHECK(captured("a", x).item<float>({0}) == float(1 + add));
    CHECK(captured.name == (add == 1 ? "captures" : "captures_" + std::to_string(add)));
  }
  const auto sum_from = [](auto start) { return einx::reduction("sum_from", start, [](Value a, Value b) { return a + b; }); };
  CHECK(sum_from(0).name == sum_from(0).name);
  CHECK(sum_from(0).name != sum_from(1).name);
  CHECK(einx::elementwise("huber", traced_huber).name == huber().name);  // a function by its address
}

TEST_CASE("a function is traced once for each combination of dtypes, also by many threads") {
  static std::atomic<int> traced = 0;
  const auto op = einx::elementwise("counts_traces", [](Value a, Value b) {
    ++traced;
    return a * b;
  });
  for (const std::int64_t n : {3, 4, 5}) op("a, a", Tensor::ones({n}), Tensor::ones({n}));
  CHECK(traced == 1);
  op("a, a", Tensor::ones({3}), Tensor::ones({3}, einx::f64));
  CHECK(traced == 2);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int k = 0; k < 8; ++k)
    threads.emplace_back([&right, k] {
      const Tensor x = own::random({64, 40 + k}, einx::f32);
      right += layer_norm()("a [b]", x).shape()[1] == 40 + k && huber()("a b,", x, k).rank() == 2;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 8);
}

TEST_CASE("mistakes of functions") {
  const Tensor x = Tensor::ones({3});
  const auto kind = [](auto&& call) -> std::string {
    try {
      call();
    } catch (const einx::Error& error) {
      return std::string(error.class_name()) + " " + std::string(error.kind()) + (std::string_view(error.what()).find("faulty") != std::string_view::npos ? " named" : "");
    }
    return "none";
  };
  CHECK(kind([&] { einx::elementwise("faulty_a", [](Value) -> Value { throw std::runtime_error("no"); })("a", x); }) == "CallOperationError runtime named");
  CHECK(kind([&] { einx::elementwise("faulty_b", [](Value) -> Value { throw 3; })("a", x); }) == "CallOperationError runtime named");
  CHECK(kind([&] { einx::elementwise("faulty_c", [](Value) { return Value(); })("a", x); }) == "TypeError operand-kind named");
  CHECK(kind([&] { einx::elementwise("faulty_d", [](Value a) { return einx::add(", b -> b", a, Tensor::ones({4})); })("a", x); }) == "ValueError bad-parameter named");
  CHECK(kind([&] { einx::elementwise("faulty_e", [](Value a) { return einx::id(" -> b", a, {{"b", 2}}); })("a", x); }) == "ValueError bad-parameter named");
  CHECK(kind([&] { einx::elementwise("faulty_f", [](Value a) { return a - a; })("a", Tensor::zeros({3}, einx::boolean)); }) == "OperationNotSupportedError dtype-not-supported");
  CHECK(kind([&] { einx::elementwise("faulty_g", [](Value a) { return einx::add("q", a); })("a", x); }) == "RankError ndim-mismatch");
  CHECK(kind([&] { einx::rowwise("faulty_h", [](Row r) { return einx::add("a, b -> a b", r, r); })("[a]", x); }) == "ValueError bad-parameter named");
  CHECK(kind([&] { einx::rowwise("faulty_i", [](Row r) { return sum(sum(r)); })("[a]", x); }) == "ValueError bad-parameter");
  CHECK(kind([&] { einx::rowwise("faulty_j", [](Row r) { return Row(einx::flip("[a]", r)); })("[a]", x); }).starts_with("ValueError bad-parameter"));
  for (const char* name : {"sum", "rearrange", "to_f32", "", "two words", "1st", "a-b", "def", "\xc3\xa9"})
    CHECK(kind([&] { einx::elementwise(name, [](Value a) { return a; }); }) == "ValueError bad-parameter");
  static std::function<Value(Value)> self;
  const auto recursive = einx::elementwise("faulty_k", [](Value a) { return self(a); });
  self = [&](Value a) { return recursive(a); };
  CHECK(kind([&] { recursive("a", x); }) == "CallOperationError runtime named");
  self = nullptr;
  CHECK(kind([&] { huber()("a", {x}); }) == "SemanticError num-input-exprs");
  CHECK(kind([&] { huber()("a [b], b", Tensor::ones({2, 2}), x); }) == "SyntaxError inconsistent-brackets");
}
