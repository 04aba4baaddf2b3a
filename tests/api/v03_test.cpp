// einx::v03: the functions of einx 0.3 through the public interface.
#include <doctest/doctest.h>
#include <einx/einx.h>

#include <array>
#include <numeric>
#include <stdexcept>
#include <string>

using einx::Shape;
using einx::Tensor;
using Options = einx::v03::Options;

namespace {

Shape shape_of(const Tensor& tensor) { return Shape(tensor.shape().begin(), tensor.shape().end()); }
std::vector<float> values(const Tensor& tensor) { return tensor.to_vector<float>(); }

template <class F>
std::string kind_of(F f) {
  try {
    f();
  } catch (const einx::Error& error) {
    return std::string(error.class_name()) + " " + std::string(error.kind());
  }
  return "";
}

Tensor sum_of(const Tensor& x) {
  const std::vector<float> all = values(x);
  return Tensor::scalar(std::accumulate(all.begin(), all.end(), 0.0f));
}

}  // namespace

TEST_CASE("einx 0.3: operations") {
  const Tensor x = Tensor::iota({2, 3}), w = Tensor::iota({3, 4});
  CHECK(values(einx::v03::dot("a [b->c]", x, w)) == values(einx::dot("a [b], [b] c -> a c", x, w)));
  CHECK(values(einx::v03::dot("a b -> a", x)) == std::vector<float>{3, 12});
  CHECK(shape_of(einx::v03::dot("a [b->c]", x, einx::ones, {{"c", 5}})) == Shape{2, 5});
  CHECK(values(einx::v03::sum("a [b]", x, einx::keepdims)) == std::vector<float>{3, 12});
  CHECK(shape_of(einx::v03::sum("a [b]", x, einx::keepdims)) == Shape{2, 1});
  CHECK(shape_of(einx::v03::mean("[a->1] b", x)) == Shape{1, 3});
  CHECK(values(einx::v03::add("a [b]", x, Tensor::iota({3}))) == std::vector<float>{0, 2, 4, 3, 5, 7});
  CHECK(einx::v03::add("a []", x.sliced(1, 0, 1).reshaped({2}), 1.5).dtype() ==
        einx::f32);  // numbers are weak
  CHECK(values(einx::v03::where("a b, a b,", einx::v03::less("a b,", x, 2), x, -1)) ==
        std::vector<float>{0, 1, -1, -1, -1, -1});
  CHECK(shape_of(einx::v03::add("a, b, c -> c b a", {Tensor::iota({2}), Tensor::iota({3}),
                                                     Tensor::iota({4})})) == Shape{4, 3, 2});
  CHECK(values(einx::v03::get_at("[h] c, p -> p c", x, Tensor::copy_of<std::int64_t>({1}, {1}))) ==
        std::vector<float>{3, 4, 5});
  CHECK(values(einx::v03::index("[h] c, p -> p c", {x, Tensor::copy_of<std::int64_t>({1}, {1})}, "get_at")) ==
        std::vector<float>{3, 4, 5});
}

TEST_CASE("einx 0.3: rearrange pairs parts by their names") {
  const Tensor a = Tensor::iota({2}), b = Tensor::full({3}, 7);
  CHECK(values(einx::v03::rearrange("a, b -> (b + a)", a, b)) == std::vector<float>{7, 7, 7, 0, 1});
  CHECK(values(einx::v03::rearrange("(b + c + d) -> (d + c + b)", Tensor::iota({6}), {{"b", 2}, {"c", 1}})) ==
        std::vector<float>{3, 4, 5, 2, 0, 1});
  const auto parts = einx::v03::rearrange_all("(a + b) -> b, a", {Tensor::iota({5})}, {{"a", 2}});
  REQUIRE(parts.size() == 2);
  CHECK(values(parts[0]) == std::vector<float>{2, 3, 4});
  CHECK(values(parts[1]) == std::vector<float>{0, 1});
  CHECK(shape_of(einx::v03::rearrange("(a b) -> (a b)", Tensor::iota({6}))) == Shape{6});
  CHECK(kind_of([] { einx::v03::rearrange("(a b) -> (a b)", Tensor::iota({6}), Options().cse(false)); }) ==
        "AxisSizeError axis-ambiguous");
}

TEST_CASE("einx 0.3: along axes") {
  const Tensor x = Tensor::iota({2, 3});
  CHECK(values(einx::v03::flip("a b", x)) == std::vector<float>{5, 4, 3, 2, 1, 0});
  CHECK(values(einx::v03::flip("a [b] -> [b] a", x)) == std::vector<float>{2, 5, 1, 4, 0, 3});
  CHECK(values(einx::v03::roll("a [b]", x, 1)) == std::vector<float>{2, 0, 1, 5, 3, 4});
  CHECK(values(einx::v03::roll("a b", x, 1)) == std::vector<float>{5, 0, 1, 2, 3, 4});  // one flat axis
  CHECK(values(einx::v03::roll("[a b] -> [b a]", x, {1, 1})) == std::vector<float>{5, 2, 3, 0, 4, 1});
  const std::vector<float> whole = values(einx::v03::softmax("a b", x));
  CHECK(std::accumulate(whole.begin(), whole.end(), 0.0f) == doctest::Approx(1));
  const Tensor swapped = einx::v03::softmax("a [b c] -> a [c b]", Tensor::iota({2, 3, 4}));
  const Tensor plain = einx::softmax("a [b c]", Tensor::iota({2, 3, 4}));
  CHECK(values(swapped) == values(einx::id("a b c -> a c b", plain)));
}

TEST_CASE("einx 0.3: arange") {
  const Tensor grid = einx::v03::arange("a b -> b a [2]", {{"a", 2}, {"b", 3}});
  CHECK(grid.dtype() == einx::i32);
  CHECK(shape_of(grid) == Shape{3, 2, 2});
  CHECK(grid.to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 0, 1, 0, 0, 1, 1, 1, 0, 2, 1, 2});
  CHECK(values(einx::v03::arange("a", {{"a", 4}}, einx::f32)) == std::vector<float>{0, 1, 2, 3});
  CHECK(einx::v03::arange("a", {{"a", 0}}).size() == 0);
  CHECK(shape_of(einx::v03::arange("a... [n]", {{"a", {2, 3}}})) == Shape{2, 3, 2});
  CHECK(kind_of([] {
          einx::v03::arange("a b", {{"a", 4}, {"b", 1}});
        }) == "SemanticError argfind-needs-one-bracket");
}

TEST_CASE("einx 0.3: vmap with a function of sub-tensors") {
  const Tensor x = Tensor::iota({2, 3, 4});
  CHECK(values(einx::v03::vmap("a [b c] -> a", x, sum_of)) == std::vector<float>{66, 210});
  CHECK(values(einx::v03::vmap("a [b c] -> a", x, "sum")) == std::vector<float>{66, 210});
  // groups stay one dimension unless flat
  Shape seen;
  const auto look = [&](const Tensor& part) {
    seen = shape_of(part);
    return sum_of(part);
  };
  const Tensor y = Tensor::iota({2, 6});
  CHECK(values(einx::v03::vmap("a ([b c]) -> a", y, look, {{"b", 2}})) == std::vector<float>{15, 51});
  CHECK(seen == Shape{6});
  CHECK(values(einx::v03::vmap("a ([b c]) -> a", y, look, Options{{"b", 2}}.flat())) ==
        std::vector<float>{15, 51});
  CHECK(seen == Shape{2, 3});
  // several inputs, an axis of the output's own, diagonals of strides
  const Tensor u = Tensor::iota({2, 3, 2}), v = Tensor::iota({2, 4});
  const auto pair = [](const Tensor& c, const Tensor& d) {
    return Tensor::copy_of<float>({values(sum_of(c))[0], values(sum_of(d))[0]}, {2});
  };
  const Tensor z = einx::v03::vmap("b1 [c] b2, b2 [d] -> b2 [2] b1 n", {u, v}, pair, {{"n", 2}});
  CHECK(shape_of(z) == Shape{2, 2, 2, 2});
  CHECK(values(z) == std::vector<float>{6, 6, 24, 24, 6, 6, 6, 6, 9, 9, 27, 27, 22, 22, 22, 22});
  // implicit outputs, reversed and broadcast operands, empty loops
  const auto identity = [](const Tensor& part) { return part; };
  CHECK(values(einx::v03::vmap("a [b]", Tensor::iota({2, 3}).reversed(1), identity)) ==
        std::vector<float>{2, 1, 0, 5, 4, 3});
  CHECK(values(einx::v03::vmap("a [b]", Tensor::iota({3}).broadcast_to({2, 3}), identity)) ==
        std::vector<float>{0, 1, 2, 0, 1, 2});
  CHECK(shape_of(einx::v03::vmap("a [b] -> a", Tensor::zeros({0, 3}), sum_of)) == Shape{0});
  const auto both = einx::v03::vmap_all("a [b] -> a, [b] a", {Tensor::iota({2, 3})}, [](const Tensor& part) {
    return std::vector<Tensor>{sum_of(part), part};
  });
  REQUIRE(both.size() == 2);
  CHECK(values(both[0]) == std::vector<float>{3, 12});
  CHECK(values(both[1]) == std::vector<float>{0, 3, 1, 4, 2, 5});
}

TEST_CASE("einx 0.3: functions of whole tensors along axes") {
  const Tensor x = Tensor::iota({2, 3, 4});
  std::vector<int> along;
  const auto total = [&](const Tensor& t, const std::vector<int>& axes) {
    along = axes;
    Tensor result = t;
    for (std::size_t k = axes.size(); k-- > 0;) {
      Shape shape = shape_of(result);
      const std::int64_t outer =
          std::accumulate(shape.begin(), shape.begin() + axes[k], std::int64_t(1), std::multiplies<>());
      Tensor grouped = result.reshaped({outer, shape[axes[k]], result.size() / (outer * shape[axes[k]])});
      shape.erase(shape.begin() + axes[k]);
      result = einx::sum("a [b] c", grouped).reshaped(shape);
    }
    return result;
  };
  CHECK(values(einx::v03::reduce("[a] b [c]", x, total)) == values(einx::sum("[a] b [c]", x)));
  CHECK(along == std::vector<int>{0, 2});
  CHECK(shape_of(einx::v03::reduce("a b c -> c a", x, total)) == Shape{4, 2});
  CHECK(along == std::vector<int>{1});
  CHECK(values(einx::v03::reduce("a b c -> c a", x, total)) == values(einx::sum("a [b] c -> c a", x)));
  CHECK(values(einx::v03::reduce("[a] b c", x, "max")) == values(einx::max("[a] b c", x)));
  CHECK(values(einx::v03::vmap_with_axis("(a [b]) c d -> d c a", x, total, {{"b", 2}})) ==
        values(einx::sum("(a [b]) c d -> d c a", x, {{"b", 2}})));
  CHECK(values(einx::v03::vmap_with_axis("a [b] c -> a [b] c", x, "flip")) ==
        values(einx::flip("a [b] c", x)));
  std::array<Shape, 2> seen;
  const auto add = [&](const Tensor& a, const Tensor& b) {
    seen = {shape_of(a), shape_of(b)};
    return einx::add("..., ... -> ...", a.broadcast_to({3, 2}), b.broadcast_to({3, 2}));
  };
  CHECK(values(einx::v03::elementwise("a, b -> b a", {Tensor::iota({2}), Tensor::iota({3})}, add)) ==
        std::vector<float>{0, 1, 1, 2, 2, 3});
  CHECK(seen == std::array<Shape, 2>{Shape{1, 2}, Shape{3, 1}});
  CHECK(values(einx::v03::elementwise("a, a", {Tensor::iota({2}), Tensor::iota({2})}, "multiply")) ==
        std::vector<float>{0, 1});
}

TEST_CASE("einx 0.3: what goes wrong in functions of the caller's") {
  const Tensor x = Tensor::iota({2, 3});
  const auto undefined = [](const Tensor&) { return Tensor(); };
  const auto wrong_shape = [](const Tensor& part) { return part; };
  const auto throws = [](const Tensor&) -> Tensor { throw std::runtime_error("no"); };
  const auto two = [](const Tensor& a, const Tensor&) { return a; };
  int calls = 0;
  const auto changing = [&](const Tensor&) {
    return Tensor::zeros({}, calls++ == 0 ? einx::f32 : einx::i32);
  };
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a", x, undefined); }) == "CallOperationError runtime");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a", x, wrong_shape); }) == "CallOperationError runtime");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a", x, throws); }) == "CallOperationError runtime");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a", x, changing); }) == "CallOperationError runtime");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a", x, two); }) == "ValueError num-tensors");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a, a", x, sum_of); }) == "CallOperationError runtime");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> b", x, sum_of); }) == "SyntaxError inconsistent-brackets");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> ", x, sum_of); }) ==
        "SemanticError input-axis-missing-in-output");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a", Tensor(), sum_of); }) == "TypeError operand-kind");
  CHECK(kind_of([&] { einx::v03::vmap("a [b] -> a", x, "argmax"); }) ==
        "OperationNotSupportedError unknown-operation");
}

TEST_CASE("einx 0.3: errors of calls") {
  const Tensor x = Tensor::iota({2, 3});
  CHECK(kind_of([&] { einx::v03::sum("a b", x); }) == "SemanticError nothing-reduced");
  CHECK(kind_of([&] { einx::v03::sum("a [b] -> a", x, einx::keepdims); }) == "ValueError bad-parameter");
  CHECK(kind_of([&] { einx::v03::sum("a [b] -> a", x, einx::KeepDims{false}); }) ==
        "ValueError bad-parameter");
  CHECK(kind_of([&] { einx::v03::add("a a, a a", x, x); }) == "SyntaxError duplicate-axis");
  CHECK(kind_of([&] { einx::v03::add(",", 1, 2); }) == "TypeError operand-kind");
  CHECK(kind_of([&] { einx::v03::softmax("a [b]", x, einx::keepdims); }) == "TypeError python-signature");
  CHECK(kind_of([&] { einx::v03::roll("a [b]", x, {1, 2}); }) == "ValueError shift-length");
  CHECK(kind_of([&] {
          einx::v03::get_at("[h] 1, p -> p", Tensor::iota({3, 1}), Tensor::zeros({1}, einx::i64));
        }) == "SemanticError unnamed-axis");
  CHECK(kind_of([&] {
          einx::v03::set_at("[h], p, p q", Tensor::iota({3}), Tensor::zeros({1}, einx::i64),
                            Tensor::zeros({1, 2}));
        }) == "SemanticError update-axis");
}

TEST_CASE("einx 0.3: solving") {
  const Tensor x = Tensor::iota({6, 4});
  const auto solved = einx::v03::solve("(a b) c", {x}, {{"a", 2}});
  REQUIRE(solved);
  CHECK(solved->at("b").values == std::vector<std::int64_t>{3});
  CHECK_FALSE(einx::v03::solve("(a b) c", {x}));
  CHECK_FALSE(einx::v03::solve("a", {x}));
  CHECK(einx::v03::matches("(a b) c", {x}));
  CHECK_FALSE(einx::v03::matches("a b c", {x}));
  CHECK(kind_of([&] { einx::v03::matches("a a", {x}); }) == "SyntaxError duplicate-axis");
  CHECK(kind_of([&] { einx::v03::matches("a, b", {x}); }) == "ValueError num-tensors");
  CHECK(kind_of([&] { einx::v03::check("a b c", {x}); }) == "RankError ndim-mismatch");
  CHECK(kind_of([&] { einx::v03::check("a b", {x}); }).empty());
}

TEST_CASE("einx 0.3: traced") {
  const auto f = einx::jit([](einx::Value x, einx::Value w) {
    return einx::v03::softmax("a b", einx::v03::dot("a [b->c]", x, w));
  });
  const Tensor x = Tensor::iota({2, 3}), w = Tensor::iota({3, 4});
  CHECK(values(f(x, w)) == values(einx::v03::softmax("a b", einx::v03::dot("a [b->c]", x, w))));
  const auto swapped =
      einx::jit([](einx::Value a, einx::Value b) { return einx::v03::rearrange("a, b -> (b + a)", a, b); });
  CHECK(values(swapped(Tensor::iota({2}), Tensor::iota({1}))) == std::vector<float>{0, 0, 1});
}
