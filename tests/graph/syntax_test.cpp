// Graph texts with mistakes: each is a SyntaxError that names the line and what was expected there.
#include <doctest/doctest.h>

#include "graph/graphs.h"

namespace graph = einx::detail::graph;

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
      {"def op0(i0: f32[2]) -> f32[2]: return i0", 1, "end of the line"},
      {head, 1, "expected \"return\""},
      {head + "    return i7\n", 2, "defined above"},
      {head + "    return i0\n", 2, "types in the signature"},
      {head + "    return i0, i1\n", 2, "1 results"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\")\n    return x0\n    return x0\n", 4, "end of the text"},
      {head + "    x0: f32[2] = total(i0, \"a [b] -> a\")\n", 2, "operation"},
      {head + "    x0 = sum(i0, \"a [b] -> a\")\n", 2, "':'"},
      {head + "    return: f32[2] = sum(i0, \"a [b] -> a\")\n", 2, "name of a value"},
      {head + "    i0: f32[2] = sum(i0, \"a [b] -> a\")\n", 2, "already defined"},
      {head + "    x0: f32[2] = sum(x0, \"a [b] -> a\")\n", 2, "defined above"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\"\n", 2, "')'"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a)\n", 2, "never closed"},
      {head + "    x0: f32[2] = sum(i0)\n", 2, "','"},
      {head + "    x0: f32[2] = sum(i0, \"a [b -> a\")\n", 2, "expression"},
      {head + "    x0: f32[2] = sum(i0, \"a... [b] -> a...\")\n", 2, "expected"},
      {head + "    x0: f32[2] = sum(i0, \"a [3] -> a\")\n", 2, "named axes only"},
      {head + "    x0: f32[2] = sum(i0, \"a -> a\")\n", 2, "2 dimensions"},
      {head + "    x0: f32[2] = sum(i0, i1, \"a [b] -> a\")\n", 2, "2 inputs"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\", b=3)\n", 2, "already known"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\", c=3)\n", 2, "no such axis"},
      {head + "    x0: f32[2] = sum(i0, \"a [b] -> a\", shift=[1])\n", 2, "parameters"},
      {head + "    x0: f32[2] = sum(i0, \"a ([b c]) -> a\", b=3)\n", 2, "size of axis \"c\""},
      {head + "    x0: f32[2] = sum(i0, \"a ([b c]) -> a\", b=3, c=2)\n", 2, "shapes of a node's inputs"},
      {head + "    x0: f32[2] = sum(i0, \"a ([b c]) -> a\", b=-3, c=-1)\n", 2, "at least 0"},
      {head + "    x0: f32[3] = sum(i0, \"a [b] -> a\")\n", 2, "types of a node's outputs"},
      {head + "    x0: i32[2] = sum(i0, \"a [b] -> a\")\n", 2, "types of a node's outputs"},
      {head + "    x0: f32[2 : 5] = sum(i0, \"a [b] -> a\")\n", 2, "types of a node's outputs"},
      {head + "    x0: f32[2], x1: f32[2] = sum(i0, \"a [b] -> a\")\n", 2, "every input and output"},
      {head + "    x0: f32[2] = sum(i0, \"a b -> a c\", c=1)\n", 2, "accepts the expression"},
      {head + "    x0: f32[2] = add(i0, \"a b -> a\")\n", 2, "accepts the expression"},
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

TEST_CASE("blank lines and extra spaces do not matter") {
  const auto parsed = graph::parse("\ndef  op0( i0 : f32[ 2,3 ] )->f32[2] :\n\n  x0:f32[2]=sum( i0,\"a [b] -> a\" )\nreturn x0");
  CHECK(graph::text(parsed) == "def op0(i0: f32[2, 3]) -> f32[2]:\n    x0: f32[2] = sum(i0, \"a [b] -> a\")\n    return x0\n");
}
