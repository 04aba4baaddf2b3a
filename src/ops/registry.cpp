// All rows, and how they are found by name.
#include <unordered_map>

#include "ops/rules.h"
#include "support/near.h"
#include "support/support.h"

namespace einx::detail::ops {
namespace {

const std::vector<const Op*>& rows() {
  static const std::vector<const Op*> all_rows = [] {
    std::vector<const Op*> out;
    for (const auto family :
         {move_rows, elementwise_rows, reduction_rows, contract_rows, rowwise_rows, shuffle_rows, index_rows, order_rows}) {
      const std::vector<const Op*> of_family = family();
      out.insert(out.end(), of_family.begin(), of_family.end());
    }
    return out;
  }();
  return all_rows;
}

const std::unordered_map<std::string_view, const Op*>& by_name() {
  static const std::unordered_map<std::string_view, const Op*> names = [] {
    std::unordered_map<std::string_view, const Op*> out;
    for (const Op* op : rows()) out.emplace(op->name, op);
    out.emplace("rearrange", out.at("id"));  // a synonym, not a row of its own
    for (const Op* op : conversion_rows()) out.emplace(op->name, op);
    return out;
  }();
  return names;
}

/// "Did you mean 'sum'?", the nearest names first; "" if none is near.
std::string suggestion(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& [other, op] : by_name()) known.push_back(other);
  return support::did_you_mean(name, known);
}

}  // namespace

const Op* find(std::string_view name) {
  const auto found = by_name().find(name);
  return found == by_name().end() ? find_user_row(name) : found->second;
}

const Op& get(std::string_view name) {
  if (const Op* op = find(name)) return *op;
  support::Report report;
  report.kind = "unknown-operation";
  report.sentence = "There is no operation '" + std::string(name) + "'.";
  if (std::string hint = suggestion(name); !hint.empty()) report.advice.push_back(std::move(hint));
  support::raise<OperationNotSupportedError>(report);
}

std::span<const Op* const> all() { return rows(); }

notation::Rules rules(const Op& op, bool keepdims) {
  notation::Rules out;
  out.family = op.family;
  out.op = op.name;
  out.min_inputs = op.min_inputs;
  out.max_inputs = op.max_inputs;
  out.keepdims = keepdims && op.keepdims;
  out.second_operand_shorthand = op.second_operand_shorthand;
  out.one_bracketed_axis = op.one_bracketed_axis;
  if (!op.parameter.empty()) out.reserved = {std::string(op.parameter)};
  return out;
}

}  // namespace einx::detail::ops
