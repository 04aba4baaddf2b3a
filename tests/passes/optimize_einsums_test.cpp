// Contraction orders in graphs: what the steps are, where numbers go, and that values stay what they were.
#include <doctest/doctest.h>

#include "passes/einsums.h"
#include "passes/passes.h"

using namespace einsums;
namespace passes = einx::detail::passes;

namespace {

graph::Graph optimized(const graph::Graph& before, bool whole = true) {
  const graph::Graph after = graph::verified("optimize_einsums", passes::optimize_einsums(before));
  std::mt19937_64 random(1);
  CHECK(difference(before, after, operands_for(before, random, whole)) < (whole ? 1e-300 : 1e-12));
  CHECK(passes::flops(after) <= passes::flops(before));
  return after;
}

std::string body_of(const graph::Graph& graph) {
  const std::string text = graph::text(graph);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("steps over two operands, the summed axes last in what lies between") {
  graph::Graph before;
  const auto x = parameter(before, {2, 100}), y = parameter(before, {100, 3}), z = parameter(before, {3, 50});
  before.results = {einsum(before, "ij,jk,kl->il", {x, y, z})};
  CHECK(body_of(optimized(before)) ==
        "    x0_0: f64[2, 3] = dot(i0, i1, \"i [j], [j] k -> i k\")\n    x0: f64[2, 50] = dot(x0_0, i2, \"i [k], [k] l -> i l\")\n    return x0\n");
  graph::Graph batched;
  const auto a = parameter(batched, {4, 5, 7}), b = parameter(batched, {5, 8, 7}), c = parameter(batched, {7, 8});
  batched.results = {einsum(batched, "ijz,jkz,zk->zi", {a, b, c})};
  CHECK(body_of(optimized(batched)) ==
        "    x0_0: f64[7, 5] = dot(i1, i2, \"j [k] z, z [k] -> z j\")\n    x0: f64[7, 4] = dot(i0, x0_0, \"i [j] z, z [j] -> z i\")\n    return x0\n");
}

TEST_CASE("0.784 * einsum('ij,jk,kl->il'): the number goes to the 2x2 intermediate") {
  graph::Graph before;
  const auto x = parameter(before, {2, 100}), y = parameter(before, {100, 2}), z = parameter(before, {2, 100});
  before.results = {scaled(before, 0.784, einsum(before, "ij,jk,kl->il", {x, y, z}))};
  const graph::Graph after = optimized(passes::fuse_einsums(before), false);
  CHECK(operations(after) == "dot multiply dot");
  CHECK(after.values[std::size_t(after.nodes[1].outputs[0])].type.shape == einx::Shape{2, 2});
}

TEST_CASE("numbers: a constant operand first, else the smallest value") {
  graph::Graph constant;
  const auto x = parameter(constant, {2, 3}), w = graph::add_constant(constant, einx::Tensor::iota({3, 50}, einx::f64));
  constant.results = {scaled(constant, 0.5, scaled(constant, 3, einsum(constant, "ij,jk->ik", {x, w})))};
  const graph::Graph in_weight = optimized(passes::fuse_einsums(constant), false);
  CAPTURE(graph::text(passes::fuse_einsums(constant)));
  CHECK(operations(in_weight) == "multiply dot");
  CHECK(in_weight.nodes[0].inputs[0] == in_weight.constants[0].value);
  graph::Graph summed;
  summed.results = {einsum(summed, "ij->i", {scaled(summed, 0.5, parameter(summed, {4, 9}))})};
  CHECK(operations(optimized(passes::fuse_einsums(summed), false)) == "sum multiply");
  graph::Graph given;  // a number that is only known at run time
  const auto s = parameter(given, {}), u = parameter(given, {2, 30}), v = parameter(given, {30, 40});
  given.results = {einsum(given, ",ij,jk->ik", {s, u, v})};
  CHECK(operations(optimized(given, false)) == "multiply dot");
  graph::Graph late;  // not on a constant: what follows from it would no longer be known
  const auto number = parameter(late, {}), c = graph::add_constant(late, einx::Tensor::iota({2, 30}, einx::f64)), d = parameter(late, {30, 40});
  late.results = {einsum(late, ",ij,jk->ik", {number, c, d})};
  CHECK(operations(optimized(late, false)) == "dot multiply");
}

TEST_CASE("a diagonal is scaled whole") {
  graph::Graph before;
  const auto x = parameter(before, {3, 3}), y = parameter(before, {3, 4, 50});
  before.results = {scaled(before, 0.5, einsum(before, "ii,ijk->jk", {x, y}))};
  optimized(passes::fuse_einsums(before), false);
}

TEST_CASE("one nest stays where no order is better, and so does what is no einsum") {
  graph::Graph before;
  const auto x = parameter(before, {4, 5}), y = parameter(before, {4, 5}), z = parameter(before, {4, 5});
  before.results = {einsum(before, "ij,ij,ij->ij", {x, y, z}), einsum(before, "ij,ij->i", {x, y})};
  CHECK(graph::text(optimized(before)) == graph::text(before));
}

TEST_CASE("operands are summed over their own axes first") {
  graph::Graph before;
  const auto x = parameter(before, {20, 30}), y = parameter(before, {20, 40});
  before.results = {einsum(before, "ij,ik->i", {x, y})};
  CHECK(operations(optimized(before)) == "sum einsum");  // the other sum is one with the product: 20 multiplications fewer
}

TEST_CASE("half precision is f32 between the steps") {
  for (const einx::DType dtype : {einx::f16, einx::bf16}) {
    graph::Graph before;
    const auto x = parameter(before, {20, 300}, dtype), y = parameter(before, {300, 20}, dtype), z = parameter(before, {20, 30}, dtype);
    before.results = {scaled(before, 0.001, einsum(before, "ij,jk,kl->il", {x, y, z}))};
    const graph::Graph after = graph::verified("optimize", passes::optimize_einsums(passes::fuse_einsums(before)));
    for (const graph::Node& node : after.nodes)
      if (node.op->name == "dot") CHECK(after.values[std::size_t(node.outputs[0])].type.dtype == einx::f32);
    CHECK(after.values[std::size_t(after.results[0])].type.dtype == dtype);
    std::mt19937_64 random(7);
    const auto operands = operands_for(before, random, false);
    graph::Graph once;  // the einsum and its factor in one nest: rounded once
    once = passes::fuse_einsums(before);
    CHECK(once.nodes.size() == 1);
    CHECK(difference(once, after, operands) < (dtype == einx::f16 ? 1e-3 : 8e-3));
  }
}

TEST_CASE("every dtype keeps its arithmetic") {
  for (const einx::DType dtype : {einx::boolean, einx::i8, einx::u8, einx::i32, einx::i64, einx::u64, einx::f32}) {
    CAPTURE(einx::name_of(dtype));
    graph::Graph before;
    const auto x = parameter(before, {4, 9}, dtype), y = parameter(before, {9, 4}, dtype), z = parameter(before, {4, 9}, dtype);
    const auto product = einsum(before, "ij,jk->ik", {x, y});
    before.results = {einsum(before, "ik,kl->il", {product, z}), einsum(before, "ij,ik->i", {x, z})};
    optimized(passes::fuse_einsums(before));
  }
}

TEST_CASE("a memory limit that no order keeps: one node, and a warning") {
  graph::Graph before;
  const auto x = parameter(before, {6, 7}), y = parameter(before, {7, 8}), z = parameter(before, {8, 6});
  before.results = {einsum(before, "ij,jk,kl->il", {x, y, z})};
  passes::PathOptions options;
  options.memory_limit = 40;
  CHECK(graph::text(passes::optimize_einsums(before, options)) == graph::text(before));
  options.memory_limit = 42;  // jk,kl -> lj
  const graph::Graph after = passes::optimize_einsums(before, options);
  CHECK(after.nodes.size() == 2);
  CHECK(after.values[std::size_t(after.nodes[0].outputs[0])].type.shape == einx::Shape{6, 7});
  options.seconds = -1;
  CHECK_THROWS_AS(passes::optimize_einsums(before, options), einx::ValueError);
}

TEST_CASE("constants are contracted first where that is done at compile time, else where it is cheapest at run time") {
  for (const std::int64_t n : {10, 200}) {
    graph::Graph before;
    const auto x = parameter(before, {1 + n / 20, n});
    const auto v = graph::add_constant(before, einx::Tensor::full({n, n}, 0.5, einx::f64)), w = graph::add_constant(before, einx::Tensor::full({n, n}, 0.25, einx::f64));
    before.results = {einsum(before, "ij,jk,kl->il", {x, v, w})};
    const graph::Graph after = optimized(before, false);
    const bool first = after.nodes[0].inputs[0] != after.parameters[0].value && after.nodes[0].inputs[1] != after.parameters[0].value;
    CHECK(first == (n == 10));  // 200^3 steps would be done at every call
  }
}
