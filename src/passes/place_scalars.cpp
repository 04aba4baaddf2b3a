#include <algorithm>

#include "passes/compose_maps.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/scalars.h"

namespace einx::detail::passes {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

// Costs in elements that a kernel multiplies while it has them in registers.
constexpr double kPass = 4;               ///< an element that is read and written for nothing else
constexpr double kKernel = 1000;          ///< a kernel of its own
constexpr double kLargestCopy = 1 << 26;  ///< elements of a constant that is stored once more, scaled

/// A node that does nothing but multiply a value, and by what.
struct Product {
  ValueId value = -1;
  Coefficient by;
};

/// An operand to be multiplied; node -1: where the product is.
struct Place {
  int node = -1;
  std::size_t operand = 0;
  double cost = 0;
};

class Placer {
 public:
  explicit Placer(Graph& graph) : graph_(graph) { look(); }

  void run() {
    const std::size_t count = graph_.nodes.size();
    std::vector<bool> gone(count, false);
    for (std::size_t n = 0; n < count; ++n) {
      const auto moved = product_of(graph_.nodes[n]);
      if (!moved || !move(*moved)) continue;
      gone[n] = true;
      const ValueId product = graph_.nodes[n].outputs[0], value = moved->value;
      for (Node& node : graph_.nodes) std::ranges::replace(node.inputs, product, value);
      std::ranges::replace(graph_.results, product, value);
      std::swap(graph_.values[product].name, graph_.values[value].name);
      graph_.nodes[n].inputs.clear();  // it reads nothing any more
      look();
    }
    std::size_t n = 0;
    std::erase_if(graph_.nodes, [&](const Node&) { return n++ < count && gone[n - 1]; });
  }

 private:
  void look() {
    made_by_ = producers(graph_);
    uses_ = use_counts(graph_);
    constants_ = constant_places(graph_);
  }

  std::optional<Product> product_of(const Node& node) const {
    if (mobility(graph_.values[node.outputs[0]].type.dtype) != Mobility::Moves) return std::nullopt;
    const auto scaled = scaling(graph_, node, constants_);
    if (!scaled || scaled->tensors.size() != 1 || !keeps_layout(node, scaled->tensors[0]))
      return std::nullopt;
    return Product{node.inputs[scaled->tensors[0]], scaled->by};
  }

  double elements(ValueId id) const {
    double count = 1;
    for (const std::int64_t size : graph_.values[id].type.shape) count *= double(size);
    return count;
  }

  /// What a product with this value costs: nothing but the multiplication where an operation has just
  /// computed it for this reader alone.
  double cost(ValueId id) const {
    const bool computed =
        made_by_[id] >= 0 && uses_[id] == 1 && !is_plain_map(graph_.nodes[std::size_t(made_by_[id])]);
    return computed ? elements(id) : kPass * elements(id) + kKernel;
  }

  bool takes_factor(ValueId id, const Coefficient& by) const {
    return constants_[id] >= 0 && by.number() && elements(id) <= kLargestCopy &&
           multiplied(graph_.constants[std::size_t(constants_[id])].data, by).has_value();
  }

  /// The cheapest operand that the value is of degree one in, looked for as long as every value on the way
  /// has one reader.
  void search(ValueId value, const Coefficient& by, Place& best) const {
    std::vector<ValueId> open = {value};
    while (!open.empty()) {
      const int place = uses_[open.back()] == 1 ? made_by_[open.back()] : -1;
      open.pop_back();
      if (place < 0) continue;
      const Node& node = graph_.nodes[std::size_t(place)];
      for (std::size_t k = 0; k < node.inputs.size() && node.outputs.size() == 1; ++k) {
        const Carried how = carried(graph_, node, k);
        if (how.how != Carried::How::Alone || how.sign == Carried::Sign::Absolute) continue;
        if (how.sign == Carried::Sign::Positive && !(by.number() && by.value() > 0)) continue;
        const double price = takes_factor(node.inputs[k], by) ? 0 : cost(node.inputs[k]);
        if (price < best.cost) best = {place, k, price};
        open.push_back(node.inputs[k]);
      }
    }
  }

  /// True if the product is somewhere else now.
  bool move(const Product& product) {
    Place best{-1, 0, cost(product.value)};
    search(product.value, product.by, best);
    if (best.node < 0) return false;
    const ValueId operand = graph_.nodes[std::size_t(best.node)].inputs[best.operand];
    ValueId scaled = -1;
    if (takes_factor(operand, product.by))  // an empty value costs nothing, either
      scaled = graph::add_constant(
          graph_, *multiplied(graph_.constants[std::size_t(constants_[operand])].data, product.by));
    else
      scaled = multiplied(graph_, operand, product.by);
    graph_.nodes[std::size_t(best.node)].inputs[best.operand] = scaled;
    return true;
  }

  Graph& graph_;
  std::vector<int> made_by_, uses_, constants_;
};

/// x * y, then * 2: one node of three operands. They are multiplied from the left, so nothing is rounded
/// otherwise.
void join_products(Graph& graph) {
  const std::vector<int> made_by = producers(graph), uses = use_counts(graph);
  const ops::Op* const multiply = &ops::get("multiply");
  for (Node& node : graph.nodes) {
    const auto is_of = [&, dtype = graph.values[node.outputs[0]].type.dtype](ValueId id) {
      return graph.values[id].type.dtype == dtype;
    };
    const bool scales = node.op == multiply && node.inputs.size() == 2 && node.expr.inputs[1].dims.empty() &&
                        keeps_layout(node, 0);
    const int before = scales && uses[node.inputs[0]] == 1 ? made_by[node.inputs[0]] : -1;
    if (before < 0 || graph.nodes[std::size_t(before)].op != multiply) continue;
    const Node& product = graph.nodes[std::size_t(before)];
    if (!std::ranges::all_of(product.inputs, is_of) || !is_of(node.inputs[1])) continue;
    const ValueId scalar = node.inputs[1];
    node.inputs = product.inputs;
    node.inputs.push_back(scalar);
    node.expr = product.expr;
    node.expr.inputs.emplace_back();
  }
}

}  // namespace

/// Where a factor costs least: in a constant operand, else where an operation has its smallest result in
/// registers anyhow, else on the smallest operand.
graph::Graph place_scalars(graph::Graph graph) {
  Placer(graph).run();
  join_products(graph);
  return drop_dead(sorted(std::move(graph)));
}

}  // namespace einx::detail::passes
