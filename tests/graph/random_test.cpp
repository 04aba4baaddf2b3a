// Random graphs are printed and parsed back; their texts, damaged at random, never do worse than a
// SyntaxError.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "graph/graphs.h"

namespace graph = einx::detail::graph;
using namespace graphs;

namespace {

struct Step {
  std::string op, pattern;
  std::vector<int> ranks;  ///< of the operands
  Sizes sizes;
};
/// All tensors have axes of sizes 2, 3, 4 (in this order, as many as the rank), so that outputs fit other
/// patterns now and then.
const std::vector<Step> kSteps = {
    {"id", "a b -> b a", {2}, {}},
    {"id", "a b c -> (a b) c", {3}, {}},
    {"id", "a b -> a b c", {2}, {{"c", 4}}},
    {"id", "(a + b) -> a, b", {1}, {{"a", 1}}},
    {"id", "a b, a -> (a b), a", {2, 1}, {}},
    {"id", "a..., a... -> (a + a)...", {1, 1}, {}},
    {"id", "a -> a 1 2", {1}, {}},
    {"id", "... (a b) -> ... a b", {3}, {{"a", 1}}},
    {"add", "a b, a", {2, 1}, {}},
    {"add", "a b c, , a", {3, 0, 1}, {}},
    {"multiply", "..., ...", {2, 2}, {}},
    {"where", "a, a, ", {1, 1, 0}, {}},
    {"sum", "a [b]", {2}, {}},
    {"mean", "[...]", {3}, {}},
    {"max", "a ([b])", {2}, {}},
    {"sum", "a [b c] -> 1 a", {3}, {}},
    {"dot", "a b, c b -> a c", {2, 2}, {}},
    {"dot", "a [b] c, a [b] -> c a", {3, 2}, {}},
    {"softmax", "a [b] c", {3}, {}},
    {"softmax", "[a b]", {2}, {}},
    {"argmax", "a [b c]", {3}, {}},
    {"argmax", "a [b] -> a", {2}, {}},
    {"flip", "[...]", {2}, {}},
};

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  Graph graph() {
    Graph made;
    const int steps = pick(1, 6);
    for (int k = 0; k < steps; ++k) step(made);
    made.results.assign(std::size_t(pick(1, 3)), -1);
    for (ValueId& result : made.results) result = pick(0, int(made.values.size()) - 1);
    return made;
  }
  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }

 private:
  void step(Graph& made) {
    const Step& chosen = kSteps[std::size_t(pick(0, int(kSteps.size()) - 1))];
    if (einx::detail::ops::find(chosen.op) == nullptr) return operand(made, {2});  // of a later issue
    std::vector<ValueId> inputs;
    for (const int rank : chosen.ranks) inputs.push_back(operand_of_rank(made, rank));
    try {
      append(made, chosen.op, chosen.pattern, inputs, chosen.sizes);
    } catch (const einx::Error&) {
      // shapes of earlier outputs that do not fit: the next step takes others
    }
  }
  ValueId operand_of_rank(Graph& made, int rank) {
    std::vector<ValueId> fitting;
    for (ValueId id = 0; id < ValueId(made.values.size()); ++id)
      if (int(made.values[id].type.shape.size()) == rank) fitting.push_back(id);
    if (!fitting.empty() && pick(0, 2) > 0) return fitting[std::size_t(pick(0, int(fitting.size()) - 1))];
    Shape shape{2, 3, 4};
    shape.resize(std::size_t(rank));
    operand(made, shape);
    return ValueId(made.values.size()) - 1;
  }
  void operand(Graph& made, const Shape& shape) {
    const DType dtypes[] = {einx::f32, einx::f64, einx::i32, einx::u8, einx::f16, einx::boolean};
    const DType dtype = pick(0, 3) > 0 ? einx::f32 : dtypes[pick(0, 5)];
    if (pick(0, 3) == 0) {
      graph::add_constant(made, Tensor::iota(shape, einx::i32).cast(dtype));
      return;
    }
    Shape strides;
    for (std::size_t k = 0; k < shape.size(); ++k) strides.push_back(pick(-5, 20));
    graph::add_parameter(
        made, graph::make_type(dtype, shape, pick(0, 2) == 0 ? std::optional(strides) : std::nullopt),
        pick(0, 4) == 0);
  }
  std::mt19937 random_;
};

unsigned first_seed() {
  const char* given = std::getenv("EINX_TEST_SEED");
  return given ? unsigned(std::strtoul(given, nullptr, 10)) : 1;
}

std::string damaged(std::string text, Maker& maker) {
  const std::string signs = "()[]:,=\"+-> .\n019xaif_\x80";
  const int changes = maker.pick(1, 4);
  for (int k = 0; k < changes && !text.empty(); ++k) {
    const std::size_t at = std::size_t(maker.pick(0, int(text.size()) - 1));
    const std::size_t length = std::size_t(maker.pick(1, 12));
    switch (maker.pick(0, 4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, 1, signs[std::size_t(maker.pick(0, int(signs.size()) - 1))]);
        break;
      case 2:
        text[at] = signs[std::size_t(maker.pick(0, int(signs.size()) - 1))];
        break;
      case 3:
        text.insert(at, text.substr(std::size_t(maker.pick(0, int(text.size()) - 1)), length));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("random graphs survive printing and parsing") {
  const unsigned first = first_seed();
  MESSAGE("seeds from " << first << " (EINX_TEST_SEED)");
  int nodes = 0;
  for (unsigned seed = first; seed < first + 300; ++seed) {
    CAPTURE(seed);
    const Graph made = Maker(seed).graph();
    nodes += int(made.nodes.size());
    const std::string text = graph::text(made);
    CAPTURE(text);
    REQUIRE(graph::verify(made) == std::nullopt);
    const Graph parsed = graph::parse(text, graph::data_beside(made));
    CHECK(parsed == made);
    CHECK(graph::text(parsed) == text);
  }
  CHECK(nodes > 300);
}

TEST_CASE("damaged texts are legal graphs or syntax errors, nothing else") {
  const unsigned first = first_seed();
  int accepted = 0, refused = 0;
  for (unsigned seed = first; seed < first + 2000; ++seed) {
    CAPTURE(seed);
    Maker maker(seed);
    const Graph made = maker.graph();
    const std::string text = damaged(graph::text(made), maker);
    CAPTURE(text);
    try {
      const Graph parsed = graph::parse(text, graph::data_beside(made));
      CHECK(graph::verify(parsed) == std::nullopt);
      CHECK(graph::parse(graph::text(parsed), graph::data_beside(parsed)) == parsed);
      ++accepted;
    } catch (const einx::SyntaxError& error) {
      CHECK(error.kind() == "graph-text");
      ++refused;
    }
  }
  CHECK(accepted > 0);
  CHECK(refused > 1000);
}

TEST_CASE("a long text is refused or read in good time") {
  std::string deep =
      "def op0(i0: f32[1]) -> f32[1]:\n    x0: f32[1] = id(i0, \"" + std::string(60000, '(') + "\")\n";
  CHECK_THROWS_AS(graph::parse(deep), einx::SyntaxError);
  CHECK_THROWS_AS(graph::parse(std::string(std::size_t(5) << 20, ' ')), einx::SyntaxError);
  std::string keywords = "def op0(i0: f32[1]) -> f32[1]:\n    x0: f32[1] = id(i0, \"a -> a\"";
  for (int k = 0; k < 100000; ++k) keywords += ", k" + std::to_string(k) + "=1";
  CHECK_THROWS_AS(graph::parse(keywords + ")\n"), einx::SyntaxError);
  std::string chain = "def op0(i0: f32[2]) -> f32[2]:\n";
  for (int k = 0; k < 2000; ++k)
    chain += "    x" + std::to_string(k) + ": f32[2] = id(" + (k ? "x" + std::to_string(k - 1) : "i0") +
             ", \"a -> a\")\n";
  chain += "    return x1999\n";
  CHECK(graph::text(graph::parse(chain)) == chain);
}
