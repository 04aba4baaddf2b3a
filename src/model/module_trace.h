// The C++ entries of a tree as functions of a program: written down when they are first called. Private to
// the model layer.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/module_tree.h"
#include "model/save.h"
#include "model/tapes.h"

namespace einx::detail::model {

/// A C++ entry for operands of certain types.
struct Traced {
  script::FunctionPtr function;
  std::vector<graph::Type> results;  ///< of these types; where they depend on values, of the examples
  std::vector<std::string> warnings;
  RecordedPtr tape;  ///< as it was recorded, for guards
};
using TracedPtr = std::shared_ptr<const Traced>;

/// A tree whose entries can be called. What its C++ entries have written down is kept by types, so that each
/// runs once for a signature, whoever calls it.
class Assembly : public std::enable_shared_from_this<Assembly> {
 public:
  explicit Assembly(Tree tree) : tree_(std::move(tree)) {}
  const Tree& tree() const { return tree_; }

  /// The tree as one program, with the parameters as they are now. It keeps the assembly alive.
  std::shared_ptr<script::Program> program() const;
  /// The recording that is kept, made if there is none.
  TracedPtr traced(const ModuleFunction& function, const std::vector<graph::Type>& types) const;
  /// A recording that nobody else sees: the entry runs now, with these operands as its examples.
  TracedPtr traced_again(const ModuleFunction& function, const std::vector<Tensor>& operands) const;
  /// Operands that a recording of these types computes with where it has to.
  void remember_examples(const ModuleFunction& function, const std::vector<Tensor>& operands);
  /// The same program for the library's own use while the assembly is there; `again`: nothing kept is used or
  /// kept.
  script::Program callable(bool again) const;
  struct Kept {
    std::string function;
    std::vector<graph::Type> types;
    std::uint64_t changes;  ///< of parameters, whose types the code may have looked at
    TracedPtr traced;
  };
  /// The kept recordings with their types, for files.
  std::vector<Trace> traces() const;
  /// What has been written down so far.
  std::vector<Kept> kept() const;

 private:
  std::vector<Tensor> examples(const ModuleFunction& function, const std::vector<graph::Type>& types) const;
  script::Program program_of(const std::function<script::Traceable(const ModuleFunction&)>& traceable) const;

  const Tree tree_;
  mutable std::recursive_mutex mutex_;
  mutable std::vector<Kept> kept_;
  std::vector<std::pair<std::string, std::vector<Tensor>>> remembered_;
};
using AssemblyPtr = std::shared_ptr<Assembly>;

/// Runs an entry without compiling: C++ once with these operands, scripts statement by statement, whatever
/// they call, too.
std::vector<Tensor> run_uncompiled(const Assembly& assembly, const ModuleFunction& function,
                                   const std::vector<Tensor>& operands);
/// Runs a C++ entry of a module that is left alone: its operations one by one, the functions that it calls by
/// `call`.
using CallFunction =
    std::function<std::vector<Tensor>(const std::string& function, const std::vector<Tensor>& operands)>;
std::vector<Tensor> run_alone(const Assembly& assembly, const ModuleFunction& function,
                              const std::vector<Tensor>& operands, const CallFunction& call);

/// An entry's function, or ValueError "bad-parameter" that names those there are.
const ModuleFunction& entry_of(const Tree& tree, std::size_t node, std::string_view entry);

std::vector<graph::Type> types_of(const std::vector<Tensor>& tensors);
/// Operands of a call as tensors; numbers are of i64, f64 or bool. Raises TypeError "operand-kind" for
/// factories and undefined tensors.
std::vector<Tensor> tensors_of(std::span<const Operand> operands, std::string_view entry);
/// A tensor of numbers that are drawn the same each time: normal ones, small integers, bools.
Tensor drawn(const graph::Type& type, std::uint64_t seed);

/// Inside of an entry: its parameter's value; a warning that its data was looked at.
Value value_of_parameter(const Parameter& parameter);
void looked_at(const Parameter& parameter);

}  // namespace einx::detail::model
