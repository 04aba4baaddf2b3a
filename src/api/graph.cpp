// The public Graph: looking at a signature, and calling it without a look-up.
#include "api/api.h"
#include "api/operands.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx {
namespace api = detail::api;
namespace {

detail::loops::Program lowered(const api::Executable& executable) {
  return detail::loops::lower(executable.graph, detail::codegen::host_target().machine);
}

detail::codegen::Listing listing(const api::Executable& executable) {
  detail::codegen::Listing result;
  detail::codegen::compile(lowered(executable), detail::codegen::host_target(), &result);
  return result;
}

[[noreturn]] void wrong_signature(const Graph::Impl& graph, const std::string& what) {
  detail::support::raise<ValueError>({.kind = "graph-signature",
                                      .sentence = "The graph " + graph.source + " was made for other operands: " + what + ".",
                                      .advice = {"Make a graph for this signature, or call the operation itself, which compiles what it needs."}});
}

std::string type_text(const Tensor& tensor) {
  return detail::tensor::type_text(tensor.dtype(), tensor.shape(), tensor.strides());
}

/// Whether dtype, shape and strides (but those of axes of size 1) agree.
bool same_type(const Tensor& tensor, const detail::graph::Type& type) {
  if (tensor.dtype() != type.dtype || tensor.rank() != static_cast<int>(type.shape.size())) return false;
  bool strides_agree = true;
  for (int d = 0; d < tensor.rank(); ++d) {
    if (tensor.shape()[d] != type.shape[d]) return false;
    strides_agree &= tensor.shape()[d] == 1 || tensor.strides()[d] == type.strides[d];
  }
  return strides_agree || tensor.size() == 0;
}

/// The operands as tensors of the graph's types; raises what differs.
std::vector<Tensor> bind(const Graph::Impl& graph, std::span<const Operand> operands) {
  const api::Executable& executable = *graph.executable;
  if (operands.size() != executable.inputs.size())
    wrong_signature(graph, std::to_string(operands.size()) + " operands instead of " + std::to_string(executable.inputs.size()));
  std::vector<Tensor> result;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const Operand& operand = operands[k];
    const detail::graph::Type& type = executable.inputs[k];
    const std::string place = "operand #" + std::to_string(k + 1);
    switch (operand.kind()) {
      case Operand::Kind::Tensor: result.push_back(operand.tensor()); break;
      case Operand::Kind::Factory: result.push_back(api::run_factory(operand, type.shape, k, graph.source)); break;
      case Operand::Kind::Value:
      case Operand::Kind::Unknown: wrong_signature(graph, place + " has no data");
      default: result.push_back(api::number(operand, type.dtype));
    }
    if (!result.back().defined() || !same_type(result.back(), type))
      wrong_signature(graph, place + " is " + (result.back().defined() ? type_text(result.back()) : "undefined") + ", not " +
                                 detail::graph::text(type));
  }
  return result;
}

}  // namespace

std::string Graph::text() const { return detail::graph::text(impl_->executable->graph); }
std::string Graph::dot() const { return detail::graph::dot(impl_->executable->graph); }
std::string Graph::json() const { return detail::graph::json(impl_->executable->graph); }
std::string Graph::loops() const { return detail::loops::text(lowered(*impl_->executable)); }
std::string Graph::schedule() const { return detail::loops::schedule_text(lowered(*impl_->executable)); }
std::string Graph::llvm_ir() const { return listing(*impl_->executable).llvm_ir; }
std::string Graph::assembly() const { return listing(*impl_->executable).assembly; }

std::vector<Tensor> Graph::run(std::span<const Operand> operands) const {
  return api::run(*impl_->executable, bind(*impl_, operands));
}

void Graph::run_into(std::span<Tensor* const> results, std::span<const Operand> operands) const {
  const std::vector<Tensor> bound = bind(*impl_, operands);
  if (results.size() != impl_->executable->outputs.size())
    wrong_signature(*impl_, std::to_string(results.size()) + " results instead of " + std::to_string(impl_->executable->outputs.size()));
  api::run_into(*impl_->executable, api::addresses(bound), results);
}

Graph Graph::parse(std::string_view text, const std::vector<std::pair<std::string, Tensor>>& data) {
  detail::graph::Graph graph = detail::graph::parse(text, data);
  const std::string name = graph.name;
  return Graph(std::make_shared<const Impl>(Impl{name, api::compile(std::move(graph))}));
}

namespace detail {

Graph make_graph(const CallInfo& info) {
  const std::string source = std::string(info.op) + "(\"" + std::string(info.pattern) + "\")";
  return Graph(std::make_shared<const Graph::Impl>(Graph::Impl{source, api::prepare(info).executable}));
}

void call_into(const CallInfo& info, std::span<Tensor* const> results) {
  const api::Prepared prepared = api::prepare(info);
  api::require_results(info, prepared.executable->outputs.size(), results.size());
  api::run_into(*prepared.executable, api::addresses(prepared.operands), results);
}

}  // namespace detail
}  // namespace einx
