// Front door of the notation layer: text -> tree -> solved expression. Knows shapes, nothing of data or dtypes.
//
//   parse(text)                       lexer, parser, lifting of arrows and commas, bracket consistency   (notation.md 1-3)
//   expand(parsed, rules, count)      shorthands to the full form, family checks                        (notation.md 4, 5.2 of stage 2)
//   solve(expanded, operands, sizes)  depth, repetitions, merging, sizes, checks after solving         (notation.md 5, 6)
#pragma once
#include <cstdint>
#include <einx/dialect.h>
#include <einx/tensor.h>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/support.h"

namespace einx::detail::notation {

// ---------------------------------------------------------------- what the operation allows
enum class Family {
  Id, Elementwise, Reduce, Dot, Preserve, ArgFind, GetAt, UpdateAt, Solve,
  Einsum,  ///< dot without its rules: any number of inputs, an axis in brackets may be in any number of them
  Native,  ///< any number of inputs and outputs, brackets anywhere: what a function of sub-tensors takes and gives
};

struct Rules {
  Family family = Family::Id;
  Dialect dialect = Dialect::Einx;
  std::string op;                         ///< the function as the caller named it in its dialect ("sum"; einops: "repeat", "reduce")
  int min_inputs = 1;                     ///< number of input expressions; num-input-exprs otherwise
  int max_inputs = -1;                    ///< -1: any
  bool keepdims = false;                  ///< reduce with the deprecated keepdims=True
  bool one_bracketed_axis = false;        ///< sort, argsort
  bool second_operand_shorthand = false;  ///< dot and elementwise accept the older form (notation.md 10.1)
  bool merge = true;                      ///< repeated sub-expressions become one axis (notation.md 5.5)
  bool merge_concat = false;              ///< also those with '+'
  bool merge_bracketed = true;            ///< also those inside brackets
  bool opaque_ellipses = false;           ///< an ellipsis of undetermined count is one axis outside groups, too
  bool squeeze_named = true;              ///< named axes of size 1 may be left out of the output; else only a literal 1
  bool permuted_brackets = false;         ///< the axes in brackets may have another order in the output (preserve)
  bool assign_pieces = false;             ///< the pieces of id are paired by the names of their axes, not in order
  std::vector<std::string> reserved;      ///< axis names that are parameters of the operation ("shift")
};

// ---------------------------------------------------------------- what the caller gives
/// One operand as the solver sees it: its shape if known, and how messages show it.
struct Operand {
  std::optional<Shape> shape;  ///< nullopt: factory, or unknown
  std::string text;            ///< "shape (3, 4)" is made from the shape if empty; "factory"; "unknown"
};

/// A size by keyword. `dims` is empty for an integer, (n) for a list of n, (n, m) for a list of lists.
struct Constraint {
  std::string name;
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> values;  ///< row-major
  std::string not_integer;           ///< text of a value that is not an integer: raises constraint-not-integer at its stage
  std::string text() const;          ///< "2", "(2, 3)"
};

// ---------------------------------------------------------------- the tree, before solving
struct Node;
using NodePtr = std::shared_ptr<const Node>;  // immutable: copies made by lifting share what they do not change
struct Node {
  enum class Kind { Axis, List, Flattened, Concat, Brackets, Ellipsis, Args, Op };
  Kind kind = Kind::List;
  support::Span span;             ///< where it stands in the text; zero width for the axis of an anonymous ellipsis
  std::string name;               ///< Axis: its name; "" for a number
  std::int64_t number = -1;       ///< Axis: its size if written as a number
  int id = 0;                     ///< Axis with a number, Ellipsis: identity, kept by the copies that lifting makes
  std::vector<NodePtr> children;  ///< Args: one per tensor; Op: one or two Args (inputs, outputs)
};

struct Parsed {
  std::string text;
  NodePtr root;  ///< Kind::Op
};
/// Raises SyntaxError; inconsistent-brackets is left to `expand`, since the older shorthand may break that rule.
/// Time and memory are bounded whatever the text (budgets of design.md).
Parsed parse(std::string_view text);

struct Expanded {
  std::string text;
  Rules rules;
  std::vector<NodePtr> inputs, outputs;  ///< one tree a tensor
};
/// `operands` is the number of tensors given (the older shorthand depends on it). Raises SemanticError, SyntaxError (inconsistent-brackets).
Expanded expand(const Parsed& parsed, const Rules& rules, int operands);
/// The same with messages that list operands and given sizes.
Expanded expand(const Parsed& parsed, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);
/// Both steps in the dialect of the rules: its front end reads the text and gives the full form. The one entry for calls.
Expanded read(std::string_view text, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);
/// "a [b] -> a": the full form, as the user would have written it.
std::string text(const Expanded& expanded);

// ---------------------------------------------------------------- the solved expression
/// An axis with its size. Names are legal, unique and stable: `b` for one repetition of `b...`, else `b_0 b_1`; `n0`, `n1` for unnamed
/// axes; a merged sub-expression is one axis named after its parts (`b_c`), each dodging the names that the user wrote.
/// The same bracketed name twice in one tensor is two axes (notation.md 8: one per occurrence); the k-th occurrences of
/// different tensors are the same axis.
struct Axis {
  std::string name;
  std::int64_t size = 0;
  bool bracketed = false;
  bool unnamed = false;  ///< written as a number (or `[k]` made by the argfind shorthand)
  std::string source;    ///< as messages show it: "b", "3", "(b c)"
  /// `unnamed` and `source` are only for messages: the text does not keep them.
  bool operator==(const Axis& other) const { return name == other.name && size == other.size && bracketed == other.bracketed; }
};

/// One dimension, or a part of one: an axis, a row-major group, or a concatenation (whose parts are axes or groups).
struct Dim {
  enum class Kind { Axis, Group, Concat };
  Kind kind = Kind::Axis;
  int axis = -1;            ///< index into Solved::axes
  std::vector<Dim> parts;
  bool operator==(const Dim&) const = default;
};

struct TensorExpr {
  std::vector<Dim> dims;
  bool operator==(const TensorExpr&) const = default;
};

/// Everything later layers know of a pattern. Brackets are a property of the axes.
struct Solved {
  std::vector<Axis> axes;
  std::vector<TensorExpr> inputs, outputs;
  bool operator==(const Solved&) const = default;
};

/// Raises ValueError (number of tensors, constraints), RankError, AxisSizeError, SemanticError.
Solved solve(const Expanded& expanded, std::span<const Operand> operands, std::span<const Constraint> constraints);

/// Parses the text that `text(Solved)` prints, with the sizes of its axes given by name: the way back for the graph text.
/// Nothing is merged, implied or inferred; every axis name in the text must be in `sizes`.
Solved parse_solved(std::string_view text, const std::vector<std::pair<std::string, std::int64_t>>& sizes);
/// "b (g [c]) -> b g": only legal names. Adjacent bracketed items share one pair of brackets.
std::string text(const Solved& solved);

std::int64_t size(const Solved& solved, const Dim& dim);
Shape shape(const Solved& solved, const TensorExpr& expr);
/// Axis indices in text order, each once; `bracketed`: only those inside (true) or outside (false) brackets.
std::vector<int> axes_of(const TensorExpr& expr);
std::vector<int> axes_of(const Solved& solved, const TensorExpr& expr, bool bracketed);

/// Address of an element relative to the tensor's first: offset + sum(stride * value of axis). Groups are decomposed and the occurrences of an
/// axis added up (a diagonal), so an axis occurs at most once.
struct Term {
  int axis = 0;
  std::int64_t stride = 0;  ///< elements
};
struct IndexMap {
  std::int64_t offset = 0;
  std::vector<Term> terms;  ///< in text order
};
/// One map a piece: a tensor without `+` has one, `(a + b) (c + d)` has four, depth-first (notation.md 8). `strides` are in elements.
std::vector<IndexMap> index_maps(const Solved& solved, const TensorExpr& expr, std::span<const std::int64_t> strides);

/// The tensor expression of every piece: each way to replace the sums by one of their operands, depth-first.
std::vector<TensorExpr> pieces_of(const TensorExpr& expr);
/// For every piece of the outputs the piece of the inputs that is copied to it under Rules::assign_pieces: in output order, the first one that is free, whose
/// named axes the output piece has, and that leaves an assignment for the rest. Empty if there is none. Raises AxisSizeError solver-budget.
std::vector<int> assign_pieces(const Solved& solved);

// ---------------------------------------------------------------- solving helpers (operations.md 10)
/// An axis under d ellipses has a value of d dimensions.
struct AxisValue {
  std::vector<std::int64_t> dims, values;
};
struct SolvedAxes {
  std::map<std::string, AxisValue> axes;  ///< named axes only
  std::vector<Shape> shapes;              ///< one per expression
};
/// solve_axes, solve_shapes, check; `matches` is this with every error caught. `merge` is the library's choice per helper:
/// matches merges repeated sub-expressions, the others do not.
SolvedAxes solve_axes(std::string_view text, std::span<const Operand> operands, std::span<const Constraint> constraints, bool merge,
                      Dialect dialect = Dialect::Einx);
/// einx 0.3's arange: one input, the axes that are counted (all in brackets), and the output as written, whose bracketed axis, if there is one, has an entry for
/// each of them. Raises the errors of `solve`.
Solved solve_arange(std::string_view text, std::span<const Constraint> constraints, bool merge);

}  // namespace einx::detail::notation
