// Private to the registry: how reductions, dot and softmax are written. A row names its dtypes, one or two
// passes and a result.
#pragma once
#include "ops/expr.h"
#include "ops/rules.h"

namespace einx::detail::ops {

/// What a row's lambdas see. Everything they do not mention costs nothing: unused nodes are dropped.
struct Sight {
  Expr x;  ///< the element (dot: the product of the operands' elements), in the working dtype
  std::span<const Expr> acc;  ///< results of the passes before this one; in a result, of all
  Expr n;                     ///< number of elements of the sub-tensor, in the dtype of x
  Expr mapped;                ///< results per element only: what the last pass mapped x to
};
using Formula = Expr (*)(const Sight&);

struct PassRow {
  Formula map = nullptr;
  Expr (*combine)(Args) = nullptr;
  tensor::Scalar (*identity)(DType) = nullptr;
};

struct RowsOp : Op {
  DType (*operand)(DType) =
      unchanged;                       ///< dtype that the operands (dot: their common dtype) are converted to
  DType (*output)(DType) = unchanged;  ///< dtype of the result for that one
  PassRow passes[2];                   ///< the second may be missing
  Formula result = nullptr;
  bool per_element = false;
  bool nonempty = false;
  bool bools = true;  ///< defined for bool
};
Resolved resolve_rows(const Op& op, std::span<const DType> operands);

// --- the parts that rows share
inline Expr element(const Sight& s) { return s.x; }
inline Expr first_accumulator(const Sight& s) { return s.acc[0]; }
inline Expr add(Args a) { return a[0] + a[1]; }
inline tensor::Scalar zero(DType dtype) { return tensor::make_scalar(std::int64_t{0}, dtype); }
inline tensor::Scalar one(DType dtype) { return tensor::make_scalar(std::int64_t{1}, dtype); }
inline constexpr PassRow kSum = {element, add, zero};
inline constexpr PassRow kMax = {element, [](Args a) { return max(a[0], a[1]); }, lowest};
/// The largest number where every element is also looked at by a later pass, which brings a nan to the result: here it may be lost, and
/// the accumulator never is one. A single instruction.
inline constexpr PassRow kShift = {element, [](Args a) { return select(a[0] < a[1], a[1], a[0]); }, lowest};
inline constexpr PassRow kMin = {element, [](Args a) { return min(a[0], a[1]); }, highest};

}  // namespace einx::detail::ops
