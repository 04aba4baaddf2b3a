// DOT and JSON: well-formed, complete, escaped.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "graph/graphs.h"

namespace graph = einx::detail::graph;
using namespace graphs;

namespace {

Graph example() {
  Graph made;
  const ValueId x = graph::add_parameter(made, graph::make_type(einx::f32, {10, 10}, Shape{1, 10}), true);
  const ValueId s = append(made, "sum", "b (g [c])", {x}, {{"g", 2}}).front();
  const ValueId c = graph::add_constant(made, Tensor::copy_of<float>({1, std::numeric_limits<float>::infinity()}, {2}));
  const ValueId large = graph::add_constant(made, Tensor::zeros({10, 2}));
  const ValueId y = append(made, "add", "a g, g", {s, c}).front();
  made.results = append(made, "add", "a g, a g", {y, large});
  return made;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

}  // namespace

TEST_CASE("JSON holds what the text holds") {
  const auto json = nlohmann::json::parse(graph::json(example()));
  CHECK(json["name"] == "op0");
  CHECK(json["parameters"][0]["name"] == "i0");
  CHECK(json["parameters"][0]["dtype"] == "f32");
  CHECK(json["parameters"][0]["factory"] == true);
  CHECK(json["parameters"][0]["strides"] == nlohmann::json({1, 10}));
  CHECK(json["constants"][0]["data"] == nlohmann::json({1, "inf"}));
  CHECK(!json["constants"][1].contains("data"));
  REQUIRE(json["nodes"].size() == 3);
  CHECK(json["nodes"][0]["op"] == "sum");
  CHECK(json["nodes"][0]["expression"] == "b (g [c]) -> b g");
  CHECK(json["nodes"][0]["axes"] == nlohmann::json({{"b", 10}, {"g", 2}, {"c", 5}}));
  CHECK(json["nodes"][0]["inputs"] == nlohmann::json({"i0"}));
  CHECK(json["nodes"][1]["outputs"][0]["shape"] == nlohmann::json({10, 2}));
  CHECK(json["results"] == nlohmann::json({"x2"}));
}

TEST_CASE("DOT has a box for every node and an edge for every use") {
  const std::string dot = graph::dot(example());
  CHECK(dot.starts_with("digraph \"op0\" {"));
  CHECK(dot.ends_with("}\n"));
  CHECK(dot.find("n0 [label=\"sum\\nb (g [c]) -> b g\"]") != std::string::npos);
  CHECK(dot.find("v_i0 -> n0 [label=\"i0: f32[10, 10 : 1, 10]\"]") != std::string::npos);
  CHECK(count(dot, " -> n") == 5);
  CHECK(count(dot, " -> result0 ") == 1);
}

TEST_CASE("strings are escaped") {
  Graph made = example();
  made.name = "a\"b\\c\n";  // not legal, but printed
  CHECK(nlohmann::json::parse(graph::json(made))["name"] == made.name);
  CHECK(graph::dot(made).starts_with("digraph \"a\\\"b\\\\c\\u000a\""));
}
