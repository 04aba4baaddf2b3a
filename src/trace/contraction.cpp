// Contractions of several operands. One nest over all axes multiplies all operands in its innermost
// statement; contracted in pairs, each step has the axes of two operands only. The order is the one that is
// written: a better one would be found by a search over paths.
#include <algorithm>
#include <set>

#include "trace/dialects.h"

namespace einx::detail::trace {
namespace {

using notation::Solved;
using notation::TensorExpr;
using AxisSet = std::set<int>;

constexpr double kFar = 4;  ///< times fewer iterations before splitting pays for storing what is between
constexpr double kFewIterations = 1 << 14;   ///< below, any order is quick
constexpr double kLargestBetween = 1 << 27;  ///< elements of a stored result between two steps

AxisSet axis_set(const TensorExpr& expr) {
  const std::vector<int> axes = notation::axes_of(expr);
  return {axes.begin(), axes.end()};
}

double product(const Solved& solved, const AxisSet& axes) {
  double out = 1;
  for (const int axis : axes) out *= double(solved.axes[axis].size);
  return out;
}

/// One step: one operand whose own axes are summed, or two that are contracted.
struct Step {
  std::vector<int>
      operands;  ///< places in the list of operands; results of earlier steps follow the call's own
  AxisSet kept;
};

struct Plan {
  std::vector<Step> steps;
  double iterations = 0;
  double largest = 0;  ///< elements of the largest result between
};

class Planner {
 public:
  explicit Planner(const Solved& solved) : solved_(solved), output_(axis_set(solved.outputs[0])) {
    for (const TensorExpr& input : solved.inputs) operands_.push_back(axis_set(input));
  }

  Plan run() {
    const int count = int(operands_.size());
    std::vector<int> current;
    for (int k = 0; k < count; ++k) current.push_back(sum_own_axes(k, count));
    int left = current[0];
    for (int k = 1; k < count; ++k) {
      AxisSet kept = operands_[left];
      kept.insert(operands_[current[k]].begin(), operands_[current[k]].end());
      plan_.iterations += product(solved_, kept);
      std::erase_if(kept,
                    [&](int axis) { return !output_.contains(axis) && !needed_later(axis, current, k + 1); });
      left = add({{left, current[k]}, kept}, k + 1 < count);
    }
    return std::move(plan_);
  }

 private:
  bool needed_later(int axis, const std::vector<int>& current, int from) const {
    return std::any_of(current.begin() + from, current.end(),
                       [&](int place) { return operands_[place].contains(axis); });
  }

  /// The place of the operand without the summed axes that no other operand has.
  int sum_own_axes(int k, int count) {
    AxisSet kept = operands_[k];
    std::erase_if(kept, [&](int axis) {
      for (int other = 0; other < count; ++other)
        if (other != k && operands_[other].contains(axis)) return false;
      return !output_.contains(axis);
    });
    if (kept == operands_[k]) return k;
    plan_.iterations += product(solved_, operands_[k]);
    return add({{k}, kept}, true);
  }

  int add(Step step, bool between) {
    if (between) plan_.largest = std::max(plan_.largest, product(solved_, step.kept));
    operands_.push_back(step.kept);
    plan_.steps.push_back(std::move(step));
    return int(operands_.size()) - 1;
  }

  const Solved& solved_;
  const AxisSet output_;
  std::vector<AxisSet> operands_;
  Plan plan_;
};

TensorExpr expression_of(const AxisSet& axes) {
  TensorExpr expr;
  for (const int axis : axes) {
    expr.dims.emplace_back();
    expr.dims.back().axis = axis;
  }
  return expr;
}

/// The call's axes, of which a step brackets those that its result does not have.
Solved step_expression(const Solved& solved, const std::vector<TensorExpr>& operands, const Step& step,
                       bool last) {
  Solved out;
  out.axes = solved.axes;
  for (int axis = 0; axis < int(out.axes.size()); ++axis)
    out.axes[axis].bracketed = !step.kept.contains(axis);
  for (const int operand : step.operands) out.inputs.push_back(operands[operand]);
  out.outputs = {last ? solved.outputs[0] : expression_of(step.kept)};
  return out;
}

bool plain_dimensions(const Solved& solved) {
  return std::all_of(solved.inputs.begin(), solved.inputs.end(), [](const TensorExpr& input) {
    return std::all_of(input.dims.begin(), input.dims.end(),
                       [](const notation::Dim& dim) { return dim.parts.empty(); });
  });
}

/// Whether all operands are computed with in the dtype they have: else the first pairs would be computed in
/// another than the whole.
bool one_dtype(const graph::Graph& graph, const std::vector<graph::ValueId>& values) {
  return std::all_of(values.begin(), values.end(), [&](graph::ValueId value) {
    return graph.values[value].type.dtype == graph.values[values[0]].type.dtype;
  });
}

}  // namespace

std::vector<graph::ValueId> contract(graph::Graph& graph, const ops::Op& op, Solved solved,
                                     std::vector<graph::ValueId> values) {
  AxisSet all;
  for (const TensorExpr& input : solved.inputs) all.merge(axis_set(input));
  const double nest = product(solved, all);
  const auto alone = [&] { return graph::add_node(graph, op, std::move(solved), std::move(values)); };
  if (values.size() < 2 || nest < kFewIterations || !plain_dimensions(solved) || !one_dtype(graph, values))
    return alone();
  const Plan plan = Planner(solved).run();
  if (nest < kFar * plan.iterations || plan.largest > kLargestBetween) return alone();

  std::vector<TensorExpr> operands = solved.inputs;
  for (const Step& step : plan.steps) {
    const bool last = &step == &plan.steps.back();
    std::vector<graph::ValueId> inputs;
    for (const int operand : step.operands) inputs.push_back(values[operand]);
    Solved expr = step_expression(solved, operands, step, last);
    operands.push_back(expr.outputs[0]);
    values.push_back(graph::add_node(graph, op, std::move(expr), std::move(inputs)).at(0));
  }
  return {values.back()};
}

}  // namespace einx::detail::trace
