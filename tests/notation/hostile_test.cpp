// Patterns made to be slow or to overflow: each ends in a proper error, or an answer, well below a second.
#include <chrono>

#include "notation_cases.h"

using namespace notation_test;

namespace {

std::string repeated(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

std::string names(int count, const std::string& separator) {
  std::string out;
  for (int i = 0; i < count; ++i) out += (i ? separator : "") + "a" + std::to_string(i);
  return out;
}

// The error of a call, and that it came in time.
std::string timed(const std::string& op, const std::string& pattern, const Shapes& shapes,
                  const Sizes& sizes = {}) {
  const auto start = std::chrono::steady_clock::now();
  const std::string error = error_of([&] { solved(op, pattern, shapes, sizes); });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK_MESSAGE(seconds < 3, pattern.substr(0, 40) << " took " << seconds << " s");
  return error.substr(0, error.find(' ', error.find(' ') + 1));
}

}  // namespace

TEST_CASE("texts that are too large") {
  CHECK(timed("id", repeated("a", 64 * 1024 + 1), {}) == "SyntaxError pattern-too-large");
  CHECK(timed("id", repeated("(", 257) + "a" + repeated(")", 257), {}) == "SyntaxError pattern-too-large");
  CHECK(timed("id", repeated("(", 256) + "a" + repeated(")", 256) + " -> a", {{{3}}}) == "");
  CHECK(timed("id", repeated("(", 60000), {}) == "SyntaxError pattern-too-large");
  CHECK(timed("sum", repeated("[b ", 250) + repeated("a ", 30000) + repeated("]", 250), {{{3}}}) ==
        "RankError ndim-mismatch");
  CHECK(timed("id", repeated("a ", 32000) + "->", {{{3}}}) == "RankError ndim-mismatch");
  CHECK(timed("id", "-> " + repeated("a ", 32000), {{{}}}) == "SemanticError duplicate-output-axis");
  CHECK(timed("id", repeated("\xF0\x9F\x98\x80 ", 12000), {}) == "SyntaxError invalid-token");
}

TEST_CASE("copies made by lifting") {
  CHECK(timed("id", "(" + repeated("a,", 15000) + ") " + repeated("b ", 15000), {}) ==
        "SyntaxError pattern-too-large");
  CHECK(timed("id", repeated("(a, b) ", 9000) + "-> c", {{{2}}, {{2}}}) == "RankError ndim-mismatch");
  CHECK(timed("id", repeated("(x ", 200) + repeated("a,", 2000) + repeated(")", 200), {}) ==
        "SyntaxError pattern-too-large");
}

TEST_CASE("too many axes") {
  CHECK(timed("id", "a -> (a b...)", {{{1}}}, {list("b", std::vector<std::int64_t>(5000, 1))}) ==
        "RankError too-many-axes");
  CHECK(timed("id", "a -> a b...", {{{1}}}, {list("b", std::vector<std::int64_t>(100, 1))}) ==
        "RankError too-many-axes");
  CHECK(timed("id", "-> (" + names(5000, " ") + ")", {{{}}}) == "RankError too-many-axes");
  CHECK(timed("id", repeated("(", 40) + "x..." + repeated(" x...)", 40) + " -> x...", {{{1}}},
              {list("x", std::vector<std::int64_t>(4000, 1))}) == "RankError too-many-axes");
  std::string sums;  // 2^20 pieces
  Sizes sizes;
  for (int i = 0; i < 20; ++i) {
    sums += "(a" + std::to_string(i) + " + a" + std::to_string(i) + ") ";
    sizes.push_back(one("a" + std::to_string(i), 1));
  }
  CHECK(timed("id", sums + "-> " + names(20, " "), {einx::Shape(20, 2)}, sizes) == "RankError too-many-axes");
}

TEST_CASE("sizes that are hard to find") {
  const std::int64_t semiprime = 3037000493LL * 3037000453LL;  // two primes just below 2^31.5
  CHECK(timed("id", "(a b) -> a b", {{{semiprime}}}) == "AxisSizeError axis-ambiguous");
  CHECK(timed("id", "(a b) (a c) -> a b c", {{{semiprime, semiprime}}}) == "AxisSizeError solver-budget");
  CHECK(timed("id", "(a + b) (b + c) (c + d) (d + a) -> 1", {einx::Shape(4, 1'000'000'000)}) ==
        "AxisSizeError solver-budget");
  std::string products;
  for (int i = 0; i < 12; ++i)
    products += "(a" + std::to_string(i) + " a" + std::to_string((i + 1) % 12) + ") ";
  CHECK(timed("id", products + "-> 1", {einx::Shape(12, 720720)}) == "AxisSizeError axis-ambiguous");
  CHECK(timed("id", "(" + names(1500, " ") + " b) b -> b", {{{6, 2}}}).substr(0, 13) == "AxisSizeError");
  CHECK(timed("id", "(" + names(1500, " ") + ") -> (" + names(1500, " ") + ")", {{{6}}}) ==
        "AxisSizeError solver-budget");
  CHECK(timed("id", repeated("a... ", 16) + "-> 1", {einx::Shape(32, 2)}) ==
        "SemanticError input-axis-missing-in-output");
}

TEST_CASE("repetitions that are hard to count") {
  std::string ellipses;
  for (int i = 0; i < 40; ++i) ellipses += "a" + std::to_string(i) + "... ";
  CHECK(timed("id", ellipses + "-> 1", {einx::Shape(64, 2)}) == "RankError ellipsis-ambiguous");
  CHECK(timed("sum", repeated("[", 100) + "a" + repeated("...]", 100), {einx::Shape(64, 2)}) ==
        "RankError ellipsis-ambiguous");
  CHECK(timed("sum", repeated("[", 6) + "a" + repeated("...]", 6), {einx::Shape(1, 2)}) == "");
}
