// Random programs with nested branches, loops, calls, early returns and values as sizes: compiled against interpreted.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "model/programs.h"
#include "script/script.h"

using namespace model_tests;

namespace {

/// Small integers in all dtypes, so that no order of operations rounds differently.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string program() {
    std::string text = "def f(a, b, n, t):\n" + start() + body(1, 0) + indent(1) + "return " + results() + "\n";
    text += "def g(a, b, n, t):\n" + start();
    in_g_ = true;
    return text + body(1, 0) + indent(1) + "return " + pick({"a", "b", "n", "k", "a + t", "sum(b)"}) + "\n";
  }
  int pick(int count) { return int(random_() % std::uint64_t(count)); }

 private:
  std::string pick(std::vector<std::string> from) { return from[std::size_t(pick(int(from.size())))]; }
  static std::string indent(int depth) { return std::string(std::size_t(depth) * 4, ' '); }
  std::string start() const { return "    k = 1\n    m = 0.5\n    c = a\n"; }
  std::string results() { return pick({"a, b, k", "b", "c, n", "k, m, t", "a[0], c", "n"}); }
  std::string variable() { return pick({"a", "b", "c", "n", "t", "k", "m"}); }
  std::string number() { return pick({"n", "t", "k", "m", "2", "3", "-1", "0.5", "len(b)", "rank(a)"}); }

  std::string expression() {
    switch (pick(16)) {
      case 0: return variable() + " + " + variable();
      case 1: return variable() + " - " + number();
      case 2: return "sum(" + variable() + ")";
      case 3: return "maximum(" + variable() + ", " + number() + ")";
      case 4: return "a[" + pick({"0", "-1", "k", "n"}) + "]";
      case 5: return "b[" + pick({"0", "k", "n", "k - n"}) + "]";
      case 6: return "b[" + pick({"0:2", "k:", "::-1", ":n"}) + "]";
      case 7: return "concat([b, b[0:1]])";
      case 8: return "repeat(b, \"... -> ... q\", q=" + pick({"2", "k", "n", "k + 1"}) + ")";
      case 9: return "where(" + variable() + " > " + number() + ", " + variable() + ", " + number() + ")";
      case 10: return "b * 1";
      case 11: return "transpose(" + variable() + ")";
      case 12: return "sum(a, \"x [...]\")";
      case 13: return "to_" + pick({"i32", "f32", "f64", "i64", "u8"}) + "(" + variable() + ")";
      case 14: return number() + " // " + pick({"2", "3"});
      default: return variable();
    }
  }
  std::string condition() {
    switch (pick(7)) {
      case 0: return "k < " + pick({"2", "3", "n"});
      case 1: return "sum(b) > " + pick({"3", "t", "10"});
      case 2: return "any(" + variable() + " > " + number() + ")";
      case 3: return "n > " + pick({"1", "2"});
      case 4: return "len(b) < 4";
      case 5: return "t > m and not k == 2";
      default: return variable() + " < " + number();
    }
  }

  std::string assign(int depth) {
    const std::string to = variable();
    if (!in_g_ && pick(8) == 0) return indent(depth) + to + " = g(" + variable() + ", " + variable() + ", " + variable() + ", t)\n";
    if (pick(3) == 0) return indent(depth) + to + " = " + expression() + "\n";
    return indent(depth) + to + " = minimum(maximum(" + expression() + ", -20), 20)\n";
  }
  std::string leave(int depth, int loops) {
    if (loops > 0 && pick(3) > 0) return indent(depth) + pick({"break", "continue"}) + "\n";
    return indent(depth) + "return " + results() + "\n";
  }
  std::string statement(int depth, int loops) {
    const std::string at = indent(depth);
    const int kind = depth > 3 ? 0 : pick(12);
    if (kind < 6) return assign(depth);
    if (kind < 9) {
      std::string text = at + "if " + condition() + ":\n" + body(depth + 1, loops);
      if (pick(3) == 0) text += leave(depth + 1, loops);
      if (pick(2) == 0) text += at + "else:\n" + body(depth + 1, loops);
      return text;
    }
    const std::string index = "i" + std::to_string(depth);
    if (kind == 9) return at + "for " + index + " in range(" + pick({"2", "3", "minimum(n, 4)", "minimum(k, 4)"}) + "):\n" + use(depth + 1, index) + body(depth + 1, loops + 1);
    if (kind == 10) return at + "for " + index + " in " + pick({"a", "b", "c"}) + ":\n" + use(depth + 1, index) + body(depth + 1, loops + 1);
    return at + index + " = 0\n" + at + "while " + index + " < " + pick({"2", "3", "minimum(n, 4)"}) + ":\n" + indent(depth + 1) + index + " += 1\n" +
           body(depth + 1, loops + 1);
  }
  std::string use(int depth, const std::string& index) {
    if (pick(2) == 0) return "";
    return indent(depth) + pick({"k", "b", "t"}) + " = " + index + "\n";
  }
  std::string body(int depth, int loops) {
    std::string text;
    for (int count = 1 + pick(3); count > 0; --count) text += statement(depth, loops);
    return text;
  }

  std::mt19937_64 random_;
  bool in_g_ = false;
};

std::vector<Tensor> operands(Generator& random) {
  const DType dtypes[] = {f32, i32, f64, i64};
  const auto dtype = [&] { return dtypes[random.pick(4)]; };
  const std::int64_t size = 1 + random.pick(4);
  const auto like = [&] { return random.pick(4) ? size : 1 + random.pick(3); };
  return {Tensor::iota({like(), like()}, dtype()), Tensor::iota({like()}, dtype()),
          Tensor::scalar(std::int64_t(random.pick(4)), i64), Tensor::scalar(double(random.pick(5)), random.pick(2) ? f32 : f64)};
}

/// Of errors only what kind they are: which of several operands a message names first may differ.
std::string brief(const std::string& outcome) {
  const std::size_t colon = outcome.find(": ");
  return outcome.find("Error ") == std::string::npos || colon == std::string::npos ? outcome : outcome.substr(0, colon);
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("random programs") {
  const std::uint64_t seed = from_environment("EINX_SEED", std::random_device()() % 1'000'000'000);
  const std::uint64_t count = from_environment("EINX_PROGRAMS", 150);
  MESSAGE("EINX_SEED=" << seed << " EINX_PROGRAMS=" << count);
  int failed = 0, ran = 0, raised = 0;
  for (std::uint64_t k = 0; k < count && failed < 5; ++k) {
    Generator random(seed + k);
    const std::string text = random.program();
    std::shared_ptr<const script::Program> program;
    try {
      program = std::make_shared<const script::Program>(script::parse(text));
    } catch (const Error&) {  // a variable that is surely not assigned
      continue;
    }
    const model::Engine engine(program, {.max_versions = random.pick(3) == 0 ? 3 : 64});
    for (int call = 0; call < 4; ++call) {
      const std::vector<Tensor> given = operands(random);
      const std::string expected = brief(outcome([&] { return model::interpret(*program, "f", given); }));
      const std::string got = brief(outcome([&] { return engine.run("f", given); }));
      ++ran, raised += expected.find("Error ") != std::string::npos;
      if (got == expected) continue;
      ++failed;
      std::string shown;
      for (const Tensor& tensor : given) shown += tensor.to_string() + "\n";
      FAIL_CHECK("EINX_SEED=" << seed + k << " EINX_PROGRAMS=1\n" << text << shown << "expected " << expected << "\ngot " << got);
      break;
    }
  }
  MESSAGE(ran << " runs, of which " << raised << " raise");
  if (count >= 100) CHECK(ran - raised > int(count));
}
