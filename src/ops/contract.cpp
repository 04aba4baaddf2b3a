// dot: the sum over the bracketed axes of the product of all operands, in their common dtype.
#include "ops/rows.h"

namespace einx::detail::ops {
namespace {

constexpr RowsOp kContractions[] = {
    {make_op(notation::Family::Dot, "dot", 2, -1, "sum over the bracketed axes of the product of all operands", resolve_rows),
     unchanged, unchanged, {kSum}, first_accumulator},
};

}  // namespace

std::vector<const Op*> contract_rows() { return addresses(kContractions); }

}  // namespace einx::detail::ops
