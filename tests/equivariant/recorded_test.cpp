// The modules against the graphs that e3nn recorded of its own: same inputs, same weights, same order of the
// weights.
#include "recorded.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "linear.h"
#include "tensor_product.h"
#include "testing.h"

using namespace equivariant;

namespace {

std::string file(const char* name) { return std::string(EQUIVARIANT_RECORDED) + "/" + name; }

std::vector<Tensor> random_inputs(const Recorded& recorded, einx::DType dtype, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  return random_parameters(recorded.inputs(), dtype, random);
}

/// e3nn stores shared weights as one row; we take them without.
Tensor shared(const Tensor& weights) { return weights.reshaped({weights.size()}); }

/// How far apart: the recorded constants are f32, so that f64 agrees to 1e-8 only.
double tolerance(einx::DType dtype) { return dtype == einx::f32 ? 2e-6 : 5e-8; }

}  // namespace

TEST_CASE("Linear is e3nn's") {
  const Linear module("64x0e + 64x1o + 64x2e", "64x0e + 64x1o + 64x2e");
  for (const einx::DType dtype : {einx::f32, einx::f64}) {
    const Recorded recorded = Recorded::load(file("linear.txt"), dtype);
    const std::vector<Tensor> x = random_inputs(recorded, dtype, 1);
    const auto f = einx::jit([&](Value a, Value w) { return module.forward(a, w); });
    CHECK(relative_difference(f(x[0], shared(x[1])), recorded.run(x)) < tolerance(dtype));
  }
}

TEST_CASE("the fully connected product is e3nn's") {
  const Irreps irreps = "4x0e + 4x1o";
  const TensorProduct module = fully_connected(irreps, irreps, irreps);
  for (const einx::DType dtype : {einx::f32, einx::f64}) {
    const Recorded recorded = Recorded::load(file("fully_connected.txt"), dtype);
    const std::vector<Tensor> x = random_inputs(recorded, dtype, 2);
    const auto f = einx::jit([&](Value a, Value b, Value w) { return module.forward(a, b, w); });
    CHECK(relative_difference(f(x[0], x[1], shared(x[2])), recorded.run(x)) < tolerance(dtype));
  }
}

TEST_CASE("NequIP's convolution is e3nn's, with weights for each edge") {
  const TensorProduct module = channel_wise("32x0e + 32x1o + 32x2e", "0e + 1o + 2e", "0e + 1o + 2e");
  CHECK(to_string(simplify(module.out())) == "96x0e+128x1o+128x2e");
  for (const einx::DType dtype : {einx::f32, einx::f64}) {
    const Recorded recorded = Recorded::load(file("convolution.txt"), dtype);
    const std::vector<Tensor> x = random_inputs(recorded, dtype, 3);
    const auto f = einx::jit([&](Value a, Value b, Value w) { return module.forward(a, b, w); });
    CHECK(relative_difference(f(x[0], x[1], x[2]), recorded.run(x)) < tolerance(dtype));
  }
}

TEST_CASE("the recorded constants are our 3j symbols") {
  std::ifstream lines(file("convolution.txt"));
  std::string line;
  int seen = 0;
  while (std::getline(lines, line)) {
    if (!line.starts_with("_w3j_")) continue;
    const auto digit = [&](std::size_t k) { return line[5 + 2 * k] - '0'; };
    std::istringstream words(line.substr(line.find("constant") + 8));
    for (const double expected : wigner_3j(digit(0), digit(1), digit(2))) {
      double value = 0;
      REQUIRE(static_cast<bool>(words >> value));
      CHECK(std::abs(value - expected) < 2e-8);
    }
    ++seen;
  }
  CHECK(seen == 4);
}

TEST_CASE("recorded graphs that cannot be read say where") {
  const std::string path = (std::filesystem::temp_directory_path() / "einx_recorded_test.txt").string();
  struct Row {
    const char *text, *part;
  };
  const Row rows[] = {
      {"x = input ; 2\ny = sinh x ; 2\n", ":2: there is no operation 'sinh'"},
      {"x = input ; 2\ny = add x z ; 2\n", ":2: there is no 'z' before it"},
      {"x = input ; 2\ny = mul x two ; 2\n", ":2: 'two' is no number"},
      {"x = input ; 2\ny = slice x 0 1 ; 2\n", ":2: 'slice' takes 3 numbers"},
      {"x = input ; 2\n", "does not end in an output"},
  };
  for (const Row& row : rows) {
    std::ofstream(path) << row.text;
    CAPTURE(row.text);
    try {
      Recorded::load(path);
      FAIL("was read");
    } catch (const einx::ValueError& error) {
      CHECK(std::string(error.what()).find(row.part) != std::string::npos);
    }
  }
  std::filesystem::remove(path);
  CHECK_THROWS_AS(Recorded::load("/nowhere/graph.txt"), einx::ValueError);
}
