#include <algorithm>
#include <array>
#include <string_view>

#include "passes/compose_maps.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace einx::detail::passes {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;
using notation::Dim;
using notation::Family;
using notation::Solved;
using notation::TensorExpr;

// ---------------------------------------------------------------- what operations make of their brackets
/// The bracketed axes of a tensor, each as often as it stands there.
void append_bracketed(const Solved& expr, const Dim& dim, std::vector<int>& found) {
  if (dim.kind == Dim::Kind::Axis && expr.axes[dim.axis].bracketed) found.push_back(dim.axis);
  for (const Dim& part : dim.parts) append_bracketed(expr, part, found);
}

std::vector<int> bracketed(const Solved& expr, const TensorExpr& tensor) {
  std::vector<int> found;
  for (const Dim& dim : tensor.dims) append_bracketed(expr, dim, found);
  return found;
}

/// The brackets of every tensor as names and sizes: what an operation sees that counts them or depends on
/// their order.
std::vector<std::pair<std::string_view, std::int64_t>> brackets(const Solved& expr) {
  std::vector<std::pair<std::string_view, std::int64_t>> all;
  for (const auto* side : {&expr.inputs, &expr.outputs})
    for (const TensorExpr& tensor : *side) {
      for (const int axis : bracketed(expr, tensor))
        all.emplace_back(expr.axes[axis].name, expr.axes[axis].size);
      all.emplace_back("", 0);
    }
  return all;
}

/// In how many places of the inputs each axis stands in brackets; -1 for axes without.
std::vector<int> bracket_counts(const Solved& expr) {
  std::vector<int> counts(expr.axes.size());
  for (std::size_t axis = 0; axis < counts.size(); ++axis) counts[axis] = expr.axes[axis].bracketed ? 0 : -1;
  for (const TensorExpr& input : expr.inputs)
    for (const int axis : bracketed(expr, input)) ++counts[axis];
  return counts;
}

std::int64_t bracketed_elements(const Solved& expr) {
  std::int64_t product = 1;
  for (const notation::Axis& axis : expr.axes)
    if (axis.bracketed) product *= axis.size;
  return product;
}

/// Reductions of a sub-tensor whose elements are all there n times: the same as of those once.
bool ignores_repetition(const ops::Op& op) {
  constexpr std::array<std::string_view, 5> names = {"max", "min", "any", "all", "mean"};
  return std::find(names.begin(), names.end(), op.name) != names.end();
}

bool twice_in_an_input(const Solved& expr) {
  return std::any_of(expr.inputs.begin(), expr.inputs.end(), [&](const TensorExpr& input) {
    std::vector<int> axes = bracketed(expr, input);
    std::sort(axes.begin(), axes.end());
    return std::adjacent_find(axes.begin(), axes.end()) != axes.end();
  });
}

bool any_bracket(const Solved& expr) {
  const std::vector<int> counts = bracket_counts(expr);
  return std::any_of(counts.begin(), counts.end(), [](int count) { return count > 0; });
}

/// Whether the operation computes the same with the new expression, whose vectorised axes are right. A
/// contraction may become one of those that take an axis in any number of operands.
bool accepts(const ops::Op*& op, const ops::Resolved& resolved, const Solved& before, const Solved& after) {
  const auto* rows = std::get_if<ops::Rows>(&resolved.meaning);
  const bool same_brackets = brackets(before) == brackets(after);
  switch (op->family) {
    case Family::Id:
    case Family::Elementwise:
      return true;
    case Family::UpdateAt:
      return false;  // the order of its axes is the order of the updates
    case Family::Reduce:
      if (rows == nullptr) return same_brackets;
      return any_bracket(after) && !twice_in_an_input(after) &&
             (ignores_repetition(*op) || bracketed_elements(before) == bracketed_elements(after));
    case Family::Preserve:
      if (same_brackets) return true;
      return rows != nullptr && any_bracket(after) && !twice_in_an_input(after) &&
             bracketed(after, after.inputs[0]) == bracketed(after, after.outputs[0]);
    case Family::Dot:
    case Family::Einsum: {
      if (!any_bracket(after) || bracketed_elements(before) != bracketed_elements(after)) return false;
      const std::vector<int> counts = bracket_counts(after);
      const bool pairs =
          !twice_in_an_input(after) &&
          std::all_of(counts.begin(), counts.end(), [](int count) { return count == -1 || count == 2; });
      if (op->family == Family::Dot && !pairs) op = &ops::get("einsum");
      return true;
    }
    default:
      return same_brackets;
  }
}

// ---------------------------------------------------------------- the graph
/// `id` of several operands without concatenations is as many nodes.
void separate_pairs(Graph& graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const auto plain = [](const TensorExpr& expr) { return !has_concatenation(expr); };
    const bool separable = node.op->family == Family::Id && node.outputs.size() > 1 &&
                           std::all_of(node.expr.inputs.begin(), node.expr.inputs.end(), plain) &&
                           std::all_of(node.expr.outputs.begin(), node.expr.outputs.end(), plain);
    if (!separable) {
      nodes.push_back(std::move(node));
      continue;
    }
    for (std::size_t k = 0; k < node.outputs.size(); ++k)
      nodes.push_back({node.op,
                       graph::normal_form({node.expr.axes, {node.expr.inputs[k]}, {node.expr.outputs[k]}}),
                       {node.inputs[k]},
                       {node.outputs[k]},
                       node.attributes});
  }
  graph.nodes = std::move(nodes);
}

class Merger {
 public:
  explicit Merger(Graph& graph)
      : graph_(graph),
        made_by_(producers(graph)),
        uses_(use_counts(graph)),
        replacement_(no_replacement(graph)) {}

  void run() {
    std::vector<bool> gone(graph_.nodes.size(), false);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      use(replacement_, graph_.nodes[n].inputs);
      gone[n] = is_plain_map(graph_.nodes[n]) && into_producer(graph_.nodes[n]);
      for (std::size_t k = 0; !gone[n] && k < graph_.nodes[n].inputs.size(); ++k)
        into_reader(graph_.nodes[n], k);
    }
    use(replacement_, graph_.results);
    std::vector<Node> kept;
    for (std::size_t n = 0; n < gone.size(); ++n)
      if (!gone[n]) kept.push_back(std::move(graph_.nodes[n]));
    graph_.nodes = std::move(kept);
  }

 private:
  Node* producer(ValueId value) { return made_by_[value] < 0 ? nullptr : &graph_.nodes[made_by_[value]]; }

  /// A map that is the only reader of a value: its producer writes what the map would make of it.
  bool into_producer(const Node& map) {
    const ValueId value = map.inputs[0];
    Node* const writer = producer(value);
    if (writer == nullptr || uses_[value] != 1 || is_plain_map(*writer)) return false;
    const auto at = std::size_t(std::find(writer->outputs.begin(), writer->outputs.end(), value) -
                                writer->outputs.begin());
    auto expr = write_through(writer->expr, at, map.expr);
    if (!expr || !try_expression(*writer, *expr)) return false;
    graph_.values[value].type = graph_.values[map.outputs[0]].type;
    replacement_[map.outputs[0]] = value;
    uses_[value] = uses_[map.outputs[0]];
    return true;
  }

  /// An operand that a map has made: what the map reads is read instead.
  void into_reader(Node& reader, std::size_t k) {
    const Node* const map = producer(reader.inputs[k]);
    if (map == nullptr || !is_plain_map(*map)) return;
    auto expr = read_through(reader.expr, k, map->expr);
    if (!expr || !try_expression(reader, *expr)) return;
    --uses_[reader.inputs[k]];
    reader.inputs[k] = map->inputs[0];
    ++uses_[reader.inputs[k]];
  }

  bool try_expression(Node& node, Solved& expr) {
    const ops::Op* op = node.op;
    if (!accepts(op, graph::resolve(graph_, node), node.expr, expr)) return false;
    node.op = op;
    node.expr = std::move(expr);
    return true;
  }

  Graph& graph_;
  std::vector<int> made_by_, uses_;
  Replacement replacement_;
};

}  // namespace

/// A map that is the only reader of what an operation makes goes into that operation, whose readers then find
/// the order of axes they were written for; other maps go into each of their readers. One that not all
/// readers can take stays for those.
graph::Graph merge_maps(graph::Graph graph) {
  separate_pairs(graph);
  Merger(graph).run();
  return drop_dead(std::move(graph));
}

}  // namespace einx::detail::passes
