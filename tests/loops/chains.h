// Graphs of several operations for the tests of fusion, and their results one operation at a time.
#pragma once
#include <algorithm>
#include <map>

#include "loops/cases.h"

namespace einx::detail::loops_test {

/// A graph under construction: `x = c.parameter(type); y = c.call("exp", "a b", {x}); c.graph.results = {y}`.
struct Chain {
  graph::Graph graph;

  graph::ValueId parameter(graph::Type type) { return graph::add_parameter(graph, std::move(type)); }
  graph::ValueId number(double value, DType dtype = DType::f32) {
    Tensor tensor = Tensor::empty({}, dtype);
    tensor::store(tensor.data(), tensor::make_scalar(value, dtype));
    return graph::add_constant(graph, tensor);
  }
  graph::ValueId call(const std::string& op, const std::string& pattern, std::vector<graph::ValueId> inputs,
                      const Sizes& sizes = {}) {
    std::vector<graph::Type> types;
    for (const graph::ValueId input : inputs) types.push_back(graph.values[std::size_t(input)].type);
    const graph::Graph one = loops_test::call(op, pattern, types, sizes);
    return graph::add_node(graph, *one.nodes[0].op, one.nodes[0].expr, std::move(inputs), one.nodes[0].attributes)[0];
  }
  const Shape& shape(graph::ValueId value) const { return graph.values[std::size_t(value)].type.shape; }
};

/// The graph's results, each of its nodes compiled alone: what fusion must not change.
inline std::vector<Tensor> one_by_one(const graph::Graph& graph, std::span<const Tensor> operands,
                                      const codegen::Target& target) {
  std::map<graph::ValueId, Tensor> values;
  for (std::size_t k = 0; k < operands.size(); ++k) values.insert_or_assign(graph.parameters[k].value, operands[k]);
  for (const graph::Constant& constant : graph.constants) values.insert_or_assign(constant.value, constant.data);
  for (const graph::Node& node : graph.nodes) {
    graph::Graph one;
    std::vector<graph::ValueId> inputs;
    std::vector<Tensor> given;
    for (const graph::ValueId input : node.inputs) {
      inputs.push_back(graph::add_parameter(one, graph.values[std::size_t(input)].type));
      given.push_back(values.at(input));
    }
    one.results = graph::add_node(one, *node.op, node.expr, inputs, node.attributes);
    const Ran ran = run_program(one, given, target);
    REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
    for (std::size_t k = 0; k < node.outputs.size(); ++k) values.insert_or_assign(node.outputs[k], ran.outputs[k]);
  }
  std::vector<Tensor> results;
  for (const graph::ValueId result : graph.results) results.push_back(values.at(result));
  return results;
}

inline std::vector<Tensor> operands_of(const graph::Graph& graph, unsigned seed, bool at_end = true) {
  std::vector<Tensor> operands;
  for (const graph::Parameter& parameter : graph.parameters)
    operands.push_back(operand(graph.values[std::size_t(parameter.value)].type, seed++, at_end));
  return operands;
}

/// What a graph became: kernels and products, and temporaries between them.
struct Made {
  std::size_t steps = 0, temporaries = 0;
};
inline Made made_of(const loops::Program& program) {
  const auto temporary = [](const loops::Buffer& buffer) { return buffer.kind == loops::Buffer::Kind::Temporary; };
  return {program.steps.size(), std::size_t(std::ranges::count_if(program.buffers, temporary))};
}
inline Made lowered(const graph::Graph& graph) { return made_of(loops::lower(graph, wide())); }

/// The graph as one program, static and dynamic, against its nodes one by one; `tolerance` in units of the last place.
inline void check_chain(const graph::Graph& graph, double tolerance, unsigned seed = 1) {
  CAPTURE(graph::text(graph));
  for (const codegen::Target& target : targets()) {
    CAPTURE(target.level);
    const std::vector<Tensor> operands = operands_of(graph, seed);
    const std::vector<Tensor> expected = one_by_one(graph, operands, target);
    for (const bool dynamic : {false, true}) {
      CAPTURE(dynamic);
      const loops::Program program = loops::lower(graph, target.machine, {.dynamic = dynamic});
      const Ran ran = run_program(program, operands, target);
      CAPTURE(loops::schedule_text(program));
      REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
      REQUIRE(ran.code == EINX_OK);
      for (std::size_t k = 0; k < expected.size(); ++k) {
        const std::string wrong = difference(expected[k], ran.outputs[k], tolerance);
        CHECK_MESSAGE(wrong.empty(), wrong);
      }
    }
  }
}

}  // namespace einx::detail::loops_test
