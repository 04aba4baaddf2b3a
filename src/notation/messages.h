// Private to the notation layer: reports with the expression, carets, operands and given sizes.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "notation/tree.h"

namespace einx::detail::notation {

/// What the caller gave, for messages.
struct Call {
  std::string_view text;
  std::span<const Operand> operands;
  std::span<const Constraint> constraints;
};

/// A report with everything but equations.
support::Report report(const Call& call, std::string kind, std::string sentence, std::vector<Span> spans,
                       std::vector<std::string> advice = {});

template <class E>
[[noreturn]] void raise(const Call& call, std::string kind, std::string sentence, std::vector<Span> spans,
                        std::vector<std::string> advice = {}) {
  support::raise<E>(report(call, std::move(kind), std::move(sentence), std::move(spans), std::move(advice)));
}

/// "'a', 'b' and 'c'" for sorted, distinct names.
std::string quoted(std::vector<std::string> names);
/// "1 axis", "2 axes".
std::string counted(std::int64_t count, const char* one, const char* many);

}  // namespace einx::detail::notation
