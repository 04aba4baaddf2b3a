// Private to the registry: dtype rules that rows name, and the row tables of the families.
#pragma once
#include "ops/ops.h"

namespace einx::detail::ops {

// --- dtype rules of operations.md 1 for one operand
/// bool and signed integers: i64; unsigned: u64; floats: same (sum, prod).
DType widened(DType dtype);
/// Integers and bool: f64; floats: same (mean, var, std).
DType averaged(DType dtype);
/// The float that represents every value of a small integer: 8 bits f16, 16 bits f32, wider f64; bool f16;
/// floats: same.
DType float_of(DType dtype);
inline DType unchanged(DType dtype) { return dtype; }

// --- of two operands
inline DType common(DType a, DType b) { return tensor::promote(a, b); }
DType true_quotient(DType a, DType b);   ///< P if that is a float, else f64
DType floor_quotient(DType a, DType b);  ///< P, but i8 for bools
DType log_sum(DType a, DType b);         ///< P if that is a float, else what the integers' floats promote to

/// What a scalar function computes in: f32 for f16 and bf16, else the dtype itself.
inline DType working(DType dtype) { return tensor::is_half(dtype) ? f32 : dtype; }

/// "sum: not for dtype bool", with what would do instead.
[[noreturn]] void dtype_not_supported(const Op& op, std::span<const DType> operands, std::string_view advice);

// --- the smallest and largest value, with infinities for floats: identities of max and min
tensor::Scalar lowest(DType dtype);
tensor::Scalar highest(DType dtype);

/// A row's parts that no other row of its family has; the rest of Op follows from the family.
constexpr Op make_op(notation::Family family, std::string_view name, int min_inputs, int max_inputs,
                     std::string_view summary, Resolved (*resolve)(const Op&, std::span<const DType>)) {
  Op op;
  op.name = name;
  op.summary = summary;
  op.family = family;
  op.min_inputs = min_inputs;
  op.max_inputs = max_inputs;
  op.second_operand_shorthand = family == notation::Family::Elementwise || family == notation::Family::Dot;
  op.keepdims = family == notation::Family::Reduce;
  op.resolve = resolve;
  return op;
}

// --- one file a family: its rows in the order of operations.md
std::vector<const Op*> move_rows();
std::vector<const Op*> elementwise_rows();
std::vector<const Op*> reduction_rows();
std::vector<const Op*> contract_rows();
std::vector<const Op*> rowwise_rows();
std::vector<const Op*> shuffle_rows();
std::vector<const Op*> index_rows();
std::vector<const Op*> order_rows();
/// to_bool, to_f32, ...: found by name, not listed (they have no place in the notation's own table).
std::vector<const Op*> conversion_rows();
/// A row of the user's by name; nullptr if there is none.
const Op* find_user_row(std::string_view name);

/// The addresses of a table's rows.
template <class Row, std::size_t n>
std::vector<const Op*> addresses(const Row (&rows)[n]) {
  std::vector<const Op*> out;
  for (const Row& row : rows) out.push_back(&row);
  return out;
}

}  // namespace einx::detail::ops
