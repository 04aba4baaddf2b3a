// Scripts whose control flow is the work, beside the same loops in C++ (-O3 -march=native).
#include <memory>

#include "model/model.h"
#include "peers/script_loops.h"
#include "rows.h"
#include "timing.h"

namespace bench {
namespace {

using einx::Tensor;
namespace model = einx::detail::model;

model::Engine engine(const char* text) {
  return model::Engine(std::make_shared<const einx::detail::script::Program>(einx::detail::script::parse(text)));
}

[[maybe_unused]] volatile double sink;  // keeps the loops alive

constexpr const char* kLogistic = R"(
def f(n, x):
    i = 0
    s = 0.0
    while i < n:
        x = 3.7 * x * (1 - x)
        if x > 0.5: s = s + x
        i = i + 1
    return s
)";
constexpr const char* kCollatz = R"(
def f(n):
    steps = 0
    for start in range(1, n):
        k = start
        while k != 1:
            if k % 2 == 0: k = k // 2
            else: k = 3 * k + 1
            steps += 1
    return steps
)";
constexpr const char* kDecay = R"(
def f(n, x):
    for i in range(n): x = x * 0.999 + 0.001
    return x
)";
constexpr const char* kCall = R"(
def f(x):
    if sum(x) > 0: return x + 1
    return x
)";

}  // namespace

std::vector<CallRow> script_rows() {
  const std::int64_t count = 1'000'000, below = 10'000, size = 64;
  const model::Engine logistic_map = engine(kLogistic), sequence = engine(kCollatz), decaying = engine(kDecay), small = engine(kCall);
  const std::vector<Tensor> of_map = {Tensor::scalar(count), Tensor::scalar(0.3)}, of_sequence = {Tensor::scalar(below)},
                            of_decay = {Tensor::scalar(count), Tensor::iota({size})}, of_call = {Tensor::iota({4})};
  Tensor x = Tensor::iota({size}), other = Tensor::iota({size});
  volatile std::int64_t counts = count, belows = below;
  const auto run = [](const model::Engine& e, const std::vector<Tensor>& operands) { return [&] { e.run("f", operands); }; };
  const auto map = fastest({run(logistic_map, of_map), [&] { sink = logistic(counts, 0.3); }});
  const auto steps = fastest({run(sequence, of_sequence), [&] { sink = double(collatz(belows)); }});
  const auto tensors = fastest({run(decaying, of_decay), [&] { decay(counts, size, x.data_as<float>(), other.data_as<float>()); }});
  const einx::Graph graph = einx::graph::sum("[a]", of_call[0]);
  constexpr int kBatch = 1000;
  const auto calls = fastest({[&] { for (int k = 0; k < kBatch; ++k) small.run("f", of_call); },
                              [&] { for (int k = 0; k < kBatch; ++k) graph(of_call[0]); }});
  const double nano = 1e9 / kBatch;
  return {{"script-numbers", "ms", map[0] * 1e3, map[1] * 1e3, 1.5},
          {"script-integers", "ms", steps[0] * 1e3, steps[1] * 1e3, 1.5},
          {"script-tensors", "ms", tensors[0] * 1e3, tensors[1] * 1e3, 2},
          {"script-call", "ns", calls[0] * nano, calls[1] * nano, 5}};
}

}  // namespace bench
