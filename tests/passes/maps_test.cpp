// merge_maps and fold_constants, and what merge_common finds behind names and orders.
#include "passes/passes.h"
#include "passes/tables.h"

namespace passes = einx::detail::passes;
using namespace tables;

namespace {

/// A graph of i0 with these lines; the last one's value is the result.
Row row(const std::string& what, const std::string& signature, const std::vector<std::string>& before, const std::vector<std::string>& after) {
  const auto whole = [&](const std::vector<std::string>& lines) {
    std::string body;
    for (const std::string& line : lines) body += "    " + line + "\n";
    return graph_text(body, signature);
  };
  return {what, whole(before), whole(after)};
}

}  // namespace

TEST_CASE("merge_maps: a reader takes what the map reads") {
  const std::string two = "(i0: f32[2, 3], i1: f32[2, 3]) -> f32[2, 3]", flat = "(i0: f32[6], i1: f32[2, 3]) -> f32[2, 3]";
  const std::string t = "x0: f32[3, 2] = id(i0, \"a b -> b a\")", f = "x0: f32[6] = id(i0, \"a b -> (a b)\")";
  check_rows(
      passes::merge_maps,
      {
          row("transposed", two, {t, "x1: f32[2, 3] = add(x0, i1, \"b a, a b -> a b\")", "return x1"},
              {"x1: f32[2, 3] = add(i0, i1, \"a b, a b -> a b\")", "return x1"}),
          row("merged, then read as one axis", "(i0: f32[2, 3]) -> f32[6]", {f, "x1: f32[6] = add(x0, x0, \"c, c -> c\")", "return x1"},
              {"x1: f32[6] = add(i0, i0, \"c0 c1, c0 c1 -> (c0 c1)\")", "return x1"}),
          row("split", flat, {"x0: f32[2, 3] = id(i0, \"(a b) -> a b\", a=2, b=3)", "x1: f32[2, 3] = multiply(x0, i1, \"p q, p q -> p q\")", "return x1"},
              {"x1: f32[2, 3] = multiply(i0, i1, \"(p q), p q -> p q\")", "return x1"}),
          row("repeated", "(i0: f32[3], i1: f32[2, 3]) -> f32[2, 3]",
              {"x0: f32[2, 3] = id(i0, \"b -> a b\", a=2)", "x1: f32[2, 3] = multiply(x0, i1, \"p q, p q -> p q\")", "return x1"},
              {"x1: f32[2, 3] = multiply(i0, i1, \"q, p q -> p q\")", "return x1"}),
          row("diagonal", "(i0: f32[3, 3]) -> f32[3]", {"x0: f32[3] = id(i0, \"a a -> a\")", "x1: f32[3] = negative(x0, \"k -> k\")", "return x1"},
              {"x1: f32[3] = negative(i0, \"k k -> k\")", "return x1"}),
          row("in brackets, in another order", "(i0: f32[2, 3]) -> f32[2]", {t, "x1: f32[2] = sum(x0, \"[b] a -> a\")", "return x1"},
              {"x1: f32[2] = sum(i0, \"a [b] -> a\")", "return x1"}),
          row("in brackets, cut in two", "(i0: f32[2, 3]) -> f32[6]", {f, "x1: f32[6] = softmax(x0, \"[c] -> [c]\")", "return x1"},
              {"x1: f32[6] = softmax(i0, \"[c0 c1] -> [(c0 c1)]\")", "return x1"}),
          row("two maps", "(i0: f32[2, 3]) -> f32[6]", {t, "x1: f32[6] = id(x0, \"p q -> (q p)\")", "return x1"},
              {"x1: f32[6] = id(i0, \"q p -> (q p)\")", "return x1"}),
          row("a summed axis that is repeated: a contraction of any operands", "(i0: f32[2], i1: f32[2, 3]) -> f32[2]",
              {"x0: f32[2, 3] = id(i0, \"a -> a b\", b=3)", "x1: f32[2] = dot(x0, i1, \"a [b], a [b] -> a\")", "return x1"},
              {"x1: f32[2] = einsum(i0, i1, \"a, a [b] -> a\")", "return x1"}),
          row("a map that is a result, too", "(i0: f32[2, 3]) -> f32[3, 2], f32[3, 2]",
              {t, "x1: f32[3, 2] = negative(x0, \"a b -> a b\")", "return x0, x1"}, {t, "x1: f32[3, 2] = negative(i0, \"b a -> a b\")", "return x0, x1"}),
          row("the highest of equal numbers is one of them", "(i0: f32[2]) -> f32[2]",
              {"x0: f32[2, 3] = id(i0, \"a -> a b\", b=3)", "x1: f32[2] = max(x0, \"a [b] -> a\")", "return x1"},
              {"x0: f32[2, 3] = id(i0, \"a -> a b\", b=3)", "x1: f32[2] = max(x0, \"a [b] -> a\")", "return x1"}),
      });
}

TEST_CASE("merge_maps: a producer writes what its only reader would make of it") {
  check_rows(
      passes::merge_maps,
      {
          row("transposed", "(i0: f32[2, 3]) -> f32[3, 2]", {"x0: f32[2, 3] = negative(i0, \"a b -> a b\")", "x1: f32[3, 2] = id(x0, \"p q -> q p\")", "return x1"},
              {"x0: f32[3, 2] = negative(i0, \"a b -> b a\")", "return x0"}),
          row("merged", "(i0: f32[2, 3], i1: f32[3, 4]) -> f32[8]",
              {"x0: f32[2, 4] = dot(i0, i1, \"a [b], [b] c -> a c\")", "x1: f32[8] = id(x0, \"p q -> (p q)\")", "return x1"},
              {"x0: f32[8] = dot(i0, i1, \"a [b], [b] c -> (a c)\")", "return x0"}),
          row("split", "(i0: f32[4, 3]) -> f32[2, 2]", {"x0: f32[4] = sum(i0, \"a [b] -> a\")", "x1: f32[2, 2] = id(x0, \"(p q) -> q p\", p=2, q=2)", "return x1"},
              {"x0: f32[2, 2] = sum(i0, \"(a0 a1) [b] -> a1 a0\", a0=2, a1=2)", "return x0"}),
          row("pieces put together", "(i0: f32[2, 3], i1: f32[1, 3]) -> f32[3, 3]",
              {"x0: f32[3, 3] = id(i0, i1, \"a c, b c -> (a + b) c\")", "x1: f32[3, 3] = id(x0, \"p q -> q p\")", "return x1"},
              {"x0: f32[3, 3] = id(i0, i1, \"a c, b c -> c (a + b)\")", "return x0"}),
          row("an axis of size 1 more", "(i0: f32[2, 3]) -> f32[2, 1]", {"x0: f32[2] = sum(i0, \"a [b] -> a\")", "x1: f32[2, 1] = id(x0, \"p -> p ()\")", "return x1"},
              {"x0: f32[2, 1] = sum(i0, \"a [b] -> a ()\")", "return x0"}),
      });
}

TEST_CASE("merge_maps leaves maps that no expression holds") {
  const auto same = [](const std::string& what, const std::string& signature, const std::vector<std::string>& lines) { return row(what, signature, lines, lines); };
  check_rows(passes::merge_maps,
             {
                 same("axes that do not line up", "(i0: f32[2, 3]) -> f32[2]",
                      {"x0: f32[6] = id(i0, \"a b -> (a b)\")", "x1: f32[2] = sum(x0, \"([a] b) -> b\", a=3, b=2)", "return x1"}),
                 same("a sum over copies", "(i0: f32[2]) -> f32[2]", {"x0: f32[2, 3] = id(i0, \"a -> a b\", b=3)", "x1: f32[2] = sum(x0, \"a [b] -> a\")", "return x1"}),
                 same("an order that counts", "(i0: f32[2, 3]) -> f32[3, 2]",
                      {"x0: f32[3, 2] = id(i0, \"a b -> b a\")", "x1: f32[3, 2] = flip(x0, \"[b a] -> [b a]\")", "return x1"}),
                 same("one axis of positions", "(i0: f32[2, 3]) -> i64[]", {"x0: f32[6] = id(i0, \"a b -> (a b)\")", "x1: i64[] = argmax(x0, \"[c] ->\")", "return x1"}),
                 same("a producer that somebody else reads", "(i0: f32[2, 3]) -> f32[3, 2], f32[2, 3]",
                      {"x0: f32[2, 3] = negative(i0, \"a b -> a b\")", "x1: f32[3, 2] = id(x0, \"p q -> q p\")", "return x1, x0"}),
                 same("a result repeated", "(i0: f32[2, 3]) -> f32[2, 2]",
                      {"x0: f32[2] = sum(i0, \"a [b] -> a\")", "x1: f32[2, 2] = id(x0, \"p -> p q\", q=2)", "return x1"}),
             });
}

TEST_CASE("fold_constants: what follows from constants is one") {
  const std::string c = "c0: f32[2] = constant([1, 2])", d = "c1: f32[] = constant(3)";
  check_rows(passes::fold_constants,
             {
                 row("arithmetic of numbers, a chain", "(i0: f32[2]) -> f32[2]",
                     {d, "c2: f32[] = constant(0.5)", "x0: f32[] = multiply(c1, c2, \", ->\")", "x1: f32[] = negative(x0, \"->\")",
                      "x2: f32[2] = multiply(i0, x1, \"a, -> a\")", "return x2"},
                     {d, "c2: f32[] = constant(0.5)", "x0: f32[] = constant(1.5)", "x1: f32[] = constant(-1.5)", "x2: f32[2] = multiply(i0, x1, \"a, -> a\")",
                      "return x2"}),
                 row("several outputs", "(i0: f32[1]) -> f32[1]",
                     {c, "x0: f32[1], x1: f32[1] = id(c0, \"(a + b) -> a, b\", a=1, b=1)", "x2: f32[1] = add(x1, i0, \"a, a -> a\")", "return x2"},
                     {c, "x0: f32[1] = constant([1])", "x1: f32[1] = constant([2])", "x2: f32[1] = add(x1, i0, \"a, a -> a\")", "return x2"}),
             });
}

TEST_CASE("fold_constants rounds a sum of f32 once") {
  const graph::Graph sum = graph::parse(
      graph_text("    c0: f32[4] = constant([16777216, 1, 1, -16777216])\n    x0: f32[] = sum(c0, \"[a] ->\")\n    return x0\n", "() -> f32[]"));
  const graph::Graph folded = passes::fold_constants(sum);
  CHECK(folded.nodes.empty());
  CHECK(folded.constants.back().data.item<float>() == 2.0f);
}

TEST_CASE("fold_constants leaves errors, copies and what is large") {
  const auto kept = [](const std::string& signature, const std::string& constant, const std::string& node) {
    const std::string text = graph_text("    " + constant + "\n    " + node + "\n    return x0\n", signature);
    CAPTURE(text);
    CHECK(graph::text(passes::fold_constants(graph::parse(text))) == text);
  };
  kept("() -> f32[]", "c0: f32[0] = constant([])", "x0: f32[] = max(c0, \"[a] ->\")");
  kept("() -> f32[]", "c0: i64[] = constant(7)\n    c1: f32[2] = constant([1, 2])", "x0: f32[] = get_at(c1, c0, \"[h], ->\")");
  kept("() -> f32[1000, 1000]", "c0: f32[] = constant(1)", "x0: f32[1000, 1000] = id(c0, \"-> a b\", a=1000, b=1000)");
  kept("() -> f32[1000, 1000]", "c0: f32[] = constant(1)", "x0: f32[1000, 1000] = add(c0, c0, \", -> a b\", a=1000, b=1000)");
}

TEST_CASE("merge_common: operands in another order, equal constants, chains") {
  const std::string signature = "(i0: f32[2, 2], i1: f32[2, 2]) -> f32[2, 2]";
  const auto pair = [&](const std::string& what, const std::string& first, const std::string& second, bool same) {
    const std::string used = same ? "x0" : "x1";
    return row(what, signature, {"x0: f32[2, 2] = " + first, "x1: f32[2, 2] = " + second, "x2: f32[2, 2] = subtract(x0, x1, \"a b, a b -> a b\")", "return x2"},
               {"x0: f32[2, 2] = " + first, "x1: f32[2, 2] = " + second, "x2: f32[2, 2] = subtract(x0, " + used + ", \"a b, a b -> a b\")", "return x2"});
  };
  check_rows(passes::merge_common,
             {
                 pair("sums", "add(i0, i1, \"a b, b a -> a b\")", "add(i1, i0, \"b a, a b -> a b\")", true),
                 pair("sums of other elements", "add(i0, i1, \"a b, b a -> a b\")", "add(i1, i0, \"a b, b a -> a b\")", false),
                 pair("a tensor and its transpose", "add(i0, i0, \"a b, b a -> a b\")", "add(i0, i0, \"b a, a b -> a b\")", true),
                 pair("products", "dot(i0, i1, \"a [b], [b] c -> a c\")", "dot(i1, i0, \"[q] r, p [q] -> p r\")", true),
                 pair("differences", "subtract(i0, i1, \"a b, a b -> a b\")", "subtract(i1, i0, \"a b, a b -> a b\")", false),
                 pair("three floats are added in order", "add(i0, i1, i1, \"a b, a b, a b -> a b\")", "add(i1, i1, i0, \"a b, a b, a b -> a b\")", false),
                 pair("the largest of three is not", "maximum(i0, i1, i1, \"a b, a b, a b -> a b\")", "maximum(i1, i1, i0, \"a b, a b, a b -> a b\")", true),
             });
  check_rows(passes::merge_common,
             {row("constants, and what is made of them", "(i0: f32[2]) -> f32[2]",
                  {"c0: f32[] = constant(2)", "c1: f32[] = constant(2)", "x0: f32[2] = multiply(i0, c0, \"a, -> a\")", "x1: f32[2] = multiply(c1, i0, \", a -> a\")",
                   "x2: f32[2] = add(x0, x1, \"a, a -> a\")", "return x2"},
                  {"c0: f32[] = constant(2)", "c1: f32[] = constant(2)", "x0: f32[2] = multiply(i0, c0, \"a, -> a\")", "x1: f32[2] = multiply(c0, i0, \", a -> a\")",
                   "x2: f32[2] = add(x0, x0, \"a, a -> a\")", "return x2"})});
}
