// The graph as text; its inverse is parse.cpp.
#include "graph/print.h"

#include "graph/literal.h"
#include "graph/normal.h"
#include "graph/order.h"

namespace einx::detail::graph {
namespace {

std::string typed_name(const Graph& graph, ValueId id, std::string_view before_type = "") {
  const std::string name = name_of(graph, id);
  if (name.starts_with('?')) return name;
  return name + ": " + std::string(before_type) + text(graph.values[id].type);
}

std::string integer_list(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const std::int64_t value : values) items.push_back(std::to_string(value));
  return "[" + support::join(items, ", ") + "]";
}

std::string constant_text(const Graph& graph, const Constant& constant) {
  const bool small = constant.data.size() <= kInlineElements;
  const std::string data = small ? data_text(constant.data) : '"' + name_of(graph, constant.value) + '"';
  return typed_name(graph, constant.value) + " = constant(" + data + ")";
}

std::string signature_text(const Graph& graph) {
  std::vector<std::string> parameters, results;
  for (const Parameter& parameter : graph.parameters)
    parameters.push_back(typed_name(graph, parameter.value, parameter.factory ? "factory " : ""));
  for (const ValueId result : graph.results) {
    const bool known = result >= 0 && std::size_t(result) < graph.values.size();
    results.push_back(known ? text(graph.values[result].type) : name_of(graph, result));
  }
  return "def " + graph.name + "(" + support::join(parameters, ", ") + ") -> " +
         support::join(results, ", ") + ":\n";
}

}  // namespace

std::string name_of(const Graph& graph, ValueId id) {
  if (id < 0 || std::size_t(id) >= graph.values.size()) return "?" + std::to_string(id);
  return graph.values[id].name;
}

std::string expression_text(const Node& node) {
  return well_formed(node.expr) ? notation::text(node.expr) : "<not a well-formed expression>";
}

std::vector<bool> given_by_shapes(const notation::Solved& expr) {
  std::vector<bool> given(expr.axes.size(), false);
  for (const notation::TensorExpr& input : expr.inputs)
    for (const notation::Dim& dim : input.dims)
      if (dim.kind == notation::Dim::Kind::Axis) given.at(dim.axis) = true;
  return given;
}

std::string node_text(const Graph& graph, const Node& node) {
  std::vector<std::string> outputs, arguments;
  for (const ValueId output : node.outputs) outputs.push_back(typed_name(graph, output));
  for (const ValueId input : node.inputs) arguments.push_back(name_of(graph, input));
  arguments.push_back('"' + expression_text(node) + '"');
  for (const auto& [name, values] : node.attributes) arguments.push_back(name + "=" + integer_list(values));
  if (well_formed(node.expr)) {
    const std::vector<bool> given = given_by_shapes(node.expr);
    for (std::size_t k = 0; k < given.size(); ++k) {
      const notation::Axis& axis = node.expr.axes[k];
      if (!given[k]) arguments.push_back(axis.name + "=" + std::to_string(axis.size));
    }
  }
  const std::string op = node.op ? std::string(node.op->name) : "<no operation>";
  return support::join(outputs, ", ") + " = " + op + "(" + support::join(arguments, ", ") + ")";
}

std::string text(const Graph& graph) {
  std::string out = signature_text(graph);
  for (const Statement& statement : statements(graph)) {
    out += "    " + support::match(
                        statement, [&](const Constant* constant) { return constant_text(graph, *constant); },
                        [&](const Node* node) { return node_text(graph, *node); });
    out += '\n';
  }
  std::vector<std::string> results;
  for (const ValueId result : graph.results) results.push_back(name_of(graph, result));
  return out + "    return " + support::join(results, ", ") + "\n";
}

std::vector<std::pair<std::string, Tensor>> data_beside(const Graph& graph) {
  std::vector<std::pair<std::string, Tensor>> result;
  for (const Constant& constant : graph.constants)
    if (constant.data.size() > kInlineElements)
      result.emplace_back(name_of(graph, constant.value), constant.data);
  return result;
}

}  // namespace einx::detail::graph
