#include "trace/trace.h"

namespace einx::detail::trace {
namespace {

bool weak(Operand::Kind kind) {
  return kind == Operand::Kind::WeakBool || kind == Operand::Kind::WeakInt ||
         kind == Operand::Kind::WeakFloat;
}

/// Operands whose elements are combined are in one group: the mask of `where` is tested, coordinates are
/// read, and neither has anything to do with the dtype of the other operands. Coordinates have a group each.
std::size_t group_of(const ops::Op& op, std::size_t operand, std::size_t count) {
  switch (op.family) {
    case notation::Family::GetAt:
      return operand;
    case notation::Family::UpdateAt:
      return operand + 1 == count ? 0 : operand;
    default:
      return op.name == "where" && operand == 0 ? 1 : 0;
  }
}

}  // namespace

DType weak_dtype(Operand::Kind kind, std::span<const DType> others) {
  const bool alone = others.empty();
  const DType common = alone ? DType::boolean : tensor::promote(others);
  switch (kind) {
    case Operand::Kind::WeakBool:
      return common;
    case Operand::Kind::WeakInt:
      return common == DType::boolean ? DType::i64 : common;
    case Operand::Kind::WeakFloat:
      return tensor::is_float(common) ? common : DType::f64;
    default:
      support::internal_error("only a plain number has a weak dtype");
  }
}

std::vector<DType> operand_dtypes(const ops::Op& op, std::span<const Operand> operands) {
  const auto group = [&](std::size_t k) { return group_of(op, k, operands.size()); };
  std::vector<DType> dtypes;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    if (!weak(operands[k].kind)) {
      dtypes.push_back(operands[k].type.dtype);
      continue;
    }
    std::vector<DType> others;
    for (std::size_t other = 0; other < operands.size(); ++other)
      if (group(other) == group(k) && !weak(operands[other].kind))
        others.push_back(operands[other].type.dtype);
    dtypes.push_back(weak_dtype(operands[k].kind, others));
  }
  return dtypes;
}

}  // namespace einx::detail::trace
