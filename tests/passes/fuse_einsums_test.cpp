// Einsum fusion: what becomes one node, what stays, and that values never change. F1 to F6 are defects of opt_einsum_fx.
#include <doctest/doctest.h>

#include "passes/einsums.h"
#include "passes/passes.h"

using namespace einsums;
namespace passes = einx::detail::passes;

namespace {

graph::Graph parsed(const std::string& signature, const std::string& body) { return graph::parse("def op0" + signature + ":\n" + body); }

/// Fused, verified, and equal on small whole numbers, where every order of summation is exact.
graph::Graph fused(const graph::Graph& before) {
  const graph::Graph after = graph::verified("fuse_einsums", passes::fuse_einsums(before));
  std::mt19937_64 random(1);
  CHECK(difference(before, after, operands_for(before, random, true)) == 0);
  CHECK(after.parameters.size() == before.parameters.size());
  CHECK(passes::flops(after) <= passes::flops(before) * 64);  // one nest of it all, before an order is chosen
  return after;
}

std::string body_of(const graph::Graph& graph) {
  const std::string text = graph::text(graph);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("a chain becomes one node, whatever its einsums are called") {
  struct Row {
    std::string what, signature, before, after;
  };
  const Row rows[] = {
      {"two contractions", "(i0: f64[2, 3], i1: f64[3, 4], i2: f64[4, 2]) -> f64[2, 2]",
       "    x0: f64[2, 4] = dot(i0, i1, \"i [j], [j] k -> i k\")\n    x1: f64[2, 2] = dot(x0, i2, \"i [k], [k] l -> i l\")\n    return x1\n",
       "    x1: f64[2, 2] = dot(i0, i1, i2, \"i [j], [j k], [k] l -> i l\")\n    return x1\n"},
      {"equal names of different axes", "(i0: f64[2, 3], i1: f64[3, 4], i2: f64[4, 2]) -> f64[2, 2]",
       "    x0: f64[2, 4] = dot(i0, i1, \"a [b], [b] c -> a c\")\n    x1: f64[2, 2] = dot(x0, i2, \"c [a], [a] b -> c b\")\n    return x1\n",
       "    x1: f64[2, 2] = dot(i0, i1, i2, \"c [b], [b a], [a] b_1 -> c b_1\")\n    return x1\n"},
      {"a permutation", "(i0: f64[2, 3], i1: f64[4, 3]) -> f64[2, 4]",
       "    x0: f64[3, 2] = id(i0, \"a b -> b a\")\n    x1: f64[2, 4] = dot(x0, i1, \"[k] i, j [k] -> i j\")\n    return x1\n",
       "    x1: f64[2, 4] = dot(i0, i1, \"i [k], j [k] -> i j\")\n    return x1\n"},
      {"a product and its sum", "(i0: f64[2, 3], i1: f64[2, 3]) -> f64[2]",
       "    x0: f64[2, 3] = multiply(i0, i1, \"a b, a b -> a b\")\n    x1: f64[2] = sum(x0, \"a [b] -> a\")\n    return x1\n",
       "    x1: f64[2] = dot(i0, i1, \"a [b], a [b] -> a\")\n    return x1\n"},
      {"an axis of one operand is summed", "(i0: f64[2, 3], i1: f64[2]) -> f64[2]",
       "    x0: f64[2, 3] = multiply(i0, i1, \"a b, a -> a b\")\n    x1: f64[2] = sum(x0, \"a [b] -> a\")\n    return x1\n",
       "    x1: f64[2] = einsum(i0, i1, \"a [b], a -> a\")\n    return x1\n"},
      {"a number", "(i0: f64[2, 3], i1: f64[3]) -> f64[2]",
       "    c0: f64[] = constant(0.5)\n    x0: f64[2, 3] = multiply(c0, i0, \", a b -> a b\")\n    x1: f64[2] = dot(x0, i1, \"a [b], [b] -> a\")\n    return x1\n",
       "    c0: f64[] = constant(0.5)\n    x1: f64[2] = dot(c0, i0, i1, \", a [b], [b] -> a\")\n    return x1\n"},
      {"a merge that is split again", "(i0: f64[2, 3], i1: f64[2, 3]) -> f64[2, 3]",
       "    x0: f64[6] = id(i0, \"a b -> (a b)\")\n    x1: f64[2, 3] = multiply(x0, i1, \"(c d), c d -> c d\")\n    return x1\n",
       "    x1: f64[2, 3] = multiply(i0, i1, \"c d, c d -> c d\")\n    return x1\n"},
      {"a merged axis that is contracted", "(i0: f64[2, 3], i1: f64[6, 4]) -> f64[4]",
       "    x0: f64[6] = id(i0, \"a b -> (a b)\")\n    x1: f64[4] = dot(x0, i1, \"[k], [k] n -> n\")\n    return x1\n",
       "    x1: f64[4] = dot(i0, i1, \"[a b], [(a b)] n -> n\")\n    return x1\n"},
      {"a split, with axes of size 1", "(i0: f64[2, 6], i1: f64[2, 1]) -> f64[2, 2, 1, 3]",
       "    x0: f64[2, 2, 1, 3] = id(i0, \"z (u w i) -> z u w i\", u=2, w=1, i=3)\n"
       "    x1: f64[2, 2, 1, 3] = multiply(x0, i1, \"z u v i, z v -> z u v i\")\n    return x1\n",
       "    x1: f64[2, 2, 1, 3] = multiply(i0, i1, \"z (u i), z () -> z u () i\", u=2, i=3)\n    return x1\n"},
      {"a diagonal", "(i0: f64[3, 2], i1: f64[2, 3]) -> f64[]",
       "    x0: f64[3, 3] = dot(i0, i1, \"i [k], [k] j -> i j\")\n    x1: f64[] = einsum(x0, \"[i i] ->\")\n    return x1\n",
       "    x1: f64[] = dot(i0, i1, \"[i k], [k i] ->\")\n    return x1\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(body_of(fused(parsed(row.signature, row.before))) == row.after);
  }
}

TEST_CASE("what is no chain of einsums stays as it is") {
  struct Row {
    std::string what, signature, body;
  };
  const Row rows[] = {
      {"another operation between", "(i0: f64[2, 3], i1: f64[3, 4]) -> f64[2]",
       "    x0: f64[2, 4] = dot(i0, i1, \"i [j], [j] k -> i k\")\n    x1: f64[2, 4] = exp(x0, \"a b -> a b\")\n    x2: f64[2] = sum(x1, \"a [b] -> a\")\n    return x2\n"},
      {"a maximum", "(i0: f64[2, 3], i1: f64[3, 4]) -> f64[2]",
       "    x0: f64[2, 4] = dot(i0, i1, \"i [j], [j] k -> i k\")\n    x1: f64[2] = max(x0, \"a [b] -> a\")\n    return x1\n"},
      {"groups without a common split", "(i0: f64[2, 3], i1: f64[3, 2]) -> f64[3, 2]",
       "    x0: f64[6] = id(i0, \"a b -> (a b)\")\n    x1: f64[3, 2] = multiply(x0, i1, \"(c d), c d -> c d\")\n    return x1\n"},
      {"a concatenation", "(i0: f64[2], i1: f64[2], i2: f64[4]) -> f64[]",
       "    x0: f64[4] = id(i0, i1, \"a, b -> (a + b)\")\n    x1: f64[] = dot(x0, i2, \"[a], [a] ->\")\n    return x1\n"},
      {"integers that a sum widens", "(i0: i32[2, 3], i1: i32[2, 3]) -> i64[2]",
       "    x0: i32[2, 3] = multiply(i0, i1, \"a b, a b -> a b\")\n    x1: i64[2] = sum(x0, \"a [b] -> a\")\n    return x1\n"},
      {"two dtypes", "(i0: f32[2, 3], i1: f32[2, 3], i2: f64[2, 3]) -> f64[2, 3]",
       "    x0: f32[2, 3] = multiply(i0, i1, \"a b, a b -> a b\")\n    x1: f64[2, 3] = multiply(x0, i2, \"a b, a b -> a b\")\n    return x1\n"},
      {"a repetition that is summed", "(i0: f64[2]) -> f64[2]",
       "    x0: f64[2, 3] = id(i0, \"a -> a b\", b=3)\n    x1: f64[2] = sum(x0, \"a [b] -> a\")\n    return x1\n"},
      {"an empty axis", "(i0: f64[2, 0], i1: f64[0, 2]) -> f64[]",
       "    x0: f64[2, 2] = dot(i0, i1, \"i [k], [k] j -> i j\")\n    x1: f64[] = sum(x0, \"[i j] ->\")\n    return x1\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(body_of(fused(parsed(row.signature, row.body))) == row.body);
  }
}

TEST_CASE("F1: what is updated between two uses is another value") {
  const std::string body =
      "    x0: f64[2, 4] = dot(i0, i1, \"i [j], [j] k -> i k\")\n    x1: f64[2, 4] = add_at(x0, i2, i3, \"a [k], p [c], p a -> a [k]\")\n"
      "    x2: f64[2] = sum(x1, \"i [k] -> i\")\n    x3: f64[2] = sum(x0, \"i [k] -> i\")\n    return x2, x3\n";
  const graph::Graph before = parsed("(i0: f64[2, 3], i1: f64[3, 4], i2: i64[2, 1], i3: f64[2, 2]) -> f64[2], f64[2]", body);
  const graph::Graph after = graph::verified("fuse", passes::fuse_einsums(before));
  CHECK(operations(after) == "dot add_at sum sum");  // x1 is read, not what it was made of
  std::mt19937_64 random(3);
  std::vector<einx::Tensor> operands = operands_for(before, random, true);
  operands[2] = einx::Tensor::copy_of(std::vector<std::int64_t>{1, 1}, {2, 1});
  CHECK(difference(before, after, operands) == 0);
}

TEST_CASE("F2: spaces and long names are the notation's, not labels") {
  const graph::Graph after = fused(parsed("(i0: f64[2, 3], i1: f64[3, 4], i2: f64[4]) -> f64[2]",
                                          "    x0: f64[2, 4] = dot(i0, i1, \"rows   [inner],  [inner] columns -> rows columns\")\n"
                                          "    x1: f64[2] = dot(x0, i2, \"r [c], [c] -> r\")\n    return x1\n"));
  CHECK(body_of(after) == "    x1: f64[2] = dot(i0, i1, i2, \"r [inner], [inner c], [c] -> r\")\n    return x1\n");
}

TEST_CASE("F3: both uses in one consumer count") {
  // x0 costs 2 * 8 * 64 * 8; in the consumer twice it would cost that twice.
  graph::Graph before;
  const auto a = parameter(before, {8, 64}), b = parameter(before, {64, 8});
  const auto z = einsum(before, "ij,jk->ik", {a, b});
  before.results = {einsum(before, "ik,ik->i", {z, z})};
  CHECK(operations(fused(before)) == "einsum einsum");
  // An outer product twice: its parts are cheaper apart.
  graph::Graph outer;
  const auto u = parameter(outer, {50}), v = parameter(outer, {50});
  const auto w = einsum(outer, "i,j->ij", {u, v});
  outer.results = {einsum(outer, "ij,ij->", {w, w})};
  CHECK(body_of(fused(outer)) == "    x1: f64[] = dot(i0, i1, i0, i1, \"[i], [j], [i], [j] ->\")\n    return x1\n");
}

TEST_CASE("F5: thirty matrices") {
  graph::Graph before;
  graph::ValueId chain = parameter(before, {3, 2});
  for (int k = 0; k < 30; ++k) chain = einsum(before, "ij,jk->ik", {chain, parameter(before, {2 + k % 2, 2 + (k + 1) % 2})});
  before.results = {chain};
  const graph::Graph after = graph::verified("fuse_einsums", passes::fuse_einsums(before));
  CHECK(operations(after) == "dot");
  CHECK(after.nodes[0].expr.axes.size() == 32);
  CHECK(graph::text(after) == graph::text(passes::fuse_einsums(before)));
  std::mt19937_64 random(1);  // as one nest it would take 2^31 steps
  CHECK(difference(before, passes::optimize_einsums(after), operands_for(before, random, true)) == 0);
}

TEST_CASE("F6: shared or computed twice, whichever is cheaper") {
  const auto product_of = [](int w, bool result, bool other) {
    graph::Graph before;
    const auto x = parameter(before, {16, 8, 3}), y = parameter(before, {16, 8, 5});
    const auto first = parameter(before, {3, 5, w}), second = parameter(before, {8, 8, w});
    const auto outer = einsum(before, "zui,zvj->zuvij", {x, y});
    before.results = {einsum(before, "zuvij,ijk->zuvk", {outer, first}), einsum(before, "zuvij,uvk->zijk", {outer, second})};
    if (result) before.results.push_back(outer);
    if (other) before.results.push_back(graph::add_node(before, einx::detail::ops::get("exp"), [&] {
        einx::detail::notation::Solved expr = before.nodes[0].expr;
        expr.inputs = expr.outputs;
        return expr;
      }(), {outer})[0]);
    return before;
  };
  const graph::Graph apart = fused(product_of(7, false, false));
  CHECK(apart.nodes.size() == 2);
  CHECK(apart.nodes[0].inputs.size() == 3);
  // Needed as it is: it stays, and is still not read where it is cheaper without.
  const graph::Graph kept = fused(product_of(7, true, false));
  CHECK(kept.nodes.size() == 3);
  CHECK(kept.nodes[1].inputs.size() == 3);
  CHECK(fused(product_of(7, false, true)).nodes.size() == 4);
  // A contraction over 64 that three readers want stays shared.
  graph::Graph shared;
  const auto a = parameter(shared, {8, 64}), b = parameter(shared, {64, 8});
  const auto z = einsum(shared, "ij,jk->ik", {a, b});
  for (const char* equation : {"ik->i", "ik->k", "ik,ik->ik"})
    shared.results.push_back(std::string_view(equation).size() > 5 ? einsum(shared, equation, {z, z}) : einsum(shared, equation, {z}));
  const graph::Graph still = fused(shared);
  CHECK(still.nodes.size() == 4);
}

TEST_CASE("what only constants make is free, and flops are counted at run time") {
  graph::Graph graph;
  const auto x = parameter(graph, {10, 4});
  const auto a = graph::add_constant(graph, einx::Tensor::iota({4, 5}, einx::f64)), b = graph::add_constant(graph, einx::Tensor::iota({5, 6}, einx::f64));
  const auto ab = einsum(graph, "ij,jk->ik", {a, b});
  graph.results = {einsum(graph, "zi,ik->zk", {x, ab})};
  CHECK(passes::flops(graph) == 2.0 * 10 * 4 * 6);
  graph.results = {scaled(graph, 3, graph.results[0])};
  CHECK(passes::flops(graph) == 2.0 * 10 * 4 * 6);
}
