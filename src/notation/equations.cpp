#include "notation/equations.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>

#include "support/support.h"

namespace einx::detail::notation {

namespace {

using Values = std::vector<std::optional<std::int64_t>>;
using support::checked_add;
using support::checked_mul;

enum class Step { Nothing, Progress, Conflict, Overflow };

/// Known part and the only unknown of an equation.
struct View {
  std::optional<std::int64_t> known;  // nullopt: overflow
  int unknown = -1;
  int times = 0;         // how often it occurs
  bool several = false;  // different unknowns
};

View view_of(const Equation& equation, const Values& values) {
  View view;
  view.known = equation.kind == Equation::Kind::Product ? 1 : 0;
  bool zero = false;
  for (int operand : equation.operands) {
    const auto& value = values[operand];
    if (!value) {
      view.several |= view.unknown >= 0 && view.unknown != operand;
      view.unknown = operand;
      ++view.times;
    } else if (equation.kind == Equation::Kind::Sum) {
      view.known = view.known ? checked_add(*view.known, *value) : std::nullopt;
    } else {
      zero |= *value == 0;
      view.known = view.known ? checked_mul(*view.known, *value) : std::nullopt;
    }
  }
  if (zero) view.known = 0;
  return view;
}

// The integer whose `times`-th power is `value`, if there is one.
std::optional<std::int64_t> exact_root(std::int64_t value, int times) {
  if (times == 1 || value <= 1) return value;
  const auto guess = std::int64_t(std::llround(std::pow(static_cast<long double>(value), 1.0L / times)));
  for (std::int64_t candidate = std::max<std::int64_t>(guess - 1, 1); candidate <= guess + 1; ++candidate) {
    std::optional<std::int64_t> power = 1;
    for (int i = 0; i < times && power; ++i) power = checked_mul(*power, candidate);
    if (power && *power == value) return candidate;
  }
  return std::nullopt;
}

/// One row of a linear system: coefficients, then the right-hand side.
using Row = std::vector<std::int64_t>;

// row = row * pivot[column] - pivot * row[column], divided by its common factor; false on overflow.
bool clear_column(Row& row, const Row& pivot, std::size_t column) {
  const std::int64_t own = row[column], factor = pivot[column];
  std::int64_t common = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto left = checked_mul(row[i], factor), right = checked_mul(pivot[i], own);
    const auto difference = left && right && *right != INT64_MIN ? checked_add(*left, -*right) : std::nullopt;
    if (!difference || *difference == INT64_MIN) return false;
    row[i] = *difference;
    common = std::gcd(common, row[i]);
  }
  if (common > 1)
    for (std::int64_t& value : row) value /= common;
  return true;
}

// Gauss-Jordan in integers. Gives the unique solution; Ambiguous if there is none of full rank, Budget on
// overflow.
Verdict eliminate(std::vector<Row> rows, std::size_t unknowns, std::vector<std::int64_t>& solution) {
  std::size_t rank = 0;
  for (std::size_t column = 0; column < unknowns; ++column) {
    const auto pivot = std::find_if(rows.begin() + std::ptrdiff_t(rank), rows.end(),
                                    [&](const Row& row) { return row[column] != 0; });
    if (pivot == rows.end()) return Verdict::Ambiguous;
    std::swap(rows[rank], *pivot);
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (i != rank && rows[i][column] != 0 && !clear_column(rows[i], rows[rank], column))
        return Verdict::Budget;
    ++rank;
  }
  for (std::size_t i = rank; i < rows.size(); ++i)
    if (rows[i].back() != 0) return Verdict::Conflict;
  for (std::size_t i = 0; i < unknowns; ++i) {
    if (rows[i].back() % rows[i][i] != 0 || rows[i].back() / rows[i][i] < 0) return Verdict::Conflict;
    solution.push_back(rows[i].back() / rows[i][i]);
  }
  return Verdict::Solved;
}

class Solver {
 public:
  explicit Solver(EquationSystem& system) : system_(system) {}

  Verdict run() {
    const Step step = propagate(system_.values);
    if (step == Step::Overflow) return Verdict::Overflow;
    if (step == Step::Conflict) return Verdict::Conflict;
    const Verdict verdict = search_components();
    if (verdict == Verdict::Solved || verdict == Verdict::Ambiguous) {
      // A conflict anywhere comes before an ambiguity elsewhere.
      if (!zeros_are_legal()) return Verdict::Conflict;
      add_free_unknowns();
      if (!system_.open.empty()) return Verdict::Ambiguous;
    }
    return verdict;
  }

 private:
  Step propagate(Values& values) {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < system_.equations.size(); ++i) {
        if (--steps_ < 0) return Step::Nothing;
        const Step step = apply(system_.equations[i], values);
        if (step == Step::Progress) changed = true;
        if (step != Step::Conflict && step != Step::Overflow) continue;
        system_.failing = int(i);
        return step;
      }
    }
    return Step::Nothing;
  }

  static Step apply(const Equation& equation, Values& values) {
    const View view = view_of(equation, values);
    auto& total = values[equation.total];
    if (view.unknown < 0) {
      if (!view.known) return total ? Step::Conflict : Step::Overflow;
      if (total) return *total == *view.known ? Step::Nothing : Step::Conflict;
      total = view.known;
      return Step::Progress;
    }
    if (!total) return Step::Nothing;
    return equation.kind == Equation::Kind::Product ? divide(view, *total, values)
                                                    : subtract(view, *total, values);
  }

  static Step divide(const View& view, std::int64_t total, Values& values) {
    if (!view.known) return total == 0 ? Step::Nothing : Step::Conflict;
    if (*view.known == 0)
      return total == 0 ? Step::Nothing : Step::Conflict;  // 0 = 0 says nothing of the unknown
    if (total % *view.known != 0) return Step::Conflict;
    if (view.several) return Step::Nothing;
    const auto root = exact_root(total / *view.known, view.times);
    if (!root) return Step::Conflict;
    values[view.unknown] = root;
    return Step::Progress;
  }

  static Step subtract(const View& view, std::int64_t total, Values& values) {
    if (!view.known || *view.known > total) return Step::Conflict;
    const std::int64_t rest = total - *view.known;
    if (view.several) return Step::Nothing;
    if (rest % view.times != 0) return Step::Conflict;
    values[view.unknown] = rest / view.times;
    return Step::Progress;
  }

  // ---- what propagation leaves: connected groups of equations
  std::vector<std::vector<int>> components() const {
    std::vector<int> owner(system_.values.size(), -1), group(system_.equations.size());
    std::iota(group.begin(), group.end(), 0);
    const auto root = [&](int g) {
      while (group[g] != g) g = group[g];
      return g;
    };
    std::vector<int> open;
    for (int i = 0; i < int(system_.equations.size()); ++i) {
      if (!constrains(system_.equations[i])) continue;
      open.push_back(i);
      const auto join = [&](int unknown) {
        if (system_.values[unknown]) return;
        if (owner[unknown] >= 0) group[root(owner[unknown])] = root(i);
        owner[unknown] = i;
      };
      join(system_.equations[i].total);
      for (int operand : system_.equations[i].operands) join(operand);
    }
    std::map<int, std::vector<int>> by_root;
    for (int i : open) by_root[root(i)].push_back(i);
    std::vector<std::vector<int>> result;
    for (auto& [first, members] : by_root) result.push_back(std::move(members));
    return result;
  }

  // An equation with something unknown in it.
  bool constrains(const Equation& equation) const {
    return !system_.values[equation.total] || std::any_of(equation.operands.begin(), equation.operands.end(),
                                                          [this](int o) { return !system_.values[o]; });
  }

  std::vector<int> unknowns_of(const std::vector<int>& members) const {
    std::vector<int> found;
    const auto note = [&](int unknown) {
      if (!system_.values[unknown] && std::find(found.begin(), found.end(), unknown) == found.end())
        found.push_back(unknown);
    };
    for (int member : members) {
      for (int operand : system_.equations[member].operands) note(operand);
      note(system_.equations[member].total);
    }
    return found;
  }

  Verdict search_components() {
    Verdict worst = Verdict::Solved;
    for (const std::vector<int>& members : components()) {
      const std::vector<int> unknowns = unknowns_of(members);
      Verdict verdict = Verdict::Ambiguous;
      std::vector<bool> differs(unknowns.size(), true);
      // One equation with several unknowns is never unique, even where only ones would fit.
      if (members.size() > 1) verdict = search(members, unknowns, differs);
      if (verdict == Verdict::Conflict) {
        system_.failing = members[0];
        return verdict;
      }
      if (verdict == Verdict::Budget) worst = verdict;
      if (verdict == Verdict::Ambiguous) {
        if (worst == Verdict::Solved) worst = verdict;
        for (std::size_t i = 0; i < unknowns.size(); ++i)
          if (differs[i] && system_.wanted[unknowns[i]]) system_.open.push_back(unknowns[i]);
      }
    }
    return worst;
  }

  // Sums alone are a linear system, solved exactly however large the sizes are.
  Verdict solve_linear(const std::vector<int>& members, const std::vector<int>& unknowns) {
    constexpr std::size_t kLargest = 64;
    if (unknowns.size() > kLargest || members.size() > 4 * kLargest) return Verdict::Ambiguous;
    std::vector<Row> rows;
    for (int member : members) {
      const Equation& equation = system_.equations[member];
      const View view = view_of(equation, system_.values);
      const auto& total = system_.values[equation.total];
      if (equation.kind != Equation::Kind::Sum || !total || !view.known) return Verdict::Ambiguous;
      Row row(unknowns.size() + 1, 0);
      row.back() = *total - *view.known;
      for (int operand : equation.operands) {
        const auto at = std::find(unknowns.begin(), unknowns.end(), operand);
        if (at != unknowns.end()) ++row[std::size_t(at - unknowns.begin())];
      }
      rows.push_back(std::move(row));
    }
    std::vector<std::int64_t> solution;
    const Verdict verdict = eliminate(std::move(rows), unknowns.size(), solution);
    for (std::size_t i = 0; i < solution.size() && verdict == Verdict::Solved; ++i)
      system_.values[unknowns[i]] = solution[i];
    return verdict;
  }

  Verdict search(const std::vector<int>& members, const std::vector<int>& unknowns,
                 std::vector<bool>& differs) {
    const Verdict linear = solve_linear(members, unknowns);
    if (linear == Verdict::Solved || linear == Verdict::Conflict) return linear;
    members_ = &members;
    solutions_.clear();
    exhausted_ = false;
    Values values = system_.values;
    descend(values, unknowns);
    if (solutions_.empty()) return exhausted_ ? Verdict::Budget : Verdict::Conflict;
    if (solutions_.size() == 1) {
      if (exhausted_) return Verdict::Budget;
      for (int unknown : unknowns) system_.values[unknown] = solutions_[0][unknown];
      return Verdict::Solved;
    }
    for (std::size_t i = 0; i < unknowns.size(); ++i)
      differs[i] = std::any_of(solutions_.begin(), solutions_.end(),
                               [&](const Values& s) { return s[unknowns[i]] != solutions_[0][unknowns[i]]; });
    return Verdict::Ambiguous;
  }

  Step propagate_members(Values& values) {
    for (bool changed = true; changed;) {
      changed = false;
      for (int member : *members_) {
        if (--steps_ < 0) {
          exhausted_ = true;
          return Step::Conflict;
        }
        const Step step = apply(system_.equations[member], values);
        if (step == Step::Conflict || step == Step::Overflow) return Step::Conflict;
        changed |= step == Step::Progress;
      }
    }
    return Step::Nothing;
  }

  void descend(Values& values, const std::vector<int>& unknowns) {
    constexpr std::size_t kEnough = 8;
    if (solutions_.size() >= kEnough || exhausted_) return;
    steps_ -= std::int64_t(values.size()) / 16;  // copies count, too
    const Values before = values;
    if (propagate_members(values) == Step::Nothing) {
      std::vector<std::int64_t> choices;
      const int next = choose(values, unknowns, choices);
      if (next < 0) {
        solutions_.push_back(values);
      } else {
        for (std::int64_t choice : choices) {
          const Values here = values;
          values[next] = choice;
          descend(values, unknowns);
          values = here;
        }
      }
    }
    values = before;
  }

  // The unknown with the fewest values to try, and these.
  int choose(const Values& values, const std::vector<int>& unknowns, std::vector<std::int64_t>& choices) {
    int best = -1;
    std::int64_t fewest = 0;
    for (int unknown : unknowns) {
      if (values[unknown]) continue;
      const auto [bound, divisor] = bounds(unknown, values);
      if (best >= 0 && bound >= fewest) continue;
      best = unknown;
      fewest = bound;
      best_divisor_ = divisor;
    }
    if (best < 0) return -1;
    if (best_divisor_ > 0)
      divisors(best_divisor_, choices);
    else if (fewest <= kRange)
      for (std::int64_t value = 0; value <= fewest; ++value) choices.push_back(value);
    else
      exhausted_ = true;
    return best;
  }

  // (number of values to try, roughly; what the unknown divides, or 0)
  std::pair<std::int64_t, std::int64_t> bounds(int unknown, const Values& values) const {
    std::int64_t bound = kUnbounded, divisor = 0;
    for (int member : *members_) {
      const Equation& equation = system_.equations[member];
      if (!values[equation.total] ||
          std::find(equation.operands.begin(), equation.operands.end(), unknown) == equation.operands.end())
        continue;
      const View view = view_of(equation, values);
      if (!view.known) continue;
      const std::int64_t total = *values[equation.total];
      if (equation.kind == Equation::Kind::Sum)
        bound = std::min(bound, total - *view.known);
      else if (total > 0 && *view.known > 0)
        divisor = std::gcd(divisor, total / *view.known);
    }
    if (divisor > 0 && 2 * std::sqrt(double(divisor)) < double(bound))
      return {std::int64_t(2 * std::sqrt(double(divisor))), divisor};
    if (bound == kUnbounded && has_zero_total(unknown, values))
      return {2, 0};  // 0 and anything else: enough to tell that it is open
    return {bound, 0};
  }

  bool has_zero_total(int unknown, const Values& values) const {
    return std::any_of(members_->begin(), members_->end(), [&](int member) {
      const Equation& e = system_.equations[member];
      return values[e.total] == 0 &&
             std::find(e.operands.begin(), e.operands.end(), unknown) != e.operands.end();
    });
  }

  void divisors(std::int64_t value, std::vector<std::int64_t>& found) {
    for (std::int64_t d = 1; d <= value / d; ++d) {
      if (d > kLargestTrial) {
        exhausted_ = true;
        return;
      }
      if (value % d != 0) continue;
      found.push_back(d);
      if (d != value / d) found.push_back(value / d);
    }
    std::sort(found.begin(), found.end());
  }

  // ---- afterwards
  bool zeros_are_legal() {
    std::vector<bool>& legal = system_.given_zero;
    for (bool changed = true; changed;) {
      changed = false;
      for (const Equation& equation : system_.equations)
        if (legal[equation.total])
          for (int operand : equation.operands)
            if (system_.values[operand] == 0 && !legal[operand]) legal[operand] = changed = true;
    }
    for (std::size_t i = 0; i < system_.values.size(); ++i)
      if (system_.wanted[i] && system_.values[i] == 0 && !legal[i]) return false;
    return true;
  }

  void add_free_unknowns() {
    for (std::size_t i = 0; i < system_.values.size(); ++i)
      if (system_.wanted[i] && !system_.values[i] &&
          std::find(system_.open.begin(), system_.open.end(), int(i)) == system_.open.end())
        system_.open.push_back(int(i));
    std::sort(system_.open.begin(), system_.open.end());
  }

  static constexpr std::int64_t kUnbounded = std::int64_t(1) << 62;
  static constexpr std::int64_t kRange = 1 << 16;
  static constexpr std::int64_t kLargestTrial = 1 << 21;
  EquationSystem& system_;
  const std::vector<int>* members_ = nullptr;
  std::vector<Values> solutions_;
  std::int64_t best_divisor_ = 0;
  std::int64_t steps_ = 2'000'000;
  bool exhausted_ = false;
};

}  // namespace

Verdict solve(EquationSystem& system) { return Solver(system).run(); }

}  // namespace einx::detail::notation
