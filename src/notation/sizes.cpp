// The equations of a call: dimensions of operands, sizes by keyword, numbers, and what index and arg
// operations demand.
#include <algorithm>

#include "notation/equations.h"
#include "notation/solver.h"

namespace einx::detail::notation {

namespace {

class SizeSolver {
 public:
  SizeSolver(const Problem& problem, const Flat& flat) : problem_(problem), flat_(flat) {}

  std::vector<std::int64_t> run() {
    check_constraint_values();
    add_atoms();
    for (const auto& tree : flat_.trees)  // atoms that merging replaced need no size
      for (const AtomUse& use : uses(tree)) system_.wanted[use.atom] = true;
    check_numbers();
    for (std::size_t i = 0; i < problem_.expressions.size(); ++i) add_shape(i);
    for (std::size_t i = 0; i < flat_.atoms.size(); ++i) add_constraint(int(i));
    add_family_equations();
    conclude(solve(system_));
    return sizes();
  }

 private:
  // A 0 in an expression is no size, but in the shapes of einops' unpack it is one.
  void add_atoms() {
    const bool zeros = problem_.rules->dialect == Dialect::Einops;
    for (const Atom& atom : flat_.atoms) {
      const int unknown = system_.add_unknown(false);
      system_.values[unknown] = atom.value;
      if (zeros && atom.value == 0) system_.given_zero[unknown] = true;
    }
  }

  void check_constraint_values() const {
    for (const SourceAxis& axis : problem_.axes) {
      if (!axis.constraint) continue;
      for (std::int64_t value : axis.constraint->values)
        if (value < 0)
          raise_conflict("The size " + axis.constraint->name + " = " + axis.constraint->text() +
                         " is negative.");
    }
  }

  void check_numbers() const {
    for (const SourceAxis& axis : problem_.axes)
      if (axis.node->number == kHugeNumber)
        raise_conflict("A number in the expression is beyond 2^63-1 and overflows.");
    for (const Atom& atom : flat_.atoms)
      if (atom.number && atom.axis < 0 && !atom.value)
        raise_conflict("The size of '" + atom.source + "' overflows: it is beyond 2^63-1.");
  }

  // A top-level dimension is `size`.
  void add_shape(std::size_t index) {
    const Shape* shape = problem_.expressions[index].shape();
    if (!shape) return;
    std::size_t dim = 0;
    for (const Part& part : flat_.trees[index]) {
      if (part.kind != Part::Kind::Brackets) {
        add_dimension(part, (*shape)[dim++], index);
        continue;
      }
      for (const Part& inner : part.parts) add_dimension(inner, (*shape)[dim++], index);
    }
  }

  void add_dimension(const Part& part, std::int64_t size, std::size_t operand) {
    assign(unknown_of(part), size, [&] {
      return "'" + text(flat_, part) + "' is a dimension of size " + std::to_string(size) + " of operand #" +
             std::to_string(operand + 1);
    });
  }

  // The unknown that stands for a part; groups and sums get one of their own, and an equation.
  int unknown_of(const Part& part) {
    if (part.kind == Part::Kind::Atom) return part.atom;
    Equation equation;
    equation.kind = part.kind == Part::Kind::Concat ? Equation::Kind::Sum : Equation::Kind::Product;
    add_operands(part, equation);
    if (equation.operands.size() == 1) return equation.operands[0];
    equation.total = system_.add_unknown(false);
    equation.origin = int(parts_.size());
    parts_.push_back(&part);
    system_.equations.push_back(equation);
    return equation.total;
  }

  // Groups in a group and brackets in either are one product.
  void add_operands(const Part& part, Equation& equation) {
    for (const Part& inner : part.parts) {
      const bool spliced = inner.kind == Part::Kind::Brackets ||
                           (inner.kind == Part::Kind::Group && equation.kind == Equation::Kind::Product);
      if (spliced)
        add_operands(inner, equation);
      else
        equation.operands.push_back(unknown_of(inner));
    }
  }

  template <class Why>
  void assign(int unknown, std::int64_t value, Why why) {
    auto& known = system_.values[unknown];
    if (known && *known != value)
      raise_conflict((unknown < int(flat_.atoms.size())
                          ? "'" + flat_.atoms[unknown].source + "' cannot be " + std::to_string(*known)
                          : "It cannot be " + std::to_string(*known)) +
                     ", since " + why() + ".");
    known = value;
    if (value == 0) system_.given_zero[unknown] = true;
  }

  void add_constraint(int atom_index) {
    const Atom& atom = flat_.atoms[atom_index];
    if (atom.axis < 0) return;
    const Constraint* constraint = problem_.axes[atom.axis].constraint;
    if (!constraint) return;
    std::size_t at = 0;
    const std::size_t outer = atom.index.size() - constraint->dims.size();
    for (std::size_t k = 0; k < constraint->dims.size(); ++k)
      at = at * std::size_t(constraint->dims[k]) + std::size_t(atom.index[outer + k]);
    const std::int64_t value = constraint->values.at(at);
    assign(atom_index, value,
           [&] { return "its size is given as " + constraint->name + " = " + constraint->text(); });
  }

  // ---- equations of the family: number of coordinates
  void add_family_equations() {
    switch (problem_.rules->family) {
      case Family::ArgFind:
        return add_count({1});
      case Family::GetAt:
        return add_count(coordinates(flat_.trees.size() - 1));
      case Family::UpdateAt:
        return add_count(coordinates(flat_.trees.size() - 2));
      default:
        return;
    }
  }

  static std::vector<std::size_t> coordinates(std::size_t end) {
    std::vector<std::size_t> all;
    for (std::size_t i = 1; i < end; ++i) all.push_back(i);
    return all;
  }

  // Sizes of the bracketed axes of these expressions (1 for a coordinate without) add up to the number of
  // bracketed axes of the tensor. Only an unknown makes it an equation; what is left is checked afterwards.
  void add_count(const std::vector<std::size_t>& expressions) {
    Equation equation;
    equation.kind = Equation::Kind::Sum;
    std::int64_t fixed = 0;
    for (std::size_t index : expressions) {
      std::vector<int> bracketed;
      for (const AtomUse& use : uses(flat_.trees[index]))
        if (use.bracketed) bracketed.push_back(use.atom);
      if (bracketed.size() > 1) return;
      if (bracketed.empty())
        fixed += 1;
      else if (flat_.atoms[bracketed[0]].number && flat_.implied != bracketed[0])
        fixed += flat_.atoms[bracketed[0]].value.value_or(0);
      else
        equation.operands.push_back(bracketed[0]);
    }
    if (equation.operands.empty()) return;
    const std::vector<AtomUse> tensor = uses(flat_.trees[0]);
    const std::int64_t count =
        std::count_if(tensor.begin(), tensor.end(), [](const AtomUse& use) { return use.bracketed; });
    if (count < fixed) raise_conflict(count_sentence(count));
    equation.total = system_.add_unknown(false);
    system_.values[equation.total] = count - fixed;
    count_equation_ = int(system_.equations.size());
    marked_ = count;
    system_.equations.push_back(equation);
  }

  std::string count_sentence(std::int64_t count) const {
    return problem_.rules->op + " has " + counted(count, "bracketed axis", "bracketed axes") +
           " in its first operand, and the coordinates do not add up to that.";
  }

  // ---- the answer
  void conclude(Verdict verdict) {
    switch (verdict) {
      case Verdict::Solved:
        return;
      case Verdict::Conflict:
        raise_conflict(conflict_sentence());
      case Verdict::Overflow:
        raise_conflict("A size overflows: it is beyond 2^63-1.");
      case Verdict::Budget:
        raise_with_equations<AxisSizeError>(problem_, &flat_, "solver-budget",
                                            "Finding the sizes takes more steps than allowed.", {},
                                            {"Give more sizes by keyword."});
      case Verdict::Ambiguous:
        raise_ambiguous();
    }
  }

  std::string conflict_sentence() const {
    if (system_.failing < 0)
      return "The sizes have no solution: an axis would have to have size 0, which no operand and no keyword "
             "gives it.";
    if (system_.failing == count_equation_) return count_sentence(marked_);
    const Equation& equation = system_.equations[system_.failing];
    if (equation.origin < 0) return "The sizes have no solution.";
    std::string sentence = "The sizes have no solution: '" + text(flat_, *parts_[equation.origin]) + "'";
    if (system_.values[equation.total])
      sentence += " is to be " + std::to_string(*system_.values[equation.total]);
    std::vector<std::string> known;
    for (int operand : equation.operands)
      if (operand < int(flat_.atoms.size()) && system_.values[operand])
        known.push_back(flat_.atoms[operand].source + " = " + std::to_string(*system_.values[operand]));
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    return sentence + (known.empty() ? "." : " with " + support::join(known, ", ") + ".");
  }

  [[noreturn]] void raise_conflict(const std::string& sentence) const {
    raise_with_equations<AxisSizeError>(problem_, &flat_, "axis-conflict", sentence, {});
  }

  [[noreturn]] void raise_ambiguous() const {
    std::vector<std::string> names, sources;
    std::vector<Span> spans;
    for (int unknown : system_.open) {
      const Atom& atom = flat_.atoms[unknown];
      spans.insert(spans.end(), atom.spans.begin(), atom.spans.end());
      sources.push_back(atom.source);
      if (atom.axis >= 0 && !atom.number && !is_anonymous(*problem_.axes[atom.axis].node))
        names.push_back(problem_.axes[atom.axis].node->name);
    }
    std::vector<std::string> advice;
    if (!names.empty())
      advice.push_back("Give one or more sizes by keyword, e.g. " +
                       *std::min_element(names.begin(), names.end()) + "=2.");
    std::sort(sources.begin(), sources.end());
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
    const bool one = sources.size() == 1;
    raise_with_equations<AxisSizeError>(problem_, &flat_, "axis-ambiguous",
                                        std::string(one ? "The size of " : "The sizes of ") +
                                            quoted(sources) + (one ? " is" : " are") + " not determined.",
                                        spans, advice);
  }

  std::vector<std::int64_t> sizes() const {
    std::vector<std::int64_t> result;
    result.reserve(flat_.atoms.size());
    for (std::size_t i = 0; i < flat_.atoms.size(); ++i) result.push_back(system_.values[i].value_or(0));
    for (const auto& tree : flat_.trees)
      for (const Part& part : tree)
        if (!size_of(part, result))
          raise_conflict("The size of '" + text(flat_, part) + "' overflows: it is beyond 2^63-1.");
    for (std::size_t i = 0; i < flat_.trees.size(); ++i)
      if (problem_.expressions[i].output) check_memory(flat_.trees[i], result);
    return result;
  }

  // An output has a place in memory whatever its dtype, also one that is empty: strides are made of its other
  // sizes.
  void check_memory(const std::vector<Part>& tree, const std::vector<std::int64_t>& sizes) const {
    constexpr std::int64_t kLargestElement = 8;
    std::vector<std::int64_t> factors{kLargestElement};
    for (const Part& part : tree) factors.push_back(std::max<std::int64_t>(*size_of(part, sizes), 1));
    if (!support::checked_product(factors))
      raise_conflict("The output '" + text(flat_, tree) +
                     "' overflows: it has more elements than fit in memory.");
  }

  const Problem& problem_;
  const Flat& flat_;
  EquationSystem system_;
  std::vector<const Part*> parts_;  // what an equation is about
  int count_equation_ = -1;
  std::int64_t marked_ = 0;
};

}  // namespace

std::vector<std::int64_t> solve_sizes(const Problem& problem, const Flat& flat) {
  return SizeSolver(problem, flat).run();
}

std::optional<std::int64_t> size_of(const Part& part, const std::vector<std::int64_t>& sizes) {
  if (part.kind == Part::Kind::Atom) return sizes[part.atom];
  std::vector<std::int64_t> inner;
  for (const Part& child : part.parts) {
    const auto size = size_of(child, sizes);
    if (!size) return std::nullopt;
    inner.push_back(*size);
  }
  if (part.kind != Part::Kind::Concat) return support::checked_product(inner);
  std::optional<std::int64_t> sum = 0;
  for (std::int64_t size : inner) {
    if (sum) sum = support::checked_add(*sum, size);
  }
  return sum;
}

}  // namespace einx::detail::notation
