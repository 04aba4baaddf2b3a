// What a caller's mistakes look like: class, kind, carets, operands, and that nothing is lost.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cstdint>
#include <functional>
#include <string>

using einx::Tensor;

namespace {

struct Row {
  const char* what;
  std::function<void()> call;
  const char *class_name, *kind, *says;
};

const Tensor& x() {
  static const Tensor tensor = Tensor::iota({3, 4});
  return tensor;
}

const Row kRows[] = {
    {"an unclosed bracket", [] { einx::sum("a [b", x()); }, "SyntaxError", "unclosed-open", "Expression: \"a [b\"\n               ^"},
    {"a rank that does not fit", [] { einx::sum("a [b] c", x()); }, "RankError", "ndim-mismatch", "(3, 4)"},
    {"sizes that contradict", [] { einx::add("a b, b", x(), Tensor::iota({5})); }, "AxisSizeError", "axis-conflict", "(5,)"},
    {"a size that is not determined", [] { einx::id("(a b) c -> a b c", x()); }, "AxisSizeError", "axis-ambiguous", "shape (3, 4)"},
    {"an output without rule", [] { einx::add("a b, b a", x(), x()); }, "SemanticError", "implicit-output-no-superset", "Expression"},
    {"too few tensors", [] { einx::add("a b, a b", x()); }, "ValueError", "num-tensors", ""},
    {"a coordinate outside", [] { einx::get_at("[h] c, p -> p c", x(), Tensor::copy_of({0L, 7L}, {2})); }, "CallOperationError", "runtime",
     "coordinate 7 at (1,) of operand #2 is outside axis h of size 3"},
    {"a coordinate before the first", [] { einx::get_at("[h] c, p -> p c", x(), Tensor::copy_of({-4L}, {1})); }, "CallOperationError", "runtime", "-4"},
    {"the maximum of nothing", [] { einx::max("a [b]", Tensor::zeros({2, 0})); }, "CallOperationError", "runtime", ""},
    {"a dtype that is not supported", [] { einx::subtract("a, a", Tensor::ones({2}, einx::boolean), Tensor::ones({2}, einx::boolean)); },
     "OperationNotSupportedError", "dtype-not-supported", "bool"},
    {"a factory of another shape", [] { einx::add("a b,", x(), [](const einx::Shape&) { return Tensor::ones({7}); }); }, "CallOperationError", "runtime", "(7,)"},
    {"a factory that throws", [] { einx::add("a b,", x(), [](const einx::Shape&) -> Tensor { throw std::runtime_error("no disk"); }); }, "CallOperationError", "runtime", "no disk"},
    {"an undefined tensor", [] { einx::sum("[a]", Tensor()); }, "TypeError", "operand-kind", "undefined"},
    {"an unknown shape", [] { einx::sum("[a]", nullptr); }, "TypeError", "operand-kind", "nullptr"},
};

}  // namespace

TEST_CASE("each mistake is an error of its class that says what is wrong") {
  for (const Row& row : kRows) {
    CAPTURE(row.what);
    try {
      row.call();
      FAIL("no error");
    } catch (const einx::Error& error) {
      CAPTURE(error.what());
      CHECK(error.class_name() == row.class_name);
      CHECK(error.kind() == row.kind);
      CHECK(std::string(error.what()).find(row.says) != std::string::npos);
    }
  }
}

TEST_CASE("carets are columns of the pattern") {
  try {
    einx::id("(a + b c) -> a b c", x());
    FAIL("no error");
  } catch (const einx::SyntaxError& error) {
    CHECK(std::vector<int>(error.carets().begin(), error.carets().end()) == std::vector<int>{3, 5, 6, 7});
    CHECK(error.pattern() == "(a + b c) -> a b c");
  }
}

TEST_CASE("after an error the same call site works") {
  for (int k = 0; k < 3; ++k) {
    CHECK_THROWS_AS(einx::get_at("[h] c, p -> p c", x(), Tensor::copy_of({9L}, {1})), einx::CallOperationError);
    CHECK(einx::get_at("[h] c, p -> p c", x(), Tensor::copy_of({2L}, {1})).item<float>({0, 0}) == 8);
  }
}
