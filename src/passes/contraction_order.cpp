#include "passes/contraction_order.h"

#include <algorithm>
#include <set>

namespace einx::detail::passes {

bool all_constant(const Einsum& einsum, const std::vector<bool>& constant) {
  return std::all_of(einsum.operands.begin(), einsum.operands.end(),
                     [&](graph::ValueId operand) { return constant[std::size_t(operand)]; });
}

double nest_flops(const Einsum& einsum) {
  const std::vector<bool> kept = kept_labels(einsum);
  std::vector<bool> seen(kept.size(), false);
  double iterations = 1;
  std::size_t operands = 0;
  bool sums = false;
  for (std::size_t k = 0; k < einsum.operands.size(); ++k) {
    const std::vector<int> labels = labels_of(einsum.expr.inputs[k]);
    operands += !labels.empty();
    for (const int label : labels) {
      if (!seen[std::size_t(label)]) iterations *= double(einsum.expr.axes[std::size_t(label)].size);
      seen[std::size_t(label)] = true;
      sums = sums || !kept[std::size_t(label)];
    }
  }
  if (operands <= 1 && !sums) return 0;  // a move, or a product with a number
  return iterations * double(std::max<std::size_t>(1, operands - 1) + std::size_t(sums));
}

namespace {

constexpr double kKnown =
    1e-9;  ///< what an operation costs when the graph is compiled, beside one at run time

Order one_nest(const Einsum& einsum) {
  OrderStep step;
  for (std::size_t k = 0; k < einsum.operands.size(); ++k)
    if (!labels_of(einsum.expr.inputs[k]).empty()) step.operands.push_back(int(k));
  step.kept = labels_of(einsum.expr.outputs[0]);
  std::sort(step.kept.begin(), step.kept.end());
  if (step.operands.empty()) return {};
  return {{std::move(step)}, nest_flops(einsum)};
}

paths::Network network_of(const Einsum& einsum, const std::vector<int>& places,
                          const std::vector<bool>& constant) {
  paths::Network network;
  for (const notation::Axis& axis : einsum.expr.axes) network.sizes.push_back(axis.size);
  network.output = labels_of(einsum.expr.outputs[0]);
  for (const int place : places) {
    network.terms.push_back(labels_of(einsum.expr.inputs[std::size_t(place)]));
    network.constant.push_back(constant[std::size_t(einsum.operands[std::size_t(place)])]);
  }
  return network;
}

/// The steps of a path with the einsum's places: `at` starts as those of the network's terms.
std::vector<OrderStep> steps_of(const paths::Network& network, const paths::Path& path,
                                const std::vector<int>& places, int operands) {
  const auto terms_read = int(places.size());
  std::vector<OrderStep> steps;
  for (const paths::StepTerms& terms : paths::steps(network, path)) {
    OrderStep step{{}, terms.output};
    for (const int identity : terms.identities)
      step.operands.push_back(identity < terms_read ? places[std::size_t(identity)]
                                                    : operands + identity - terms_read);
    std::sort(step.operands.begin(), step.operands.end());
    std::sort(step.kept.begin(), step.kept.end());
    steps.push_back(std::move(step));
  }
  return steps;
}

/// Whether every step over constants alone is small enough to be done when the graph is compiled.
bool foldable(const paths::Network& network, const paths::Path& path) {
  std::vector<bool> constant = network.constant;  // by identity
  for (const paths::StepTerms& step : paths::steps(network, path)) {
    std::set<int> labels;
    bool all = true;
    for (const std::vector<int>& input : step.inputs) labels.insert(input.begin(), input.end());
    for (const int identity : step.identities) all = all && constant[std::size_t(identity)];
    double iterations = 1;
    for (const int label : labels) iterations *= double(network.sizes[std::size_t(label)]);
    if (all && iterations > kFoldable) return false;
    constant.push_back(all);
  }
  return true;
}

/// Whether the output repeats the product along an axis that none of these operands has: no order of terms says so.
bool repeats(const Einsum& einsum, const std::vector<int>& places) {
  std::set<int> read;
  for (const int place : places)
    for (const int label : labels_of(einsum.expr.inputs[std::size_t(place)])) read.insert(label);
  return std::ranges::any_of(labels_of(einsum.expr.outputs[0]), [&](int label) { return !read.contains(label); });
}

}  // namespace

Order contraction_order(const Einsum& einsum, const std::vector<bool>& constant, const PathOptions& options) {
  Order alone = one_nest(einsum);
  const bool known = all_constant(einsum, constant);
  const double weight = known ? kKnown : 1;
  alone.flops *= weight;
  if (alone.flops == 0 || alone.steps[0].operands.size() < 2) return alone;
  const std::vector<int>& places = alone.steps[0].operands;
  if (repeats(einsum, places)) return alone;
  paths::Network network = network_of(einsum, places, constant);
  if (known) network.constant.assign(places.size(), false);
  paths::Result found = paths::find(network, options);
  if (!foldable(network, found.path)) {
    network.constant.assign(places.size(), false);
    found = paths::find(network, options);
  }
  const double flops = found.cost.flops * weight;
  alone.over_limit = !found.slices.empty();
  if (alone.over_limit || flops >= alone.flops) return alone;
  return {steps_of(network, found.path, places, int(einsum.operands.size())), flops};
}

}  // namespace einx::detail::passes
