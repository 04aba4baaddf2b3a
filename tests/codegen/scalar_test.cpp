// Every primitive on every dtype, as scalars and as vectors, against ops::evaluate.
#include <doctest/doctest.h>

#include "codegen/values.h"

using namespace programs;
using ops::Prim;

namespace {

constexpr std::int64_t kCount = 301;

/// Units in the last place that a function may be off by: only those that we compute by polynomials.
double tolerance(Prim prim, DType dtype) {
  const bool inexact = prim == Prim::Exp || prim == Prim::Log || prim == Prim::Log1p || prim == Prim::Tanh ||
                       prim == Prim::Erf || prim == Prim::Sin || prim == Prim::Cos || prim == Prim::Pow;
  return !inexact ? 0 : tensor::is_half(dtype) ? 1 : 2;
}

struct Wrong {
  std::int64_t at = -1;
  double got = 0, wanted = 0;
};

/// The first element that differs from what evaluate says.
Wrong first_difference(const ops::ScalarFn& fn, const std::vector<std::vector<unsigned char>>& inputs,
                       const std::vector<unsigned char>& out, double allowed) {
  const DType result = fn.result_dtype();
  for (std::int64_t k = 0; k < kCount; ++k) {
    std::vector<tensor::Scalar> args;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      args.push_back(tensor::load(inputs[i].data() + std::size_t(k) * size_of(fn.args[i]), fn.args[i]));
    tensor::Scalar wanted[1];
    ops::evaluate(fn, args, wanted);
    const tensor::Scalar got = tensor::load(out.data() + std::size_t(k) * size_of(result), result);
    const bool same =
        tensor::is_float(result) ? ulps(got.f, wanted[0].f, result) <= allowed : got.u == wanted[0].u;
    if (!same) return {k, tensor::to_double(got), tensor::to_double(wanted[0])};
  }
  return {};
}

/// A scalar, half a small vector, several vectors of wide types; whole vectors of narrow ones where that does
/// not take long.
std::vector<int> lane_counts(const codegen::Target& target, const ops::ScalarFn& fn) {
  const int whole =
      target.machine.vector_bytes / int(std::max(size_of(fn.args[0]), size_of(fn.result_dtype())));
  const bool slow = fn.nodes.back().prim == Prim::FloorDiv;
  return whole > 16 && !slow ? std::vector<int>{1, 4, 16, whole} : std::vector<int>{1, 4, 16};
}

void check(const codegen::Target& target, const ops::ScalarFn& fn, double allowed) {
  std::vector<std::vector<unsigned char>> inputs;
  std::vector<const void*> pointers;
  for (std::size_t k = 0; k < fn.args.size(); ++k)
    inputs.push_back(test_values(fn.args[k], kCount, unsigned(k) + 1));
  for (const auto& input : inputs) pointers.push_back(input.data());
  for (const int lanes : lane_counts(target, fn)) {
    CAPTURE(lanes);
    std::vector<unsigned char> out(std::size_t(kCount) * 8 + 64);
    REQUIRE(run(*map_code(target, fn, kCount, lanes), pointers, {out.data()}) == EINX_OK);
    const Wrong wrong = first_difference(fn, inputs, out, allowed);
    CAPTURE(wrong.got);
    CAPTURE(wrong.wanted);
    CHECK(wrong.at == -1);
  }
}

struct Row {
  Prim prim;
  bool floats, integers, booleans;
};
const std::vector<Row> kArithmetic = {
    {Prim::Add, true, true, true},    {Prim::Sub, true, true, false},      {Prim::Mul, true, true, true},
    {Prim::Div, true, false, false},  {Prim::FloorDiv, true, true, false}, {Prim::Max, true, true, true},
    {Prim::Min, true, true, true},    {Prim::Abs, true, true, true},       {Prim::Neg, true, true, false},
    {Prim::Lt, true, true, true},     {Prim::Le, true, true, true},        {Prim::Eq, true, true, true},
    {Prim::Ne, true, true, true},     {Prim::And, false, false, true},     {Prim::Or, false, false, true},
    {Prim::Not, false, false, true},  {Prim::NonZero, true, true, true},   {Prim::IsNan, true, true, true},
    {Prim::Exp, true, false, false},  {Prim::Log, true, false, false},     {Prim::Log1p, true, false, false},
    {Prim::Sqrt, true, false, false}, {Prim::Floor, true, false, false},   {Prim::Tanh, true, false, false},
    {Prim::Erf, true, false, false},  {Prim::Sin, true, false, false},     {Prim::Cos, true, false, false},
    {Prim::Pow, true, false, false}};

bool takes(const Row& row, DType dtype) {
  if (dtype == boolean) return row.booleans;
  return tensor::is_float(dtype) ? row.floats : row.integers;
}

bool is_test(Prim prim) {
  return (prim >= Prim::Lt && prim <= Prim::Ne) || prim == Prim::NonZero || prim == Prim::IsNan;
}

}  // namespace

TEST_CASE("primitives give what ops::evaluate gives") {
  for (const codegen::Target& target : targets()) {
    for (const Row& row : kArithmetic) {
      for (const DType dtype : all_dtypes()) {
        if (!takes(row, dtype)) continue;
        CAPTURE(target.level);
        CAPTURE(ops::name_of(row.prim));
        CAPTURE(name_of(dtype));
        const std::vector<DType> args(std::size_t(ops::arity_of(row.prim)), dtype);
        check(target, function(row.prim, args, is_test(row.prim) ? boolean : dtype),
              tolerance(row.prim, dtype));
      }
    }
  }
}

TEST_CASE("conversions give what tensor::convert gives, for every pair of dtypes") {
  for (const codegen::Target& target : targets()) {
    for (const DType from : all_dtypes()) {
      for (const DType to : all_dtypes()) {
        CAPTURE(target.level);
        CAPTURE(name_of(from));
        CAPTURE(name_of(to));
        check(target, function(Prim::Cast, {from}, to), 0);
      }
    }
  }
}

TEST_CASE("select") {
  for (const codegen::Target& target : targets()) {
    for (const DType dtype : all_dtypes()) {
      CAPTURE(target.level);
      CAPTURE(name_of(dtype));
      check(target, function(Prim::Select, {boolean, dtype, dtype}, dtype), 0);
    }
  }
}

TEST_CASE("half to float and back is exact for every bit pattern") {
  for (const codegen::Target& target : targets()) {
    for (const DType half_type : {f16, bf16}) {
      CAPTURE(target.level);
      CAPTURE(name_of(half_type));
      std::vector<std::uint16_t> in(65536);
      for (std::size_t k = 0; k < in.size(); ++k) in[k] = std::uint16_t(k);
      std::vector<float> wide(in.size());
      std::vector<std::uint16_t> back(in.size());
      REQUIRE(run(*map_code(target, function(Prim::Cast, {half_type}, f32), 65536, 16), {in.data()},
                  {wide.data()}) == EINX_OK);
      REQUIRE(run(*map_code(target, function(Prim::Cast, {f32}, half_type), 65536, 16), {wide.data()},
                  {back.data()}) == EINX_OK);
      std::size_t differing = 0;
      for (std::size_t k = 0; k < in.size(); ++k) {
        const bool nan = std::isnan(tensor::load(&in[k], half_type).f);
        differing += nan ? !std::isnan(tensor::load(&back[k], half_type).f) : in[k] != back[k];
      }
      CHECK(differing == 0);
    }
  }
}
