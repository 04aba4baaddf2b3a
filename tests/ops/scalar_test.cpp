// The primitives, one by one, as the evaluator interprets them; and the text of a function.
#include <doctest/doctest.h>

#include "ops/ops.h"
#include "values.h"

using namespace einx;
using namespace einx::detail;
using ops::Prim;
using values::inf;
using values::NaN;

namespace {

/// A function of one primitive.
ops::ScalarFn single(Prim prim, const std::vector<DType>& args, DType result) {
  ops::ScalarFn fn;
  fn.args = args;
  ops::ScalarNode node;
  node.prim = prim;
  node.dtype = result;
  for (int i = 0; i < int(args.size()); ++i) {
    ops::ScalarNode arg;
    arg.dtype = args[i];
    arg.arg = i;
    fn.nodes.push_back(arg);
    node.args[i] = i;
  }
  fn.nodes.push_back(node);
  fn.results = {int(args.size())};
  return fn;
}

tensor::Scalar run(const ops::ScalarFn& fn, const std::vector<double>& numbers) {
  tensor::Scalar result;
  ops::evaluate(fn, values::scalars(fn.args, numbers), std::span(&result, 1));
  return result;
}

bool to_bool(Prim prim) {
  return prim == Prim::Lt || prim == Prim::Le || prim == Prim::Eq || prim == Prim::Ne || prim == Prim::NonZero || prim == Prim::IsNan;
}

}  // namespace

TEST_CASE("primitives of operands of one dtype") {
  struct Row {
    Prim prim;
    DType dtype;
    std::vector<double> args;
    double result;
  };
  const Row rows[] = {
      {Prim::Add, f32, {16777216, 1}, 16777216},  // rounds to f32
      {Prim::Add, f64, {16777216, 1}, 16777217},
      {Prim::Add, f16, {2048, 1}, 2048},
      {Prim::Add, bf16, {256, 1}, 256},
      {Prim::Add, i8, {127, 1}, -128},
      {Prim::Add, u8, {255, 2}, 1},
      {Prim::Add, i16, {32767, 1}, -32768},
      {Prim::Add, i32, {2147483647, 1}, -2147483648.0},
      {Prim::Add, u32, {4294967295.0, 2}, 1},
      {Prim::Add, boolean, {1, 1}, 1},
      {Prim::Mul, boolean, {1, 0}, 0},
      {Prim::Mul, boolean, {1, 1}, 1},
      {Prim::Mul, i8, {-128, -1}, -128},
      {Prim::Mul, u16, {65535, 65535}, 1},
      {Prim::Sub, u8, {0, 1}, 255},
      {Prim::Sub, f64, {inf, inf}, NaN},
      {Prim::Div, f32, {1, 0}, inf},
      {Prim::Div, f32, {-1, 0}, -inf},
      {Prim::Div, f32, {0, 0}, NaN},
      {Prim::Div, f32, {1, 3}, double(1.0f / 3.0f)},
      {Prim::FloorDiv, i32, {-7, 2}, -4},
      {Prim::FloorDiv, i32, {7, -2}, -4},
      {Prim::FloorDiv, i32, {-8, 2}, -4},
      {Prim::FloorDiv, i32, {-7, -2}, 3},
      {Prim::FloorDiv, i32, {5, 0}, 0},
      {Prim::FloorDiv, u8, {5, 0}, 0},
      {Prim::FloorDiv, u8, {255, 2}, 127},
      {Prim::FloorDiv, i8, {-128, -1}, -128},
      {Prim::FloorDiv, i32, {-2147483648.0, -1}, -2147483648.0},
      {Prim::FloorDiv, f64, {-7, 2}, -4},
      {Prim::FloorDiv, f64, {1, 0.1}, 9},  // the exact quotient is below 10
      {Prim::FloorDiv, f64, {1, 0}, inf},
      {Prim::FloorDiv, f64, {-1, 0}, -inf},
      {Prim::FloorDiv, f64, {0, 0}, NaN},
      {Prim::FloorDiv, f64, {inf, 1}, NaN},
      {Prim::FloorDiv, f64, {-5, inf}, -1},
      {Prim::FloorDiv, f64, {5, inf}, 0},
      {Prim::Max, f32, {1, NaN}, NaN},
      {Prim::Max, f32, {NaN, 1}, NaN},
      {Prim::Min, f32, {NaN, -inf}, NaN},
      {Prim::Max, f32, {-inf, 2}, 2},
      {Prim::Min, i8, {-128, 127}, -128},
      {Prim::Max, u8, {200, 100}, 200},
      {Prim::Max, boolean, {0, 1}, 1},
      {Prim::Min, boolean, {0, 1}, 0},
      {Prim::Abs, i8, {-128}, -128},
      {Prim::Abs, i32, {-5}, 5},
      {Prim::Abs, f32, {-inf}, inf},
      {Prim::Abs, u8, {200}, 200},
      {Prim::Neg, u8, {1}, 255},
      {Prim::Neg, f32, {-2}, 2},
      {Prim::Lt, f32, {NaN, 1}, 0},
      {Prim::Le, f32, {NaN, NaN}, 0},
      {Prim::Eq, f32, {NaN, NaN}, 0},
      {Prim::Ne, f32, {NaN, NaN}, 1},
      {Prim::Eq, f32, {0.0, -0.0}, 1},
      {Prim::Lt, i8, {-1, 1}, 1},
      {Prim::Lt, u8, {255, 1}, 0},
      {Prim::Le, boolean, {0, 1}, 1},
      {Prim::NonZero, f32, {NaN}, 1},
      {Prim::NonZero, f32, {-0.0}, 0},
      {Prim::NonZero, i8, {-1}, 1},
      {Prim::IsNan, f32, {NaN}, 1},
      {Prim::IsNan, f32, {inf}, 0},
      {Prim::And, boolean, {1, 0}, 0},
      {Prim::Or, boolean, {1, 0}, 1},
      {Prim::Not, boolean, {0}, 1},
      {Prim::Exp, f64, {-inf}, 0},
      {Prim::Log, f64, {0}, -inf},
      {Prim::Log, f64, {-1}, NaN},
      {Prim::Log1p, f64, {1e-20}, 1e-20},
      {Prim::Sqrt, f32, {2}, double(std::sqrt(2.0f))},
      {Prim::Floor, f32, {-1.5}, -2},
      {Prim::Tanh, f64, {inf}, 1},
      {Prim::Exp, f16, {12}, inf},  // rounded to the node's dtype: e^12 is beyond f16
  };
  for (const Row& row : rows) {
    CAPTURE(ops::name_of(row.prim));
    CAPTURE(name_of(row.dtype));
    CAPTURE(row.args[0]);
    const DType result_dtype = to_bool(row.prim) ? boolean : row.dtype;
    const tensor::Scalar result = run(single(row.prim, std::vector<DType>(row.args.size(), row.dtype), result_dtype), row.args);
    CHECK(result.dtype == result_dtype);
    CHECK(values::close(tensor::to_double(result), row.result, 0));
  }
}

TEST_CASE("64-bit integers wrap and divide without traps") {
  const auto of = [](Prim prim, std::int64_t a, std::int64_t b) {
    const std::vector<tensor::Scalar> args = {tensor::make_scalar(a, i64), tensor::make_scalar(b, i64)};
    tensor::Scalar result;
    ops::evaluate(single(prim, {i64, i64}, i64), args, std::span(&result, 1));
    return result.i;
  };
  CHECK(of(Prim::Add, INT64_MAX, 1) == INT64_MIN);
  CHECK(of(Prim::Sub, INT64_MIN, 1) == INT64_MAX);
  CHECK(of(Prim::Mul, INT64_MIN, -1) == INT64_MIN);
  CHECK(of(Prim::FloorDiv, INT64_MIN, -1) == INT64_MIN);
  CHECK(of(Prim::FloorDiv, INT64_MIN, 0) == 0);
  CHECK(of(Prim::Add, 9007199254740993, 0) == 9007199254740993);  // not by way of double
}

TEST_CASE("casts and selections") {
  CHECK(run(single(Prim::Cast, {f32}, i32), {-2.9}).i == -2);
  CHECK(run(single(Prim::Cast, {f32}, boolean), {NaN}).i == 1);
  CHECK(run(single(Prim::Cast, {i32}, u8), {-1}).u == 255);
  CHECK(run(single(Prim::Cast, {boolean}, f64), {1}).f == 1);
  const ops::ScalarFn select = single(Prim::Select, {boolean, f32, f32}, f32);
  CHECK(run(select, {1, 3, NaN}).f == 3);
  CHECK(std::isnan(run(select, {0, 3, NaN}).f));
}

TEST_CASE("several results may overwrite the arguments") {
  const ops::Op& op = ops::get("argmax");
  const std::vector<DType> dtypes = {f32};
  const ops::Resolved resolved = op.resolve(op, dtypes);
  const ops::Pass& pass = std::get<ops::Rows>(resolved.meaning).passes[0];
  std::vector<tensor::Scalar> pair = values::scalars({f32, i64, f32, i64}, {1, 7, 5, 3});
  ops::evaluate(pass.combine, pair, std::span(pair).first(2));
  CHECK(pair[0].f == 5);
  CHECK(pair[1].i == 3);
}

TEST_CASE("text of a function") {
  const auto text_of = [](std::string_view name, const std::vector<DType>& dtypes) {
    const ops::Op& op = ops::get(name);
    return ops::text(std::get<ops::Map>(op.resolve(op, dtypes).meaning).fn);
  };
  CHECK(text_of("add", {f32, f32}) == "(f32, f32) -> t2 = add(a0, a1); t2");
  CHECK(text_of("add", {i8}) == "(i8) -> a0");
  CHECK(text_of("subtract", {f16, f16}) == "(f16, f16) -> t2 = cast(a0, f32); t3 = cast(a1, f32); t4 = sub(t2, t3); t5 = cast(t4, f16); t5");
  CHECK(text_of("logaddexp", {f64, f64}).find("0.6931471805599453") != std::string::npos);
  CHECK(text_of("where", {boolean, i32, i32}) == "(bool, i32, i32) -> t3 = select(a0, a1, a2); t3");
  CHECK_FALSE(std::get<ops::Map>(ops::get("add").resolve(ops::get("add"), std::vector{f32}).meaning).fn.uses(1));
}
