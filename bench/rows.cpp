#include "rows.h"

#include <random>

namespace bench {

using einx::Tensor;

double elements(const einx::Shape& shape) {
  double result = 1;
  for (const auto extent : shape) result *= static_cast<double>(extent);
  return result;
}

Tensor random(const einx::Shape& shape) {
  Tensor result = Tensor::empty(shape, einx::f32);
  std::minstd_rand generator(1);
  float* data = result.data_as<float>();
  for (std::int64_t k = 0; k < result.size(); ++k) data[k] = static_cast<float>(generator() % 2048) / 1024.0F - 1.0F;
  return result;
}

Job job(const einx::Graph& graph, std::vector<Tensor> operands, double amount, std::vector<Peer> peers) {
  struct State {
    einx::Graph graph;
    std::vector<Tensor> tensors;
    std::vector<einx::Operand> operands;
    Tensor result;
  };
  auto state = std::make_shared<State>(State{graph, operands, {}, {}});
  for (const Tensor& tensor : state->tensors) state->operands.emplace_back(tensor);
  state->result = std::move(graph.run(state->operands).at(0));
  const Work run = [state] {
    Tensor* const results[] = {&state->result};
    state->graph.run_into(results, state->operands);
  };
  return {run, amount, graph, std::move(operands), std::move(peers)};
}

const std::vector<Row>& rows() {
  static const std::vector<Row> list = [] {
    std::vector<Row> all;
    for (const auto make : {copy_rows, reduce_rows, contract_rows, map_rows})
      for (Row& row : make()) all.push_back(std::move(row));
    return all;
  }();
  return list;
}

}  // namespace bench
