// Building graphs: types, names, parameters, constants, nodes.
#include <algorithm>
#include <string>

#include "graph/graph.h"
#include "graph/normal.h"

namespace einx::detail::graph {
namespace {

bool taken(const Graph& graph, std::string_view name) {
  return std::any_of(graph.values.begin(), graph.values.end(),
                     [&](const Value& value) { return value.name == name; });
}

/// "x4" after "x3": the number behind the last value of this kind, or the next one that is free.
std::string fresh_name(const Graph& graph, char prefix) {
  std::size_t number = 0;
  for (const Value& value : graph.values) number += value.name.starts_with(prefix);
  std::string name = prefix + std::to_string(number);
  while (taken(graph, name)) name = prefix + std::to_string(++number);
  return name;
}

ValueId add_value(Graph& graph, char prefix, Type type) {
  graph.values.push_back({fresh_name(graph, prefix), std::move(type)});
  return ValueId(graph.values.size()) - 1;
}

std::vector<DType> input_dtypes(const Graph& graph, const Node& node) {
  std::vector<DType> dtypes;
  for (const ValueId input : node.inputs) dtypes.push_back(graph.values.at(input).type.dtype);
  return dtypes;
}

}  // namespace

Tensor owned(const Tensor& data) {
  Tensor copy = data.clone();
  if (copy.dtype() == DType::boolean) {
    auto* bytes = static_cast<unsigned char*>(copy.data());
    std::for_each(bytes, bytes + copy.size(), [](unsigned char& byte) { byte = byte != 0; });
  }
  return copy;
}

Type make_type(DType dtype, Shape shape, std::optional<Shape> strides) {
  Type type{dtype, std::move(shape), {}};
  type.strides = tensor::row_major(type.shape);
  if (!strides) return type;
  if (strides->size() != type.shape.size()) support::internal_error("a type has one stride for every axis");
  const bool empty = std::find(type.shape.begin(), type.shape.end(), 0) != type.shape.end();
  for (std::size_t k = 0; k < type.shape.size() && !empty; ++k)
    if (type.shape[k] != 1) type.strides[k] = (*strides)[k];
  return type;
}

std::string text(const Type& type) {
  const bool whole =
      type.strides.size() == type.shape.size();  // broken types are printed too, in the error about them
  return tensor::type_text(type.dtype, type.shape, whole ? type.strides : tensor::row_major(type.shape));
}

ValueId add_parameter(Graph& graph, Type type, bool factory) {
  const ValueId id = add_value(graph, 'i', std::move(type));
  graph.parameters.push_back({id, factory});
  return id;
}

ValueId add_constant(Graph& graph, Tensor data) {
  const ValueId id =
      add_value(graph, 'c', make_type(data.dtype(), Shape(data.shape().begin(), data.shape().end())));
  graph.constants.push_back({id, owned(data)});
  return id;
}

ops::Resolved resolve(const Graph& graph, const Node& node) {
  return node.op->resolve(*node.op, input_dtypes(graph, node));
}

std::vector<DType> output_dtypes(const Graph& graph, const Node& node) {
  return ops::output_dtypes(*node.op, node.expr, input_dtypes(graph, node));
}

std::vector<ValueId> add_node(Graph& graph, const ops::Op& op, notation::Solved expr,
                              std::vector<ValueId> inputs, Attributes attributes) {
  for (const ValueId input : inputs)
    if (input < 0 || std::size_t(input) >= graph.values.size())
      support::internal_error("a node's inputs are values of its graph");
  if (!well_formed(expr)) support::internal_error("a node's expression is well formed");

  Node node{&op, normal_form(std::move(expr)), std::move(inputs), {}, std::move(attributes)};
  const std::vector<DType> dtypes = output_dtypes(graph, node);  // raises before the graph has changed
  for (std::size_t k = 0; k < dtypes.size(); ++k)
    node.outputs.push_back(
        add_value(graph, 'x', make_type(dtypes[k], notation::shape(node.expr, node.expr.outputs[k]))));
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back().outputs;
}

}  // namespace einx::detail::graph
