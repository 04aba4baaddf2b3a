// The graph as a picture: a box a node, an edge a use of a value, labelled with its type.
#include "graph/escape.h"
#include "graph/print.h"

namespace einx::detail::graph {
namespace {

/// The box that makes each value: "n3" of nodes[3], else the value's own.
std::vector<std::string> boxes(const Graph& graph) {
  std::vector<std::string> box(graph.values.size());
  for (std::size_t id = 0; id < box.size(); ++id) box[id] = "v_" + graph.values[id].name;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (const ValueId output : graph.nodes[n].outputs) box[output] = "n" + std::to_string(n);
  return box;
}

std::string box_line(const std::string& id, const std::string& label, std::string_view style) {
  return "  " + id + " [label=" + label + std::string(style) + "];\n";
}

}  // namespace

std::string dot(const Graph& graph) {
  const std::vector<std::string> box = boxes(graph);
  const auto edge = [&](ValueId id, const std::string& to) {
    return "  " + box[id] + " -> " + to +
           " [label=" + quoted(graph.values[id].name + ": " + text(graph.values[id].type)) + "];\n";
  };
  std::string out = "digraph " + quoted(graph.name) + " {\n  node [shape=box];\n";
  for (const Parameter& parameter : graph.parameters) {
    const std::string label = (parameter.factory ? "factory " : "") + graph.values[parameter.value].name;
    out += box_line(box[parameter.value], quoted(label), ", shape=ellipse");
  }
  for (const Constant& constant : graph.constants)
    out += box_line(box[constant.value], quoted("constant " + graph.values[constant.value].name),
                    ", shape=ellipse");
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    // DOT's own line break stands outside of what is escaped.
    const std::string op = quoted(node.op->name), expression = quoted(expression_text(node));
    const std::string id = "n" + std::to_string(n);
    out += box_line(id, op.substr(0, op.size() - 1) + "\\n" + expression.substr(1), "");
    for (const ValueId input : node.inputs) out += edge(input, id);
  }
  for (std::size_t k = 0; k < graph.results.size(); ++k) {
    const std::string id = "result" + std::to_string(k);
    out += box_line(id, quoted(graph.results.size() == 1 ? "result" : "result " + std::to_string(k)),
                    ", shape=ellipse");
    out += edge(graph.results[k], id);
  }
  return out + "}\n";
}

}  // namespace einx::detail::graph
