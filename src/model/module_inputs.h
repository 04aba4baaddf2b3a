// Operands to run modules with before anybody does. Private to the model layer.
#pragma once
#include <string>
#include <vector>

#include "model/module_trace.h"

namespace einx::detail::model {

/// Operands of one entry that it is to be checked with.
struct Trial {
  const ModuleFunction* function;
  std::vector<Tensor> operands;
  int set;  ///< from 1
};

/// n sets for the entries of a module: given ones, those that it makes itself, or drawn by what its entries
/// declare - free axes of distinct prime sizes, others in each set. Entries that say nothing of their
/// operands have none. What is wrong with them goes to `problems`.
std::vector<Trial> trials_of(const Tree& tree, std::size_t node, int n,
                             const std::vector<TracingInputs>& given, std::vector<Problem>& problems);

/// The operands that a signature declares, or nothing if it leaves a shape open.
std::optional<std::vector<Tensor>> drawn_operands(const script::Function& signature, int set);

/// Entries that are traced on their own, without inputs to trace them with.
std::vector<Problem> missing_inputs(const Tree& tree, std::size_t node, const std::vector<Trial>& trials);

/// The first difference of results beyond rounding, or "".
std::string difference(const std::vector<Tensor>& got, const std::vector<Tensor>& expected);

}  // namespace einx::detail::model
