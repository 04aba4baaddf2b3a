#include "own.h"

#include "api/api.h"

namespace {

namespace api = einx::detail::api;

/// Through the text, which finds the user's operations by name.
einx::Tensor run(const einx::Graph& graph, const std::vector<einx::Tensor>& operands, const api::Options& options) {
  return api::run(*api::compile(einx::detail::graph::parse(graph.text()), options), operands).at(0);
}

}  // namespace

einx::Tensor own::reference(const einx::Graph& graph, const std::vector<einx::Tensor>& operands) {
  return run(graph, operands, {.jit = false});
}

einx::Tensor own::dynamic(const einx::Graph& graph, const std::vector<einx::Tensor>& operands) {
  return run(graph, operands, {.loops = {.dynamic = true}});
}
