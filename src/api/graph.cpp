// The public Graph: looking at a signature, and calling it without a look-up.
#include <optional>

#include "api/addresses.h"
#include "api/api.h"
#include "api/direct.h"
#include "api/operands.h"
#include "passes/passes.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx {
namespace api = detail::api;
namespace {

detail::loops::Program lowered(const Graph::Impl& graph) {
  return detail::loops::lower(detail::passes::run(graph.graph), detail::codegen::host_target().machine);
}

detail::codegen::Listing listing(const Graph::Impl& graph) {
  detail::codegen::Listing result;
  detail::codegen::compile(lowered(graph), detail::codegen::host_target(), &result);
  return result;
}

/// "f(i0: f32[2, 3]) -> f32[2]": the text's first line without its "def" and colon.
std::string signature(const detail::graph::Graph& graph) {
  const std::string text = detail::graph::text(graph);
  return text.substr(4, text.find('\n') - 5);
}

[[noreturn]] void wrong_signature(const Graph::Impl& graph, const std::string& what) {
  detail::support::raise<ValueError>({.kind = "graph-signature",
                                      .sentence = "The graph " + graph.source + " was made for other operands: " + what + ".",
                                      .operands = {signature(graph.graph)},
                                      .advice = {"Make a graph for this signature, or call the operation itself, which compiles what it needs."}});
}

std::string type_text(const Tensor& tensor) {
  return detail::tensor::type_text(tensor.dtype(), tensor.shape(), tensor.strides());
}

/// Whether dtype, shape and strides (but those of axes of size 1) agree.
bool same_type(DType dtype, std::span<const std::int64_t> shape, std::span<const std::int64_t> strides, const detail::graph::Type& type) {
  if (dtype != type.dtype || shape.size() != type.shape.size()) return false;
  bool strides_agree = true, empty = false;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] != type.shape[d]) return false;
    empty |= shape[d] == 0;
    strides_agree &= strides[d] == type.strides[d] || shape[d] == 1;
  }
  return strides_agree || empty;
}

/// Without strides the view is row-major, and so must the type be.
bool same_type(const View& view, const detail::graph::Type& type) {
  if (!view.strides.empty()) return view.strides.size() == view.shape.size() && same_type(view.dtype, view.shape, view.strides, type);
  if (!same_type(view.dtype, view.shape, type.strides, type)) return false;
  bool strides_agree = true, empty = false;
  std::int64_t expected = 1;
  for (std::size_t d = type.shape.size(); d-- > 0 && !empty; expected *= type.shape[d]) {
    empty = type.shape[d] == 0;
    strides_agree &= type.strides[d] == expected || type.shape[d] == 1;
  }
  return strides_agree || empty;
}

std::string place(std::size_t k) { return "operand #" + std::to_string(k + 1); }

[[noreturn]] void wrong_operand(const Graph::Impl& graph, std::size_t k, const std::string& type) {
  wrong_signature(graph, place(k) + " is " + type + ", not " + detail::graph::text(graph.executable().inputs[k]));
}

void require_counts(const Graph::Impl& graph, std::size_t operands, std::optional<std::size_t> results = {}) {
  const api::Executable& executable = graph.executable();
  if (operands != executable.inputs.size())
    wrong_signature(graph, std::to_string(operands) + " operands instead of " + std::to_string(executable.inputs.size()));
  if (results && *results != executable.outputs.size())
    wrong_signature(graph, std::to_string(*results) + " results instead of " + std::to_string(executable.outputs.size()));
}

/// The operands as tensors of the graph's types; raises what differs. Tensors stay where they are: only numbers and what factories give is held.
class Bound {
 public:
  Bound(const Graph::Impl& graph, std::span<const Operand> operands) : tensors_(operands.size()), inputs_(operands.size()) {
    for (std::size_t k = 0; k < operands.size(); ++k) {
      tensors_[k] = bind(graph, operands, k);
      inputs_[k] = tensors_[k]->data();
    }
  }
  std::span<const Tensor* const> tensors() { return tensors_.span(); }
  const void* const* inputs() { return inputs_.data(); }

 private:
  const Tensor* bind(const Graph::Impl& graph, std::span<const Operand> operands, std::size_t k) {
    const Operand& operand = operands[k];
    const detail::graph::Type& type = graph.executable().inputs[k];
    if (operand.kind() == Operand::Kind::Tensor) return checked(graph, operand.tensor(), k);
    if (operand.kind() == Operand::Kind::Value || operand.kind() == Operand::Kind::Unknown) wrong_signature(graph, place(k) + " has no data");
    if (held_.capacity() == 0) held_.reserve(operands.size());  // addresses stay
    if (operand.kind() == Operand::Kind::Factory) held_.push_back(api::run_factory(operand, type.shape, k, graph.source));
    else held_.push_back(api::number(operand, type.dtype));
    return checked(graph, held_.back(), k);
  }
  static const Tensor* checked(const Graph::Impl& graph, const Tensor& tensor, std::size_t k) {
    if (!tensor.defined()) wrong_operand(graph, k, "undefined");
    if (!same_type(tensor.dtype(), tensor.shape(), tensor.strides(), graph.executable().inputs[k])) wrong_operand(graph, k, type_text(tensor));
    return &tensor;
  }

  api::Addresses<const Tensor*> tensors_;
  api::Addresses<const void*> inputs_;
  std::vector<Tensor> held_;
};

Shape vector_of(std::span<const std::int64_t> values) { return {values.begin(), values.end()}; }

void require_view(const Graph::Impl& graph, const View& view, std::size_t k) {
  if (!same_type(view, graph.executable().inputs[k])) {
    const Shape strides = view.strides.empty() ? detail::tensor::row_major(view.shape) : vector_of(view.strides);
    if (strides.size() != view.shape.size()) wrong_signature(graph, place(k) + " has another number of strides than of axes");
    wrong_operand(graph, k, detail::tensor::type_text(view.dtype, view.shape, strides));
  }
  const api::Executable::Reach& reach = graph.executable().reaches[k];
  if (!view.data && reach.low != reach.high)
    detail::support::raise<ValueError>({.kind = "bad-view", .sentence = "The view given as " + place(k) + " of " + graph.source + " has no address."});
}

/// Tensors over views, for the interpreter.
Tensor tensor_of(const View& view, const detail::graph::Type& type) { return Tensor::view(view.data, view.dtype, type.shape, type.strides); }
Tensor tensor_of(const MutableView& view) {
  return Tensor::view(view.data, view.dtype, vector_of(view.shape),
                      view.strides.empty() ? detail::tensor::row_major(view.shape) : vector_of(view.strides));
}

void interpret_into(const api::Executable& executable, std::span<const MutableView> results, std::span<const View> operands) {
  std::vector<Tensor> inputs, outputs;
  for (std::size_t k = 0; k < operands.size(); ++k) inputs.push_back(tensor_of(operands[k], executable.inputs[k]));
  for (const MutableView& result : results) outputs.push_back(tensor_of(result));
  std::vector<Tensor*> places;
  for (Tensor& output : outputs) places.push_back(&output);
  api::run_into(executable, api::addresses(inputs), places);
}

}  // namespace

const api::Executable& Graph::Impl::compile() const {
  const std::lock_guard lock(mutex_);
  if (!executable_) {
    executable_ = make_();
    make_ = nullptr;  // and what it holds
    ready_.store(executable_.get(), std::memory_order_release);
  }
  return *executable_;
}

namespace {

Spec spec_of(const detail::graph::Type& type) {
  if (type.strides == detail::tensor::row_major(type.shape)) return {type.dtype, type.shape};
  return {type.dtype, type.shape, type.strides};
}

}  // namespace

std::string Graph::name() const { return impl_->graph.name; }
std::vector<Spec> Graph::inputs() const {
  std::vector<Spec> specs;
  for (const detail::graph::Parameter& parameter : impl_->graph.parameters) specs.push_back(spec_of(impl_->graph.values[parameter.value].type));
  return specs;
}
std::vector<Spec> Graph::outputs() const {
  std::vector<Spec> specs;  // results are row-major whatever they hold
  for (const detail::graph::ValueId id : impl_->graph.results) specs.push_back({impl_->graph.values[id].type.dtype, impl_->graph.values[id].type.shape});
  return specs;
}
std::string Graph::text() const { return detail::graph::text(impl_->graph); }
std::string Graph::dot() const { return detail::graph::dot(impl_->graph); }
std::string Graph::json() const { return detail::graph::json(impl_->graph); }
std::string Graph::loops() const { return detail::loops::text(lowered(*impl_)); }
std::string Graph::schedule() const { return detail::loops::schedule_text(lowered(*impl_)); }
std::string Graph::llvm_ir() const { return listing(*impl_).llvm_ir; }
std::string Graph::assembly() const { return listing(*impl_).assembly; }

std::vector<Tensor> Graph::run(std::span<const Operand> operands) const {
  require_counts(*impl_, operands.size());
  Bound bound(*impl_, operands);
  std::vector<Tensor> results(impl_->executable().outputs.size());
  api::run(impl_->executable(), bound.tensors(), results);
  return results;
}

Tensor Graph::run_one(std::span<const Operand> operands) const {
  if (impl_->executable().outputs.size() != 1) return std::move(run(operands).at(0));
  require_counts(*impl_, operands.size());
  Bound bound(*impl_, operands);
  const api::Executable& executable = impl_->executable();
  Tensor result;
  if (executable.code) api::run(executable, bound.inputs(), {&result, 1});
  else api::run(executable, bound.tensors(), {&result, 1});
  return result;
}

void Graph::run_into(std::span<Tensor* const> results, std::span<const Operand> operands) const {
  require_counts(*impl_, operands.size(), results.size());
  Bound bound(*impl_, operands);
  const api::Executable& executable = impl_->executable();
  if (executable.code) return api::run_into(executable, bound.inputs(), results);
  api::run_into(executable, bound.tensors(), results);
}

void Graph::run_into(std::span<const MutableView> results, std::span<const View> operands) const {
  require_counts(*impl_, operands.size(), results.size());
  const api::Executable& executable = impl_->executable();
  api::Addresses<const void*> inputs(operands.size());
  for (std::size_t k = 0; k < operands.size(); ++k) {
    require_view(*impl_, operands[k], k);
    inputs[k] = operands[k].data;
  }
  if (!executable.code) return interpret_into(executable, results, operands);
  api::run_into(executable, inputs.data(), results);
}

Graph::Data Graph::data() const { return detail::graph::data_beside(impl_->graph); }

Graph Graph::parse(std::string_view text, const Data& data) { return api::make_public(detail::graph::parse(text, data)); }

std::vector<Graph> Graph::parse_all(std::string_view text, const Data& data) {
  std::vector<Graph> graphs;
  for (detail::graph::Graph& graph : detail::graph::parse_all(text, detail::graph::source_of(data))) graphs.push_back(api::make_public(std::move(graph)));
  return graphs;
}

Graph Graph::from_json(std::string_view text, const Data& data) {
  return api::make_public(detail::graph::from_json(text, detail::graph::source_of(data)));
}

namespace detail {

Graph api::make_public(graph::Graph graph) {
  std::string name = graph.name;
  auto make = [graph] { return compile(graph); };
  return einx::Graph(std::make_shared<const einx::Graph::Impl>(std::move(name), std::move(graph), std::move(make)));
}

const graph::Graph& api::graph_of(const einx::Graph& graph) { return graph.impl()->graph; }

Graph make_graph(const CallInfo& info) {
  std::string source = std::string(info.op) + "(\"" + std::string(info.pattern) + "\")";
  api::Deferred call = api::defer(info);
  return Graph(std::make_shared<const Graph::Impl>(std::move(source), std::move(call.graph), std::move(call.make)));
}

void call_into(const CallInfo& info, std::span<Tensor* const> results) {
  if (const api::Executable* found = api::Direct::find(info); found && found->outputs.size() == results.size()) {
    const api::Direct::Running running;
    return api::run_into(*found, api::Arguments(*found, info).data(), results);
  }
  const api::Prepared prepared = api::prepare(info);
  api::require_results(info, prepared.executable->outputs.size(), results.size());
  api::run_into(*prepared.executable, api::addresses(prepared.operands), results);
}

}  // namespace detail
}  // namespace einx
