// Private to the notation layer: the front ends, one file a dialect. Each turns a text into the full form of its trees, on which `solve` goes on.
#pragma once
#include <optional>

#include "notation/messages.h"

namespace einx::detail::notation {

/// The text of einx 0.3 as the common tree: '|' is '->', '+' binds tighter than the space and needs no parentheses. Raises what `parse` raises, and
/// duplicate-axis.
Parsed parse_einx03(std::string_view text);

/// notation.md 10 (einx 0.3), 9 (einops: rules.op is the function), and einsum as NumPy, torch and opt_einsum write it. Raise what `parse` and `expand` raise.
Expanded read_einx03(std::string_view text, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);
Expanded read_einops(std::string_view text, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);
Expanded read_einsum(std::string_view text, const Rules& rules, std::span<const Operand> operands, std::span<const Constraint> constraints);

// ---------------------------------------------------------------- words beyond ASCII
/// One character of UTF-8 text. A byte that begins no character is one of its own with a value that is no letter.
struct CodePoint {
  char32_t value = 0;
  int bytes = 1;
};
CodePoint code_point_at(std::string_view text, std::size_t at);
/// Raises pattern-too-large.
void check_length(std::string_view text);
/// ASCII letters, and what is not known to be a sign, a space or a picture beyond ASCII.
bool is_letter(char32_t c);

// ---------------------------------------------------------------- contractions, however they are written
/// One tensor of a contraction: an axis a dimension, and perhaps an ellipsis for those without a name.
struct ContractionTerm {
  struct Item {
    std::string name;  ///< "": the ellipsis
    Span span;
  };
  std::vector<Item> items;
};
struct Contraction {
  std::vector<ContractionTerm> inputs;
  std::optional<ContractionTerm> output;  ///< nullopt: the axes that occur once, sorted, after the ellipsis
};
/// Brackets what is summed, aligns ellipses to the right and gives axes of size 1 that broadcast an axis of their own: NumPy's rules, except that an
/// ellipsis which the output leaves out is summed, as torch does. Raises num-tensors, duplicate-output-axis, unknown-output-axis, ndim-mismatch, axis-conflict,
/// operand-kind.
Expanded expand_contraction(const Call& call, const Rules& rules, const Contraction& contraction);
/// Raises unused-size for a size whose name is none of these, constraint-not-integer for a list: neither dialect has one.
void check_sizes(const Call& call, const std::vector<std::string>& names);

}  // namespace einx::detail::notation
