// Reductions: the floor is summing the same bytes.
#include "peers/peers.h"

namespace bench {
namespace {

using einx::Graph;
using einx::Shape;
using einx::Tensor;
using peers::Reduction;

struct Reduce {
  std::string name;
  Graph (*make)(std::string_view pattern, const Tensor& x);
  std::string pattern;
  Shape shape;
  Reduction kind;
  peers::Axes axes;  ///< of the same problem without groups
  double one, two;
  std::vector<Quote> quotes = {};
};

template <auto& operation>
Graph graph_of(std::string_view pattern, const Tensor& x) {
  return operation(pattern, x);
}

Row row(const Reduce& r) {
  return {r.name, r.pattern, Floor::Read, r.one, r.two,
          [r] {
            const Tensor x = random(r.shape);
            return job(r.make(r.pattern, x), {x}, 4 * elements(r.shape), peers::all(&peers::Library::reduce, x, r.kind, r.axes));
          },
          r.quotes};
}

/// The largest groups of `pool` are an axis of their own for the peers.
Row pool() {
  const Shape shape = {16, 1024, 256};
  return {"pool", "mean b (s [s2]) c", Floor::Read, 1.3, 1.3,
          [shape] {
            const Tensor x = random(shape);
            const Tensor split = x.reshaped({16, 256, 4, 256});
            return job(einx::graph::mean("b (s [s2]) c", x, {{"s2", 4}}), {x}, 4 * elements(shape),
                       peers::all(&peers::Library::reduce, split, Reduction::Mean, peers::Axes{2}));
          },
          {{"torch.compile", 1.35, 0}, {"torch", 2.3, 0}}};
}

Row logsumexp() {
  const Shape shape = {8, 16, 256, 256};
  return {"logsumexp", "logsumexp b h q [k]", Floor::Read, 2.3, 2.3,
          [shape] {
            const Tensor x = random(shape);
            return job(einx::graph::logsumexp("b h q [k]", x), {x}, 4 * elements(shape));
          },
          {{"torch.compile", 3.8, 3.3}, {"torch", 19, 22}}};
}

}  // namespace

std::vector<Row> reduce_rows() {
  namespace g = einx::graph;
  const Shape square = {4096, 4096}, images = {32, 64, 56, 56};
  const Reduce reductions[] = {
      {"sum-last", graph_of<g::sum>, "a [b]", square, Reduction::Sum, {1}, 1.05, 1.05, {{"torch", 1.0, 0}}},
      {"sum-first", graph_of<g::sum>, "[a] b", square, Reduction::Sum, {0}, 1.10, 1.2, {{"NumPy", 1.04, 2.0}, {"torch", 2.3, 0}}},
      {"max-last", graph_of<g::max>, "a [b]", square, Reduction::Max, {1}, 1.05, 1.05, {{"torch", 1.02, 0}}},
      {"max-first", graph_of<g::max>, "[a] b", square, Reduction::Max, {0}, 1.10, 1.10, {{"NumPy", 1.2, 0}, {"torch", 2.5, 0}}},
      {"argmax-last", graph_of<g::argmax>, "a [b] -> a", square, Reduction::ArgMax, {1}, 1.15, 1.15, {{"NumPy", 1.4, 2.3}, {"torch", 5, 8}}},
      {"argmax-first", graph_of<g::argmax>, "[a] b -> b", square, Reduction::ArgMax, {0}, 1.2, 1.2, {{"torch.compile", 13, 15}}},
      {"var-last", graph_of<g::var>, "a [b]", square, Reduction::Var, {1}, 1.25, 1.25, {{"torch.compile", 2.3, 2.7}}},
      {"var-first", graph_of<g::var>, "[a] b", square, Reduction::Var, {0}, 1.2, 1.2, {{"torch.compile", 6, 0}}},
      {"mean-hw", graph_of<g::mean>, "b c [h w]", images, Reduction::Mean, {2, 3}, 1.05, 1.05, {{"torch", 1.0, 0}}},
  };
  std::vector<Row> out;
  for (const Reduce& r : reductions) out.push_back(row(r));
  out.push_back(pool());
  out.push_back(logsumexp());
  return out;
}

}  // namespace bench
