// einx 0.3: its text, its shorthands, and what its rules change in solving (notation.md 10).
#include "notation_cases.h"

using namespace notation_test;

namespace {

/// "vmap:sum" is vmap applying sum.
Rules rules_of(const std::string& function) {
  const std::size_t colon = function.find(':');
  const std::string op = function.substr(colon == std::string::npos ? 0 : colon + 1);
  Rules rules = rules_for(op == "rearrange" ? "id" : op);
  rules.dialect = einx::Dialect::Einx03;
  rules.op = function.substr(0, colon);
  if (op == "native") {
    rules.family = Family::Native;
    rules.max_inputs = -1;
  }
  return rules;
}

struct Row {
  std::string function, pattern;
  Shapes shapes;
  Sizes sizes;
  std::string expected;
};

std::string full_form(const Row& row) {
  const std::vector<Operand> given = operands(row.shapes);
  return text(read(row.pattern, rules_of(row.function), given, row.sizes));
}

std::string solved_form(const Row& row) {
  const std::vector<Operand> given = operands(row.shapes);
  return with_sizes(solve(read(row.pattern, rules_of(row.function), given, row.sizes), given, row.sizes));
}

template <class F>
void run(const std::vector<Row>& rows, F f) {
  for (const Row& row : rows) {
    std::string got;
    const std::string error = error_of([&] { got = f(row); });
    CHECK_MESSAGE((error.empty() ? got : error) == row.expected, row.function << " " << row.pattern);
  }
}

const std::optional<einx::Shape> any = std::nullopt;

}  // namespace

TEST_CASE("einx 0.3: text and shorthands to the full form") {
  run(
      {
          // '|' is an arrow, '+' binds tighter than the space
          {"rearrange", "a b|b a", {any}, {}, "a b -> b a"},
          {"rearrange", "a + b -> a, b", {any}, {}, "(a + b) -> a, b"},
          {"rearrange", "b q+k -> b q, b k", {any}, {}, "b (q + k) -> b q, b k"},
          {"rearrange", "( a + b ) c -> (c a + b)", {any}, {}, "(a + b) c -> (c (a + b))"},
          {"rearrange", "(a + 1) -> a, 1", {any}, {}, "(a + 1) -> a, 1"},
          {"rearrange", "(a b + c) -> a b, c", {any}, {}, "(a (b + c)) -> a b, c"},
          // reductions: brackets, or what the output lacks, whole groups and runs at a time
          {"sum", "a [b]", {any}, {}, "a [b] -> a"},
          {"sum", "a b -> a", {any}, {}, "a [b] -> a"},
          {"sum", "a (b c) -> a", {any}, {}, "a [(b c)] -> a"},
          {"sum", "(a b c) d e -> a", {any}, {}, "(a [b c]) [d e] -> a"},
          {"sum", "a b... -> a", {any}, {}, "a [b...] -> a"},
          {"sum", "2 -> 2", {any}, {}, "[2] -> 2"},
          {"sum", "[a->1] b", {any}, {}, "[a] b -> 1 b"},
          {"sum", "[a] b -> [c] b", {any}, {}, "[a] b -> c b"},
          {"sum", "[a]... b", {any}, {}, "[a...] b -> b"},
          {"sum", "a [b] c -> a", {any}, {}, "a [b] c -> a c"},
          {"keepdims", "a [b c] [d]", {any}, {}, "a [b c] [d] -> a () ()"},
          // the second operand, also without brackets
          {"add", "a [b]", {any, any}, {}, "a b, b -> a b"},
          {"add", "a b", {any, any}, {}, "a b, -> a b"},
          {"add", "[a] b [c] -> c b a", {any, any}, {}, "a b c, a c -> c b a"},
          {"add", "(a b) [c]", {any, any}, {}, "(a b) c, () c -> (a b) c"},
          {"add", "a 2, a 2", {any, any}, {}, "a 2, a 2 -> a 2"},
          {"dot", "a [b->c]", {any, any}, {}, "a [b], [b] c -> a c"},
          {"dot", "a [b|c]", {any, any}, {}, "a [b], [b] c -> a c"},
          {"dot",
           "b (s [s2->])... [c1->c2]",
           {any, any},
           {},
           "b (s [s2])... [c1], [s2... c1] c2 -> b (s)... c2"},
          {"dot", "[->]", {any, any}, {}, ", ->"},
          {"dot", "a b -> a", {any}, {}, "a [b] -> a"},
          {"dot", "a b, c d -> a d", {any, any}, {}, "a [b], [c] d -> a d"},
          // without brackets the whole tensor
          {"softmax", "a [b] -> [b] a", {any}, {}, "a [b] -> [b] a"},
          {"softmax", "a (b c)", {any}, {}, "[a (b c)] -> [a (b c)]"},
          {"softmax", "[1 b] a", {any}, {}, "1 [b] a -> 1 [b] a"},
          {"softmax", "a 1 b -> b 1 a 1", {any}, {}, "[a] 1 [b] -> [b] 1 [a] 1"},
          {"roll", "a b", {any}, {}, "a b -> a b"},
          // indexing
          {"get_at", "b p [i,|]", {any, any}, {}, "b p [i], b p -> b p"},
          {"set_at", "[h w], p [2], p -> h w", {any, any, any}, {}, "[h w], p [2], p -> [h] [w]"},
          // what takes an operation
          {"vmap:sum", "a [b] -> a", {any}, {}, "a [b] -> a"},
          {"vmap:sum", "a 1 -> a", {any}, {}, "a [1] -> a"},
          {"vmap:softmax", "a [b]", {any}, {}, "a [b] -> a [b]"},
          {"vmap:softmax", "a b", {any}, {}, "a b -> a b"},
          {"vmap:add", "a [b], [b] -> a [b]", {any, any}, {}, "a b, b -> a b"},
          {"vmap_with_axis:sum", "[a] b -> 1 b", {any}, {}, "[a] b -> 1 b"},
          {"vmap_with_axis:softmax", "a b", {any}, {}, "[a b] -> [a b]"},
          {"vmap:native", "b1 [c] b2, b2 [d] -> b2 [2] b1", {any, any}, {}, "b1 [c] b2, b2 [d] -> b2 [2] b1"},
      },
      full_form);
}

TEST_CASE("einx 0.3: what its front end refuses") {
  run(
      {
          {"rearrange", "a a -> a", {any}, {}, "SyntaxError duplicate-axis 0 2"},
          {"rearrange", "a (b + a) -> b", {any}, {}, "SyntaxError duplicate-axis 0 7"},
          {"rearrange", "(a + a) -> a, a", {any}, {}, "(a + a) -> a, a"},
          {"rearrange", "... b ... -> b", {any}, {}, "SyntaxError duplicate-axis 0 1 2 6 7 8"},
          {"rearrange", "a[b] -> a", {any}, {}, "SyntaxError missing-whitespace 0 1 2 3"},
          {"rearrange", "a | b -> c", {any}, {}, "SyntaxError multiple-arrows 2 6 7"},
          {"rearrange", "a\tb -> b a", {any}, {}, "SyntaxError invalid-token 0 1 2"},
          {"rearrange", "a + -> a", {any}, {}, "SyntaxError bad-concat-operand 2"},
          {"rearrange", "a) + b -> a", {any}, {}, "SyntaxError unmatched-close 1"},
          {"rearrange", "a b", {any}, {}, "SemanticError missing-output"},
          {"rearrange", "a [b -> c]", {any}, {}, "SemanticError brackets-not-allowed 2 9"},
          {"sum", "a b", {any}, {}, "SemanticError nothing-reduced"},
          {"sum", "a b -> a b", {any}, {}, "SemanticError nothing-reduced"},
          {"sum", "[a] b -> a b", {any}, {}, "SyntaxError inconsistent-brackets 0 1 2 9"},
          {"sum", "[a] b -> [a] b", {any}, {}, "SemanticError brackets-not-allowed 9 11"},
          {"keepdims", "a [b | ]", {any}, {}, "ValueError bad-parameter 5"},
          {"add", "a, b", {any, any}, {}, "SemanticError implicit-output-no-superset"},
          {"add", "a [b], b", {any, any}, {}, "SyntaxError inconsistent-brackets 2 3 4 7"},
          {"add", "(a + b), a", {any, any}, {}, "SemanticError concat-not-allowed 1 2 3 4 5"},
          {"dot", "a b, b c", {any, any}, {}, "SemanticError missing-output"},
          {"dot", "a [3->4]", {any, any}, {}, "SemanticError brackets-not-allowed 3"},
          {"softmax", "a [b] -> a b", {any}, {}, "SyntaxError inconsistent-brackets 2 3 4 11"},
          {"get_at", "[h], p", {any, any}, {}, "SemanticError missing-output"},
          {"get_at", "[h 1], p [2] -> p", {any, any}, {}, "SemanticError unnamed-axis 3"},
          {"set_at", "[h], p, p q", {any, any, any}, {}, "SemanticError update-axis 10"},
          {"vmap:sum", "a [b]", {any}, {}, "SemanticError brackets-not-allowed 2 4"},
          {"vmap_with_axis:sum", "a b", {any}, {}, "SemanticError nothing-reduced"},
          {"vmap:add", "a, a", {any, any}, {}, "SemanticError num-output-exprs"},
      },
      full_form);
}

TEST_CASE("einx 0.3: solving") {
  run(
      {
          // undetermined ellipses are one axis each, if the dimensions are as many
          {"rearrange", "a... b... -> b... a...", {{{2, 3}}}, {}, "a b -> b a | a=2 b=3"},
          {"rearrange",
           "a... b... -> b... a...",
           {{{2, 3, 4}}},
           {},
           "RankError ellipsis-ambiguous 1 2 3 6 7 8 14 15 16 19 20 21"},
          {"sum", "a... b... -> a...", {{{2, 3}}}, {}, "a [b] -> a | a=2 b=3"},
          // only a literal 1 vanishes, numbers never pair
          {"rearrange", "a 1 -> a", {{{3, 1}}}, {}, "a n0 -> a | a=3 n0=1"},
          {"rearrange", "a b -> a", {{{3, 1}}}, {}, "SemanticError input-axis-missing-in-output 2"},
          {"rearrange", "2 b -> 2 b", {{{2, 3}}}, {}, "SemanticError input-axis-missing-in-output 0"},
          {"softmax", "2 [b]", {{{2, 3}}}, {}, "SemanticError input-axis-missing-in-output 0"},
          {"softmax", "1 [b]", {{{1, 3}}}, {}, "n0 [b] -> n1 [b] | n0=1 b=3 n1=1"},
          // brackets in another order
          {"softmax", "a [b c] -> a [c b]", {{{2, 3, 4}}}, {}, "a [b c] -> a [c b] | a=2 b=3 c=4"},
          {"softmax", "a [b c] -> a [b]", {{{2, 3, 4}}}, {}, "SemanticError bracket-order 3 5 14"},
          {"vmap:softmax", "a [b c] -> a [c b]", {{{2, 3, 4}}}, {}, "SemanticError bracket-order 3 5 14 16"},
          // what is merged: not inside brackets that were written, but inside those that were not; sums in
          // rearrange
          {"sum", "a (b c) -> a", {{{2, 6}}}, {}, "a [b_c] -> a | a=2 b_c=6"},
          {"dot",
           "a (b c), (b c) d -> a d",
           {{{2, 6}}, {{6, 4}}},
           {},
           "a [b_c], [b_c] d -> a d | a=2 b_c=6 d=4"},
          {"softmax", "a ([b c])", {{{2, 6}}}, {}, "AxisSizeError axis-ambiguous 4 6"},
          {"rearrange", "(a + b) c -> c (a + b)", {{{5, 4}}}, {}, "a_b c -> c a_b | a_b=5 c=4"},
          {"rearrange", "a (1 + 1) -> a, a", {{{3, 2}}}, {}, "a (n0 + n1) -> a, a | a=3 n0=1 n1=1"},
          // pieces
          {"rearrange", "a, b -> b, a", {{{2}}, {{3}}}, {}, "a, b -> b, a | a=2 b=3"},
          {"rearrange", "a, b -> c, a", {{{2}}, {{3}}}, {one("c", 2)}, "SemanticError input-axis-missing-in-output 3"},
          {"rearrange", "a b, a -> a b", {{{2, 3}}, {{2}}}, {}, "SemanticError id-pair-mismatch"},
          {"rearrange", "2, b -> b, 2", {{{2}}, {{3}}}, {}, "SemanticError input-axis-missing-in-output 0"},
      },
      solved_form);
}

TEST_CASE("einx 0.3: pieces are assigned by names, the first that fits, with backtracking") {
  const auto assigned = [](const std::string& pattern, const Shapes& shapes, const Sizes& sizes) {
    const std::vector<Operand> given = operands(shapes);
    std::string text;
    for (int k : assign_pieces(solve(read(pattern, rules_of("rearrange"), given, sizes), given, sizes)))
      text += std::to_string(k);
    return text;
  };
  CHECK(assigned("a, b -> (b + a)", {{{2}}, {{3}}}, {}) == "10");
  CHECK(assigned("(b + c + d) -> (d + c + b)", {{{6}}}, {one("b", 2), one("c", 2)}) == "210");
  CHECK(assigned("a (1 + 1) -> a, a", {{{3, 2}}}, {}) == "01");
  CHECK(assigned(", a -> a, a b", {{{}}, {{3}}}, {one("b", 2)}) == "01");
  CHECK(assigned("a, -> a b, b", {{{3}}, {{}}}, {one("b", 2)}) == "01");
  CHECK(assigned(", a -> a b, b", {{{}}, {{3}}}, {one("b", 2)}) == "10");  // the scalar would fit first
  CHECK(assigned("(a + b) (c + d) -> a c, b d, a d, b c", {{{5, 7}}}, {one("a", 2), one("c", 3)}) == "0312");
}

TEST_CASE("einx 0.3: solving axes") {
  const auto sizes = [](const std::string& pattern, const Shapes& shapes, const Sizes& given, bool merge) {
    std::string text;
    const std::string error = error_of([&] {
      const std::vector<Operand> all = operands(shapes);
      for (const auto& [name, value] : solve_axes(pattern, all, given, merge, einx::Dialect::Einx03).axes) {
        text += name + "=";
        for (std::int64_t size : value.values) text += std::to_string(size) + " ";
      }
    });
    return error.empty() ? text : error;
  };
  CHECK(sizes("(a b) c", {{{6, 4}}}, {one("a", 2)}, false) == "a=2 b=3 c=4 ");
  CHECK(sizes("a... b", {{{2, 3, 4}}}, {}, false) == "a=2 3 b=4 ");
  CHECK(sizes("a + b c", {{{5, 4}}}, {one("a", 2)}, false) == "a=2 b=3 c=4 ");
  CHECK(sizes("(a b)", {{{6}}}, {}, false) == "AxisSizeError axis-ambiguous 1 3");
  CHECK(sizes("(a b)", {{{6}}}, {}, true) == "");
  CHECK(sizes("a a", {{{2, 2}}}, {}, true) == "SyntaxError duplicate-axis 0 2");
  CHECK(sizes("a | b", {{{2}}}, {}, true) == "SyntaxError arrow-not-allowed 2");
}

TEST_CASE("einx 0.3: arange") {
  const auto solved_arange = [](const std::string& pattern, const Sizes& sizes) {
    std::string text;
    const std::string error = error_of([&] {
      const Solved solved = solve_arange(pattern, sizes, true);
      text = std::to_string(axes_of(solved.inputs[0]).size()) + " " +
             einx::detail::support::tuple_text(shape(solved, solved.outputs[0]));
    });
    return error.empty() ? text : error;
  };
  const Sizes both{one("a", 2), one("b", 3)};
  CHECK(solved_arange("a b [2]", both) == "2 (2, 3, 2)");
  CHECK(solved_arange("a b -> b a [n]", both) == "2 (3, 2, 2)");
  CHECK(solved_arange("(a [2]) b", both) == "2 (4, 3)");
  CHECK(solved_arange("a", both) == "1 (2,)");
  CHECK(solved_arange("a... [n]", {list("a", {2, 3})}) == "2 (2, 3, 2)");
  CHECK(solved_arange("a b", both) == "SemanticError argfind-needs-one-bracket 0 2");
  CHECK(solved_arange("a b [3]", both) == "SemanticError argfind-output-size 0 2 5");
  CHECK(solved_arange("a b -> a [2]", both) == "SemanticError input-axis-missing-in-output 2");
  CHECK(solved_arange("[a] -> a", both) == "SemanticError brackets-not-allowed 0 2");
  CHECK(solved_arange("a b [2]", {one("a", 2)}) == "AxisSizeError axis-ambiguous 2");
}
