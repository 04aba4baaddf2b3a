// The einops dialect (notation.md 9): what patterns mean, and what is refused.
#include "dialect_cases.h"

using namespace notation_test;

namespace {

void run(const std::vector<DialectRow>& rows) { run_rows(einx::Dialect::Einops, rows); }

}  // namespace

TEST_CASE("einops: rearrange") {
  run({
      {"rearrange", "b c -> c b", {{{2, 3}}}, {}, "b c -> c b | b=2 c=3"},
      {"rearrange", "a(b c)->b a c", {{{2, 6}}}, {one("b", 2)}, "a (b c) -> b a c | a=2 b=2 c=3"},
      {"rearrange", " b   c->c b ", {{{2, 3}}}, {}, "b c -> c b | b=2 c=3"},
      {"rearrange", "b c -> c b", {{{0, 3}}}, {}, "b c -> c b | b=0 c=3"},
      {"rearrange", "b c -> c b", {{{2, 3}}}, {one("c", 3)}, "b c -> c b | b=2 c=3"},
      {"rearrange", "1 b () -> b 1", {{{1, 3, 1}}}, {}, "() b () -> b () | b=3"},
      {"rearrange", "(b 1) -> (1) b ( )", {{{3}}}, {}, "b -> () b () | b=3"},
      {"rearrange", "... b -> b ...", {{{2, 3, 4}}}, {}, "e_0 e_1 b -> b e_0 e_1 | e_0=2 e_1=3 b=4"},
      {"rearrange", "... b -> b (...)", {{{2, 3, 4}}}, {}, "e_0 e_1 b -> b (e_0 e_1) | e_0=2 e_1=3 b=4"},
      {"rearrange", "a ... b -> (a ... b)", {{{2, 4}}}, {}, "a b -> (a b) | a=2 b=4"},
      {"rearrange", "...(a b)->a(... b)", {{{3, 4}}}, {one("a", 2)}, "e_0 (a b) -> a (e_0 b) | e_0=3 a=2 b=2"},
      {"rearrange", "->", {{{}}}, {}, "-> |"},
      {"rearrange", "-> 1", {{{}}}, {}, "-> () |"},
      {"rearrange", "axis for -> for axis", {{{2, 3}}}, {}, "axis for -> for axis | axis=2 for=3"},
      {"rearrange", "h_1 W2 -> W2 h_1", {{{2, 3}}}, {}, "h_1 W2 -> W2 h_1 | h_1=2 W2=3"},
      {"rearrange", "α β -> β α", {{{2, 3}}}, {one("α", 2)}, "e e_1 -> e_1 e | e=2 e_1=3"},
      {"rearrange", "(a b) -> (a b)", {{{6}}}, {one("a", 2)}, "(a b) -> (a b) | a=2 b=3"},
  });
}

TEST_CASE("einops: repeat and reduce") {
  run({
      {"repeat", "b -> b k", {{{2}}}, {one("k", 4)}, "b -> b k | b=2 k=4"},
      {"repeat", "b -> (b k) 3", {{{2}}}, {one("k", 4)}, "b -> (b k) n0 | b=2 k=4 n0=3"},
      {"repeat", "1 b -> k b", {{{1, 2}}}, {one("k", 0)}, "() b -> k b | b=2 k=0"},
      {"repeat", "... -> ... k", {{{2, 3}}}, {one("k", 1)}, "e_0 e_1 -> e_0 e_1 k | e_0=2 e_1=3 k=1"},
      {"reduce", "a b -> a", {{{2, 3}}}, {}, "a [b] -> a | a=2 b=3"},
      {"reduce", "a b -> b 1 ()", {{{2, 3}}}, {}, "[a] b -> b () () | a=2 b=3"},
      {"reduce", "a b -> a b", {{{2, 3}}}, {}, "a b -> a b | a=2 b=3"},
      {"reduce", "(a 2) 3 b -> a", {{{4, 3, 5}}}, {}, "(a [n0]) [n1 b] -> a | a=2 n0=2 n1=3 b=5"},
      {"reduce", "... b -> ...", {{{2, 3}}}, {}, "e_0 [b] -> e_0 | e_0=2 b=3"},
      {"reduce", "b ... -> b", {{{2, 3, 4}}}, {}, "b [e_0 e_1] -> b | b=2 e_0=3 e_1=4"},
      {"reduce", "b ... ->", {{{2}}}, {}, "[b] -> | b=2"},
      {"reduce", "(a b) c -> (c b)", {{{6, 4}}}, {one("b", 3)}, "([a] b) c -> (c b) | a=2 b=3 c=4"},
  });
}

TEST_CASE("einops: einsum") {
  run({
      {"einsum", "a b, b c -> a c", {{{2, 3}}, {{3, 4}}}, {}, "a [b], [b] c -> a c | a=2 b=3 c=4"},
      {"einsum", "b_1 x, x->b_1", {{{2, 3}}, {{3}}}, {}, "b_1 [x], [x] -> b_1 | b_1=2 x=3"},
      {"einsum", "i i -> i", {{{3, 3}}}, {}, "i i -> i | i=3"},
      {"einsum", "i i ->", {{{3, 3}}}, {}, "[i i] -> | i=3"},
      {"einsum", "_ a, (a) -> _", {{{3, 2}}, {{2}}}, {}, "_ [a], [a] -> _ | _=3 a=2"},
      {"einsum", "... a, a -> ...", {{{3, 2}}, {{2}}}, {}, "e0 [a], [a] -> e0 | e0=3 a=2"},
      {"einsum", "a b, b -> a", {{{2, 1}}, {{3}}}, {}, "a (), [b] -> a | a=2 b=3"},
  });
}

TEST_CASE("einops: pack, unpack, parse_shape, EinMix") {
  run({
      {"pack", "i * k", {{{2, 5}}, {{2, 3, 5}}}, {}, "i k, i e1 k -> i (() + e1) k | i=2 k=5 e1=3"},
      {"pack", "*", {{{2, 3}}}, {}, "e1 e2 -> (e1 e2) | e1=2 e2=3"},
      {"unpack",
       "i *",
       {{{2, 7}}},
       {list("packed shape", {}), list("packed shape", {2, -1})},
       "i (() + (n0 e2)) -> i, i n0 e2 | i=2 n0=2 e2=3"},
      {"unpack",
       "* i",
       {{{3, 2}}},
       {list("packed shape", {0}), list("packed shape", {3})},
       "(n0 + n1) i -> n0 i, n1 i | n0=0 n1=3 i=2"},
      {"parse_shape", "b _ h", {{{2, 3, 4}}}, {}, "b _1 h | b=2 _1=3 h=4"},
      {"parse_shape", "b ... _ 4 1", {{{2, 3, 4, 1}}}, {}, "b _1 n0 () | b=2 _1=3 n0=4"},
      {"EinMix",
       "t (h c), h c d -> t (h d)",
       {{{2, 6}}, {{2, 3, 4}}},
       {},
       "t (h [c]), h [c] d -> t (h d) | t=2 h=2 c=3 d=4"},
      {"EinMix", "... c, c d -> d ...", {{{5, 3}}, {{3, 4}}}, {}, "e_0 [c], [c] d -> d e_0 | e_0=5 c=3 d=4"},
  });
}

TEST_CASE("einops: patterns that cannot be read") {
  const std::string syntax = "SyntaxError ", token = "SyntaxError invalid-token",
                    rank = "RankError ellipsis-ambiguous";
  run({
      {"rearrange", "a b", {{{2, 3}}}, {}, "SemanticError missing-output"},
      {"rearrange", "a - > a", {{{2}}}, {}, token + " 2"},
      {"rearrange", "a -> b -> a", {{{2}}}, {}, syntax + "multiple-arrows 2 3 7 8"},
      {"rearrange", "a, b -> a b", {{{2, 3}}}, {}, token + " 1"},
      {"rearrange", "a b -> a, b", {{{2, 3}}}, {}, token + " 8"},
      {"rearrange", "a [b] -> a b", {{{2, 3}}}, {}, token + " 2"},
      {"rearrange", "(a + b) -> a b", {{{5}}}, {}, token + " 3"},
      {"rearrange", "a* -> a", {{{5}}}, {}, token + " 0 1"},
      {"rearrange", "a * -> a", {{{5}}}, {}, token + " 2"},
      {"rearrange", "a\tb -> a b", {{{2, 3}}}, {}, token + " 1"},
      {"rearrange", "α→β", {{{2, 3}}}, {}, token + " 1"},
      {"rearrange", "a \xff -> a", {{{2, 3}}}, {}, token + " 2"},
      {"rearrange", "a . -> a", {{{2, 3}}}, {}, token + " 2"},
      {"rearrange", "a .. -> a ..", {{{2, 3}}}, {}, token + " 2"},
      {"rearrange", "a.... -> a", {{{2, 3}}}, {}, token + " 4"},
      {"rearrange", "a... -> a...", {{{2, 3}}}, {}, token + " 0 1 2 3"},
      {"rearrange", "...a -> a", {{{2, 3}}}, {}, token + " 0 1 2 3"},
      {"rearrange", "...... -> ...", {{{2, 3}}}, {}, token + " 0 1 2 3 4 5"},
      {"rearrange", "... ... -> ...", {{{2, 3}}}, {}, rank + " 0 1 2 4 5 6"},
      {"rearrange", "... a -> ... (... a)", {{{2, 3}}}, {}, rank + " 9 10 11 14 15 16"},
      {"rearrange", "(... a) -> ... a", {{{2, 3}}}, {}, rank + " 1 2 3"},
      {"rearrange", "a (b -> a b", {{{2, 3}}}, {}, syntax + "unclosed-open 2"},
      {"rearrange", "a b) -> a b", {{{2, 3}}}, {}, syntax + "unmatched-close 3"},
      {"rearrange", "a b -> (a) b)", {{{2, 3}}}, {}, syntax + "unmatched-close 12"},
      {"rearrange", "(a (b c)) -> a b c", {{{6}}}, {}, token + " 3"},
      {"rearrange", "a_ b -> b a_", {{{2, 3}}}, {}, token + " 0 1"},
      {"rearrange", "_a b -> b _a", {{{2, 3}}}, {}, token + " 0 1"},
      {"rearrange", "_ b -> b _", {{{2, 3}}}, {}, token + " 0"},
      {"rearrange", "2a b -> b 2a", {{{2, 3}}}, {}, token + " 0 1"},
      {"rearrange", "a 0 -> a", {{{2, 0}}}, {}, token + " 2"},
      {"rearrange", std::string(70000, 'a') + " -> b", {{{2, 0}}}, {}, syntax + "pattern-too-large"},
      {"foo", "a -> a", {{{2}}}, {}, "OperationNotSupportedError unknown-operation"},
  });
}

TEST_CASE("einops: names on the wrong side") {
  const std::string lost = "SemanticError input-axis-missing-in-output",
                    fresh = "SemanticError unknown-output-axis";
  const std::string twice = "SemanticError auto-bracket-duplicate-axis",
                    repeated = "SemanticError duplicate-output-axis";
  run({
      {"rearrange", "a a -> a", {{{2, 2}}}, {}, twice + " 0 2"},
      {"rearrange", "a (b a) -> a b", {{{2, 2}}}, {}, twice + " 0 5"},
      {"rearrange", "a -> a a", {{{2}}}, {}, repeated + " 5 7"},
      {"rearrange", "a b -> a", {{{2, 1}}}, {}, lost + " 2"},
      {"rearrange", "a b c -> b", {{{2, 1, 1}}}, {}, lost + " 0 4"},
      {"rearrange", "a -> a b", {{{2}}}, {}, fresh + " 7"},
      {"rearrange", "a -> a b", {{{2}}}, {one("b", 1)}, fresh + " 7"},
      {"rearrange", "a 2 -> a 2", {{{2, 2}}}, {}, lost + " 2"},
      {"rearrange", "a -> a 2", {{{2}}}, {}, fresh + " 7"},
      {"rearrange", "a ... -> a", {{{2, 2}}}, {}, lost + " 2 3 4"},
      {"rearrange", "a -> a ...", {{{2}}}, {}, fresh + " 7 8 9"},
      {"repeat", "a b -> a c", {{{2, 2}}}, {one("c", 2)}, lost + " 2"},
      {"repeat", "a 2 -> a 2", {{{2, 2}}}, {}, lost + " 2"},
      {"repeat", "a ... -> a c", {{{2, 2}}}, {one("c", 2)}, lost + " 2 3 4"},
      {"repeat", "a -> a (... b)", {{{2}}}, {one("b", 2)}, fresh + " 8 9 10"},
      {"reduce", "a b -> a c", {{{2, 2}}}, {}, fresh + " 9"},
      {"reduce", "a b -> a 2", {{{2, 2}}}, {}, fresh + " 9"},
      {"reduce", "a b -> a ...", {{{2, 2}}}, {}, fresh + " 9 10 11"},
      {"reduce", "a b b -> a", {{{2, 2, 2}}}, {}, twice + " 2 4"},
  });
}

TEST_CASE("einops: sizes and ranks") {
  const std::string ambiguous = "AxisSizeError axis-ambiguous", conflict = "AxisSizeError axis-conflict";
  const std::string rank = "RankError ndim-mismatch", unused = "ValueError unused-size",
                    integer = "ValueError constraint-not-integer";
  run({
      {"rearrange", "(a b) -> (a b)", {{{6}}}, {}, ambiguous + " 1 3 10 12"},
      {"rearrange", "(a b) c -> c (a b)", {{{6, 2}}}, {}, ambiguous + " 1 3 14 16"},
      {"rearrange", "(a b c) -> a b c", {{{6}}}, {one("b", 1)}, ambiguous + " 1 5 11 15"},
      {"reduce", "(a b) c -> c", {{{7, 2}}}, {}, ambiguous + " 1 3"},
      {"rearrange", "(a b) -> a b", {{{0}}}, {one("a", 0)}, ambiguous + " 3 11"},
      {"rearrange", "(a b) -> a b", {{{6}}}, {one("a", 4)}, conflict},
      {"rearrange", "(a b) -> a b", {{{6}}}, {one("a", 2), one("b", 2)}, conflict},
      {"rearrange", "a b -> b a", {{{2, 3}}}, {one("a", 3)}, conflict},
      {"rearrange", "a b -> b a", {{{2, 3}}}, {one("a", -2)}, conflict},
      {"rearrange", "a 1 -> a", {{{2, 3}}}, {}, conflict},
      {"rearrange", "a () -> a", {{{2, 3}}}, {}, conflict},
      {"reduce", "a (b 3) -> a b", {{{2, 4}}}, {}, conflict},
      {"reduce", "a 3 -> a", {{{2, 4}}}, {}, conflict},
      {"repeat", "a -> a b", {{{2}}}, {}, ambiguous + " 7"},
      {"repeat", "a -> a b", {{{2}}}, {one("b", std::int64_t(1) << 60)}, conflict},
      {"repeat", "a -> (a b c)", {{{2}}}, {one("b", 2)}, ambiguous + " 10"},
      {"rearrange", "a b -> b a", {{{2, 3, 4}}}, {}, rank},
      {"rearrange", "a b -> b a", {{{2}}}, {}, rank},
      {"rearrange", "a b ... -> b a ...", {{{2}}}, {}, rank},
      {"rearrange", "a b -> b a", {{{2, 3}}}, {one("c", 3)}, unused},
      {"rearrange", "a b -> b a", {{{2, 3}}}, {one("_", 3)}, unused},
      {"repeat", "a -> a b", {{{2}}}, {one("b", 3), one("c", 3)}, unused},
      {"rearrange", "a b -> b a", {{{2, 3}}}, {{"a", {}, {2}, "2.0"}}, integer},
      {"rearrange", "a b -> b a", {{{2, 3}}}, {list("a", {2})}, integer},
      {"rearrange", "a b -> b a", {std::nullopt}, {}, "TypeError operand-kind"},
  });
}

TEST_CASE("einops: errors of einsum") {
  const std::string token = "SyntaxError invalid-token";
  std::string many;
  for (int i = 0; i < 53; ++i) many += "a" + std::to_string(i) + " ";
  run({
      {"einsum", "a b, b c", {{{2, 3}}, {{3, 2}}}, {}, "SemanticError missing-output"},
      {"einsum", "a (b c), b -> a", {{{2, 3}}, {{3}}}, {}, token + " 2 3 4 5 6"},
      {"einsum", "a 1, b -> a", {{{2, 1}}, {{3}}}, {}, token + " 2"},
      {"einsum", "a 3, b -> a ()", {{{2, 3}}, {{3}}}, {}, token + " 2"},
      {"einsum", "a b -> a ()", {{{2, 3}}}, {}, token + " 9 10"},
      {"einsum", "a b -> (...)", {{{2, 3}}}, {}, token + " 7 8 9 10 11"},
      {"einsum", "a b, b c -> a d", {{{2, 3}}, {{3, 2}}}, {}, "SemanticError unknown-output-axis 14"},
      {"einsum", "a b, b c -> a a", {{{2, 3}}, {{3, 2}}}, {}, "SemanticError duplicate-output-axis 12 14"},
      {"einsum", "_ b -> _ _", {{{2, 3}}}, {}, "SemanticError duplicate-output-axis 7 9"},
      {"einsum", "a b, b c -> a c", {{{2, 3}}, {{4, 2}}}, {}, "AxisSizeError axis-conflict 2 5"},
      {"einsum", "i i -> i", {{{3, 1}}}, {}, "AxisSizeError axis-conflict 0 2"},
      {"einsum", "a b, b c -> a c", {{{2, 3}}}, {}, "ValueError num-tensors"},
      {"einsum", "a b -> a", {{{2, 3, 4}}}, {}, "RankError ndim-mismatch"},
      {"einsum", "... a b -> a", {{{2}}}, {}, "RankError ndim-mismatch"},
      {"einsum", "... a ... -> a", {{{2}}}, {}, "RankError ellipsis-ambiguous 0 1 2 6 7 8"},
      {"einsum", "... a -> a", {std::nullopt}, {}, "TypeError operand-kind 0 1 2"},
      {"einsum", many + "->", {einx::Shape(53, 1)}, {}, "SyntaxError pattern-too-large"},
  });
}

TEST_CASE("einops: errors of pack, unpack, parse_shape and EinMix") {
  const std::string token = "SyntaxError invalid-token", twice = "SemanticError auto-bracket-duplicate-axis";
  const std::string arrow = "SyntaxError arrow-not-allowed", conflict = "AxisSizeError axis-conflict",
                    rank = "RankError ndim-mismatch";
  const auto shape = [](std::vector<std::int64_t> sizes) { return list("packed shape", std::move(sizes)); };
  run({
      {"pack", "i j", {{{2, 5}}}, {}, token},
      {"pack", "i * *", {{{2, 5}}}, {}, token + " 2 4"},
      {"pack", "i i *", {{{2, 5}}}, {}, twice + " 0 2"},
      {"pack", "i 1 *", {{{2, 5}}}, {}, token + " 2"},
      {"pack", "_ *", {{{2, 5}}}, {}, token + " 0"},
      {"pack", "(i) *", {{{2, 5}}}, {}, token + " 0"},
      {"pack", "... *", {{{2, 5}}}, {}, token + " 0 1 2"},
      {"pack", "i*", {{{2, 5}}}, {}, token + " 0 1"},
      {"pack", "* -> i", {{{2, 5}}}, {}, arrow + " 2 3"},
      {"pack", "i * k", {{{2}}}, {}, rank},
      {"pack", "i *", {{{2, 5}}, {{3}}}, {}, conflict},
      {"pack", "i *", {{{2, 5}}}, {one("i", 2)}, "ValueError unused-size"},
      {"pack", "i *", {}, {}, "ValueError num-tensors"},
      {"unpack", "i *", {{{2, 5}}}, {shape({2}), shape({2})}, conflict},
      {"unpack", "i *", {{{2, 5}}}, {shape({2, -1}), shape({2})}, conflict},
      {"unpack", "i *", {{{2, 5}}}, {shape({2}), shape({7, -1})}, conflict},
      {"unpack", "i *", {{{2, 5}}}, {shape({-1}), shape({-1})}, "AxisSizeError axis-ambiguous 2"},
      {"unpack", "i *", {{{2, 6}}}, {shape({-2, -3})}, conflict + " 2"},
      {"unpack", "i *", {{{2, 5, 1}}}, {shape({5})}, rank},
      {"unpack", "i *", {{{2, 5}}}, {one("packed shape", 5)}, "ValueError constraint-not-integer"},
      {"parse_shape", "a (b c)", {{{2, 5}}}, {}, token + " 2 3 4 5 6"},
      {"parse_shape", "a a", {{{2, 2}}}, {}, twice + " 0 2"},
      {"parse_shape", "a b -> a", {{{2, 2}}}, {}, arrow + " 4 5"},
      {"parse_shape", "a b c", {{{2, 2}}}, {}, rank},
      {"parse_shape", "a 3", {{{2, 2}}}, {}, conflict},
      {"parse_shape", "a 1", {{{2, 2}}}, {}, conflict},
      {"parse_shape", "a", {std::nullopt}, {}, "TypeError operand-kind"},
      {"EinMix", "a b, b (c) -> a c", {{{2, 2}}, {{2, 2}}}, {}, token + " 7 8 9"},
      {"EinMix", "a b, b ... -> a", {{{2, 2}}, {{2, 2}}}, {}, token + " 7 8 9"},
      {"EinMix", "a 2, b -> a b", {{{2, 2}}, {{2}}}, {}, "SemanticError unknown-output-axis 2"},
      {"EinMix", "a b, b c -> a d", {{{2, 2}}, {{2, 2}}}, {}, "SemanticError unknown-output-axis 14"},
      {"EinMix", "a b, b c -> a", {{{2, 2}}, {{2, 2}}}, {}, "SemanticError input-axis-missing-in-output 7"},
      {"EinMix",
       "... b, b c -> c",
       {{{2, 2}}, {{2, 2}}},
       {},
       "SemanticError input-axis-missing-in-output 0 1 2"},
      {"EinMix", "a, b, c -> a", {{{2}}, {{2}}, {{2}}}, {}, token},
  });
}
