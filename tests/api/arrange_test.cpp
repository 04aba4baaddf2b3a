// Traced values under other shapes: reshape, slices, stack and their like against tensors that are indexed one element at a time.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <numeric>
#include <random>

using einx::Shape;
using einx::Tensor;
using einx::Value;

namespace {

Shape shape_of(const Tensor& x) { return {x.shape().begin(), x.shape().end()}; }
std::vector<float> numbers(const Tensor& x) { return x.to_vector<float>(); }

/// One traced function on one tensor; the text of its graph has to be read back and to compute the same.
Tensor traced(const std::function<Value(Value)>& f, const Tensor& x) {
  const einx::Graph graph = einx::trace(f, {x});
  CHECK(einx::Graph::parse(graph.text()).text() == graph.text());
  return einx::Graph::parse(graph.text())(x);
}

struct Range {
  std::optional<std::int64_t> from, to;
  std::int64_t step;
};

/// The positions that Python takes: written from its documentation, with the ends as they are.
std::vector<std::int64_t> python_range(std::int64_t size, const Range& range) {
  std::vector<std::int64_t> taken;
  const auto at = [&](std::int64_t p) { return p < 0 ? p + size : p; };
  if (range.step > 0) {
    const std::int64_t end = range.to ? at(*range.to) : size;
    for (std::int64_t p = range.from ? at(*range.from) : 0; p < end && p < size; p += range.step)
      if (p >= 0) taken.push_back(p);
      else p = -range.step;  // begins before the axis: at its first position
  } else {
    const std::int64_t end = range.to ? at(*range.to) : -1;
    for (std::int64_t p = std::min(range.from ? at(*range.from) : size - 1, size - 1); p > end && p >= 0; p += range.step) taken.push_back(p);
  }
  return taken;
}

}  // namespace

TEST_CASE("reshape keeps the row-major order") {
  struct Case {
    Shape from, to, result;
    std::size_t nodes;
  };
  const Case cases[] = {
      {{6}, {2, 3}, {2, 3}, 1},           {{2, 3}, {6}, {6}, 1},         {{2, 3}, {-1}, {6}, 1},           {{4, 6}, {2, -1, 3}, {2, 4, 3}, 1},
      {{4, 6}, {6, 4}, {6, 4}, 2},        {{2, 3, 4}, {3, 2, 4}, {3, 2, 4}, 2}, {{2, 6}, {4, 3}, {4, 3}, 1}, {{2, 1, 3}, {3, 2}, {3, 2}, 2},
      {{1, 6, 1}, {3, 1, 2, 1}, {3, 1, 2, 1}, 1}, {{}, {1, 1}, {1, 1}, 1}, {{1}, {}, {}, 1},              {{0, 3}, {5, 0}, {5, 0}, 0},
      {{2, 3}, {2, 3}, {2, 3}, 0},        {{5, 4, 6}, {5, 6, 4}, {5, 6, 4}, 2}, {{8, 9}, {2, 2, 2, 3, 3}, {2, 2, 2, 3, 3}, 1},
      {{2, 2, 2, 3, 3}, {8, 9}, {8, 9}, 1}, {{4, 9}, {6, 6}, {6, 6}, 2},  {{2, 1, 1, 2}, {4}, {4}, 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.to.size());
    const Tensor x = Tensor::iota(c.from);
    const einx::Graph graph = einx::trace([&](Value v) { return reshape(v, c.to); }, {x});
    const std::string text = graph.text();
    CAPTURE(text);
    CHECK(shape_of(graph(x)) == c.result);
    CHECK(numbers(graph(x)) == numbers(x));
    CHECK(einx::Graph::parse(text).text() == text);
    std::size_t nodes = 0;
    for (std::size_t at = text.find(" = id("); at != text.npos; at = text.find(" = id(", at + 1)) ++nodes;
    CHECK(nodes == c.nodes);
  }
  for (const Shape& to : {Shape{4}, Shape{-1, -1}, Shape{-2, 3}, Shape{4, -1}, Shape{0, -1}})
    CHECK_THROWS_AS(einx::trace([&](Value v) { return reshape(v, to); }, {{einx::f32, {2, 3}}}), einx::ValueError);
}

TEST_CASE("random shapes of equal size") {
  std::mt19937 random(11);
  const auto draw = [&](std::int64_t rest) {
    Shape shape;
    while (rest > 1 || random() % 3 == 0) {
      std::vector<std::int64_t> divisors;
      for (std::int64_t d = 1; d <= rest; ++d)
        if (rest % d == 0) divisors.push_back(d);
      shape.push_back(divisors[random() % divisors.size()]);
      rest /= shape.back();
    }
    return shape;
  };
  for (int k = 0; k < 40; ++k) {
    const std::int64_t size = std::vector<std::int64_t>{24, 36, 30, 64, 7}[random() % 5];
    const Tensor x = Tensor::iota(draw(size));
    const Shape to = draw(size);
    const Tensor y = traced([&](Value v) { return reshape(v, to); }, x);
    CHECK(shape_of(y) == to);
    CHECK(numbers(y) == numbers(x));
  }
}

TEST_CASE("slices are Python's") {
  std::vector<std::pair<std::int64_t, Range>> cases;
  for (const std::int64_t size : {0, 1, 5, 7})
    for (const auto& from : {std::optional<std::int64_t>(), std::optional<std::int64_t>(1), std::optional<std::int64_t>(-3), std::optional<std::int64_t>(-20)})
      for (const auto& to : {std::optional<std::int64_t>(), std::optional<std::int64_t>(4), std::optional<std::int64_t>(-1), std::optional<std::int64_t>(30)})
        for (const std::int64_t step : {1, 2, 3, -1, -2, 9}) cases.push_back({size, {from, to, step}});
  for (const auto& [size, range] : cases) {
    const std::vector<std::int64_t> taken = python_range(size, range);
    CAPTURE(size);
    CAPTURE(range.from.value_or(99));
    CAPTURE(range.to.value_or(99));
    CAPTURE(range.step);
    const Tensor x = Tensor::iota({2, size, 3});
    const einx::Graph graph = einx::trace([&, r = range](Value v) { return slice(v, 1, r.from, r.to, r.step); }, {x});
    CAPTURE(graph.text());
    CHECK(einx::Graph::parse(graph.text()).text() == graph.text());
    CHECK(graph.outputs()[0].shape == Shape{2, std::int64_t(taken.size()), 3});
    if ((size + range.step + range.from.value_or(0)) % 3 != 0) continue;  // a third of them is compiled
    const Tensor y = graph(x);
    for (std::int64_t a = 0; a < 2; ++a)
      for (std::size_t k = 0; k < taken.size(); ++k)
        for (std::int64_t c = 0; c < 3; ++c) CHECK(y.item<float>({a, std::int64_t(k), c}) == x.item<float>({a, taken[k], c}));
  }
  CHECK_THROWS_AS(einx::trace([](Value v) { return slice(v, 1, 0, 1); }, {{einx::f32, {3}}}), einx::ValueError);
  CHECK_THROWS_AS(einx::trace([](Value v) { return slice(v, 0, 0, 1, 0); }, {{einx::f32, {3}}}), einx::ValueError);
}

TEST_CASE("a slice moves nothing but itself") {
  const auto graph = einx::trace([](Value v) { return slice(v, 0, 1000, 1004) * 2; }, {{einx::f32, {100000, 3}}});
  const std::string loops = graph.loops();
  CAPTURE(loops);
  CHECK(graph.text().find("= id(i0, \"(a0 + a1 + a2) a3 -> a0 a3, a1 a3, a2 a3\"") != std::string::npos);
  CHECK(loops.find("98996") == std::string::npos);  // the rows behind it
}

TEST_CASE("one position, orders, repetitions") {
  const Tensor x = Tensor::iota({2, 3, 4});
  for (const int axis : {0, 1, 2, -1})
    for (const std::int64_t index : {0, 1, -1}) {
      const Tensor y = traced([&](Value v) { return select(v, axis, index); }, x);
      const int at = axis < 0 ? axis + 3 : axis;
      const std::int64_t position = index < 0 ? index + x.shape()[std::size_t(at)] : index;
      Shape shape = shape_of(x);
      shape.erase(shape.begin() + at);
      CHECK(shape_of(y) == shape);
      CHECK(numbers(y) == numbers(x.sliced(at, position, position + 1)));
    }
  CHECK(numbers(traced([](Value v) { return select(v, 0, 2); }, Tensor::iota({3}))) == std::vector<float>{2});
  CHECK_THROWS_AS(einx::trace([](Value v) { return select(v, 0, 3); }, {{einx::f32, {3}}}), einx::ValueError);
  CHECK_THROWS_AS(einx::trace([](Value v) { return select(v, 0, -4); }, {{einx::f32, {3}}}), einx::ValueError);

  CHECK(numbers(traced([](Value v) { return transpose(v, {2, 0, -2}); }, x)) == numbers(x.permuted({2, 0, 1})));
  CHECK(numbers(traced([](Value v) { return transpose(v); }, x)) == numbers(x.permuted({2, 1, 0})));
  for (const std::vector<int>& order : {std::vector<int>{0, 0, 1}, std::vector<int>{0, 1}, std::vector<int>{0, 1, 3}})
    CHECK_THROWS_AS(einx::trace([&](Value v) { return transpose(v, order); }, {x}), einx::ValueError);

  const Tensor row = Tensor::iota({3, 1});
  CHECK(numbers(traced([](Value v) { return broadcast_to(v, {2, 3, 4}); }, row)) == numbers(row.broadcast_to({2, 3, 4})));
  CHECK(numbers(traced([](Value v) { return broadcast_to(v, {2, 2}); }, Tensor::full({}, 3))) == std::vector<float>{3, 3, 3, 3});
  for (const Shape& to : {Shape{3}, Shape{2, 4}, Shape{3, -1}})
    CHECK_THROWS_AS(einx::trace([&](Value v) { return broadcast_to(v, to); }, {row}), einx::ValueError);
}

TEST_CASE("lists along a new axis, and along one that is there") {
  const Tensor a = Tensor::iota({2, 3}), b = Tensor::full({2, 3}, 7), narrow = Tensor::full({2, 1}, 9, einx::f64);
  struct Case {
    std::function<Value(Value, Value, Value)> f;
    Shape shape;
    std::vector<float> wanted;
  };
  const Case cases[] = {
      {[](Value p, Value q, Value) { return einx::stack({p, q}); }, {2, 2, 3}, {0, 1, 2, 3, 4, 5, 7, 7, 7, 7, 7, 7}},
      {[](Value p, Value q, Value) { return einx::stack({p, q}, 1); }, {2, 2, 3}, {0, 1, 2, 7, 7, 7, 3, 4, 5, 7, 7, 7}},
      {[](Value p, Value q, Value) { return einx::stack({p, q}, -1); }, {2, 3, 2}, {0, 7, 1, 7, 2, 7, 3, 7, 4, 7, 5, 7}},
      {[](Value p, Value, Value) { return einx::stack({p}, 1); }, {2, 1, 3}, {0, 1, 2, 3, 4, 5}},
      {[](Value p, Value, Value r) { return einx::concat({p, r}, 1); }, {2, 4}, {0, 1, 2, 9, 3, 4, 5, 9}},
      {[](Value p, Value q, Value) { return einx::concat({p, q, p}); }, {6, 3}, {0, 1, 2, 3, 4, 5, 7, 7, 7, 7, 7, 7, 0, 1, 2, 3, 4, 5}},
      {[](Value p, Value, Value) { return einx::concat({p}); }, {2, 3}, {0, 1, 2, 3, 4, 5}},
      {[](Value p, Value q, Value) { return einx::concat(std::vector<Value>{slice(p, 1, 0, 1), slice(q, 1, 2, {})}, -1); }, {2, 2}, {0, 7, 3, 7}},
  };
  for (const Case& c : cases) {
    const einx::Graph graph = einx::trace(c.f, {a, b, narrow});
    CAPTURE(graph.text());
    CHECK(einx::Graph::parse(graph.text()).text() == graph.text());
    const Tensor y = graph(a, b, narrow);
    CHECK(shape_of(y) == c.shape);
    CHECK(numbers(y) == c.wanted);
  }
  CHECK_THROWS_AS(einx::trace([](Value) { return einx::stack(std::vector<Value>{}); }, {a}), einx::TypeError);
  CHECK_THROWS_AS(einx::trace([](Value p, Value q) { return einx::stack({p, q}); }, {a, narrow}), einx::AxisSizeError);
  CHECK_THROWS_AS(einx::trace([](Value p, Value q) { return einx::concat({p, q}); }, {a, narrow}), einx::AxisSizeError);
  CHECK_THROWS_AS(einx::trace([](Value p) { return einx::concat({p, p}, 2); }, {a}), einx::ValueError);
}
