// What the elementwise rows compute, element for element.
#include <doctest/doctest.h>

#include "ops/ops.h"
#include "values.h"

using namespace einx;
using namespace einx::detail;
using values::inf;
using values::NaN;

namespace {

double apply(std::string_view name, const std::vector<DType>& dtypes, const std::vector<double>& numbers) {
  const ops::Op& op = ops::get(name);
  const ops::Resolved resolved = op.resolve(op, dtypes);
  std::vector<tensor::Scalar> args = values::scalars(dtypes, numbers);
  for (std::size_t i = 0; i < args.size(); ++i) args[i] = tensor::convert(args[i], resolved.operands[i]);
  tensor::Scalar result;
  ops::evaluate(std::get<ops::Map>(resolved.meaning).fn, args, std::span(&result, 1));
  CHECK(result.dtype == resolved.result);
  return tensor::to_double(result);
}

}  // namespace

TEST_CASE("elementwise operations on one dtype") {
  struct Row {
    std::string_view op;
    DType dtype;
    std::vector<double> args;
    double result;
  };
  const Row rows[] = {
      {"add", f32, {1.5, 2, 4}, 7.5},
      {"add", i8, {100, 100, 100}, 44},
      {"add", boolean, {0, 1, 1}, 1},
      {"add", f16, {2048, 1, 1}, 2050},  // rounded once, at the end
      {"add", f32, {NaN}, NaN},
      {"multiply", boolean, {1, 1, 0}, 0},
      {"multiply", f64, {2, 3, 4, 5}, 120},
      {"subtract", u8, {1, 2}, 255},
      {"subtract", f32, {inf, inf}, NaN},
      {"true_divide", i8, {1, 4}, 0.25},
      {"true_divide", boolean, {1, 0}, inf},
      {"divide", f32, {0, 0}, NaN},
      {"divide", i64, {-1, 0}, -inf},
      {"floor_divide", i32, {-7, 2}, -4},
      {"floor_divide", i8, {-128, -1}, -128},
      {"floor_divide", u16, {7, 0}, 0},
      {"floor_divide", boolean, {1, 1}, 1},
      {"floor_divide", boolean, {1, 0}, 0},
      {"floor_divide", f32, {-1, 0}, -inf},
      {"floor_divide", bf16, {-7, 2}, -4},
      {"maximum", f32, {1, NaN, 3}, NaN},
      {"maximum", i8, {-5, 3, 2}, 3},
      {"maximum", boolean, {0, 1}, 1},
      {"minimum", f32, {NaN, 1}, NaN},
      {"minimum", u64, {5, 3, 9}, 3},
      {"minimum", boolean, {0, 1}, 0},
      {"less", f32, {1, 2}, 1},
      {"less", f32, {NaN, 2}, 0},
      {"less", boolean, {0, 1}, 1},
      {"less_equal", i8, {2, 2}, 1},
      {"greater", f32, {1, 2}, 0},
      {"greater", f16, {NaN, NaN}, 0},
      {"greater_equal", u8, {200, 100}, 1},
      {"equal", f32, {NaN, NaN}, 0},
      {"equal", f32, {0, -0.0}, 1},
      {"not_equal", f32, {NaN, NaN}, 1},
      {"not_equal", i32, {3, 3}, 0},
      {"logical_and", f32, {NaN, 2, -1}, 1},
      {"logical_and", i8, {1, 0}, 0},
      {"logical_and", i8, {7}, 7},  // a single operand is returned unchanged
      {"logical_or", f32, {0, -0.0}, 0},
      {"logical_or", u8, {0, 0, 4}, 1},
      {"logaddexp", f64, {inf, -inf}, inf},
      {"logaddexp", f64, {inf, inf}, inf},
      {"logaddexp", f64, {-inf, inf}, inf},
      {"logaddexp", f64, {5, inf}, inf},
      {"logaddexp", f64, {-inf, -inf}, -inf},
      {"logaddexp", f64, {-inf, 3}, 3},
      {"logaddexp", f64, {NaN, inf}, NaN},
      {"logaddexp", f64, {-inf, NaN}, NaN},
      {"logaddexp", f64, {1000, 1000}, 1000.693147180559945},
      {"logaddexp", f64, {0, 1}, 1.3132616875182228},
      {"logaddexp", f32, {0, 0, 0}, 1.0986122886681098},
      {"logaddexp", f64, {-1000, -1001}, -999.6867383124818},
      {"logaddexp", boolean, {1, 1}, 1.693147180559945},
      {"logaddexp", bf16, {2, 2}, 2.693147180559945},
      {"hypot", f32, {3, -4}, 5},
      {"hypot", f32, {-12, 5}, 13},
      {"hypot", f64, {0, -0.0}, 0},
      {"hypot", f32, {3e38, 0}, 3e38f},
      {"hypot", f64, {3e300, 4e300}, 5e300},
      {"hypot", f64, {3e-300, 4e-300}, 5e-300},
      {"hypot", f16, {30000, 40000}, 50000},
      {"hypot", f64, {inf, -inf}, inf},
      {"hypot", f64, {-inf, NaN}, inf},
      {"hypot", f64, {NaN, inf}, inf},
      {"hypot", f64, {NaN, 1}, NaN},
      {"where", f32, {NaN, 1, 2}, 1},
      {"where", f32, {-0.0, 1, 2}, 2},
      {"where", boolean, {1, 0, 1}, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.op);
    CAPTURE(name_of(row.dtype));
    CAPTURE(row.args[0]);
    const double tolerance = row.op == "logaddexp" || row.op == "hypot" ? values::tolerance_of(row.op == "logaddexp" && row.dtype == boolean ? f16 : row.dtype) : 0;
    CHECK(values::close(apply(row.op, std::vector<DType>(row.args.size(), row.dtype), row.args), row.result, tolerance));
  }
}

TEST_CASE("elementwise operations on mixed dtypes") {
  struct Row {
    std::string_view op;
    std::vector<DType> dtypes;
    std::vector<double> args;
    double result;
  };
  const Row rows[] = {
      {"add", {u8, i8}, {255, -128}, 127},
      {"add", {i32, f32}, {16777217, 1}, 16777218},       // meets in f64
      {"add", {boolean, boolean, i8}, {1, 1, 1}, 2},      // folded from the left: (1 or 1) + 1
      {"add", {i8, i8, i32}, {100, 100, 0}, -56},         // the first two wrap before they meet i32
      {"less", {u8, i8}, {200, -1}, 0},
      {"equal", {f16, bf16}, {1.0009765625, 1}, 0},       // f32 holds both
      {"where", {i8, i32, f32}, {0, 1, 2.5}, 2.5},
      {"where", {f32, i8, i32}, {0.25, -1, 70000}, -1},   // the mask is not converted: 0.25 is true
      {"logical_and", {f32, i8}, {0.25, 1}, 1},
      {"floor_divide", {boolean, u8}, {1, 2}, 0},
      {"true_divide", {i8, f16}, {1, 4}, 0.25},
  };
  for (const Row& row : rows) {
    CAPTURE(row.op);
    CAPTURE(values::names(row.dtypes));
    CHECK(values::close(apply(row.op, row.dtypes, row.args), row.result, 0));
  }
}

TEST_CASE("many operands") {
  const std::vector<DType> dtypes(300, i32);
  const std::vector<double> ones(300, 1);
  CHECK(apply("add", dtypes, ones) == 300);
  CHECK(apply("multiply", dtypes, ones) == 1);
}
