// Private to the notation layer: the steps of `expand`, in the order in which the specification checks them.
#pragma once
#include <string>
#include <vector>

#include "notation/messages.h"

namespace einx::detail::notation {

/// An expression on its way to its full form.
struct Draft {
  Call call;
  const Rules& rules;
  std::vector<NodePtr> inputs, outputs;
  bool arrow = false;  ///< "->" was written
};

/// The older shorthand (notation.md 10.1): one input with brackets for two operands. Rewrites to the long
/// form; true if it applied.
bool expand_second_operand(Draft& draft, int operands);
/// Gives a draft without "->" its output, or raises missing-output, implicit-output-no-superset,
/// implicit-output-multi-bracket, argfind-needs-one-bracket.
void imply_output(Draft& draft);
/// Brackets every axis that is not in the output if no input has brackets (reduce, dot). Raises
/// auto-bracket-duplicate-axis.
void bracket_missing_axes(Draft& draft);
/// Raises num-output-exprs, brackets-not-allowed, brackets-required, duplicate-output-axis,
/// duplicate-bracket-axis, concat-not-allowed, num-input-exprs.
void check_concatenation(const Draft& draft);
void check_counts(const Draft& draft);
void check_brackets(const Draft& draft);
void check_duplicates(const Draft& draft);
/// Raises auto-bracket-duplicate-axis.
void check_auto_duplicates(const Draft& draft);

/// The tree without its brackets; the tree without what is in brackets.
NodePtr strip_brackets(const NodePtr& node);
NodePtr drop_bracketed(const NodePtr& node);

}  // namespace einx::detail::notation
