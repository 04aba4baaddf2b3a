// The verifier: every rule has a graph that breaks only it.
#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "graph/graphs.h"

namespace graph = einx::detail::graph;
using namespace graphs;

namespace {

/// i0: f32[2, 3], i1: f32[4] -> c0 = [1, 2]; x0 = sum; x1 = add(x0, c0)
Graph legal() {
  Graph made;
  const ValueId x = graph::add_parameter(made, graph::make_type(einx::f32, {2, 3}));
  graph::add_parameter(made, graph::make_type(einx::f32, {4}));
  const ValueId c = graph::add_constant(made, Tensor::copy_of<float>({1, 2}, {2}));
  const ValueId s = append(made, "sum", "a [b]", {x}).front();
  made.results = append(made, "add", "a, a", {s, c});
  return made;
}

}  // namespace

TEST_CASE("a legal graph has no violation, and each broken rule is named") {
  REQUIRE(graph::verify(legal()) == std::nullopt);
  struct Row {
    std::string sentence;  ///< part of it
    std::function<void(Graph&)> change;
  };
  const Row rows[] = {
      {"every id", [](Graph& g) { g.results.push_back(99); }},
      {"every id", [](Graph& g) { g.nodes[0].inputs[0] = -1; }},
      {"every id", [](Graph& g) { g.parameters[1].value = 5; }},
      {"legal names", [](Graph& g) { g.name = "two words"; }},
      {"legal names", [](Graph& g) { g.values[0].name = "return"; }},
      {"legal names", [](Graph& g) { g.values[0].name = ""; }},
      {"same name", [](Graph& g) { g.values[0].name = "x0"; }},
      {"defined exactly once", [](Graph& g) { g.parameters.pop_back(); }},
      {"defined exactly once", [](Graph& g) { g.parameters.push_back(g.parameters[0]); }},
      {"in the order of their values", [](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }},
      {"every type", [](Graph& g) { g.values[1].type.strides = {1, 1}; }},
      {"every type", [](Graph& g) { g.values[1].type = {einx::f32, {-4}, {1}}; }},
      {"every type", [](Graph& g) { g.values[1].type = {einx::f32, {1}, {7}}; }},
      {"every type", [](Graph& g) { g.values[1].type.shape = {std::numeric_limits<std::int64_t>::max()}; }},
      {"type of its data", [](Graph& g) { g.constants[0].data = Tensor::zeros({3}); }},
      {"has a result", [](Graph& g) { g.results.clear(); }},
      {"has an operation", [](Graph& g) { g.nodes[0].op = nullptr; }},
      {"well formed", [](Graph& g) { g.nodes[0].expr.inputs[0].dims[0].axis = 9; }},
      {"well formed", [](Graph& g) { g.nodes[0].expr.inputs[0].dims[0].kind = einx::detail::notation::Dim::Kind::Concat; }},
      {"normal form", [](Graph& g) { g.nodes[0].expr.axes.push_back({"unused", 1, false, false, "unused"}); }},
      {"normal form", [](Graph& g) { std::swap(g.nodes[0].expr.inputs[0].dims[0], g.nodes[0].expr.inputs[0].dims[1]); }},
      {"legal, distinct names", [](Graph& g) { g.nodes[0].expr.axes[1].name = "a"; }},
      {"legal, distinct names", [](Graph& g) { g.nodes[0].expr.axes[1].name = "b.0"; }},
      {"sizes >= 0", [](Graph& g) { g.nodes[0].expr.axes[1].size = -1; }},
      {"fit in memory", [](Graph& g) { g.nodes[0].expr.axes[1].size = std::numeric_limits<std::int64_t>::max(); }},
      {"a value for every input", [](Graph& g) { g.nodes[0].inputs.push_back(0); }},
      {"before it is used", [](Graph& g) { g.nodes[0].inputs[0] = g.nodes[1].outputs[0]; }},
      {"before it is used", [](Graph& g) { g.nodes[0].inputs[0] = g.nodes[0].outputs[0]; }},
      {"shapes of a node's inputs", [](Graph& g) { g.nodes[0].inputs[0] = 1; }},
      {"accepts the expression", [](Graph& g) { g.nodes[0].op = &einx::detail::ops::get("softmax"); }},
      {"accepts the expression", [](Graph& g) { g.nodes[0].expr.axes[1].bracketed = false, g.nodes[0].op = &einx::detail::ops::get("id"); }},
      {"operation's parameters", [](Graph& g) { g.nodes[0].attributes = {{"shift", {1}}}; }},
      {"types of a node's outputs", [](Graph& g) { g.values[4].type.dtype = einx::f64; }},
      {"types of a node's outputs", [](Graph& g) { g.values[4].type = graph::make_type(einx::f32, {2}, Shape{3}); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sentence);
    Graph broken = legal();
    row.change(broken);
    const auto violation = graph::verify(broken);
    REQUIRE(violation.has_value());
    CAPTURE(*violation);
    CHECK(violation->find(row.sentence) != std::string::npos);
    CHECK_THROWS_AS(graph::verified("stage", broken), einx::InternalError);  // prints the broken graph, too
  }
}

TEST_CASE("an operation that refuses the dtypes leaves the graph as it was") {
  Graph made;
  const ValueId x = graph::add_parameter(made, graph::make_type(einx::boolean, {2}));
  const Graph before = made;
  CHECK_THROWS_AS(append(made, "softmax", "[a]", {x}), einx::OperationNotSupportedError);
  CHECK(made == before);
}
