// Inside the passes: a graph written anew, with other nodes in place of some.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "passes/rewrite.h"

namespace einx::detail::passes {

/// Values keep their names. What is copied or replaced has been written before whatever reads it.
class Writer {
 public:
  /// Writes the parameters, of these types if any are given.
  explicit Writer(const graph::Graph& from, const std::vector<graph::Type>& types = {});

  void copy(const graph::Constant& constant);
  void copy(const graph::Node& node);
  /// The node with another expression; its outputs' types follow. Raises what `graph::add_node` raises.
  void copy(const graph::Node& node, notation::Solved expr);

  /// A new node of one output, on values of the new graph.
  graph::ValueId add(const ops::Op& op, notation::Solved expr, std::vector<graph::ValueId> inputs);
  /// `value` is what `old` was. New values since `first` are named after it: "x3_0", "x3_1".
  void replace(graph::ValueId old, graph::ValueId value, std::size_t first);

  graph::ValueId number(graph::ValueId old) const { return number_[old]; }
  const graph::Type& type(graph::ValueId value) const { return to_.values[value].type; }
  std::size_t count() const { return to_.values.size(); }
  graph::Graph finish();

 private:
  void copy(graph::ValueId value);
  const graph::Graph& from_;
  graph::Graph to_;
  Replacement number_;
  std::set<std::string> names_;
};

/// Constants and nodes in the order of the values they define: calls `constant(Constant)` and `node(Node)`.
template <class C, class N>
void for_each_statement(const graph::Graph& graph, C constant, N node) {
  auto next = graph.constants.begin();
  for (const graph::Node& n : graph.nodes) {
    for (; next != graph.constants.end() && next->value < n.outputs.front(); ++next) constant(*next);
    node(n);
  }
  for (; next != graph.constants.end(); ++next) constant(*next);
}

}  // namespace einx::detail::passes
