// The same bits on every number of threads: work is cut by shape. Calls that are large enough to be cut, one or more for each class of kernels.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cstring>
#include <string>
#include <vector>

using einx::Shape;
using einx::Tensor;

namespace {

/// Values whose sums depend on their order.
Tensor rough(const Shape& shape) {
  Tensor x = Tensor::empty(shape, einx::f32);
  auto* data = x.data_as<float>();
  std::uint32_t state = 12345;
  for (std::int64_t k = 0; k < x.size(); ++k) {
    state = state * 1664525U + 1013904223U;
    data[k] = static_cast<float>(state >> 8) * 1e-7F - 0.7F;
  }
  return x;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * einx::size_of(a.dtype())) == 0;
}

}  // namespace

TEST_CASE("large calls have the same bits on 1, 2, 3 and 8 threads") {
  const Tensor square = rough({1031, 1023}), other = rough({1023, 517}), cube = rough({67, 129, 131}), line = rough({3'000'017}), row = rough({1023});
  const Tensor batch = rough({5000, 7, 5}), batch_right = rough({5000, 5, 6}), tall = rough({40'000, 24});
  Tensor where = Tensor::empty({20'000}, einx::i64);
  for (std::int64_t k = 0; k < where.size(); ++k) where.data_as<std::int64_t>()[k] = (k * 7919) % 1031;
  const Tensor update = rough({20'000, 1023});
  struct Row {
    const char* op;
    Tensor (*call)(const std::vector<Tensor>&);
    std::vector<Tensor> operands;
  };
  using T = const std::vector<Tensor>&;
  const Row rows[] = {
      {"transpose", [](T t) { return einx::id("a b -> b a", t[0]); }, {square}},
      {"reverse", [](T t) { return einx::id("a b c -> c b a", t[0]); }, {cube}},
      {"add", [](T t) { return einx::add("a b, b", t[0], t[1]); }, {square, row}},
      {"sum of all", [](T t) { return einx::sum("[a]", t[0]); }, {line}},
      {"sum last", [](T t) { return einx::sum("a [b]", t[0]); }, {square}},
      {"sum first", [](T t) { return einx::sum("[a] b", t[0]); }, {square}},
      {"sum first, tall", [](T t) { return einx::sum("[a] b", t[0]); }, {tall}},
      {"sum outer and inner", [](T t) { return einx::sum("[a] b [c]", t[0]); }, {cube}},
      {"prod", [](T t) { return einx::prod("a [b]", t[0]); }, {square}},
      {"var of all", [](T t) { return einx::var("[a]", t[0]); }, {line}},
      {"var first", [](T t) { return einx::var("[a] b", t[0]); }, {square}},
      {"logsumexp", [](T t) { return einx::logsumexp("a [b]", t[0]); }, {square}},
      {"logsumexp of all", [](T t) { return einx::logsumexp("[a b]", t[0]); }, {square}},
      {"softmax", [](T t) { return einx::softmax("a [b]", t[0]); }, {square}},
      {"softmax first", [](T t) { return einx::softmax("[a] b", t[0]); }, {square}},
      {"softmax of all", [](T t) { return einx::softmax("[a]", t[0]); }, {line}},
      {"argmax first", [](T t) { return einx::argmax("[a] b", t[0]); }, {square}},
      {"argmax of all", [](T t) { return einx::argmax("[a]", t[0]); }, {line}},
      {"product", [](T t) { return einx::dot("a [b], [b] c -> a c", t[0], t[1]); }, {square, other}},
      {"inner product", [](T t) { return einx::dot("[a], [a] ->", t[0], t[1]); }, {line, line}},
      {"long sum of a small product", [](T t) { return einx::dot("[a] b, [a] c -> b c", t[0], t[1]); }, {tall, tall}},
      {"batch of small products", [](T t) { return einx::dot("z i [j], z [j] k -> z i k", t[0], t[1]); }, {batch, batch_right}},
      {"matrix and vector", [](T t) { return einx::dot("a [b], [b] -> a", t[0], t[1]); }, {square, row}},
      {"get_at", [](T t) { return einx::get_at("[v] c, t -> t c", t[0], t[1]); }, {square, where}},
      {"add_at", [](T t) { return einx::add_at("[v] c, t, t c", t[0], t[1], t[2]); }, {square, where, update}},
      {"sort", [](T t) { return einx::sort("a [b]", t[0]); }, {square}},
  };
  for (const Row& row_of : rows) {
    CAPTURE(row_of.op);
    einx::set_num_threads(1);
    const Tensor expected = row_of.call(row_of.operands);
    for (const int threads : {2, 3, 8}) {
      CAPTURE(threads);
      einx::set_num_threads(threads);
      CHECK(same_bits(row_of.call(row_of.operands), expected));
    }
  }
  einx::set_num_threads(0);
}
