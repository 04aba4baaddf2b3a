// Private to the notation layer: tokens, and what the stages of parsing share.
#pragma once
#include <string_view>
#include <vector>

#include "notation/tree.h"

namespace einx::detail::notation {

inline constexpr std::size_t kMaxText = 64 * 1024;  ///< bytes
inline constexpr int kMaxNesting = 256;
inline constexpr int kMaxLifted = 1 << 18;  ///< child slots that lifting may write

struct Token {
  enum class Kind { Arrow, Comma, Plus, Space, Open, OpenBracket, Close, CloseBracket, Dots, Name, Number };
  Kind kind;
  Span span;
  std::string_view text;
};

/// Raises SyntaxError with carets under `spans`; "->" of the text is where `arrows` says.
[[noreturn]] void raise_syntax(std::string_view pattern, std::string kind, std::string sentence,
                               std::vector<Span> spans, std::vector<std::string> advice = {});

/// Raises invalid-token, pattern-too-large. `bar`: '|' is an arrow.
std::vector<Token> lex(std::string_view text, bool bar = false);
/// Text order; where every "->" stands, or '|' where that is one.
std::vector<Span> arrow_spans(std::string_view text);
/// Tokens to a tree with `->` and `,` still inside. Raises unmatched-close, unclosed-open,
/// missing-whitespace, bad-concat-operand, concat-without-parens, pattern-too-large (nesting).
NodePtr parse_tokens(std::string_view text, const std::vector<Token>& tokens);
/// Rewrites `->`, then `,`, from the inside out (notation.md 3). Raises inconsistent-arrows,
/// inconsistent-commas, multiple-arrows, pattern-too-large (copies).
NodePtr lift(std::string_view text, const NodePtr& root);
/// Raises inconsistent-brackets for names both inside and outside brackets.
void check_bracket_consistency(std::string_view text, const Node& root);

}  // namespace einx::detail::notation
