// dot: the sum over the bracketed axes of the product of all operands, in their common dtype.
#include "ops/rows.h"

namespace einx::detail::ops {
namespace {

constexpr Op dot(std::string_view name, std::string_view summary) {
  return make_op(notation::Family::Dot, name, 2, -1, summary, resolve_rows);
}

constexpr RowsOp kContractions[] = {
    // converted to, result dtype, passes, result
    {dot("dot", "sum over the brackets of the product"), unchanged, unchanged, {kSum}, first_accumulator},
};

}  // namespace

std::vector<const Op*> contract_rows() { return addresses(kContractions); }

}  // namespace einx::detail::ops
