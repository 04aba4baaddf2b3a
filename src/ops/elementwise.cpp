// Elementwise operations: one row is one operation. Those of any number of operands fold their row's meaning
// from the left.
#include <array>
#include <limits>

#include "ops/expr.h"
#include "ops/rules.h"

namespace einx::detail::ops {
namespace {

constexpr double kLog2 = 0.693147180559945309417232121458;

struct Elementwise : Op {
  DType (*together)(DType, DType);  ///< dtype in which two operands meet; nullptr: each keeps its own
  bool to_bool;                     ///< the result is bool, not the dtype they meet in
  Expr (*meaning)(Args);
};

/// max + log1p(exp(-|x - y|)); equal operands apart, because inf - inf is nan.
Expr log_add_exp(Expr x, Expr y) {
  return select(x == y, x + like(x, kLog2), max(x, y) + log1p(exp(-abs(x - y))));
}

/// The longer side times sqrt(1 + (shorter / longer)^2), so that no square overflows or vanishes.
Expr by_ratio(Expr x, Expr y) {
  const Expr longer = max(abs(x), abs(y)), shorter = min(abs(x), abs(y));
  const Expr ratio = select(longer == like(x, 0), longer, shorter / longer);
  return longer * sqrt(like(x, 1) + ratio * ratio);
}

/// Squares of an f32 fit an f64, which rounds once. An infinite side decides, also beside a nan (IEEE 754-2019, 9.2.1).
Expr hypotenuse(Expr x, Expr y) {
  const auto squared = [](Expr a) { return cast(a, f64) * cast(a, f64); };
  const Expr length = x.dtype() == f64 ? by_ratio(x, y) : cast(sqrt(squared(x) + squared(y)), x.dtype());
  const Expr infinity = like(x, std::numeric_limits<double>::infinity());
  return select(abs(x) == infinity || abs(y) == infinity, infinity, length);
}

Resolved resolve_fold(const Op& op, std::span<const DType> operands) {
  const auto& row = static_cast<const Elementwise&>(op);
  Resolved out;
  out.operands.assign(operands.begin(), operands.end());
  out.result = operands[0];
  for (std::size_t i = 1; i < operands.size(); ++i) {
    // The dtype that the first i operands met in meets the next: what folding two at a time does.
    const DType met = row.together ? row.together(out.result, operands[i]) : boolean;
    if (row.together) out.operands[i] = met;
    if (row.together && i == 1) out.operands[0] = met;
    out.result = row.to_bool ? boolean : met;
  }
  const auto at_work = [&](Expr value, DType met) {
    return cast(value, working(row.together ? met : value.dtype()));
  };
  out.meaning = Map{function(out.operands, [&](Args a) {
    Expr all = a[0];
    for (std::size_t i = 1; i < a.size(); ++i) {
      const std::array pair = {at_work(all, out.operands[i]), at_work(a[i], out.operands[i])};
      all = row.meaning(pair);
    }
    return cast(all, out.result);
  })};
  return out;
}

Resolved resolve_subtract(const Op& op, std::span<const DType> operands) {
  if (tensor::promote(operands) == boolean)
    dtype_not_supported(op, operands,
                        "Use not_equal for the exclusive or of bools, or convert one operand to an integer.");
  return resolve_fold(op, operands);
}

Resolved resolve_where(const Op&, std::span<const DType> operands) {
  Resolved out;
  out.result = tensor::promote(operands[1], operands[2]);
  out.operands = {operands[0], out.result, out.result};
  out.meaning = Map{function(out.operands, [&](Args a) {
    const DType work = working(out.result);
    const Expr mask = nonzero(cast(a[0], working(a[0].dtype())));
    return cast(select(mask, cast(a[1], work), cast(a[2], work)), out.result);
  })};
  return out;
}

// ---------------------------------------------------------------- one operand
struct Unary : Op {
  DType (*operand)(DType);  ///< dtype that it is converted to, and that of the result
  bool bools;               ///< defined for bool
  Expr (*meaning)(Expr);
};

Resolved resolve_unary(const Op& op, std::span<const DType> operands) {
  const auto& row = static_cast<const Unary&>(op);
  if (operands[0] == boolean && !row.bools)
    dtype_not_supported(op, operands, "Convert the operand to an integer first.");
  Resolved out;
  out.result = row.operand(operands[0]);
  out.operands = {out.result};
  out.meaning = Map{function(
      out.operands, [&](Args a) { return cast(row.meaning(cast(a[0], working(out.result))), out.result); })};
  return out;
}

constexpr Unary unary(std::string_view name, DType (*operand)(DType), Expr (*meaning)(Expr),
                      std::string_view summary, bool bools = true) {
  return {make_op(notation::Family::Elementwise, name, 1, 1, summary, resolve_unary), operand, bools,
          meaning};
}

// clang-format off
constexpr Unary kUnary[] = {
    //    name        converted to  meaning
    unary("abs",      unchanged, [](Expr a) { return abs(a); },   "absolute value; the lowest integer wraps"),
    unary("negative", unchanged, [](Expr a) { return -a; },       "-x; not for bools", false),
    unary("exp",      float_of,  [](Expr a) { return exp(a); },   "e to the power x"),
    unary("log",      float_of,  [](Expr a) { return log(a); },   "natural logarithm; -inf at 0, nan below"),
    unary("log1p",    float_of,  [](Expr a) { return log1p(a); }, "log(1 + x), exact near 0"),
    unary("sqrt",     float_of,  [](Expr a) { return sqrt(a); },  "square root; nan below 0"),
    unary("tanh",     float_of,  [](Expr a) { return tanh(a); },  "hyperbolic tangent"),
    unary("erf",      float_of,  [](Expr a) { return erf(a); },   "error function"),
    unary("sin",      float_of,  [](Expr a) { return sin(a); },   "sine of x in radians"),
    unary("cos",      float_of,  [](Expr a) { return cos(a); },   "cosine of x in radians"),
    unary("floor",    unchanged, [](Expr a) { return tensor::is_float(a.dtype()) ? floor(a) : a; },
          "largest integer that is not above x; integers are themselves"),
};
// clang-format on

// ---------------------------------------------------------------- conversions
struct Conversion : Op {
  DType to;
};

Resolved resolve_conversion(const Op& op, std::span<const DType> operands) {
  Resolved out;
  out.result = static_cast<const Conversion&>(op).to;
  out.operands = {operands[0]};
  out.meaning = Map{function(out.operands, [&](Args a) { return cast(a[0], out.result); })};
  return out;
}

constexpr Conversion conversion(std::string_view name, DType to) {
  return {make_op(notation::Family::Elementwise, name, 1, 1, "x converted with C++ rules", resolve_conversion),
          to};
}

constexpr Conversion kConversions[] = {
    conversion("to_bool", boolean), conversion("to_i8", i8),   conversion("to_i16", i16),
    conversion("to_i32", i32),      conversion("to_i64", i64), conversion("to_u8", u8),
    conversion("to_u16", u16),      conversion("to_u32", u32), conversion("to_u64", u64),
    conversion("to_f16", f16),      conversion("to_bf16", bf16), conversion("to_f32", f32),
    conversion("to_f64", f64),
};

constexpr int kAny = -1;

constexpr Elementwise row(std::string_view name, int operands, DType (*together)(DType, DType), bool to_bool,
                          Expr (*meaning)(Args), std::string_view summary,
                          Resolved (*resolve)(const Op&, std::span<const DType>) = resolve_fold) {
  return {make_op(notation::Family::Elementwise, name, operands == kAny ? 1 : operands, operands, summary,
                  resolve),
          together, to_bool, meaning};
}

// clang-format off
constexpr Elementwise kElementwise[] = {
    //  name          operands  meet in     bool   meaning of two
    row("add",           kAny, common,         false, [](Args a) { return a[0] + a[1]; },
        "sum of all operands; or of bools"),
    row("subtract",      2,    common,         false, [](Args a) { return a[0] - a[1]; },
        "x - y; not for bools", resolve_subtract),
    row("multiply",      kAny, common,         false, [](Args a) { return a[0] * a[1]; },
        "product of all operands; and of bools"),
    row("true_divide",   2,    true_quotient,  false, [](Args a) { return a[0] / a[1]; },
        "x / y in floating point"),
    row("divide",        2,    true_quotient,  false, [](Args a) { return a[0] / a[1]; },
        "another name of true_divide"),
    row("floor_divide",  2,    floor_quotient, false, [](Args a) { return floor_divide(a[0], a[1]); },
        "x / y rounded toward -inf; integer x // 0 is 0"),
    row("maximum",       kAny, common,         false, [](Args a) { return max(a[0], a[1]); },
        "largest operand; nan if any is"),
    row("minimum",       kAny, common,         false, [](Args a) { return min(a[0], a[1]); },
        "smallest operand; nan if any is"),
    row("less",          2,    common,         true,  [](Args a) { return a[0] < a[1]; }, "x < y"),
    row("less_equal",    2,    common,         true,  [](Args a) { return a[0] <= a[1]; }, "x <= y"),
    row("greater",       2,    common,         true,  [](Args a) { return a[1] < a[0]; }, "x > y"),
    row("greater_equal", 2,    common,         true,  [](Args a) { return a[1] <= a[0]; }, "x >= y"),
    row("equal",         2,    common,         true,  [](Args a) { return a[0] == a[1]; },
        "x == y; false for nan"),
    row("not_equal",     2,    common,         true,  [](Args a) { return a[0] != a[1]; },
        "x != y; true for nan"),
    row("logical_and",   kAny, nullptr,        true,  [](Args a) { return nonzero(a[0]) && nonzero(a[1]); },
        "all operands are non-zero"),
    row("logical_or",    kAny, nullptr,        true,  [](Args a) { return nonzero(a[0]) || nonzero(a[1]); },
        "any operand is non-zero"),
    row("logaddexp",     kAny, log_sum,        false, [](Args a) { return log_add_exp(a[0], a[1]); },
        "log(exp(x) + exp(y)) without overflow"),
    row("pow",           2,    true_quotient,  false, [](Args a) { return pow(a[0], a[1]); },
        "x to the power y in floating point"),
    row("hypot",         2,    log_sum,        false, [](Args a) { return hypotenuse(a[0], a[1]); },
        "sqrt(x^2 + y^2) without overflow"),
    row("where",         3,    nullptr,        false, nullptr,
        "x where the mask is non-zero, else y", resolve_where),
};
// clang-format on

}  // namespace

std::vector<const Op*> elementwise_rows() {
  std::vector<const Op*> rows = addresses(kElementwise), unary_rows = addresses(kUnary);
  rows.insert(rows.end(), unary_rows.begin(), unary_rows.end());
  return rows;
}

std::vector<const Op*> conversion_rows() { return addresses(kConversions); }

}  // namespace einx::detail::ops
