// What texts mean: each is run by the interpreter, printed and read again.
#include <doctest/doctest.h>

#include <map>

#include "model/model.h"
#include "support/support.h"

using namespace einx;
namespace script = einx::detail::script;
namespace model = einx::detail::model;

namespace {

using Named = std::vector<std::pair<std::string, Tensor>>;

/// Results of the first function, "; " between them, or what went wrong.
std::string run(const script::Program& program, const std::vector<Tensor>& operands, bool compiled = false) {
  try {
    std::vector<std::string> texts;
    const model::Engine engine(std::make_shared<const script::Program>(program));
    const std::string& name = program.functions.at(0).first;
    for (const Tensor& result : compiled ? engine.run(name, operands) : model::interpret(program, name, operands))
      texts.push_back(result.to_string());
    return detail::support::join(texts, "; ");
  } catch (const Error& error) {
    return std::string(error.class_name()) + " " + std::string(error.kind());
  }
}

struct Case {
  std::string text;
  std::vector<Tensor> operands;
  std::string expected;
};

void check(const Case& row, const Named& data = {}) {
  CAPTURE(row.text);
  script::Program program;
  try {
    program = script::parse(row.text, data);
  } catch (const Error& error) {
    FAIL(error.what());
  }
  CHECK(script::verify(program).value_or("") == "");
  CHECK(run(program, row.operands) == row.expected);
  CHECK(run(program, row.operands, true) == row.expected);
  const std::string printed = script::text(program);
  CAPTURE(printed);
  script::Program again;
  try {
    again = script::parse(printed, script::data_beside(program));
  } catch (const Error& error) {
    FAIL(error.what());
  }
  CHECK(script::text(again) == printed);
  CHECK(run(again, row.operands) == row.expected);
}

const Tensor x = Tensor::iota({2, 3}), v = Tensor::iota({3}), k = Tensor::scalar(std::int64_t(2)),
             scalar = Tensor::scalar(1.5f);

/// One expression of x (f32[2, 3]), v (f32[3]), k (i64[] 2), s (f32[] 1.5).
std::string of(const std::string& expression) {
  return "def f(x, v, k, s):\n    return " + expression + "\n";
}

}  // namespace

TEST_CASE("expressions") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"1 + 2 * 3", "i64[] 7"},
      {"(1 + 2) * 3", "i64[] 9"},
      {"2 ** 3 ** 2", "f64[] 512"},
      {"-2 ** 2", "f64[] -4"},
      {"(-2) ** 2", "f64[] 4"},
      {"2 ** -1.0", "f64[] 0.5"},
      {"7 // 2, -7 // 2, 7 % 3, -7 % 3, 7 / 2", "i64[] 3; i64[] -4; i64[] 1; i64[] 2; f64[] 3.5"},
      {"10 - 3 - 2", "i64[] 5"},
      {"1 < 2, 2 <= 1, 1 == 1.0, 1 != 1, 3 > 2, 3 >= 4",
       "bool[] true; bool[] false; bool[] true; bool[] false; bool[] true; bool[] false"},
      {"not 1, not 0.0, not not 5", "bool[] false; bool[] true; bool[] true"},
      {"0 or 3, 2 and 3, 0 and 3, 2 or 3, 0 or 0.0", "i64[] 3; i64[] 3; i64[] 0; i64[] 2; f64[] 0"},
      {"1 if 2 > 1 else 0.5, 1 if 2 < 1 else 0.5", "i64[] 1; f64[] 0.5"},
      {"-9223372036854775808", "i64[] -9223372036854775808"},
      {"1e3, 1.5e-1, inf, -inf, true, False",
       "f64[] 1000; f64[] 0.15; f64[] inf; f64[] -inf; bool[] true; bool[] false"},
      {"x + v", "f32[2, 3] [[0, 2, 4], [3, 5, 7]]"},
      {"x * 2 + 1", "f32[2, 3] [[1, 3, 5], [7, 9, 11]]"},
      {"-x[0], +v", "f32[3] [-0, -1, -2]; f32[3] [0, 1, 2]"},
      {"x[1], x[-1, 0], x[:, 1], x[..., -1]", "f32[3] [3, 4, 5]; f32[] 3; f32[2] [1, 4]; f32[2] [2, 5]"},
      {"x[0:1], x[:, 1:], x[::-1, 0], x[..., 0:2], x[:, ::2]",
       "f32[1, 3] [[0, 1, 2]]; f32[2, 2] [[1, 2], [4, 5]]; f32[2] [3, 0]; f32[2, 2] [[0, 1], [3, 4]]; f32[2, "
       "2] [[0, 2], [3, 5]]"},
      {"x[..., 1, 0:2]", "f32[2] [3, 4]"},
      {"x[k - 1, k]", "f32[] 5"},
      {"v[0:k]", "f32[2] [0, 1]"},
      {"v[:, :]", "ValueError bad-view"},
      {"v[3]", "ValueError bad-view"},
      {"v[k + 1]", "CallOperationError runtime"},
      {"x.shape[0], x.shape[-1], len(x), rank(x), size(x, 1), rank(k)",
       "i64[] 2; i64[] 3; i64[] 2; i64[] 2; i64[] 3; i64[] 0"},
      {"(x + 1).shape[1]", "i64[] 3"},
      {"reshape(x, [3, -1]), reshape(x, [x.shape[1] * 2])",
       "f32[3, 2] [[0, 1], [2, 3], [4, 5]]; f32[6] [0, 1, 2, 3, 4, 5]"},
      {"transpose(x), transpose(x, [0, 1])",
       "f32[3, 2] [[0, 3], [1, 4], [2, 5]]; f32[2, 3] [[0, 1, 2], [3, 4, 5]]"},
      {"broadcast_to(v, [k, 3])", "f32[2, 3] [[0, 1, 2], [0, 1, 2]]"},
      {"stack([v, v + 1], 1), concat([v, x[0]])",
       "f32[3, 2] [[0, 1], [1, 2], [2, 3]]; f32[6] [0, 1, 2, 0, 1, 2]"},
      {"stack([v, v], axis=0)", "f32[2, 3] [[0, 1, 2], [0, 1, 2]]"},
      {"slice(v, 0, none, none, -1), select(v, 0, 1)", "f32[3] [2, 1, 0]; f32[] 1"},
      {"sum(x, \"a [b]\"), sum(\"[a] b\", x)", "f32[2] [3, 12]; f32[3] [3, 5, 7]"},
      {"sum(x), any(x > 4), max(v), softmax(v * 0)",
       "f32[] 15; bool[] true; f32[] 2; f32[3] [0.33333334, 0.33333334, 0.33333334]"},
      {"sum(x, \"a [b]\", keepdims=true)", "f32[2, 1] [[3], [12]]"},
      {"max(v, 1), min(1, 2), maximum(v, 1.5)", "f32[3] [1, 1, 2]; i64[] 1; f32[3] [1.5, 1.5, 2]"},
      {"roll(v, \"[a]\", shift=1), roll(v, \"[a]\", shift=[-1])", "f32[3] [2, 0, 1]; f32[3] [1, 2, 0]"},
      {"id(x, \"a (b c) -> c a b\", b=3), rearrange(x, \"a b -> b a\")",
       "f32[1, 2, 3] [[[0, 1, 2], [3, 4, 5]]]; f32[3, 2] [[0, 3], [1, 4], [2, 5]]"},
      {"repeat(v, \"b -> b n\", n=k), repeat(v, \"b -> (n b)\", n=k - 1)",
       "f32[3, 2] [[0, 0], [1, 1], [2, 2]]; f32[3] [0, 1, 2]"},
      {"einops.reduce(x, \"a b -> a\", \"mean\"), einops.rearrange([v, v], \"l a -> a l\")",
       "f32[2] [1, 4]; f32[3, 2] [[0, 0], [1, 1], [2, 2]]"},
      {"numpy.einsum(x, v, \"ij,j\"), einops.einsum(x, v, \"row col, col -> row\")",
       "f32[2] [5, 14]; f32[2] [5, 14]"},
      {"einx03.sum(x, \"a [b]\")", "f32[2] [3, 12]"},
      {"einx.sum(x, \"[...]\")", "f32[] 15"},
      {"where(v > 0, v, -1), exp(v * 0), to_i32(s), pow(2, 3)",
       "f32[3] [-1, 1, 2]; f32[3] [1, 1, 1]; i32[] 1; f64[] 8"},
      {"constant([1, 2]), constant([[1.5], [nan]]), constant([true])",
       "i64[2] [1, 2]; f64[2, 1] [[1.5], [nan]]; bool[1] [true]"},
      {"v + constant([1, -2, 3])", "f64[3] [1, -1, 5]"},
      {"any(x > 4) and x[0, 1] or v, any(x > 9) and v or 7", "f32[] 1; i64[] 7"},
      {"v and 1", "TypeError script-condition"},
      {"repeat(v, \"b -> b n\", n=s)", "TypeError script-size"},
      {"repeat(v, \"b -> b n\", n=v)", "TypeError script-condition"},
      {"x + x[:, :2]", "AxisSizeError axis-conflict"},
      {"argmax(x, \"a [b]\"), get_at(x, k - 1, \"[a] b, -> b\")", "i64[2, 1] [[2], [2]]; f32[3] [3, 4, 5]"},
  };
  for (const auto& [expression, expected] : rows) check({of(expression), {x, v, k, scalar}, expected});
}

TEST_CASE("statements") {
  const Tensor ones = Tensor::ones({3});
  check({"def f(x):\n  y, z = x, x + 1\n  y, z = z, y\n  return y, z\n",
         {ones},
         "f32[3] [2, 2, 2]; f32[3] [1, 1, 1]"});
  check(
      {"def f(x):\n    x += 1\n    x *= 3\n    x -= 1\n    x /= 2\n    x **= 2\n    n = 7\n    n //= 2\n    "
       "n %= 2\n    return x, n\n",
       {ones},
       "f32[3] [6.25, 6.25, 6.25]; i64[] 1"});
  check(
      {"def f(x):\n    if sum(x) > 2: return x[0]\n    elif sum(x) > 1:\n        return x\n    else:\n       "
       " return x * 0\n",
       {ones},
       "f32[] 1"});
  check(
      {"def f(x):\n    n = 0\n    while n < 10:\n        n += 1\n        if n == 3: continue\n        if n "
       "== 5: break\n        x = x + n\n    return x, n\n",
       {ones},
       "f32[3] [8, 8, 8]; i64[] 5"});
  check(
      {"def f(x):\n    while:\n        s = sum(x)\n        test s < 100\n        x = x * 2\n    return x, "
       "s\n",
       {ones},
       "f32[3] [64, 64, 64]; f32[] 192"});
  check(
      {"def f(x):\n    y = 0.0\n    for row in x:\n        y = y + sum(row)\n        row = 3\n    return y\n",
       {x},
       "f32[] 15"});
  check(
      {"def f(x):\n    s = 0\n    for i in range(4):\n        s = s * 10 + i\n        i = 100\n    return "
       "s\n",
       {ones},
       "i64[] 123"});
  check(
      {"def f(x):\n    s = 0\n    n = 5\n    for i in range(2, n):\n        s = s * 10 + i\n        n = 0\n  "
       "  return s\n",
       {ones},
       "i64[] 234"});
  check(
      {"def f(x):\n    s = 0\n    for i in range(7, 0, -3):\n        s = s * 10 + i\n    for i in range(0, "
       "5, 2):\n        s = s * 10 + i\n    return s\n",
       {ones},
       "i64[] 741024"});
  check({"def f(x):\n    for i in range(len(x)):\n        if x[i] > 1: return x[i], i\n    return x, -1\n",
         {v},
         "f32[] 2; i64[] 2"});
  check({"def f(x: f32[b]):\n    while true:\n        x = x + b\n        if sum(x) > 10: return x\n",
         {ones},
         "f32[3] [4, 4, 4]"});
  check({"def f(x):\n    a, b = id(x, \"(a + b) -> a, b\", a=1)\n    return b, a\n",
         {ones},
         "f32[2] [1, 1]; f32[1] [1]"});
  check(
      {"def f(x):  # a comment\n\n    # another\n    y = (x +   # inside\n  1)\n\n    return (y\n      * 2)",
       {ones},
       "f32[3] [4, 4, 4]"});
  check({"def f(x):\n    if true:\n        pass\n    else:\n        y = x\n    return y\n",
         {ones},
         "ValueError script-variable"});
  check({"def f(x):\r\n    return x\r\n", {ones}, "f32[3] [1, 1, 1]"});
  check(
      {"def f(x):\n    for i in range(3):\n        for j in range(3):\n            if j > i: break\n         "
       "   x = x + 1\n    return x",
       {ones},
       "f32[3] [7, 7, 7]"});
  check(
      {"def f(x):\n    assume rank(x) == 1\n    assume x.shape[0] == 3\n    assume x.dtype == f32\n    test "
       "= x\n    assume = test + test\n    return assume\n",
       {ones},
       "f32[3] [2, 2, 2]"});
  check({"def f(x):\n    for row in x: y = row\n    return y\n",
         {Tensor::zeros({0, 2})},
         "ValueError script-variable"});
  check({"def f(x):\n    return x if rank(x) == 1 else x[0] if rank(x) == 2 else x[0, 0]\n",
         {x},
         "f32[3] [0, 1, 2]"});
  check({"def f(x):\n    n = 0\n    for row in x[0]:\n        n += 1\n        x = row\n    return x, n\n",
         {x},
         "f32[] 2; i64[] 3"});
}

TEST_CASE("functions and signatures") {
  const Tensor ones = Tensor::ones({2, 3});
  check(
      {"def f(x):\n    a, b = two(x)\n    return one(a) + b\n\ndef two(x): return x, x * 2\n\ndef one(x): "
       "return x + 1\n",
       {ones},
       "f32[2, 3] [[4, 4, 4], [4, 4, 4]]"});
  check({"def f(n: i64[]) -> i64[]:\n    if n <= 1: return 1\n    return n * f(n - 1)\n",
         {Tensor::scalar(std::int64_t(5))},
         "i64[] 120"});
  check({"def f(n):\n    return f(n)\n", {ones}, "CallOperationError runtime"});
  check({"def f(x: f32[b, 3], w: f32[_, b], k: _[...], z) -> f32[b, 3]:\n    return x * b\n",
         {ones, Tensor::zeros({7, 2}), k, k},
         "f32[2, 3] [[2, 2, 2], [2, 2, 2]]"});
  check({"def f(x: f32[b, b]):\n    return x\n", {ones}, "ValueError script-signature"});
  check({"def f(x: f32[b, 4]):\n    return x\n", {ones}, "ValueError script-signature"});
  check({"def f(x: f64[b, 3]):\n    return x\n", {ones}, "ValueError script-signature"});
  check({"def f(x: f32[b, ...]) -> f32[...]:\n    return x[0]\n", {ones}, "f32[3] [1, 1, 1]"});
  check({"def f(x: f32[b, c]) -> f32[c, b]:\n    return x\n", {ones}, "ValueError script-signature"});
  check({"def f(x: f32[2, 3 : 3, 1]):\n    return x\n", {ones}, "f32[2, 3] [[1, 1, 1], [1, 1, 1]]"});
  check({"def f(x: f32[2, 3 : 1, 2]):\n    return x\n", {ones}, "ValueError script-signature"});
  check({"def f(x: f32[...]) -> f32[]:\n    return 1\n", {ones}, "f32[] 1"});
  check({"def f(x):\n    return half(x, 1), half(x, 1.5)\n\ndef half(x, k: f32[]):\n    return x * k\n",
         {Tensor::ones({1}, f16)},
         "f32[1] [1]; f32[1] [1.5]"});
  check({"def f(x):\n    return g(1.5)\n\ndef g(n: i64[]):\n    return n\n",
         {ones},
         "ValueError script-signature"});
  check(
      {"def f(x):\n    return sum(x)\n\ndef sum(x):\n    return einx.sum(x, \"[...]\") + einx.rank(x)\n\ndef "
       "rank(x): return 7\n",
       {ones},
       "f32[] 8"});
  check({"def a.f(x):\n    return a.b.g(x)\n\ndef a.b.g(x): return x[0, 0]\n", {ones}, "f32[] 1"});
}

TEST_CASE("tensors beside the text") {
  const Named data = {{"weight", Tensor::iota({3})},
                      {"blocks.0.bias", Tensor::ones({3})},
                      {"large", Tensor::iota({20}, i64)}};
  const Tensor ones = Tensor::ones({3});
  check(
      {"def f(x):\n    return x * self.weight + weight - self.blocks.0.bias\n", {ones}, "f32[3] [-1, 1, 3]"},
      data);
  check({"def f(x):\n    c = constant(\"large\")\n    return c[1:3], parameter(\"weight\")\n",
         {ones},
         "i64[2] [1, 2]; f32[3] [0, 1, 2]"},
        data);
  check({"def f(x):\n    c: i64[20] = constant(\"large\")\n    return c[3], constant(\"large\")[4]\n",
         {ones},
         "i64[] 3; i64[] 4"},
        data);
  const script::Program program =
      script::parse("def f(x): return x + constant(\"large\")[0] + weight\n", data);
  CHECK(program.tensors.size() == 2);
  CHECK(program.tensors[0].first == "weight");
}

TEST_CASE("a module's children and parameters have names of their own") {
  const script::Surroundings around{
      {{"norm", "encoder.norm.forward"}}, {{"weight", "encoder.weight"}}, "encoder."};
  const script::Program program = script::parse(
      "def forward(x):\n    return self.norm(x) * self.weight + norm(helper(x))\n\ndef helper(x): return x\n",
      {}, around);
  CHECK(program.functions[0].first == "encoder.forward");
  CHECK(script::text(program) ==
        "def encoder.forward(x):\n"
        "    t1 = encoder.norm.forward(x)\n"
        "    t2 = parameter(\"encoder.weight\")\n"
        "    t3 = t1 * t2\n"
        "    t4 = encoder.helper(x)\n"
        "    t5 = encoder.norm.forward(t4)\n"
        "    t6 = t3 + t5\n"
        "    return t6\n"
        "\n"
        "def encoder.helper(x):\n"
        "    return x\n");
}

TEST_CASE("the text of a graph is a script") {
  const auto body = [](std::span<const Value> values) {
    using namespace einx::values;
    const Value c = einx::constant(Tensor::copy_of({1.5f, 2.0f, 3.0f}, {3}));
    return std::vector<Value>{einx::sum("a [b]", values[0] * c), einx::roll("a [b]", values[0], 1)};
  };
  const Spec specs[] = {{f32, {2, 3}}};
  const Graph graph = detail::trace_graph("f", specs, body);
  const script::Program program = script::parse(graph.text());
  CHECK(run(program, {x}) == "f32[2] [8, 27.5]; f32[2, 3] [[2, 0, 1], [5, 3, 4]]");
}
