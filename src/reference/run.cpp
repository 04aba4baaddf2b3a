// A graph from its operands to its results, node after node.
#include <algorithm>

#include "reference/meanings.h"
#include "reference/reference.h"
#include "support/support.h"

namespace einx::detail::reference {
namespace {

void check_operands(const graph::Graph& graph, std::span<const Tensor> operands) {
  if (operands.size() != graph.parameters.size())
    support::internal_error("reference: one operand for every parameter");
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const graph::Type& type = graph.values[graph.parameters[i].value].type;
    const auto shape = operands[i].shape();
    if (operands[i].dtype() != type.dtype ||
        !std::equal(shape.begin(), shape.end(), type.shape.begin(), type.shape.end()))
      support::internal_error("reference: operands have their parameters' dtype and shape");
  }
}

std::vector<Tensor> run_node(const graph::Graph& graph, const graph::Node& node,
                             std::span<const Tensor> values) {
  std::vector<Tensor> inputs, outputs;
  for (graph::ValueId id : node.inputs) inputs.push_back(values[id]);
  for (graph::ValueId id : node.outputs)
    outputs.push_back(Tensor::empty(graph.values[id].type.shape, graph.values[id].type.dtype));
  const ops::Resolved resolved = graph::resolve(graph, node);
  const Step step{node, resolved, inputs, outputs};
  support::match(
      resolved.meaning,  //
      [&](const ops::Move&) { run_move(step); }, [&](const ops::Map& map) { run_map(step, map); },
      [&](const ops::Rows& rows) { run_rows(step, rows); }, [&](const ops::Gather&) { run_gather(step); },
      [&](const ops::Shuffle& shuffle) { run_shuffle(step, shuffle); },
      [&](const ops::Sort& sort) { run_sort(step, sort); },
      [&](const ops::Scatter& scatter) { run_scatter(step, scatter); },
      [&](const ops::Native& native) { run_native(step, native); });
  return outputs;
}

}  // namespace

std::vector<Tensor> run(const graph::Graph& graph, std::span<const Tensor> operands) {
  check_operands(graph, operands);
  std::vector<Tensor> values(graph.values.size());
  for (std::size_t i = 0; i < operands.size(); ++i) values[graph.parameters[i].value] = operands[i];
  for (const graph::Constant& constant : graph.constants) values[constant.value] = constant.data;
  for (const graph::Node& node : graph.nodes) {
    std::vector<Tensor> outputs = run_node(graph, node, values);
    for (std::size_t k = 0; k < outputs.size(); ++k) values[node.outputs[k]] = std::move(outputs[k]);
  }
  std::vector<Tensor> results;
  for (graph::ValueId id : graph.results) results.push_back(values[id]);
  return results;
}

}  // namespace einx::detail::reference
