// einx::compile: the tree is looked at, its tracing inputs are run, and what remains is a program for the
// engine.
#include "model/module_compile.h"

#include <algorithm>
#include <sstream>

#include "api/api.h"
#include "model/module_slot.h"
#include "support/support.h"

namespace einx::detail {

Compilation::Compilation(model::AssemblyPtr tree, CompileOptions given)
    : assembly(std::move(tree)),
      options(std::move(given)),
      program_(assembly->program()),
      engine_(program_, {.jit = api::default_options().jit,
                         .optimize = options.optimize,
                         .fold_constants = options.fold_constants}),
      read_at_(Parameter::Slot::changes()) {}

bool Compilation::alone(std::size_t node) const {
  const model::Node& at = assembly->tree().nodes[node];
  return at.mode.mode == Mode::unset && !at.inside;
}

std::vector<Tensor> Compilation::run_compiled(const std::string& function,
                                              const std::vector<Tensor>& operands) const {
  // Parameters that were set since are read again before, under a lock that calls which run hold against it.
  // Changed data needs nothing: it is read where it is.
  if (const std::uint64_t changes = Parameter::Slot::changes();
      !options.fold_constants && changes != read_at_.load(std::memory_order_acquire)) {
    const std::unique_lock lock(mutex_);
    const auto& parameters = assembly->tree().parameters;
    for (std::size_t k = 0; k < parameters.size(); ++k)
      program_->tensors[k].second = parameters[k].second.slot()->read();
    read_at_.store(changes, std::memory_order_release);
  }
  const std::shared_lock lock(mutex_);
  return engine_.run(function, operands);
}

std::vector<Tensor> Compilation::run(const model::ModuleFunction& function,
                                     const std::vector<Tensor>& operands) const {
  if (!alone(function.node)) return run_compiled(function.name, operands);
  if (!function.body) return model::interpret(assembly->callable(false), function.name, operands);
  const model::CallFunction call = [&](const std::string& name, const std::vector<Tensor>& given) {
    return run(*assembly->tree().function(name), given);
  };
  return model::run_alone(*assembly, function, operands, call);
}

// ---------------------------------------------------------------- compile
namespace model {

Prepared prepare(Module::ModulePtr module, const CompileOptions& options, bool every_entry) {
  if (!module)
    support::raise<ValueError>(
        {.kind = "bad-parameter", .sentence = "A null pointer to a module cannot be compiled."});
  if (options.n_trace_checks < 0)
    support::raise<ValueError>(
        {.kind = "bad-parameter",
         .sentence = "n_trace_checks is " + std::to_string(options.n_trace_checks) + "."});
  const auto assembly = std::make_shared<Assembly>(plant(std::move(module), options.mode));
  const Tree& tree = assembly->tree();
  std::vector<Problem> problems = tree.problems;
  std::vector<Trial> trials;
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    const bool traced = tree.nodes[n].mode.mode == Mode::trace, all = every_entry && n == 0;
    if (!all && (!traced || options.n_trace_checks == 0)) continue;
    const int sets = std::max(options.n_trace_checks, 1);
    const std::vector<Trial> of_node =
        trials_of(tree, n, sets, n == 0 ? options.inputs : std::vector<TracingInputs>{}, problems);
    if (!tree.nodes[n].inside)
      std::ranges::move(missing_inputs(tree, n, of_node), std::back_inserter(problems));
    trials.insert(trials.end(), of_node.begin(), of_node.end());
  }
  raise_problems(problems, kCannot, true);
  for (const Trial& trial : trials) assembly->remember_examples(*trial.function, trial.operands);
  return {assembly, std::move(trials)};
}

}  // namespace model

CompiledModule compile_module(std::shared_ptr<const Module> module, CompileOptions options) {
  const model::Prepared prepared = model::prepare(std::move(module), options, false);
  const auto compilation = std::make_shared<const Compilation>(prepared.assembly, std::move(options));
  model::raise_problems(model::check_trials(*compilation, prepared.trials), model::kCannot, true);
  return CompiledModule(compilation);
}

}  // namespace einx::detail

// ---------------------------------------------------------------- compiled modules
namespace einx {

std::vector<Tensor> CompiledModule::run(std::string_view entry, std::span<const Operand> operands) const {
  return compilation_->run(detail::model::entry_of(compilation_->assembly->tree(), node_, entry),
                           detail::model::tensors_of(operands, entry));
}

CompiledModule CompiledModule::operator[](std::string_view path) const {
  const detail::model::Tree& tree = compilation_->assembly->tree();
  if (const auto found = tree.node(node_, path)) return CompiledModule(compilation_, *found);
  std::vector<std::string> known;
  for (const detail::model::Node& node : tree.nodes)
    if (!node.path.empty()) known.push_back(node.path);
  detail::support::raise<ValueError>(
      {.kind = "bad-parameter",
       .sentence = tree.title(node_) + " has no child '" + std::string(path) + "'.",
       .advice = {known.empty()
                      ? "The module has no children."
                      : "Children of the whole module: " + detail::support::join(known, ", ") + "."}});
}

CompileMode CompiledModule::mode() const { return compilation_->assembly->tree().nodes[node_].mode; }
const Module& CompiledModule::module() const { return *compilation_->assembly->tree().nodes[node_].module; }
std::shared_ptr<const detail::script::Program> CompiledModule::program() const {
  return compilation_->program_;
}

std::string CompiledModule::text() const {
  std::string text;
  for (const auto& function : compilation_->assembly->tree().functions)
    if (function.text) text += detail::script::text(*function.text) + "\n";
  for (const auto& kept : compilation_->assembly->kept())
    text += detail::script::text(*kept.traced->function) + "\n";
  return text;
}

std::string CompiledModule::text(std::string_view entry, std::span<const Spec> specs) const {
  return compilation_->engine_.text(
      detail::model::entry_of(compilation_->assembly->tree(), node_, entry).name, specs);
}

}  // namespace einx
