// Operations on coordinates: one operand indexed by others, read or updated.
#include "ops/expr.h"
#include "ops/rules.h"
#include "support/support.h"

namespace einx::detail::ops {
namespace {

/// Coordinates keep their dtype: converted to i64, a large u64 would pass for a negative coordinate.
void require_integers(const Op& op, std::span<const DType> coordinates) {
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    if (tensor::is_integer(coordinates[i])) continue;
    support::Report report;
    report.kind = "runtime";
    report.sentence = "The operation '" + std::string(op.name) +
                      "' needs coordinates of an integer dtype, but operand #" + std::to_string(i + 2) +
                      " is " + std::string(name_of(coordinates[i])) + ".";
    support::raise<CallOperationError>(report);
  }
}

Resolved resolve_get_at(const Op& op, std::span<const DType> operands) {
  require_integers(op, operands.subspan(1));
  Resolved out;
  out.operands.assign(operands.begin(), operands.end());
  out.result = operands[0];
  out.meaning = Gather{};
  return out;
}

// ---------------------------------------------------------------- updates
struct Update : Op {
  bool reads;                   ///< whether the element that is there matters
  Expr (*meaning)(Expr, Expr);  ///< of the element and the update, both in the dtype they meet in
};

/// Every step is computed in the dtype that element and update meet in, rounded to it, and cast back: two
/// updates of 0.6 leave an integer 0 as it is.
Resolved resolve_update(const Op& op, std::span<const DType> operands) {
  const auto& row = static_cast<const Update&>(op);
  require_integers(op, operands.subspan(1, operands.size() - 2));
  Resolved out;
  out.operands.assign(operands.begin(), operands.end());
  out.result = operands[0];
  const DType met = row.reads ? common(operands.front(), operands.back()) : operands.back();
  out.meaning = Scatter{function({operands.front(), operands.back()},
                                 [&](Args a) {
                                   if (!row.reads) return cast(a[1], out.result);
                                   const Expr element = cast(a[0], working(met)),
                                              update = cast(a[1], working(met));
                                   return cast(cast(row.meaning(element, update), met), out.result);
                                 }),
                        row.reads};
  return out;
}

Resolved resolve_subtract_at(const Op& op, std::span<const DType> operands) {
  if (operands.front() == boolean && operands.back() == boolean)
    dtype_not_supported(op, operands, "Use set_at to clear bools, or convert the tensor to an integer.");
  return resolve_update(op, operands);
}

constexpr int kAny = -1;

constexpr Update update(std::string_view name, std::string_view summary, bool reads,
                        Expr (*meaning)(Expr, Expr),
                        Resolved (*resolve)(const Op&, std::span<const DType>) = resolve_update) {
  return {make_op(notation::Family::UpdateAt, name, 3, kAny, summary, resolve), reads, meaning};
}

constexpr Op kGetAt[] = {
    make_op(notation::Family::GetAt, "get_at", 2, kAny,
            "elements of the first operand at the coordinates in the others", resolve_get_at),
};

constexpr Update kUpdates[] = {
    update("set_at", "the first operand with the last one's elements at the coordinates in the others", false,
           nullptr),
    update("add_at", "the first operand with the last one's elements added at the coordinates in the others",
           true, [](Expr element, Expr by) { return element + by; }),
    update(
        "subtract_at",
        "the first operand with the last one's elements subtracted at the coordinates in the others", true,
        [](Expr element, Expr by) { return element - by; }, resolve_subtract_at),
};

}  // namespace

std::vector<const Op*> index_rows() {
  std::vector<const Op*> rows = addresses(kGetAt);
  const std::vector<const Op*> updates = addresses(kUpdates);
  rows.insert(rows.end(), updates.begin(), updates.end());
  return rows;
}

}  // namespace einx::detail::ops
