// Graphs for tests: made from a pattern and shapes the way the tracer does it.
#pragma once
#include <einx/error.h>

#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace graphs {

namespace detail = einx::detail;
using detail::graph::Graph;
using detail::graph::ValueId;
using einx::DType;
using einx::Shape;
using einx::Tensor;
using Sizes = std::vector<std::pair<std::string, std::int64_t>>;

inline detail::notation::Solved solved(const std::string& op, const std::string& pattern,
                                       const std::vector<Shape>& shapes, const Sizes& sizes = {}) {
  std::vector<detail::notation::Operand> operands;
  for (const Shape& shape : shapes) operands.push_back({shape, ""});
  std::vector<detail::notation::Constraint> constraints;
  for (const auto& [name, size] : sizes) constraints.push_back({name, {}, {size}, ""});
  const auto parsed = detail::notation::parse(pattern);
  const auto expanded =
      detail::notation::expand(parsed, detail::ops::rules(detail::ops::get(op)), int(shapes.size()));
  return detail::notation::solve(expanded, operands, constraints);
}

/// Appends a node to a graph; its operands' shapes are read off their types.
inline std::vector<ValueId> append(Graph& graph, const std::string& op, const std::string& pattern,
                                   const std::vector<ValueId>& inputs, const Sizes& sizes = {}) {
  std::vector<Shape> shapes;
  for (const ValueId input : inputs) shapes.push_back(graph.values[input].type.shape);
  return detail::graph::add_node(graph, detail::ops::get(op), solved(op, pattern, shapes, sizes), inputs);
}

/// A graph of one node; every operand is a parameter.
inline Graph single(const std::string& op, const std::string& pattern, const std::vector<Shape>& shapes,
                    const Sizes& sizes = {}, DType dtype = einx::f32) {
  Graph graph;
  std::vector<ValueId> inputs;
  for (const Shape& shape : shapes)
    inputs.push_back(add_parameter(graph, detail::graph::make_type(dtype, shape)));
  graph.results = append(graph, op, pattern, inputs, sizes);
  return graph;
}

}  // namespace graphs
