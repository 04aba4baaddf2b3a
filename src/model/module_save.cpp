// Compiled modules as programs that can be saved: scripts, what C++ entries have written down so far,
// parameters as they are now.
#include "model/module_compile.h"
#include "model/save.h"

namespace einx {
namespace detail::model {

std::vector<Trace> Assembly::traces() const {
  const std::lock_guard lock(mutex_);
  std::vector<Trace> made;
  for (const Kept& kept : kept_) made.push_back({kept.function, kept.types, kept.traced->function});
  return made;
}

}  // namespace detail::model

std::shared_ptr<const detail::model::SavedProgram> CompiledModule::saved_program() const {
  const detail::model::Tree& tree = compilation_->assembly->tree();
  detail::model::SavedProgram saved{.program = *compilation_->assembly->program(),
                                    .traces = compilation_->assembly->traces(),
                                    .entries = {},
                                    .optimize = compilation_->options.optimize,
                                    .fold_constants = compilation_->options.fold_constants,
                                    .guards = guards().text()};
  for (const detail::model::ModuleFunction& function : tree.functions)
    if (function.node == node_) saved.entries.push_back(function.name);
  // "forward" is what is called where no entry is named
  for (std::size_t k = 0; k < saved.entries.size(); ++k)
    if (saved.entries[k] == detail::model::joined(tree.nodes[node_].path, "forward"))
      std::swap(saved.entries[0], saved.entries[k]);
  return std::make_shared<const detail::model::SavedProgram>(std::move(saved));
}

}  // namespace einx
