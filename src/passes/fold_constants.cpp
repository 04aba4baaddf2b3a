#include <einx/error.h>

#include <algorithm>

#include "passes/passes.h"
#include "reference/reference.h"

namespace einx::detail::passes {
namespace {

using graph::Graph;
using graph::Node;
using notation::Family;

constexpr double kLargestBytes = 1 << 20;  ///< of a result that is larger than what it is made of
constexpr double kLargestCopy =
    1 << 12;  ///< the same for elements that are only repeated: reading them from one place costs nothing
constexpr double kWork = 1 << 18;     ///< iterations of the interpreter for a node: tens of milliseconds
constexpr double kAllWork = 1 << 20;  ///< the same for the graph

double bytes(const graph::Type& type) {
  double product = double(size_of(type.dtype));
  for (const std::int64_t size : type.shape) product *= double(size);
  return product;
}

double iterations(const Node& node) {
  double product = 1;
  for (const notation::Axis& axis : node.expr.axes) product *= double(std::max<std::int64_t>(axis.size, 1));
  return product;
}

bool built_in(const ops::Op& op) {
  return std::ranges::find(ops::all(), &op) != ops::all().end() || ops::find(op.name) == &op;
}

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph), data_(graph.values.size()) {
    for (const graph::Constant& constant : graph.constants) data_[constant.value] = constant.data;
  }

  void run() {
    std::vector<Node> kept;
    for (Node& node : graph_.nodes)
      if (!worthwhile(node) || !fold(node)) kept.push_back(std::move(node));
    graph_.nodes = std::move(kept);
    std::ranges::sort(graph_.constants, {}, &graph::Constant::value);
  }

 private:
  bool worthwhile(const Node& node) const {
    if (node.op->family == Family::Native) return false;  // a function of the user's runs when the graph does
    double given = 0, made = 0;
    for (const graph::ValueId input : node.inputs) {
      if (!data_[input].defined()) return false;
      given += bytes(graph_.values[input].type);
    }
    for (const graph::ValueId output : node.outputs) made += bytes(graph_.values[output].type);
    const double work = iterations(node);
    return made <= std::max(given, node.op->family == Family::Id ? kLargestCopy : kLargestBytes) &&
           work <= kWork && work_ + work <= kAllWork;
  }

  /// False for what cannot be computed: the graph raises the error when it runs.
  bool fold(const Node& node) {
    work_ += iterations(node);
    std::vector<Tensor> results;
    try {
      results = evaluated(node);
    } catch (const Error&) {
      return false;
    }
    for (std::size_t k = 0; k < results.size(); ++k) {
      data_[node.outputs[k]] = results[k];
      graph_.constants.push_back({node.outputs[k], results[k]});
    }
    return true;
  }

  /// Sums of short floats are taken in f64 and rounded once: the interpreter adds one by one.
  bool sums_floats(const Node& node) const {
    if (node.op->family != Family::Reduce && node.op->family != Family::Dot &&
        node.op->family != Family::Einsum)
      return false;
    const DType dtype = graph_.values[node.inputs[0]].type.dtype;
    return tensor::is_float(dtype) && built_in(*node.op) &&
           std::ranges::all_of(
               node.inputs, [&](graph::ValueId input) { return graph_.values[input].type.dtype == dtype; });
  }

  std::vector<Tensor> evaluated(const Node& node) const {
    Graph alone;
    std::vector<graph::ValueId> inputs;
    const bool widen = sums_floats(node);
    for (const graph::ValueId input : node.inputs)
      inputs.push_back(graph::add_constant(alone, widen ? data_[input].cast(DType::f64) : data_[input]));
    alone.results = graph::add_node(alone, *node.op, node.expr, std::move(inputs), node.attributes);
    std::vector<Tensor> results = reference::run(alone, {});
    for (std::size_t k = 0; k < results.size() && widen; ++k)
      results[k] = results[k].cast(graph_.values[node.outputs[k]].type.dtype);
    return results;
  }

  Graph& graph_;
  std::vector<Tensor> data_;  ///< of the values that are known
  double work_ = 0;
};

}  // namespace

/// Nodes whose operands are all constants become constants, computed by the reference interpreter.
graph::Graph fold_constants(graph::Graph graph) {
  if (!graph.constants.empty()) Folder(graph).run();
  return graph;
}

}  // namespace einx::detail::passes
