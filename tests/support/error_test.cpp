#include <doctest/doctest.h>

#include <set>

#include "support/support.h"

using namespace einx;
using namespace einx::detail::support;

namespace {

struct LayoutCase {
  const char* title;
  Report report;
  std::string message;
  std::vector<int> carets;
};

const LayoutCase kLayouts[] = {
    {"a sentence alone", {.kind = "runtime", .sentence = "It failed."}, "It failed.", {}},
    {"trailing newlines are dropped", {.kind = "runtime", .sentence = "It failed.\n\n"}, "It failed.", {}},
    {"one caret",
     {.kind = "unclosed-open",
      .sentence = "Not closed.",
      .pattern = "a (b -> a b",
      .show_pattern = true,
      .underline = {{2, 3}}},
     "Not closed.\n"
     "Expression: \"a (b -> a b\"\n"
     "               ^        ",
     {2}},
    {"several spans, unordered and overlapping",
     {.kind = "multiple-arrows",
      .sentence = "Two arrows.",
      .pattern = "a -> b -> c",
      .show_pattern = true,
      .underline = {{7, 9}, {2, 4}, {3, 4}}},
     "Two arrows.\n"
     "Expression: \"a -> b -> c\"\n"
     "               ^^   ^^  ",
     {2, 3, 7, 8}},
    {"no carets give a line of spaces",
     {.kind = "axis-conflict", .sentence = "Conflict.", .pattern = "a b", .show_pattern = true},
     "Conflict.\nExpression: \"a b\"\n                ",
     {}},
    {"columns count code points, not bytes",
     {.kind = "invalid-token",
      .sentence = "Bad.",
      .pattern = "\xC3\xA4 \xE2\x86\x92 b",
      .show_pattern = true,
      .underline = {{2, 3}}},
     "Bad.\nExpression: \"\xC3\xA4 \xE2\x86\x92 b\"\n               ^  ",
     {2}},
    {"spans beyond the text are cut",
     {.kind = "invalid-token",
      .sentence = "Bad.",
      .pattern = "ab",
      .show_pattern = true,
      .underline = {{-3, 1}, {1, 9}}},
     "Bad.\nExpression: \"ab\"\n             ^^",
     {0, 1}},
    {"equations, operands and advice follow in this order",
     {.kind = "axis-conflict",
      .sentence = "Conflict.",
      .pattern = "a a",
      .show_pattern = true,
      .equations = {"a a = 4 6"},
      .operands = {"#1: shape (4, 6)", "b = 3"},
      .advice = {"Use two names."}},
     "Conflict.\nExpression: \"a a\"\n                \n    a a = 4 6\n#1: shape (4, 6)\nb = 3\nUse two "
     "names.",
     {}},
    {"a hidden expression is kept but not printed",
     {.kind = "ndim-mismatch", .sentence = "Rank.", .pattern = "a b", .equations = {"a b = 3"}},
     "Rank.\n    a b = 3",
     {}},
};

}  // namespace

TEST_CASE("messages are laid out part by part") {
  for (const LayoutCase& row : kLayouts) {
    CAPTURE(row.title);
    const Error::Details result = details(row.report);
    CHECK(result.message == row.message);
    CHECK(result.carets == row.carets);
    CHECK(result.pattern == row.report.pattern);
    CHECK(result.kind == row.report.kind);
  }
}

TEST_CASE("raise throws the class asked for, with all its parts") {
  try {
    raise<RankError>({.kind = "ndim-mismatch",
                      .sentence = "Rank.",
                      .pattern = "a",
                      .underline = {{0, 1}},
                      .operands = {"#1: shape ()", "b = 2"}});
  } catch (const Error& error) {
    CHECK(error.class_name() == "RankError");
    CHECK(error.kind() == "ndim-mismatch");
    CHECK(error.pattern() == "a");
    CHECK(error.carets().size() == 1);
    CHECK(error.operands() == "#1: shape ()\nb = 2");
    CHECK(std::string(error.what()) == "Rank.\n#1: shape ()\nb = 2");
  }
  CHECK_THROWS_AS(raise<SyntaxError>({.kind = "invalid-token", .sentence = "x"}), const SyntaxError&);
  CHECK_THROWS_AS(internal_error("a rule"), const InternalError&);
}

TEST_CASE("the table of kinds is closed, unique and described") {
  std::set<std::string> seen;
  for (const Kind& row : kinds()) {
    CAPTURE(row.kind);
    CHECK(seen.insert(std::string(row.class_name) + "/" + std::string(row.kind)).second);
    CHECK(row.meaning.size() > 10);
    CHECK(row.meaning.back() == '.');
    CHECK(known_kind(row.class_name, row.kind));
  }
  CHECK(known_kind("RankError", "ellipsis-depth"));
  CHECK_FALSE(known_kind("SyntaxError", "ellipsis-depth"));
  CHECK_FALSE(known_kind("RankError", "no-such-kind"));
}
