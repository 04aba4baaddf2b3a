// Elementwise, row-wise and indexed operations: the floor is the better copy of the result's bytes.
#include <random>

#include "peers/peers.h"

namespace bench {
namespace {

using einx::Shape;
using einx::Tensor;

Job bias() {
  const Tensor x = random({4096, 4096}), y = random({4096});
  return job(einx::graph::add("a b, b -> a b", x, y), {x, y}, 4 * elements({4096, 4096}), peers::all(&peers::Library::add_bias, x, y));
}

Job where() {
  const Tensor x = random({4096, 4096}), y = random({4096});
  Tensor mask = Tensor::zeros({4096, 4096}, einx::boolean);
  std::minstd_rand generator(3);
  for (std::int64_t k = 0; k < mask.size(); ++k) mask.data_as<bool>()[k] = generator() % 2 != 0;
  return job(einx::graph::where("a b, a b, b -> a b", mask, x, y), {mask, x, y}, 4 * elements({4096, 4096}), peers::all(&peers::Library::select, mask, x, y));
}

Job softmax() {
  const Shape shape = {8, 16, 256, 256};
  const Tensor x = random(shape);
  return job(einx::graph::softmax("b h q [k]", x), {x}, 4 * elements(shape), peers::all(&peers::Library::softmax, x));
}

/// The tanh form, with one exponential: y / (1 + exp(-u)), y = x w + b.
Job gelu() {
  static const auto operation = einx::elementwise("bench_gelu", [](einx::Value x, einx::Value w, einx::Value b) {
    const einx::Value y = x * w + b;
    return y / (1.0 + exp(-1.5957691216057308 * (y + 0.044715 * y * y * y)));
  });
  const Tensor x = random({4096, 4096}), w = random({4096}), b = random({4096});
  return job(operation.graph("a b, b, b -> a b", x, w, b), {x, w, b}, 4 * elements({4096, 4096}),
             peers::all(&peers::Library::gelu, x, w, b));
}

/// Scale and shift are numbers: a row operation takes one tensor until the graph passes fuse.
Job layer_norm() {
  static const auto operation = einx::rowwise("bench_layer_norm", [](einx::Row x) {
    return (x - mean(x)) / sqrt(var(x) + 1e-5) * 1.25 + 0.125;
  });
  const Tensor x = random({8192, 1024});
  return job(operation.graph("b [c]", x), {x}, 4 * elements({8192, 1024}), peers::all(&peers::Library::layer_norm, x, 1.25F, 0.125F));
}

constexpr std::int64_t kVocabulary = 50257, kWidth = 768, kRows = 8192;

Tensor row_numbers() {
  Tensor indices = Tensor::empty({8, kRows / 8}, einx::i64);
  std::minstd_rand generator(2);
  for (std::int64_t k = 0; k < kRows; ++k) indices.data_as<std::int64_t>()[k] = static_cast<std::int64_t>(generator() % kVocabulary);
  return indices;
}

Job embedding() {
  const Tensor table = random({kVocabulary, kWidth}), indices = row_numbers();
  return job(einx::graph::get_at("[v] c, b s -> b s c", table, indices), {table, indices}, 4.0 * kRows * kWidth,
             peers::all(&peers::Library::gather, table, indices));
}

/// In place, as training does it: what is moved is the rows that are read, and those that they are added to.
Job scatter() {
  struct State {
    Tensor table, indices, rows;
  };
  auto state = std::make_shared<State>(State{random({kVocabulary, kWidth}), row_numbers(), random({8, kRows / 8, kWidth})});
  Job made{[state] { einx::add_at_into(state->table, "[v] c, b s, b s c", state->indices, state->rows); },
           4.0 * kRows * kWidth,
           einx::graph::add_at("[v] c, b s, b s c", state->table, state->indices, state->rows),
           {state->table.clone(), state->indices, state->rows},
           peers::all(&peers::Library::scatter_add, state->table, state->indices, state->rows)};
  return made;
}

}  // namespace

std::vector<Row> map_rows() {
  return {
      {"bias", "add a b, b -> a b, 4096^2", Floor::Copy, 1.15, 1.15, bias, {{"torch", 4.4, 5.5}}},
      {"where", "where a b, a b, b -> a b, 4096^2", Floor::Copy, 1.15, 1.15, where, {{"torch.compile", 4.4, 6.5}, {"NumPy", 12, 27}}},
      {"softmax", "softmax b h q [k], 8 x 16 x 256 x 256", Floor::Copy, 1.60, 1.45, softmax, {{"torch", 5, 7.7}}},
      {"gelu", "gelu(x w + b), a b, b, b -> a b, 4096^2, traced", Floor::Copy, 1.5, 1.2, gelu, {{"torch.compile", 6, 9}, {"torch", 13, 22}}},
      {"layer-norm", "b [c], 8192 x 1024, traced", Floor::Copy, 1.20, 1.10, layer_norm, {{"torch", 5.4, 6.4}, {"einx", 39, 42}}},
      {"embedding", "get_at [v] c, b s -> b s c", Floor::Copy, 1.10, 1.10, embedding, {{"NumPy", 1.15, 2.2}, {"torch", 1.3, 2.4}}},
      {"scatter", "add_at [v] c, b s, b s c, in place", Floor::Copy, 1.15, 1.3, scatter, {{"torch", 3, 10}, {"NumPy", 23, 57}}},
  };
}

}  // namespace bench
