// The modules: equivariance under random rotations and inversions in f32 and f64, what they compute against
// other ways to it, and mistakes.
#include <doctest/doctest.h>

#include <cmath>

#include "gate.h"
#include "linear.h"
#include "network.h"
#include "spherical.h"
#include "testing.h"

using namespace equivariant;

namespace {

struct Case {
  std::string name;
  Function call;
  std::vector<Input> inputs;
  Irreps out;
};

/// Its `forward`, compiled as a module of its mode.
Function compiled(const auto& module) {
  const einx::CompiledModule f = einx::compile(module);
  return [f](const std::vector<Tensor>& x) { return f.run("forward", x).at(0); };
}

/// Features of both dtypes are of the same random numbers.
class Draw {
 public:
  Draw(einx::DType dtype, std::uint64_t seed) : dtype_(dtype), random_(seed) {}
  Input features(const Irreps& irreps, const Shape& leading = {5}) {
    Shape shape = leading;
    shape.push_back(irreps.dim());
    return {random_tensor(shape, dtype_, random_), irreps};
  }
  Input weights(const Shape& shape) { return {random_tensor(shape, dtype_, random_)}; }

 private:
  einx::DType dtype_;
  std::mt19937_64 random_;
};

Case harmonics(Draw& draw, bool normalize) {
  const SphericalHarmonics module(Irreps::spherical_harmonics(6), {Normalization::component, normalize});
  return {"harmonics", compiled(module), {draw.features("1o")}, module.out()};
}

Case linear(Draw& draw, bool biases, bool per_row) {
  const Linear module("3x0e + 2x1o + 2x0e + 2x2e + 4x0o", "4x0e + 3x1o + 1x3e + 2x2e + 2x0o", biases);
  const Shape leading = per_row ? Shape{5} : Shape{};
  std::vector<Input> inputs{draw.features(module.in())};
  for (const Parameter& parameter : module.weights()) {
    Shape shape = leading;
    shape.insert(shape.end(), parameter.shape.begin(), parameter.shape.end());
    inputs.push_back(draw.weights(shape));
  }
  return {biases ? "linear with biases" : "linear", compiled(module), inputs, module.out()};
}

Case product(Draw& draw, const std::string& name, const TensorProduct& module, bool per_row = false) {
  std::vector<Input> inputs{draw.features(module.in1()), draw.features(module.in2())};
  if (!module.weights().empty())
    inputs.push_back(draw.weights(per_row ? Shape{5, module.weight_count()} : Shape{module.weight_count()}));
  return {name, compiled(module), inputs, module.out()};
}

/// Products of every kind - with scalars on either side, to a scalar, general ones - in one mode, with the
/// copies that it takes.
TensorProduct all_products(Mode mode, bool weighted) {
  const std::int64_t u = 3, v = mode == Mode::uuw || mode == Mode::uuu ? 3 : 2;
  std::int64_t w = u;
  if (mode == Mode::uvw || mode == Mode::uuw) w = weighted ? 4 : 1;
  if (mode == Mode::uvv) w = v;
  if (mode == Mode::uvuv) w = u * v;
  const Irreps in1({{u, {0, 1}}, {u, {1, -1}}, {u, {2, 1}}}), in2({{v, {0, -1}}, {v, {1, -1}}});
  const Irreps out({{w, {0, -1}}, {w, {1, -1}}, {w, {1, 1}}, {w, {0, 1}}, {w, {2, 1}}, {w, {2, -1}}});
  std::vector<Path> paths;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j)
      for (const Irrep ir : in1[static_cast<std::size_t>(i)].ir* in2[static_cast<std::size_t>(j)].ir)
        for (int k = 0; k < 6; ++k)
          if (out[static_cast<std::size_t>(k)].ir == ir) paths.push_back({i, j, k, mode, weighted});
  return {in1, in2, out, paths};
}

Case norm(Draw& draw, bool squared) {
  const Norm module("2x0e + 3x1o + 1x2e + 2x3o", squared);
  return {"norm", compiled(module), {draw.features(module.in())}, module.out()};
}

Case gate(Draw& draw) {
  const Gate module("4x0e + 2x0o + 3x0o", {silu(), tanh(), absolute()}, "3x0o + 4x0e", {tanh(), sigmoid()},
                    "2x1o + 4x2e + 1x1e");
  return {"gate", compiled(module), {draw.features(module.in())}, module.out()};
}

Case message(Draw& draw) {
  const Message module("4x0e + 2x1o", "4x0e + 2x1o + 1x2e", 2);
  std::vector<Input> inputs{draw.features(module.in()), draw.features("1o"),
                            draw.weights({5, module.edge_weights()})};
  for (const Parameter& weight : module.weights()) inputs.push_back(draw.weights(weight.shape));
  return {"message", compiled(module), inputs, module.out()};
}

std::vector<Case> all_cases(einx::DType dtype, std::uint64_t seed) {
  Draw draw(dtype, seed);
  std::vector<Case> cases{harmonics(draw, true),
                          harmonics(draw, false),
                          linear(draw, false, false),
                          linear(draw, true, false),
                          linear(draw, true, true),
                          norm(draw, false),
                          norm(draw, true),
                          gate(draw),
                          message(draw)};
  for (const Mode mode : {Mode::uvw, Mode::uvu, Mode::uvv, Mode::uuw, Mode::uuu, Mode::uvuv}) {
    cases.push_back(product(draw, to_string(mode), all_products(mode, true)));
    cases.push_back(product(draw, to_string(mode) + " per row", all_products(mode, true), true));
    if (mode != Mode::uvw)
      cases.push_back(product(draw, to_string(mode) + " without weights", all_products(mode, false)));
  }
  cases.push_back(
      product(draw, "fully connected",
              fully_connected("3x0e + 2x1o + 1x2e", "2x0e + 2x1o + 1x3o", "2x0e + 3x1o + 2x2e + 1x2o")));
  cases.push_back(product(draw, "channel-wise",
                          channel_wise("4x0e + 4x1o + 4x2e", "0e + 1o + 2e + 3o", "0e + 0o + 1o + 1e + 2e"),
                          true));
  return cases;
}

}  // namespace

TEST_CASE("every module commutes with rotations and inversions") {
  const std::uint64_t seed = 11;
  CAPTURE(seed);
  for (const einx::DType dtype : {einx::f32, einx::f64}) {
    std::mt19937_64 random(seed);
    for (const Case& c : all_cases(dtype, seed)) {
      CAPTURE(c.name);
      CAPTURE(einx::name_of(dtype));
      for (const bool inverted : {false, true}) {
        const double error = equivariance_error(c.call, c.inputs, c.out, Rotation::random(random), inverted);
        CHECK(error < (dtype == einx::f32 ? 1e-5 : 1e-10));
      }
    }
  }
}

TEST_CASE("traced harmonics are those of plain C++, in every normalisation, for any leading axes") {
  std::mt19937_64 random(12);
  const Tensor vectors = random_tensor({2, 3, 3}, einx::f64, random);
  for (const Normalization normalization :
       {Normalization::component, Normalization::norm, Normalization::integral}) {
    const Irreps irreps = "2x1o + 0e + 6e + 11o + 0x2e";
    const HarmonicsOptions options{normalization, true};
    const auto f = einx::jit([&](Value v) { return spherical_harmonics(irreps, v, options); });
    const std::vector<double> got = f(vectors).to_vector<double>(), all = vectors.to_vector<double>();
    REQUIRE(static_cast<std::int64_t>(got.size()) == 6 * irreps.dim());
    for (std::size_t row = 0; row < 6; ++row) {
      const std::vector<double> expected =
          spherical_harmonics(irreps, {all[3 * row], all[3 * row + 1], all[3 * row + 2]}, options);
      for (std::size_t k = 0; k < expected.size(); ++k)
        CHECK(got[row * expected.size() + k] == doctest::Approx(expected[k]).epsilon(1e-10));
    }
  }
}

TEST_CASE("the norm of vectors is their length; products of vectors are dot and cross products") {
  const Tensor x = Tensor::copy_of<double>({3, 0, 4, 1, 2, 2}, {1, 6}),
               y = Tensor::copy_of<double>({0, 1, 0, 5, 1, -1}, {1, 6});
  const Norm norm("2x1o");
  CHECK(einx::jit([&](Value v) { return norm.forward(v); })(x).to_vector<double>() ==
        std::vector<double>{5, 3});
  const TensorProduct dot("2x1o", "2x1o", "2x0e", {{0, 0, 0, Mode::uuu, false, 3}});
  CHECK(einx::jit([&](Value a, Value b) { return dot.forward(a, b); })(x, y).to_vector<double>() ==
        std::vector<double>{0, 5});
  const TensorProduct cross("2x1o", "2x1o", "2x1e",
                            {{0, 0, 0, Mode::uuu, false, 2}});  // 3 for the components, 2 for 1 / sqrt(6)
  const std::vector<double> crossed =
      einx::jit([&](Value a, Value b) { return cross.forward(a, b); })(x, y).to_vector<double>();
  const double expected[] = {-4, 0, 3, -4, 11, -9};
  for (std::size_t k = 0; k < 6; ++k) CHECK(crossed[k] == doctest::Approx(expected[k]));
}

TEST_CASE("the gate multiplies vectors by the activations of their scalars") {
  const Gate gate("1x0e", {relu()}, "2x0e", {sigmoid()}, "2x1o");
  CHECK(to_string(gate.in()) == "3x0e+2x1o");
  CHECK(to_string(gate.out()) == "1x0e+2x1o");
  const Tensor x = Tensor::copy_of<double>({2, 0, 1, 1, 2, 3, 4, 5, 6}, {9});
  const std::vector<double> got = einx::jit([&](Value v) { return gate.forward(v); })(x).to_vector<double>();
  const double half = second_moment_factor(sigmoid()) / 2,
               other = second_moment_factor(sigmoid()) / (1 + std::exp(-1.0));
  const double expected[] = {2 * std::sqrt(2.0), half, 2 * half, 3 * half, 4 * other, 5 * other, 6 * other};
  for (std::size_t k = 0; k < 7; ++k) CHECK(got[k] == doctest::Approx(expected[k]));
  CHECK(to_string(Gate("16x0o", {tanh()}, "32x0o", {tanh()}, "16x1e + 16x1o").out()) == "16x0o+16x1o+16x1e");
}

TEST_CASE("the second moment of an activation of normal numbers") {
  CHECK(second_moment_factor(relu()) == doctest::Approx(std::sqrt(2.0)).epsilon(1e-9));
  CHECK(second_moment_factor(absolute()) == doctest::Approx(1).epsilon(1e-9));
  CHECK(second_moment_factor(silu()) ==
        doctest::Approx(1.6768).epsilon(1e-3));  // e3nn's, from a million samples, is within 1e-3
  CHECK(second_moment_factor(tanh()) == doctest::Approx(1.5937).epsilon(1e-3));
  CHECK(parity(tanh()) == -1);
  CHECK(parity(absolute()) == 1);
  CHECK(parity(silu()) == 0);
}

TEST_CASE("outputs without a path are zero, terms without copies take nothing") {
  const Linear linear("2x0e + 0x1o", "3x1o + 2x0e + 0x0e");
  CHECK(linear.weight_count() == 4);
  const auto f = einx::jit([&](Value x, Value w) { return linear.forward(x, w); });
  const std::vector<float> got =
      f(Tensor::ones({2, 2}), Tensor::copy_of<float>({1, 2, 3, 4}, {4})).to_vector<float>();
  REQUIRE(got.size() == 22);
  for (std::size_t k = 0; k < 9; ++k) CHECK(got[k] == 0);
  CHECK(got[9] == doctest::Approx(4 / std::sqrt(2.0)));
  const TensorProduct nothing = fully_connected("0x1o", "1o", "2x0e");
  CHECK(nothing.weight_count() == 0);
  const Tensor zeros = einx::jit([&](Value x, Value y, Value w) { return nothing.forward(x, y, w); })(
      Tensor::ones({4, 0}), Tensor::ones({4, 3}), Tensor::ones({0}));
  CHECK(zeros.to_vector<float>() == std::vector<float>(8));
}

TEST_CASE("modules have e3nn's modes, pass its checks, and refuse features of other sizes") {
  CHECK(Linear("0e", "0e").mode().mode == einx::Mode::script);
  CHECK(fully_connected("0e", "0e", "0e").mode().mode == einx::Mode::script);
  CHECK(SphericalHarmonics("1o").mode().mode == einx::Mode::script);
  CHECK(Norm("1o").mode().mode == einx::Mode::trace);
  const einx::AssertOptions options{.error_on_warnings =
                                        false};  // they look at leading axes, and are traced for others
  einx::assert_compilable(Linear("3x0e + 2x1o", "2x0e + 4x1o", true), options);
  einx::assert_compilable(all_products(Mode::uvu, true), options);
  einx::assert_compilable(SphericalHarmonics("0e + 1o + 2e"), options);
  einx::assert_compilable(Norm("2x0e + 3x1o"), options);
  einx::assert_compilable(Gate("4x0e", {silu()}, "2x0e", {sigmoid()}, "2x1o"), options);
  einx::assert_compilable(Message("2x0e + 1x1o", "2x0e + 1x1o", 1), options);
  const einx::CompiledModule norm = einx::compile(Norm("2x1o"));
  CHECK(norm(Tensor::ones({2, 3, 6})).shape().size() == 3);
  CHECK_THROWS_AS(norm(Tensor::ones({2, 5})), einx::ValueError);
}

TEST_CASE("a layer's own weights are read anew by every call") {
  const Layer layer("2x0e + 1x1o", "2x0e + 1x1o", 1, einx::f64, 3);
  const einx::CompiledModule compiled = einx::compile(layer);
  std::mt19937_64 random(4);
  const std::vector<Tensor> x{random_tensor({6, 5}, einx::f64, random),
                              random_tensor({6, 3}, einx::f64, random),
                              random_tensor({6, layer.message().edge_weights()}, einx::f64, random)};
  const Tensor before = compiled.run("forward", x)[0];
  CHECK(relative_difference(before, layer(x[0], x[1], x[2])) < 1e-12);
  layer.parameter("down").set(random_tensor(layer.message().weights()[1].shape, einx::f64, random));
  const Tensor after = compiled.run("forward", x)[0];
  CHECK(relative_difference(after, layer(x[0], x[1], x[2])) < 1e-12);
  CHECK(relative_difference(after, before) > 0.01);
  CHECK(relative_difference(compiled["message.up"](x[0], layer.parameter("up").tensor()),
                            einx::jit([&](Value v, Value w) {
                              return Linear("2x0e + 1x1o", "2x0e + 1x1o").forward(v, w);
                            })(x[0], layer.parameter("up").tensor())) < 1e-12);
}

TEST_CASE("weights are named and counted as in e3nn") {
  const TensorProduct product = fully_connected("4x0e + 4x1o", "4x0e + 4x1o", "4x0e + 4x1o");
  REQUIRE(product.weights().size() == 1);
  CHECK(product.weights()[0].name == "weight");
  CHECK(product.weights()[0].shape == Shape{256});
  CHECK(product.coefficient(0) == doctest::Approx(0.1767766952966369).epsilon(1e-15));
  CHECK(product.coefficient(1) == doctest::Approx(0.30618621784789724).epsilon(1e-15));
  CHECK(named("layer", Linear("2x0e", "3x0e", true).weights())[1].name == "layer.bias");
  CHECK(all_products(Mode::uuu, false).weights().empty());
}

TEST_CASE("products that cannot be are refused when they are made") {
  struct Row {
    Path path;
    const char* part;
  };
  const Row rows[] = {
      {{0, 0, 5}, "does not exist"},
      {{-1, 0, 0}, "does not exist"},
      {{1, 1, 2}, "is not in the product"},  // 1o x 1o is even
      {{0, 0, 1}, "is not in the product"},
      {{0, 0, 0, Mode::uvw, false}, "takes weights"},
      {{0, 0, 0, Mode::uvu}, "other copies than the first input (4 and 2)"},
      {{0, 0, 0, Mode::uvv}, "other copies than the second input (4 and 3)"},
      {{0, 0, 0, Mode::uuw}, "different numbers of copies (2 and 3)"},
      {{0, 0, 0, Mode::uuu}, "different numbers of copies (2 and 3)"},
      {{0, 0, 0, Mode::uvuv}, "every pair of copies (4 and 6)"},
      {{0, 0, 0, Mode::uvw, true, -1}, "not negative"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.part);
    try {
      const TensorProduct product("2x0e + 1o", "3x0e + 1o", "4x0e + 2x1o + 2o", {row.path});
      FAIL("was made");
    } catch (const einx::ValueError& error) {
      CHECK(std::string(error.what()).find(row.part) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(Gate("1x1o", {tanh()}, "", {}, ""), einx::ValueError);
  CHECK_THROWS_AS(Gate("1x0o", {silu()}, "", {}, ""), einx::ValueError);
  CHECK_THROWS_AS(Gate("1x0e", {}, "", {}, ""), einx::ValueError);
  CHECK_THROWS_AS(Gate("1x0e", {silu()}, "1x0e", {silu()}, "2x1o"), einx::ValueError);
}

TEST_CASE("operands that do not fit are refused when the function is traced") {
  const TensorProduct product = fully_connected("2x0e", "1o", "1o");
  const auto f = einx::jit([&](Value x, Value y, Value w) { return product.forward(x, y, w); });
  const Tensor x = Tensor::ones({4, 2}), y = Tensor::ones({4, 3}), w = Tensor::ones({2});
  CHECK(f(x, y, w).size() == 12);
  CHECK_THROWS_AS(f(Tensor::ones({4, 3}), y, w), einx::ValueError);
  CHECK_THROWS_AS(f(x, Tensor::ones({4, 2}), w), einx::ValueError);
  CHECK_THROWS_AS(f(x, Tensor::ones({5, 3}), w), einx::ValueError);
  CHECK_THROWS_AS(f(x, y, Tensor::ones({3})), einx::ValueError);
  CHECK_THROWS_AS(f(x, y, Tensor::ones({5, 2})), einx::ValueError);
  CHECK_THROWS_AS(f(x.cast(einx::i32), y, w), einx::TypeError);
  const auto missing = einx::jit([&](Value a, Value b) { return product.forward(a, b); });
  CHECK_THROWS_AS(missing(x, y), einx::ValueError);
}
