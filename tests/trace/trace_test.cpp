// The tracer: what becomes of operands, numbers, factories and parameters, and which mistakes it finds.
#include <doctest/doctest.h>

#include "trace/trace.h"

namespace graph = einx::detail::graph;
namespace ops = einx::detail::ops;
namespace trace = einx::detail::trace;
using einx::DType;
using einx::Shape;
using Kind = trace::Operand::Kind;

namespace {

trace::Operand tensor(const Shape& shape, DType dtype = einx::f32) { return {Kind::Tensor, graph::make_type(dtype, shape)}; }
trace::Operand factory(const Shape& shape, DType dtype = einx::f32) { return {Kind::Factory, graph::make_type(dtype, shape)}; }
trace::Operand number(Kind kind) { return {kind, {}}; }

trace::Call make_call(const std::string& op, const std::string& pattern, std::vector<trace::Operand> operands,
                      const std::vector<std::pair<std::string, std::int64_t>>& sizes = {}) {
  trace::Call call{.op = &ops::get(op), .pattern = pattern, .operands = std::move(operands)};
  for (const auto& [name, size] : sizes) call.constraints.push_back({name, {}, {size}, ""});
  return call;
}

graph::Graph traced(const trace::Call& call) { return trace::single(call, trace::solve(call, trace::expand(call))); }

template <class E>
std::string kind_of(const trace::Call& call) {
  try {
    traced(call);
  } catch (const E& error) {
    return std::string(error.kind());
  }
  return "no error";
}

}  // namespace

TEST_CASE("a call becomes a graph of one node with a parameter for every operand") {
  struct Row {
    trace::Call call;
    std::string text;
  };
  const Row rows[] = {
      {make_call("sum", "b... (g [c])", {tensor({10, 10})}, {{"g", 2}}),
       "def op0(i0: f32[10, 10]) -> f32[10, 2]:\n"
       "    x0: f32[10, 2] = sum(i0, \"b (g [c]) -> b g\", g=2, c=5)\n"
       "    return x0\n"},
      {make_call("dot", "b... (g [c1->c2])", {tensor({4, 6}), factory({3, 5})}, {{"g", 2}, {"c2", 5}}),
       "def op0(i0: f32[4, 6], i1: factory f32[3, 5]) -> f32[4, 10]:\n"
       "    x0: f32[4, 10] = dot(i0, i1, \"b (g [c1]), [c1] c2 -> b (g c2)\", g=2)\n"
       "    return x0\n"},
      {make_call("id", "(a + b) -> a, b", {tensor({5}, einx::i8)}, {{"a", 2}}),
       "def op0(i0: i8[5]) -> i8[2], i8[3]:\n"
       "    x0: i8[2], x1: i8[3] = id(i0, \"(a + b) -> a, b\", a=2, b=3)\n"
       "    return x0, x1\n"},
  };
  for (const Row& row : rows) {
    const graph::Graph made = traced(row.call);
    CHECK(graph::text(made) == row.text);
    CHECK(graph::verify(made) == std::nullopt);
  }
}

TEST_CASE("strides of an operand are part of its type") {
  trace::Operand transposed = tensor({3, 2});
  transposed.type = graph::make_type(einx::f32, {3, 2}, Shape{1, 3});
  const graph::Graph made = traced(make_call("sum", "a [b]", {transposed}));
  CHECK(graph::text(made.values[0].type) == "f32[3, 2 : 1, 3]");
  CHECK(graph::text(made.values[1].type) == "f32[3]");
}

TEST_CASE("a weak number takes the dtype of the operands beside it") {
  struct Row {
    Kind kind;
    std::vector<DType> others;
    DType expected;
  };
  const Row rows[] = {
      {Kind::WeakBool, {}, einx::boolean},          {Kind::WeakInt, {}, einx::i64},
      {Kind::WeakFloat, {}, einx::f64},             {Kind::WeakInt, {einx::f32}, einx::f32},
      {Kind::WeakInt, {einx::u8}, einx::u8},        {Kind::WeakInt, {einx::boolean}, einx::i64},
      {Kind::WeakFloat, {einx::f16}, einx::f16},    {Kind::WeakFloat, {einx::i32}, einx::f64},
      {Kind::WeakFloat, {einx::boolean}, einx::f64}, {Kind::WeakBool, {einx::i16}, einx::i16},
      {Kind::WeakFloat, {einx::f32, einx::bf16}, einx::f32},
      {Kind::WeakInt, {einx::i8, einx::f32}, einx::f32},
  };
  for (const Row& row : rows) CHECK(trace::weak_dtype(row.kind, row.others) == row.expected);
  CHECK_THROWS_AS(trace::weak_dtype(Kind::Factory, {}), einx::InternalError);
}

TEST_CASE("which operands stand beside a number depends on the operation") {
  struct Row {
    trace::Call call;
    std::vector<DType> expected;
  };
  const Row rows[] = {
      {make_call("multiply", "a b,", {tensor({2, 3}), number(Kind::WeakInt)}), {einx::f32, einx::f32}},
      {make_call("add", "a, ,", {tensor({2}, einx::i32), number(Kind::WeakFloat), number(Kind::WeakInt)}), {einx::i32, einx::f64, einx::i32}},
      {make_call("add", ",", {number(Kind::WeakInt), number(Kind::WeakFloat)}), {einx::i64, einx::f64}},
      {make_call("add", "a,", {factory({2}, einx::f16), number(Kind::WeakFloat)}), {einx::f16, einx::f16}},
      {make_call("where", "a, a,", {tensor({2}, einx::f64), tensor({2}, einx::f32), number(Kind::WeakInt)}), {einx::f64, einx::f32, einx::f32}},
      {make_call("where", "a, , ", {tensor({2}, einx::boolean), number(Kind::WeakInt), number(Kind::WeakInt)}), {einx::boolean, einx::i64, einx::i64}},
      {make_call("get_at", "[h], ->", {tensor({5}, einx::f32), number(Kind::WeakInt)}), {einx::f32, einx::i64}},
      {make_call("add_at", "[h], p,", {tensor({5}, einx::i8), tensor({3}, einx::i64), number(Kind::WeakInt)}), {einx::i8, einx::i64, einx::i8}},
      {make_call("add_at", "[h], ,", {tensor({5}, einx::f32), number(Kind::WeakInt), number(Kind::WeakFloat)}), {einx::f32, einx::i64, einx::f32}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.call.pattern);
    CHECK(trace::operand_dtypes(*row.call.op, row.call.operands) == row.expected);
    if (ops::find(row.call.op->name) == nullptr) continue;
    for (std::size_t k = 0; k < row.expected.size(); ++k) {
      if (row.call.operands[0].kind == Kind::Factory) continue;  // its shape is not solved from anything
      const graph::Graph made = traced(row.call);
      CHECK(made.values[made.parameters[k].value].type.dtype == row.expected[k]);
    }
  }
}

TEST_CASE("factories are told the solved shape") {
  const trace::Call call = make_call("dot", "a [b], [b] c -> a c", {tensor({2, 3}), factory({})}, {{"c", 4}});
  const auto solved = trace::solve(call, trace::expand(call));
  CHECK(trace::operand_shapes(solved) == std::vector<Shape>{{2, 3}, {3, 4}});
}

TEST_CASE("mistakes in operands and parameters") {
  CHECK(kind_of<einx::TypeError>(make_call("id", "a -> a", {number(Kind::Unknown)}, {{"a", 2}})) == "operand-kind");
  CHECK(kind_of<einx::ValueError>(make_call("add", "a, a", {tensor({2})})) == "num-tensors");
  CHECK(kind_of<einx::CallOperationError>(make_call("add", "a, a", {tensor({2}), factory({3})})) == "runtime");
  CHECK(kind_of<einx::OperationNotSupportedError>(make_call("softmax", "[a]", {tensor({2}, einx::boolean)})) == "dtype-not-supported");
  CHECK(kind_of<einx::RankError>(make_call("add", "a, a", {tensor({2}), number(Kind::WeakInt)})) == "ndim-mismatch");

  trace::Call shifted = make_call("sum", "[a]", {tensor({2})});
  shifted.attributes = {{"shift", {1}}};
  CHECK(kind_of<einx::TypeError>(shifted) == "python-signature");
  trace::Call kept = make_call("add", "a, a", {tensor({2}), tensor({2})});
  kept.keepdims = true;
  CHECK(kind_of<einx::TypeError>(kept) == "python-signature");
}

TEST_CASE("keepdims keeps a dimension of size 1 for each bracket") {
  trace::Call call = make_call("sum", "a [b c]", {tensor({2, 3, 4})});
  call.keepdims = true;
  CHECK(traced(call).values[1].type.shape == Shape{2, 1});
}

TEST_CASE("a call is appended to a graph: values are used, the other operands become parameters") {
  graph::Graph made = traced(make_call("sum", "a [b]", {tensor({2, 3}, einx::i32)}));
  const graph::ValueId sum = made.results[0];
  // The operand's own description is overruled by the value's type.
  trace::Call call = make_call("multiply", "a, , a", {tensor({2}), number(Kind::WeakInt), tensor({2}, einx::i64)});
  const auto solved = trace::solve(call, trace::expand(call));
  made.results = trace::append(made, call, solved, std::vector<graph::ValueId>{sum, -1, -1});
  CHECK(graph::verify(made) == std::nullopt);
  CHECK(graph::parse(graph::text(made)) == made);
  REQUIRE(made.parameters.size() == 3);
  CHECK(made.nodes[1].inputs == std::vector<graph::ValueId>{sum, made.parameters[1].value, made.parameters[2].value});
  CHECK(made.values[made.parameters[1].value].type.dtype == einx::i64);

  const graph::Graph before = made;
  call.operands[2] = tensor({2}, einx::f32);
  CHECK_THROWS_AS(trace::append(made, call, solved, std::vector<graph::ValueId>{sum}), einx::InternalError);
  CHECK_THROWS_AS(trace::append(made, call, solved, std::vector<graph::ValueId>{0, -1, -1}), einx::InternalError);
  CHECK(made == before);
}
