// einsum as NumPy, torch and opt_einsum write it: full forms and errors.
#include "dialect_cases.h"

using namespace notation_test;

namespace {

void run(std::vector<DialectRow> rows) {
  for (DialectRow& row : rows) row.function = "einsum";
  run_rows(einx::Dialect::Einsum, rows);
}

}  // namespace

TEST_CASE("einsum: outputs, written and implied") {
  run({
      {"", "ij,jk->ik", {{{2, 3}}, {{3, 4}}}, {}, "i [j], [j] k -> i k | i=2 j=3 k=4"},
      {"", " i j , j k -> k i", {{{2, 3}}, {{3, 4}}}, {}, "i [j], [j] k -> k i | i=2 j=3 k=4"},
      {"", "ij,jk", {{{2, 3}}, {{3, 4}}}, {}, "i [j], [j] k -> i k | i=2 j=3 k=4"},
      {"", "ba", {{{2, 3}}}, {}, "b a -> a b | b=2 a=3"},
      {"", "bA", {{{2, 3}}}, {}, "b A -> A b | b=2 A=3"},
      {"", "ii", {{{3, 3}}}, {}, "[i i] -> | i=3"},
      {"", "ii->i", {{{3, 3}}}, {}, "i i -> i | i=3"},
      {"", "ij->", {{{3, 2}}}, {}, "[i j] -> | i=3 j=2"},
      {"", "i,i,i->i", {{{3}}, {{3}}, {{3}}}, {}, "i, i, i -> i | i=3"},
      {"", ",", {{{}}, {{}}}, {}, ", -> |"},
      {"", "->", {{{}}}, {}, "-> |"},
      {"", "", {{{}}}, {}, "-> |"},
      {"", ",ij->ji", {{{}}, {{2, 3}}}, {}, ", i j -> j i | i=2 j=3"},
      {"", "αβ,βγ", {{{2, 3}}, {{3, 4}}}, {}, "e [e_1], [e_1] e_2 -> e e_2 | e=2 e_1=3 e_2=4"},
      {"", "ij,jk->ik", {std::nullopt, {{3, 4}}}, {one("i", 2)}, "i [j], [j] k -> i k | i=2 j=3 k=4"},
  });
}

TEST_CASE("einsum: broadcasting and ellipses") {
  run({
      {"", "ij,jk->ik", {{{2, 1}}, {{3, 4}}}, {}, "i (), [j] k -> i k | i=2 j=3 k=4"},
      {"", "ij,ij->ij", {{{1, 3}}, {{2, 1}}}, {}, "() j, i () -> i j | j=3 i=2"},
      {"", "i,i->i", {{{1}}, {{0}}}, {}, "(), i -> i | i=0"},
      {"", "i,i->", {{{1}}, {{1}}}, {}, "[i], [i] -> | i=1"},
      {"", "...ij,jk", {{{5, 2, 3}}, {{3, 4}}}, {}, "e0 i [j], [j] k -> e0 i k | e0=5 i=2 j=3 k=4"},
      {"", "...,...", {{{2, 3}}, {{3}}}, {}, "e1 e0, e0 -> e1 e0 | e1=2 e0=3"},
      {"", "a...,...a->...", {{{4, 1, 3}}, {{2, 3, 4}}}, {}, "[a] () e0, e1 e0 [a] -> e1 e0 | a=4 e0=3 e1=2"},
      {"", "i...j->j...i", {{{2, 5, 6, 3}}}, {}, "i e1 e0 j -> j e1 e0 i | i=2 e1=5 e0=6 j=3"},
      {"", "...i->i", {{{5, 2}}}, {}, "[e0] i -> i | e0=5 i=2"},
      {"", "...i,...i->", {{{5, 2}}, {{2}}}, {}, "[e0 i], [i] -> | e0=5 i=2"},
      {"", "i->...i", {{{2}}}, {}, "i -> i | i=2"},
      {"", "...ii", {{{5, 2, 2}}}, {}, "e0 [i i] -> e0 | e0=5 i=2"},
      {"", "e...->...e", {{{2, 3}}}, {}, "e e0 -> e0 e | e=2 e0=3"},
  });
}

TEST_CASE("einsum: errors") {
  const std::string token = "SyntaxError invalid-token", conflict = "AxisSizeError axis-conflict",
                    rank = "RankError ndim-mismatch";
  run({
      {"", "i1", {{{2, 3}}}, {}, token + " 1"},
      {"", "i_", {{{2, 3}}}, {}, token + " 1"},
      {"", "(ij)->i", {{{6}}}, {}, token + " 0"},
      {"", "i×", {{{2, 3}}}, {}, token + " 1"},
      {"", "i\nj", {{{2, 3}}}, {}, token},
      {"", "α\xc3", {{{2, 3}}}, {}, token + " 1"},
      {"", "i..", {{{2, 3}}}, {}, token + " 1"},
      {"", "ij- >i", {{{2, 3}}}, {}, token + " 2"},
      {"", "ij->i->j", {{{2, 3}}}, {}, "SyntaxError multiple-arrows 2 3 5 6"},
      {"", "ij->i,j", {{{2, 3}}}, {}, "SemanticError num-output-exprs 5"},
      {"", "......i", {{{2, 3}}}, {}, "RankError ellipsis-ambiguous 0 1 2 3 4 5"},
      {"", "ij->ik", {{{2, 3}}}, {}, "SemanticError unknown-output-axis 5"},
      {"", "ij->ii", {{{2, 3}}}, {}, "SemanticError duplicate-output-axis 4 5"},
      {"", "ij,jk->ik", {{{2, 3}}, {{4, 5}}}, {}, conflict + " 1 3"},
      {"", "ii", {{{2, 3}}}, {}, conflict + " 0 1"},
      {"", "ii", {{{1, 3}}}, {}, conflict + " 0 1"},
      {"", "ii,i", {{{1, 1}}, {{3}}}, {}, "() (), [i] -> | i=3"},
      {"", "...,...", {{{2}}, {{3}}}, {}, conflict + " 0 1 2 4 5 6"},
      {"", "ij", {{{2, 3, 4}}}, {}, rank},
      {"", "ij", {{{2}}}, {}, rank},
      {"", "...ij", {{{2}}}, {}, rank},
      {"", "ij,jk", {{{2, 3}}}, {}, "ValueError num-tensors"},
      {"", "ij", {{{2, 3}}}, {one("k", 3)}, "ValueError unused-size"},
      {"", "ij", {{{2, 3}}}, {one("i", 3)}, conflict},
      {"", "...i", {std::nullopt}, {}, "TypeError operand-kind 0 1 2"},
      {"", std::string(70000, 'a'), {{{2}}}, {}, "SyntaxError pattern-too-large"},
      {"", std::string(5000, 'a'), {{{2}}}, {}, rank},
  });
}
