// Random programs: printed and read again they are the same statements, compiled they do what the interpreter
// does.
#include "script/random.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>

#include "model/model.h"
#include "script/same.h"

using namespace random_programs;
using einx::Error;
using einx::Tensor;
namespace script = einx::detail::script;
namespace model = einx::detail::model;

namespace {

/// Results, or the class of the error.
struct Outcome {
  std::vector<Tensor> results;
  std::string error, message;
};
template <class F>
Outcome outcome(const F& work) {
  try {
    return {work(), "", ""};
  } catch (const Error& error) {
    return {{}, std::string(error.class_name()), error.what()};
  }
}

std::string text(const Outcome& shown) {
  std::string out = shown.error.empty() ? "" : shown.error + ": " + shown.message;
  for (const Tensor& result : shown.results) out += result.to_string() + "  ";
  return out;
}

bool close(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() ||
      std::vector(a.shape().begin(), a.shape().end()) != std::vector(b.shape().begin(), b.shape().end()))
    return false;
  const std::vector<double> left = a.to_vector<double>(), right = b.to_vector<double>();
  double largest = 1;
  for (const double each : left)
    if (std::isfinite(each)) largest = std::max(largest, std::abs(each));
  for (std::size_t k = 0; k < left.size(); ++k) {
    const bool same = left[k] == right[k] || (std::isnan(left[k]) && std::isnan(right[k]));
    if (!same && !(std::abs(left[k] - right[k]) <= largest * (a.dtype() == einx::f64 ? 1e-12 : 1e-5)))
      return false;
  }
  return true;
}

bool same(const Outcome& a, const Outcome& b) {
  if (a.error != b.error || a.results.size() != b.results.size()) return false;
  for (std::size_t k = 0; k < a.results.size(); ++k)
    if (!close(a.results[k], b.results[k])) return false;
  return true;
}

std::optional<script::Program> parsed(const Case& made) {
  try {
    return script::parse(made.text(), made.data);
  } catch (const einx::SyntaxError&) {
    return std::nullopt;
  }
}

/// "" or what the engine does otherwise than the interpreter. Every call twice: compiled, and found again.
std::string engine_differs(const Case& made) {
  const std::optional<script::Program> program = parsed(made);
  if (!program) return "";
  const model::Engine engine(std::make_shared<const script::Program>(*program));
  for (const auto& call : made.calls) {
    const Outcome expected = outcome([&] { return model::interpret(*program, "f", call); });
    for (int round = 0; round < 2; ++round) {
      const Outcome got = outcome([&] { return engine.run("f", call); });
      if (!same(expected, got)) return "expected " + text(expected) + "\ngot " + text(got);
    }
  }
  return "";
}

std::string printing_differs(const Case& made) {
  const std::optional<script::Program> program = parsed(made);
  if (!program) return "";
  if (const auto rule = script::verify(*program)) return *rule;
  const std::string printed = script::text(*program);
  try {
    const script::Program again = script::parse(printed, script::data_beside(*program));
    if (script::text(again) != printed) return "printed otherwise:\n" + script::text(again);
    return same_programs::difference(*program, again);
  } catch (const Error& error) {
    return printed + error.what();
  }
}

void check_all(const std::function<std::string(const Case&)>& differs) {
  const unsigned first = from_environment("EINX_TEST_SEED", 1),
                 count = from_environment("EINX_TEST_CASES", 1000);
  MESSAGE(count << " programs from seed " << first << " (EINX_TEST_SEED, EINX_TEST_CASES)");
  int wrong = 0;
  for (unsigned seed = first; seed < first + count && wrong < 5; ++seed) {
    const Case made = random_case(seed);
    if (differs(made).empty()) continue;
    ++wrong;
    const Case small = shrunk(made, [&](const Case& each) { return !differs(each).empty(); });
    FAIL_CHECK(describe(small) << differs(small));
  }
}

}  // namespace

TEST_CASE("random programs: most of them are legal, run to their end, and branch") {
  std::map<std::string, int> outcomes;
  int legal = 0, calls = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    const Case made = random_case(seed);
    const std::optional<script::Program> program = parsed(made);
    if (!program) continue;
    ++legal;
    for (const auto& call : made.calls) {
      ++calls;
      ++outcomes[outcome([&] { return model::interpret(*program, "f", call); }).error];
    }
  }
  MESSAGE(legal << " of 300 legal");
  for (const auto& [error, count] : outcomes) MESSAGE(error << ": " << count << " of " << calls);
  CHECK(legal > 200);
  CHECK(outcomes[""] > calls / 3);
  CHECK(outcomes.size() > 4);
}

TEST_CASE("random programs: printed, they are read back as the same statements") {
  check_all(printing_differs);
}

TEST_CASE("random programs: the engine does what the interpreter does") { check_all(engine_differs); }

TEST_CASE("mutated programs are read, or refused with a place, in no time") {
  const unsigned first = from_environment("EINX_TEST_SEED", 1),
                 count = from_environment("EINX_TEST_CASES", 1000);
  MESSAGE((4 * count) << " texts from seed " << first);
  std::mt19937 random(first);
  const auto pick = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  const std::vector<std::string> pieces = {"(",
                                           ")",
                                           "[",
                                           "]",
                                           ":",
                                           ",",
                                           "\n",
                                           "    ",
                                           "if ",
                                           "else:",
                                           "while ",
                                           "for ",
                                           " in ",
                                           "return ",
                                           "-",
                                           "**",
                                           "...",
                                           "=",
                                           "\"",
                                           "#",
                                           "x0",
                                           "f",
                                           "1",
                                           "nan",
                                           "constant(",
                                           "e9",
                                           ".shape",
                                           "self.",
                                           "\xc3\xa9",
                                           "\t",
                                           std::string(1, '\0'),
                                           "def ",
                                           "test ",
                                           "assume ",
                                           "9223372036854775808",
                                           "not ",
                                           " and "};
  int legal = 0;
  for (unsigned k = 0; k < 4 * count; ++k) {
    Case made = random_case(first + k % 97, {4, 2});
    std::string changed = made.text();
    for (std::size_t edits = 1 + pick(4); edits-- > 0;) {
      const std::size_t at = pick(changed.size() + 1), length = std::min(pick(6), changed.size() - at);
      changed.replace(
          at, pick(2) ? length : 0,
          pick(3) ? pieces[pick(pieces.size())] : changed.substr(pick(changed.size() + 1), pick(12)));
      if (changed.empty()) changed = "x";
    }
    CAPTURE(changed);
    try {
      const script::Program program = script::parse(changed, made.data);
      ++legal;
      CHECK(script::verify(program).value_or("") == "");
      const std::string printed = script::text(program);
      CAPTURE(printed);
      CHECK(same_programs::difference(program, script::parse(printed, script::data_beside(program))) == "");
    } catch (const einx::SyntaxError& error) {
      CHECK(error.kind() == "script-text");
      CHECK(std::string_view(error.what()).starts_with("line "));
      CHECK(error.carets().size() == 1);
    }
  }
  MESSAGE(legal << " of them legal");
  CHECK(legal > int(count) / 20);
}
