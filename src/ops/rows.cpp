// From a row of passes to its meaning for concrete dtypes.
#include "ops/rows.h"

namespace einx::detail::ops {
namespace {

/// The operands' elements in the working dtype, multiplied.
Expr product(Args elements, DType work) {
  Expr out = cast(elements[0], work);
  for (std::size_t i = 1; i < elements.size(); ++i) out = out * cast(elements[i], work);
  return out;
}

/// Arguments of a pass's map: elements, accumulators of earlier passes, count, position.
Pass make_pass(const PassRow& row, const std::vector<DType>& operands,
               const std::vector<DType>& accumulators) {
  std::vector<DType> args = operands;
  args.insert(args.end(), accumulators.begin(), accumulators.end());
  args.insert(args.end(), {i64, i64});
  const std::size_t elements = operands.size();
  Pass pass;
  pass.map = function(args, [&](Args a) {
    const Expr x = product(a.first(elements), working(operands[0]));
    return row.map({x, a.subspan(elements, accumulators.size()), cast(a[a.size() - 2], x.dtype()), x});
  });
  const DType accumulator = pass.map.result_dtype();
  pass.combine = function({accumulator, accumulator}, row.combine);
  pass.identity = {row.identity(accumulator)};
  return pass;
}

/// Arguments: (elements and the last map's value if per element), accumulators, count.
ScalarFn make_result(const RowsOp& row, const std::vector<DType>& operands,
                     const std::vector<DType>& accumulators, DType output) {
  const DType work = working(operands[0]);
  std::vector<DType> args;
  if (row.per_element) {
    args = operands;
    args.push_back(accumulators.back());  // a pass maps to what it accumulates
  }
  const std::size_t first = args.size();
  args.insert(args.end(), accumulators.begin(), accumulators.end());
  args.push_back(i64);
  return function(args, [&](Args a) {
    const auto acc = a.subspan(first, accumulators.size());
    const Expr x = row.per_element ? product(a.first(operands.size()), work) : acc[0];
    const Expr mapped = row.per_element ? a[first - 1] : acc[0];
    return cast(row.result({x, acc, cast(a.back(), work), mapped}), output);
  });
}

}  // namespace

Resolved resolve_rows(const Op& op, std::span<const DType> operands) {
  const auto& row = static_cast<const RowsOp&>(op);
  const DType given = tensor::promote(operands);
  if (given == boolean && !row.bools)
    dtype_not_supported(op, operands, "Convert the operand to a float or an integer first.");
  Resolved out;
  out.operands.assign(operands.size(), row.operand(given));
  out.result = row.output(out.operands[0]);
  Rows rows;
  std::vector<DType> accumulators;
  for (const PassRow& pass : row.passes) {
    if (!pass.map) break;
    rows.passes.push_back(make_pass(pass, out.operands, accumulators));
    accumulators.push_back(rows.passes.back().map.result_dtype());
  }
  rows.result = make_result(row, out.operands, accumulators, out.result);
  rows.per_element = row.per_element;
  rows.nonempty = row.nonempty;
  out.meaning = std::move(rows);
  return out;
}

}  // namespace einx::detail::ops
