// einx::einsum: values against plain loops, labels instead of letters, many operands, traced functions.
#include <doctest/doctest.h>
#include <einx/einx.h>

#include <cmath>
#include <functional>

#include "kind_of.h"

using einx::einsum;
using einx::Shape;
using einx::Tensor;

namespace {

Shape shape(const Tensor& t) { return {t.shape().begin(), t.shape().end()}; }
std::vector<double> values(const Tensor& t) { return t.to_vector<double>(); }

/// Small integers that differ, so that sums of products are exact and axes cannot be mistaken.
Tensor numbers(const Shape& shape, einx::DType dtype = einx::f64) {
  const Tensor ramp = Tensor::iota(shape, einx::f64);
  return einx::subtract("..., -> ...", ramp, 3.0).cast(dtype);
}

}  // namespace

TEST_CASE("einsum: matrix products of all dtypes and layouts against loops") {
  for (const einx::DType dtype :
       {einx::i8, einx::i32, einx::u16, einx::f16, einx::bf16, einx::f32, einx::f64})
    for (const std::int64_t n : {1, 3, 8, 17}) {
      const Tensor x = Tensor::ones({n, 5}, dtype), y = Tensor::iota({5, n}, dtype);
      const Tensor z = einsum("ij,jk->ki", x, y.reversed(0).reversed(1));
      REQUIRE(shape(z) == Shape{n, n});
      CHECK(z.dtype() == dtype);
      const std::vector<double> columns = values(einsum("jk->k", y.cast(einx::f64)));
      for (std::int64_t k = 0; k < n; ++k)
        for (std::int64_t i = 0; i < n; ++i)
          if (dtype == einx::f32 || dtype == einx::f64 || dtype == einx::i32)
            CHECK(values(z)[k * n + i] == columns[n - 1 - k]);
    }
}

TEST_CASE("einsum: diagonals, traces, sums, outer products, scalars") {
  const Tensor x = numbers({3, 3});
  CHECK(values(einsum("ii", x)) == std::vector<double>{3});
  CHECK(values(einsum("ii->i", x)) == std::vector<double>{-3, 1, 5});
  CHECK(values(einsum("ji", x)) == std::vector<double>{-3, 0, 3, -2, 1, 4, -1, 2, 5});
  CHECK(values(einsum("ij->", x)) == std::vector<double>{9});
  CHECK(values(einsum(",i->i", Tensor::scalar(2.0), numbers({2}))) == std::vector<double>{-6, -4});
  CHECK(values(einsum("i,->i", numbers({2}), 2)) == std::vector<double>{-6, -4});
  CHECK(values(einsum("i,j", numbers({2}), numbers({2}))) == std::vector<double>{9, 6, 6, 4});
  CHECK(values(einsum("i,i", numbers({0}), numbers({0}))) == std::vector<double>{0});
}

TEST_CASE("einsum: broadcasting and ellipses") {
  const Tensor x = numbers({2, 1, 3}), y = numbers({4, 3});
  const Tensor z = einsum("...a,...a->...", x, y);
  REQUIRE(shape(z) == Shape{2, 4});
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j) {
      double sum = 0;
      for (int a = 0; a < 3; ++a) sum += x.item<double>({i, 0, a}) * y.item<double>({j, a});
      CHECK(z.item<double>({i, j}) == sum);
    }
  CHECK(values(einsum("...a->a", y)) ==
        values(einsum("ba->a", y)));  // as torch: what the output leaves out is summed
}

TEST_CASE("einsum: labels") {
  const Tensor x = numbers({2, 3}), y = numbers({3, 4}), v = numbers({4});
  CHECK(values(einsum(x, {0, 1}, y, {1, 2}, {0, 2})) == values(einsum("ij,jk->ik", x, y)));
  CHECK(values(einsum(x, {0, 1}, y, {1, 2})) == values(einsum("ij,jk", x, y)));
  CHECK(values(einsum(x, {5, 3})) == values(einsum("ij->ji", x)));  // implied outputs are sorted by label
  CHECK(values(einsum(x, {900, 70}, y, {70, 19999}, {19999, 900})) == values(einsum("ij,jk->ki", x, y)));
  CHECK(shape(einsum(v, {0}, v, {0}, {})).empty());
  CHECK(values(einsum(y, {einx::ellipsis, 0}, {0, einx::ellipsis})) == values(einsum("ij->ji", y)));
  CHECK(values(einsum({{x, {0, 1}}, {y, {1, 2}}, {v, {2}}, {v, {2}}}, {0})) ==
        values(einsum("ij,jk,k,k->i", {x, y, v, v})));
  CHECK(kind_of([&] { einsum(x, {0, -2}); }) == "ValueError bad-parameter");
  CHECK(kind_of([&] { einsum(x, {0, 20001}); }) == "ValueError bad-parameter");
}

TEST_CASE("einsum: many operands are contracted in pairs, with the same result") {
  const Tensor a = numbers({9, 11}), b = numbers({11, 13}), c = numbers({13, 7}), d = numbers({7, 5});
  const Tensor pairs = einsum("ij,jk->ik", einsum("ij,jk->ik", einsum("ij,jk->ik", a, b), c), d);
  CHECK(values(einsum("ab,bc,cd,de->ae", {a, b, c, d})) == values(pairs));
  const std::string graph = einx::graph::einsum("ab,bc,cd,de->ae", {a, b, c, d}).text();
  CHECK(graph.find("x2") != std::string::npos);
  // One nest over these would have 2^40 iterations.
  const Tensor v = Tensor::ones({1 << 10});
  CHECK(einsum("a,b,c,d->", {v, v, v, v}).item<float>() == doctest::Approx(std::pow(2.0, 40)));
  // Mixed dtypes stay in one node: the product is computed in the common dtype, not in that of the first
  // pair.
  const Tensor small = Tensor::full({64, 64}, 100, einx::i8);
  CHECK(einsum("ij,jk,kl->il", small, small, Tensor::ones({64, 64}, einx::i64)).item<std::int64_t>({0, 0}) ==
        64LL * 64 * 10000);
}

TEST_CASE("einsum: in traced functions and as graphs") {
  const auto f =
      einx::jit([](einx::Value x, einx::Value y) { return einx::sum("a [b]", einsum("ij,jk->ik", x, y)); });
  const Tensor x = numbers({2, 3}), y = numbers({3, 4});
  CHECK(values(f(x, y)) == values(einsum("ij,jk->i", x, y)));
  const auto labels = einx::jit([](einx::Value x, einx::Value y) {
    return einsum(x, {0, 1}, y, {1, 2}, {0});
  });
  CHECK(values(labels(x, y)) == values(einsum("ij,jk->i", x, y)));
  CHECK(values(einx::graph::einsum("ij,jk->ik", x, y)(x, y)) == values(einsum("ij,jk->ik", x, y)));
  CHECK(values(einsum("ij,ij->i", std::vector<Tensor>{x, x})) == values(einsum("ij,ij->i", x, x)));
}

TEST_CASE("einsum: the text of a graph is read back") {
  const Tensor x = numbers({3, 3}), y = numbers({1, 3});
  for (const char* pattern : {"ii", "ii->i", "ij->", "ji"}) {
    const einx::Graph graph = einx::graph::einsum(pattern, x);
    CHECK(einx::Graph::parse(graph.text()).text() == graph.text());
    CHECK(values(einx::Graph::parse(graph.text())(x)) == values(einsum(pattern, x)));
  }
  const einx::Graph graph = einx::graph::einsum("...i,ii->...", y, x);
  CHECK(values(einx::Graph::parse(graph.text())(y, x)) == values(einsum("ki,ii->k", y, x)));
}

TEST_CASE("einsum: factories get the shape that the letters have") {
  CHECK(values(einsum("ij,jk,k->i", numbers({2, 3}), numbers({3, 4}), einx::ones)) ==
        values(einsum("ij,jk->i", numbers({2, 3}), numbers({3, 4}))));
}

TEST_CASE("einsum: errors") {
  const Tensor x = numbers({2, 3});
  CHECK(kind_of([&] { einsum("ij,jk->ik", x, x); }) == "AxisSizeError axis-conflict");
  CHECK(kind_of([&] { einsum("ij->ik", x); }) == "SemanticError unknown-output-axis");
  CHECK(kind_of([&] { einsum("ij,jk", x); }) == "ValueError num-tensors");
  CHECK(kind_of([&] { einsum("ij", Tensor()); }) == "TypeError operand-kind");
  CHECK(kind_of([&] { einsum("i?", x); }) == "SyntaxError invalid-token");
}
