// Contractions of several operands. One nest over all axes multiplies all operands in its innermost
// statement; contracted in pairs, each step has the axes of two operands only, in the order that the paths
// layer finds.
#include <algorithm>
#include <set>

#include "paths/paths.h"
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

/// Operands as terms, axes as labels; those of size 1 count like others.
paths::Network network_of(const Solved& solved) {
  paths::Network network;
  for (const TensorExpr& input : solved.inputs) {
    const AxisSet axes = axis_set(input);
    network.terms.emplace_back(axes.begin(), axes.end());
  }
  const AxisSet output = axis_set(solved.outputs[0]);
  network.output.assign(output.begin(), output.end());
  for (const notation::Axis& axis : solved.axes) network.sizes.push_back(axis.size);
  return network;
}

/// The steps of the cheapest order, or of a good one for many operands.
Plan plan_of(const Solved& solved) {
  constexpr std::size_t kExact =
      10;  // operands, all orders of which are looked at in some fifty microseconds
  const paths::Network network = network_of(solved);
  paths::Options options;
  options.algorithm = network.terms.size() <= kExact ? paths::Algorithm::Optimal : paths::Algorithm::Greedy;
  const paths::Result found = paths::find(network, options);
  Plan plan;
  for (const paths::StepTerms& terms : paths::steps(network, found.path)) {
    Step step{terms.identities, {terms.output.begin(), terms.output.end()}};
    AxisSet walked;
    for (const std::vector<int>& input : terms.inputs) walked.insert(input.begin(), input.end());
    plan.iterations += product(solved, walked);
    if (plan.steps.size() + 1 < found.path.size())
      plan.largest = std::max(plan.largest, product(solved, step.kept));
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

/// Whether every axis of the output is one of an operand's.
bool reads_all_axes(const Solved& solved, const AxisSet& read) {
  const AxisSet output = axis_set(solved.outputs[0]);
  return std::includes(read.begin(), read.end(), output.begin(), output.end());
}

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
  if (!reads_all_axes(solved, all)) return alone();
  const Plan plan = plan_of(solved);
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
