// Contractions: shares of the FMA peak, but for those that memory bounds.
#include "peers/peers.h"

namespace bench {
namespace {

using einx::Graph;
using einx::Shape;
using einx::Tensor;
using peers::Product;

double flops(const Product& p) { return 2.0 * double(p.batch) * double(p.m) * double(p.n) * double(p.k); }

Row matmul(std::int64_t n, double goal) {
  return {"matmul-" + std::to_string(n), "dot a [b], [b] c -> a c", Floor::Peak, goal, goal, [n] {
            const Tensor x = random({n, n}), y = random({n, n});
            const Product sizes{1, n, n, n};
            return job(einx::graph::dot("a [b], [b] c -> a c", x, y), {x, y}, flops(sizes), peers::all(&peers::Library::product, x, y, sizes));
          }, {}};
}

/// Attention scores; `strided`: heads behind the sequence, for which the peers would have to copy first.
Row scores(bool strided) {
  return {strided ? "scores-strided" : "scores", strided ? "dot b q h d, b k h d -> b h q k" : "dot b h q d, b h k d -> b h q k", Floor::Peak,
          strided ? 0.70 : 0.74, strided ? 0.70 : 0.74,
          [strided] {
            const Shape shape = strided ? Shape{8, 256, 16, 64} : Shape{8, 16, 256, 64};
            const Tensor x = random(shape), y = random(shape);
            const Product sizes{128, 256, 256, 64, true};
            const char* pattern = strided ? "b q h [d], b k h [d] -> b h q k" : "b h q [d], b h k [d] -> b h q k";
            std::vector<Peer> others;
            if (!strided) others = peers::all(&peers::Library::product, x, y, sizes);
            return job(einx::graph::dot(pattern, x, y), {x, y}, flops(sizes), std::move(others));
          },
          strided ? std::vector<Quote>{{"oneDNN", 0.62, 0.74}, {"torch", 0.06, 0.15}} : std::vector<Quote>{{"torch", 0.11, 0.18}}};
}

Row linear() {
  return {"linear", "dot a b [c], [c] d -> a b d", Floor::Peak, 0.82, 0.82, [] {
            const Tensor x = random({64, 64, 256}), y = random({256, 256});
            const Product sizes{1, 4096, 256, 256};
            return job(einx::graph::dot("a b [c], [c] d -> a b d", x, y), {x, y}, flops(sizes), peers::all(&peers::Library::product, x, y, sizes));
          }, {}};
}

Row skinny(std::int64_t n, double goal) {
  return {"skinny-" + std::to_string(n), "dot [a b] c [d], [d b] e [a] -> e c", Floor::Peak, goal, goal,
          [n] {
            const Tensor x = random({n, n, n, n}), y = random({n, n, n, n});
            return job(einx::graph::dot("[a b] c [d], [d b] e [a] -> e c", x, y), {x, y}, 2.0 * double(n * n * n) * double(n * n));
          },
          {{"TBLIS", n == 24 ? 0.12 : n == 32 ? 0.15 : 0.19, 0.12}, {"torch + opt_einsum", 0.05, 0.07}}};
}

Row batched(std::int64_t n, double goal) {
  return {"batched-" + std::to_string(n), "dot z i [j], z [j] k -> z i k, z 10,000", Floor::Copy, goal, goal, [n] {
            const Tensor x = random({10'000, n, n}), y = random({10'000, n, n});
            const Product sizes{10'000, n, n, n};
            return job(einx::graph::dot("z i [j], z [j] k -> z i k", x, y), {x, y}, 1.5 * 4 * 10'000 * double(n * n),
                       peers::all(&peers::Library::product, x, y, sizes));
          }, {}};
}

Row chain() {
  return {"chain", "einsum z i j, z j k, z k -> z i", Floor::Read, 6, 6,
          [] {
            const Tensor x = random({1000, 4, 5}), y = random({1000, 5, 8}), v = random({1000, 8});
            return job(einx::graph::dot("z i [j], z [j k], z [k] -> z i", x, y, v), {x, y, v}, 4.0 * 1000 * (20 + 40 + 8),
                       peers::all(&peers::Library::chain, x, y, v));
          },
          {{"torch.compile", 17, 0}, {"contract_expression", 29, 0}, {"torch.einsum", 79, 0}}};
}

/// The same as the two contractions that an optimiser makes of it: the tutorial of opt_einsum_fx. The goal is half the
/// time of the loop that g++ compiles; numpy.einsum(optimize=True) takes 79 us where that takes 7.
Row tutorial() {
  return {"tutorial", "dot z j [k], z [k] -> z j, then z i [j], z [j] -> z i", Floor::Read, 4, 4, [] {
            const Tensor x = random({1000, 4, 5}), y = random({1000, 5, 8}), v = random({1000, 8});
            const einx::Graph graph = einx::Graph::parse(
                "def op0(i0: f32[1000, 4, 5], i1: f32[1000, 5, 8], i2: f32[1000, 8]) -> f32[1000, 4]:\n"
                "    x0: f32[1000, 5] = dot(i1, i2, \"z j [k], z [k] -> z j\")\n"
                "    x1: f32[1000, 4] = dot(i0, x0, \"z i [j], z [j] -> z i\")\n"
                "    return x1\n");
            return job(graph, {x, y, v}, 4.0 * 1000 * (20 + 40 + 8), peers::all(&peers::Library::chain, x, y, v));
          }, {}};
}

/// A tensor product of features as e3nn writes it; the floor is the work of the best order of two products.
Row tensor_product() {
  constexpr double kBest = 2 * 64 * (8.0 * 9 * 64 + 8.0 * 9 * 5);
  return {"e3nn", "einsum u v w, i j k, z u v i j -> z w k", Floor::Peak, 0.25, 0.25,
          [] {
            const Tensor x = random({8, 8, 8}), y = random({3, 3, 5}), z = random({64, 8, 8, 3, 3});
            return job(einx::graph::dot("[u v] w, [i j] k, z [u v i j] -> z w k", x, y, z), {x, y, z}, kBest);
          },
          {{"two OpenBLAS calls", 1.0 / 8, 0}, {"contract_expression", 1.0 / 15, 0}, {"torch", 1.0 / 38, 0}}};
}

}  // namespace

std::vector<Row> contract_rows() {
  std::vector<Row> out;
  for (const auto& [n, goal] : {std::pair(1024, 0.78), {512, 0.80}, {256, 0.87}, {128, 0.86}, {64, 0.87}, {32, 0.83}, {16, 0.75}}) out.push_back(matmul(n, goal));
  out.push_back(scores(false));
  out.push_back(scores(true));
  out.push_back(linear());
  for (const auto& [n, goal] : {std::pair(24, 0.25), {32, 0.35}, {48, 0.45}}) out.push_back(skinny(n, goal));
  for (const auto& [n, goal] : {std::pair(4, 1.15), {8, 1.05}, {16, 1.05}}) out.push_back(batched(n, goal));
  out.push_back(chain());
  out.push_back(tutorial());
  out.push_back(tensor_product());
  return out;
}

}  // namespace bench
