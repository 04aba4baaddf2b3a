// Recordings: a function of C++ runs once on values and leaves its statements and, if it is a straight line, its graph.
#include "api/tracing.h"
#include "model/model.h"
#include "passes/passes.h"
#include "reference/reference.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

constexpr std::string_view kForeign = "A traced function returned a Value that is not its own.";

[[noreturn]] void no_recording(std::string_view function) {
  support::raise<TypeError>({.kind = "operand-kind",
                             .sentence = std::string(function) + " is part of a recorded function (einx::jit, a module), and nothing is recorded here."});
}

/// What the graph computes for the example operands.
Tensor by_graph(const Tracing& tracing, const Value& value, std::span<const Tensor> examples) {
  graph::Graph graph = tracing.graph;
  graph.results = {value.id()};
  std::vector<Tensor> operands(examples.begin(), examples.end());
  for (const auto& [name, tensor] : tracing.tape->tensors) operands.push_back(tensor);
  const api::ExecutablePtr executable = api::compile(std::move(graph));
  return api::run(*executable, operands).at(0);
}

/// What the statements so far compute for them: with branches and calls, the graph does not say.
Tensor by_statements(const Tracing& tracing, const Value& value, const script::Program& functions, std::span<const Tensor> examples) {
  script::Program program = functions;
  script::Function function = tracing.tape->function;
  function.body = tracing.tape->bodies().front();
  function.body.push_back({{}, script::Return{{tracing.tape->variable(value)}}});
  function.name = "(so far)";
  program.functions.emplace_back("(so far)", std::make_shared<const script::Function>(std::move(function)));
  for (const auto& tensor : tracing.tape->tensors) program.tensors.push_back(tensor);
  return interpret(program, "(so far)", examples).at(0);
}

Tensor example_for(const Tracing& tracing, const Value& value, const RecordOptions& options) {
  if (tracing.tape->in_region())
    support::raise<TypeError>({.kind = "operand-kind",
                               .sentence = "A size is computed inside of a branch or loop that is being traced, where no example gives it a value.",
                               .advice = {"Compute it before, or write the function as a script (docs/scripts.md)."}});
  if (!tracing.tape->placeholders) return by_graph(tracing, value, options.examples);
  return by_statements(tracing, value, options.program ? *options.program : script::Program{}, options.examples);
}

}  // namespace

Recording record(std::string_view name, std::span<const graph::Type> types, const TraceBody& body, const RecordOptions& options) {
  const auto tracing = std::make_shared<Tracing>();
  Tape& tape = tracing->tape.emplace();
  tape.function.name = name;
  tape.name_of = options.name_of;
  if (!options.examples.empty() || types.empty())
    tape.example = [&options, trace = tracing.get()](const Value& value) { return example_for(*trace, value, options); };
  api::trace_into(tracing, "traced", types, body, kForeign);
  Recording made{.function = nullptr, .graph = {}, .tensors = tape.tensors, .warnings = tape.warnings};
  if (!tape.placeholders && !tape.computed_sizes) made.graph = tracing->graph;
  tape.function.body = tape.finish();
  made.function = std::make_shared<const script::Function>(std::move(tape.function));
  tracing->tape.reset();  // the code may have kept a value
  return made;
}

std::vector<Value> record_invoke(const std::string& function, std::span<const Value> arguments, std::span<const graph::Type> results) {
  const std::shared_ptr<Tracing>& tracing = api::current_tracing();
  if (!tracing || !tracing->tape) no_recording("A call of " + function);
  script::Invoke invoke{.results = {}, .function = function, .arguments = {}};
  for (const Value& argument : arguments) invoke.arguments.emplace_back(tracing->tape->variable(argument));
  std::vector<Value> made;
  for (const graph::Type& type : results) {
    made.push_back(api::placeholder(tracing, type));
    invoke.results.push_back(tracing->tape->define(made.back()));
  }
  tracing->tape->write(std::move(invoke));
  return made;
}

Tensor example_of(const Value& value) {
  if (!value.tracing() || !value.tracing()->tape) no_recording("An example");
  if (value.tracing()->tape->example) return value.tracing()->tape->example(value);
  support::raise<TypeError>({.kind = "operand-kind", .sentence = "The type of a result depends on values, and there are no example operands to compute it with.",
                             .advice = {"Give the trace example operands."}});
}

}  // namespace einx::detail::model
