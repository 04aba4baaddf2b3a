// Depth, repetitions, merging, sizes, and the checks afterwards (notation.md 5, 6, 7.4-7.6).
#include "notation_cases.h"

using namespace notation_test;

namespace {

struct Row {
  std::string op, pattern;
  Shapes shapes;
  Sizes sizes;
  std::string expected;
};

void run(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    std::string got;
    const std::string error =
        error_of([&] { got = with_sizes(solved(row.op, row.pattern, row.shapes, row.sizes)); });
    CHECK_MESSAGE((error.empty() ? got : error) == row.expected, row.op << " " << row.pattern);
  }
}

const std::int64_t kHuge = std::int64_t(1) << 62;

}  // namespace

TEST_CASE("solved expressions and their text") {
  run({
      {"sum", "a [b]", {{{2, 3}}}, {}, "a [b] -> a | a=2 b=3"},
      {"sum",
       "b... (g [c])",
       {{{2, 3, 10}}},
       {one("g", 2)},
       "b_0 b_1 (g [c]) -> b_0 b_1 g | b_0=2 b_1=3 g=2 c=5"},
      {"sum", "b... (g [c])", {{{3, 10}}}, {one("g", 2)}, "b (g [c]) -> b g | b=3 g=2 c=5"},
      {"id",
       "b... b_0 -> b_0 b...",
       {{{2, 3, 4}}},
       {},
       "b_0_1 b_1 b_0 -> b_0 b_0_1 b_1 | b_0_1=2 b_1=3 b_0=4"},
      {"id", "... -> ...", {{{2, 3}}}, {}, "e_0 e_1 -> e_0 e_1 | e_0=2 e_1=3"},
      {"id", "n0 1 -> n0 1", {{{2, 1}}}, {}, "n0 n1 -> n0 n2 | n0=2 n1=1 n2=1"},
      {"id", "a 2 (b -> c)", {{{3, 2, 1}}}, {one("c", 4)}, "a n0 b -> a n0 c | a=3 n0=2 b=1 c=4"},
      {"id", "(a b) c -> c (a b)", {{{6, 4}}}, {}, "a_b c -> c a_b | a_b=6 c=4"},
      {"id", "a, -> (a + 1)", {{{3}}, {{}}}, {}, "a, -> (a + n0) | a=3 n0=1"},
      {"id",
       "(a + (b c)) -> a, c b",
       {{{8}}},
       {one("a", 2), one("b", 2)},
       "(a + (b c)) -> a, c b | a=2 b=2 c=3"},
      {"roll", "a [b b]", {{{2, 3, 3}}}, {}, "a [b b_1] -> a [b b_1] | a=2 b=3 b_1=3"},
      {"dot", "a [b->c]", {{{2, 3}}, std::nullopt}, {one("c", 4)}, "a [b], [b] c -> a c | a=2 b=3 c=4"},
      {"argmax", "([a b]) c", {{{6, 4}}}, {}, "[a_b] c -> [n0] c | a_b=6 c=4 n0=1"},
      {"argmax", "([a b]) c", {{{6, 4}}}, {one("a", 2)}, "[(a b)] c -> [n0] c | a=2 b=3 c=4 n0=2"},
      {"argmax", "[...] c", {{{2, 3, 4}}}, {}, "[e_0 e_1] c -> [n0] c | e_0=2 e_1=3 c=4 n0=2"},
      {"argmax",
       "(b [h]) [w] c -> [i] b c",
       {{{30, 6, 3}}},
       {one("b", 5)},
       "(b [h]) [w] c -> [i] b c | b=5 h=6 w=6 c=3 i=2"},
      {"get_at",
       "[h w], p [i] -> p",
       {{{3, 4}}, std::nullopt},
       {one("p", 5)},
       "[h w], p [i] -> p | h=3 w=4 p=5 i=2"},
      {"set_at",
       "[h w] c, p [2], p c",
       {{{3, 4, 2}}, {{5, 2}}, {{5, 2}}},
       {},
       "[h w] c, p [n0], p c -> [h w] c | h=3 w=4 c=2 p=5 n0=2"},
      {"sum",
       "[a b]... c",
       {{{2, 3, 2, 3, 4}}},
       {},
       "[a_0 b_0 a_1 b_1] c -> c | a_0=2 b_0=3 a_1=2 b_1=3 c=4"},
      {"dot",
       "a [(b c)], [b c] d -> a d",
       {{{2, 6}}, {{3, 2, 2}}},
       {},
       "a [(b c)], [b c] d -> a d | a=2 b=3 c=2 d=2"},
      {"id", "(s...) c -> c (s...)", {{{6, 4}}}, {}, "s c -> c s | s=6 c=4"},
      {"id", "(a...)... -> (a...)...", {{{4, 6}}}, {}, "a_0 a_1 -> a_0 a_1 | a_0=4 a_1=6"},
      {"id", "-> a...", {{{}}}, {list("a", {3, 4, 5})}, "-> a_0 a_1 a_2 | a_0=3 a_1=4 a_2=5"},
      {"id", "a -> a b...", {{{3}}}, {list("b", {})}, "a -> a | a=3"},
  });
}

TEST_CASE("sizes that need more than substitution") {
  run({
      {"id", "(a a) -> a", {{{16}}}, {}, "(a a) -> a | a=4"},
      {"id", "(a b) (b c) (a c) -> a b c", {{{6, 12, 8}}}, {}, "(a b) (b c) (a c) -> a b c | a=2 b=3 c=4"},
      {"id",
       "(a + b) (a + c) (b + c) a b c -> a b c",
       {{{3, 4, 5, 1, 2, 3}}},
       {},
       "SemanticError id-count-mismatch"},
      {"id", "(a b) (a c) -> a b c", {{{6, 35}}}, {}, "(a b) (a c) -> a b c | a=1 b=6 c=35"},
      {"id", "(a b) (a c) -> a b c", {{{6, 4}}}, {}, "AxisSizeError axis-ambiguous 1 3 7 9 15 17 19"},
      {"id", "(a b) -> a b", {{{1}}}, {}, "AxisSizeError axis-ambiguous 1 3 9 11"},
      {"id", "(a b) -> a b", {{{7}}}, {}, "AxisSizeError axis-ambiguous 1 3 9 11"},
      {"id", "(a + b) -> a, b", {{{2}}}, {}, "AxisSizeError axis-ambiguous 1 5 11 14"},
      {"id", "(a b 2) -> a b 2", {{{7}}}, {}, "AxisSizeError axis-conflict"},
      {"id", "(a a) -> a", {{{8}}}, {}, "AxisSizeError axis-conflict"},
      {"id", "-> a b", {{{}}}, {}, "AxisSizeError axis-ambiguous 3 5"},
      {"id", "a -> a b", {{{3}}}, {one("b", -1)}, "AxisSizeError axis-conflict"},
      {"id", "a -> a b", {{{3}}}, {one("b", std::int64_t(1) << 32)}, "a -> a b | a=3 b=4294967296"},
      {"id", "a -> (a b)", {{{4}}}, {one("b", kHuge)}, "AxisSizeError axis-conflict"},
      {"id", "a -> a 99999999999999999999", {{{4}}}, {}, "AxisSizeError axis-conflict"},
      {"id", "a -> (a (9999999999 9999999999))", {{{4}}}, {}, "AxisSizeError axis-conflict"},
  });
  const std::vector<Operand> shapes = operands({{{3000000000}}, {{4000000000}}, {{5000000000}}});
  const SolvedAxes linear = solve_axes("(a + b), (a + c), (b + c)", shapes, {}, false);
  CHECK(linear.axes.at("a").values[0] == 1000000000);
  CHECK(linear.axes.at("b").values[0] == 2000000000);
  CHECK(linear.axes.at("c").values[0] == 3000000000);
}

TEST_CASE("size 0 is legal where it was given") {
  run({
      {"id", "a -> a b", {{{3}}}, {one("b", 0)}, "a -> a b | a=3 b=0"},
      {"sum", "a [b]", {{{2, 0}}}, {}, "a [b] -> a | a=2 b=0"},
      {"sum", "a ([b] c)", {{{2, 0}}}, {one("c", 3)}, "a ([b] c) -> a c | a=2 b=0 c=3"},
      {"id", "(a + b) -> a, b", {{{5}}}, {one("a", 5)}, "AxisSizeError axis-conflict"},
      {"id", "(a + b) -> a, b", {{{5}}}, {one("b", 0)}, "(a + b) -> a, b | a=5 b=0"},
      {"id", "(a + b) -> a, b", {{{0}}}, {one("a", 0)}, "(a + b) -> a, b | a=0 b=0"},
      {"id", "a -> a 0", {{{3}}}, {}, "AxisSizeError axis-conflict"},
      {"id", "(a b) -> a b", {{{0}}}, {}, "AxisSizeError axis-ambiguous 1 3 9 11"},
      {"id", "(a b) -> a b", {{{0}}}, {one("a", 0)}, "AxisSizeError axis-ambiguous 3 11"},
  });
}

TEST_CASE("merging of repeated sub-expressions") {
  run({
      {"id", "(a 2) c -> c (a 2)", {{{7, 3}}}, {}, "a_2 c -> c a_2 | a_2=7 c=3"},
      {"id", "2 c -> c 2", {{{2, 3}}}, {}, "SemanticError input-axis-missing-in-output 0"},
      {"id", "(a b) c -> c (a b)", {{{6, 4}}}, {one("a", 2)}, "(a b) c -> c (a b) | a=2 b=3 c=4"},
      {"id", "x (a b) -> (x a b)", {{{2, 6}}}, {}, "x a_b -> (x a_b) | x=2 a_b=6"},
      {"id", "(a b) c -> c", {{{1, 3}}}, {}, "a_b c -> c | a_b=1 c=3"},
      {"id", "(2 3) c -> c (2 3)", {{{6, 4}}}, {}, "n0 c -> c n0 | n0=6 c=4"},
      {"id", "c -> c (2 3) (2 3)", {{{4}}}, {}, "c -> c (n0 n1) (n2 n3) | c=4 n0=2 n1=3 n2=2 n3=3"},
      {"id",
       "a (b -> c)",
       {{{2, 3}}},
       {one("c", 3)},
       "SemanticError input-axis-missing-in-output 2 3 4 5 6 7 8 9"},
      {"sum", "a (b c) -> a", {{{2, 6}}}, {}, "AxisSizeError axis-ambiguous 3 5"},
      {"sum", "a ([b c])", {{{2, 6}}}, {}, "a [b_c] -> a () | a=2 b_c=6"},
      {"id", "(a a b) (a b) -> a b", {{{12, 6}}}, {}, "(a a b) (a b) -> a b | a=2 b=3"},
  });
}

TEST_CASE("rank errors") {
  run({
      {"id", "a... -> a", {{{2, 3}}}, {}, "RankError ellipsis-depth 0 8"},
      {"id", "a -> a b", {{{3}}}, {list("b", {2, 3})}, "RankError ellipsis-depth 7"},
      {"id",
       "a... b... -> b... a...",
       {{{2, 3}}},
       {},
       "RankError ellipsis-ambiguous 1 2 3 6 7 8 14 15 16 19 20 21"},
      {"id", "(a...) b -> b a...", {{{6, 4}}}, {one("a", 2)}, "RankError ellipsis-ambiguous 2 3 4 15 16 17"},
      {"id",
       "((a...)...) -> ((a...)...)",
       {{{6}}},
       {},
       "RankError ellipsis-ambiguous 3 4 5 7 8 9 18 19 20 22 23 24"},
      {"id", "......", {{{2}}}, {}, "e_0_0 -> e_0_0 | e_0_0=2"},
      {"id", "...... -> ......", {{{}}}, {}, "RankError ellipsis-ambiguous 0 1 2 3 4 5 10 11 12 13 14 15"},
      {"sum", "[a...]... b", {{{2, 3, 4}}}, {}, "RankError ellipsis-ambiguous 2 3 4 6 7 8"},
      {"add", "..., ...", {{{2, 3}}, {{2}}}, {}, "RankError ellipsis-no-expansion 0 1 2 5 6 7"},
      {"id",
       "a... b -> b a...",
       {{{2, 3, 4}}},
       {list("a", {2})},
       "RankError ellipsis-no-expansion 1 2 3 13 14 15"},
      {"id", "a b c -> a b c", {{{2, 3}}}, {}, "RankError ndim-mismatch"},
      {"sum", "[...] a b", {{{2}}}, {}, "RankError ndim-mismatch"},
      {"id",
       "((a b)...)... -> ((b a)...)...",
       {{{4, 16}}},
       {{"b", {2, 1}, {2, 2}, ""}},
       "RankError ellipsis-ambiguous 6 7 8 10 11 12 23 24 25 27 28 29"},
  });
}

TEST_CASE("operands, parameters and constraints") {
  run({
      {"sum", "a [b]", {{{2, 3}}, {{2, 3}}}, {}, "ValueError num-tensors"},
      {"id", "a -> a", {{{3}}}, {{"zz", {}, {}, "2.5"}}, "ValueError constraint-not-integer"},
      {"id", "a -> a", {{{3}}}, {one("zz", 5)}, "a -> a | a=3"},
      {"roll", "a [shift]", {{{2, 3}}}, {}, "SemanticError axis-name-is-kwarg 3 4 5 6 7"},
      {"softmax", "[a b] -> [b a]", {{{2, 3}}}, {}, "SemanticError bracket-order 1 3 10 12"},
      {"softmax", "a [1]", {{{3, 1}}}, {}, "SemanticError bracket-order 3"},
      {"set_at",
       "[h w], p [2], p -> [h]",
       {{{3, 4}}, {{1, 2}}, {{1}}},
       {},
       "SemanticError bracket-order 1 3 20"},
      {"set_at", "[h], p [h], p", {{{3}}, {{1, 3}}, {{1}}}, {}, "SemanticError bracket-order 1 8"},
  });
}

TEST_CASE("checks after solving") {
  run({
      {"id", "a b -> a", {{{2, 3}}}, {}, "SemanticError input-axis-missing-in-output 2"},
      {"add", "a b, a b -> a", {{{2, 3}}, {{2, 3}}}, {}, "SemanticError input-axis-missing-in-output 2 7"},
      {"id", "a b -> a", {{{2, 1}}}, {}, "a b -> a | a=2 b=1"},
      {"dot", "a [b], [c] d -> a d", {{{2, 3}}, {{3, 4}}}, {}, "SemanticError contracted-axis-count 3 8"},
      {"get_at", "[h w], p [3] -> p", {{{3, 4}}, {{5, 3}}}, {}, "SemanticError coord-count 1 3 10"},
      {"get_at", "[a b], c [n] -> c", {{{2, 3}}, {{4, 3}}}, {}, "AxisSizeError axis-conflict"},
      {"get_at", "[h], p [1] [1] -> p", {{{5}}, {{4, 1, 1}}}, {}, "SemanticError multiple-coord-axes 8 12"},
      {"get_at", "[a b], p, p, p -> p", {{{2, 3}}, {{4}}, {{4}}, {{4}}}, {}, "SemanticError coord-count 1 3"},
      {"argmax", "a [b c] -> a [3]", {{{2, 3, 4}}}, {}, "SemanticError argfind-output-size 3 5 14"},
      {"argmax", "a [b c] -> a", {{{2, 3, 4}}}, {}, "SemanticError argfind-needs-one-bracket 3 5"},
      {"argmax", "a [b c] -> a [1 1]", {{{2, 3, 4}}}, {}, "SemanticError argfind-multi-output-bracket 14 16"},
      {"sort", "a [b c]", {{{2, 3, 4}}}, {}, "SemanticError exactly-one-bracket-axis 3 5"},
      {"id", "a -> a, a", {{{2}}}, {}, "SemanticError id-count-mismatch"},
      {"id", "a, b -> b, a", {{{2}}, {{3}}}, {}, "SemanticError id-pair-mismatch"},
      {"set_at", "[h], p, p -> [h]", {{{5}}, {{4}}, {{4}}}, {}, "[h], p, p -> [h] | h=5 p=4"},
  });
}

TEST_CASE("messages list equations, operands and sizes") {
  const auto message = [](const char* pattern, const Shapes& shapes, const Sizes& sizes) -> std::string {
    try {
      solved("id", pattern, shapes, sizes);
    } catch (const einx::Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string expanded = message("(a b)... -> a... b...", {{{4, 7}}}, {one("b", 2)});
  CHECK(expanded.find("    (a.0 b.0) (a.1 b.1) = 4 7\n") != std::string::npos);
  CHECK(expanded.find("    b... = 2...\n") != std::string::npos);
  CHECK(expanded.find("#1: shape (4, 7)\nb = 2") != std::string::npos);
  const std::string rank = message("(a b)... -> a... b...", {{{4, 6}}}, {list("b", {2, 2, 2})});
  CHECK(rank.find("    (a b)... = 4 6\n    b... = 2 2 2\n") != std::string::npos);
  CHECK(message("a b c -> a", {{{2, 3}}}, {}).find("Expression:") == std::string::npos);
  CHECK(message("a -> a b", {{{3}}}, {one("b", -2)}).find("b = -2") != std::string::npos);
}

TEST_CASE("lists of different lengths are refused") {
  run({{"id", "a -> a b...", {{{3}}}, {{"b", {2}, {1, 2, 3}, ""}}, "ValueError constraint-not-integer"},
       {"id", "a -> a", {{{3}}}, {{"b", {-1}, {}, ""}}, "ValueError constraint-not-integer"}});
}
