// Arithmetic on traced values: every operator and function against C++, broadcasting, dtypes, mistakes.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cmath>

#include "own.h"

using einx::DType;
using einx::Tensor;
using einx::Value;

namespace {

struct Row {
  const char* name;
  std::function<Value(Value, Value)> traced;
  std::function<double(double, double)> wanted;
};

const std::vector<Row> kRows = {
    {"+", [](Value a, Value b) { return a + b; }, [](double a, double b) { return a + b; }},
    {"-", [](Value a, Value b) { return a - b; }, [](double a, double b) { return a - b; }},
    {"*", [](Value a, Value b) { return a * b; }, [](double a, double b) { return a * b; }},
    {"/", [](Value a, Value b) { return a / b; }, [](double a, double b) { return a / b; }},
    {"unary", [](Value a, Value b) { return -a + +b; }, [](double a, double b) { return -a + b; }},
    {"numbers", [](Value a, Value b) { return 2 * a - 3 / b + (1.5 - a) / 2; }, [](double a, double b) { return 2 * a - 3 / b + (1.5 - a) / 2; }},
    {"floor_divide", [](Value a, Value b) { return floor_divide(a, b); }, [](double a, double b) { return std::floor(a / b); }},
    {"pow", [](Value a, Value b) { return pow(abs(a), b); }, [](double a, double b) { return std::pow(std::fabs(a), b); }},
    {"square", [](Value a, Value) { return pow(a, 2); }, [](double a, double) { return a * a; }},
    {"max", [](Value a, Value b) { return max(a, b) + min(a, 0.5); }, [](double a, double b) { return std::max(a, b) + std::min(a, 0.5); }},
    {"where", [](Value a, Value b) { return where(a < b, a, 7) + where(a >= 0, 1, b); }, [](double a, double b) { return (a < b ? a : 7) + (a >= 0 ? 1 : b); }},
    {"compare", [](Value a, Value b) { return where(logical_or(a <= b, logical_not(a != b)), 1.0, 2.0 * a); }, [](double a, double b) { return a <= b ? 1 : 2 * a; }},
    {"named", [](Value a, Value b) { return where(logical_and(greater(a, b), not_equal(a, 0)), maximum(a, 1), minimum(b, 1)); },
     [](double a, double b) { return a > b && a != 0 ? std::max(a, 1.0) : std::min(b, 1.0); }},
    {"equal", [](Value a, Value b) { return where(a == b, 1, 0) + cast(a > b, einx::f64); }, [](double a, double b) { return double(a == b) + double(a > b); }},
    {"exp", [](Value a, Value) { return exp(a); }, [](double a, double) { return std::exp(a); }},
    {"log", [](Value a, Value) { return log(abs(a)); }, [](double a, double) { return std::log(std::fabs(a)); }},
    {"log1p", [](Value a, Value) { return log1p(abs(a)); }, [](double a, double) { return std::log1p(std::fabs(a)); }},
    {"sqrt", [](Value a, Value) { return sqrt(abs(a)); }, [](double a, double) { return std::sqrt(std::fabs(a)); }},
    {"tanh", [](Value a, Value) { return tanh(a); }, [](double a, double) { return std::tanh(a); }},
    {"erf", [](Value a, Value) { return erf(a); }, [](double a, double) { return std::erf(a); }},
    {"sin", [](Value a, Value) { return sin(a) + cos(3 * a); }, [](double a, double) { return std::sin(a) + std::cos(3 * a); }},
    {"floor", [](Value a, Value) { return floor(a * 3); }, [](double a, double) { return std::floor(a * 3); }},
    {"logaddexp", [](Value a, Value b) { return logaddexp(a, b); }, [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); }},
    {"qualified", [](Value a, Value b) { return einx::where(einx::less(a, b), einx::exp(a), einx::maximum(b, 2)); }, [](double a, double b) { return a < b ? std::exp(a) : std::max(b, 2.0); }},
};

einx::Shape shape_of(const Tensor& x) { return {x.shape().begin(), x.shape().end()}; }

}  // namespace

TEST_CASE("operators and functions are those of C++") {
  const Tensor a = own::random({40}, einx::f64), b = own::random({40}, einx::f64);
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    const auto f = einx::jit([&row](Value p, Value q) { return row.traced(p, q); });
    const std::vector<double> got = f(a, b).to_vector<double>();
    for (std::size_t k = 0; k < x.size(); ++k) CHECK(got[k] == doctest::Approx(row.wanted(x[k], y[k])).epsilon(1e-12));
  }
}

TEST_CASE("shapes broadcast as NumPy's do") {
  struct Case {
    einx::Shape a, b, result;
  };
  const Case cases[] = {{{3}, {3}, {3}},          {{2, 3}, {3}, {2, 3}},       {{3}, {2, 3}, {2, 3}},    {{2, 1}, {1, 3}, {2, 3}}, {{}, {4}, {4}},
                        {{}, {}, {}},             {{1}, {5}, {5}},             {{4, 1, 2}, {3, 1}, {4, 3, 2}}, {{1, 1}, {1}, {1, 1}},   {{0, 3}, {1, 1}, {0, 3}},
                        {{1}, {0}, {0}}};
  for (const Case& c : cases) {
    CAPTURE(c.a.size());
    const Tensor a = own::random(c.a, einx::f32), b = own::random(c.b, einx::f32);
    const auto f = einx::jit([](Value x, Value y) { return x - y; });
    const Tensor got = f(a, b);
    CHECK(shape_of(got) == c.result);
    // aligned at the end: reshape to the result's rank, then repeat
    const auto stretched = [&](const Tensor& t) {
      einx::Shape shape(c.result.size() - std::size_t(t.rank()), 1);
      shape.insert(shape.end(), t.shape().begin(), t.shape().end());
      return t.reshaped(shape).broadcast_to(c.result).to_vector<float>();
    };
    const std::vector<float> x = stretched(a), y = stretched(b), z = got.to_vector<float>();
    for (std::size_t k = 0; k < z.size(); ++k) CHECK(z[k] == x[k] - y[k]);
  }
  const auto f = einx::jit([](Value x, Value y) { return x + y; });
  CHECK_THROWS_AS(f(Tensor::ones({2}), Tensor::ones({3})), einx::AxisSizeError);
  CHECK_THROWS_AS(f(Tensor::ones({2, 3}), Tensor::ones({2})), einx::AxisSizeError);
}

TEST_CASE("dtypes: numbers are weak, integers become floats where the function needs them") {
  struct Case {
    DType in;
    std::function<Value(Value)> f;
    DType out;
  };
  const Case cases[] = {
      {einx::f32, [](Value a) { return a * 2.5; }, einx::f32},       {einx::f16, [](Value a) { return 1 - a / 3; }, einx::f16},
      {einx::bf16, [](Value a) { return exp(a); }, einx::bf16},      {einx::i32, [](Value a) { return a + 1; }, einx::i32},
      {einx::i32, [](Value a) { return a * 0.5; }, einx::f64},       {einx::u8, [](Value a) { return sqrt(a); }, einx::f16},
      {einx::i16, [](Value a) { return sin(a); }, einx::f32},        {einx::i64, [](Value a) { return exp(a); }, einx::f64},
      {einx::boolean, [](Value a) { return log1p(a); }, einx::f16},  {einx::u8, [](Value a) { return abs(a); }, einx::u8},
      {einx::i8, [](Value a) { return -a; }, einx::i8},              {einx::i32, [](Value a) { return floor(a); }, einx::i32},
      {einx::f32, [](Value a) { return a < 1; }, einx::boolean},     {einx::f64, [](Value a) { return cast(a, einx::u8); }, einx::u8},
      {einx::i32, [](Value a) { return a / 2; }, einx::f64},         {einx::i32, [](Value a) { return floor_divide(a, 2); }, einx::i32},
      {einx::i32, [](Value a) { return pow(a, 2); }, einx::f64},     {einx::f32, [](Value a) { return pow(2, a); }, einx::f32},
  };
  for (const Case& c : cases) {
    CAPTURE(int(c.in));
    CHECK(einx::jit(c.f)(own::random({5}, c.in)).dtype() == c.out);
  }
  CHECK_THROWS_AS(einx::jit([](Value a) { return -a; })(own::random({5}, einx::boolean)), einx::OperationNotSupportedError);
}

TEST_CASE("conversions are those of Tensor::cast") {
  const std::vector<double> numbers = {0, -0.0, 1.5, -1.5, 255, 256, 300.7, -129, 65504, 65520, 1e10, -1e10, 0.1};
  const Tensor x = Tensor::copy_of(numbers, {13});
  for (int to = 0; to < 13; ++to) {
    const auto dtype = DType(to);
    CAPTURE(to);
    own::close(einx::jit([dtype](Value a) { return cast(a, dtype); })(x), x.cast(dtype), 0);
  }
}

TEST_CASE("whole reductions and patterns beside arithmetic") {
  const Tensor x = own::random({4, 5}, einx::f64);
  const auto f = einx::jit([](Value a) { return a / sqrt(einx::sum("a [b] -> a 1", a * a)) + einx::max(a) * 0; });
  const Tensor y = f(x);
  CHECK(shape_of(y) == einx::Shape{4, 5});
  const std::vector<double> norms = einx::sum("a [b]", einx::multiply("a b, a b", y, y)).to_vector<double>();
  for (const double norm : norms) CHECK(norm == doctest::Approx(1));
}

TEST_CASE("the new operations have patterns, too") {
  for (const DType dtype : {einx::f16, einx::bf16, einx::f32, einx::f64, einx::i8, einx::u16, einx::i32, einx::boolean})
    for (const std::int64_t n : {0, 1, 7, 16, 33}) {
      const Tensor x = own::random({n, 2}, dtype);
      for (const Tensor& layout : {x, x.reversed(0), x.permuted({1, 0})}) {
        const auto check = [&](const Tensor& got, const auto& graph) {
          own::close(got, own::reference(graph("a b -> b a", layout), {layout}), dtype == einx::f64 ? 1e-14 : 2e-3);
        };
        check(einx::exp("a b -> b a", layout), einx::graph::exp);
        check(einx::log1p("a b -> b a", layout), einx::graph::log1p);
        check(einx::sqrt("a b -> b a", layout), einx::graph::sqrt);
        check(einx::tanh("a b -> b a", layout), einx::graph::tanh);
        check(einx::erf("a b -> b a", layout), einx::graph::erf);
        check(einx::sin("a b -> b a", layout), einx::graph::sin);
        check(einx::cos("a b -> b a", layout), einx::graph::cos);
        check(einx::floor("a b -> b a", layout), einx::graph::floor);
        check(einx::abs("a b -> b a", layout), einx::graph::abs);
      }
    }
  CHECK(einx::pow("a,", Tensor::full({3}, 3), 2).to_vector<float>() == std::vector<float>{9, 9, 9});
  CHECK(einx::log("a", Tensor::ones({2})).to_vector<float>() == std::vector<float>{0, 0});
  CHECK(einx::negative("a", Tensor::ones({2}, einx::i8)).to_vector<float>() == std::vector<float>{-1, -1});
}

namespace unqualified {
using namespace einx;
TEST_CASE("with a using directive, C's functions stay what they are") {
  CHECK(exp(0.0) == 1);
  CHECK(abs(-2) == 2);
  CHECK(pow(2.0, 3.0) == 8);
  const auto f = jit([](Value a) { return exp(a) + abs(-a) + pow(a, 2) + einx::exp(a) * 0; });
  CHECK(f(Tensor::zeros({2})).to_vector<float>() == std::vector<float>{1, 1});
  CHECK(exp("a", Tensor::zeros({2})).to_vector<float>() == std::vector<float>{1, 1});
}
}  // namespace unqualified

TEST_CASE("powers with known exponents") {
  const double inf = INFINITY;
  const Tensor x = Tensor::copy_of({0.0, -0.0, 1.5, -3.25, inf, -inf, 1e200, 1e-200, 5.0}, {9});
  const auto op = einx::elementwise("powers", [](Value a) { return where(pow(a, 1) == a, pow(a, 2) + pow(a, -1), pow(a, 3)); });
  own::same_as_reference(op, "a", {x}, 1e-15);
  own::same_as_reference(op, "a", {x.cast(einx::f32)}, 1e-6);
}

TEST_CASE("mistakes with values are errors") {
  CHECK_THROWS_AS(Value().dtype(), einx::TypeError);
  CHECK_THROWS_AS(Value().shape(), einx::TypeError);
  CHECK_THROWS_AS(Value() + 1, einx::TypeError);
  Value kept;
  einx::jit([&kept](Value a) { return kept = a + 1; })(Tensor::ones({2}));
  CHECK_THROWS_AS(einx::jit([&kept](Value a) { return a + kept; })(Tensor::ones({2})), einx::TypeError);
  CHECK_THROWS_AS(einx::jit([](Value a) { return einx::sum(einx::sum(a)); })(Tensor::ones({2})), einx::ValueError);
  CHECK_THROWS_AS(einx::jit([](Value a) { return einx::dot(a, a); })(Tensor::ones({2})), einx::TypeError);
}
