// Engine against interpreter: programs built by hand, each with operands for every way through it.
#include <doctest/doctest.h>

#include <cmath>
#include <thread>

#include "model/model.h"
#include "model/programs.h"

using namespace model_tests;
using Kind = script::Arrange::Kind;

namespace {

void check_same(const model::ProgramPtr& program, const std::vector<std::vector<Tensor>>& calls, model::EngineOptions options = {}) {
  const model::Engine engine(program, options);
  const std::string name = program->functions.front().first;
  for (int round = 0; round < 2; ++round)
    for (const std::vector<Tensor>& operands : calls) {
      const std::string expected = outcome([&] { return model::interpret(*program, name, operands); });
      CHECK(outcome([&] { return engine.run(name, operands); }) == expected);
    }
}

Tensor row(std::vector<float> values) { return Tensor::copy_of<float>(values, {std::int64_t(values.size())}); }
Tensor number(double value) { return Tensor::scalar(value, f32); }
Tensor whole(std::int64_t value) { return Tensor::scalar(value, i64); }

script::FunctionPtr first_row() {
  Builder b("f", {"x"});
  return b.done({b.rows("row", "x", {b.call("mask", "greater", {"row", 0.1}), b.call("hit", "any", {"mask"}), b.when("hit", {b.result({"row"})})}),
                 b.result({"x"})});
}

}  // namespace

TEST_CASE("a result whose rank depends on the branch") {
  check_same(program({first_row()}), {{Tensor::zeros({2, 3})}, {Tensor::iota({2, 3})}, {Tensor::iota({3, 2}).permuted({1, 0})},
                                      {Tensor::zeros(Shape{})}, {Tensor::zeros({0, 3})}, {Tensor::zeros({3})}, {Tensor::iota({3})}});
}

TEST_CASE("nested branches, early returns, joins that bring other types") {
  Builder b("f", {"x", "t"});
  const Body inner = {b.call("big", "greater", {"t", 2.0}),
                      b.when("big", {b.call("y", "sum", {"x"}, "a [b]"), b.result({"y", "t"})}, {b.call("y", "multiply", {"x", "t"})})};
  const auto f = b.done({b.call("hot", "greater", {"t", 0.0}), b.when("hot", inner, {b.copy("y", "x")}), b.copy("k", 1),
                         b.call("cold", "less", {"t", -5.0}), b.when("cold", {b.copy("k", 7)}), b.call("z", "add", {"y", "k"}), b.result({"z", "y"})});
  const Tensor x = Tensor::iota({2, 3});
  check_same(program({f}), {{x, number(3)}, {x, number(1)}, {x, number(-1)}, {x, number(-7)}, {x, Tensor::zeros({2})}, {x, whole(1)}});
}

TEST_CASE("loops: numbers in them, tensors that change their type, break and continue") {
  Builder b("f", {"x", "n"});
  const auto f = b.done({b.copy("i", 0), b.copy("s", 0), b.copy("y", "x"), b.copy("old", "x"),
                         b.loop({b.call("more", "less", {"i", "n"})}, "more",
                                {b.call("i", "add", {"i", 1}), b.call("three", "equal", {"i", 3}), b.when("three", {b.again()}),
                                 b.call("nine", "equal", {"i", 9}), b.when("nine", {b.leave()}), b.call("s", "add", {"s", 0.5}), b.copy("old", "y"),
                                 b.call("y", "add", {"y", "s"})}),
                         b.result({"y", "s", "i", "old"})});
  const Tensor x = Tensor::iota({2, 2}, i32);
  check_same(program({f}), {{x, whole(0)}, {x, whole(1)}, {x, whole(5)}, {x, whole(20)}, {x, number(2.5)}, {x, Tensor::zeros({2})}});
}

TEST_CASE("ranges and rows, nested, over what is assigned inside of the loop") {
  Builder b("f", {"x", "n"});
  const auto f = b.done({b.copy("s", 0), b.copy("all", "x"),
                         b.rows("row", "x", {b.copy("x", 1.5), b.range("i", "n", {b.call("p", "multiply", {"i", "i"}), b.call("s", "add", {"s", "p"}), b.copy("n", 2)}),
                                             b.call("m", "max", {"row"}), b.call("all", "add", {"all", "m"})}),
                         b.result({"all", "s", "x", "n"})});
  check_same(program({f}), {{Tensor::iota({3, 2}), whole(3)}, {Tensor::iota({3, 2}), whole(-1)}, {Tensor::iota({3, 2}), number(1.5)},
                            {Tensor::iota({3, 2}), Tensor::full({1}, 4, u8)}, {Tensor::zeros({0, 2}), whole(3)}, {number(1), whole(1)}});
}

TEST_CASE("calls of other functions, recursion, and its end") {
  Builder b("f", {"n", "x"});
  const auto f = b.done({b.call("zero", "less_equal", {"n", 0}), b.when("zero", {b.result({"x"})}), b.call("m", "subtract", {"n", 1}),
                         b.invoke("y", "g", {"x"}), b.invoke("z", "f", {"m", "y"}), b.result({"z"})});
  Builder c("g", {"x"});
  const auto g = c.done({c.call("h", "sum", {"x"}), c.call("wide", "greater", {"h", 10.0}), c.when("wide", {c.call("x", "multiply", {"x", 0.5})}),
                         c.call("y", "add", {"x", 1}), c.result({"y"})});
  check_same(program({f, g}), {{whole(0), row({1, 2})}, {whole(3), row({1, 2})}, {whole(12), row({1, 2})}, {whole(150), row({1, 2})}});
  check_same(program({f, g}), {{whole(300), row({1, 2})}}, {.max_versions = 4});
}

TEST_CASE("values as sizes: specialised by value for a few, dynamic beyond") {
  Builder b("f", {"x", "k"});
  const auto f = b.done({b.call("n", "add", {"k", 1}),
                         b.call("y", "id", {"x"}, "a -> a n", {{"n", script::Integer(b.variable("n"))}}), b.call("s", "sum", {"y"}, "a [n]"), b.result({"y", "s"})});
  const Tensor x = row({1, 2, 3});
  std::vector<std::vector<Tensor>> calls = {{x, number(1)}, {x, Tensor::zeros({2}, i64)}, {x, whole(-4)}};
  for (int k = 0; k < 20; ++k) calls.push_back({x, whole(k)});
  check_same(program({f}), calls);
  const model::Engine engine(program({f}));
  for (int k = 0; k < 20; ++k) engine.run("f", std::vector{x, whole(k)});
  CHECK(engine.counts().values == 8);
}

TEST_CASE("shapes that grow in a loop are not compiled for without end") {
  Builder b("f", {"x", "n"});
  const auto f = b.done({b.range("i", "n", {b.arrange("y", Kind::Concat, "x", {script::Integer(0)}), b.call("x", "id", {"x", "y"}, "a, b -> (a + b)"),
                                            b.arrange("x", Kind::Slice, "x", {script::Integer(0), {}, script::Integer(40)}), b.size("s", "x", 0)}),
                         b.result({"x"})});
  check_same(program({f}), {{row({1, 2}), whole(3)}, {row({1}), whole(30)}});
  Builder c("g", {"x", "n"});
  const auto g = c.done({c.range("i", "n", {c.call("x", "id", {"x", 1.0}, "a, -> (a + 1)")}), c.result({"x"})});
  check_same(program({g}), {{row({}), whole(200)}});
  const model::Engine engine(program({g}));
  engine.run("g", std::vector{row({}), whole(200)});
  CHECK(engine.counts().blocks < 70);
}

TEST_CASE("tensors of the program's are read anew, or folded") {
  Builder b("f", {"x"});
  const auto f = b.done({b.tensor("w", "weight"), b.call("y", "multiply", {"x", "w"}), b.call("s", "sum", {"y"}), b.call("big", "greater", {"s", 10.0}),
                         b.when("big", {b.result({"w"})}), b.tensor("v", "none"), b.result({"v"})});
  Tensor weight = row({1, 2});
  const auto made = program({f}, {{"weight", weight}});
  const model::Engine engine(made);
  const std::vector<Tensor> operands = {row({2, 2})};
  CHECK(outcome([&] { return engine.run("f", operands); }).starts_with("ValueError script-variable"));
  weight.data_as<float>()[0] = 9;
  const std::vector<Tensor> results = engine.run("f", operands);
  CHECK(results[0].to_string() == "f32[2] [9, 2]");
  CHECK(results[0].data() != weight.data());
  check_same(made, {operands}, {.fold_constants = true});
}

TEST_CASE("errors inside: of types, of values, of what nobody reads") {
  Builder b("f", {"x", "i"});
  const auto f = b.done({b.call("up", "greater", {"i", 5}), b.when("up", {b.call("y", "id", {"x"}, "a b -> b a"), b.result({"y"})}),
                         b.call("unused", "get_at", {"x", "i"}, "[a], ->"), b.call("z", "add", {"x", 1}), b.call("w", "get_at", {"x", "i"}, "[a], ->"),
                         b.result({"z", "w"})});
  const Tensor x = row({1, 2, 3});
  check_same(program({f}), {{x, whole(0)}, {x, whole(-3)}, {x, whole(4)}, {x, whole(9)}, {x, number(1)}});
  Builder c("g", {"x"});
  check_same(program({c.done({c.call("i", "argmax", {"x"}, "[a]"), c.result({"none"})})}), {{x}});
  Builder d("h", {"x"});
  check_same(program({d.done({d.call("m", "max", {"x"}, "[a]"), d.result({"m"})})}), {{x}, {row({})}});
}

TEST_CASE("results are fresh tensors") {
  Builder b("f", {"x", "n"});
  const auto f = b.done({b.call("y", "add", {"x", 1}), b.copy("z", "x"), b.range("i", "n", {b.copy("z", "y")}), b.result({"x", "y", "y", "z", "z"})});
  const model::Engine engine(program({f}));
  for (const std::int64_t n : {0, 2}) {
    const std::vector<Tensor> operands = {row({1, 2}), whole(n)};
    const std::vector<Tensor> results = engine.run("f", operands);
    for (std::size_t k = 0; k < results.size(); ++k) {
      CHECK(results[k].data() != operands[0].data());
      for (std::size_t j = 0; j < k; ++j) CHECK(results[k].data() != results[j].data());
    }
  }
  check_same(program({f}), {{row({1, 2}), whole(0)}, {row({1, 2}), whole(2)}});
}

TEST_CASE("traced functions: once for their types, and for others if what was assumed holds") {
  int traces = 0;
  script::Program made;
  made.functions.emplace_back("f", script::Traceable([&](const std::vector<detail::graph::Type>& types) {
    ++traces;
    Builder b("f", {"x"});
    Body body = {b.call("y", "multiply", {"x", 2.0}), b.result({"y"})};
    if (types[0].shape.size() == 1) body.insert(body.begin(), Statement{{}, script::Assume{0, -1, 1}});
    if (types[0].shape.size() == 2) body.insert(body.begin(), Statement{{}, script::Assume{0, 0, types[0].shape[0]}});
    return b.done(body);
  }));
  const auto shared = std::make_shared<const script::Program>(made);
  const model::Engine engine(shared);
  for (const Shape& shape : {Shape{3}, Shape{4}, Shape{5}, Shape{2, 2}, Shape{2, 5}, Shape{3, 5}, Shape{3}}) {
    const std::vector<Tensor> operands = {Tensor::iota(shape)};
    CHECK(outcome([&] { return engine.run("f", operands); }) == outcome([&] { return model::interpret(*shared, "f", operands); }));
    traces -= 1;  // the interpreter's
  }
  CHECK(traces == 3);
}

TEST_CASE("many threads run and make the same signatures") {
  Builder b("f", {"x", "n"});
  const auto f = b.done({b.range("i", "n", {b.call("x", "add", {"x", "i"}), b.call("s", "sum", {"x"}), b.call("big", "greater", {"s", 50.0}),
                                            b.when("big", {b.result({"s"})})}),
                         b.result({"x"})});
  const auto shared = program({f});
  const model::Engine engine(shared);
  std::vector<std::string> expected;
  const auto operands = [](int k) { return std::vector{Tensor::iota({1 + k % 5}), whole(k % 11)}; };
  for (int k = 0; k < 55; ++k) expected.push_back(outcome([&] { return model::interpret(*shared, "f", operands(k)); }));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int k = 0; k < 220; ++k) {
        const int at = (k * 7 + t * 13) % 55;
        if (outcome([&] { return engine.run("f", operands(at)); }) != expected[std::size_t(at)]) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(engine.counts().signatures == 5);
}

TEST_CASE("blocks as text") {
  const model::Engine engine(program({first_row()}));
  const Spec specs[] = {{f32, {2, 3}}};
  const std::string text = engine.text("f", specs);
  CHECK(text.find("if ") != std::string::npos);
  CHECK(text.find("return (fixed #0)") != std::string::npos);
}
