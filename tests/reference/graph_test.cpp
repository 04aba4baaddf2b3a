// Graphs of several nodes: values feed nodes, constants take part, results may repeat or be parameters.
#include "call.h"

using namespace reference_test;

namespace {

graph::ValueId append(graph::Graph& graph, const std::string& name, const std::string& pattern, std::vector<graph::ValueId> inputs,
                      const Sizes& sizes = {}) {
  const ops::Op& op = ops::get(name);
  std::vector<Tensor> shapes;
  for (graph::ValueId id : inputs) shapes.push_back(Tensor::empty(graph.values[id].type.shape, graph.values[id].type.dtype));
  return graph::add_node(graph, op, solved(op, pattern, shapes, sizes), inputs).at(0);
}

}  // namespace

TEST_CASE("a chain: softmax written out") {
  graph::Graph graph;
  const auto x = graph::add_parameter(graph, graph::make_type(f64, {2, 3}));
  const auto top = append(graph, "max", "a [b] -> a", {x});
  const auto shifted = append(graph, "subtract", "a b, a -> a b", {x, top});
  const auto total = append(graph, "logsumexp", "a [b] -> a", {shifted});
  graph.results = {append(graph, "subtract", "a b, a -> a b", {shifted, total}), top, x, top};

  const Tensor data = Tensor::copy_of<double>({1, 2, 3, -1, 5, 0}, {2, 3});
  const std::vector<Tensor> out = reference::run(graph, std::vector{data});
  REQUIRE(out.size() == 4);
  const Tensor expected = call("log_softmax", "a [b]", {data});
  for (std::size_t i = 0; i < 6; ++i) CHECK(close(out[0].to_vector<double>()[i], expected.to_vector<double>()[i], 1e-15));
  check_tensor(out[1], {f64, {2}, {3, 5}});
  CHECK(out[2].to_vector<double>() == data.to_vector<double>());
  CHECK(out[3].to_vector<double>() == out[1].to_vector<double>());
}

TEST_CASE("constants and unused operands") {
  graph::Graph graph;
  const auto x = graph::add_parameter(graph, graph::make_type(f32, {3}));
  graph::add_parameter(graph, graph::make_type(i8, {0}));
  const auto c = graph::add_constant(graph, Tensor::copy_of<float>({10, 20}, {2}));
  graph.results = {append(graph, "multiply", "a, b -> b a", {x, c})};
  const std::vector<Tensor> out = reference::run(graph, std::vector{Tensor::iota({3}, f32), Tensor::zeros({0}, i8)});
  check_tensor(out[0], {f32, {2, 3}, {0, 10, 20, 0, 20, 40}});
}

TEST_CASE("operands that do not fit are a defect of the caller") {
  graph::Graph graph;
  graph.results = {graph::add_parameter(graph, graph::make_type(f32, {3}))};
  CHECK_THROWS_AS(reference::run(graph, std::vector<Tensor>{}), InternalError);
  CHECK_THROWS_AS(reference::run(graph, std::vector{Tensor::iota({3}, f64)}), InternalError);
  CHECK_THROWS_AS(reference::run(graph, std::vector{Tensor::iota({4}, f32)}), InternalError);
}
