// get_at: one operand indexed by the others.
#include "ops/rules.h"
#include "support/support.h"

namespace einx::detail::ops {
namespace {

/// Coordinates keep their dtype: converted to i64, a large u64 would pass for a negative coordinate.
Resolved resolve_get_at(const Op& op, std::span<const DType> operands) {
  for (std::size_t i = 1; i < operands.size(); ++i) {
    if (tensor::is_integer(operands[i])) continue;
    support::Report report;
    report.kind = "runtime";
    report.sentence = "The operation '" + std::string(op.name) +
                      "' needs coordinates of an integer dtype, but operand #" + std::to_string(i + 1) +
                      " is " + std::string(name_of(operands[i])) + ".";
    support::raise<CallOperationError>(report);
  }
  Resolved out;
  out.operands.assign(operands.begin(), operands.end());
  out.result = operands[0];
  out.meaning = Gather{};
  return out;
}

constexpr Op kIndexed[] = {
    make_op(notation::Family::GetAt, "get_at", 2, -1,
            "elements of the first operand at the coordinates in the others", resolve_get_at),
};

}  // namespace

std::vector<const Op*> index_rows() { return addresses(kIndexed); }

}  // namespace einx::detail::ops
