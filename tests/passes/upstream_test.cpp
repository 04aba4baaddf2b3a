// The functions that opt_einsum_fx tests itself with, in our words: what is left after each pass, and where numbers end up.
#include <doctest/doctest.h>

#include <algorithm>

#include "passes/einsums.h"
#include "passes/passes.h"

using namespace einsums;
namespace passes = einx::detail::passes;

namespace {

graph::Graph optimized(const graph::Graph& before) {
  const graph::Graph after = passes::optimize(before);
  std::mt19937_64 random(1);
  CHECK(difference(before, after, operands_for(before, random, false)) < 1e-10);
  CHECK(passes::flops(after) <= passes::flops(before));
  return after;
}

/// Products with a number that are left at run time.
int scalings(const graph::Graph& graph) {
  return int(std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const graph::Node& node) {
    return node.op->name == "multiply" &&
           std::any_of(node.inputs.begin(), node.inputs.end(), [&](graph::ValueId input) { return graph.values[std::size_t(input)].type.shape.empty(); });
  }));
}

graph::ValueId plus(graph::Graph& graph, graph::ValueId x, graph::ValueId y) {
  einx::detail::notation::Solved expr = graph.nodes.back().expr;
  expr.axes = {{"a", graph.values[std::size_t(x)].type.shape[0], false, false, ""}};
  expr.inputs.assign(2, {{{einx::detail::notation::Dim::Kind::Axis, 0, {}}}});
  expr.outputs = {expr.inputs[0]};
  return graph::add_node(graph, einx::detail::ops::get("add"), expr, {x, y})[0];
}

}  // namespace

TEST_CASE("one einsum is left alone") {
  graph::Graph matmul;
  matmul.results = {einsum(matmul, "ij,jk->ik", {parameter(matmul, {3, 4}), parameter(matmul, {4, 5})})};
  CHECK(optimized(matmul).nodes.size() == 1);
  graph::Graph trace;
  trace.results = {einsum(trace, "ii->", {parameter(trace, {4, 4})})};
  CHECK(optimized(trace).nodes.size() == 1);
}

TEST_CASE("fusable, with and without numbers") {
  for (const bool numbers : {false, true}) {
    graph::Graph before;
    const auto x = parameter(before, {10, 10}), y = parameter(before, {10, 10});
    auto z = einsum(before, "ij,jk->ik", {x, y});
    if (numbers) z = scaled(before, 2.5, z);
    auto w = einsum(before, "ik,ij->i", {z, x});
    if (numbers) w = scaled(before, 3, w);
    before.results = {w};
    CHECK(passes::fuse_einsums(passes::accumulate_scalars(before)).nodes.size() == 1u + (numbers ? 0u : 0u));
    const graph::Graph after = optimized(before);
    CHECK(passes::flops(after) < passes::flops(before));
    CHECK(scalings(after) == int(numbers));
  }
}

TEST_CASE("unfusable: the first is a result, or read by another operation") {
  for (const bool numbers : {false, true}) {
    graph::Graph before;
    const auto x = parameter(before, {10, 10}), y = parameter(before, {10, 10});
    auto z = einsum(before, "ij,jk->ik", {x, y});
    if (numbers) z = scaled(before, 2, z);
    const auto w = einsum(before, "ik->i", {z});
    before.results = {z, plus(before, w, w)};
    const graph::Graph after = optimized(before);
    CHECK(after.nodes.size() >= 3);
    CHECK(graph::text(passes::fuse_einsums(before)).find("-> f64[10, 10], f64[10]") != std::string::npos);
  }
}

TEST_CASE("no einsum at all") {
  graph::Graph before;
  const auto x = parameter(before, {7}), y = parameter(before, {7});
  before.nodes.push_back({});  // `plus` takes its expression from the last node
  before.nodes.back().op = &einx::detail::ops::get("add");
  const auto drop = [&] { before.nodes.erase(before.nodes.begin()); };
  const auto sum = plus(before, x, y);
  drop();
  before.results = {plus(before, sum, x)};
  CHECK(graph::text(optimized(before)) == graph::text(before));
}

TEST_CASE("three einsums and a transposition are one") {
  graph::Graph before;
  const auto x = parameter(before, {4, 5}), y = parameter(before, {5, 6}), z = parameter(before, {6, 7}), w = parameter(before, {7, 8});
  const auto product = einsum(before, "ij,jk->ik", {einsum(before, "ij,jk->ik", {einsum(before, "ij,jk->ik", {x, y}), z}), w});
  before.results = {einsum(before, "il->li", {product})};
  CHECK(operations(passes::fuse_einsums(before)) == "dot");
  CHECK(operations(optimized(before)) == "dot dot dot");
}

TEST_CASE("numbers along a chain become one, in the cheapest place") {
  struct Row {
    const char* what;
    int left;
    graph::ValueId (*build)(graph::Graph&, graph::ValueId x, graph::ValueId y);
  };
  const Row rows[] = {
      {"before and after", 1, [](graph::Graph& g, graph::ValueId x, graph::ValueId y) { return scaled(g, 5, einsum(g, "ij,jk->ik", {scaled(g, 7, x), y})); }},
      {"on both operands", 1, [](graph::Graph& g, graph::ValueId x, graph::ValueId y) { return einsum(g, "ij,jk->ik", {scaled(g, 7, x), scaled(g, 0.5, y)}); }},
      {"through a transposition", 1, [](graph::Graph& g, graph::ValueId x, graph::ValueId y) { return scaled(g, 2, einsum(g, "ij->ji", {scaled(g, 3, einsum(g, "ij,jk->ik", {x, y}))})); }},
      {"only numbers", 1, [](graph::Graph& g, graph::ValueId x, graph::ValueId) { return scaled(g, 2, scaled(g, 3, x)); }},
      {"many numbers", 1, [](graph::Graph& g, graph::ValueId x, graph::ValueId) { return scaled(g, 2, scaled(g, 3, scaled(g, 4, scaled(g, 0.5, x)))); }},
      {"both operands are the same: the square", 1, [](graph::Graph& g, graph::ValueId x, graph::ValueId) { const auto z = scaled(g, 2, x); return einsum(g, "ij,ij->i", {z, z}); }},
      {"none", 0, [](graph::Graph& g, graph::ValueId x, graph::ValueId y) { return einsum(g, "ij,jk->ik", {x, y}); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    graph::Graph before;
    const auto x = parameter(before, {4, 5}), y = parameter(before, {5, 6});
    before.results = {row.build(before, x, y)};
    CHECK(scalings(optimized(before)) == row.left);
  }
}

TEST_CASE("0.784 * einsum('ij,jk,kl->il') through the whole optimiser: the number is on the 2x2 intermediate") {
  graph::Graph before;
  const auto x = parameter(before, {2, 100}), y = parameter(before, {100, 2}), z = parameter(before, {2, 100});
  before.results = {scaled(before, 0.784, einsum(before, "ij,jk,kl->il", {x, y, z}))};
  const graph::Graph after = optimized(before);
  REQUIRE(operations(after) == "dot multiply dot");
  CHECK(after.values[std::size_t(after.nodes[1].outputs[0])].type.shape == einx::Shape{2, 2});
}

TEST_CASE("the observer sees the passes in order, and any of them can be left out") {
  graph::Graph before;
  const auto x = parameter(before, {2, 100}), y = parameter(before, {100, 2}), z = parameter(before, {2, 100});
  before.results = {scaled(before, 0.784, einsum(before, "ij,jk,kl->il", {x, y, z}))};
  std::vector<std::string> seen;
  passes::optimize(before, {}, [&](std::string_view name, const graph::Graph&) { seen.emplace_back(name); });
  const auto place = [&](const char* name) { return std::find(seen.begin(), seen.end(), name) - seen.begin(); };
  CHECK(place("accumulate_scalars") < place("fuse_einsums"));
  CHECK(place("fuse_einsums") < place("optimize_einsums"));
  CHECK(place("optimize_einsums") < place("place_scalars"));
  passes::OptimizeOptions nothing;
  nothing.scalars = nothing.fusion = nothing.contraction = false;
  CHECK(operations(passes::optimize(before, nothing)) == "einsum multiply");
}
