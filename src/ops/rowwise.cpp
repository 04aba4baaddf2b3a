// Operations that give one result per element of the bracketed sub-tensor.
#include "ops/rows.h"

namespace einx::detail::ops {
namespace {

/// Infinities are not shifted away as in logsumexp: a row of -inf, or one with +inf, is nan throughout.
constexpr PassRow kExponentials = {[](const Sight& s) { return exp(s.x - s.acc[0]); }, add, zero};

constexpr Op preserve(std::string_view name, std::string_view summary) {
  return make_op(notation::Family::Preserve, name, 1, 1, summary, resolve_rows);
}

// clang-format off
constexpr RowsOp kRowwise[] = {
    // converted to, result dtype, passes, result, per element, not empty, of bools
    {preserve("softmax", "exp(x) / sum of exp(x) without overflow"),
     float_of, unchanged, {kShift, kExponentials}, [](const Sight& s) { return s.mapped / s.acc[1]; },
     true, false, false},
    {preserve("log_softmax", "x - logsumexp(x)"),
     float_of, unchanged, {kShift, kExponentials},
     [](const Sight& s) { return s.x - s.acc[0] - log(s.acc[1]); },
     true, false, false},
};
// clang-format on

}  // namespace

std::vector<const Op*> rowwise_rows() { return addresses(kRowwise); }

}  // namespace einx::detail::ops
