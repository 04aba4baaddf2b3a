#include "rows.h"

#include <memory>
#include <random>

namespace bench {
namespace {

using einx::Graph;
using einx::Shape;
using einx::Tensor;

double elements(const Shape& shape) {
  double result = 1;
  for (const auto extent : shape) result *= static_cast<double>(extent);
  return result;
}

Tensor random(const Shape& shape) {
  Tensor result = Tensor::empty(shape, einx::f32);
  std::minstd_rand generator(1);
  float* data = result.data_as<float>();
  for (std::int64_t k = 0; k < result.size(); ++k) data[k] = static_cast<float>(generator() % 2048) / 1024.0F - 1.0F;
  return result;
}

/// Runs a graph on these operands into one output that stays warm.
Job job(const Graph& graph, std::vector<Tensor> operands, double amount) {
  struct State {
    Graph graph;
    std::vector<Tensor> tensors;
    std::vector<einx::Operand> operands;
    Tensor result;
  };
  auto state = std::make_shared<State>(State{graph, std::move(operands), {}, {}});
  for (const Tensor& tensor : state->tensors) state->operands.emplace_back(tensor);
  state->result = std::move(graph.run(state->operands).at(0));
  return {[state] {
            Tensor* const results[] = {&state->result};
            state->graph.run_into(results, state->operands);
          },
          amount};
}

Row unary(std::string name, std::string what, Floor floor, double goal, const Shape& shape, Graph (*make)(const Tensor&)) {
  return {std::move(name), std::move(what), floor, goal, [shape, make] {
            const Tensor x = random(shape);
            return job(make(x), {x}, 4 * elements(shape));
          }};
}

Row transpose(std::int64_t n, double goal) {
  return unary("transpose-" + std::to_string(n), "id a b -> b a, " + std::to_string(n) + "^2", Floor::Copy, goal, {n, n},
               [](const Tensor& x) { return einx::graph::id("a b -> b a", x); });
}

Row matmul(std::int64_t n, double goal) {
  return {"matmul-" + std::to_string(n), "dot a [b], [b] c -> a c", Floor::Peak, goal, [n] {
            const Tensor x = random({n, n}), y = random({n, n});
            const auto m = static_cast<double>(n);
            return job(einx::graph::dot("a [b], [b] c -> a c", x, y), {x, y}, 2 * m * m * m);
          }};
}

Job bias() {
  const Tensor x = random({4096, 4096}), y = random({4096});
  return job(einx::graph::add("a b, b -> a b", x, y), {x, y}, 4 * elements({4096, 4096}));
}

/// 8,192 rows of 768 from a vocabulary of 50,257.
Job embedding() {
  const Tensor table = random({50257, 768});
  Tensor indices = Tensor::empty({8, 1024}, einx::i64);
  std::minstd_rand generator(2);
  for (std::int64_t k = 0; k < indices.size(); ++k) indices.data_as<std::int64_t>()[k] = static_cast<std::int64_t>(generator() % 50257);
  return job(einx::graph::get_at("[v] c, b s -> b s c", table, indices), {table, indices}, 4.0 * 8192 * 768);
}

std::vector<Row> make_rows() {
  const Shape square = {4096, 4096}, attention = {8, 16, 256, 256}, images = {32, 64, 56, 56};
  return {
      transpose(4096, 1.10),
      transpose(1000, 1.25),
      unary("nhwc", "id b c h w -> b h w c", Floor::Copy, 1.05, images, [](const Tensor& x) { return einx::graph::id("b c h w -> b h w c", x); }),
      unary("rotate3", "id a b c -> c a b, 256^3", Floor::Copy, 1.10, {256, 256, 256}, [](const Tensor& x) { return einx::graph::id("a b c -> c a b", x); }),
      unary("heads", "id b s (h d) -> b h s d", Floor::Copy, 1.05, {8, 1024, 1024},
            [](const Tensor& x) { return einx::graph::id("b s (h d) -> b h s d", x, {{"h", 16}}); }),
      {"bias", "add a b, b -> a b, 4096^2", Floor::Copy, 1.15, bias},
      unary("sum-last", "sum a [b], 4096^2", Floor::Read, 1.05, square, [](const Tensor& x) { return einx::graph::sum("a [b]", x); }),
      unary("sum-first", "sum [a] b, 4096^2", Floor::Read, 1.10, square, [](const Tensor& x) { return einx::graph::sum("[a] b", x); }),
      unary("max-last", "max a [b], 4096^2", Floor::Read, 1.05, square, [](const Tensor& x) { return einx::graph::max("a [b]", x); }),
      unary("argmax-last", "argmax a [b] -> a, 4096^2", Floor::Read, 1.15, square, [](const Tensor& x) { return einx::graph::argmax("a [b] -> a", x); }),
      unary("argmax-first", "argmax [a] b -> b, 4096^2", Floor::Read, 1.20, square, [](const Tensor& x) { return einx::graph::argmax("[a] b -> b", x); }),
      unary("var-last", "var a [b], 4096^2", Floor::Read, 1.25, square, [](const Tensor& x) { return einx::graph::var("a [b]", x); }),
      unary("mean-hw", "mean b c [h w]", Floor::Read, 1.05, images, [](const Tensor& x) { return einx::graph::mean("b c [h w]", x); }),
      unary("softmax", "softmax b h q [k], 8 x 16 x 256 x 256", Floor::Copy, 1.60, attention, [](const Tensor& x) { return einx::graph::softmax("b h q [k]", x); }),
      {"embedding", "get_at [v] c, b s -> b s c", Floor::Copy, 1.10, embedding},
      matmul(512, 0.80),
      matmul(64, 0.87),
  };
}

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> list = make_rows();
  return list;
}

}  // namespace bench
