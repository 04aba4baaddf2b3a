// JSON read back: exact for what we write, forgiving for what others write, with the path of what is wrong.
#include <doctest/doctest.h>

#include <limits>

#include "graph/graphs.h"
#include "graph/read.h"

namespace graph = einx::detail::graph;
using namespace graphs;

namespace {

void comes_back(const Graph& made) {
  const auto data = graph::data_beside(made);
  const std::string json = graph::json(made);
  CAPTURE(json);
  const Graph read = graph::from_json(json, graph::source_of(data));
  CHECK(read == made);
  CHECK(graph::text(read) == graph::text(made));
  CHECK(graph::json(read) == json);
}

const std::string kGood = R"json({"name": "f",
 "parameters": [{"name": "x", "dtype": "f32", "shape": [4, 6]}],
 "nodes": [{"op": "sum", "expression": "a (g [c])", "axes": {"c": 3}, "inputs": ["x"], "outputs": [{"name": "y"}]}],
 "results": ["y"]})json";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("graphs come back from JSON as they are") {
  for (const char* text : {
           "def op0(i0: f32[10, 10 : 1, 10], i1: factory f32[10]) -> f32[10, 10]:\n    x0: f32[10, 10] = add(i0, i1, \"a b, b -> a b\")\n    return x0\n",
           "def two(i0: f32[5, 2]) -> f32[2, 2], f32[3, 2]:\n    x0: f32[2, 2], x1: f32[3, 2] = id(i0, \"(a + b) c -> a c, b c\", a=2, b=3)\n    return x0, x1\n",
           "def op0(i0: i32[2]) -> i32[2], i32[2]:\n    c0: i32[2] = constant([1, -2])\n    x0: i32[2] = add(i0, c0, \"a, a -> a\")\n"
           "    c1: i32[] = constant(7)\n    x1: i32[2] = multiply(x0, c1, \"a,  -> a\")\n    return x1, x0\n",
           "def op0() -> bool[1, 2], f64[0, 3]:\n    c0: bool[1, 2] = constant([[true, false]])\n    c1: f64[0, 3] = constant([])\n    return c0, c1\n",
           "def f(i0: f32[3, 4]):\n    x0 = roll(i0, \"[a b]\", shift=[1, -2])\n    return x0\n",
       })
    comes_back(graph::parse(text));
}

TEST_CASE("constants come back with every bit") {
  Graph made;
  const auto add = [&](const Tensor& data) { made.results.push_back(graph::add_constant(made, data)); };
  const float inf = std::numeric_limits<float>::infinity();
  add(Tensor::copy_of<float>({0.1F, -0.0F, inf, -inf, 1e-45F, 3.4e38F, 16777216.F, 1e20F}, {8}));
  add(Tensor::copy_of<double>({0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e22}, {5}));
  const std::uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7fa00001};
  add(Tensor::view(static_cast<const void*>(nans), einx::f32, {3}));
  add(Tensor::copy_of<std::uint64_t>({std::numeric_limits<std::uint64_t>::max(), 0}, {2}));
  add(Tensor::copy_of<std::int64_t>({std::numeric_limits<std::int64_t>::min(), -1}, {2}));
  add(Tensor::full({2, 2}, 0.1, einx::f16));
  add(Tensor::full({2}, 0.1, einx::bf16));
  add(Tensor::full({}, 1, einx::boolean));
  add(Tensor::iota({20}));  // beside the text
  comes_back(made);
  for (int high = 0; high < 65536; high += 4096) {
    std::uint16_t bits[16];
    for (int k = 0; k < 16; ++k) bits[k] = std::uint16_t(high + 257 * k);
    Graph halves;
    halves.results = {graph::add_constant(halves, Tensor::view(static_cast<const void*>(bits), einx::f16, {16}))};
    comes_back(halves);
  }
}

TEST_CASE("what others leave out follows") {
  CHECK(graph::text(graph::from_json(kGood, {})) ==
        "def f(x: f32[4, 6]) -> f32[4, 2]:\n    y: f32[4, 2] = sum(x, \"a (g [c]) -> a g\", g=2, c=3)\n    return y\n");
}

TEST_CASE("mistakes in JSON are syntax errors that name the field") {
  struct Row {
    std::string text, expected;
  };
  const Row rows[] = {
      {"", "legal JSON"},
      {"{", "legal JSON"},
      {"[1]", "expected an object, not array"},
      {"{}", "\"name\""},
      {"{\"name\": 1.5}", "letters"},
      {"{\"name\": true}", "a string, not boolean"},
      {changed("\"f\"", "\"not a name\""), "\"name\" of the graph's JSON: expected a name"},
      {changed("\"x\", \"dtype\"", "\"def\", \"dtype\""), "parameters[0]"},
      {changed("f32", "f33"), "\"parameters[0].dtype\" of the graph's JSON: expected an element type"},
      {changed("[4, 6]", "[4, -6]"), "\"parameters[0].shape\""},
      {changed("[4, 6]", "[4, 6.5]"), "\"parameters[0].shape[1]\" of the graph's JSON: expected an integer"},
      {changed("[4, 6]", "[4, 99999999999999999999]"), "\"parameters[0].shape[1]\""},
      {changed("[4, 6]", "6"), "an array, not number"},
      {changed("[4, 6]}", "[4, 6], \"strides\": [1]}"), "\"parameters[0].strides\""},
      {changed("\"sum\"", "\"summ\""), "Did you mean 'sum'"},
      {changed("[\"x\"]", "[\"z\"]"), "\"nodes[0].inputs[0]\" of the graph's JSON: expected a value that is defined before; \"z\" is not"},
      {changed("a (g [c])", "a (g [c)"), "\"nodes[0].expression\" of the graph's JSON: expected a legal expression"},
      {changed("\"c\": 3", "\"c\": 4"), "\"nodes[0].expression\""},
      {changed("\"c\": 3", "\"d\": 3"), "no such axis"},
      {changed("\"name\": \"y\"", "\"name\": \"x\""), "already defined"},
      {changed("\"name\": \"y\"", "\"name\": \"y\", \"dtype\": \"f32\", \"shape\": [4, 3]"), "y is f32[4, 2], not f32[4, 3]"},
      {changed("[\"y\"]", "[]"), "expected a result"},
      {changed("[\"y\"]", "[\"q\"]"), "\"results[0]\""},
      {changed("\"nodes\"", "\"constants\": [{\"name\": \"c\", \"dtype\": \"f32\", \"shape\": [2], \"data\": [1]}], \"nodes\""), "2 elements"},
      {changed("\"nodes\"", "\"constants\": [{\"name\": \"c\", \"dtype\": \"i8\", \"shape\": [1], \"data\": [1000]}], \"nodes\""), "\"constants[0].data[0]\""},
      {changed("\"nodes\"", "\"constants\": [{\"name\": \"c\", \"dtype\": \"i8\", \"shape\": [1], \"data\": [[1]]}], \"nodes\""), "a number, not array"},
      {changed("\"nodes\"", "\"constants\": [{\"name\": \"c\", \"dtype\": \"f32\", \"shape\": [20]}], \"nodes\""), "beside the JSON"},
      {changed("\"nodes\"", "\"constants\": [{\"name\": \"c\", \"dtype\": \"f32\", \"shape\": [], \"data\": [1], \"before_node\": 9}], \"nodes\""), "\"constants[0].before_node\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    try {
      graph::from_json(row.text, graph::source_of({}));
      FAIL_CHECK("was accepted");
    } catch (const einx::SyntaxError& error) {
      CAPTURE(error.what());
      CHECK(error.kind() == "graph-text");
      CHECK(std::string(error.what()).find(row.expected) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(graph::from_json(std::string(100000, '['), {}), einx::SyntaxError);
}
