// What a compiled module relies on: guards of what its C++ has written down, and of its parameters.
#include <algorithm>

#include "model/module_compile.h"
#include "model/tapes.h"
#include "support/support.h"

namespace einx {
namespace detail::model {
namespace {

/// Parameters that a recording reads: they may be other tensors at the next call, unless they were made
/// constants.
std::vector<Guard> parameter_guards(const Recorded& tape, bool folded) {
  std::vector<Guard> guards;
  for (const auto& [name, tensor] : tape.recording.tensors)
    guards.push_back(
        {Guard::Kind::Captured, "captured: the parameter " + name +
                                    (folded ? " is a constant of the compiled code (fold_constants)"
                                            : " is read anew by every call")});
  return guards;
}

std::vector<RecordedPtr> tapes_of(const Assembly& assembly, const std::string& function) {
  std::vector<RecordedPtr> tapes;
  for (const Assembly::Kept& kept : assembly.kept())
    if (kept.function == function) tapes.push_back(kept.traced->tape);
  return tapes;
}

/// Of a function that may have been written down already.
Explanation explain_entry(const Assembly& assembly, const ModuleFunction& function,
                          const std::vector<graph::Type>& types, const OptimizeOptions& options) {
  if (const script::FunctionPtr signature = signature_of(assembly.tree(), function)) {
    const script::Bound bound = script::bind(*signature, types);
    if (!bound.problem.empty()) return {Explanation::What::Raises, {}, bound.problem};
  }
  if (!function.body) return {Explanation::What::Replayed, {}, ""};  // a script is compiled for any types
  const std::vector<RecordedPtr> tapes = tapes_of(assembly, function.name);
  const bool known =
      std::ranges::any_of(tapes, [&](const RecordedPtr& tape) { return tape->types == types; });
  return known ? Explanation{Explanation::What::Hit, {}, ""} : model::explain(tapes, types, options);
}

}  // namespace
}  // namespace detail::model

Guards CompiledModule::guards() const {
  const detail::model::Tree& tree = compilation_->assembly->tree();
  const std::string prefix = tree.nodes[node_].path.empty() ? "" : tree.nodes[node_].path + ".";
  Guards made;
  for (const auto& kept : compilation_->assembly->kept()) {
    if (!kept.function.starts_with(prefix)) continue;
    SpecialisationGuards each{kept.function + detail::model::signature_text(kept.types), Origin::Traced,
                              detail::model::guards_of(*kept.traced->tape, kept.types)};
    std::ranges::move(
        detail::model::parameter_guards(*kept.traced->tape, compilation_->options.fold_constants),
        std::back_inserter(each.guards));
    made.specialisations.push_back(std::move(each));
  }
  return made;
}

Explanation CompiledModule::explain(std::string_view entry, std::span<const Operand> operands) const {
  const detail::model::ModuleFunction& function =
      detail::model::entry_of(compilation_->assembly->tree(), node_, entry);
  std::vector<detail::graph::Type> types;
  for (const Tensor& tensor : detail::model::tensors_of(operands, entry))
    types.push_back(
        detail::graph::make_type(tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end())));
  return detail::model::explain_entry(*compilation_->assembly, function, types, compilation_->options.optimize);
}

}  // namespace einx
