// Control flow as machine code: what is launched, what is allocated, every kind of step, values that stand for each other.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "model/programs.h"
#include "runtime/runtime.h"
#include "script/script.h"

using namespace model_tests;

namespace {

model::ProgramPtr parsed(std::string_view text) { return std::make_shared<const script::Program>(script::parse(text)); }

/// Compiled twice and interpreted. Returns the kernels that the second run launched.
std::uint64_t check_same(std::string_view text, const std::vector<Tensor>& operands) {
  CAPTURE(text);
  const model::ProgramPtr program = parsed(text);
  const model::Engine engine(program);
  const std::string expected = outcome([&] { return model::interpret(*program, "f", operands); });
  CHECK(outcome([&] { return engine.run("f", operands); }) == expected);
  const std::uint64_t before = engine.counts().kernels;
  CHECK(outcome([&] { return engine.run("f", operands); }) == expected);
  return engine.counts().kernels - before;
}

Tensor whole(std::int64_t value) { return Tensor::scalar(value); }

}  // namespace

TEST_CASE("numbers and conditions launch nothing") {
  CHECK(check_same("def f(n):\n    i = 0\n    s = 0.5\n    while i < n:\n        i += 1\n        if i % 3 == 0: continue\n        s = s + i / 2\n    return s, i\n",
                   {whole(1000)}) == 0);
  CHECK(check_same("def f(x, n):\n    best = x[0]\n    for i in range(n):\n        if x[i] > best: best = x[i]\n    return best\n",
                   {Tensor::iota({20}), whole(20)}) == 0);
  CHECK(check_same("def f(n):\n    a, b = 0, 1\n    while a < n: a, b = b, a + b\n    return a, b\n", {whole(100000)}) == 0);
  CHECK(check_same("def f(x, n):\n    for i in range(n): x = x + i\n    return x\n", {Tensor::iota({5}), whole(7)}) == 7);
  CHECK(check_same("def f(x, n):\n    s = 0\n    for i in range(n):\n        s = s + x * i\n    return s\n", {Tensor::scalar(0.5), whole(7)}) == 0);
}

TEST_CASE("dtypes in registers") {
  for (const DType dtype : {boolean, i8, u16, u64, f16, bf16, f32, f64})
    check_same("def f(x, n):\n    y = x\n    for i in range(n):\n        if y: y = y + x\n        else: y = x\n    return y, x > 1\n",
               {Tensor::scalar(std::int64_t(1), dtype), whole(9)});
}

TEST_CASE("every kind of step inside of loops") {
  check_same("def f(x, n):\n    for i in range(n): x = dot(x, x, \"a b, b c -> a c\") / 8\n    return x\n", {Tensor::full({64, 64}, 0.5), whole(4)});
  check_same("def f(x, n):\n    for i in range(n): x = sort(x * -1, \"a [b]\")\n    return x\n", {Tensor::iota({3, 200}), whole(3)});
  check_same("def f(x, n):\n    for i in range(n): x = softmax(x + 1, \"a [b]\")\n    return max(x) < 1\n", {Tensor::iota({3, 40}), whole(5)});
  check_same("def f(x, n):\n    for i in range(n): x = x + 1\n    return sum(x)\n", {Tensor::zeros({1000, 1000}, i32), whole(5)});
  check_same("def f(x, n):\n    for i in range(n): x = set_at(x, i, x[i] * 2, \"[a], , ->  [a]\")\n    return x\n", {Tensor::iota({9}), whole(9)});
  check_same("def f(x, n):\n    for i in range(n): x = set_at(x, i, x[i] * 2, \"[a], , -> [a]\")\n    return x\n", {Tensor::iota({9}), whole(10)});
}

TEST_CASE("values that stand for each other, change places, and leave together") {
  check_same("def f(x, n):\n    y = x\n    z = x + 1\n    for i in range(n):\n        x, y, z = y, z, x\n        if i == 2: y = z\n    return x, y, z, x, z\n",
             {Tensor::iota({3}), whole(6)});
  check_same("def f(x, n):\n    y = x\n    for i in range(n):\n        y = x\n        x = x * 2\n        z = y\n        if sum(x) > 100: return y, y, z, x\n    return x, y, y, x\n",
             {Tensor::iota({3}), whole(6)});
  check_same("def f(x, n):\n    y = x + 0\n    z = y\n    for i in range(n):\n        if i > 2: z = y + 1\n        y = z\n    return y, z\n", {Tensor::iota({3}), whole(6)});
  check_same("def f(x, n):\n    y = transpose(x)\n    for i in range(n): x, y = transpose(y), transpose(x)\n    return x, y\n",
             {Tensor::iota({2, 3}).permuted({1, 0}), whole(3)});
  check_same("def f(x, n):\n    y = x + 1\n    k = n + 1\n    y = repeat(y, \"a -> a q\", q=k)\n    return y, y[:, k - 1], x\n", {Tensor::iota({2}), whole(3)});
}

TEST_CASE("long loops keep their memory") {
  const model::Engine engine(parsed("def f(x, n):\n    y = x\n    for i in range(n):\n        z = x + 1\n        if i % 2 == 0: y = z\n        x = z * 0.5\n    return x, y\n"));
  const auto run = [&](std::int64_t rounds) { engine.run("f", std::vector{Tensor::iota({30'000}), whole(rounds)}); };
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // KiB
  };
  run(10);
  const auto before = peak();
  run(5'000);  // 1.2 GB in all
  CHECK(peak() - before < 50'000);
}

TEST_CASE("what fails in the middle of a loop leaves nothing behind and says where") {
  const model::ProgramPtr program = parsed("def f(x, n):\n    y = x\n    for i in range(n):\n        y = y + 1\n        s = x[i]\n        y = y * s\n    return y\n");
  const model::Engine engine(program);
  const std::vector<Tensor> operands = {Tensor::iota({1000}), whole(1001)};
  for (int k = 0; k < 3; ++k) {
    const std::string text = outcome([&] { return engine.run("f", operands); });
    CHECK(text.starts_with("CallOperationError runtime: line 5, column "));
    CHECK(text == outcome([&] { return model::interpret(*program, "f", operands); }));
  }
}
