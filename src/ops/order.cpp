// argmax, argmin: coordinates of the first extreme element. The accumulator is a pair (value, position).
#include <array>
#include <limits>

#include "ops/expr.h"
#include "ops/rules.h"

namespace einx::detail::ops {
namespace {

struct ArgFind : Op {
  bool largest;
};

/// (value, position) of the better of two candidates: nan first, then the larger (smaller) value, then the
/// lower position.
std::array<Expr, 2> better(Args a, bool largest) {
  const Expr value = a[0], position = a[1], other = a[2], other_position = a[3];
  Expr beats = largest ? value < other : other < value;
  Expr ties = other == value;
  if (tensor::is_float(value.dtype())) {
    beats = beats || (is_nan(other) && !is_nan(value));
    ties = ties || (is_nan(other) && is_nan(value));
  }
  const Expr take = beats || (ties && other_position < position);
  return {select(take, other, value), select(take, other_position, position)};
}

Resolved resolve_arg_find(const Op& op, std::span<const DType> operands) {
  const bool largest = static_cast<const ArgFind&>(op).largest;
  const DType work = working(operands[0]);
  Pass pass;
  pass.map = function({operands[0], i64, i64}, [&](Args a) { return std::array{cast(a[0], work), a[2]}; });
  pass.combine = function({work, i64, work, i64}, [&](Args a) { return better(a, largest); });
  // Any element beats it: one of the same value has the lower position.
  pass.identity = {largest ? lowest(work) : highest(work),
                   tensor::make_scalar(std::numeric_limits<std::int64_t>::max(), i64)};

  Rows rows;
  rows.passes = {std::move(pass)};
  rows.result = function({work, i64, i64}, [](Args a) { return std::array{a[1]}; });
  rows.coordinates = true;
  rows.nonempty = true;
  return {{operands[0]}, i64, std::move(rows)};
}

constexpr Op arg_find(std::string_view name, std::string_view summary) {
  return make_op(notation::Family::ArgFind, name, 1, 1, summary, resolve_arg_find);
}

constexpr ArgFind kOrder[] = {
    {arg_find("argmax", "coordinates of the first largest element; nan counts as larger"), true},
    {arg_find("argmin", "coordinates of the first smallest element; nan counts as smaller"), false},
};

}  // namespace

std::vector<const Op*> order_rows() { return addresses(kOrder); }

}  // namespace einx::detail::ops
