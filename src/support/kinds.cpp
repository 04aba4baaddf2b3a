// The closed table of error kinds: a report whose class and kind are not a row here is a defect. Grouped by
// class; within a class the order is that of the checks.
#include <algorithm>

#include "support/support.h"

namespace einx::detail::support {

namespace {

constexpr Kind kTable[] = {
    {"SyntaxError", "invalid-token", "A word is not an axis name, a number or one of the notation's signs."},
    {"SyntaxError", "unmatched-close", "A closing delimiter has no matching opening one."},
    {"SyntaxError", "unclosed-open", "An opening delimiter is never closed."},
    {"SyntaxError", "missing-whitespace", "Two items stand together without a space between them."},
    {"SyntaxError", "bad-concat-operand", "An operand of '+' is not an axis, a number or a group."},
    {"SyntaxError", "concat-without-parens", "A sum 'a + b' does not stand directly in parentheses."},
    {"SyntaxError", "inconsistent-arrows",
     "The alternatives of an expression have different numbers of '->'."},
    {"SyntaxError", "inconsistent-commas",
     "The alternatives of an expression have different numbers of commas."},
    {"SyntaxError", "multiple-arrows", "The expression has more than one '->'."},
    {"SyntaxError", "inconsistent-brackets", "An axis is in brackets at one place and outside at another."},
    {"SyntaxError", "duplicate-axis", "einx 0.3: the expression of one tensor names an axis twice."},
    {"SyntaxError", "arrow-not-allowed", "'->' stands in a text that describes tensors only."},
    {"SyntaxError", "pattern-too-large", "The expression exceeds a limit on length, nesting or expansion."},
    {"SyntaxError", "graph-text", "The text of a graph cannot be parsed."},
    {"SyntaxError", "script-text", "The text of a script cannot be parsed."},

    {"RankError", "ndim-mismatch", "An expression and its tensor have different numbers of axes."},
    {"RankError", "ellipsis-depth",
     "An axis is used under different numbers of ellipses, or its size has another depth."},
    {"RankError", "ellipsis-ambiguous", "The number of repetitions of an ellipsis is not determined."},
    {"RankError", "ellipsis-no-expansion",
     "No number of repetitions of an ellipsis satisfies all shapes and sizes."},
    {"RankError", "too-many-axes", "A tensor would have more axes than the library supports."},

    {"AxisSizeError", "axis-ambiguous", "The size of an axis is not determined by shapes and given sizes."},
    {"AxisSizeError", "axis-conflict", "Shapes and given sizes contradict each other."},
    {"AxisSizeError", "solver-budget",
     "The axis sizes could not be found within the allowed number of steps."},

    {"SemanticError", "concat-not-allowed", "The operation does not accept concatenations 'a + b'."},
    {"SemanticError", "num-input-exprs", "The number of input expressions does not fit the operation."},
    {"SemanticError", "num-output-exprs", "The number of output expressions does not fit the operation."},
    {"SemanticError", "missing-output",
     "The expression has no '->' and the operation has no rule that supplies the output."},
    {"SemanticError", "implicit-output-no-superset",
     "No single input has all axes, so the output cannot be left out."},
    {"SemanticError", "implicit-output-multi-bracket",
     "With several pairs of brackets the output cannot be left out."},
    {"SemanticError", "brackets-not-allowed", "Brackets stand where the operation does not take them."},
    {"SemanticError", "brackets-required",
     "The output has no brackets although the operation keeps its axes."},
    {"SemanticError", "auto-bracket-duplicate-axis", "Without brackets, an input names an axis twice."},
    {"SemanticError", "duplicate-output-axis", "An output names an axis twice."},
    {"SemanticError", "duplicate-bracket-axis", "A tensor names a bracketed axis twice."},
    {"SemanticError", "axis-name-is-kwarg", "An axis has the name of one of the operation's own parameters."},
    {"SemanticError", "bracket-order",
     "The bracketed axes have different names or another order in the output."},
    {"SemanticError", "input-axis-missing-in-output",
     "An input axis outside brackets does not occur in the output."},
    {"SemanticError", "unknown-output-axis", "An output names an axis that no input has."},
    {"SemanticError", "contracted-axis-count",
     "A contracted axis does not occur in the right number of inputs."},
    {"SemanticError", "coord-count", "The number of coordinates is not the number of indexed axes."},
    {"SemanticError", "multiple-coord-axes", "A coordinate tensor has more than one bracketed axis."},
    {"SemanticError", "argfind-output-size",
     "The output axis does not have one entry for every bracketed input axis."},
    {"SemanticError", "argfind-needs-one-bracket", "The operation needs bracketed input axes."},
    {"SemanticError", "argfind-multi-output-bracket", "The output has more than one bracketed axis."},
    {"SemanticError", "exactly-one-bracket-axis", "The operation needs exactly one bracketed axis."},
    {"SemanticError", "nothing-reduced",
     "einx 0.3: a reduction has neither brackets nor an output that lacks one of its axes."},
    {"SemanticError", "unnamed-axis", "einx 0.3: a literal 1 stands where an operation counts axes."},
    {"SemanticError", "update-axis",
     "einx 0.3: an axis of the updates is neither the tensor's nor the coordinates'."},
    {"SemanticError", "id-count-mismatch",
     "After splitting there are different numbers of input and output pieces."},
    {"SemanticError", "id-pair-mismatch",
     "An input piece lacks axes of, or has others than, its output piece."},

    {"OperationNotSupportedError", "unknown-operation",
     "There is no operation of this name in this dialect."},
    {"OperationNotSupportedError", "dtype-not-supported", "The operation is not defined for these dtypes."},

    {"CallOperationError", "runtime", "The operation failed while it ran."},

    {"ValueError", "num-tensors", "The number of operands is not the number of input expressions."},
    {"ValueError", "constraint-not-integer",
     "The size given for an axis is not an integer or a list of integers."},
    {"ValueError", "unused-size", "A size is given for an axis that the expression does not have."},
    {"ValueError", "shift-length", "The shift does not have one entry for every rolled axis."},
    {"ValueError", "shift-type", "The shift is not an integer or a list of integers."},
    {"ValueError", "bad-shape", "A shape is negative, too large, or does not hold the given elements."},
    {"ValueError", "bad-view", "A view or an index lies outside its tensor or memory."},
    {"ValueError", "bad-file", "A file cannot be read or written, or is damaged."},
    {"ValueError", "graph-signature", "A graph was called with operands of another signature."},
    {"ValueError", "bad-parameter", "A parameter has a value that is not allowed."},

    {"ValueError", "script-variable", "A variable is read that has no value on the way there."},
    {"ValueError", "script-signature", "A function is called with values that its parameters do not fit."},
    {"ValueError", "unsupported-module", "Modules that cannot be compiled as they are."},

    {"TypeError", "python-signature", "A parameter is missing, or there are too many operands."},
    {"TypeError", "operand-kind", "An operand is of a kind that is not accepted here."},
    {"TypeError", "script-condition", "A condition, size or count is not one number."},
    {"TypeError", "script-size", "A size or position is no integer."},
    {"TypeError", "dtype-mismatch", "A tensor is not of the element type that is asked for."},

    {"InternalError", "internal", "A defect of the library, never of the caller."},
};

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> table(std::begin(kTable), std::end(kTable));
  return table;
}

bool known_kind(std::string_view class_name, std::string_view kind) {
  return std::any_of(kinds().begin(), kinds().end(),
                     [&](const Kind& row) { return row.class_name == class_name && row.kind == kind; });
}

}  // namespace einx::detail::support
