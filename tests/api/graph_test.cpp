// Graphs through the public interface: text both ways, what can be looked at, direct calls.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <stdexcept>
#include <string>

using einx::Tensor;

namespace {
bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("a graph prints as its text and is read back") {
  const Tensor x = Tensor::iota({10, 10});
  const einx::Graph graph = einx::graph::sum("b (g [c])", x, {{"g", 2}});
  CHECK(graph.text() ==
        "def op0(i0: f32[10, 10]) -> f32[10, 2]:\n"
        "    x0: f32[10, 2] = sum(i0, \"b (g [c]) -> b g\", g=2, c=5)\n"
        "    return x0\n");
  const einx::Graph again = einx::Graph::parse(graph.text());
  CHECK(again.text() == graph.text());
  CHECK(again(x).to_vector<float>() == graph(x).to_vector<float>());
  CHECK_THROWS_AS(einx::Graph::parse("def op0(i0: f32[10]) -> f32:\n    return x9\n"), einx::SyntaxError);
}

TEST_CASE("texts of several functions, and JSON") {
  const std::string first = "def f(x: f32[4]):\n    y = sum(x, \"[a]\")\n    return y\n", both = first + "# more\ndef g(x: f32[4]):\n    return x\n";
  const std::vector<einx::Graph> graphs = einx::Graph::parse_all(both);
  REQUIRE(graphs.size() == 2);
  CHECK(graphs[1].name() == "g");
  CHECK(graphs[0](Tensor::ones({4})).item<float>() == 4);
  CHECK_THROWS_WITH_AS(einx::Graph::parse(both), doctest::Contains("there are 2: f, g"), einx::SyntaxError);
  const einx::Graph again = einx::Graph::from_json(graphs[0].json());
  CHECK(again.text() == graphs[0].text());
  CHECK(again.json() == graphs[0].json());
  CHECK(again(Tensor::ones({4})).item<float>() == 4);
  CHECK_THROWS_AS(einx::Graph::from_json("{}"), einx::SyntaxError);
}

TEST_CASE("large constants are data beside the text") {
  const einx::Graph graph = einx::trace([](einx::Value a) { return a + Tensor::iota({20}); }, {{einx::f32, {20}}});
  REQUIRE(graph.data().size() == 1);
  CHECK_THROWS_AS(einx::Graph::parse(graph.text()), einx::SyntaxError);
  for (const einx::Graph& again : {einx::Graph::parse(graph.text(), graph.data()), einx::Graph::from_json(graph.json(), graph.data())}) {
    CHECK(again.text() == graph.text());
    CHECK(again(Tensor::zeros({20})).to_vector<float>() == Tensor::iota({20}).to_vector<float>());
  }
}

TEST_CASE("a graph shows everything that was made") {
  const Tensor x = Tensor::iota({10, 10});
  const einx::Graph graph = einx::graph::sum("a [b]", x);
  CHECK(contains(graph.loops(), "for "));
  CHECK_FALSE(graph.schedule().empty());
  CHECK(contains(graph.dot(), "digraph"));
  CHECK(contains(graph.json(), "\"sum\""));
  CHECK(contains(graph.llvm_ir(), "define "));
  CHECK(contains(graph.assembly(), "ret"));
}

TEST_CASE("a direct call takes the graph's signature only, and says what differs") {
  const Tensor x = Tensor::iota({4, 6});
  const einx::Graph graph = einx::graph::sum("a [b]", x);
  CHECK(graph(x).to_vector<float>() == einx::sum("a [b]", x).to_vector<float>());
  struct Row {
    Tensor operand;
    const char* says;
  };
  const Row table[] = {
      {Tensor::iota({4, 7}), "f32[4, 7], not f32[4, 6]"},
      {Tensor::iota({4, 6}, einx::f64), "f64[4, 6], not f32[4, 6]"},
      {Tensor::iota({6, 4}).permuted({1, 0}), "f32[4, 6 : 1, 4], not f32[4, 6]"},
      {Tensor::iota({24}), "f32[24], not f32[4, 6]"},
  };
  for (const Row& row : table) {
    try {
      graph(row.operand);
      FAIL("accepted another signature");
    } catch (const einx::ValueError& error) {
      CHECK(error.kind() == "graph-signature");
      CHECK_MESSAGE(contains(error.what(), row.says), error.what());
    }
  }
  CHECK_THROWS_AS(graph(x, x), einx::ValueError);
}

TEST_CASE("a graph with a factory calls it with the solved shape") {
  const Tensor x = Tensor::ones({4, 6});
  const einx::Graph graph = einx::graph::dot("a [b->c]", x, einx::ones, {{"c", 3}});
  CHECK(contains(graph.text(), "factory f32[6, 3]"));
  CHECK(graph(x, einx::full(2)).item<float>({0, 0}) == 12);
  CHECK_THROWS_AS(graph(x, [](const einx::Shape&) -> Tensor { throw std::runtime_error("no disk"); }), einx::CallOperationError);
  CHECK_THROWS_AS(graph(x, [](const einx::Shape&) { return Tensor::ones({2}); }), einx::ValueError);
}
