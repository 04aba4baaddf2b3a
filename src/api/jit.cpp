// Traced functions: operations on Values write nodes into a graph instead of computing.
#include <atomic>

#include "api/api.h"
#include "api/operands.h"
#include "api/tracing.h"
#include "support/support.h"

namespace einx {

namespace detail {
namespace {

[[noreturn]] void bad_value(const std::string& sentence) { support::raise<TypeError>({.kind = "operand-kind", .sentence = sentence}); }

const graph::Type& type_of(const Value& value) {
  if (!value.tracing()) bad_value("An einx::Value that belongs to no traced function has no type.");
  return value.tracing()->graph.values.at(value.id()).type;
}

}  // namespace
}  // namespace detail

DType Value::dtype() const { return detail::type_of(*this).dtype; }
Shape Value::shape() const { return detail::type_of(*this).shape; }

namespace detail {
namespace {

/// The trace that a call's Values belong to: one for all of them.
const std::shared_ptr<Tracing>& tracing_of(const CallInfo& info) {
  const std::shared_ptr<Tracing>* found = nullptr;
  for (const Operand& operand : info.operands) {
    if (operand.kind() != Operand::Kind::Value) continue;
    const std::shared_ptr<Tracing>& tracing = operand.value().tracing();
    if (!tracing) bad_value("An einx::Value that belongs to no traced function was given to " + std::string(info.op) + ".");
    if (found && *found != tracing) bad_value("Values of two traced functions meet in one call of " + std::string(info.op) + ".");
    found = &tracing;
  }
  return *found;
}

/// Gives every operand that is not a Value a constant of the graph: captured tensors, numbers, factories' tensors.
std::vector<graph::ValueId> operand_values(const CallInfo& info, trace::Call& call, graph::Graph& graph, const std::vector<Tensor>& made) {
  const std::vector<DType> dtypes = trace::operand_dtypes(*call.op, call.operands);
  std::vector<graph::ValueId> values;
  for (std::size_t k = 0; k < info.operands.size(); ++k) {
    const Operand& operand = info.operands[k];
    switch (operand.kind()) {
      case Operand::Kind::Value: values.push_back(operand.value().id()); continue;
      case Operand::Kind::Tensor: values.push_back(add_constant(graph, operand.tensor().clone())); break;
      case Operand::Kind::Factory: values.push_back(add_constant(graph, made[k])); break;
      case Operand::Kind::Unknown: bad_value("Operand #" + std::to_string(k + 1) + " has no shape.");
      default: values.push_back(add_constant(graph, api::number(operand, dtypes[k])));
    }
    call.operands[k] = {trace::Operand::Kind::Tensor, graph.values[values.back()].type};
  }
  return values;
}

std::vector<Tensor> factories(const CallInfo& info, trace::Call& call, const notation::Solved& solved) {
  std::vector<Tensor> made(info.operands.size());
  const std::vector<Shape> shapes = trace::operand_shapes(solved);
  for (std::size_t k = 0; k < made.size(); ++k) {
    if (info.operands[k].kind() != Operand::Kind::Factory) continue;
    made[k] = api::call_factory(info.operands[k], shapes[k], k, info);
    call.operands[k].type = api::describe(Operand(made[k])).type;
  }
  return made;
}

}  // namespace

void call(const CallInfo& info, std::span<Value> results) {
  const std::shared_ptr<Tracing>& tracing = tracing_of(info);
  trace::Call call = api::describe(info);
  notation::Solved solved = trace::solve(call, trace::expand(call));
  const std::vector<Tensor> made = factories(info, call, solved);
  const std::vector<graph::ValueId> inputs = operand_values(info, call, tracing->graph, made);
  const std::vector<graph::ValueId> outputs = trace::append(tracing->graph, call, std::move(solved), inputs);
  api::require_results(info, outputs.size(), results.size());
  for (std::size_t k = 0; k < results.size(); ++k) results[k] = Value(tracing, outputs[k]);
}

std::uint64_t new_identity() {
  static std::atomic<std::uint64_t> next{1};
  return next++;
}

namespace {

api::ExecutablePtr trace_and_compile(const JitCall& call, const std::vector<Tensor>& operands) {
  const auto tracing = std::make_shared<Tracing>();
  tracing->graph.name = "traced";
  std::vector<Value> parameters;
  for (const Tensor& operand : operands)
    parameters.emplace_back(tracing, add_parameter(tracing->graph, api::describe(Operand(operand)).type));
  for (const Value& result : call.trace(parameters)) {
    if (result.tracing() != tracing) bad_value("A traced function returned a Value that is not its own.");
    tracing->graph.results.push_back(result.id());
  }
  return api::compile(tracing->graph);
}

/// Tensors and numbers; a traced function has no expression that would give a factory its shape.
std::vector<Tensor> jit_operands(const JitCall& call) {
  std::vector<Tensor> tensors;
  for (const Operand& operand : call.operands) {
    using Kind = Operand::Kind;
    if (operand.kind() == Kind::Tensor && operand.tensor().defined()) tensors.push_back(operand.tensor());
    else if (operand.kind() == Kind::WeakBool || operand.kind() == Kind::WeakInt || operand.kind() == Kind::WeakFloat)
      tensors.push_back(api::number(operand, trace::weak_dtype(api::describe(operand).kind, {})));
    else bad_value("A traced function takes tensors and numbers; operand #" + std::to_string(tensors.size() + 1) + " is neither.");
  }
  return tensors;
}

cache::Signature jit_signature(const std::vector<Tensor>& operands) {
  cache::Signature signature{.op = "jit", .pattern = "(traced function)"};
  for (const Tensor& operand : operands) {
    const graph::Type type = api::describe(Operand(operand)).type;
    signature.operands.push_back({"tensor", type.dtype, type.shape, type.strides, {}});
  }
  return signature;
}

}  // namespace

std::vector<Tensor> call_jit(const JitCall& call) {
  const std::vector<Tensor> operands = jit_operands(call);
  thread_local cache::KeyBuilder builder;
  builder.clear();
  builder.text("jit");
  builder.number(static_cast<std::int64_t>(call.identity));
  for (const Tensor& operand : operands) builder.tensor(operand.dtype(), operand.shape(), operand.strides());
  const cache::KeyView view = builder.view();
  cache::Table::Entry entry = cache::signatures().find(view);
  if (!entry) {
    const std::string bytes(view.bytes);
    const auto miss = cache::retraces().miss(call.site, jit_signature(operands));
    entry = cache::signatures().find_or_make({bytes, view.hash}, [&]() -> cache::Table::Entry { return trace_and_compile(call, operands); });
  }
  const auto executable = std::static_pointer_cast<const api::Executable>(entry);
  return api::run(*executable, operands);
}

}  // namespace detail
}  // namespace einx
