// Modules checked by running them: tracing inputs, recordings, results, and operands of wrong shapes.
#include <spdlog/logger.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "model/module_compile.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

std::string first_line(std::string_view message) {
  return std::string(message.substr(0, message.find('\n')));
}

/// The first line in which two recordings differ, or "".
std::string text_difference(const script::Function& a, const script::Function& b) {
  std::istringstream first(script::text(a)), second(script::text(b));
  std::string x, y;
  while (true) {
    const bool more = bool(std::getline(first, x)), others = bool(std::getline(second, y));
    if (!more && !others) return "";
    if (!more) x = "(nothing)";
    if (!others) y = "(nothing)";
    if (x != y)
      return "'" + x.substr(x.find_first_not_of(' ')) + "' and '" + y.substr(y.find_first_not_of(' ')) + "'";
  }
}

class Checker {
 public:
  explicit Checker(const Compilation& compilation)
      : compilation_(compilation), assembly_(*compilation.assembly) {}

  void check(const Trial& trial) {
    trial_ = &trial;
    const auto expected =
        attempt("do not run", [&] { return run_uncompiled(assembly_, *trial.function, trial.operands); });
    if (!expected || (trial.function->body && !check_recordings())) return;
    const auto got = attempt("run uncompiled, but compiled they raise an error",
                             [&] { return compilation_.run(*trial.function, trial.operands); });
    if (!got) return;
    if (const std::string what = difference(*got, *expected); !what.empty())
      problem("the compiled module differs from the uncompiled one (inputs " + std::to_string(trial.set) +
              "): " + what);
  }
  /// What code looked at while the trials ran, of every module.
  void warn() {
    const Tree& tree = assembly_.tree();
    for (const Assembly::Kept& kept : assembly_.kept())
      for (const std::string& warning : kept.traced->warnings) {
        const ModuleFunction& function = *tree.function(kept.function);
        const std::string line = tree.title(function.node) + ": " + function.entry + ": " + warning;
        if (!compilation_.options.error_on_warnings)
          support::log().info("{}", line);
        else if (std::ranges::find(problems, line, &Problem::what) == problems.end())
          problems.push_back({line});
      }
  }
  std::vector<Problem> problems;

 private:
  void problem(const std::string& what) {
    problems.push_back(
        {assembly_.tree().title(trial_->function->node) + ": " + trial_->function->entry + ": " + what});
  }

  template <class F>
  std::optional<std::vector<Tensor>> attempt(const std::string& failure, const F& work) {
    try {
      return work();
    } catch (const InternalError&) {
      throw;
    } catch (const std::exception& error) {
      problem("its tracing inputs (" + std::to_string(trial_->set) + ") " + failure + ": " +
              first_line(error.what()));
      return std::nullopt;
    }
  }
  /// What is compiled, and what the entry writes down now.
  bool check_recordings() {
    const TracedPtr kept = assembly_.traced(*trial_->function, types_of(trial_->operands)),
                    now = assembly_.traced_again(*trial_->function, trial_->operands);
    const std::string what = text_difference(*kept->function, *now->function);
    if (!what.empty())
      problem("traced twice, it does different things (inputs " + std::to_string(trial_->set) + "): " + what);
    return what.empty();
  }

  const Compilation& compilation_;
  const Assembly& assembly_;
  const Trial* trial_ = nullptr;
};

// ---------------------------------------------------------------- wrong shapes
struct Change {
  std::size_t argument, axis;
  std::int64_t size;  ///< that the axis gets
};

/// Static axes of operands, each larger, smaller and of size 1. The ellipsis of a type stands for what the
/// operand has more.
std::vector<Change> changes_of(const script::Function& signature, const std::vector<Tensor>& operands) {
  std::vector<Change> changes;
  for (std::size_t k = 0; k < operands.size() && k < signature.parameters.size(); ++k) {
    const auto& dims = signature.parameters[k].type.dims;
    if (!dims) continue;
    const auto rank = std::size_t(operands[k].rank());
    const auto front = std::size_t(std::ranges::find(*dims, script::Dim::Kind::Ellipsis, &script::Dim::kind) -
                                   dims->begin());
    for (std::size_t d = 0; d < dims->size(); ++d) {
      if ((*dims)[d].kind != script::Dim::Kind::Size) continue;
      const std::size_t axis = d < front ? d : d + rank - dims->size();
      const std::int64_t size = (*dims)[d].size;
      for (const std::int64_t other : std::set<std::int64_t>{size + 1, size - 1, 1})
        if (other >= 0 && other != size) changes.push_back({k, axis, other});
    }
  }
  return changes;
}

/// "" if the compiled entry refuses it by an error of the user's.
std::string refusal_problem(const Compilation& compilation, const Trial& trial, const Change& change) {
  std::vector<Tensor> operands = trial.operands;
  Shape shape(operands[change.argument].shape().begin(), operands[change.argument].shape().end());
  shape[change.axis] = change.size;
  operands[change.argument] = drawn(graph::make_type(operands[change.argument].dtype(), shape), 1);
  try {
    compilation.run(*trial.function, operands);
    return "is accepted";
  } catch (const InternalError& error) {
    return "gives an internal error: " + first_line(error.what());
  } catch (const Error&) {
    return "";
  }
}

std::vector<Problem> check_shapes(const Compilation& compilation, const std::vector<Trial>& trials) {
  std::vector<Problem> problems;
  const Tree& tree = compilation.assembly->tree();
  for (const Trial& trial : trials) {
    const script::FunctionPtr signature = signature_of(tree, *trial.function);
    if (!signature || trial.set != 1) continue;
    for (const Change& change : changes_of(*signature, trial.operands)) {
      const std::string what = refusal_problem(compilation, trial, change);
      const std::string name =
          signature->variables[std::size_t(signature->parameters[change.argument].variable)];
      if (!what.empty())
        problems.push_back({tree.title(trial.function->node) + ": " + trial.function->entry + ": argument '" +
                            name + "' of size " + std::to_string(change.size) + " along axis " +
                            std::to_string(change.axis) + ", which is " +
                            std::to_string(trial.operands[change.argument].shape()[change.axis]) + ", " +
                            what});
    }
  }
  return problems;
}

}  // namespace

std::vector<Problem> check_trials(const Compilation& compilation, const std::vector<Trial>& trials) {
  Checker checker(compilation);
  for (const Trial& trial : trials) checker.check(trial);
  checker.warn();
  return std::move(checker.problems);
}

}  // namespace einx::detail::model

namespace einx::detail {

CompiledModule check_compilable(std::shared_ptr<const Module> module, const AssertOptions& given) {
  CompileOptions options = given.compile;
  options.n_trace_checks = given.n_trace_checks;
  options.error_on_warnings = given.error_on_warnings;
  const model::Prepared prepared = model::prepare(std::move(module), options, true);
  const auto compilation = std::make_shared<const Compilation>(prepared.assembly, std::move(options));
  std::vector<model::Problem> problems = model::check_trials(*compilation, prepared.trials);
  if (given.strict_shapes)
    std::ranges::move(model::check_shapes(*compilation, prepared.trials), std::back_inserter(problems));
  model::raise_problems(problems, "The module does not compile to what it is.", true);
  return CompiledModule(compilation);
}

}  // namespace einx::detail
