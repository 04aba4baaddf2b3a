// einx::jit and einx::trace: functions of the user's, traced whole.
#include <einx/jit.h>

#include <algorithm>

#include "api/operands.h"
#include "api/optimizing.h"
#include "api/tracing.h"
#include "model/jit_save.h"
#include "model/model.h"
#include "model/tapes.h"
#include "model/write.h"
#include "passes/passes.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {

/// Recordings, newest last. `identity` is part of every key in the caches: with a new one, nothing that was compiled before is found again.
struct JitState {
  std::atomic<std::uint64_t> identity = api::new_identity();
  mutable std::mutex mutex;
  std::vector<model::RecordedPtr> tapes;

  std::vector<model::RecordedPtr> fitting(const std::vector<graph::Type>& types) const {
    std::vector<model::RecordedPtr> found = all();
    std::erase_if(found, [&](const model::RecordedPtr& tape) { return !model::same_kinds(tape->types, types); });
    return found;
  }
  std::vector<model::RecordedPtr> all() const {
    const std::lock_guard lock(mutex);
    return tapes;
  }
  void add(model::RecordedPtr tape) {
    const std::lock_guard lock(mutex);
    if (tapes.size() >= kMostTapes) tapes.erase(tapes.begin());
    tapes.push_back(std::move(tape));
  }
  /// What was captured has changed: everything is made again.
  void renew() {
    const std::lock_guard lock(mutex);
    tapes.clear();
    identity = api::new_identity();
  }

 private:
  static constexpr std::size_t kMostTapes = 64;
};

std::shared_ptr<JitState> new_jit() { return std::make_shared<JitState>(); }

namespace {

using model::Recorded;
using model::RecordedPtr;

constexpr int kMostAttempts = 16;  ///< of a call whose assumptions break while it runs

/// A call that has no code yet, and what to do before it is traced or compiled for.
struct Missing {
  const JitCall& call;
  const std::function<void()>& compiles;
};

api::ExecutablePtr with_captured(const Recorded& tape, const api::Executable& made) {
  auto executable = std::make_shared<api::Executable>(made);
  executable->baked = tape.baked;
  for (const auto& [name, tensor] : tape.recording.tensors) executable->captured.push_back(tensor);
  return executable;
}

/// A function without control flow at these types: a kernel with run-time sizes, or one of its own.
api::ExecutablePtr compiled(const Missing& missing, Recorded& tape, graph::Graph traced, const std::vector<graph::Type>& types, Origin origin) {
  graph::Graph graph = passes::run(passes::optimize(std::move(traced), api::optimize_options(missing.call.options)));
  api::ExecutablePtr made = tape.sizes.has_kernels() ? tape.sizes.instance(graph) : nullptr;
  if (made) {
    origin = Origin::Dynamic;
  } else {
    missing.compiles();
    made = api::compile_among(tape.sizes, std::move(graph), missing.call.site, "jit");
  }
  if (!tape.baked.empty() || !tape.recording.tensors.empty()) made = with_captured(tape, *made);
  tape.add({types, origin, made});
  return made;
}

/// Control flow or sizes that it computes: the tapes of these ranks and dtypes are tried, since their assumptions may be about what is computed.
api::ExecutablePtr program_of(const std::shared_ptr<JitState>& state, Recorded& tape, const std::vector<graph::Type>& types, Origin origin) {
  auto executable = std::make_shared<api::Executable>();
  executable->baked = tape.baked;
  executable->inputs = types;
  const auto& last = std::get<script::Return>(tape.recording.function->body.back().node);
  executable->outputs.resize(last.values.size());
  executable->program = [weak = std::weak_ptr(state), types](std::span<const Tensor> operands) {
    const std::shared_ptr<JitState> alive = weak.lock();
    for (const RecordedPtr& each : alive ? alive->fitting(types) : std::vector<RecordedPtr>{}) {
      try {
        return each->run(operands);
      } catch (const model::BrokenAssumption&) {  // another tape, or none yet
      }
    }
    throw model::BrokenAssumption{};
  };
  tape.add({types, origin, executable});
  return executable;
}

/// nullptr if what the recording assumes is not so here.
api::ExecutablePtr replayed(const Missing& missing, Recorded& tape, const std::vector<graph::Type>& types) {
  if (!tape.straight) return model::breaks(tape, types) ? nullptr : program_of(missing.call.state, tape, types, Origin::Replayed);
  try {
    return compiled(missing, tape, model::replay(tape.recording, types), types, Origin::Replayed);
  } catch (const model::BrokenAssumption&) {
    return nullptr;
  }
}

RecordedPtr traced(const JitCall& call, std::span<const Tensor> operands) {
  RecordedPtr tape = model::make_tape(call.trace, operands, call.options);
  call.state->add(tape);
  return tape;
}

api::ExecutablePtr make(const Missing& missing, std::span<const Tensor> operands) {
  const JitCall& call = missing.call;
  const std::vector<graph::Type> types = model::types_of(operands);
  for (const RecordedPtr& tape : call.state->fitting(types))
    if (api::ExecutablePtr executable = replayed(missing, *tape, types)) return executable;
  missing.compiles();
  const RecordedPtr tape = traced(call, operands);
  if (!tape->straight) return program_of(call.state, *tape, types, Origin::Traced);
  return compiled(missing, *tape, tape->recording.graph, types, Origin::Traced);
}

/// Runs the call; `results_for` gives the tensors for so many results.
void run_jit(const JitCall& call, const std::function<std::span<Tensor>(std::size_t)>& results_for) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    try {
      const api::Invocation invocation{call.state->identity, call.site, call.operands};
      if (api::invoke(invocation, [&](std::span<const Tensor> operands, const std::function<void()>& compiles) { return make({call, compiles}, operands); }, results_for)) return;
      call.state->renew();
    } catch (const model::BrokenAssumption&) {
      traced(call, api::operand_tensors(call.operands, "A traced function"));
    }
  }
  support::raise<CallOperationError>({.kind = "runtime",
                                      .sentence = "What a traced function captured or computes changes faster than it can be compiled: another thread "
                                                  "writes to a tensor that it uses, or it decides by a size that is never the same."});
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

// ---------------------------------------------------------------- guards
Guards jit_guards(const JitState& state) {
  Guards guards;
  for (const RecordedPtr& tape : state.all())
    for (const Recorded::Instance& instance : tape->live())
      guards.specialisations.push_back({model::signature_text(instance.types), instance.origin, model::guards_of(*tape, instance.types)});
  return guards;
}

std::shared_ptr<const model::SavedProgram> saved_jit(const JitState& state, const OptimizeOptions& options) {
  return std::make_shared<const model::SavedProgram>(model::saved_recordings(state.all(), options, jit_guards(state)));
}

Explanation explain_jit(const JitCall& call) {
  const std::vector<Tensor> operands = api::operand_tensors(call.operands, "A traced function");
  const std::vector<graph::Type> types = model::types_of(operands);
  const std::vector<RecordedPtr> tapes = call.state->all();
  if (const auto changed = model::changed_capture(tapes)) return {Explanation::What::Traced, {*changed}, {}};
  if (api::cached({call.state->identity, call.site, call.operands})) return {Explanation::What::Hit, {}, {}};
  return model::explain(tapes, types, call.options);
}

// ---------------------------------------------------------------- graphs of functions
Graph trace_graph(std::string_view name, std::span<const Spec> specs, const TraceBody& body) {
  if (!graph::legal_name(name))
    support::raise<ValueError>({.kind = "bad-parameter", .sentence = "A graph cannot be called \"" + std::string(name) + "\".",
                                .advice = {"A name has letters, digits and _, and begins with no digit."}});
  std::vector<graph::Type> types;
  for (const Spec& spec : specs) types.push_back(api::type_of(spec, "#" + std::to_string(types.size() + 1)));
  graph::Graph graph = api::write_graph(name, types, body, "A traced function returned a Value that is not its own.");
  if (graph.results.empty())
    support::raise<ValueError>({.kind = "bad-parameter", .sentence = "The traced function returned no value: a graph has a result."});
  return api::make_public(graph::verified("trace", std::move(graph)));
}

void refuse_trace(std::size_t given) {
  support::raise<ValueError>({.kind = "num-tensors",
                              .sentence = "The traced function does not take " + std::to_string(given) + " values, as many as there are specs."});
}

}  // namespace einx::detail
