// What einx::CompiledModule holds. Private to the model layer.
#pragma once
#include <einx/compiled.h>

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "model/module_inputs.h"

/// A tree as one program, its engine, and how its parameters come into it. Immutable for callers, but for
/// what is compiled as it is used.
struct einx::detail::Compilation {
  Compilation(model::AssemblyPtr tree, CompileOptions given);
  std::vector<Tensor> run(const model::ModuleFunction& function, const std::vector<Tensor>& operands) const;

  const model::AssemblyPtr assembly;
  const CompileOptions options;

 private:
  friend class einx::CompiledModule;
  bool alone(std::size_t node) const;
  std::vector<Tensor> run_compiled(const std::string& function, const std::vector<Tensor>& operands) const;

  const std::shared_ptr<script::Program> program_;
  model::Engine engine_;
  mutable std::shared_mutex mutex_;             ///< of program_'s tensors
  mutable std::atomic<std::uint64_t> read_at_;  ///< Parameter::Slot::changes() when they were read
};

namespace einx::detail::model {

/// Runs what the trials say: uncompiled, recorded twice, compiled. Everything that is wrong.
std::vector<Problem> check_trials(const Compilation& compilation, const std::vector<Trial>& trials);
/// The sentence above a list of problems.
inline constexpr const char* kCannot = "The module cannot be compiled as it is.";
/// Everything up to the engine: the tree, and operands to check it with. Raises ValueError
/// "unsupported-module".
struct Prepared {
  AssemblyPtr assembly;
  std::vector<Trial> trials;
};
Prepared prepare(Module::ModulePtr module, const CompileOptions& options, bool every_entry);

}  // namespace einx::detail::model
