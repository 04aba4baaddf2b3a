// Attention as one traced function: scores, softmax, values. Which of it becomes one kernel is printed; the time is compared with the operations one by one.
#include <cstdio>
#include <exception>
#include <random>
#include <vector>

#include <einx/einx.h>

#include "compare.h"
#include "timing.h"

namespace {

using einx::Tensor, einx::Value;

Tensor random(const einx::Shape& shape) {
  static std::mt19937 generator(7);
  std::normal_distribution<float> normal;
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  std::vector<float> data(static_cast<std::size_t>(count));
  for (float& value : data) value = normal(generator);
  return Tensor::copy_of<float>(data, shape);
}

/// q, k, v: batch, position, head and channel; heads stay side by side in memory, as the projections leave them.
Value attention(Value q, Value k, Value v, Value mask) {
  const double scale = 1 / std::sqrt(double(q.shape()[3]));
  const Value scores = scale * einx::dot("b q h c, b k h c -> b h q k", q, k);
  const Value kept = einx::where("q k, b h q k, -> b h q k", mask, scores, -1e30);
  return einx::dot("b h q k, b k h c -> b q h c", einx::softmax("b h q [k]", kept), v);
}

void run(std::int64_t length) {
  const Tensor q = random({2, length, 4, 32}), k = random({2, length, 4, 32}), v = random({2, length, 4, 32});
  const Tensor mask = einx::greater_equal("q, k -> q k", Tensor::iota({length}, einx::i64), Tensor::iota({length}, einx::i64));  // no position looks ahead
  const einx::Spec x{einx::f32, {2, length, 4, 32}};
  const einx::Graph graph = einx::optimize(einx::trace([](Value a, Value b, Value c, Value m) { return attention(a, b, c, m); }, {x, x, x, {einx::boolean, {length, length}}}));
  const auto one_by_one = [&] {
    const Tensor scores = einx::dot("b q h c, b k h c -> b h q k", q, k);
    const Tensor scaled = einx::multiply("b h q k,", scores, 1 / std::sqrt(32.0));
    const Tensor kept = einx::where("q k, b h q k, -> b h q k", mask, scaled, -1e30F);
    return einx::dot("b h q k, b k h c -> b q h c", einx::softmax("b h q [k]", kept), v);
  };
  if (length == 64) std::printf("%s\n%s\n", graph.text().c_str(), graph.schedule().c_str());
  const Tensor got = graph(q, k, v, mask), want = one_by_one();
  const double fused = timing::best_of([&] { graph(q, k, v, mask); }), single = timing::best_of(one_by_one);
  std::printf("%4lld positions: %8.1f us as one function, %8.1f us one by one, ratio %.2f, differ by %.1e\n", static_cast<long long>(length), fused * 1e6, single * 1e6, single / fused, largest_difference(got, want));
}

}  // namespace

int main() {
  try {
    for (const std::int64_t length : {64, 256, 1024}) run(length);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
