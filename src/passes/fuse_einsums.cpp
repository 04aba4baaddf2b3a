// Einsums that read einsums become one where its best order is cheaper. Consumers are decided before their
// producers, so that what a value is made of stays one operand until the question whether to share it has
// been answered for those that read it.
#include <algorithm>
#include <cmath>
#include <set>

#include "passes/contraction_order.h"
#include "passes/einsum.h"
#include "passes/passes.h"

namespace einx::detail::passes {
namespace {

constexpr std::size_t kMostOperands = 64;  ///< of one einsum, beyond which nothing more is fused into it
constexpr std::size_t kMostLabels = 256;
constexpr double kSecondsEach =
    0.002;  ///< for the cost of one candidate; all up to eleven operands are exact in it

/// Constants of one element that are multiplied where they stand: so large or small (or 0, or no number) that
/// a product with a part of an einsum might overflow or vanish where the whole does not. Integers wrap, and
/// have none.
std::vector<bool> extreme_numbers(const graph::Graph& graph) {
  std::vector<bool> extreme(graph.values.size(), false);
  for (const graph::Constant& constant : graph.constants) {
    if (constant.data.size() != 1 || !tensor::is_float(constant.data.dtype())) continue;
    const double value = std::abs(constant.data.to_vector<double>()[0]);
    const double most = std::ldexp(1.0, constant.data.dtype() == DType::f64 ? 512 : 64);
    extreme[constant.value] = !(value <= most && value >= 1 / most);
  }
  return extreme;
}

/// A reader of a value, with the value's einsum in place of every use.
struct Fused {
  std::size_t node;
  Einsum einsum;
  double before, after;
};

class Fusion {
 public:
  Fusion(graph::Graph& graph, const PathOptions& options)
      : graph_(graph),
        options_(quick(options)),
        constant_(constant_values(graph)),
        readers_(graph.values.size()),
        needed_(graph.values.size(), false) {
    const std::vector<bool> extreme = extreme_numbers(graph);
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const graph::Node& node = graph.nodes[n];
      const bool scales = std::any_of(node.inputs.begin(), node.inputs.end(),
                                      [&](graph::ValueId input) { return extreme[input]; });
      views_.push_back(scales ? std::nullopt : einsum_of(graph, node));
      costs_.push_back(views_[n] ? flops(*views_[n]) : 0);
      for (const graph::ValueId input : node.inputs)
        if (views_[n])
          readers_[input].insert(n);
        else
          needed_[input] = true;
    }
    for (const graph::ValueId result : graph.results) needed_[result] = true;
    changed_.assign(graph.nodes.size(), false);
  }

  void run() {
    for (std::size_t n = graph_.nodes.size(); n-- > 0;)
      if (views_[n]) decide(n, graph_.nodes[n].outputs[0]);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
      if (changed_[n]) write_back(*views_[n], graph_.nodes[n]);
  }

 private:
  static PathOptions quick(PathOptions options) {
    if (options.algorithm == paths::Algorithm::Greedy) return options;
    options.algorithm = paths::Algorithm::Auto;
    options.seconds = options.seconds > 0 ? std::min(options.seconds, kSecondsEach) : kSecondsEach;
    return options;
  }
  double flops(const Einsum& einsum) const { return contraction_order(einsum, constant_, options_).flops; }

  /// Every use by one reader at once: if it reads the value twice, either copy could have been shared.
  std::optional<Fused> fused_into(std::size_t reader, graph::ValueId value, const Einsum& producer) const {
    Einsum einsum = *views_[reader];
    for (std::size_t place = 0; place < einsum.operands.size();) {
      if (einsum.operands[place] != value) {
        ++place;
        continue;
      }
      std::optional<Einsum> next = substituted(einsum, place, producer);
      if (!next || next->operands.size() > kMostOperands || next->expr.axes.size() > kMostLabels)
        return std::nullopt;
      einsum = std::move(*next);
    }
    const double after = flops(einsum);
    return Fused{reader, std::move(einsum), costs_[reader], after};
  }

  /// Into all readers, so that the value is not computed; or it is, and only those that are cheaper without
  /// it do without.
  void decide(std::size_t n, graph::ValueId value) {
    std::vector<Fused> fused;
    bool all = !needed_[value];
    for (const std::size_t reader : readers_[value]) {
      if (auto one = fused_into(reader, value, *views_[n]))
        fused.push_back(std::move(*one));
      else
        all = false;
    }
    double without = 0, with = costs_[n];
    for (const Fused& one : fused) without += one.after, with += std::min(one.before, one.after);
    const bool every = all && without <= with;
    for (Fused& one : fused)
      if (every || one.after < one.before) replace(std::move(one));
    if (!every) return;
    for (const graph::ValueId operand : views_[n]->operands)
      readers_[operand].erase(n);  // nobody asks for it any more
  }

  void replace(Fused fused) {
    const std::size_t n = fused.node;
    for (const graph::ValueId operand : views_[n]->operands) readers_[operand].erase(n);
    for (const graph::ValueId operand : fused.einsum.operands) readers_[operand].insert(n);
    views_[n] = std::move(fused.einsum);
    costs_[n] = fused.after;
    changed_[n] = true;
  }

  graph::Graph& graph_;
  const PathOptions options_;
  const std::vector<bool> constant_;
  std::vector<std::set<std::size_t>> readers_;  ///< nodes that are einsums, by value
  std::vector<bool> needed_;                    ///< by value: as a result, or by a node that is no einsum
  std::vector<std::optional<Einsum>> views_;    ///< by node
  std::vector<double> costs_;
  std::vector<bool> changed_;
};

}  // namespace

graph::Graph fuse_einsums(graph::Graph graph, const PathOptions& options) {
  graph = drop_dead(std::move(graph));  // what nothing reads is not a reason to keep or to share
  Fusion(graph, options).run();
  return drop_dead(std::move(graph));
}

double flops(const graph::Graph& graph) {
  const std::vector<bool> constant = constant_values(graph);
  double total = 0;
  for (const graph::Node& node : graph.nodes)
    if (const auto einsum = einsum_of(graph, node); einsum && !all_constant(*einsum, constant))
      total += nest_flops(*einsum);
  return total;
}

}  // namespace einx::detail::passes
