// C++ entries of modules run with Values, in a context that knows the tree: what children are called, and
// which tensors are parameters.
#include "model/module_trace.h"

#include <algorithm>

#include "api/api.h"
#include "api/tracing.h"
#include "model/module_slot.h"
#include "model/write.h"
#include "reference/reference.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

/// What an entry that is running belongs to.
struct Context {
  const Assembly* assembly;
  const script::Program* program;      ///< of the functions that it may call
  const CallFunction* call = nullptr;  ///< of a module that is left alone: how they are run at once
  const std::vector<Tensor>* operands = nullptr;
  const Tracing* tracing = nullptr;  ///< the trace that it writes: functions traced within it are others
  std::vector<std::string> warnings = {};
  std::optional<std::string> asked = {};  ///< the parameter whose value is being made
};

thread_local Context* innermost = nullptr;
thread_local int depth = 0;

class Scope {
 public:
  explicit Scope(Context& context) : before_(std::exchange(innermost, &context)) {
    context.tracing = api::current_tracing().get();
  }
  ~Scope() { innermost = before_; }
  Scope(const Scope&) = delete;

 private:
  Context* before_;
};

class Deeper {
 public:
  explicit Deeper(const std::string& function) {
    if (depth >= kMaxDepth) too_deep(function);
    ++depth;
  }
  ~Deeper() { --depth; }
  Deeper(const Deeper&) = delete;
};

/// The context of the trace that is being written here.
Context* active() {
  return innermost && innermost->tracing == api::current_tracing().get() ? innermost : nullptr;
}

/// Values' types; nobody looks at them but the library.
std::vector<graph::Type> value_types(std::span<const Value> values) {
  const api::Inside inside;
  std::vector<graph::Type> types;
  for (const Value& value : values) types.push_back(graph::make_type(value.dtype(), value.shape()));
  return types;
}

/// Code sees no strides.
std::vector<graph::Type> row_major(const std::vector<graph::Type>& types) {
  std::vector<graph::Type> made;
  for (const graph::Type& type : types) made.push_back(graph::make_type(type.dtype, type.shape));
  return made;
}

void require_fit(const script::Function& signature, const std::vector<graph::Type>& types) {
  const script::Bound bound = script::bind(signature, types);
  if (!bound.problem.empty())
    support::raise<ValueError>({.kind = "script-signature", .sentence = bound.problem});
}

/// The name in the program of a tensor that an entry uses.
std::optional<std::string> tensor_name(const Context& context, const Tensor& tensor) {
  if (context.asked) return context.asked;
  for (const auto& [name, parameter] : context.assembly->tree().parameters)
    if (parameter.slot()->is(tensor)) return name;
  return std::nullopt;
}

/// What was declared of the inputs, beside what was recorded: another size is checked when the recording is
/// replayed for it.
script::FunctionPtr declared(const script::FunctionPtr& recorded, const std::vector<Module::Input>& inputs) {
  if (inputs.size() != recorded->parameters.size()) return recorded;
  script::Function function = *recorded;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    script::TypePattern& type = function.parameters[k].type;
    type.dims = dims_of(inputs[k].spec, type.dims ? type.dims->size() : 0);
    for (const script::Dim& dim : *type.dims) {
      const bool named = dim.kind == script::Dim::Kind::Name &&
                         std::ranges::find(function.variables, dim.name) == function.variables.end();
      if (!named) continue;
      function.sizes.push_back(script::Var(function.variables.size()));
      function.variables.push_back(dim.name);
    }
  }
  return std::make_shared<const script::Function>(std::move(function));
}

TracedPtr run_entry(const ModuleFunction& function, const std::vector<graph::Type>& types, Context& context,
                    RecordOptions options) {
  const Deeper deeper(function.name);
  const Tree& tree = context.assembly->tree();
  const Node& node = tree.nodes[function.node];
  if (const script::FunctionPtr signature = signature_of(tree, function)) require_fit(*signature, types);
  Traced made;
  const auto body = [&](std::span<const Value> values) {
    const Scope scope(context);
    std::vector<Value> results = function.body->body(*node.module, values);
    const bool own = std::ranges::all_of(
        results, [&](const Value& value) { return value.tracing().get() == context.tracing; });
    if (own) made.results = value_types(results);
    return results;
  };
  options.name_of = [&](const Tensor& tensor) { return tensor_name(context, tensor); };
  Recording recording = record(function.name, types, body, options);
  made.function = declared(recording.function, node.module->inputs(function.entry));
  made.warnings = recording.warnings;
  made.warnings.insert(made.warnings.end(), context.warnings.begin(), context.warnings.end());
  made.tape = std::make_shared<Recorded>();
  made.tape->types = types;
  made.tape->straight = !recording.graph.results.empty();
  made.tape->recording = std::move(recording);
  return std::make_shared<const Traced>(std::move(made));
}

}  // namespace

// ---------------------------------------------------------------- what is kept
TracedPtr Assembly::traced(const ModuleFunction& function, const std::vector<graph::Type>& given) const {
  const std::vector<graph::Type> types = row_major(given);
  const std::lock_guard lock(mutex_);  // held while the entry runs, and it may call others: one thread writes
                                       // a function down, others wait
  const std::uint64_t changes = Parameter::Slot::changes();
  const auto found = std::ranges::find_if(
      kept_, [&](const Kept& kept) { return kept.function == function.name && kept.types == types; });
  if (found != kept_.end() && found->changes == changes) return found->traced;
  const script::Program callees = callable(false);
  Context context{this, &callees};
  const TracedPtr made = run_entry(
      function, types, context, {.name_of = {}, .examples = examples(function, types), .program = &callees});
  std::erase_if(kept_,
                [&](const Kept& kept) { return kept.function == function.name && kept.types == types; });
  kept_.push_back({function.name, types, changes, made});
  return made;
}

TracedPtr Assembly::traced_again(const ModuleFunction& function, const std::vector<Tensor>& operands) const {
  const script::Program callees = callable(true);
  Context context{this, &callees};
  return run_entry(function, row_major(types_of(operands)), context,
                   {.name_of = {}, .examples = operands, .program = &callees});
}

void Assembly::remember_examples(const ModuleFunction& function, const std::vector<Tensor>& operands) {
  const std::lock_guard lock(mutex_);
  remembered_.emplace_back(function.name, operands);
}

std::vector<Tensor> Assembly::examples(const ModuleFunction& function,
                                       const std::vector<graph::Type>& types) const {
  for (const auto& [name, operands] : remembered_)
    if (name == function.name && row_major(types_of(operands)) == types) return operands;
  std::vector<Tensor> made;
  for (const graph::Type& type : types) made.push_back(drawn(type, made.size()));
  return made;
}

std::vector<Assembly::Kept> Assembly::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

// ---------------------------------------------------------------- programs
script::Program Assembly::program_of(
    const std::function<script::Traceable(const ModuleFunction&)>& traceable) const {
  script::Program program;
  program.text = tree_.text;
  for (const ModuleFunction& function : tree_.functions) {
    if (function.text)
      program.functions.emplace_back(function.name, function.text);
    else
      program.functions.emplace_back(function.name, traceable(function));
  }
  for (const auto& [name, parameter] : tree_.parameters)
    program.tensors.emplace_back(name, parameter.slot()->read());
  return program;
}

std::shared_ptr<script::Program> Assembly::program() const {
  const auto kept = shared_from_this();
  return std::make_shared<script::Program>(
      program_of([&](const ModuleFunction& function) -> script::Traceable {
        return [kept, &function](const std::vector<graph::Type>& types) {
          return kept->traced(function, types)->function;
        };
      }));
}

script::Program Assembly::callable(bool again) const {
  return program_of([&](const ModuleFunction& function) -> script::Traceable {
    return [this, &function, again](const std::vector<graph::Type>& types) {
      return again ? traced_again(function, examples(function, row_major(types)))->function
                   : traced(function, types)->function;
    };
  });
}

// ---------------------------------------------------------------- uncompiled
std::vector<Tensor> run_uncompiled(const Assembly& assembly, const ModuleFunction& function,
                                   const std::vector<Tensor>& operands) {
  script::Program program = assembly.callable(true);
  if (function.body) {
    const auto place =
        std::ranges::find(program.functions, function.name, [](const auto& each) { return each.first; });
    place->second = assembly.traced_again(function, operands)->function;
  }
  return interpret(program, function.name, operands);
}

namespace {

/// What values are for the operands at hand.
std::vector<Tensor> computed(const Context& context, std::span<const Value> values) {
  std::vector<Tensor> results;
  const std::shared_ptr<Tracing>& tracing = api::current_tracing();
  if (tracing->tape && tracing->tape->placeholders) {
    for (const Value& value : values) results.push_back(example_of(value));
    return results;
  }
  graph::Graph graph = tracing->graph;
  for (const Value& value : values) graph.results.push_back(value.id());
  return reference::run(graph, *context.operands);
}

}  // namespace

std::vector<Tensor> run_alone(const Assembly& assembly, const ModuleFunction& function,
                              const std::vector<Tensor>& operands, const CallFunction& call) {
  const Deeper deeper(function.name);
  const Node& node = assembly.tree().nodes[function.node];
  const std::vector<graph::Type> types = row_major(types_of(operands));
  if (const script::FunctionPtr signature = signature_of(assembly.tree(), function))
    require_fit(*signature, types);
  Context context{&assembly, nullptr, &call, &operands};
  std::vector<Tensor> results;
  const auto body = [&](std::span<const Value> values) {
    const Scope scope(context);
    const std::vector<Value> returned = function.body->body(*node.module, values);
    results = computed(context, returned);
    return returned;
  };
  record(function.name, types, body, {.name_of = {}, .examples = operands, .program = nullptr});
  return results;
}

// ---------------------------------------------------------------- calls of children
namespace {

/// Types of results that a script declares by sizes that are known.
std::optional<std::vector<graph::Type>> declared_results(const script::Function& function,
                                                         const std::vector<graph::Type>& types) {
  if (!function.results) return std::nullopt;
  const script::Bound bound = script::bind(function, types);
  if (!bound.problem.empty()) return std::nullopt;
  std::vector<graph::Type> results;
  for (const script::TypePattern& pattern : *function.results) {
    if (!pattern.dtype || !pattern.dims) return std::nullopt;
    Shape shape;
    for (const script::Dim& dim : *pattern.dims) {
      const auto named = std::ranges::find(function.sizes, dim.name, [&](script::Var variable) {
        return function.variables[std::size_t(variable)];
      });
      if (dim.kind == script::Dim::Kind::Size)
        shape.push_back(dim.size);
      else if (dim.kind == script::Dim::Kind::Name && named != function.sizes.end())
        shape.push_back(bound.sizes[std::size_t(named - function.sizes.begin())]);
      else
        return std::nullopt;
    }
    results.push_back(graph::make_type(*pattern.dtype, std::move(shape)));
  }
  return results;
}

/// What a function of the tree gives for these values: by its code, else by its declaration, else by running
/// it with the examples.
std::vector<graph::Type> result_types(const Context& context, const ModuleFunction& callee,
                                      std::span<const Value> operands) {
  const std::vector<graph::Type> types = value_types(operands);
  if (callee.body) return context.assembly->traced(callee, types)->results;
  if (auto declared = declared_results(*callee.text, types)) return *declared;
  std::vector<Tensor> examples;
  for (const Value& operand : operands) examples.push_back(example_of(operand));
  return row_major(types_of(interpret(*context.program, callee.name, examples)));
}

std::vector<Value> call_function(Context& context, const ModuleFunction& callee,
                                 std::span<const Value> operands) {
  if (!context.call) return record_invoke(callee.name, operands, result_types(context, callee, operands));
  std::vector<Value> results;
  for (const Tensor& tensor : (*context.call)(callee.name, computed(context, operands)))
    results.push_back(constant(tensor));
  return results;
}

/// Outside of trees that are compiled, C++ becomes part of whoever calls it.
std::vector<Value> call_in_place(const Module& module, std::string_view entry,
                                 std::span<const Value> operands) {
  const auto& entries = module.entries();
  const auto found = std::ranges::find(entries, entry, &Module::Entry::name);
  if (found != entries.end()) return found->body(module, operands);
  std::vector<std::string> names;
  for (const Module::Entry& each : entries) names.push_back(each.name);
  support::raise<TypeError>({.kind = "operand-kind",
                             .sentence = "The entry '" + std::string(entry) + "' of " + module.class_name() +
                                         " cannot become part of a traced function: it is no C++ entry.",
                             .advice = {"Scripts are called where a module is compiled that has them among "
                                        "its children: call what child(name, module) returned."}});
}

}  // namespace

const ModuleFunction& entry_of(const Tree& tree, std::size_t node, std::string_view entry) {
  if (const ModuleFunction* found = tree.function(node, entry)) return *found;
  std::vector<std::string> names;
  for (const ModuleFunction& each : tree.functions)
    if (each.node == node) names.push_back(each.entry);
  support::raise<ValueError>(
      {.kind = "bad-parameter",
       .sentence = tree.title(node) + " has no entry '" + std::string(entry) + "'.",
       .advice = {names.empty() ? "It has none." : "Its entries: " + support::join(names, ", ") + "."}});
}

Value value_of_parameter(const Parameter& parameter) {
  if (!parameter.slot())
    support::raise<TypeError>(
        {.kind = "operand-kind",
         .sentence = "This einx::Parameter is of no module: parameter(name, tensor) makes one."});
  Context* const context = active();
  if (!context) return constant(parameter.slot()->read());
  for (const auto& [name, known] : context->assembly->tree().parameters)
    if (known.slot() == parameter.slot()) context->asked = name;
  const Value value = constant(parameter.slot()->read());
  context->asked.reset();
  return value;
}

void looked_at(const Parameter& parameter) {
  if (Context* const context = active())
    context->warnings.push_back("the data of the parameter '" + parameter.name() +
                                "' was looked at: what follows from it stays as it is now");
}

}  // namespace einx::detail::model

namespace einx::detail {

std::vector<Value> call_module(const Module& module, std::string_view entry,
                               std::span<const Value> operands) {
  model::Context* const context = model::active();
  if (!context) return model::call_in_place(module, entry, operands);
  const model::Tree& tree = context->assembly->tree();
  const std::optional<std::size_t> node = tree.node(&module);
  if (!node) return model::call_in_place(module, entry, operands);
  const model::ModuleFunction& callee = model::entry_of(tree, *node, entry);
  const bool left_alone = tree.nodes[*node].mode.mode == Mode::unset && callee.body;
  if (!left_alone) return model::call_function(*context, callee, operands);
  if (const auto signature = model::signature_of(tree, callee))
    model::require_fit(*signature, model::value_types(operands));
  return callee.body->body(module, operands);  // part of its caller, whatever that is
}

std::vector<Tensor> run_module(const Module& module, std::string_view entry,
                               std::span<const Operand> operands) {
  const Module::ModulePtr held(std::shared_ptr<const void>(), &module);  // while this call runs
  const auto assembly = std::make_shared<model::Assembly>(model::plant(held));
  model::raise_problems(assembly->tree().problems, "The module cannot run.", false);
  return model::run_uncompiled(*assembly, model::entry_of(assembly->tree(), 0, entry),
                               model::tensors_of(operands, entry));
}

}  // namespace einx::detail
