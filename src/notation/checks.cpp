// What a call has to satisfy beyond sizes: stage 3 of notation.md 5, before solving, and notation.md 6, after
// it.
#include <algorithm>
#include <set>

#include "notation/solver.h"

namespace einx::detail::notation {

// ---------------------------------------------------------------- before solving
namespace {

void check_operand_count(const Problem& problem) {
  const std::size_t inputs = std::size_t(std::count_if(problem.expressions.begin(), problem.expressions.end(),
                                                       [](const Expression& e) { return !e.output; }));
  const std::size_t operands = problem.call.operands.size();
  if (inputs == operands) return;
  raise<ValueError>(problem.call, "num-tensors",
                    "The expression has " + counted(std::int64_t(inputs), "input", "inputs") + ", but " +
                        counted(std::int64_t(operands), "operand is", "operands are") + " given.",
                    {});
}

void check_reserved(const Problem& problem) {
  std::vector<Span> spans;
  std::vector<std::string> names;
  for (const Expression& expression : problem.expressions)
    for (const Occurrence& o : axes_in(*expression.tree)) {
      const auto& reserved = problem.rules->reserved;
      if (is_number(*o.axis) || std::find(reserved.begin(), reserved.end(), o.axis->name) == reserved.end())
        continue;
      spans.push_back(o.axis->span);
      names.push_back(o.axis->name);
    }
  if (!names.empty())
    raise<SemanticError>(
        problem.call, "axis-name-is-kwarg",
        quoted(names) + " is a parameter of " + problem.rules->op + " and cannot name an axis.", spans,
        {"Use another name for the axis."});
}

// Bracketed axes in order. Each number is an axis of its own, even in a copy, so it never matches.
std::vector<std::string> bracketed_order(const Node& tree, bool output) {
  std::vector<std::string> order;
  for (const Occurrence& o : axes_in(tree))
    if (o.bracketed)
      order.push_back(is_number(*o.axis) ? std::string(output ? ">" : "<") + std::to_string(o.axis->id)
                                         : o.axis->name);
  return order;
}

void raise_bracket_order(const Problem& problem, const std::set<std::string>& names, std::vector<Span> spans,
                         const std::string& sentence) {
  for (const Expression& expression : problem.expressions)
    for (const Occurrence& o : axes_in(*expression.tree))
      if (o.bracketed && !is_number(*o.axis) && names.count(o.axis->name)) spans.push_back(o.axis->span);
  raise<SemanticError>(problem.call, "bracket-order", sentence, spans);
}

void check_bracket_order(const Problem& problem) {
  const Family family = problem.rules->family;
  if (family != Family::Preserve && family != Family::UpdateAt) return;
  const Node& input = *problem.expressions.front().tree;
  const Node& output = *problem.expressions.back().tree;
  auto before = bracketed_order(input, false), after = bracketed_order(output, true);
  if (problem.rules->permuted_brackets) {
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
  }
  if (before == after) return;
  std::set<std::string> names(before.begin(), before.end());
  names.insert(after.begin(), after.end());
  std::vector<Span> numbers;
  for (const Node* tree : {&input, &output})
    for (const Occurrence& o : axes_in(*tree))
      if (o.bracketed && is_number(*o.axis)) numbers.push_back(o.axis->span);
  const std::string hint =
      numbers.empty() ? "" : " A number in brackets is a new axis each time; give it a name.";
  raise_bracket_order(problem, names, numbers,
                      "The axes in brackets have to be the same in the input and in the output of " +
                          problem.rules->op +
                          (problem.rules->permuted_brackets ? "." : ", in the same order.") + hint);
}

// An axis that is updated cannot also count coordinates.
void check_update_brackets(const Problem& problem) {
  if (problem.rules->family != Family::UpdateAt) return;
  std::set<std::string> tensor, shared;
  for (const std::string& name : bracketed_order(*problem.expressions[0].tree, false)) tensor.insert(name);
  for (std::size_t i = 1; i + 1 < problem.expressions.size(); ++i)
    for (const std::string& name : bracketed_order(*problem.expressions[i].tree, true))
      if (tensor.count(name)) shared.insert(name);
  if (!shared.empty())
    raise_bracket_order(problem, shared, {},
                        "The bracketed axis " + quoted({shared.begin(), shared.end()}) +
                            " of the tensor cannot be one of the coordinates.");
}

// As many values as the list levels say: lists of different lengths have no shape.
bool is_regular(const Constraint& constraint) {
  for (std::int64_t dim : constraint.dims)
    if (dim < 0) return false;
  return support::checked_product(constraint.dims) == std::int64_t(constraint.values.size());
}

void check_constraint_types(const Problem& problem) {
  for (const Constraint& constraint : problem.call.constraints) {
    if (constraint.not_integer.empty() && is_regular(constraint)) continue;
    const std::string value =
        constraint.not_integer.empty() ? "lists of different lengths" : constraint.not_integer;
    raise<ValueError>(problem.call, "constraint-not-integer",
                      "The size of '" + constraint.name +
                          "' has to be an integer or a list of integers, not " + value + ".",
                      {});
  }
}

}  // namespace

void check_call(const Problem& problem) {
  check_operand_count(problem);
  check_reserved(problem);
  check_bracket_order(problem);
  check_update_brackets(problem);
  check_constraint_types(problem);
}

// ---------------------------------------------------------------- after solving
namespace {

class SolutionChecks {
 public:
  SolutionChecks(const Problem& problem, const Flat& flat, const std::vector<std::int64_t>& sizes)
      : problem_(problem), flat_(flat), sizes_(sizes) {
    for (const auto& tree : flat.trees) uses_.push_back(uses(tree));
  }

  void run() {
    const Family family = problem_.rules->family;
    if (family == Family::Solve) return;
    if (family == Family::Dot) check_contractions();
    if (family == Family::GetAt) check_coordinates(uses_.size() - 1);
    if (family == Family::UpdateAt) check_coordinates(uses_.size() - 2);
    if (family == Family::ArgFind) check_argfind();
    if (problem_.rules->one_bracketed_axis && bracketed(0).size() != 1)
      fail("exactly-one-bracket-axis",
           problem_.rules->op + " needs exactly one axis in brackets, not " +
               std::to_string(bracketed(0).size()) + ".",
           bracketed(0));
    check_missing();
    if (family == Family::Id && !problem_.rules->assign_pieces) check_pieces();
  }

 private:
  std::vector<int> bracketed(std::size_t expression) const {
    std::vector<int> found;
    for (const AtomUse& use : uses_[expression])
      if (use.bracketed) found.push_back(use.atom);
    return found;
  }

  [[noreturn]] void fail(const std::string& kind, const std::string& sentence, const std::vector<int>& atoms,
                         std::vector<std::string> advice = {}) const {
    std::vector<Span> spans;
    for (int atom : atoms)
      spans.insert(spans.end(), flat_.atoms[atom].spans.begin(), flat_.atoms[atom].spans.end());
    raise<SemanticError>(problem_.call, kind, sentence, spans, std::move(advice));
  }

  std::string names(const std::vector<int>& atoms) const {
    std::vector<std::string> sources;
    for (int atom : atoms) sources.push_back(flat_.atoms[atom].source);
    return quoted(sources);
  }

  bool may_vanish(int atom) const {
    return sizes_[atom] == 1 && (problem_.rules->squeeze_named || flat_.atoms[atom].number);
  }

  // An axis of size other than 1 that is looped over has to go somewhere.
  void check_missing() const {
    std::set<int> kept;
    for (std::size_t i = 0; i < uses_.size(); ++i)
      if (problem_.expressions[i].output)
        for (const AtomUse& use : uses_[i]) kept.insert(use.atom);
    std::vector<int> missing;
    for (std::size_t i = 0; i < uses_.size() && !problem_.expressions[i].output; ++i) {
      if (i > 0 && problem_.rules->family == Family::UpdateAt) break;
      for (const AtomUse& use : uses_[i])
        if (!use.bracketed && !may_vanish(use.atom) && !kept.count(use.atom)) missing.push_back(use.atom);
    }
    if (missing.empty()) return;
    const Family family = problem_.rules->family;
    std::vector<std::string> advice;
    if (family == Family::Reduce || family == Family::Dot)
      advice.push_back("Put axes that are to disappear in brackets.");
    fail("input-axis-missing-in-output",
         std::string(problem_.rules->squeeze_named ? "Only axes of size 1" : "Only a literal 1") +
             " can be left out of the output, but " + names(missing) + " is missing there.",
         missing, advice);
  }

  void check_contractions() const {
    std::map<int, int> tensors;
    const std::size_t inputs = uses_.size() - 1;
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::vector<int> marked = bracketed(i);
      for (int atom : std::set<int>(marked.begin(), marked.end())) ++tensors[atom];
    }
    std::vector<int> wrong;
    for (const auto& [atom, count] : tensors)
      if (count != 2) wrong.push_back(atom);
    if (!wrong.empty())
      fail("contracted-axis-count",
           "A contracted axis has to occur in exactly two inputs, but " + names(wrong) + " does not.", wrong,
           {"An axis of one input can be summed with sum; an axis of the output is not contracted."});
  }

  // Coordinates are the expressions 1 .. end-1.
  void check_coordinates(std::size_t end) const {
    std::vector<int> several, literal;
    std::int64_t total = 0;
    for (std::size_t i = 1; i < end; ++i) {
      const std::vector<int> axes = bracketed(i);
      if (axes.size() > 1) several.insert(several.end(), axes.begin(), axes.end());
      total += axes.empty() ? 1 : sizes_[axes[0]];
      for (int atom : axes)
        if (flat_.atoms[atom].number) literal.push_back(atom);
    }
    if (!several.empty())
      fail("multiple-coord-axes", "A tensor of coordinates has at most one axis in brackets.", several);
    std::vector<int> marked = bracketed(0);
    const std::int64_t count = std::int64_t(marked.size());
    if (total == count) return;
    marked.insert(marked.end(), literal.begin(), literal.end());
    fail("coord-count",
         "The tensor has " + counted(count, "axis", "axes") + " in brackets, but there " +
             (total == 1 ? "is " : "are ") + counted(total, "coordinate", "coordinates") + ".",
         marked, {"Each coordinate tensor gives one coordinate, or as many as its bracketed axis is long."});
  }

  void check_argfind() const {
    const std::vector<int> marked = bracketed(0), result = bracketed(1);
    const std::int64_t count = std::int64_t(marked.size());
    if (result.size() > 1)
      fail("argfind-multi-output-bracket",
           "The output of " + problem_.rules->op + " has at most one axis in brackets.", result);
    if (result.empty()) {
      if (count != 1)
        fail("argfind-needs-one-bracket",
             "Without brackets in the output, exactly one axis of the input is in brackets, not " +
                 std::to_string(count) + ".",
             marked, {"Add a bracketed axis with one entry for each searched axis, as in '-> a [2]'."});
      return;
    }
    if (sizes_[result[0]] == count) return;
    std::vector<int> all = marked;
    all.push_back(result[0]);
    fail("argfind-output-size",
         "The bracketed axis of the output has to have size " + std::to_string(count) +
             ", one entry for each bracketed axis of the input.",
         all);
  }

  // ---- id: piece i of the inputs is copied to piece i of the outputs
  using Piece = std::vector<int>;

  // All ways to replace each sum by one of its operands, depth-first.
  void split(std::vector<const Part*> rest, Piece piece, std::vector<Piece>& pieces) const {
    while (!rest.empty()) {
      const Part* part = rest.back();
      rest.pop_back();
      if (part->kind == Part::Kind::Atom) {
        piece.push_back(part->atom);
      } else if (part->kind == Part::Kind::Concat) {
        for (const Part& operand : part->parts) {
          std::vector<const Part*> chosen = rest;
          chosen.push_back(&operand);
          split(std::move(chosen), piece, pieces);
        }
        return;
      } else {
        for (std::size_t i = part->parts.size(); i-- > 0;) rest.push_back(&part->parts[i]);
      }
    }
    pieces.push_back(std::move(piece));
    if (std::int64_t(pieces.size()) > kMaxAxes)
      raise_with_equations<RankError>(
          problem_, nullptr, "too-many-axes",
          "The concatenations have more than " + std::to_string(kMaxAxes) + " pieces.", {});
  }

  void check_pieces() const {
    std::vector<Piece> from, to;
    for (std::size_t i = 0; i < flat_.trees.size(); ++i) {
      std::vector<const Part*> rest;
      for (std::size_t d = flat_.trees[i].size(); d-- > 0;) rest.push_back(&flat_.trees[i][d]);
      split(std::move(rest), {}, problem_.expressions[i].output ? to : from);
    }
    if (from.size() != to.size())
      fail("id-count-mismatch",
           "With concatenations split, there are " + counted(std::int64_t(from.size()), "input", "inputs") +
               " but " + counted(std::int64_t(to.size()), "output", "outputs") + ".",
           {}, {"Each part of a concatenation counts as one."});
    for (std::size_t i = 0; i < from.size(); ++i) {
      std::vector<int> missing;
      for (int atom : from[i])
        if (sizes_[atom] != 1 && std::find(to[i].begin(), to[i].end(), atom) == to[i].end())
          missing.push_back(atom);
      if (missing.empty()) continue;
      raise<SemanticError>(problem_.call, "id-pair-mismatch",
                           "Inputs and outputs are paired in order, but output " + std::to_string(i + 1) +
                               " does not have " + names(missing) + " of input " + std::to_string(i + 1) +
                               ".",
                           {}, {"Reorder the operands or the parts of the concatenation."});
    }
  }

  const Problem& problem_;
  const Flat& flat_;
  const std::vector<std::int64_t>& sizes_;
  std::vector<std::vector<AtomUse>> uses_;
};

}  // namespace

void check_solution(const Problem& problem, const Flat& flat, const std::vector<std::int64_t>& sizes) {
  SolutionChecks(problem, flat, sizes).run();
}

}  // namespace einx::detail::notation
