// Private to the notation layer: integer equations over sizes, by propagation and bounded search
// (notation.md 5.4).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace einx::detail::notation {

/// total = product (or sum) of the operands, which may repeat.
struct Equation {
  enum class Kind { Product, Sum };
  Kind kind = Kind::Product;
  int total = -1;
  std::vector<int> operands;
  int origin = -1;  ///< the caller's label
};

enum class Verdict { Solved, Conflict, Overflow, Ambiguous, Budget };

/// Unknowns are indices. A value of 0 is legal if it was given, or follows from a total of 0 that was;
/// otherwise it is a conflict.
struct EquationSystem {
  std::vector<std::optional<std::int64_t>> values;
  std::vector<bool> given_zero;  ///< the unknown is 0 because the caller said so
  std::vector<bool> wanted;      ///< unknowns that the verdict is about; the others are totals on the way
  std::vector<Equation> equations;
  int failing = -1;       ///< Conflict, Overflow: equation
  std::vector<int> open;  ///< Ambiguous: wanted unknowns without a unique value

  int add_unknown(bool is_wanted) {
    values.emplace_back();
    given_zero.push_back(false);
    wanted.push_back(is_wanted);
    return int(values.size()) - 1;
  }
};

Verdict solve(EquationSystem& system);

}  // namespace einx::detail::notation
