#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/scalars.h"

namespace einx::detail::passes {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

/// What a value of the old graph is: a factor times a value of the new one.
struct Stripped {
  ValueId base = -1;
  Coefficient factor;
};

class Accumulator {
 public:
  explicit Accumulator(Graph& graph)
      : graph_(graph),
        constants_(constant_places(graph)),
        readers_(graph.values.size()),
        stripped_(graph.values.size()) {
    for (ValueId id = 0; id < ValueId(stripped_.size()); ++id) stripped_[std::size_t(id)].base = id;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n)
      for (std::size_t k = 0; k < graph.nodes[n].inputs.size(); ++k)
        readers_[graph.nodes[n].inputs[k]].push_back({n, k});
  }

  void run() {
    const std::size_t count = graph_.nodes.size();  // those that are written meanwhile stand behind
    std::vector<bool> gone(count, false);
    for (std::size_t n = 0; n < count; ++n) gone[n] = strip(n);
    for (ValueId& result : graph_.results) result = whole(result);
    std::size_t n = 0;
    std::erase_if(graph_.nodes, [&](const Node&) { return n++ < count && gone[n - 1]; });
  }

 private:
  struct Reader {
    std::size_t node, operand;
  };

  /// Rewrites a node for operands without their factors. True if nothing is left of it.
  bool strip(std::size_t n) {
    Node node = graph_.nodes[n];
    const auto scaled = scaling(graph_, node, constants_);
    if (scaled && takes(node, *scaled)) return strip_scaling(n, std::move(node), *scaled);
    Coefficient factor = carried_factor(node);
    if (!moderate(factor, graph_.values[node.outputs[0]].type.dtype)) factor = {};
    for (std::size_t k = 0; k < node.inputs.size(); ++k)
      node.inputs[k] = factor.one() || !carries(node, k) ? whole(node.inputs[k]) : of(node.inputs[k]).base;
    for (const ValueId output : node.outputs) define(output, {output, factor});
    const std::vector<ValueId> outputs = node.outputs;
    graph_.nodes[n] = std::move(node);
    return false;
  }

  // ------------------------------------------------------------ nodes that bring a factor
  Coefficient total(const Node& node, const Scaling& scaled) const {
    Coefficient factor;
    factor.numerator = scaled.by.numerator;
    factor.denominator = scaled.by.denominator;
    factor.whole = scaled.by.whole;
    for (const ValueId id : scaled.by.factors)
      factor = factor * of(id).factor * Coefficient{.factors = {of(id).base}};
    for (const ValueId id : scaled.by.divisors)
      factor = factor * inverse(of(id).factor * Coefficient{.factors = {of(id).base}});
    for (const std::size_t k : scaled.tensors) factor = factor * of(node.inputs[k]).factor;
    return factor;
  }

  bool takes(const Node& node, const Scaling& scaled) const {
    return moderate(total(node, scaled), graph_.values[node.outputs[0]].type.dtype);
  }

  bool strip_scaling(std::size_t n, Node node, const Scaling& scaled) {
    const ValueId output = node.outputs[0];
    Stripped made{output, total(node, scaled)};
    const bool alone = scaled.tensors.size() == 1, vanishes = alone && keeps_layout(node, scaled.tensors[0]);
    if (vanishes) {
      made.base = of(node.inputs[scaled.tensors[0]]).base;
    } else {
      keep_tensors(node, scaled);
      if (alone) node.op = &ops::get("id");
      graph_.nodes[n] = std::move(node);
    }
    define(output, made);
    return vanishes;
  }

  void keep_tensors(Node& node, const Scaling& scaled) const {
    std::vector<ValueId> inputs;
    std::vector<notation::TensorExpr> exprs;
    for (const std::size_t k : scaled.tensors) {
      inputs.push_back(of(node.inputs[k]).base);
      exprs.push_back(node.expr.inputs[k]);
    }
    node.inputs = std::move(inputs);
    node.expr.inputs = std::move(exprs);
    node.expr = graph::normal_form(std::move(node.expr));
  }

  // ------------------------------------------------------------ nodes that carry one
  static bool fits(const Coefficient& factor, Carried::Sign sign) {
    return sign == Carried::Sign::Any ||
           (factor.number() && (sign == Carried::Sign::Absolute || factor.value() > 0));
  }

  bool carries(const Node& node, std::size_t k) const {
    const Carried how = carried(graph_, node, k);
    return how.how != Carried::How::Not && fits(of(node.inputs[k]).factor, how.sign);
  }

  /// The factor that the result has when every operand that carries one is without; one if they do not agree.
  Coefficient carried_factor(const Node& node) const {
    Coefficient alone;
    const Coefficient* jointly = nullptr;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const Carried how = carried(graph_, node, k);
      const Coefficient& factor = of(node.inputs[k]).factor;
      if (how.how == Carried::How::Jointly) {
        if (!fits(factor, how.sign) || (jointly != nullptr && *jointly != factor)) return {};
        jointly = &factor;
      } else if (how.how == Carried::How::Alone && fits(factor, how.sign)) {
        alone = alone * (how.sign == Carried::Sign::Absolute ? absolute(factor) : factor);
      } else if (rejects_jointly(node)) {
        return {};
      }
    }
    return jointly != nullptr ? *jointly : alone;
  }

  /// Operands of other dtypes that are added: what they add has no factor.
  bool rejects_jointly(const Node& node) const {
    for (std::size_t k = 0; k < node.inputs.size(); ++k)
      if (carried(graph_, node, k).how == Carried::How::Jointly) return node.op != &ops::get("where");
    return false;
  }

  // ------------------------------------------------------------ values
  const Stripped& of(ValueId id) const { return stripped_[std::size_t(id)]; }

  /// A factor waits for the only reader. Of several readers every one has to take it, or the product is made
  /// here, once.
  void define(ValueId id, Stripped made) {
    stripped_[std::size_t(id)] = std::move(made);
    const bool result = std::ranges::find(graph_.results, id) != graph_.results.end();
    if (result || (readers_[id].size() > 1 && !all_take(id))) whole(id);
  }

  bool all_take(ValueId id) const {
    return std::ranges::all_of(readers_[id], [&](const Reader& reader) {
      const Node& node = graph_.nodes[reader.node];
      const Carried how = carried(graph_, node, reader.operand);
      if (how.how == Carried::How::Alone && how.sign == Carried::Sign::Any) return true;
      const auto scaled = scaling(graph_, node, constants_);
      return scaled && std::ranges::find(scaled->tensors, reader.operand) != scaled->tensors.end();
    });
  }

  /// The value itself in the new graph: its product with the factor is written where that is asked for the
  /// first time.
  ValueId whole(ValueId id) {
    Stripped& value = stripped_[std::size_t(id)];
    if (value.factor.one()) return value.base;
    const ValueId made = multiplied(graph_, value.base, value.factor);
    if (value.base != id && made != value.base)
      std::swap(graph_.values[made].name, graph_.values[id].name);  // its node is gone
    constants_.resize(graph_.values.size(), -1);
    for (std::size_t k = 0; k < graph_.constants.size(); ++k) constants_[graph_.constants[k].value] = int(k);
    value = {made, {}};
    return made;
  }

  Graph& graph_;
  std::vector<int> constants_;
  std::vector<std::vector<Reader>> readers_;  ///< of the values of the old graph
  std::vector<Stripped> stripped_;
};

}  // namespace

/// A factor goes with a value through every reader whose result is of degree one in it, and is multiplied
/// with the others it meets; where a value is a result or somebody reads it who is not, the product is taken.
/// Each *use* carries its own: z * z has the factor of z twice.
graph::Graph accumulate_scalars(graph::Graph graph) {
  Accumulator(graph).run();
  return drop_dead(sorted(std::move(graph)));
}

}  // namespace einx::detail::passes
