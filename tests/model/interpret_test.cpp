// The interpreter of programs, on programs that are built by hand; those of texts are in tests/script.
#include <doctest/doctest.h>

#include "model/model.h"
#include "model/write.h"

using namespace einx;
using namespace einx::detail;
using script::Body;
using Literal = script::Number;
using script::Statement;

namespace {

Statement call(std::vector<int> results, std::string op, std::vector<script::Argument> arguments,
               std::optional<std::string> pattern = {}) {
  script::Call made;
  made.results = std::move(results);
  made.op = std::move(op);
  made.pattern = std::move(pattern);
  made.arguments = std::move(arguments);
  return {{}, made};
}
Statement returns(std::vector<script::Argument> values) { return {{}, script::Return{std::move(values)}}; }
Statement arrange(script::Arrange::Kind kind, int result, script::Argument argument,
                  std::vector<std::optional<script::Integer>> integers = {}) {
  return {{}, script::Arrange{kind, result, {argument}, std::move(integers)}};
}

script::Function function(std::string name, std::vector<std::string> variables, int parameters, Body body) {
  script::Function made;
  made.name = std::move(name);
  made.variables = std::move(variables);
  for (int k = 0; k < parameters; ++k) made.parameters.push_back({k, {}, {}});
  made.body = std::move(body);
  return made;
}

std::vector<Tensor> run(script::Function made, std::vector<Tensor> operands) {
  script::Program program;
  program.functions.emplace_back(made.name, std::make_shared<const script::Function>(made));
  return model::interpret(program, made.name, operands);
}

template <class F>
std::string kind_of(const F& work) {
  try {
    work();
  } catch (const Error& error) {
    return std::string(error.class_name()) + " " + std::string(error.kind());
  }
  return "no error";
}

}  // namespace

TEST_CASE("the result's rank depends on the branch: a row with a component above 0.1, or everything") {
  // for row in x: if any(row > 0.1): return row; return x
  const Body found = {returns({1})};
  const Body round = {
      call({2}, "greater", {1, Literal(0.1)}), call({3}, "any", {2}), {{}, script::If{3, found, {}}}};
  const script::Function f = function("first", {"x", "row", "mask", "hit"}, 1,
                                      {{{}, script::For{1, 0, false, round}}, returns({0})});
  CHECK(run(f, {Tensor::zeros({2, 3})})[0].to_string() == Tensor::zeros({2, 3}).to_string());
  CHECK(run(f, {Tensor::iota({2, 3})})[0].to_string() == "f32[3] [0, 1, 2]");
  CHECK(kind_of([&] { run(f, {Tensor::zeros(Shape{})}); }) == "ValueError bad-view");
}

TEST_CASE("numbers are weak and known: sums of a loop, sizes") {
  // n = 0; for i in range(4): n = n + i; return repeat(x, "a -> a n", n=n), n
  script::Call repeat;
  repeat.results = {3};
  repeat.op = "id";
  repeat.pattern = "a -> a n";
  repeat.arguments = {0};
  repeat.sizes = {{"n", script::Integer(1)}};
  const Body round = {call({1}, "add", {1, 2})};
  const script::Function f = function("repeat", {"x", "n", "i", "y"}, 1,
                                      {arrange(script::Arrange::Kind::Copy, 1, Literal(std::int64_t(0))),
                                       {{}, script::For{2, Literal(std::int64_t(4)), true, round}},
                                       {{}, repeat},
                                       returns({3, 1})});
  const std::vector<Tensor> results = run(f, {Tensor::iota({2}, i8)});
  CHECK(results[0].to_string() == "i8[2, 6] [[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]]");
  CHECK(results[1].to_string() == "i64[] 6");
}

TEST_CASE("results are fresh, operands of any strides") {
  const script::Function f = function("same", {"x"}, 1, {returns({0, 0})});
  const Tensor x = Tensor::iota({2, 3}).permuted({1, 0});
  const std::vector<Tensor> results = run(f, {x});
  CHECK(results[0].data() != x.data());
  CHECK(results[0].data() != results[1].data());
  CHECK(results[0].to_string() == "f32[3, 2] [[0, 3], [1, 4], [2, 5]]");
}

TEST_CASE("recursion ends with an error, unset variables and wrong conditions are named") {
  const script::Function endless =
      function("f", {"x", "y"}, 1, {{{}, script::Invoke{{1}, "f", {0}}}, returns({1})});
  CHECK(kind_of([&] { run(endless, {Tensor::zeros({2})}); }) == "CallOperationError runtime");
  const script::Function unset = function("f", {"x", "y"}, 1, {returns({1})});
  CHECK(kind_of([&] { run(unset, {Tensor::zeros({2})}); }) == "ValueError script-variable");
  const script::Function wide =
      function("f", {"x"}, 1, {{{}, script::If{0, {returns({0})}, {returns({0})}}}});
  CHECK(kind_of([&] { run(wide, {Tensor::zeros({2})}); }) == "TypeError script-condition");
  CHECK(kind_of([&] { run(wide, {}); }) == "ValueError script-signature");
  const script::Function endless_count =
      function("f", {"x", "k"}, 1, {{{}, script::For{1, Literal(1.5), true, {}}}, returns({0})});
  CHECK(kind_of([&] { run(endless_count, {Tensor::zeros({2})}); }) == "TypeError script-size");
}

TEST_CASE("traced functions are written down for the operands' types, and what they assume is checked") {
  script::Program program;
  int traces = 0;
  program.functions.emplace_back("double",
                                 script::Traceable([&](const std::vector<detail::graph::Type>& types) {
                                   ++traces;
                                   return std::make_shared<const script::Function>(
                                       function("double", {"x", "y"}, 1,
                                                {{{}, script::Assume{0, 0, types[0].shape[0]}},
                                                 call({1}, "multiply", {0, Literal(2.0)}),
                                                 returns({1})}));
                                 }));
  const Body twice = {
      {{}, script::Invoke{{1}, "double", {0}}}, {{}, script::Invoke{{1}, "double", {1}}}, returns({1})};
  program.functions.emplace_back(
      "f", std::make_shared<const script::Function>(function("f", {"x", "y"}, 1, twice)));
  CHECK(model::interpret(program, "f", std::vector{Tensor::iota({3})})[0].to_string() == "f32[3] [0, 4, 8]");
  CHECK(traces == 1);
  const script::Function stale = function("f", {"x"}, 1, {{{}, script::Assume{0, 0, 4}}, returns({0})});
  CHECK_THROWS_AS(run(stale, {Tensor::zeros({3})}), model::BrokenAssumption);
}
