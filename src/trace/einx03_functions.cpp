// The functions of einx 0.3 and the rows behind them.
#include <algorithm>
#include <array>
#include <string>

#include "trace/trace.h"

namespace einx::detail::trace {
namespace {

using notation::Family;

constexpr std::string_view kFunctions[] = {
    "add",           "subtract",   "multiply",  "true_divide", "floor_divide",  "divide",
    "logical_and",   "logical_or", "where",     "less",        "less_equal",    "greater",
    "greater_equal", "equal",      "not_equal", "maximum",     "minimum",       "sum",
    "mean",          "var",        "std",       "prod",        "count_nonzero", "any",
    "all",           "max",        "min",       "logsumexp",   "softmax",       "log_softmax",
    "flip",          "roll",       "get_at",    "set_at",      "add_at",        "subtract_at",
    "dot",           "rearrange",  "arange"};

/// Functions that are given an operation, and what it may be.
struct General {
  std::string_view name;
  std::array<Family, 4> families;
};
constexpr General kGeneral[] = {
    {"vmap", {Family::Reduce, Family::Elementwise, Family::Preserve, Family::Einsum}},
    {"vmap_with_axis", {Family::Reduce, Family::Elementwise, Family::Preserve, Family::Preserve}},
    {"reduce", {Family::Reduce, Family::Reduce, Family::Reduce, Family::Reduce}},
    {"elementwise", {Family::Elementwise, Family::Elementwise, Family::Elementwise, Family::Elementwise}},
    {"index", {Family::GetAt, Family::UpdateAt, Family::GetAt, Family::UpdateAt}},
};

[[noreturn]] void unknown(const std::string& sentence) {
  support::raise<OperationNotSupportedError>({.kind = "unknown-operation", .sentence = sentence});
}

const ops::Op& row(std::string_view name) {
  const bool known = std::find(std::begin(kFunctions), std::end(kFunctions), name) != std::end(kFunctions);
  if (!known) unknown("einx 0.3 has no operation '" + std::string(name) + "'.");
  return ops::get(name == "rearrange" || name == "arange" ? "id" : name == "dot" ? "einsum" : name);
}

}  // namespace

bool takes_operation_einx03(std::string_view function) {
  return std::any_of(std::begin(kGeneral), std::end(kGeneral),
                     [&](const General& g) { return g.name == function; });
}

const ops::Op& row_einx03(std::string_view function, std::string_view op) {
  const auto* general = std::find_if(std::begin(kGeneral), std::end(kGeneral),
                                     [&](const General& g) { return g.name == function; });
  if (general == std::end(kGeneral)) return row(function);
  const ops::Op& found = row(op);
  if (std::find(general->families.begin(), general->families.end(), found.family) == general->families.end())
    unknown(std::string(function) + " of einx 0.3 cannot apply '" + std::string(op) + "'.");
  return found;
}

}  // namespace einx::detail::trace
