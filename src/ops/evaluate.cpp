// The evaluator of scalar functions. Computes in the widest form of each kind (double, int64, uint64) and
// rounds or wraps to the node's dtype after every node; for + - * / sqrt on f32 that gives the correctly
// rounded f32 result (double has more than 2 * 24 + 2 bits).
#include <cmath>
#include <limits>

#include "ops/ops.h"
#include "support/support.h"

namespace einx::detail::ops {
namespace {

using tensor::Scalar;

Scalar float_result(double value, DType dtype) {
  Scalar out;
  out.dtype = dtype;
  out.f = dtype == f32 ? double(float(value)) : value;
  return dtype == f32 || dtype == f64 ? out : tensor::make_scalar(value, dtype);
}

Scalar signed_result(std::int64_t value, DType dtype) {
  Scalar out;
  out.dtype = i64;
  out.i = value;
  if (dtype == i64) return out;
  return tensor::convert(out, dtype);
}

Scalar unsigned_result(std::uint64_t value, DType dtype) {
  Scalar out;
  out.dtype = u64;
  out.u = value;
  if (dtype == u64) return out;
  return tensor::convert(out, dtype);
}

Scalar bool_result(bool value) {
  Scalar out;
  out.dtype = boolean;
  out.i = value ? 1 : 0;
  return out;
}

/// numpy's and Python's: the floor of the exact quotient, found with fmod, so that 1 // 0.1 is 9 although
/// 1 / 0.1 rounds to 10. x // 0 is x / 0, and inf // x is nan.
double floor_divide(double a, double b) {
  if (b == 0) return a / b;
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0 && (b < 0) != (remainder < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double floored = std::floor(quotient);
  return quotient - floored > 0.5 ? floored + 1 : floored;
}

/// By zero: 0. The lowest integer by -1 wraps.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return std::int64_t(0 - std::uint64_t(a));
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

double propagating(double a, double b, bool larger) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return larger ? (a > b ? a : b) : (a < b ? a : b);
}

// clang-format off
double float_op(Prim prim, double a, double b) {
  switch (prim) {
    case Prim::Add: return a + b;
    case Prim::Sub: return a - b;
    case Prim::Mul: return a * b;
    case Prim::Div: return a / b;
    case Prim::FloorDiv: return floor_divide(a, b);
    case Prim::Max: return propagating(a, b, true);
    case Prim::Min: return propagating(a, b, false);
    case Prim::Abs: return std::fabs(a);
    case Prim::Neg: return -a;
    case Prim::Exp: return std::exp(a);
    case Prim::Log: return std::log(a);
    case Prim::Log1p: return std::log1p(a);
    case Prim::Sqrt: return std::sqrt(a);
    case Prim::Floor: return std::floor(a);
    case Prim::Tanh: return std::tanh(a);
    case Prim::Erf: return std::erf(a);
    case Prim::Sin: return std::sin(a);
    case Prim::Cos: return std::cos(a);
    case Prim::Pow: return std::pow(a, b);
    default: support::internal_error("scalar function: not a primitive of floats");
  }
}

/// Modulo 2^64, which is right for every width after wrapping.
std::uint64_t wrapping_op(Prim prim, std::uint64_t a, std::uint64_t b) {
  switch (prim) {
    case Prim::Add: return a + b;
    case Prim::Sub: return a - b;
    case Prim::Mul: return a * b;
    case Prim::Neg: return 0 - a;
    default: support::internal_error("scalar function: not a primitive of integers");
  }
}

std::int64_t signed_op(Prim prim, std::int64_t a, std::int64_t b) {
  switch (prim) {
    case Prim::FloorDiv: return floor_divide(a, b);
    case Prim::Max: return a > b ? a : b;
    case Prim::Min: return a < b ? a : b;
    case Prim::Abs: return a < 0 ? std::int64_t(0 - std::uint64_t(a)) : a;
    default: return std::int64_t(wrapping_op(prim, std::uint64_t(a), std::uint64_t(b)));
  }
}

std::uint64_t unsigned_op(Prim prim, std::uint64_t a, std::uint64_t b) {
  switch (prim) {
    case Prim::FloorDiv: return b == 0 ? 0 : a / b;
    case Prim::Max: return a > b ? a : b;
    case Prim::Min: return a < b ? a : b;
    case Prim::Abs: return a;
    default: return wrapping_op(prim, a, b);
  }
}

bool bool_op(Prim prim, bool a, bool b) {
  switch (prim) {
    case Prim::Add: case Prim::Max: case Prim::Or: return a || b;
    case Prim::Mul: case Prim::Min: case Prim::And: return a && b;
    case Prim::Not: return !a;
    case Prim::Abs: return a;
    default: support::internal_error("scalar function: not a primitive of bool");
  }
}

// clang-format on

template <class T>
bool compare(Prim prim, T a, T b) {
  switch (prim) {
    case Prim::Lt: return a < b;
    case Prim::Le: return a <= b;
    case Prim::Eq: return a == b;
    default: return a != b;
  }
}

bool compare(Prim prim, const Scalar& a, const Scalar& b) {
  if (tensor::is_float(a.dtype)) return compare(prim, a.f, b.f);
  return tensor::is_unsigned(a.dtype) ? compare(prim, a.u, b.u) : compare(prim, a.i, b.i);
}

bool is_nonzero(const Scalar& a) { return tensor::is_float(a.dtype) ? a.f != 0 : a.u != 0; }

Scalar arithmetic(Prim prim, DType dtype, const Scalar& a, const Scalar& b) {
  if (tensor::is_float(dtype)) return float_result(float_op(prim, a.f, b.f), dtype);
  if (dtype == boolean) return bool_result(bool_op(prim, a.i != 0, b.i != 0));
  if (tensor::is_unsigned(dtype)) return unsigned_result(unsigned_op(prim, a.u, b.u), dtype);
  return signed_result(signed_op(prim, a.i, b.i), dtype);
}

// clang-format off
Scalar step(const ScalarNode& node, std::span<const Scalar> args, const Scalar* done) {
  // Unary primitives repeat their operand, so that no operand is ever missing below.
  const Scalar& a = node.args[0] >= 0 ? done[node.args[0]] : node.constant;
  const Scalar& b = node.args[1] >= 0 ? done[node.args[1]] : a;
  switch (node.prim) {
    case Prim::Arg: return args[node.arg];
    case Prim::Const: return node.constant;
    case Prim::Cast: return tensor::convert(a, node.dtype);
    case Prim::Lt: case Prim::Le: case Prim::Eq: case Prim::Ne: return bool_result(compare(node.prim, a, b));
    case Prim::NonZero: return bool_result(is_nonzero(a));
    case Prim::IsNan: return bool_result(tensor::is_float(a.dtype) && std::isnan(a.f));
    case Prim::Select: return a.i != 0 ? b : done[node.args[2]];
    default: return arithmetic(node.prim, node.dtype, a, b);
  }
}
// clang-format on

}  // namespace

void evaluate(const ScalarFn& fn, std::span<const Scalar> args, std::span<Scalar> results) {
  thread_local std::vector<Scalar> scratch;  // grows to the largest function seen; no allocation per element
  if (scratch.size() < fn.nodes.size()) scratch.resize(fn.nodes.size());
  Scalar* done = scratch.data();
  for (std::size_t i = 0; i < fn.nodes.size(); ++i) done[i] = step(fn.nodes[i], args, done);
  for (std::size_t k = 0; k < fn.results.size(); ++k) results[k] = done[fn.results[k]];
}

}  // namespace einx::detail::ops
