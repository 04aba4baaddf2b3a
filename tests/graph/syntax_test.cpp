// Graph texts with mistakes: each is a SyntaxError that names the line and what was expected there.
#include <doctest/doctest.h>

#include "graph/graphs.h"
#include "graph/read.h"

namespace graph = einx::detail::graph;
using einx::Tensor;

TEST_CASE("a mistake in graph text is a SyntaxError with its line") {
  const std::string head = "def op0(i0: f32[2, 3], i1: i32[4]) -> f32[2]:\n";
  struct Row {
    std::string text;
    int line;
    std::string expected;  ///< part of the message
  };
  const Row rows[] = {
      {"", 0, "expected \"def\""},
      {"\n\n", 2, "expected \"def\""},
      {"graph op0()", 1, "'def'"},
      {"def f(", 1, "name of a value"},
      {"def 7()", 1, "name of the graph"},
      {"def op0(i0 f32[2])", 1, "':'"},
      {"def op0(i0: f33[2])", 1, "element type"},
      {"def op0(i0: float32[2])", 1, "element type"},
      {"def op0(i0: f32[-1]) -> f32[]:", 1, "at least 0"},
      {"def op0(i0: f32[2 : 1, 1]) -> f32[]:", 1, "stride for every axis"},
      {"def op0(i0: f32[4611686018427387904, 4]) -> f32[]:", 1, "fits in memory"},
      {"def op0(i0: f32[2, 9223372036854775807, 0]) -> f32[]:", 1, "fits in memory"},
      {"def op0(i0: f32[3 : 9223372036854775807]) -> f32[]:", 1, "fits in memory"},
      {"def op0(i0: f32[99999999999999999999]) -> f32[]:", 1, "integer of 64 bits"},
      {"def op0(i0: f32[2], i0: f32[2]) -> f32[2]:", 1, "already defined"},
      {"def op0(i0: f32[2]) -> f32[2]", 1, "':'"},
      {"def op0(i0: f32[2])", 1, "'->'"},
      {"def op0(i0: f32[2]) -> f32[2]: return i0", 1, "end of the line"},
      {head, 1, "expected \"return\""},
      {head + "    return i7\n", 2, "defined above"},
      {head + "    return i0\n", 2, "types in the signature"},
      {head + "    return i0, i1\n", 2, "1 results"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\")\n    return x0\n    return x0\n", 4, "'def'"},
      {head + "    x0: f32[2] = total(i0, \"a [b] -> a\")\n", 2, "There is no operation 'total'"},
      {head + "    x0: f32[2] = summ(i0, \"a [b] -> a\")\n", 2, "Did you mean 'sum'"},
      {head + "    x0 : = sum(i0, \"a [b] -> a\")\n", 2, "a type"},
      {head + "    x0 sum(i0, \"a [b] -> a\")\n", 2, "'='"},
      {head + "    c0 = constant(1)\n", 2, "the type of a constant"},
      {head + "    return: f32[2] = sum(i0, \"a [b] -> a\")\n", 2, "name of a value"},
      {head + "    i0: f32[2] = sum(i0, \"a [b] -> a\")\n", 2, "already defined"},
      {head + "    x0: f32[2] = sum(x0, \"a [b] -> a\")\n", 2, "defined above"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\"\n", 2, "')'"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a)\n", 2, "never closed"},
      {head + "    x0: f32[2] = sum(i0)\n", 2, "','"},
      {head + "    x0: f32[2] = sum(i0, \"a [b -> a\")\n", 2, "expression"},
      {head + "    x0: f32[2] = sum(i0, \"a... [b... c] -> a...\")\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, \"a [4] -> a\")\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, \"a -> a\")\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, i1, \"a [b] -> a\")\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = add(i0, \"a b, a b -> a b\")\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\", b=4)\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\", b=3, b=3)\n", 2, "only once"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\", c=3)\n", 2, "no such axis"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\", shift=[1])\n", 2, "no such parameter"},
      {head + "    x0: f32[2] = sum(i0, \"a ([b] c) -> a c\")\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, \"a ([b c]) -> a\", b=3, c=2)\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, \"a ([b c]) -> a\", b=-3, c=-1)\n", 2, "at least 0"},
      {head + "    x0: f32[3] = sum(i0, \"a [b] -> a\")\n", 2, "x0 is f32[2], not f32[3]"},
      {head + "    x0: i32[2] = sum(i0, \"a [b] -> a\")\n", 2, "x0 is f32[2], not i32[2]"},
      {head + "    x0: f32[2 : 5] = sum(i0, \"a [b] -> a\")\n", 2, "x0 is f32[2], not f32[2 : 5]"},
      {head + "    x0: f32[2], x1: f32[2] = sum(i0, \"a [b] -> a\")\n", 2, "1 names before '='"},
      {head + "    x0: f32[2] = sum(i0, \"a b -> a c\")\n", 2, "a legal expression"},
      {head + "    x0: f32[2] = sum(i0, \"a b -> a c\", c=1)\n", 2, "x0 is f32[2, 1]"},
      {head + "    x0: f32[2] = add(i0, \"a b -> a\")\n", 2, "a legal expression"},
      {head + "    x0 = subtract(b0, b0, \"a, a\")\n", 2, "\"b0\" is not"},
      {"def f(b0: bool[2]):\n    x0 = subtract(b0, b0, \"a, a\")\n", 2, "bool"},
      {head + "    x0 = roll(i0, \"[a b]\")\n", 2, "the parameter shift of roll"},
      {head + "    x0 = roll(i0, \"[a b]\", shift=[1])\n", 2, "2 entries of shift"},
      {head + "    return x0\ndef g(i0: f32[2]):\n", 2, "defined above"},
      {"def g(i0: f32[2]):\n    return i0\n\n# again\ndef g(i0: f32[2]):\n    return i0\n", 5, "a function \"g\" above"},
      {"def f(i0: f32[2]):\n    return i0\ndef g(i0: f32[2]):\n    return i0\n", 3, "there are 2: f, g"},
      {"# only words\n", 1, "expected \"def\""},
      {head + "    x0: f32[2, 9223372036854775807] = id(i0, \"a b -> a b c\", c=9223372036854775807)\n", 2, "fits in memory"},
      {head + "    c0: f32[2] = constant([1, 2, 3])\n", 2, "as many as the type says"},
      {head + "    c0: f32[2] = constant([1])\n", 2, "as many as the type says"},
      {head + "    c0: f32[2] = constant([[1, 2]])\n", 2, "element of type f32"},
      {head + "    c0: i8[2] = constant([1, 128])\n", 2, "element of type i8"},
      {head + "    c0: i8[] = constant(1.5)\n", 2, "element of type i8"},
      {head + "    c0: u8[] = constant(-1)\n", 2, "element of type u8"},
      {head + "    c0: bool[] = constant(1)\n", 2, "element of type bool"},
      {head + "    c0: f32[] = constant(nan(0x3f800000))\n", 2, "element of type f32"},
      {head + "    c0: f32[] = constant(nan(\n", 2, "element of type f32"},
      {head + "    c0: f32[1000000000] = constant([1])\n", 2, "as many as the type says"},
      {head + "    c0: f32[2 : 3] = constant([1, 2])\n", 2, "row-major"},
      {head + "    c0: f32[2], c1: f32[2] = constant([1, 2])\n", 2, "one value"},
      {head + "    c0: f32[20] = constant(\"c0\")\n", 2, "beside the text"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    try {
      graph::parse(row.text);
      FAIL_CHECK("was accepted");
    } catch (const einx::SyntaxError& error) {
      CAPTURE(error.what());
      CHECK(error.kind() == "graph-text");
      CHECK(std::string(error.what()).find("line " + std::to_string(row.line) + " ") != std::string::npos);
      CHECK(std::string(error.what()).find(row.expected) != std::string::npos);
      CHECK(error.carets().size() <= 1);
    }
  }
}

TEST_CASE("the caret stands under the mistake, counted in characters") {
  try {
    graph::parse("def op0(i0: f32[2, ?]) -> f32[2]:\n");
    FAIL("was accepted");
  } catch (const einx::SyntaxError& error) {
    REQUIRE(error.carets().size() == 1);
    CHECK(error.carets()[0] == 19);
    CHECK(error.pattern() == "def op0(i0: f32[2, ?]) -> f32[2]:");
  }
}

TEST_CASE("the caret of a mistake in an expression, a keyword or a type stands there") {
  struct Row {
    std::string line;
    std::string at;  ///< the caret is under its beginning, the last time it occurs
  };
  const Row rows[] = {
      {"x0: f32[2] = sum(i0, \"a [b] c -> a\")", "a [b"},
      {"x0: f32[2] = sum(i0, \"a [b\")  # open", "[b"},
      {"x0: f32[2] = sum(i0, \"a [b]\", b=3, d=4)", "d=4"},
      {"x0: f32[2], x1 = sum(i0, \"a [b]\")", "x0"},
      {"x0: f32[7] = sum(i0, \"a [b]\")", "x0"},
      {"x0: f32[2] = summ(i0, \"a [b]\")", "summ"},
      {"x0: f32[2] = sum(i7, \"a [b]\")", "i7"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    try {
      graph::parse("def f(i0: f32[2, 3]):\n" + row.line + "\n    return x0\n");
      FAIL_CHECK("was accepted");
    } catch (const einx::SyntaxError& error) {
      CAPTURE(error.what());
      CHECK(error.pattern() == row.line);
      REQUIRE(error.carets().size() == 1);
      CHECK(std::size_t(error.carets()[0]) == row.line.rfind(row.at));
    }
  }
}

TEST_CASE("what is written by hand is printed in full") {
  struct Row {
    std::string hand, printed;
  };
  const Row rows[] = {
      {"x0 = sum(i0, \"a [b]\")", "x0: f32[4] = sum(i0, \"a [b] -> a\")"},
      {"x0 = sum(i0, \"a (g [c])\", c=3)", "x0: f32[4, 2] = sum(i0, \"a (g [c]) -> a g\", g=2, c=3)"},
      {"x0 = sum(i0, \"a (g [c]) -> a g\", c=3)", "x0: f32[4, 2] = sum(i0, \"a (g [c]) -> a g\", g=2, c=3)"},
      {"x0: f32[4, 2] = sum(i0, \"a (g [c]) -> a g\", g=2, c=3)", "x0: f32[4, 2] = sum(i0, \"a (g [c]) -> a g\", g=2, c=3)"},
      {"x0 = sum(i0, \"a b -> a\")", "x0: f32[4] = sum(i0, \"a [b] -> a\")"},
      {"x0 = sum(i0, \"[...]\")", "x0: f32[] = sum(i0, \"[e_0 e_1] ->\")"},
      {"x0 = sum(i0, \"a [b]\", b=6)", "x0: f32[4] = sum(i0, \"a [b] -> a\")"},
      {"x0 = softmax(i0, \"a [b]\")", "x0: f32[4, 6] = softmax(i0, \"a [b] -> a [b]\")"},
      {"x0 = add(i0, i0, \"a b, a b\")", "x0: f32[4, 6] = add(i0, i0, \"a b, a b -> a b\")"},
      {"x0 = id(i0, \"a b -> a b 2\")", "x0: f32[4, 6, 2] = id(i0, \"a b -> a b n0\", n0=2)"},
      {"x0, x1 = id(i0, \"a (b + c) -> a b, c a\", b=2)", "x0: f32[4, 2], x1: f32[4, 4] = id(i0, \"a (b + c) -> a b, c a\", b=2, c=4)"},
      {"x0 = id(i0, \"a b -> (a b) c...\", c=[2, 3])", "x0: f32[24, 2, 3] = id(i0, \"a b -> (a b) c_0 c_1\", c_0=2, c_1=3)"},
      {"x0 = roll(i0, \"[a b]\", shift=1)", "x0: f32[4, 6] = roll(i0, \"[a b] -> [a b]\", shift=[1, 1])"},
      {"x0 = roll(i0, \"[a b]\", shift=[1, -2])", "x0: f32[4, 6] = roll(i0, \"[a b] -> [a b]\", shift=[1, -2])"},
      {"x0 = dot(i0, i0, \"a b, c b -> a c\")", "x0: f32[4, 4] = dot(i0, i0, \"a [b], c [b] -> a c\")"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.hand);
    const std::string text = graph::text(graph::parse("def f(i0: f32[4, 6]):\n    " + row.hand + "\n    return x0\n"));
    const std::size_t begin = text.find("    ") + 4;
    CHECK(text.substr(begin, text.find('\n', begin) - begin) == row.printed);
    CHECK(graph::text(graph::parse(text)) == text);
  }
}

TEST_CASE("comments, tabs, other line ends, several functions") {
  const std::string text =
      "# two functions  \"not a string\r\n"
      "def first(x: f32[2, 3],  # the first\n"
      "\n";
  CHECK_THROWS_AS(graph::parse(text), einx::SyntaxError);
  const auto graphs = graph::parse_all(
      "# two functions  \"not a string\r\n"
      "def first(x: f32[2, 3]):  # one\r\n"
      "\ty = sum(x, \"a [b]\")  # b = 3\r\n"
      "\treturn y\r\n"
      "\r\n"
      "   # between\n"
      "def second(x: f32[2, 3]) -> f32[20]:\n"
      "    c: f32[20] = constant(\"a # b\")  # data\n"
      "    return c",
      [](const std::string& name) { return name == "a # b" ? std::optional(Tensor::zeros({20})) : std::nullopt; });
  REQUIRE(graphs.size() == 2);
  CHECK(graph::text(graphs[0]) == "def first(x: f32[2, 3]) -> f32[2]:\n    y: f32[2] = sum(x, \"a [b] -> a\")\n    return y\n");
  CHECK(graphs[1].name == "second");
  CHECK(graphs[1].constants[0].data.size() == 20);
  const std::string both = graph::text(graphs[0]) + "\n" + graph::text(graphs[0]);
  CHECK_THROWS_AS(graph::parse_all(both, {}), einx::SyntaxError);
}

TEST_CASE("blank lines and extra spaces do not matter") {
  const auto parsed = graph::parse("\ndef  op0( i0 : f32[ 2,3 ] )->f32[2] :\n\n  x0:f32[2]=sum( i0,\"a [b] -> a\" )\nreturn x0");
  CHECK(graph::text(parsed) == "def op0(i0: f32[2, 3]) -> f32[2]:\n    x0: f32[2] = sum(i0, \"a [b] -> a\")\n    return x0\n");
}
