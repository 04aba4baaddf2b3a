// Private to the einops front end: its words and terms (notation.md 9.1).
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "notation/dialects.h"

namespace einx::detail::notation {

/// A name, a number of at least 2, or the ellipsis.
struct EinopsAxis {
  enum class Kind { Name, Number, Ellipsis };
  Kind kind = Kind::Name;
  std::string name;  ///< as written: "b", "3", "..."
  std::int64_t number = 0;
  Span span;
};

/// A dimension: an axis, a group of them, or nothing - `1` and `()`, of size 1.
struct EinopsItem {
  std::vector<EinopsAxis> axes;
  bool group = false;  ///< written in parentheses
  Span span;
  bool is_ellipsis() const {
    return !group && axes.size() == 1 && axes[0].kind == EinopsAxis::Kind::Ellipsis;
  }
};

struct EinopsTerm {
  std::vector<EinopsItem> items;
};

/// Every axis of a term with the item it stands in, in text order.
template <class F>
void for_each_axis(const EinopsTerm& term, F f) {
  for (const EinopsItem& item : term.items)
    for (const EinopsAxis& axis : item.axes) f(item, axis);
}

struct EinopsToken {
  enum class Kind { Word, Dots, Star, Open, Close, Comma, Arrow };
  Kind kind;
  Span span;
  std::string_view text;
};
/// Words are letters and digits of any language and underscores. Raises invalid-token also for what stands
/// glued to an ellipsis or a star; pattern-too-large.
std::vector<EinopsToken> lex_einops(std::string_view text);

/// What a term may hold; einsum differs from the others.
struct EinopsTermRules {
  bool underscore = false;  ///< `_` is a name
  bool duplicates = false;  ///< a name may occur twice
  bool output = false;      ///< for messages, and: an ellipsis may stand in a group
};
/// Raises invalid-token, unmatched-close, unclosed-open, ellipsis-ambiguous, duplicate-output-axis,
/// auto-bracket-duplicate-axis.
EinopsTerm read_einops_term(const Call& call, std::span<const EinopsToken> tokens,
                            const EinopsTermRules& rules);

/// The terms between the commas of the left side, and the right side. Raises missing-output, multiple-arrows,
/// and invalid-token for a comma where there is one input.
struct EinopsSides {
  std::vector<std::vector<EinopsToken>> inputs;
  std::vector<EinopsToken> output;
};
EinopsSides split_einops(const Call& call, bool several_inputs);

/// Trees of one call: numbers and ellipses have identities that count up.
class EinopsTrees {
 public:
  /// In brackets is what `bracketed` says of an axis.
  NodePtr tree(const EinopsTerm& term, const std::function<bool(const EinopsAxis&)>& bracketed);

 private:
  NodePtr leaf(const EinopsAxis& axis);
  int next_id_ = 0;
};

/// The trees of a call whose sub-expressions are never merged.
Expanded full_form(const Call& call, const Rules& rules, std::vector<NodePtr> inputs,
                   std::vector<NodePtr> outputs);
/// pack and unpack (notation.md 9.3): the packed shapes of unpack are the lists among the sizes, in order.
/// Raise also ndim-mismatch, axis-ambiguous.
Expanded read_pack(const Call& call, const Rules& rules);
Expanded read_unpack(const Call& call, const Rules& rules);

}  // namespace einx::detail::notation
