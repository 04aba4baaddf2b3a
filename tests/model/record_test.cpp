// Recordings of C++ functions: the statements they leave compute what the functions do, also at other sizes; what they looked at is assumed.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include "model/model.h"
#include "model/write.h"
#include "support/support.h"

using einx::Shape;
using einx::Tensor;
using einx::Value;
namespace model = einx::detail::model;
namespace script = einx::detail::script;
namespace graph = einx::detail::graph;

namespace {

using Values = std::vector<Value>;
using Body = std::function<Values(std::span<const Value>)>;

std::vector<graph::Type> types_of(const std::vector<Tensor>& tensors) {
  std::vector<graph::Type> types;
  for (const Tensor& t : tensors) types.push_back(graph::make_type(t.dtype(), Shape(t.shape().begin(), t.shape().end())));
  return types;
}

std::vector<Tensor> run(const model::Recording& recording, const std::vector<Tensor>& operands) {
  script::Program program;
  program.functions.emplace_back("f", recording.function);
  program.tensors = recording.tensors;
  return model::interpret(program, "f", operands);
}

/// Recorded with some operands and run with others: what the code itself does there.
void check_follows(const Body& body, const std::vector<Tensor>& at, const std::vector<std::vector<Tensor>>& others) {
  const model::Recording recording = model::record("f", types_of(at), body, {.name_of = {}, .examples = at});
  for (const std::vector<Tensor>& operands : others) {
    const std::vector<Tensor> got = run(recording, operands);
    const model::Recording fresh = model::record("f", types_of(operands), body, {.name_of = {}, .examples = operands});
    const std::vector<Tensor> want = run(fresh, operands);
    REQUIRE(got.size() == want.size());
    for (std::size_t k = 0; k < got.size(); ++k) {
      CHECK(Shape(got[k].shape().begin(), got[k].shape().end()) == Shape(want[k].shape().begin(), want[k].shape().end()));
      CHECK(got[k].dtype() == want[k].dtype());
      CHECK(got[k].to_vector<double>() == want[k].to_vector<double>());
    }
  }
}

std::size_t count(const script::Body& body, auto test) {
  std::size_t found = 0;
  for (const script::Statement& statement : body) found += test(statement);
  return found;
}
template <class Node>
std::size_t count_of(const model::Recording& recording) {
  return count(recording.function->body, [](const script::Statement& s) { return std::holds_alternative<Node>(s.node); });
}

}  // namespace

TEST_CASE("calls, arrangements and arithmetic are recorded once each, and follow the operands' sizes") {
  const Body body = [](std::span<const Value> v) {
    const Value split = einx::einops::rearrange(v[0], "b (h w) -> b h w", {{"h", 2}});
    const Value rows = reshape(split, {-1, 2});
    return Values{einx::sum("a [b]", rows) * 2 + 1, slice(v[0], 0, 1, {}), einx::stack({v[0], v[0]}), transpose(split)};
  };
  const model::Recording recording = model::record("f", types_of({Tensor::iota({3, 4})}), body);
  CHECK(count_of<script::Call>(recording) == 4);     // rearrange, sum, multiply, add
  CHECK(count_of<script::Arrange>(recording) == 4);  // reshape, slice, stack, transpose
  CHECK(count_of<script::Assume>(recording) == 0);
  CHECK(recording.graph.results.size() == 4);
  CHECK(recording.warnings.empty());
  check_follows(body, {Tensor::iota({3, 4})}, {{Tensor::iota({5, 8})}, {Tensor::iota({1, 2})}, {Tensor::iota({2, 6})}});
}

TEST_CASE("a step that changes nothing at these sizes is still a step") {
  const Body body = [](std::span<const Value> v) { return Values{reshape(v[0], {2, -1}), slice(v[0], 0, 0, 2)}; };
  check_follows(body, {Tensor::iota({2, 3})}, {{Tensor::iota({4, 3})}, {Tensor::iota({6, 1})}});
}

TEST_CASE("sizes are numbers that follow, in arithmetic and as sizes of axes") {
  const Body body = [](std::span<const Value> v) {
    const Value n = einx::size(v[0], 0) * 2;
    const Value wide = einx::id("a b -> a n b", v[0], {{"n", n}});
    const Value same_half = einx::einops::rearrange(v[0], "a (h w) -> a h w", {{"h", floor_divide(einx::size(v[0], -1), 2)}});
    return Values{wide, v[0] * einx::size(v[0], 1), same_half, n + einx::rank(v[0])};
  };
  check_follows(body, {Tensor::iota({3, 4})}, {{Tensor::iota({5, 8})}, {Tensor::iota({1, 2})}});
  const model::Recording recording = model::record("f", types_of({Tensor::iota({3, 4})}), body);
  CHECK(count_of<script::Assume>(recording) == 0);
  const std::vector<Tensor> results = run(recording, {Tensor::ones({5, 6})});
  CHECK(results[1].dtype() == einx::f32);  // weak as plain numbers
  CHECK(results[3].dtype() == einx::i64);
  CHECK(results[3].item<std::int64_t>() == 12);
}

TEST_CASE("what the code looks at is assumed and warned of") {
  const Body body = [](std::span<const Value> v) {
    const Shape shape = v[0].shape();
    return Values{shape[0] > 2 ? v[0] * 2 : v[0]};
  };
  const model::Recording recording = model::record("f", types_of({Tensor::iota({3, 4})}), body);
  CHECK(count_of<script::Assume>(recording) == 3);
  CHECK(recording.warnings == std::vector<std::string>{"a size of operand #1 (axis 0: 3) was read", "a size of operand #1 (axis 1: 4) was read"});
  CHECK_THROWS_AS(run(recording, {Tensor::iota({2, 4})}), model::BrokenAssumption);
  CHECK(run(recording, {Tensor::iota({3, 4})}).at(0).to_vector<float>()[1] == 2);
}

TEST_CASE("factories, packed shapes and caught errors are looks, too") {
  const std::vector<Body> looks = {
      [](std::span<const Value> v) { return Values{einx::add("a b, b", v[0], einx::iota)}; },
      [](std::span<const Value> v) { return Values{einx::id("a b -> a b n", v[0], {{"n", einx::size(v[0], 0)}}) + 0, einx::add("n, n", einx::id("-> n", einx::constant(1), {{"n", einx::size(v[0], 0)}}), einx::iota)}; },
      [](std::span<const Value> v) {
        const auto packed = einx::einops::pack({v[0], v[0]}, "a *");
        return einx::einops::unpack(packed.tensor, packed.shapes, "a *");
      },
      [](std::span<const Value> v) { return Values{v[0] * einx::einops::parse_shape(v[0], "a b").at("b")}; },
      [](std::span<const Value> v) {
        try {
          return Values{einx::einops::rearrange(v[0], "a (b c) -> a b c", {{"b", 3}})};
        } catch (const einx::Error&) {
          return Values{v[0]};
        }
      },
  };
  for (const Body& body : looks) {
    const model::Recording recording = model::record("f", types_of({Tensor::iota({3, 4})}), body);
    CHECK(run(recording, {Tensor::iota({3, 4})}).size() >= 1);
    CHECK_THROWS_AS(run(recording, {Tensor::iota({4, 6})}), model::BrokenAssumption);
  }
}

TEST_CASE("named tensors are parameters, others constants") {
  const Tensor weight = Tensor::full({4}, 2), other = Tensor::full({4}, 3);
  const Body body = [&](std::span<const Value> v) { return Values{einx::multiply("a b, b", v[0], weight) + other + weight}; };
  const auto name_of = [&](const Tensor& t) { return t.data() == weight.data() ? std::optional<std::string>("weight") : std::nullopt; };
  const model::Recording recording = model::record("f", types_of({Tensor::ones({2, 4})}), body, {.name_of = name_of, .examples = {}});
  CHECK(recording.tensors.size() == 1);
  CHECK(recording.graph.parameters.size() == 2);
  CHECK(count_of<script::Parameter>(recording) == 2);
  CHECK(count_of<script::Constant>(recording) == 1);
  CHECK(run(recording, {Tensor::ones({2, 4})}).at(0).to_vector<float>() == std::vector<float>(8, 7));
}

TEST_CASE("a size that is computed needs operands, and follows them") {
  const Body body = [](std::span<const Value> v) { return Values{einx::einops::repeat(v[0], "a -> a n", {{"n", v[1]}})}; };
  const Tensor x = Tensor::iota({3});
  const auto counted = [](std::int64_t n) { return Tensor::scalar(n); };
  CHECK_THROWS_AS(model::record("f", types_of({x, counted(2)}), body), einx::TypeError);
  const model::Recording recording = model::record("f", types_of({x, counted(2)}), body, {.name_of = {}, .examples = {x, counted(2)}});
  CHECK(recording.graph.results.empty());
  CHECK(run(recording, {x, counted(2)}).at(0).size() == 6);
  CHECK(run(recording, {x, counted(5)}).at(0).size() == 15);
  const Body real = [](std::span<const Value> v) { return Values{einx::einops::repeat(v[0], "a -> a n", {{"n", v[1] * 1.5}})}; };
  CHECK_THROWS_AS(model::record("f", types_of({x, counted(2)}), real, {.name_of = {}, .examples = {x, counted(2)}}), einx::TypeError);
  CHECK_THROWS_AS(einx::trace([](Value a, Value n) { return einx::id("a -> a n", a, {{"n", n}}); }, {{einx::f32, {3}}, {einx::i64, {}}}), einx::TypeError);
}
