// einx::native: views, loops, threads, exceptions, sizes, several outputs, and the interpreter's way.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <atomic>
#include <cmath>
#include <mutex>
#include <set>
#include <stdexcept>

#include "own.h"

using einx::Tensor;

namespace {

einx::Shape shape_of(const Tensor& x) { return {x.shape().begin(), x.shape().end()}; }

double at(const Tensor& x, std::int64_t i, std::int64_t j) { return x.data_as<double>()[i * x.strides()[0] + j * x.strides()[1]]; }
double& at(Tensor& x, std::int64_t i, std::int64_t j) { return x.data_as<double>()[i * x.strides()[0] + j * x.strides()[1]]; }

/// Doolittle without pivoting.
void lu_of(const Tensor& a, Tensor& l, Tensor& u) {
  const std::int64_t n = a.shape()[0];
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = at(a, i, j);
      for (std::int64_t k = 0; k < std::min(i, j); ++k) sum -= at(l, i, k) * at(u, k, j);
      at(u, i, j) = i <= j ? sum : 0;
      at(l, i, j) = i > j ? sum / at(u, j, j) : double(i == j);
    }
}

/// Gauss and Jordan, for matrices that need no pivots.
void inverse_of(const Tensor& a, Tensor& out) {
  const std::int64_t n = a.shape()[0];
  if (a.shape()[1] != n) throw std::invalid_argument("not square");
  Tensor left = a.clone();
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) at(out, i, j) = double(i == j);
  for (std::int64_t i = 0; i < n; ++i) {
    const double pivot = at(left, i, i);
    if (pivot == 0) throw std::runtime_error("singular");
    for (std::int64_t j = 0; j < n; ++j) at(left, i, j) /= pivot, at(out, i, j) /= pivot;
    for (std::int64_t r = 0; r < n; ++r) {
      const double factor = r == i ? 0 : at(left, r, i);
      for (std::int64_t j = 0; j < n; ++j) at(left, r, j) -= factor * at(left, i, j), at(out, r, j) -= factor * at(out, i, j);
    }
  }
}
auto inverse() { return einx::native("inverse", inverse_of); }
auto lu() { return einx::native("lu", lu_of); }

/// Diagonally dominant.
Tensor matrices(const einx::Shape& shape) {
  const std::int64_t n = shape.back();
  Tensor x = own::random(shape, einx::f64);
  double* data = x.data_as<double>();
  for (std::int64_t k = 0; k < x.size(); ++k)
    if (k / n % n == k % n) data[k] += 4.0 * double(n);
  return x;
}

void is_identity(const Tensor& x) {
  for (std::int64_t k = 0; k < x.size(); ++k) {
    const std::int64_t n = x.shape()[x.rank() - 1];
    CHECK(x.data_as<double>()[k] == doctest::Approx(k / n % n == k % n ? 1.0 : 0.0));
  }
}

Tensor reference(const einx::Graph& graph, const std::vector<Tensor>& operands) { return own::reference(graph, operands); }

}  // namespace

TEST_CASE("inverse over the unbracketed axes, any strides") {
  for (const std::int64_t batch : {0, 1, 2, 33})
    for (const std::int64_t n : {0, 1, 2, 5}) {
      const Tensor x = matrices({batch, n, n});
      const Tensor y = inverse()("b [n m] -> b [n m]", x);
      CHECK(shape_of(y) == einx::Shape{batch, n, n});
      is_identity(einx::dot("b i [j], b [j] k -> b i k", x, y));
      for (const Tensor& layout : {x.reversed(0), x.permuted({0, 2, 1}), x.reversed(1).reversed(2)}) {
        const einx::Graph graph = inverse().graph("b [n m] -> b [n m]", layout);
        own::close(graph(layout), reference(graph, {layout}), 0);
        is_identity(einx::dot("b i [j], b [j] k -> b i k", layout, graph(layout)));
      }
      own::close(inverse()("b [n m] -> b [n m]", x.sliced(0, 0, batch, 2)), y.sliced(0, 0, batch, 2).clone(), 0);
    }
}

TEST_CASE("several outputs") {
  const Tensor x = matrices({3, 4, 4});
  const std::vector<Tensor> parts = lu().all("b [n m] -> b [n m], b [n m]", {x});
  own::close(einx::dot("b i [j], b [j] k -> b i k", parts.at(0), parts.at(1)), x, 1e-12);
  const auto [l, u] = lu().results<2>("b [n m] -> [n m] b, b [n m]", x);
  CHECK(shape_of(l) == einx::Shape{4, 4, 3});
  own::close(einx::id("n m b -> b n m", l), parts[0], 0);
  own::close(u, parts[1], 0);
  const auto f = einx::jit([](einx::Value a) {
    const auto [p, q] = lu().results<2>("b [n m] -> b [n m], b [n m]", a);
    return std::vector<einx::Value>{p * 2, einx::sum("b [n m]", q)};
  });
  own::close(f(x).at(0), einx::multiply("b n m,", parts[0], 2), 1e-12);
  try {
    lu().all("b [n m] -> b [n m]", {x});
    FAIL("expected an error");
  } catch (const einx::SemanticError& error) {
    CHECK(error.kind() == "num-output-exprs");
  }
}

TEST_CASE("what the function sees: decomposed groups in text order, dtypes as they are, read-only inputs") {
  static std::mutex mutex;
  static std::set<einx::Shape> shapes, strides;
  static std::atomic<bool> writable = false, typed = true;
  const auto op = einx::native("looks_around", [](std::span<const Tensor> in, std::span<Tensor> out) {
    const std::lock_guard lock(mutex);
    shapes.insert(shape_of(in[0]));
    strides.insert({in[0].strides().begin(), in[0].strides().end()});
    writable = writable || in[0].writable() || !out[0].writable();
    typed = typed && in[0].dtype() == einx::i16 && in[1].dtype() == einx::f16 && out[0].dtype() == einx::f32;
    out[0].data_as<float>()[0] = float(shapes.size());
  }, {.min_inputs = 2, .max_inputs = 2});
  const Tensor x = own::random({4, 6, 5}, einx::i16), y = own::random({}, einx::f16);
  const Tensor out = op("a ([b] c) [d], -> c a", x, y, {{"b", 2}});
  CHECK(shape_of(out) == einx::Shape{3, 4});
  CHECK(shapes == std::set<einx::Shape>{{2, 5}});
  CHECK(strides == std::set<einx::Shape>{{15, 1}});
  CHECK_FALSE(writable);
  CHECK(typed);
}

TEST_CASE("new bracketed output axes need a size; the dtype rule gives the outputs' dtypes") {
  const auto histogram = einx::native("histogram", [](std::span<const Tensor> in, std::span<Tensor> out) {
    std::int64_t* counts = out[0].data_as<std::int64_t>();
    for (std::int64_t k = 0; k < out[0].shape()[0]; ++k) counts[k * out[0].strides()[0]] = 0;
    for (std::int64_t k = 0; k < in[0].size(); ++k) ++counts[in[0].data_as<std::int32_t>()[k * in[0].strides()[0]] * out[0].strides()[0]];
  }, {.dtypes = [](std::span<const einx::DType>) { return std::vector{einx::i64}; }});
  const Tensor x = own::random({3, 50}, einx::u8).cast(einx::i32);
  const Tensor y = histogram("a [b] -> a [k]", x, {{"k", 8}});
  CHECK(y.dtype() == einx::i64);
  CHECK(einx::sum("a [k]", y).to_vector<std::int64_t>() == std::vector<std::int64_t>{50, 50, 50});
  CHECK(histogram("a [b] -> [k] a", x, {{"k", 8}}).item<std::int64_t>({2, 1}) == y.item<std::int64_t>({1, 2}));
  CHECK_THROWS_AS(histogram("a [b] -> a [k]", x), einx::AxisSizeError);
  CHECK_THROWS_AS(histogram("a [b]", x), einx::SemanticError);
  const einx::Graph graph = histogram.graph("a [b] -> a [k]", x, {{"k", 8}});
  CHECK(einx::Graph::parse(graph.text()).text() == graph.text());
  CHECK_FALSE(graph.loops().empty());
  CHECK_FALSE(graph.schedule().empty());
}

TEST_CASE("exceptions are carried out, the first by position, and nothing leaks") {
  static std::atomic<int> calls = 0;
  const auto op = einx::native("throws_somewhere", [](const Tensor& a, Tensor& out) {
    ++calls;
    const float value = *static_cast<const float*>(a.data());
    if (value >= 700) throw std::runtime_error("at " + std::to_string(int(value)));
    *out.data_as<float>() = value;
  });
  const Tensor x = Tensor::iota({100000});
  for (int threads : {1, 4, 0}) {
    einx::set_num_threads(threads);
    for (int repeat = 0; repeat < 5; ++repeat) {
      calls = 0;
      try {
        op("a -> a", x);
        FAIL("expected an error");
      } catch (const einx::CallOperationError& error) {
        CHECK(error.kind() == "runtime");
        CHECK(std::string(error.what()).find("'throws_somewhere' threw: at 700") != std::string::npos);
      }
      CHECK(calls < 100000);  // later ones are left out
    }
  }
  Tensor into = Tensor::zeros({100000});
  CHECK_THROWS_AS(op.into(into, "a -> a", x), einx::CallOperationError);
  CHECK(op("a -> a", Tensor::ones({10})).to_vector<float>() == std::vector<float>(10, 1.0F));
  CHECK_THROWS_AS(reference(op.graph("a -> a", Tensor::iota({800})), {Tensor::iota({800})}), einx::CallOperationError);
  const auto rude = einx::native("throws_a_number", [](const Tensor&, Tensor&) { throw 42; });
  CHECK_THROWS_AS(rude("a -> a", Tensor::ones({3})), einx::CallOperationError);
}

TEST_CASE("einx inside of a function, from many threads") {
  const auto op = einx::native("softmax_inside", [](const Tensor& a, Tensor& out) { out = einx::softmax("[n]", a); });
  const Tensor x = own::random({500, 16}, einx::f32);
  own::close(op("a [n] -> a [n]", x), einx::softmax("a [n]", x), 1e-6);  // and assigning the output copies
  const auto wrong = einx::native("assigns_another_shape", [](const Tensor&, Tensor& out) { out = Tensor::ones({3}); });
  CHECK_THROWS_AS(wrong("[n] -> [n]", Tensor::ones({4})), einx::CallOperationError);
  const auto other = einx::native("assigns_another_dtype", [](const Tensor& a, Tensor& out) { out = a.cast(einx::f64); });
  CHECK_THROWS_AS(other("[n] -> [n]", Tensor::ones({4})), einx::CallOperationError);
}

TEST_CASE("results are the same on any number of threads; into and Values; identity") {
  const Tensor x = matrices({200, 3, 3});
  einx::set_num_threads(1);
  const std::vector<double> one = inverse()("b [n m] -> b [n m]", x).to_vector<double>();
  einx::set_num_threads(0);
  CHECK(inverse()("b [n m] -> b [n m]", x).to_vector<double>() == one);
  Tensor into = Tensor::zeros({200, 3, 3}, einx::f64);
  inverse().into(into, "b [n m] -> b [n m]", x);
  CHECK(into.to_vector<double>() == one);
  const auto f = einx::jit([](einx::Value a) { return einx::dot("b i [j], b [j] k -> b i k", a, inverse()("b [n m] -> b [n m]", a)); });
  is_identity(f(x));
  const auto before = einx::cache_stats();
  for (int k = 0; k < 5; ++k) inverse()("b [n m] -> b [n m]", x);
  CHECK(einx::cache_stats().compiled == before.compiled);
  CHECK(inverse().name == "inverse");
  CHECK_THROWS_AS(einx::native("sum", inverse_of), einx::ValueError);
  CHECK_THROWS_AS(einx::native("bad_options", [](std::span<const Tensor>, std::span<Tensor>) {}, {.outputs = 0}), einx::ValueError);
  CHECK_THROWS_AS(inverse()("b [n m], b -> b [n m]", x, x), einx::SemanticError);
}
