#include "passes/writer.h"

namespace einx::detail::passes {

Writer::Writer(const graph::Graph& from, const std::vector<graph::Type>& types)
    : from_(from), number_(from.values.size(), -1) {
  to_.name = from.name;
  for (const graph::Value& value : from.values) names_.insert(value.name);
  for (std::size_t k = 0; k < from.parameters.size(); ++k) {
    copy(from.parameters[k].value);
    if (!types.empty()) to_.values.back().type = types[k];
    to_.parameters.push_back({number_[from.parameters[k].value], from.parameters[k].factory});
  }
}

void Writer::copy(graph::ValueId value) {
  number_[value] = graph::ValueId(to_.values.size());
  to_.values.push_back(from_.values[value]);
}

void Writer::copy(const graph::Constant& constant) {
  copy(constant.value);
  to_.constants.push_back({number_[constant.value], constant.data});
}

void Writer::copy(const graph::Node& node) {
  for (const graph::ValueId output : node.outputs) copy(output);
  graph::Node copied = node;
  use(number_, copied.inputs);
  use(number_, copied.outputs);
  to_.nodes.push_back(std::move(copied));
}

void Writer::copy(const graph::Node& node, notation::Solved expr) {
  std::vector<graph::ValueId> inputs = node.inputs;
  use(number_, inputs);
  const std::vector<graph::ValueId> outputs =
      graph::add_node(to_, *node.op, std::move(expr), std::move(inputs), node.attributes);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    number_[node.outputs[k]] = outputs[k];
    to_.values[outputs[k]].name = from_.values[node.outputs[k]].name;
  }
}

graph::ValueId Writer::add(const ops::Op& op, notation::Solved expr, std::vector<graph::ValueId> inputs) {
  return graph::add_node(to_, op, std::move(expr), std::move(inputs)).at(0);
}

void Writer::replace(graph::ValueId old, graph::ValueId value, std::size_t first) {
  const std::string& name = from_.values[old].name;
  for (std::size_t k = first, next = 0; k < to_.values.size(); ++k) {
    std::string& given = to_.values[k].name;
    if (graph::ValueId(k) == value)
      given = name;
    else
      do given = name + "_" + std::to_string(next++);
      while (!names_.insert(given).second);
  }
  number_[old] = value;
}

graph::Graph Writer::finish() {
  to_.results = from_.results;
  use(number_, to_.results);
  return std::move(to_);
}

}  // namespace einx::detail::passes
