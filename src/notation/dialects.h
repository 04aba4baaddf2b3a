// Private to the notation layer: the front ends, one file a dialect. Each turns a text into the full form of its trees, on which `solve` goes on.
#pragma once
#include "notation/notation.h"

namespace einx::detail::notation {

/// notation.md 10 (einx 0.3), 9 (einops: rules.op is the function), and einsum as NumPy, torch and opt_einsum write it. Raise what `parse` and `expand` raise.
Expanded read_einx03(std::string_view text, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);
Expanded read_einops(std::string_view text, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);
Expanded read_einsum(std::string_view text, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);

}  // namespace einx::detail::notation
