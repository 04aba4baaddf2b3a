// The graph as JSON, for tools: the same facts as the text, each in a field of its own.
#include <algorithm>
#include <cmath>

#include "graph/escape.h"
#include "graph/literal.h"
#include "graph/order.h"
#include "graph/print.h"

namespace einx::detail::graph {
namespace {

template <class Items, class F>
std::string array(const Items& items, F item_text) {
  std::vector<std::string> texts;
  for (const auto& item : items) texts.push_back(item_text(item));
  return "[" + support::join(texts, ", ") + "]";
}

std::string integers(const std::vector<std::int64_t>& values) {
  return array(values, [](std::int64_t value) { return std::to_string(value); });
}

/// Without the closing brace, so that fields can follow.
std::string value_fields(const Graph& graph, ValueId id) {
  const Value& value = graph.values.at(id);
  return "{\"name\": " + quoted(value.name) + ", \"dtype\": " + quoted(name_of(value.type.dtype)) +
         ", \"shape\": " + integers(value.type.shape) + ", \"strides\": " + integers(value.type.strides);
}

std::string parameter_json(const Graph& graph, const Parameter& parameter) {
  return value_fields(graph, parameter.value) + ", \"factory\": " + (parameter.factory ? "true" : "false") +
         "}";
}

/// How many nodes stand before the constant: its place in the text.
std::size_t nodes_before(const Graph& graph, ValueId constant) {
  return std::size_t(std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return !node.outputs.empty() && node.outputs.front() < constant;
  }));
}

/// Elements in row-major order; inf and nan, which JSON does not have, as strings, and -0 so that it is no integer. Large
/// data stays beside.
std::string constant_json(const Graph& graph, const Constant& constant) {
  std::string out = value_fields(graph, constant.value);
  if (const std::size_t before = nodes_before(graph, constant.value))
    out += ", \"before_node\": " + std::to_string(before);
  if (constant.data.size() > kInlineElements) return out + "}";
  std::vector<std::string> elements;
  const auto* element = static_cast<const std::byte*>(constant.data.data());
  for (std::int64_t k = 0; k < constant.data.size(); ++k, element += size_of(constant.data.dtype())) {
    const std::string text = element_text(element, constant.data.dtype());
    const bool finite = std::isfinite(tensor::to_double(tensor::load(element, constant.data.dtype())));
    elements.push_back(!finite ? quoted(text) : text == "-0" ? "-0.0" : text);
  }
  return out + ", \"data\": [" + support::join(elements, ", ") + "]}";
}

std::string node_json(const Graph& graph, const Node& node) {
  std::vector<std::string> axes, attributes;
  for (const notation::Axis& axis : node.expr.axes)
    axes.push_back(quoted(axis.name) + ": " + std::to_string(axis.size));
  for (const auto& [name, values] : node.attributes)
    attributes.push_back(quoted(name) + ": " + integers(values));
  return "{\"op\": " + quoted(node.op->name) + ", \"expression\": " + quoted(expression_text(node)) +
         ", \"axes\": {" + support::join(axes, ", ") + "}, \"attributes\": {" +
         support::join(attributes, ", ") +
         "}, \"inputs\": " + array(node.inputs, [&](ValueId id) { return quoted(name_of(graph, id)); }) +
         ", \"outputs\": " + array(node.outputs, [&](ValueId id) { return value_fields(graph, id) + "}"; }) +
         "}";
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20)
      out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    else
      out += c;
  }
  return out + '"';
}

std::string json(const Graph& graph) {
  return "{\"name\": " + quoted(graph.name) + ",\n \"parameters\": " +
         array(graph.parameters, [&](const Parameter& p) { return parameter_json(graph, p); }) +
         ",\n \"constants\": " +
         array(graph.constants, [&](const Constant& c) { return constant_json(graph, c); }) +
         ",\n \"nodes\": " + array(graph.nodes, [&](const Node& n) { return "\n  " + node_json(graph, n); }) +
         ",\n \"results\": " + array(graph.results, [&](ValueId id) { return quoted(name_of(graph, id)); }) +
         "}\n";
}

}  // namespace einx::detail::graph
