// einx::contract_path: its steps, run one by one, give what the einsum gives; its table, its options and its
// errors.
#include <doctest/doctest.h>
#include <einx/einx.h>

#include <functional>
#include <random>

#include "kind_of.h"

using einx::contract_path;
using einx::PathInfo;
using einx::PathOptions;
using einx::Shape;
using einx::Tensor;

namespace {

/// Small integers: sums of products are exact.
Tensor numbers(const Shape& shape, int seed) {
  std::mt19937 random{unsigned(seed)};
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  std::vector<double> values;
  for (std::int64_t k = 0; k < count; ++k) values.push_back(double(random() % 5) - 2);
  return Tensor::copy_of(values, shape);
}

/// The path of the equation, step by step.
Tensor run(const PathInfo& info, std::vector<Tensor> list) {
  for (const einx::PathStep& step : info.steps) {
    std::vector<Tensor> taken;
    for (const int position : step.positions) taken.push_back(list[std::size_t(position)]);
    for (auto at = step.positions.rbegin(); at != step.positions.rend(); ++at) list.erase(list.begin() + *at);
    list.push_back(einx::einsum(step.equation, taken));
  }
  REQUIRE(list.size() == 1);
  return list[0];
}

struct Row {
  const char* equation;
  std::vector<Shape> shapes;
};

}  // namespace

TEST_CASE("contract_path: the steps give what the einsum gives") {
  const std::vector<Row> rows = {
      {"ij,jk,kl->il", {{2, 9}, {9, 3}, {3, 8}}},
      {"ij,jk,kl,lm", {{2, 3}, {3, 4}, {4, 5}, {5, 2}}},
      {"ab,ac->ac", {{3, 9}, {3, 4}}},
      {"ii,ij,jj->", {{3, 3}, {3, 4}, {4, 4}}},
      {"iij,jk->ki", {{3, 3, 4}, {4, 2}}},
      {"bi,bj,bk,b->bijk", {{2, 3}, {2, 4}, {2, 2}, {2}}},
      {",i,,ij->j", {{}, {3}, {}, {3, 4}}},
      {"...ij,...jk,k", {{5, 1, 3}, {7, 5, 3, 2}, {1}}},
      {"...,... i -> i", {{4}, {4, 3}}},
      {"ij,jk->ik", {{2, 1}, {5, 3}}},
      {"a,b,c->cab", {{2}, {3}, {4}}},
      {"abc->ca", {{2, 3, 4}}},
      {"αβ,βγ,γα", {{2, 3}, {3, 4}, {4, 2}}},
      {"efd,fbd,afe,feca,ecaf,ec->", {{3, 2, 2}, {2, 3, 2}, {2, 2, 3}, {2, 3, 2, 2}, {3, 2, 2, 2}, {3, 2}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.equation);
    std::vector<Tensor> operands;
    for (const Shape& shape : row.shapes) operands.push_back(numbers(shape, int(operands.size())));
    const Tensor expected = einx::einsum(row.equation, operands);
    const PathInfo info = contract_path(row.equation, row.shapes);
    const Tensor found = run(info, operands);
    CHECK(Shape(found.shape().begin(), found.shape().end()) ==
          Shape(expected.shape().begin(), expected.shape().end()));
    CHECK(found.to_vector<double>() == expected.to_vector<double>());
    CHECK(info.flops <= info.naive_flops);
    CHECK(info.exact);
  }
}

TEST_CASE("contract_path: what it says") {
  const PathInfo info = contract_path("ij,jk,kl->il", {{2, 100}, {100, 2}, {2, 100}});
  CHECK(info.equation == "ij,jk,kl->il");
  CHECK(info.path == std::vector<std::vector<int>>{{0, 1}, {0, 1}});
  CHECK(info.naive_scaling == 4);
  CHECK(info.scaling == 3);
  CHECK(info.naive_flops == 120000);
  CHECK(info.flops == 1600);
  CHECK(info.speedup() == 75);
  CHECK(info.largest == 200);
  CHECK(info.write == 204);
  CHECK(info.algorithm == "optimal");
  REQUIRE(info.steps.size() == 2);
  CHECK(info.steps[0].equation == "ij,jk->ik");
  CHECK(info.steps[0].remaining == "kl,ik->il");
  CHECK(info.steps[1].remaining == "il->il");
  CHECK(info.text().find("Optimized FLOP count:  1.600e+03") != std::string::npos);
}

TEST_CASE("contract_path: networks with numbers for axes") {
  einx::TensorNetwork chain;
  for (int k = 0; k < 60; ++k) {
    chain.inputs.push_back({100 * k, 100 * k + 100});
    chain.sizes[100 * k] = 3;
  }
  chain.sizes[6000] = 5;
  chain.output = {6000, 0};
  const PathInfo info = contract_path(chain, {.optimize = "dp"});
  CHECK(info.path.size() == 59);
  CHECK(info.flops == 58 * 2 * 27 + 2 * 45);
  CHECK(info.steps[0].remaining == "...");
  CHECK(info.steps.back().remaining.size() > 3);
  einx::TensorNetwork wrong = chain;
  wrong.sizes.erase(300);
  CHECK(kind_of([&] { contract_path(wrong); }) == "ValueError bad-parameter");
}

TEST_CASE("contract_path: options") {
  const std::vector<Shape> shapes = {{30, 31}, {31, 32}, {32, 30}};
  int calls = 0;
  const PathInfo limited = contract_path("ij,jk,ki->", shapes, {.memory_limit = 100});
  CHECK(limited.slices.size() == 1);
  CHECK(limited.largest <= 100);
  CHECK(limited.text().find("Sliced axes") != std::string::npos);
  CHECK(contract_path("ij,jk,ki->", shapes, {.constants = {0, 1, 2}}).flops == 0);
  CHECK(contract_path("ij,jk,ki->", shapes, {.minimize = "time"}).path.size() == 2);
  einx::TensorNetwork ring;
  for (int k = 0; k < 300; ++k) {
    ring.inputs.push_back({k, (k + 1) % 300, 300 + k % 150});
    ring.sizes[k] = 4;
    ring.sizes[300 + k % 150] = 2;
  }
  const PathInfo stopped = contract_path(
      ring, {.optimize = "random-greedy", .seconds = 60, .progress = [&](const einx::PathProgress&) {
               return ++calls < 3;
             }});
  CHECK(calls == 3);
  CHECK(stopped.stopped);
  CHECK(stopped.path.size() == 299);
}

TEST_CASE("contract_path: errors") {
  const std::vector<Shape> two = {{2, 3}, {3, 4}};
  const auto kind = [&](const char* equation, const std::vector<Shape>& shapes,
                        const PathOptions& options = {}) {
    return kind_of([&] { contract_path(equation, shapes, options); });
  };
  CHECK(kind("ij,jk->ik", {{2, 3}}) == "ValueError num-tensors");
  CHECK(kind("ij,jk->ik", {{2, 3}, {4, 5}}) == "AxisSizeError axis-conflict");
  CHECK(kind("ij,jk->ix", two) == "SemanticError unknown-output-axis");
  CHECK(kind("ij,jk->ii", two) == "SemanticError duplicate-output-axis");
  CHECK(kind("i[j],jk", two) == "SyntaxError invalid-token");
  CHECK(kind("ijk,jk", two) == "RankError ndim-mismatch");
  CHECK(kind("ij", {{2, -3}}) == "ValueError bad-shape");
  CHECK(kind("ij,jk", two, {.optimize = "best"}) == "ValueError bad-parameter");
  CHECK(kind("ij,jk", two, {.minimize = "fun"}) == "ValueError bad-parameter");
  CHECK(kind("ij,jk", two, {.seconds = -1}) == "ValueError bad-parameter");
  CHECK(kind("ij,jk", two, {.memory_limit = -1}) == "ValueError bad-parameter");
  CHECK(kind("ij,jk", two, {.constants = {2}}) == "ValueError bad-parameter");
}
