// How often each ellipsis repeats (notation.md 5.3): rank equations over the repetition variables, by
// propagation and, for what is left, by enumeration of small counts.
#include <algorithm>
#include <set>

#include "notation/solver.h"

namespace einx::detail::notation {

namespace {

/// Sum of coefficient * product of variables = rank of the tensor. Nested ellipses give products.
struct RankEquation {
  std::map<std::vector<int>, std::int64_t> terms;
  std::int64_t rank = 0;
  std::size_t expression = 0;
};

enum class Outcome { Contradiction, Ambiguous, Solved };

class RepetitionSolver {
 public:
  explicit RepetitionSolver(const Problem& problem)
      : problem_(problem), values_(problem.parent.size()), required_(problem.parent.size(), false) {}

  Repetitions run() {
    for (std::size_t i = 0; i < problem_.expressions.size(); ++i) add_equation(i);
    for (const Expression& expression : problem_.expressions) mark_required(*expression.tree, false);
    apply_constraints();
    if (!propagate()) raise_contradiction();
    const Outcome outcome = enumerate();
    if (outcome == Outcome::Contradiction) raise_contradiction();
    if (problem_.rules->opaque_ellipses)
      check_opaque_ranks();
    else if (outcome == Outcome::Ambiguous || !determined())
      raise_ambiguous();
    for (const Expression& expression : problem_.expressions) check_opaque(*expression.tree, false);
    Repetitions all(values_.size());
    for (const auto& [id, variable] : problem_.ellipsis) all[variable] = values_[root(variable)];
    return all;
  }

 private:
  int root(int variable) const {
    while (problem_.parent[variable] != variable) variable = problem_.parent[variable];
    return variable;
  }

  void add_terms(const Node& node, std::vector<int>& around, RankEquation& equation) const {
    switch (node.kind) {
      case Kind::Ellipsis:
        around.push_back(problem_.variable_of(node));
        add_terms(*node.children[0], around, equation);
        around.pop_back();
        break;
      case Kind::List:
      case Kind::Brackets:
        for (const NodePtr& child : node.children) add_terms(*child, around, equation);
        break;
      default: {
        std::vector<int> key = around;
        std::sort(key.begin(), key.end());
        ++equation.terms[key];
      }
    }
  }

  void add_equation(std::size_t index) {
    const Expression& expression = problem_.expressions[index];
    if (!expression.shape()) return;
    RankEquation equation;
    equation.rank = std::int64_t(expression.shape()->size());
    equation.expression = index;
    std::vector<int> around;
    add_terms(*expression.tree, around, equation);
    equations_.push_back(std::move(equation));
  }

  void mark_required(const Node& node, bool in_group) {
    if (node.kind == Kind::Ellipsis && !in_group) required_[problem_.variable_of(node)] = true;
    const bool group = in_group || node.kind == Kind::Flattened || node.kind == Kind::Concat;
    for (const NodePtr& child : node.children) mark_required(*child, group);
  }

  void apply_constraints() {
    for (const SourceAxis& axis : problem_.axes) {
      if (!axis.constraint) continue;
      const std::vector<std::int64_t>& dims = axis.constraint->dims;
      // Sizes for axes under two or more ellipses are not solved (operations.md 17, row 24).
      if (axis.levels.size() >= 2) nested_constraint_ = true;
      if (dims.size() < axis.levels.size())
        for (int level : axis.levels) required_[root(level)] = true;
      const std::size_t outer = axis.levels.size() - dims.size();
      for (std::size_t k = 0; k < dims.size(); ++k) assign(root(axis.levels[outer + k]), dims[k]);
    }
    if (contradiction_) raise_contradiction();
    if (nested_constraint_) raise_ambiguous();
  }

  bool assign(int variable, std::int64_t value) {
    std::optional<std::int64_t>& known = values_[variable];
    if (value < 0 || (known && *known != value)) contradiction_ = true;
    known = value;
    return !contradiction_;
  }

  // What is left of an equation: rank - known terms, the coefficient of the only unknown, how many are
  // unknown.
  struct Rest {
    std::int64_t rank = 0, coefficient = 0;
    int unknown = -1;
    bool several = false;
  };
  Rest rest_of(const RankEquation& equation) const {
    Rest rest;
    rest.rank = equation.rank;
    for (const auto& [variables, count] : equation.terms) {
      std::int64_t factor = count;
      int unknown = -1;
      for (int variable : variables) {
        if (values_[variable]) {
          // A count beyond the budget cannot become equal to a rank again; saturate instead of overflowing.
          factor = std::min<std::int64_t>(factor * std::min<std::int64_t>(*values_[variable], kMaxAxes),
                                          kMaxAxes * kMaxAxes);
        } else {
          if (unknown >= 0) rest.several = true;  // a product of unknowns, or a power
          unknown = variable;
        }
      }
      if (factor == 0) continue;
      if (unknown < 0) {
        rest.rank -= factor;
      } else {
        if (rest.unknown >= 0 && rest.unknown != unknown) rest.several = true;
        rest.unknown = unknown;
        rest.coefficient += factor;
      }
    }
    return rest;
  }

  bool propagate() {
    for (bool changed = true; changed;) {
      changed = false;
      for (const RankEquation& equation : equations_) {
        const Rest rest = rest_of(equation);
        if (rest.rank < 0 || (rest.unknown < 0 && rest.rank != 0)) return contradict(equation);
        if (rest.unknown < 0 || rest.several) continue;
        if (rest.rank % rest.coefficient != 0) return contradict(equation);
        values_[rest.unknown] = rest.rank / rest.coefficient;
        changed = true;
      }
    }
    return true;
  }

  bool contradict(const RankEquation& equation) {
    failing_ = equation.expression;
    return false;
  }

  // Tries counts for what propagation left open; two solutions are enough to know that they are ambiguous.
  Outcome enumerate() {
    std::set<int> open;
    for (const RankEquation& equation : equations_)
      for (const auto& [variables, count] : equation.terms)
        for (int variable : variables)
          if (!values_[variable]) open.insert(variable);
    if (open.empty()) return Outcome::Solved;
    std::int64_t largest = 0;
    for (const RankEquation& equation : equations_) largest = std::max(largest, equation.rank);
    std::vector<Repetitions> solutions;
    int budget = kBudget;
    search(largest + 1, solutions, budget);
    if (budget <= 0 || solutions.size() > 1) return Outcome::Ambiguous;
    if (solutions.empty()) return Outcome::Contradiction;
    values_ = solutions[0];
    return Outcome::Solved;
  }

  void search(std::int64_t largest, std::vector<Repetitions>& solutions, int& budget) {
    if (solutions.size() > 1 || --budget <= 0) return;
    const Repetitions before = values_;
    if (propagate()) {
      const int next = first_open();
      if (next < 0) solutions.push_back(values_);
      for (std::int64_t count = 0; next >= 0 && count <= largest; ++count) {
        const Repetitions here = values_;
        values_[next] = count;
        search(largest, solutions, budget);
        values_ = here;
      }
    }
    values_ = before;
  }

  int first_open() const {
    for (const RankEquation& equation : equations_)
      for (const auto& [variables, count] : equation.terms)
        for (int variable : variables)
          if (!values_[variable]) return variable;
    return -1;
  }

  bool determined() const {
    for (std::size_t i = 0; i < required_.size(); ++i)
      if (required_[i] && !values_[root(int(i))]) return false;
    return true;
  }

  // Dimensions of a tree in which an ellipsis of unknown count is one axis; saturates.
  std::int64_t rank_of(const Node& node) const {
    if (node.kind != Kind::List && node.kind != Kind::Brackets && node.kind != Kind::Ellipsis) return 1;
    constexpr std::int64_t limit = 1 << 20;
    std::int64_t count = 1, sum = 0;
    if (node.kind == Kind::Ellipsis) {
      const auto known = values_[problem_.variable_of(node)];
      if (!known) return 1;
      count = std::min(*known, limit);
    }
    for (const NodePtr& child : node.children) sum = std::min(sum + rank_of(*child), limit);
    return std::min(count * sum, limit);
  }

  void check_opaque_ranks() const {
    for (const RankEquation& equation : equations_)
      if (rank_of(*problem_.expressions[equation.expression].tree) != equation.rank) raise_ambiguous();
  }

  // An ellipsis of unknown count becomes one axis; one inside another would hide a second unknown
  // (operations.md 17, row 32).
  void check_opaque(const Node& node, bool in_opaque) const {
    const bool opaque = node.kind == Kind::Ellipsis && !values_[problem_.variable_of(node)];
    if (opaque && in_opaque) raise_ambiguous();
    for (const NodePtr& child : node.children) check_opaque(*child, in_opaque || opaque);
  }

  std::vector<Span> dots() const {
    std::vector<Span> spans;
    for (const Expression& expression : problem_.expressions) ellipsis_spans(*expression.tree, spans);
    return spans;
  }

  [[noreturn]] void raise_ambiguous() const {
    std::vector<std::string> advice{
        "Give the sizes of an axis under the ellipsis as a list, which also fixes how often it repeats."};
    if (nested_constraint_)
      advice = {"A size by keyword cannot be used for an axis under two or more ellipses."};
    raise_with_equations<RankError>(problem_, nullptr, "ellipsis-ambiguous",
                                    "How often an ellipsis repeats is not determined.", dots(), advice);
  }

  [[noreturn]] void raise_contradiction() const {
    const auto is_ellipsis = [](const Expression& e) { return e.tree->kind == Kind::Ellipsis; };
    const auto constrained = [](const SourceAxis& a) { return a.constraint && !a.levels.empty(); };
    const bool no_expansion =
        std::any_of(problem_.expressions.begin(), problem_.expressions.end(), is_ellipsis) ||
        std::any_of(problem_.axes.begin(), problem_.axes.end(), constrained);
    if (no_expansion)
      raise_with_equations<RankError>(
          problem_, nullptr, "ellipsis-no-expansion",
          "No number of repetitions of the ellipses fits the dimensions of all operands and the given sizes.",
          dots());
    raise_with_equations<RankError>(problem_, nullptr, "ndim-mismatch", mismatch_sentence(), {}, {}, false);
  }

  std::string mismatch_sentence() const {
    const Expression& expression = problem_.expressions[failing_];
    const Node& tree = *expression.tree;
    const bool open = contains(tree, Kind::Ellipsis);
    std::int64_t axes = 0;
    std::vector<int> around;
    RankEquation equation;
    add_terms(tree, around, equation);
    for (const auto& [variables, count] : equation.terms)
      if (variables.empty()) axes += count;
    const std::string shape = expression.shape() ? support::tuple_text(*expression.shape()) : "?";
    return "'" + text(tree) + "' has " + (open ? "at least " : "") +
           counted(axes, "dimension", "dimensions") + ", but operand #" + std::to_string(failing_ + 1) +
           " of shape " + shape + " has " +
           std::to_string(expression.shape() ? expression.shape()->size() : 0) +
           (open && axes <= std::int64_t(expression.shape() ? expression.shape()->size() : 0)
                ? ", and other parts of the expression disagree."
                : ".");
  }

  static constexpr int kBudget = 20000;
  const Problem& problem_;
  Repetitions values_;
  std::vector<bool> required_;
  std::vector<RankEquation> equations_;
  bool contradiction_ = false, nested_constraint_ = false;
  std::size_t failing_ = 0;
};

}  // namespace

Repetitions solve_repetitions(const Problem& problem) {
  if (problem.ellipsis.empty()) {
    bool fits = true;
    for (const Expression& expression : problem.expressions) {
      if (!expression.shape()) continue;
      const Node& tree = *expression.tree;
      const Node& inner = tree.kind == Kind::Brackets ? *tree.children[0] : tree;
      std::size_t rank = inner.kind == Kind::List ? 0 : 1;
      if (inner.kind == Kind::List)
        for (const NodePtr& item : inner.children)
          rank += item->kind == Kind::Brackets && item->children[0]->kind == Kind::List
                      ? item->children[0]->children.size()
                      : 1;
      fits &= rank == expression.shape()->size();
    }
    if (fits) return {};
  }
  return RepetitionSolver(problem).run();
}

}  // namespace einx::detail::notation
