// Graph text: what is printed, and that it is read back.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "graph/graphs.h"

namespace graph = einx::detail::graph;
using namespace graphs;

TEST_CASE("a call is printed as one typed line, sizes only where the operands' shapes do not give them") {
  struct Row {
    std::string op, pattern;
    std::vector<Shape> shapes;
    Sizes sizes;
    std::string line;
  };
  const Row rows[] = {
      {"sum", "b... (g [c])", {{10, 10}}, {{"g", 2}}, R"(x0: f32[10, 2] = sum(i0, "b (g [c]) -> b g", g=2, c=5))"},
      {"id", "a b -> b a", {{2, 3}}, {}, R"(x0: f32[3, 2] = id(i0, "a b -> b a"))"},
      {"id", "a -> a b", {{2}}, {{"b", 4}}, R"(x0: f32[2, 4] = id(i0, "a -> a b", b=4))"},
      {"dot", "a [b], [b] c -> a c", {{2, 3}, {3, 4}}, {}, R"(x0: f32[2, 4] = dot(i0, i1, "a [b], [b] c -> a c"))"},
      {"add", "a b, a", {{2, 3}, {2}}, {}, R"(x0: f32[2, 3] = add(i0, i1, "a b, a -> a b"))"},
      {"sum", "a [b c]", {{2, 3, 4}}, {}, R"(x0: f32[2] = sum(i0, "a [b c] -> a"))"},
      {"id", "(a + b) c -> a c, b c", {{5, 2}}, {{"a", 2}},
       R"(x0: f32[2, 2], x1: f32[3, 2] = id(i0, "(a + b) c -> a c, b c", a=2, b=3))"},
      {"id", "->", {{}}, {}, R"(x0: f32[] = id(i0, " -> "))"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const Graph made = single(row.op, row.pattern, row.shapes, row.sizes);
    const std::string text = graph::text(made);
    const std::size_t begin = text.find("    x0"), end = text.find('\n', begin);
    const std::string line = text.substr(begin + 4, end - begin - 4);
    if (row.op != "id" || row.pattern != "->") CHECK(line == row.line);
    CHECK(graph::parse(text) == made);
    CHECK(graph::text(graph::parse(text)) == text);
    CHECK(graph::verify(made) == std::nullopt);
  }
}

TEST_CASE("the example of the design") {
  const std::string text =
      "def op0(i0: f32[10, 10]) -> f32[10, 2]:\n"
      "    x0: f32[10, 2] = sum(i0, \"b (g [c]) -> b g\", g=2, c=5)\n"
      "    return x0\n";
  CHECK(graph::text(single("sum", "b... (g [c])", {{10, 10}}, {{"c", 5}})) == text);
  CHECK(graph::text(graph::parse(text)) == text);
}

TEST_CASE("texts of other graphs survive parsing and printing") {
  const std::string texts[] = {
      "def op0(i0: f32[10, 10 : 1, 10], i1: factory f32[10]) -> f32[10, 10]:\n"
      "    x0: f32[10, 10] = add(i0, i1, \"a b, b -> a b\")\n"
      "    return x0\n",
      "def two(i0: f32[5, 2]) -> f32[2, 2], f32[3, 2]:\n"
      "    x0: f32[2, 2], x1: f32[3, 2] = id(i0, \"(a + b) c -> a c, b c\", a=2, b=3)\n"
      "    return x0, x1\n",
      "def op0(i0: i32[2]) -> i32[2], i32[2]:\n"
      "    c0: i32[2] = constant([1, -2])\n"
      "    x0: i32[2] = add(i0, c0, \"a, a -> a\")\n"
      "    c1: i32[] = constant(7)\n"
      "    x1: i32[2] = multiply(x0, c1, \"a,  -> a\")\n"
      "    return x1, x0\n",
      "def op0() -> bool[1, 2], f64[0, 3]:\n"
      "    c0: bool[1, 2] = constant([[true, false]])\n"
      "    c1: f64[0, 3] = constant([])\n"
      "    return c0, c1\n",
      "def op0(i0: f32[0, 3]) -> f32[3]:\n"
      "    x0: f32[3] = sum(i0, \"[a] b -> b\")\n"
      "    return x0\n",
      "def f(weights: f32[4, 0 : 0, 0], _x: u8[3 : -1]) -> u8[3 : -1]:\n"
      "    return _x\n",
  };
  for (std::string text : texts) {
    CAPTURE(text);
    const Graph parsed = graph::parse(text);
    CHECK(graph::verify(parsed) == std::nullopt);
    const std::string printed = graph::text(parsed);
    CHECK(graph::parse(printed) == parsed);
    CHECK(graph::text(graph::parse(printed)) == printed);
    if (const std::size_t empty = text.find(" : 0, 0"); empty != text.npos) text.erase(empty, 7);  // an empty tensor's strides mean nothing
    if (text.find("\"a,  -> a\"") == text.npos) CHECK(printed == text);  // how a scalar is spaced is the notation's
  }
}

namespace {
template <class T, class Bits>
std::string line_of(Bits bits) {
  T value;
  std::memcpy(static_cast<void*>(&value), &bits, sizeof value);
  Graph made;
  made.results = {graph::add_constant(made, Tensor::copy_of<T>({value}, {}))};
  const std::string text = graph::text(made);
  CHECK(graph::parse(text) == made);
  const std::size_t begin = text.find("constant(") + 9;
  return text.substr(begin, text.find('\n', begin) - begin - 1);
}
}  // namespace

TEST_CASE("constants are exact: every bit comes back") {
  CHECK(line_of<float>(std::uint32_t(0x3dcccccd)) == "0.1");
  CHECK(line_of<float>(std::uint32_t(0x80000000)) == "-0");
  CHECK(line_of<float>(std::uint32_t(0x00000001)) == "1e-45");
  CHECK(line_of<float>(std::uint32_t(0x7f800000)) == "inf");
  CHECK(line_of<float>(std::uint32_t(0xff800000)) == "-inf");
  CHECK(line_of<float>(std::uint32_t(0x7fc00000)) == "nan");
  CHECK(line_of<float>(std::uint32_t(0xffc00000)) == "nan(0xffc00000)");
  CHECK(line_of<float>(std::uint32_t(0x7fa00001)) == "nan(0x7fa00001)");
  CHECK(line_of<double>(std::uint64_t(0x3fb999999999999a)) == "0.1");
  CHECK(line_of<double>(std::uint64_t(0x7ff0000000000001)) == "nan(0x7ff0000000000001)");
  CHECK(line_of<einx::half>(std::uint16_t(0x2e66)) == "0.1");
  CHECK(line_of<einx::bfloat16>(std::uint16_t(0x3dcd)) == "0.1");
  CHECK(line_of<einx::half>(std::uint16_t(0x7c01)) == "nan(0x7c01)");
  CHECK(line_of<std::int64_t>(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(line_of<std::uint64_t>(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(line_of<std::int8_t>(std::int8_t(-128)) == "-128");
  CHECK(line_of<bool>(true) == "true");
}

TEST_CASE("all 16-bit floats come back") {
  for (const DType dtype : {einx::f16, einx::bf16}) {
    for (int high = 0; high < 65536; high += 16) {
      std::uint16_t bits[16];
      for (int k = 0; k < 16; ++k) bits[k] = std::uint16_t(high + k);
      Graph made;
      made.results = {graph::add_constant(made, Tensor::view(static_cast<const void*>(bits), dtype, {16}))};
      if (graph::parse(graph::text(made)) == made) continue;
      FAIL_CHECK("16 values from bits " << high);
    }
  }
}

TEST_CASE("larger constants are printed by name, with their data beside") {
  Graph made;
  made.results = {graph::add_constant(made, Tensor::iota({17}))};
  CHECK(graph::text(made) == "def op0() -> f32[17]:\n    c0: f32[17] = constant(\"c0\")\n    return c0\n");
  const auto data = graph::data_beside(made);
  REQUIRE(data.size() == 1);
  CHECK(data[0].first == "c0");
  CHECK(graph::parse(graph::text(made), data) == made);
  CHECK_THROWS_AS(graph::parse(graph::text(made)), einx::SyntaxError);
  CHECK_THROWS_AS(graph::parse(graph::text(made), {{"c0", Tensor::iota({18})}}), einx::SyntaxError);

  Graph other = made;
  other.constants[0].data = Tensor::zeros({17});
  CHECK(!(other == made));
}

TEST_CASE("a graph does not follow what its owner later does to a constant's data") {
  std::vector<float> memory{1, 2};
  Graph made;
  made.results = {graph::add_constant(made, Tensor::view(memory, {2}))};
  const std::string before = graph::text(made);
  memory[0] = 5;
  CHECK(graph::text(made) == before);
}

TEST_CASE("a parameter that is met after the first nodes makes the same graph as one met before") {
  Graph late;
  const ValueId x = graph::add_parameter(late, graph::make_type(einx::f32, {3}));
  const ValueId y = append(late, "add", "a, a -> a", {x, x}).front();
  const ValueId z = graph::add_parameter(late, graph::make_type(einx::f32, {3}));
  late.results = append(late, "add", "a, a -> a", {y, z});
  CHECK(graph::verify(late) == std::nullopt);
  CHECK(graph::parse(graph::text(late)) == late);
}

TEST_CASE("types of one shape are equal whatever the strides of axes that do not count") {
  CHECK(graph::make_type(einx::f32, {1, 3}, Shape{77, 1}) == graph::make_type(einx::f32, {1, 3}));
  CHECK(graph::make_type(einx::f32, {0, 3}, Shape{5, 9}) == graph::make_type(einx::f32, {0, 3}));
  CHECK(!(graph::make_type(einx::f32, {2, 3}, Shape{1, 2}) == graph::make_type(einx::f32, {2, 3})));
  CHECK(graph::text(graph::make_type(einx::f32, {10, 10}, Shape{1, 10})) == "f32[10, 10 : 1, 10]");
}
