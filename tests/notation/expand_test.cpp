// Shorthands and their full forms, and the checks of each family (notation.md 4, 7.6, 10.1).
#include "notation_cases.h"

using namespace notation_test;

namespace {

struct Row {
  const char *op, *pattern;
  int operands;
  std::string expected;
};

}  // namespace

TEST_CASE("shorthand to full form") {
  const Row rows[] = {
      {"id", "a b", 1, "a b -> a b"},
      {"id", "... (c d)", 1, "... (c d) -> ... (c d)"},
      {"id", "a (b, c -> b, c)", 2, "a (b), a (c) -> a (b), a (c)"},
      {"add", "a b, b", 2, "a b, b -> a b"},
      {"add", "a b, b 1", 2, "a b, b 1 -> a b"},
      {"add", "..., ...", 2, "..., ... -> ..."},
      {"add", "a,", 2, "a, -> a"},
      {"add", ",", 2, ", ->"},
      {"add", "a, a", 2, "a, a -> a"},
      {"add", "a 3, a", 2, "a 3, a -> a 3"},
      {"sum", "a [b]", 1, "a [b] -> a"},
      {"sum", "(s [ds])... c", 1, "(s [ds])... c -> (s)... c"},
      {"sum", "a ([b])", 1, "a ([b]) -> a ()"},
      {"sum", "a 3 -> a", 1, "a [3] -> a"},
      {"sum", "a b... -> a", 1, "a [b]... -> a"},
      {"sum", "... a b -> b", 1, "[...] [a] b -> b"},
      {"sum", "a b", 1, "a b -> a b"},
      {"sum", "[a]... c", 1, "[a]... c -> c"},
      {"keepdims", "a [b c]", 1, "a [b c] -> a ()"},
      {"keepdims", "a [b] [c]", 1, "a [b] [c] -> a () ()"},
      {"keepdims", "a ([b] c)", 1, "a ([b] c) -> a (() c)"},
      {"keepdims", "a [b] -> a", 1, "a [b] -> a"},
      {"dot", "a b, b c -> a c", 2, "a [b], [b] c -> a c"},
      {"dot", "b (h c), k (h c) -> b k h", 2, "b (h [c]), k (h [c]) -> b k h"},
      {"dot", "a b, a b", 2, "a b, a b -> a b"},
      {"softmax", "a [b]", 1, "a [b] -> a [b]"},
      {"softmax", "[...]", 1, "[...] -> [...]"},
      {"argmax", "(a [b]) c", 1, "(a [b]) c -> (a [n]) c"},
      {"argmax", "[...] c", 1, "[...] c -> [n] c"},
      {"argmax", "a [b->] c", 1, "a [b] c -> a c"},
      {"get_at", "b [h w] c, b p [,] -> b p c", 3, "b [h w] c, b p, b p -> b p c"},
      {"get_at", "p [i, 1 -> ]", 2, "p [i], p [1] -> p"},
      {"set_at", "[h], p, p", 3, "[h], p, p -> [h]"},
      {"set_at", "b p [i,,->i]", 3, "b p [i], b p, b p -> b p [i]"},
      {"set_at", "[h], , ", 3, "[h], , -> [h]"},
  };
  for (const Row& row : rows)
    CHECK_MESSAGE(text(expand(parse(row.pattern), rules_for(row.op), row.operands)) == row.expected,
                  row.op << " " << row.pattern);
}

TEST_CASE("a left-out second operand") {
  const Row rows[] = {
      {"add", "a [b]", 2, "a b, b -> a b"},
      {"add", "[a] b [c]", 2, "a b c, a c -> a b c"},
      {"add", "b... (g [c])", 2, "b... (g c), (c) -> b... (g c)"},
      {"add", "(a b) [c]", 2, "(a b) c, () c -> (a b) c"},
      {"add", "a []", 2, "a, -> a"},
      {"add", "a [b] -> b a", 2, "a b, b -> b a"},
      {"add", "b [s...] c", 2, "b s... c, s... -> b s... c"},
      {"dot", "a [b->c]", 2, "a [b], [b] c -> a c"},
      {"dot", "a [b] -> a [c]", 2, "a [b], [b] c -> a c"},
      {"dot", "a [b->]", 2, "a [b], [b] -> a"},
      {"dot", "a [->c]", 2, "a, c -> a c"},
      {"dot", "b... (g [c1->c2])", 2, "b... (g [c1]), [c1] c2 -> b... (g c2)"},
      {"dot", "b [s...->s2] c", 2, "b [s]... c, [s]... s2 -> b s2 c"},
      {"dot", "b (s [s2->])... [c1->c2]", 2, "b (s [s2])... [c1], [s2]... [c1] c2 -> b (s)... c2"},
      {"dot", "[a b] -> [a c]", 2, "a [b], a [b] c -> a c"},
      {"dot", "b... ([g c1->g c2])", 2, "b... (g [c1]), g [c1] c2 -> b... (g c2)"},
      {"dot", "a [b...->c]", 2, "a [b]..., [b]... c -> a c"},
      {"dot", "[->]", 2, ", ->"},
  };
  for (const Row& row : rows)
    CHECK_MESSAGE(text(expand(parse(row.pattern), rules_for(row.op), row.operands)) == row.expected,
                  row.op << " " << row.pattern);
  CHECK(error_of([] { expand(parse("a [3->c]"), rules_for("dot"), 2); }) ==
        "SemanticError brackets-not-allowed 3");
  // One operand, or three: the rules of 0.4.
  CHECK(error_of([] { expand(parse("a [b->c]"), rules_for("dot"), 3); }) == "SemanticError num-input-exprs");
  CHECK(error_of([] { expand(parse("a [b]"), rules_for("add"), 1); }) ==
        "SemanticError brackets-not-allowed 2 4");
}

TEST_CASE("checks of the families, in their order") {
  const Row rows[] = {
      {"sum", "(a + b) [c]", 1, "SemanticError concat-not-allowed 1 2 3 4 5"},
      {"add", "(a + b), (c + d), e", 1, "SemanticError concat-not-allowed 1 2 3 4 5 10 11 12 13 14"},
      {"sum", "a, b", 1, "SemanticError num-input-exprs"},
      {"less", "a, a, a", 3, "SemanticError num-input-exprs"},
      {"dot", "[a] ->", 1, "SemanticError num-input-exprs"},
      {"set_at", "[h], p", 2, "SemanticError num-input-exprs"},
      {"sum", "a [b] -> a, a", 1, "SemanticError num-output-exprs"},
      {"id", "a, b", 2, "SemanticError implicit-output-no-superset"},
      {"add", "a 1, a", 2, "SemanticError implicit-output-no-superset"},
      {"add", "a 1, 1 b", 2, "SemanticError implicit-output-no-superset"},
      {"add", "a b, b a", 2, "SemanticError implicit-output-no-superset"},
      {"dot", "a [b], [b] c", 2, "SemanticError missing-output"},
      {"get_at", "[h], p", 2, "SemanticError missing-output"},
      {"argmax", "a [b] [c]", 1, "SemanticError implicit-output-multi-bracket 2 4 6 8"},
      {"argmax", "a b", 1, "SemanticError argfind-needs-one-bracket"},
      {"add", "a [b], a", 3, "SemanticError brackets-not-allowed 2 4"},
      {"sum", "a [b->1]", 1, "SemanticError brackets-not-allowed 2 7"},
      {"set_at", "[h], p, [q]", 3, "SemanticError brackets-not-allowed 8 10"},
      {"softmax", "a [b] -> a", 1, "SemanticError brackets-required 9"},
      {"softmax", "[b] ->", 1, "SemanticError brackets-required"},
      {"sum", "a a b -> b", 1, "SemanticError auto-bracket-duplicate-axis 0 2"},
      {"dot", "a b b, b b a -> a", 2, "SemanticError auto-bracket-duplicate-axis 2 4"},
      {"id", "a b -> a (a b)", 1, "SemanticError duplicate-output-axis 7 10"},
      {"id", "a -> a ((a b) + c)", 1, "SemanticError duplicate-output-axis 5 9"},
      {"id", "a b, a b -> a (b + b)", 2, ""},
      {"id", "... -> ... ...", 1, "SemanticError duplicate-output-axis"},
      {"dot", "[a a], [a] ->", 2, "SemanticError duplicate-bracket-axis 1 3"},
  };
  for (const Row& row : rows) {
    const std::string got = error_of([&] { expand(parse(row.pattern), rules_for(row.op), row.operands); });
    CHECK_MESSAGE(got == row.expected, row.op << " " << row.pattern);
  }
}
