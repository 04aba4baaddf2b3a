// The stages of solving, in order (notation.md 5).
#include <set>

#include "notation/dialects.h"
#include "notation/solver.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

Solved solve(const Expanded& expanded, std::span<const Operand> operands,
             std::span<const Constraint> constraints) {
  const Problem problem = make_problem(expanded, operands, constraints);
  const Repetitions repetitions = solve_repetitions(problem);
  Flat flat = write_out(problem, repetitions);
  merge_repeated(problem, flat);
  const std::vector<std::int64_t> sizes = solve_sizes(problem, flat);
  check_solution(problem, flat, sizes);
  Solved solved = build_solved(problem, flat, sizes);
  const bool by_name = expanded.rules.assign_pieces && expanded.rules.family == Family::Id;
  if (by_name && assign_pieces(solved).empty() && !expanded.outputs.empty())
    raise<SemanticError>(problem.call, "id-pair-mismatch",
                         "The parts of the inputs cannot be assigned to those of the outputs: each needs one "
                         "of its own that has all its axes.",
                         {}, {"Each part of a concatenation counts as one."});
  return solved;
}

namespace {

AxisValue value_of(const SourceAxis& axis, const Repetitions& repetitions) {
  AxisValue value;
  for (int level : axis.levels) value.dims.push_back(repetitions[level].value_or(0));
  return value;
}

// Values by repetition, in row-major order: the order in which the atoms of an axis were made.
void collect_axes(const Problem& problem, const Repetitions& repetitions, const Flat& flat,
                  const std::vector<std::int64_t>& sizes, SolvedAxes& out) {
  std::set<int> in_use;
  for (const auto& tree : flat.trees)
    for (const AtomUse& use : uses(tree)) in_use.insert(use.atom);
  for (const auto& [name, index] : problem.by_name) {
    const SourceAxis& axis = problem.axes[index];
    bool known = !is_anonymous(*axis.node);
    for (int level : axis.levels) known = known && repetitions[level].has_value();
    if (!known) continue;
    AxisValue value = value_of(axis, repetitions);
    for (std::size_t i = 0; i < flat.atoms.size(); ++i) {
      if (flat.atoms[i].axis != index) continue;
      known = known && in_use.count(int(i));  // a part of a merged sub-expression has no size
      value.values.push_back(sizes[i]);
    }
    if (known) out.axes.emplace(std::string(name), std::move(value));
  }
}

}  // namespace

SolvedAxes solve_axes(std::string_view text, std::span<const Operand> operands,
                      std::span<const Constraint> constraints, bool merge, Dialect dialect) {
  const bool older = dialect == Dialect::Einx03;
  const Parsed parsed = older ? parse_einx03(text) : parse(text);
  const std::vector<Span> arrows = arrow_spans(text);
  if (!arrows.empty())
    raise_syntax(text, "arrow-not-allowed", "Expressions to solve are separated by ',' and have no '->'.",
                 arrows);
  Rules rules;
  rules.family = Family::Solve;
  rules.op = "solve_axes";
  rules.opaque_ellipses = older;
  const Expanded expanded = expand(parsed, rules, operands, constraints);
  Problem problem = make_problem(expanded, operands, constraints);
  problem.merge = problem.merge_concat = merge;
  const Repetitions repetitions = solve_repetitions(problem);
  Flat flat = write_out(problem, repetitions);
  merge_repeated(problem, flat);
  const std::vector<std::int64_t> sizes = solve_sizes(problem, flat);
  SolvedAxes out;
  collect_axes(problem, repetitions, flat, sizes, out);
  const Solved solved = build_solved(problem, flat, sizes);
  for (const TensorExpr& expr : solved.inputs) out.shapes.push_back(shape(solved, expr));
  return out;
}

}  // namespace einx::detail::notation
