// einx::einops: its functions on tensors, lists and traced values.
#include <doctest/doctest.h>
#include <einx/einx.h>

#include <cmath>
#include <functional>
#include <stdexcept>

#include "kind_of.h"

namespace einops = einx::einops;
using einx::Shape;
using einx::Tensor;

namespace {

Shape shape(const Tensor& t) { return {t.shape().begin(), t.shape().end()}; }
std::vector<double> values(const Tensor& t) { return t.to_vector<double>(); }
bool same(const Tensor& a, const Tensor& b) {
  return shape(a) == shape(b) && a.dtype() == b.dtype() && values(a) == values(b);
}

}  // namespace

TEST_CASE("einops.rearrange is id with other rules, on all layouts") {
  for (const std::int64_t n : {0, 1, 3, 8}) {
    const Tensor x = Tensor::iota({2, n, 6});
    for (const Tensor& view : {x, x.reversed(0), x.permuted({1, 0, 2}).permuted({1, 0, 2}), x.reversed(2)}) {
      const Tensor y = einops::rearrange(view, "b c (h w) -> (b h) w c", {{"h", 3}});
      CHECK(same(y, einx::id("b c (h w) -> (b h) w c", view, {{"h", 3}, {"w", 2}})));
    }
  }
  CHECK(shape(einops::rearrange(Tensor::iota({3}), "a -> 1 a ()")) == Shape{1, 3, 1});
  CHECK(kind_of([] { einops::rearrange(Tensor::iota({6}), "(a b) -> (a b)"); }) ==
        "AxisSizeError axis-ambiguous");
}

TEST_CASE("einops.repeat and reduce") {
  const Tensor x = Tensor::iota({2, 3});
  CHECK(values(einops::repeat(x, "h w -> h (w c)", {{"c", 2}})) ==
        std::vector<double>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5});
  CHECK(shape(einops::repeat(x, "h w -> 4 h w")) == Shape{4, 2, 3});
  const std::pair<std::string, std::vector<double>> rows[] = {
      {"min", {0, 3}}, {"max", {2, 5}}, {"sum", {3, 12}}, {"mean", {1, 4}}, {"prod", {0, 60}}};
  for (const auto& [name, expected] : rows) CHECK(values(einops::reduce(x, "h w -> h", name)) == expected);
  CHECK(values(einops::reduce(x, "h w -> h", "any")) == std::vector<double>{1, 1});
  CHECK(values(einops::reduce(x, "h w -> h", "all")) == std::vector<double>{0, 1});
  CHECK(same(einops::reduce(x, "h w -> (w h)", "rearrange"), einops::rearrange(x, "h w -> (w h)")));
  CHECK(same(einops::reduce(x, "h w -> h w k", "repeat", {{"k", 2}}),
             einops::repeat(x, "h w -> h w k", {{"k", 2}})));
  CHECK(kind_of([&] { einops::reduce(x, "h w -> h", "median"); }) ==
        "OperationNotSupportedError unknown-operation");
}

TEST_CASE("einops.reduce: dtypes") {
  const Tensor bytes = Tensor::full({2, 3}, 100, einx::i8);
  CHECK(einops::reduce(bytes, "a b -> a", "sum").dtype() == einx::i64);
  CHECK(einops::reduce(bytes, "a b -> b a", "sum").dtype() == einx::i8);  // nothing is reduced
  CHECK(kind_of([&] { einops::reduce(bytes, "a b -> a", "mean"); }) ==
        "OperationNotSupportedError dtype-not-supported");
  CHECK(kind_of([&] { einops::reduce(bytes, "a b -> a b", "mean"); }).empty());
  CHECK(values(einops::reduce(Tensor::zeros({2, 0}), "a b -> a", "sum")) == std::vector<double>{0, 0});
  CHECK(kind_of([] {
          einops::reduce(Tensor::zeros({2, 0}), "a b -> a", "max");
        }) == "CallOperationError runtime");
}

TEST_CASE("einops.reduce with an operation") {
  const Tensor x = Tensor::iota({2, 3, 4});
  CHECK(same(einops::reduce(x, "a b c -> c a", einx::logsumexp), einx::logsumexp("a [b] c -> c a", x)));
  const auto largest = einx::reduction(
      "largest_magnitude", 0.0, [](einx::Value v) { return abs(v); },
      [](einx::Value a, einx::Value b) { return maximum(a, b); }, [](einx::Value acc) { return acc; });
  CHECK(same(einops::reduce(x, "a (b k) c -> a b", largest, {{"k", 3}}),
             einx::max("a (b [k]) [c] -> a b", x, {{"k", 3}})));
}

TEST_CASE("einops.reduce with a function") {
  const Tensor x = Tensor::iota({2, 6, 5});
  std::vector<int> seen;
  const auto spread = [&](const Tensor& t, const std::vector<int>& axes) {
    seen = axes;
    CHECK(shape(t) == Shape{5, 2, 3, 2});  // c a h, then what is reduced
    return einx::subtract("a b c, a b c", einx::max("a b c [d]", t), einx::min("a b c [d]", t));
  };
  const Tensor y = einops::reduce(x, "a (h k) c -> c 1 (a h)", spread, {{"k", 2}});
  CHECK(seen == std::vector<int>{3});
  CHECK(shape(y) == Shape{5, 1, 6});
  CHECK(values(y) == std::vector<double>(30, 5));
  const auto unused = [](const Tensor&, const std::vector<int>&) -> Tensor {
    throw std::runtime_error("called");
  };
  CHECK(same(einops::reduce(x, "a b c -> c b a", unused), einx::id("a b c -> c b a", x)));
  CHECK(kind_of([&] { einops::reduce(x, "a b c -> a", unused); }) == "CallOperationError runtime");
  const auto wrong = [](const Tensor& t, const std::vector<int>&) { return t; };
  CHECK(kind_of([&] { einops::reduce(x, "a b c -> a", wrong); }) == "CallOperationError runtime");
  const auto nothing = [](const Tensor&, const std::vector<int>&) { return Tensor(); };
  CHECK(kind_of([&] { einops::reduce(x, "a b c ->", nothing); }) == "CallOperationError runtime");
  const auto total = [](const Tensor& t, const std::vector<int>& axes) {
    CHECK(axes == std::vector<int>{1});
    return einx::sum("a [b]", t);
  };
  CHECK(values(einops::reduce({x.sliced(0, 0, 1).reshaped({30}), x.sliced(0, 1, 2).reshaped({30})},
                              "n d -> n", total)) == std::vector<double>{435, 1335});
}

TEST_CASE("einops: lists are stacked along a new first axis") {
  const Tensor x = Tensor::iota({2, 3}), y = Tensor::full({2, 3}, 7), z = Tensor::full({2, 3}, 9);
  const Tensor all = einx::id("a b, a b, a b -> (1 + 1 + 1) a b", x, y, z);
  CHECK(same(einops::rearrange({x, y, z}, "n a b -> n a b"), all));
  CHECK(same(einops::rearrange({x, y, z}, "n a b -> b (n a)"), einx::id("n a b -> b (n a)", all)));
  CHECK(
      same(einops::rearrange(std::vector<Tensor>{x, y, z, x}, "(n m) a b -> m a b n", {{"n", 2}}),
           einx::id("(n m) a b -> m a b n", einops::rearrange({x, y, z, x}, "n a b -> n a b"), {{"n", 2}})));
  CHECK(same(einops::rearrange({x}, "1 a b -> b a"), einx::id("a b -> b a", x)));
  CHECK(same(einops::rearrange({x}, "n a b -> (b n) a"), einx::id("a b -> b a", x)));
  CHECK(same(einops::repeat({x, y}, "n a b -> a b n k", {{"k", 2}}),
             einops::repeat(einops::rearrange({x, y}, "n a b -> n a b"), "n a b -> a b n k", {{"k", 2}})));
  CHECK(same(einops::reduce({x, y, z}, "n a b -> a", "sum"), einx::sum("[n] a [b]", all)));
  CHECK(einops::reduce({x, y.cast(einx::i8)}, "n a b -> n", "mean").dtype() == einx::f32);
  CHECK(kind_of([] { einops::rearrange(std::vector<Tensor>{}, "n a -> n a"); }) == "TypeError operand-kind");
  CHECK(kind_of([&] {
          einops::rearrange({x, x.reshaped({3, 2})}, "n a b -> n a b");
        }) == "AxisSizeError axis-conflict");
  CHECK(kind_of([&] {
          einops::rearrange({x, x.reshaped({6})}, "n a b -> n a b");
        }) == "RankError ndim-mismatch");
  CHECK(kind_of([&] { einops::rearrange({x, x}, "1 a b -> a b"); }) == "AxisSizeError axis-conflict");
  CHECK(kind_of([&] { einops::rearrange({x, 2}, "n a b -> n a b"); }) == "TypeError operand-kind");
}

TEST_CASE("einops.einsum") {
  const Tensor x = Tensor::iota({2, 3}), w = Tensor::iota({3, 4});
  CHECK(same(einops::einsum(x, w, "batch in, in out -> batch out"), einx::dot("a [b], [b] c -> a c", x, w)));
  CHECK(same(einops::einsum(x, "a b -> b"), einx::sum("[a] b", x)));
  CHECK(same(einops::einsum({x, w, w, x}, "a b, b c, b c, a b -> a"),
             einx::einsum("ab,bc,bc,ab->a", {x, w, w, x})));
}

TEST_CASE("einops: pack and unpack") {
  const Tensor a = Tensor::iota({2, 5}), b = Tensor::iota({2, 3, 5}), c = Tensor::iota({2, 2, 2, 5});
  const auto [packed, shapes] = einops::pack({a, b, c}, "i * k");
  CHECK(shape(packed) == Shape{2, 8, 5});
  CHECK(shapes == std::vector<Shape>{{}, {3}, {2, 2}});
  const std::vector<Tensor> back = einops::unpack(packed, shapes, "i * k");
  REQUIRE(back.size() == 3);
  CHECK(same(back[0], a));
  CHECK(same(back[1], b));
  CHECK(same(back[2], c));
  CHECK(shape(einops::unpack(packed, {{}, {-1}, {2, 2}}, "i * k")[1]) == Shape{2, 3, 5});
  CHECK(einops::unpack(packed, {}, "i * k").empty());
  CHECK(kind_of([&] { einops::unpack(packed, {}, "i *"); }) == "RankError ndim-mismatch");
  CHECK(kind_of([&] { einops::unpack(packed, {{1}, {2}}, "i * k"); }) == "AxisSizeError axis-conflict");
  CHECK(shape(einops::pack(std::vector<Tensor>{a}, "*").tensor) == Shape{10});
  CHECK(kind_of([] { einops::pack(std::vector<Tensor>{}, "*"); }) == "TypeError operand-kind");
}

TEST_CASE("einops.parse_shape gives sizes that other calls take") {
  const Tensor x = Tensor::zeros({2, 3, 5, 7});
  const einops::AxisSizes sizes = einops::parse_shape(x, "batch _ h w");
  CHECK(sizes.items == std::vector<std::pair<std::string, std::int64_t>>{{"batch", 2}, {"h", 5}, {"w", 7}});
  CHECK(sizes.at("h") == 5);
  CHECK(kind_of([&] { sizes.at("c"); }) == "ValueError bad-parameter");
  CHECK(shape(einops::rearrange(Tensor::zeros({700}), "(batch c h w) -> batch c h w", sizes)) ==
        Shape{2, 10, 5, 7});
  CHECK(einops::parse_shape(x, "... w").items.size() == 1);
}

TEST_CASE("einops.EinMix") {
  einops::EinMix mix("t (h c) -> t (h d)", {.weight_shape = "h c d", .bias_shape = "d h", .seed = 1},
                     {{"h", 2}, {"c", 3}, {"d", 4}});
  CHECK(shape(mix.weight) == Shape{2, 3, 4});
  CHECK(shape(mix.bias) == Shape{4, 2});
  for (const double w : values(mix.weight)) CHECK(std::fabs(w) <= 1);  // sqrt(3 / 3)
  for (const double b : values(mix.bias)) CHECK(std::fabs(b) <= std::sqrt(1 / 3.0));
  const Tensor x = Tensor::iota({5, 6});
  const Tensor expected =
      einx::add("t h d, d h -> t (h d)", einx::dot("t (h [c]), h [c] d -> t h d", x, mix.weight), mix.bias);
  const std::vector<double> got = values(mix(x)), wanted = values(expected);
  REQUIRE(got.size() == wanted.size());
  for (std::size_t k = 0; k < got.size(); ++k) CHECK(got[k] == doctest::Approx(wanted[k]));
  mix.weight = Tensor::zeros({2, 3, 4});
  mix.bias = Tensor::ones({4, 2});
  CHECK(values(mix(x)) == std::vector<double>(40, 1));
  const einops::EinMix scale("... c -> ... c", {.weight_shape = "c"}, {{"c", 6}});
  CHECK(!scale.bias.defined());
  CHECK(same(scale(x), einx::multiply("t c, c -> t c", x, scale.weight)));
  const auto traced = einx::jit([&](einx::Value v) { return mix(v); });
  CHECK(values(traced(x)) == std::vector<double>(40, 1));
  mix.weight = Tensor::zeros({2, 2, 4});
  CHECK(kind_of([&] { mix(x); }) == "AxisSizeError axis-conflict");
  CHECK(kind_of([] {
          einops::EinMix("b c -> b d", {.weight_shape = "c d"}, {{"c", 2}});
        }) == "AxisSizeError axis-ambiguous");
  CHECK(kind_of([] {
          einops::EinMix("b c -> b d", {.weight_shape = "c d"}, {{"c", 2}, {"d", 2}, {"e", 2}});
        }) == "ValueError unused-size");
  CHECK(kind_of([] {
          einops::EinMix("b c -> b d", {.weight_shape = "c"}, {{"c", 2}});
        }) == "SemanticError unknown-output-axis");
  CHECK(kind_of([] {
          einops::EinMix("b c", {.weight_shape = "c"}, {{"c", 2}});
        }) == "SemanticError missing-output");
  CHECK(kind_of([] {
          einops::EinMix("b c -> b c", {.weight_shape = "c", .bias_shape = "d"}, {{"c", 2}});
        }) == "SemanticError input-axis-missing-in-output");
}

TEST_CASE("einops: traced values and graphs") {
  const auto f = einx::jit([](einx::Value x, einx::Value y) {
    const einx::Value both = einops::rearrange(std::vector<einx::Value>{x, y}, "n a b -> a (n b)");
    return einops::reduce(einops::repeat(both, "a b -> a b k", {{"k", 2}}), "a b k -> a", "sum");
  });
  const Tensor x = Tensor::iota({2, 3}), y = Tensor::ones({2, 3});
  CHECK(values(f(x, y)) == std::vector<double>{12, 30});
  const auto g = einx::jit([](einx::Value v) { return einops::unpack(v, {{2}, {2, 2}}, "* a"); });
  CHECK(shape(g(Tensor::iota({6, 2}))[1]) == Shape{2, 2, 2});
  CHECK(same(einops::graph::rearrange(x, "a b -> b a")(x), einops::rearrange(x, "a b -> b a")));
  CHECK(same(einops::graph::reduce(x, "a b -> b", "sum")(x), einops::reduce(x, "a b -> b", "sum")));
}
