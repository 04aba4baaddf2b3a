// einx::jit and einx::trace: functions of the user's, traced whole.
#include <einx/jit.h>

#include <atomic>

#include "api/api.h"
#include "api/direct.h"
#include "api/operands.h"
#include "api/optimizing.h"
#include "api/tracing.h"
#include "passes/passes.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {

std::uint64_t new_identity() {
  static std::atomic<std::uint64_t> next{1};
  return next++;
}

namespace {

constexpr std::string_view kForeign = "A traced function returned a Value that is not its own.";

api::ExecutablePtr trace_and_compile(const JitCall& call, std::span<const Tensor> operands) {
  std::vector<graph::Type> types;
  for (const Tensor& operand : operands) types.push_back(api::describe(Operand(operand)).type);
  graph::Graph graph = api::write_graph("traced", types, call.trace, kForeign);
  return api::compile(passes::optimize(std::move(graph), api::optimize_options(call.options)));
}

cache::Signature jit_signature(const std::vector<Tensor>& operands) {
  cache::Signature signature{.op = "jit", .pattern = "(traced function)"};
  for (const Tensor& operand : operands) {
    const graph::Type type = api::describe(Operand(operand)).type;
    signature.operands.push_back({"tensor", type.dtype, type.shape, type.strides, {}});
  }
  return signature;
}

/// A call as the caches see it: no operation has such a name, and the pattern's bytes tell functions apart.
CallInfo info_of(const JitCall& call) {
  static const Axes none;
  const std::string_view identity(reinterpret_cast<const char*>(&call.identity), sizeof call.identity);
  return {"(traced)", identity, call.operands, none, false, call.site};
}

api::ExecutablePtr look_up(const JitCall& call, const CallInfo& info, const std::vector<Tensor>& operands) {
  api::Direct::tidy();
  thread_local cache::KeyBuilder builder;
  builder.clear();
  api::key_call(builder, info);
  for (const Tensor& operand : operands) builder.tensor(operand.dtype(), operand.shape(), operand.strides());
  const cache::KeyView view = builder.view();
  if (const cache::Table::HeldPtr held = cache::signatures().hold(view)) {
    api::Direct::keep(info, held);
    return std::static_pointer_cast<const api::Executable>(held->entry);
  }
  const std::string bytes(view.bytes);  // the builder is used again by functions called while this one is traced
  const auto miss = cache::retraces().miss(call.site, jit_signature(operands));
  const auto entry = cache::signatures().find_or_make({bytes, view.hash}, [&]() -> cache::Table::Entry { return trace_and_compile(call, operands); });
  return std::static_pointer_cast<const api::Executable>(entry);
}

/// Runs the call; `results_for` gives the tensors for so many results.
template <class ResultsFor>
void run_jit(const JitCall& call, ResultsFor results_for) {
  const CallInfo info = info_of(call);
  if (const api::Executable* found = api::Direct::find(info)) {
    const api::Direct::Running running;
    return api::run(*found, api::Arguments(*found, info).data(), results_for(found->outputs.size()));
  }
  const std::vector<Tensor> operands = api::operand_tensors(call.operands, "A traced function");
  const api::ExecutablePtr executable = look_up(call, info, operands);
  api::run(*executable, api::addresses(operands), results_for(executable->outputs.size()));
}

}  // namespace

void call_jit(const JitCall& call, std::span<Tensor> results) {
  run_jit(call, [&](std::size_t) { return results; });  // as many as the function's type says
}

std::vector<Tensor> call_jit_all(const JitCall& call) {
  std::vector<Tensor> results;
  run_jit(call, [&](std::size_t count) {
    results.resize(count);
    return std::span<Tensor>(results);
  });
  return results;
}

// ---------------------------------------------------------------- graphs of functions
Graph trace_graph(std::string_view name, std::span<const Spec> specs, const TraceBody& body) {
  if (!graph::legal_name(name))
    support::raise<ValueError>({.kind = "bad-parameter", .sentence = "A graph cannot be called \"" + std::string(name) + "\".",
                                .advice = {"A name has letters, digits and _, and begins with no digit."}});
  std::vector<graph::Type> types;
  for (const Spec& spec : specs) types.push_back(api::type_of(spec, "#" + std::to_string(types.size() + 1)));
  graph::Graph graph = api::write_graph(name, types, body, kForeign);
  if (graph.results.empty())
    support::raise<ValueError>({.kind = "bad-parameter", .sentence = "The traced function returned no value: a graph has a result."});
  return api::make_public(graph::verified("trace", std::move(graph)));
}

void refuse_trace(std::size_t given) {
  support::raise<ValueError>({.kind = "num-tensors",
                              .sentence = "The traced function does not take " + std::to_string(given) + " values, as many as there are specs."});
}

}  // namespace einx::detail
