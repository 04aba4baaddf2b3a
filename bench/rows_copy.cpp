// Moves: the floor is the better copy of as many bytes.
#include "peers/peers.h"

namespace bench {
namespace {

using einx::Graph;
using einx::Shape;
using einx::Tensor;

/// A permutation. `peer_shape`, `peer_axes`: the same without groups, for the peers.
struct Move {
  std::string name, pattern;
  Shape shape;
  double one, two;
  Shape peer_shape;
  peers::Axes peer_axes;
  std::vector<Quote> quotes = {};
  einx::Axes sizes = {};
};

Row row(const Move& move) {
  return {move.name, "id " + move.pattern, Floor::Copy, move.one, move.two,
          [move] {
            const Tensor x = random(move.shape);
            const Graph graph = einx::graph::id(move.pattern, x, move.sizes);
            const Tensor split = x.reshaped(move.peer_shape);
            return job(graph, {x}, 4 * elements(move.shape), peers::all(&peers::Library::permute, split, move.peer_axes));
          },
          move.quotes};
}

}  // namespace

std::vector<Row> copy_rows() {
  const Shape images = {32, 64, 56, 56}, cube = {256, 256, 256};
  const Move moves[] = {
      {"transpose-4096", "a b -> b a", {4096, 4096}, 1.10, 1.10, {4096, 4096}, {1, 0}, {{"HPTT", 1.04, 1.09}, {"torch", 6.8, 15}}},
      {"transpose-1000", "a b -> b a", {1000, 1000}, 1.25, 1.5, {1000, 1000}, {1, 0}, {{"HPTT", 1.9, 0}, {"torch", 3.7, 0}}},
      {"nhwc", "b c h w -> b h w c", images, 1.05, 1.05, images, {0, 2, 3, 1}, {{"HPTT", 1.03, 0.9}, {"torch", 3.0, 0}}},
      {"patches", "b (h p1) (w p2) c -> b (h w) (p1 p2 c)", {32, 224, 224, 3}, 1.05, 1.05, {32, 14, 16, 14, 48}, {0, 1, 3, 2, 4},
       {{"einops", 4.9, 0}}, {{"p1", 16}, {"p2", 16}}},
      {"heads", "b s (h d) -> b h s d", {8, 1024, 1024}, 1.05, 1.05, {8, 1024, 16, 64}, {0, 2, 1, 3}, {{"torch", 5.1, 0}}, {{"h", 16}}},
      {"reverse5", "a b c d e -> e d c b a", {24, 24, 24, 24, 24}, 1.7, 1.7, {24, 24, 24, 24, 24}, {4, 3, 2, 1, 0}, {{"HPTT", 12, 0}, {"torch", 22, 50}}},
      {"rotate3", "a b c -> c a b", cube, 1.10, 1.10, cube, {2, 0, 1}, {{"HPTT", 1.8, 1.1}, {"torch", 22, 0}}},
      {"reverse3", "a b c -> c b a", cube, 1.3, 1.3, cube, {2, 1, 0}, {{"HPTT", 1.6, 1.55}}},
  };
  std::vector<Row> out;
  for (const Move& move : moves) out.push_back(row(move));
  return out;
}

}  // namespace bench
