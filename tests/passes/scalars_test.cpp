// accumulate_scalars and place_scalars: the defects S1 to S10 of opt_einsum_fx, its own test functions, and where a factor ends up.
#include <cmath>
#include <limits>

#include "passes/passes.h"
#include "passes/random_graphs.h"
#include "passes/tables.h"

namespace passes = einx::detail::passes;
using random_graphs::Case;

namespace {

struct Function {
  std::string what, signature;
  std::vector<std::string> lines;
  std::vector<std::string> after;  ///< the nodes after both passes; empty: any
};

graph::Graph parsed(const std::string& signature, const std::vector<std::string>& lines) {
  std::string body;
  for (const std::string& line : lines) body += "    " + line + "\n";
  return graph::parse(tables::graph_text(body, signature));
}

Case with_operands(graph::Graph made) {
  Case result{std::move(made), {}};
  for (const graph::Parameter& parameter : result.graph.parameters) {
    const graph::Type& type = result.graph.values[parameter.value].type;
    einx::Tensor data = einx::Tensor::empty(type.shape, einx::f64);
    for (std::int64_t k = 0; k < data.size(); ++k) data.data_as<double>()[k] = (k % 7 + 2) * (k % 2 ? -0.5 : 0.75);
    result.operands.push_back(data.cast(type.dtype));
  }
  return result;
}

graph::Graph both(graph::Graph made) {
  made = graph::verified("accumulate_scalars", passes::accumulate_scalars(std::move(made)));
  return graph::verified("place_scalars", passes::place_scalars(std::move(made)));
}

/// The lines of the nodes and constants, values numbered by their places: names are no matter.
std::vector<std::string> node_lines(const graph::Graph& made) {
  graph::Graph plain = made;
  for (std::size_t k = 0; k < plain.values.size(); ++k) plain.values[k].name = "t" + std::to_string(k);
  for (std::size_t k = 0; k < plain.parameters.size(); ++k) plain.values[plain.parameters[k].value].name = "i" + std::to_string(k);
  for (std::size_t k = 0; k < plain.constants.size(); ++k) plain.values[plain.constants[k].value].name = "c" + std::to_string(k);
  for (std::size_t k = 0; k < plain.nodes.size(); ++k) plain.values[plain.nodes[k].outputs[0]].name = "x" + std::to_string(k);
  std::vector<std::string> lines;
  std::string text = graph::text(plain), line;
  for (const char c : text + "\n") {
    if (c != '\n') line += c;
    else {
      if (line.starts_with("    ")) lines.push_back(line.substr(4));
      line.clear();
    }
  }
  return lines;
}

void check_functions(const std::vector<Function>& functions) {
  for (const Function& function : functions) {
    CAPTURE(function.what);
    const Case made = with_operands(parsed(function.signature, function.lines));
    const graph::Graph after = both(made.graph);
    CAPTURE(graph::text(after));
    check_same(made, after);
    check_same(made, passes::run(after));
    if (!function.after.empty()) CHECK(node_lines(after) == function.after);
  }
}

const std::string kTwo = "c0: f64[] = constant(2)", kThree = "c1: f64[] = constant(3)";
const std::string kVectors = "(i0: f64[4], i1: f64[4]) -> f64[4]", kMatrices = "(i0: f64[3, 3], i1: f64[3, 3]) -> f64[3, 3]";

std::string node(const std::string& name, const std::string& type, const std::string& call) { return name + ": f64[" + type + "] = " + call; }
std::string times(const std::string& name, const std::string& x, const std::string& c) { return node(name, "4", "multiply(" + x + ", " + c + ", \"a, -> a\")"); }

}  // namespace

TEST_CASE("S1 to S7: functions that opt_einsum_fx computes wrongly") {
  check_functions({
      {"S1: y / (3 x), a denominator is not linear", kVectors,
       {kThree, times("x0", "i0", "c1"), node("x1", "4", "true_divide(i1, x0, \"a, a -> a\")"), "return x1"},
       {"c0: f64[] = constant(3)", "x0: f64[4] = multiply(i0, c0, \"a0, -> a0\")", "x1: f64[4] = true_divide(i1, x0, \"a, a -> a\")", "return x1"}},
      {"S2: 1 / (2 x)", "(i0: f64[4]) -> f64[4]",
       {kTwo, "c1: f64[] = constant(1)", times("x0", "i0", "c0"), node("x1", "4", "true_divide(c1, x0, \", a -> a\")"), "return x1"}, {}},
      {"S3: z = 2 x; z * z has degree two in z", "(i0: f64[4]) -> f64[4]",
       {kTwo, times("x0", "i0", "c0"), node("x1", "4", "multiply(x0, x0, \"a, a -> a\")"), "return x1"},
       {"c0: f64[] = constant(4)", "x0: f64[4] = multiply(i0, i0, c0, \"a, a, -> a\")", "return x0"}},
      {"S4: the same in a contraction", "(i0: f64[3, 4]) -> f64[3]",
       {kTwo, node("x0", "3, 4", "multiply(i0, c0, \"i j, -> i j\")"), node("x1", "3", "einsum(x0, x0, \"i [j], i [j] -> i\")"), "return x1"},
       {"c0: f64[] = constant(4)", "x0: f64[3] = einsum(i0, i0, \"i [j], i [j] -> i\")", "x1: f64[3] = multiply(x0, c0, \"a0, -> a0\")", "return x1"}},
      {"S5: b = 3 y is read by somebody who needs it whole", "(i0: f64[4], i1: f64[4]) -> f64[4, 4], f64[4]",
       {kTwo, kThree, "c2: f64[] = constant(1)", times("x0", "i0", "c0"), times("x1", "i1", "c1"), node("x2", "4, 4", "einsum(x0, x1, \"i, j -> i j\")"),
        node("x3", "4", "add(x1, c2, \"a, -> a\")"), "return x2, x3"},
       {}},
      {"S6: 2 (einsum(x, y) / s), s the smallest value there is", "(i0: f64[3, 3], i1: f64[3, 3], i2: f64[3]) -> f64[3, 3]",
       {kTwo, node("x0", "3, 3", "einsum(i0, i1, \"i [j], [j] k -> i k\")"), node("x1", "3, 3", "true_divide(x0, i2, \"i k, k -> i k\")"),
        node("x2", "3, 3", "multiply(x1, c0, \"i k, -> i k\")"), "return x2"},
       {}},
      {"S6 with a number s", "(i0: f64[3, 3], i1: f64[3, 3], i2: f64[]) -> f64[3, 3]",
       {kTwo, node("x0", "3, 3", "einsum(i0, i1, \"i [j], [j] k -> i k\")"), node("x1", "3, 3", "true_divide(x0, i2, \"i k, -> i k\")"),
        node("x2", "3, 3", "multiply(x1, c0, \"i k, -> i k\")"), "return x2"},
       {}},
      {"S7: integers stay integers", "(i0: i64[4]) -> i64[4]",
       {"c0: i64[] = constant(2)", "c1: i64[] = constant(3)", "x0: i64[4] = multiply(c0, i0, \", a -> a\")", "x1: i64[4] = multiply(x0, c1, \"a, -> a\")", "return x1"},
       {"c0: i64[] = constant(6)", "x0: i64[4] = multiply(i0, c0, \"a0, -> a0\")", "return x0"}},
      {"integers wrap, in whichever order they are multiplied", "(i0: i8[4]) -> i8[4]",
       {"c0: i8[] = constant(100)", "c1: i8[] = constant(-7)", "x0: i8[4] = multiply(c0, i0, \", a -> a\")", "x1: i8[4] = multiply(x0, c1, \"a, -> a\")", "return x1"},
       {"c0: i8[] = constant(68)", "x0: i8[4] = multiply(i0, c0, \"a0, -> a0\")", "return x0"}},
      {"S8: a rounded quotient is not linear", "(i0: f64[4]) -> f64[4]",
       {kTwo, kThree, node("x0", "4", "floor_divide(i0, c0, \"a, -> a\")"), times("x1", "x0", "c1"), "return x1"}, {}},
  });
}

TEST_CASE("S9: operations are known by what they are, not by their names") {
  einx::detail::ops::UserRow row{"multiply_", einx::detail::notation::Family::Elementwise, 2, 2, [](const einx::detail::ops::Op&, std::span<const einx::DType> operands) {
                                   einx::detail::ops::Resolved resolved = einx::detail::ops::get("add").resolve(einx::detail::ops::get("add"), operands);
                                   return resolved;
                                 }};
  const einx::detail::ops::Op& op = einx::detail::ops::add_row(row, "");
  graph::Graph made = parsed(kVectors, {kTwo, kThree, times("x0", "i0", "c0"), "x1: f64[4] = add(x0, c1, \"a, -> a\")", times("x2", "x1", "c0"), "return x2"});
  made.nodes[1].op = &op;  // adds
  const Case with = with_operands(made);
  check_same(with, both(made));
}

TEST_CASE("S10: products that could overflow, vanish or hide an infinity stay") {
  const auto kept = [](const std::string& what, const std::vector<std::string>& lines) {
    CAPTURE(what);
    const graph::Graph made = parsed("(i0: f32[4], i1: f32[4]) -> f32[]", lines);
    const graph::Graph after = both(made);
    CAPTURE(graph::text(after));
    CHECK(after.nodes.size() == made.nodes.size());
    for (const float value : {1e30f, 1e-30f, 3.0f, 0.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      CAPTURE(value);
      const std::vector<einx::Tensor> operands = {einx::Tensor::full({4}, value), einx::Tensor::full({4}, 1e-20)};
      const float before = einx::detail::reference::run(made, operands)[0].item<float>(), found = einx::detail::reference::run(after, operands)[0].item<float>();
      CHECK((before == found || (std::isnan(before) && std::isnan(found)) || std::abs(before - found) <= 1e-5f * std::abs(before)));
    }
  };
  const auto scaled = [](const std::string& c) {
    return std::vector<std::string>{"c0: f32[] = constant(" + c + ")", "x0: f32[4] = multiply(i0, c0, \"a, -> a\")", "x1: f32[] = dot(x0, i1, \"[a], [a] ->\")", "return x1"};
  };
  kept("small: the sum of what is not scaled would overflow", scaled("1e-25"));
  kept("large", scaled("1e25"));
  kept("zero: infinities would become nan somewhere else", scaled("0"));
  kept("infinity", scaled("inf"));
  kept("nan", scaled("nan"));
  // 1e45 is no f32: two of three factors can be one, not all of them
  const graph::Graph three = both(parsed("(i0: f32[4]) -> f32[]", {"c0: f32[] = constant(1e15)", "x0: f32[4] = multiply(i0, c0, \"a, -> a\")", "x1: f32[] = sum(x0, \"[a] ->\")",
                                                                  "x2: f32[] = multiply(x1, c0, \", ->\")", "x3: f32[] = multiply(x2, c0, \", ->\")", "return x3"}));
  CAPTURE(graph::text(three));
  for (const graph::Constant& constant : three.constants) CHECK(std::isfinite(constant.data.item<float>()));
  CHECK(einx::detail::reference::run(three, std::vector{einx::Tensor::full({4}, 1e-30)})[0].item<float>() == doctest::Approx(4e15));
  // f16: 2000 * 100 does not fit, 2000 / 64 * 100 does
  const graph::Graph half = parsed("(i0: f16[100]) -> f16[]", {"c0: f16[] = constant(0.015625)", "x0: f16[100] = multiply(i0, c0, \"a, -> a\")", "x1: f16[] = sum(x0, \"[a] ->\")", "return x1"});
  CHECK(both(half).nodes.front().op->name == "multiply");
}

TEST_CASE("S10: a scaled constant keeps its small and its large elements, or is not scaled") {
  const graph::Graph made = parsed("(i0: f32[2]) -> f32[]", {"c0: f32[] = constant(0.0009765625)", "c1: f32[2] = constant([1e-36, 1])", "x0: f32[2] = multiply(i0, c0, \"a, -> a\")",
                                                            "x1: f32[] = dot(x0, c1, \"[a], [a] ->\")", "return x1"});
  const graph::Graph after = both(made);
  CHECK(after.nodes.size() == 2);
  check_same(with_operands(made), after);
}

TEST_CASE("the scalar functions of opt_einsum_fx's tests") {
  const std::string in = "(i0: f64[4, 4], i1: f64[4, 4]) -> f64[4, 4]", c = "c2: f64[] = constant(0.5)";
  const auto scale = [](const std::string& name, const std::string& x, const std::string& s) { return node(name, "4, 4", "multiply(" + x + ", " + s + ", \"i j, -> i j\")"); };
  const auto contract = [](const std::string& name, const std::string& x, const std::string& y) { return node(name, "4, 4", "einsum(" + x + ", " + y + ", \"i [j], [j] k -> i k\")"); };
  check_functions({
      {"scalar_fusable1: a factor of every operand and of the result", in,
       {kTwo, kThree, c, scale("x0", "i0", "c0"), scale("x1", "i1", "c1"), contract("x2", "x0", "x1"), scale("x3", "x2", "c2"), "return x3"},
       {"c0: f64[] = constant(3)", "x0: f64[4, 4] = einsum(i0, i1, \"i [j], [j] k -> i k\")", "x1: f64[4, 4] = multiply(x0, c0, \"a0 a1, -> a0 a1\")", "return x1"}},
      {"scalar_fusable2: through a chain with a permutation and a division", in,
       {kTwo, kThree, scale("x0", "i0", "c0"), contract("x1", "x0", "i1"), node("x2", "4, 4", "id(x1, \"i k -> k i\")"), node("x3", "4, 4", "true_divide(x2, c1, \"i j, -> i j\")"),
        contract("x4", "x3", "i1"), scale("x5", "x4", "c1"), "return x5"},
       {"c0: f64[] = constant(2)", "x0: f64[4, 4] = einsum(i0, i1, \"i [j], [j] k -> i k\")", "x1: f64[4, 4] = id(x0, \"i k -> k i\")",
        "x2: f64[4, 4] = einsum(x1, i1, \"i [j], [j] k -> i k\")", "x3: f64[4, 4] = multiply(x2, c0, \"a0 a1, -> a0 a1\")", "return x3"}},
      {"scalar_fusable3: two chains meet", in,
       {kTwo, kThree, scale("x0", "i0", "c0"), contract("x1", "x0", "i1"), scale("x2", "i1", "c1"), contract("x3", "x2", "i0"), contract("x4", "x1", "x3"), "return x4"},
       {"c0: f64[] = constant(6)", "x0: f64[4, 4] = einsum(i0, i1, \"i [j], [j] k -> i k\")", "x1: f64[4, 4] = einsum(i1, i0, \"i [j], [j] k -> i k\")",
        "x2: f64[4, 4] = einsum(x0, x1, \"i [j], [j] k -> i k\")", "x3: f64[4, 4] = multiply(x2, c0, \"a0 a1, -> a0 a1\")", "return x3"}},
      {"scalar_unfusable: sums and functions in between", in,
       {kTwo, kThree, scale("x0", "i0", "c0"), node("x1", "4, 4", "add(x0, i1, \"i j, i j -> i j\")"), scale("x2", "x1", "c1"), node("x3", "4, 4", "tanh(x2, \"i j -> i j\")"),
        scale("x4", "x3", "c0"), "return x4"},
       {"c0: f64[] = constant(2)", "c1: f64[] = constant(3)", "c2: f64[] = constant(2)", "x0: f64[4, 4] = multiply(i0, c0, \"a0 a1, -> a0 a1\")",
        "x1: f64[4, 4] = add(x0, i1, \"i j, i j -> i j\")", "x2: f64[4, 4] = multiply(x1, c1, \"a0 a1, -> a0 a1\")", "x3: f64[4, 4] = tanh(x2, \"i j -> i j\")",
        "x4: f64[4, 4] = multiply(x3, c2, \"a0 a1, -> a0 a1\")", "return x4"}},
      {"just_scalars", in, {kTwo, kThree, scale("x0", "i0", "c0"), scale("x1", "x0", "c1"), "return x1"},
       {"c0: f64[] = constant(6)", "x0: f64[4, 4] = multiply(i0, c0, \"a0 a1, -> a0 a1\")", "return x0"}},
      {"just_many_scalars", in,
       {kTwo, kThree, c, scale("x0", "i0", "c0"), scale("x1", "x0", "c1"), node("x2", "4, 4", "true_divide(x1, c2, \"i j, -> i j\")"), node("x3", "4, 4", "negative(x2, \"i j -> i j\")"),
        scale("x4", "x3", "c1"), "return x4"},
       {"c0: f64[] = constant(-36)", "x0: f64[4, 4] = multiply(i0, c0, \"a0 a1, -> a0 a1\")", "return x0"}},
      {"constants: the factor goes into one", in,
       {kTwo, "c1: f64[4, 2] = constant([[1, 2], [3, 4], [5, 6], [7, 8]])", scale("x0", "i0", "c0"), node("x1", "4, 2", "einsum(x0, c1, \"i [j], [j] k -> i k\")"),
        node("x2", "4, 4", "einsum(x1, x1, \"i [k], j [k] -> i j\")"), "return x2"},
       {}},
      {"unused: what nobody reads goes", in, {kTwo, kThree, scale("x0", "i0", "c0"), scale("x1", "i1", "c1"), "return x0"},
       {"c0: f64[] = constant(2)", "x0: f64[4, 4] = multiply(i0, c0, \"a0 a1, -> a0 a1\")", "return x0"}},
  });
}

TEST_CASE("scalar positioning: on the smallest result between, once the contraction is planned") {
  check_functions({{"0.784 einsum('ij,jk,kl->il')", "(i0: f64[2, 100], i1: f64[100, 2], i2: f64[2, 100]) -> f64[2, 100]",
                    {"c0: f64[] = constant(0.784)", node("x0", "2, 2", "dot(i0, i1, \"i [j], [j] k -> i k\")"), node("x1", "2, 100", "dot(x0, i2, \"i [k], [k] l -> i l\")"),
                     node("x2", "2, 100", "multiply(x1, c0, \"i l, -> i l\")"), "return x2"},
                    {"c0: f64[] = constant(0.784)", "x0: f64[2, 2] = dot(i0, i1, \"i [j], [j] k -> i k\")", "x1: f64[2, 2] = multiply(x0, c0, \"a0 a1, -> a0 a1\")",
                     "x2: f64[2, 100] = dot(x1, i2, \"i [k], [k] l -> i l\")", "return x2"}}});
}

TEST_CASE("through every operation of degree one, and into constants") {
  const std::string in = "(i0: f64[4, 6], i1: f64[4, 6], i2: f64[]) -> ";
  const std::string scaled = node("x0", "4, 6", "multiply(i0, c0, \"a b, -> a b\")");
  // what is behind the product, and the last node if the factor passed
  const auto passes_through = [&](const std::string& what, const std::string& type, const std::string& call) {
    CAPTURE(what);
    const Case made = with_operands(parsed(in + "f64[" + type + "]", {kTwo, scaled, node("x1", type, call), "return x1"}));
    const graph::Graph after = passes::accumulate_scalars(made.graph);
    check_same(made, graph::verified(what, after));
    return after.nodes.back().op->name == "multiply" && after.nodes.back().inputs.size() == 2;
  };
  CHECK(passes_through("sum", "4", "sum(x0, \"a [b] -> a\")"));
  CHECK(passes_through("mean", "4", "mean(x0, \"a [b] -> a\")"));
  CHECK(passes_through("max", "4", "max(x0, \"a [b] -> a\")"));
  CHECK(passes_through("std", "4", "std(x0, \"a [b] -> a\")"));
  CHECK(passes_through("sort", "4, 6", "sort(x0, \"a [b] -> a [b]\")"));
  CHECK(passes_through("flip", "4, 6", "flip(x0, \"a [b] -> a [b]\")"));
  CHECK(passes_through("abs", "4, 6", "abs(x0, \"a b -> a b\")"));
  CHECK(passes_through("id", "6, 4", "id(x0, \"a b -> b a\")"));
  CHECK(passes_through("where", "4, 6", "where(i1, x0, x0, \"a b, a b, a b -> a b\")") == false);  // two readers that must agree: taken before
  CHECK(passes_through("numerator", "4, 6", "true_divide(x0, i1, \"a b, a b -> a b\")"));
  CHECK(!passes_through("var has degree two", "4", "var(x0, \"a [b] -> a\")"));
  CHECK(!passes_through("prod has the degree of its length", "4", "prod(x0, \"a [b] -> a\")"));
  CHECK(!passes_through("softmax", "4, 6", "softmax(x0, \"a [b] -> a [b]\")"));
  CHECK(!passes_through("a sum with something else", "4, 6", "add(x0, i1, \"a b, a b -> a b\")"));
  check_functions({
      {"both terms have it", in + "f64[4, 6]",
       {kTwo, scaled, node("x1", "4, 6", "multiply(i1, c0, \"a b, -> a b\")"), node("x2", "4, 6", "subtract(x0, x1, \"a b, a b -> a b\")"), "return x2"},
       {"c0: f64[] = constant(2)", "x0: f64[4, 6] = subtract(i0, i1, \"a b, a b -> a b\")", "x1: f64[4, 6] = multiply(x0, c0, \"a0 a1, -> a0 a1\")", "return x1"}},
      {"a number that is no constant", in + "f64[4]",
       {kTwo, scaled, node("x1", "4, 6", "multiply(i2, x0, \", a b -> a b\")"), node("x2", "4", "sum(x1, \"a [b] -> a\")"), "return x2"},
       {"c0: f64[] = constant(2)", "x0: f64[4] = sum(i0, \"a [b] -> a\")", "x1: f64[] = multiply(i2, c0, \", ->\")", "x2: f64[4] = multiply(x0, x1, \"a0, -> a0\")", "return x2"}},
      {"into a constant, through a division", "(i0: f64[2]) -> f64[]",
       {"c0: f64[] = constant(4)", "c1: f64[2] = constant([1, 3])", node("x0", "", "dot(i0, c1, \"[a], [a] ->\")"), node("x1", "", "true_divide(x0, c0, \", ->\")"), "return x1"},
       {"c0: f64[2] = constant([0.25, 0.75])", "x0: f64[] = dot(i0, c0, \"[a], [a] ->\")", "return x0"}},
      {"a lone division stays one", "(i0: f64[4]) -> f64[4]", {kThree, node("x0", "4", "true_divide(i0, c1, \"a, -> a\")"), "return x0"},
       {"c0: f64[] = constant(3)", "x0: f64[4] = true_divide(i0, c0, \"a0, -> a0\")", "return x0"}},
      {"a negative factor does not pass a maximum", "(i0: f64[4]) -> f64[]", {"c0: f64[] = constant(-2)", times("x0", "i0", "c0"), node("x1", "", "max(x0, \"[a] ->\")"), "return x1"},
       {"c0: f64[] = constant(-2)", "x0: f64[4] = multiply(i0, c0, \"a0, -> a0\")", "x1: f64[] = max(x0, \"[a] ->\")", "return x1"}},
      {"on the operand where that is much smaller", "(i0: f64[2], i1: f64[2, 90, 90]) -> f64[2, 90, 90]",
       {kTwo, node("x0", "2, 90, 90", "multiply(i0, i1, \"a, a b c -> a b c\")"), node("x1", "2, 90, 90", "tanh(x0, \"a b c -> a b c\")"),
        node("x2", "2, 90, 90", "multiply(i0, x1, \"a, a b c -> a b c\")"), node("x3", "2, 90, 90", "multiply(x2, c0, \"a b c, -> a b c\")"), "return x3"},
       {}},
  });
}

TEST_CASE("factors are multiplied in f64 and rounded once") {
  // 0.1f * 0.1f * 10f * 10f: step by step in f32 this is not what it is in f64
  const graph::Graph made = parsed("(i0: f32[]) -> f32[]", {"c0: f32[] = constant(0.1)", "c1: f32[] = constant(7)", "c2: f32[] = constant(0.3)", "x0: f32[] = multiply(i0, c0, \", ->\")",
                                                           "x1: f32[] = multiply(x0, c1, \", ->\")", "x2: f32[] = multiply(x1, c2, \", ->\")", "return x2"});
  const graph::Graph after = both(made);
  REQUIRE(after.nodes.size() == 1);
  CHECK(after.constants.at(0).data.item<float>() == float(double(0.1f) * 7.0 * double(0.3f)));
}
