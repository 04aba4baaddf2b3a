// Reductions of the bracketed sub-tensor to one value: one row is one operation.
#include <limits>

#include "ops/rows.h"

namespace einx::detail::ops {
namespace {

DType always_bool(DType) { return boolean; }
DType always_i64(DType) { return i64; }

Expr is_nonzero(const Sight& s) { return nonzero(s.x); }
Expr counted(const Sight& s) { return cast(nonzero(s.x), i64); }
Expr mean_of(const Sight& s) { return s.acc[0] / s.n; }
Expr variance(const Sight& s) { return s.acc[1] / s.n; }

/// The second pass of var and std: deviations from the mean, squared (population: no correction of n).
Expr squared_deviation(const Sight& s) {
  const Expr deviation = s.x - mean_of(s);
  return deviation * deviation;
}

/// The maximum if it is finite (or nan), else 0, so that x - shift is never inf - inf: all -inf give -inf,
/// any +inf gives +inf.
Expr shift(const Sight& s) {
  const Expr maximum = s.acc[0];
  return select(abs(maximum) == like(maximum, std::numeric_limits<double>::infinity()), like(maximum, 0),
                maximum);
}

constexpr PassRow kAll = {is_nonzero, [](Args a) { return a[0] && a[1]; }, one};
constexpr PassRow kAny = {is_nonzero, [](Args a) { return a[0] || a[1]; }, zero};
constexpr PassRow kCount = {counted, add, zero};
constexpr PassRow kProduct = {element, [](Args a) { return a[0] * a[1]; }, one};
constexpr PassRow kSquares = {squared_deviation, add, zero};
constexpr PassRow kExponentials = {[](const Sight& s) { return exp(s.x - shift(s)); }, add, zero};

constexpr Op reduce(std::string_view name, std::string_view summary) {
  return make_op(notation::Family::Reduce, name, 1, 1, summary, resolve_rows);
}

// clang-format off
constexpr RowsOp kReductions[] = {
    // converted to, result dtype, passes, result (, per element, not empty, of bools)
    {reduce("sum", "sum of the elements; integers in 64 bits"),
     widened, unchanged, {kSum}, first_accumulator},
    {reduce("mean", "arithmetic mean; integers in f64"),
     averaged, unchanged, {kSum}, mean_of},
    {reduce("var", "population variance; integers in f64"),
     averaged, unchanged, {kSum, kSquares}, variance},
    {reduce("std", "population standard deviation; integers in f64"),
     averaged, unchanged, {kSum, kSquares}, [](const Sight& s) { return sqrt(variance(s)); }},
    {reduce("prod", "product of the elements; integers in 64 bits"),
     widened, unchanged, {kProduct}, first_accumulator},
    {reduce("count_nonzero", "number of elements that are not zero"),
     unchanged, always_i64, {kCount}, first_accumulator},
    {reduce("any", "whether an element is not zero"),
     unchanged, always_bool, {kAny}, first_accumulator},
    {reduce("all", "whether every element is not zero"),
     unchanged, always_bool, {kAll}, first_accumulator},
    {reduce("max", "largest element; nan if any is"),
     unchanged, unchanged, {kMax}, first_accumulator, false, true},
    {reduce("min", "smallest element; nan if any is"),
     unchanged, unchanged, {kMin}, first_accumulator, false, true},
    {reduce("logsumexp", "log of the sum of exponentials without overflow"),
     float_of, unchanged, {kShift, kExponentials}, [](const Sight& s) { return shift(s) + log(s.acc[1]); },
     false, false, false},
};
// clang-format on

}  // namespace

std::vector<const Op*> reduction_rows() { return addresses(kReductions); }

}  // namespace einx::detail::ops
