// dot and einsum: the sum over the bracketed axes of the product of all operands, in their common dtype.
#include "ops/rows.h"

namespace einx::detail::ops {
namespace {

constexpr Op contraction(notation::Family family, std::string_view name, int operands, std::string_view summary) {
  return make_op(family, name, operands, -1, summary, resolve_rows);
}

constexpr RowsOp kContractions[] = {
    // converted to, result dtype, passes, result
    {contraction(notation::Family::Dot, "dot", 2, "sum over the brackets of the product"),
     unchanged, unchanged, {kSum}, first_accumulator},
    {contraction(notation::Family::Einsum, "einsum", 1, "dot with any number of operands, each axis in any of them"),
     unchanged, unchanged, {kSum}, first_accumulator},
};

}  // namespace

std::vector<const Op*> contract_rows() { return addresses(kContractions); }

}  // namespace einx::detail::ops
