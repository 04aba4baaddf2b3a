// The functions of einx 0.3: calls of the common rows in their dialect.
#include <einx/v03.h>

#include <algorithm>

#include "api/api.h"
#include "api/operands.h"
#include "support/support.h"

namespace einx::v03 {
namespace {

namespace api = detail::api;
namespace notation = detail::notation;
namespace support = detail::support;
using notation::Family;

/// A CallInfo and what it points to.
class CommonCall {
 public:
  explicit CommonCall(const Call& call) : row_(detail::trace::row_einx03(call.function, call.op)) {
    check_keepdims(call);
    if (!row_.parameter.empty() && !call.options.moved.empty())
      attributes_.push_back({row_.parameter, call.options.moved});
    if (!call.options.merge.value_or(true)) attributes_.push_back({"cse", kOff});
    info_.emplace(detail::CallInfo{row_.name, call.pattern, call.operands, call.options.axes,
                                   call.options.keep.value_or(false), call.site, attributes_, Dialect::Einx03,
                                   call.function});
    check_operands(call);
  }
  CommonCall(const CommonCall&) = delete;
  const detail::CallInfo& info() const { return *info_; }

 private:
  static void check_keepdims(const Call& call) {
    const bool arrow =
        call.pattern.find("->") != std::string_view::npos || call.pattern.find('|') != std::string_view::npos;
    if (call.options.keep && arrow)
      support::raise<ValueError>({.kind = "bad-parameter",
                                  .sentence = "keepdims cannot be given together with '->' in einx 0.3.",
                                  .pattern = std::string(call.pattern),
                                  .show_pattern = true});
  }

  /// Moving and indexing take numbers alone, computing does not.
  void check_operands(const Call& call) const {
    const bool moves =
        row_.family == Family::Id || row_.family == Family::GetAt || row_.family == Family::UpdateAt;
    using Kind = Operand::Kind;
    const auto number = [](const Operand& o) {
      return o.kind() == Kind::WeakBool || o.kind() == Kind::WeakInt || o.kind() == Kind::WeakFloat;
    };
    if (moves || call.operands.empty() || !std::all_of(call.operands.begin(), call.operands.end(), number))
      return;
    support::raise<TypeError>({.kind = "operand-kind",
                               .sentence = "einx 0.3 needs at least one tensor beside the numbers given to " +
                                           std::string(call.function) + "."});
  }

  static constexpr std::int64_t kOff[] = {0};
  const detail::ops::Op& row_;
  std::vector<detail::Attribute> attributes_;
  std::optional<detail::CallInfo> info_;
};

}  // namespace

void call(const Call& call, std::span<Tensor> results) { detail::call(CommonCall(call).info(), results); }
void call(const Call& call, std::span<Value> results) { detail::call(CommonCall(call).info(), results); }
std::vector<Tensor> call_all(const Call& call) { return detail::call_all(CommonCall(call).info()); }
std::vector<Value> call_all_traced(const Call& call) { return detail::call_all_traced(CommonCall(call).info()); }

Tensor arange(std::string_view pattern, const Options& options, DType dtype, Location site) {
  const api::Counting counting =
      api::count(pattern, api::constraints(options.axes), dtype, options.merge.value_or(true));
  const std::vector<Operand> operands(counting.operands.begin(), counting.operands.end());
  Axes axes;
  for (const notation::Constraint& size : counting.sizes)
    axes.items.push_back({size.name, size.values.front()});
  return detail::call_one<Tensor>({"id", counting.pattern, operands, axes, false, site});
}

namespace {

notation::SolvedAxes solved(std::string_view pattern, std::initializer_list<Operand> operands,
                            const Options& options, bool merge) {
  std::vector<notation::Operand> shapes;
  for (const Operand& operand : operands) {
    switch (operand.kind()) {
      case Operand::Kind::Tensor:
        shapes.push_back({Shape(operand.tensor().shape().begin(), operand.tensor().shape().end()), ""});
        break;
      case Operand::Kind::Value:
        shapes.push_back({operand.value().shape(), ""});
        break;
      case Operand::Kind::Factory:
        shapes.push_back({std::nullopt, "factory"});
        break;
      case Operand::Kind::Unknown:
        shapes.push_back({std::nullopt, "unknown shape"});
        break;
      default:
        shapes.push_back({Shape{}, ""});
    }
  }
  return notation::solve_axes(pattern, shapes, api::constraints(options.axes), options.merge.value_or(merge),
                              Dialect::Einx03);
}

std::optional<notation::SolvedAxes> solution(std::string_view pattern,
                                             std::initializer_list<Operand> operands, const Options& options,
                                             bool merge) {
  try {
    return solved(pattern, operands, options, merge);
  } catch (const RankError&) {
    return std::nullopt;
  } catch (const AxisSizeError&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::map<std::string, AxisSizes>> solve(std::string_view pattern,
                                                      std::initializer_list<Operand> operands,
                                                      const Options& options) {
  const auto found = solution(pattern, operands, options, false);
  if (!found) return std::nullopt;
  std::map<std::string, AxisSizes> result;
  for (const auto& [name, value] : found->axes) result[name] = {value.dims, value.values};
  return result;
}

bool matches(std::string_view pattern, std::initializer_list<Operand> operands, const Options& options) {
  return solution(pattern, operands, options, true).has_value();
}

void check(std::string_view pattern, std::initializer_list<Operand> operands, const Options& options) {
  solved(pattern, operands, options, true);
}

}  // namespace einx::v03
