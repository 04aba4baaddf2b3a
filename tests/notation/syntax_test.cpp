// Lexer, parser, lifting, bracket consistency (notation.md 1-3 and 7.3).
#include "notation_cases.h"

using namespace notation_test;

namespace {

// The written-out form of what parse gives: one tree a tensor.
std::string lifted(const std::string& pattern) {
  const Parsed parsed = parse(pattern);
  Expanded shown;
  shown.rules.family = parsed.root->children.size() == 2 ? Family::Id : Family::Solve;
  shown.inputs = parsed.root->children[0]->children;
  if (parsed.root->children.size() == 2) shown.outputs = parsed.root->children[1]->children;
  return text(shown);
}

}  // namespace

TEST_CASE("what is written and what it says") {
  struct Row {
    std::string pattern, expected;
  };
  const Row rows[] = {
      {"a b -> b a", "a b -> b a"},
      {"  a   b->b  a ", "a b -> b a"},
      {"( a   b )", "(a b)"},
      {"a,b->a", "a, b -> a"},
      {"[ a ]", "[a]"},
      {"((a b))", "(a b)"},
      {"()", "()"},
      {"(())", "()"},
      {"((a + b))", "(a + b)"},
      {"a []", "a"},
      {"[a [b]]", "[a b]"},
      {"[[b]]", "[b]"},
      {"[a (b [c])]", "[a (b c)]"},
      {"[]...", ""},
      {"() a...", "() a..."},
      {"a ...", "a ..."},
      {"......", "......"},
      {"(a + ())", "(a + ())"},
      {"a [b -> c]", "a [b] -> a [c]"},
      {"a [b ->] c", "a [b] c -> a c"},
      {"b p [i,->]", "b p [i], b p -> b p"},
      {"b (c [d -> e])", "b (c [d]) -> b (c [e])"},
      {"a [b, b ->] c", "a [b] c, a [b] c -> a c"},
      {"(a, b) c -> a b c", "(a) c, (b) c -> a b c"},
      {"[a -> b]... c", "[a]... c -> [b]... c"},
      {"[->]", "->"},
      {",", ","},
      {"a (b, c -> b, c)", "a (b), a (c) -> a (b), a (c)"},
      {"007 a", "7 a"},
  };
  for (const Row& row : rows) CHECK_MESSAGE(lifted(row.pattern) == row.expected, row.pattern);
}

TEST_CASE("syntax errors with carets") {
  struct Row {
    std::string pattern, expected;
  };
  const Row rows[] = {
      {"a | b", "SyntaxError invalid-token 2"},
      {"a|b", "SyntaxError invalid-token 1"},
      {"1a b", "SyntaxError invalid-token 0 1"},
      {"....", "SyntaxError invalid-token 3"},
      {"a - > b", "SyntaxError invalid-token 2"},
      {"a b.. c$", "SyntaxError invalid-token 2 3 4"},
      {"\xC3\xA4x b", "SyntaxError invalid-token 0 1"},
      {"a \xE2\x82\xAC", "SyntaxError invalid-token 2"},
      {"a\nb", "SyntaxError invalid-token"},
      {"a b)", "SyntaxError unmatched-close 3"},
      {"(a [b) c]", "SyntaxError unmatched-close 5"},
      {"((a b) -> a b", "SyntaxError unclosed-open 0"},
      {"a[b]", "SyntaxError missing-whitespace 0 1 2 3"},
      {"a......", "SyntaxError missing-whitespace 0 1 2 3 4 5 6"},
      {".........", "SyntaxError missing-whitespace 0 1 2 3 4 5 6 7 8"},
      {"...a", "SyntaxError missing-whitespace 0 1 2 3"},
      {"(a b)...c", "SyntaxError missing-whitespace 0 1 2 3 4 5 6 7 8"},
      {"(a + b c) -> a b c", "SyntaxError bad-concat-operand 3 5 6 7"},
      {"(a + + b) -> a b", "SyntaxError bad-concat-operand 3 4 5"},
      {"(+)", "SyntaxError bad-concat-operand 1"},
      {"(a++b)", "SyntaxError bad-concat-operand 2 3"},
      {"((a + b) + c)", "SyntaxError bad-concat-operand 2 3 4 5 6 9"},
      {"a + b c", "SyntaxError bad-concat-operand 2 4 5 6"},
      {"a + b", "SyntaxError concat-without-parens 0 1 2 3 4"},
      {"[a + b]", "SyntaxError concat-without-parens 1 2 3 4 5"},
      {"(a + b, c)", "SyntaxError concat-without-parens 1 2 3 4 5"},
      {"[a->b->c] [a->b]", "SyntaxError inconsistent-arrows 2 3 5 6 12 13"},
      {"[a,b] [a,b,c] -> a", "SyntaxError inconsistent-commas 14 15"},
      {"a -> b -> c", "SyntaxError multiple-arrows 2 3 7 8"},
      {"-> ->", "SyntaxError multiple-arrows 0 1 3 4"},
  };
  for (const Row& row : rows) {
    const std::string got = error_of([&] { parse(row.pattern); });
    CHECK_MESSAGE(got == row.expected, row.pattern);
  }
}

TEST_CASE("bracket consistency is over inputs and outputs") {
  const auto check = [](const char* op, const char* pattern) {
    return error_of([&] { expand(parse(pattern), rules_for(op), 1); });
  };
  CHECK(check("sum", "[a] b -> a") == "SyntaxError inconsistent-brackets 0 1 2 9");
  CHECK(check("sum", "a [a c]") == "SyntaxError inconsistent-brackets 0 2 3 6");
  CHECK(check("sum", "a b... [b] [a] -> 1") == "SyntaxError inconsistent-brackets 0 2 7 8 9 11 12 13");
  CHECK(check("sum", "[...] ... -> 1") == "SyntaxError inconsistent-brackets 0 4");
  CHECK(check("sum", "a [3] 3") == "");
}

TEST_CASE("arrows are not allowed where expressions are solved") {
  const std::vector<Operand> none = operands({{{2, 3}}});
  CHECK(error_of([&] { solve_axes("a b -> b a", none, {}, false); }) == "SyntaxError arrow-not-allowed 4 5");
}

TEST_CASE("messages show the expression, carets and a way out") {
  try {
    parse("a b- c");
  } catch (const einx::SyntaxError& error) {
    CHECK(std::string(error.what()).find("'b-'") != std::string::npos);
    CHECK(std::string(error.what()).find("Expression: \"a b- c\"\n               ^^  ") != std::string::npos);
    CHECK(error.pattern() == "a b- c");
  }
}
