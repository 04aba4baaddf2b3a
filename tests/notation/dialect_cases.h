// Shared by the tests of einops and einsum: a call of a dialect's function, as its full form or its error.
#pragma once
#include "notation_cases.h"

namespace notation_test {

struct DialectRow {
  std::string function, pattern;
  Shapes shapes;
  Sizes sizes;
  std::string expected;  ///< "a b -> b a | a=2 b=3", or "class kind carets"
};

inline Rules rules_of(einx::Dialect dialect, const std::string& function) {
  Rules rules;
  rules.dialect = dialect;
  rules.op = function;
  if (function == "reduce") rules.family = Family::Reduce;
  if (function == "einsum" || function == "EinMix") rules.family = Family::Einsum;
  if (function == "parse_shape") rules.family = Family::Solve;
  return rules;
}

inline void run_rows(einx::Dialect dialect, const std::vector<DialectRow>& rows) {
  for (const DialectRow& row : rows) {
    std::string got;
    const std::vector<Operand> given = operands(row.shapes);
    const std::string error = error_of([&] {
      got = with_sizes(
          solve(read(row.pattern, rules_of(dialect, row.function), given, row.sizes), given, row.sizes));
    });
    CHECK_MESSAGE((error.empty() ? got : error) == row.expected,
                  row.function << " " << row.pattern << ": " << (error.empty() ? got : error));
  }
}

}  // namespace notation_test
