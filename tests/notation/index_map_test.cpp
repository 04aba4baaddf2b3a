// Index maps against the definition (notation.md 8), solved text and back, and the solving helpers.
#include "notation_cases.h"

using namespace notation_test;

namespace {

std::string shown(const Solved& s, const TensorExpr& expr, const std::vector<std::int64_t>& strides) {
  std::string out;
  for (const IndexMap& map : index_maps(s, expr, strides)) {
    out += (out.empty() ? "" : "; ") + std::to_string(map.offset);
    for (const Term& term : map.terms) out += "+" + std::to_string(term.stride) + s.axes[term.axis].name;
  }
  return out;
}

}  // namespace

TEST_CASE("index maps") {
  const Solved group = solved("sum", "a (b [c]) -> b a", {{{2, 12}}}, {one("b", 3)});
  CHECK(shown(group, group.inputs[0], {12, 1}) == "0+12a+4b+1c");
  CHECK(shown(group, group.outputs[0], {2, 1}) == "0+2b+1a");
  const Solved diagonal = solved("id", "a b a -> b a", {{{2, 3, 2}}});
  CHECK(shown(diagonal, diagonal.inputs[0], {6, 2, 1}) == "0+7a+2b");
  const Solved sums =
      solved("id", "(a + b) (c + d) -> a c, a d, b c, b d", {{{5, 4}}}, {one("a", 2), one("c", 1)});
  CHECK(shown(sums, sums.inputs[0], {4, 1}) == "0+4a+1c; 1+4a+1d; 8+4b+1c; 9+4b+1d");
  const Solved nested = solved("id", "((a + b) c) -> a c, b c", {{{8}}}, {one("a", 1), one("c", 2)});
  CHECK(shown(nested, nested.inputs[0], {-3}) == "0+-6a+-3c; -6+-6b+-3c");
  const Solved scalar = solved("id", "-> a ()", {{{}}}, {one("a", 2)});
  CHECK(shown(scalar, scalar.inputs[0], {}) == "0");
  CHECK(shown(scalar, scalar.outputs[0], {1, 1}) == "0+1a");
  CHECK(shape(scalar, scalar.outputs[0]) == einx::Shape{2, 1});
}

TEST_CASE("axes of an expression") {
  const Solved s = solved("sum", "a (b [c]) a [d] -> a b", {{{2, 12, 2, 5}}}, {one("b", 3)});
  CHECK(axes_of(s.inputs[0]) == std::vector<int>{0, 1, 2, 3});
  CHECK(axes_of(s, s.inputs[0], true) == std::vector<int>{2, 3});
  CHECK(axes_of(s, s.inputs[0], false) == std::vector<int>{0, 1});
}

TEST_CASE("solved text is read back as it was written") {
  const char* texts[] = {"a [b] -> a",
                         "[a] ->",
                         ", -> (a + b)",
                         "(a [b]) [c d] -> a",
                         "[(a b)] c, d -> c",
                         "a, b, -> (a + (b c) + d)",
                         "a b ([c] d) [e] -> () a",
                         "-> a",
                         "a",
                         ""};
  const std::vector<std::pair<std::string, std::int64_t>> sizes{
      {"a", 2}, {"b", 3}, {"c", 4}, {"d", 5}, {"e", 0}};
  for (const char* printed : texts) CHECK(text(parse_solved(printed, sizes)) == printed);
  CHECK(error_of([&] { parse_solved("a z -> a", sizes); }) == "AxisSizeError axis-ambiguous 2");
  CHECK(error_of([&] { parse_solved("a 2 -> a", sizes); }) == "SyntaxError invalid-token 2");
  CHECK(error_of([&] { parse_solved("a... -> a", sizes); }) == "SyntaxError invalid-token 0 1 2 3");
}

TEST_CASE("solving helpers") {
  const auto axes = [](const char* pattern, const Shapes& shapes, const Sizes& sizes) {
    const std::vector<Operand> given = operands(shapes);
    std::string out;
    for (const auto& [name, value] : solve_axes(pattern, given, sizes, false).axes) {
      out += name + ":";
      for (std::int64_t v : value.values) out += " " + std::to_string(v);
      out += "; ";
    }
    return out;
  };
  CHECK(axes("(a b)... c", {{{4, 6, 3}}}, {one("b", 2)}) == "a: 2 3; b: 2 2; c: 3; ");
  CHECK(axes("a 3 ...", {{{2, 3, 4}}}, {}) == "a: 2; ");
  CHECK(axes("a..., c a...", {{{2, 3}}, std::nullopt}, {one("c", 3)}) == "a: 2 3; c: 3; ");
  const std::vector<Operand> two = operands({{{6, 4}}, std::nullopt});
  CHECK(solve_axes("(a b) c, c (a b)", two, {}, true).shapes == std::vector<einx::Shape>{{6, 4}, {4, 6}});
  CHECK(error_of([&] { solve_axes("(a b) c, c (a b)", two, {}, false); }) ==
        "AxisSizeError axis-ambiguous 1 3 12 14");
  const std::vector<Operand> seven = operands({{{7}}});
  CHECK(error_of([&] { solve_axes("(a + b)", seven, {}, true); }) == "");
  CHECK(error_of([&] { solve_axes("a, b", seven, {}, true); }) == "ValueError num-tensors");
}
