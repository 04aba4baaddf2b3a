// Private to the notation layer: what the stages of `solve` hand on (notation.md 5).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "notation/messages.h"

namespace einx::detail::notation {

inline constexpr std::int64_t kMaxAxes = 4096;  ///< axes of one call after ellipses are written out
inline constexpr int kMaxRank = 64;

/// One tensor of the call: its tree, and its shape where it is known.
struct Expression {
  NodePtr tree;
  const Operand* operand = nullptr;  ///< null for outputs
  bool output = false;
  const Shape* shape() const { return operand && operand->shape ? &*operand->shape : nullptr; }
};

/// An axis as written: all occurrences of a name, or of one number.
struct SourceAxis {
  const Node* node = nullptr;  ///< first occurrence
  std::vector<Span> spans;     ///< of all occurrences
  std::vector<int>
      levels;  ///< of the enclosing ellipses, outermost first: index of their repetition variable
  std::vector<int> depths;  ///< distinct depths of its occurrences
  const Constraint* constraint = nullptr;
};

/// The call with its axes and ellipses indexed.
struct Problem {
  Call call;
  const Rules* rules = nullptr;
  bool merge = true;          ///< rule 5.5
  bool merge_concat = false;  ///< also sub-expressions with '+'
  std::vector<Expression> expressions;
  std::vector<SourceAxis> axes;             ///< by first occurrence
  std::map<std::string_view, int> by_name;  ///< named axes
  std::map<int, int> by_number;             ///< unnamed axes, by identity
  std::map<int, int> ellipsis;              ///< repetition variable by ellipsis identity
  std::vector<int> parent;                  ///< union-find over repetition variables

  int axis_of(const Node& node) const {
    return is_number(node) ? by_number.at(node.id) : by_name.at(node.name);
  }
  int variable_of(const Node& ellipsis_node) const;
};

/// Indexes a call. Raises ellipsis-depth.
Problem make_problem(const Expanded& expanded, std::span<const Operand> operands,
                     std::span<const Constraint> constraints);

/// Repetitions by variable, nullopt for one that only occurs in groups and that nothing determines.
using Repetitions = std::vector<std::optional<std::int64_t>>;
/// Raises ellipsis-ambiguous, ellipsis-no-expansion, ndim-mismatch.
Repetitions solve_repetitions(const Problem& problem);

/// An axis after ellipses are written out and sub-expressions are merged.
struct Atom {
  std::string source;     ///< "b", "b.1", "3", "(b c)"
  std::string base;       ///< what its legal name is made of; empty: unnamed
  bool own_name = false;  ///< `base` is a name of the user's that only this axis has
  int axis = -1;          ///< index of the source axis; -1 for opaque ellipses and merged sub-expressions
  std::vector<std::int64_t> index;    ///< repetition by level
  bool number = false;                ///< written as numbers only
  std::optional<std::int64_t> value;  ///< known from the text
  std::vector<Span> spans;            ///< what to underline
};

/// A tensor expression with ellipses written out. Lists are spliced into their parents.
struct Part {
  enum class Kind { Atom, Group, Concat, Brackets };
  Kind kind = Kind::Atom;
  int atom = -1;
  Span span;
  std::vector<Part> parts;
};

struct Flat {
  std::vector<Atom> atoms;
  std::vector<std::vector<Part>> trees;  ///< one an expression: its dimensions (brackets around some of them)
  int implied = -1;                      ///< atom of the implied `[k]`
};
/// Writes ellipses out. Raises too-many-axes.
Flat write_out(const Problem& problem, const Repetitions& repetitions);
/// Merges repeated sub-expressions into atoms (rule 5.5). Raises solver-budget.
void merge_repeated(const Problem& problem, Flat& flat);

/// Atoms of a tree in text order, with bracketed flag.
struct AtomUse {
  int atom;
  bool bracketed;
};
std::vector<AtomUse> uses(const std::vector<Part>& tree);
/// The parts as text with the atoms' sources: "(a.0 b.0) c".
std::string text(const Flat& flat, const std::vector<Part>& parts);
std::string text(const Flat& flat, const Part& part);

/// Size of every atom. Raises axis-conflict, axis-ambiguous, solver-budget, constraint errors.
std::vector<std::int64_t> solve_sizes(const Problem& problem, const Flat& flat);
/// Size of a part; nullopt beyond 2^63-1.
std::optional<std::int64_t> size_of(const Part& part, const std::vector<std::int64_t>& sizes);

/// Checks before and after solving (stage 3 of notation.md 5; notation.md 6).
void check_call(const Problem& problem);
void check_solution(const Problem& problem, const Flat& flat, const std::vector<std::int64_t>& sizes);

/// Names the atoms and makes the public structure.
Solved build_solved(const Problem& problem, const Flat& flat, const std::vector<std::int64_t>& sizes);

/// Raises E with the equations of the unexpanded (RankError) or written-out (AxisSizeError) expressions.
template <class E>
[[noreturn]] void raise_with_equations(const Problem& problem, const Flat* flat, std::string kind,
                                       std::string sentence, std::vector<Span> spans,
                                       std::vector<std::string> advice = {}, bool show_pattern = true);
std::vector<std::string> equations(const Problem& problem, const Flat* flat);

template <class E>
[[noreturn]] void raise_with_equations(const Problem& problem, const Flat* flat, std::string kind,
                                       std::string sentence, std::vector<Span> spans,
                                       std::vector<std::string> advice, bool show_pattern) {
  support::Report out =
      report(problem.call, std::move(kind), std::move(sentence), std::move(spans), std::move(advice));
  out.show_pattern = show_pattern;
  out.equations = equations(problem, flat);
  support::raise<E>(out);
}

}  // namespace einx::detail::notation
