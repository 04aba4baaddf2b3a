// einx 0.3's arange (notation.md 10.2): which axes are counted, and what the result looks like.
#include <algorithm>
#include <set>

#include "notation/dialects.h"
#include "notation/expand.h"

namespace einx::detail::notation {

namespace {

Rules arange_rules(bool merge) {
  Rules rules;
  rules.family =
      Family::ArgFind;  // an output whose bracket has an entry for each axis that is in brackets in the input
  rules.dialect = Dialect::Einx03;
  rules.op = "arange";
  rules.max_inputs = 1;
  rules.opaque_ellipses = true;
  rules.merge = merge;
  return rules;
}

void forbid_brackets(const Draft& draft) {
  std::vector<Span> spans;
  for (const NodePtr& input : draft.inputs) bracket_spans(*input, spans);
  if (!spans.empty())
    raise<SemanticError>(draft.call, "brackets-not-allowed",
                         "The input of arange lists the axes to count and takes no brackets.", spans);
}

/// Every axis that is counted has to be in the result.
void check_axes(const Draft& draft) {
  std::set<std::string> written;
  for (const Occurrence& o : axes_in(*draft.outputs[0]))
    if (!is_number(*o.axis) && !o.bracketed) written.insert(o.axis->name);
  std::vector<Span> spans;
  for (const Occurrence& o : axes_in(*draft.inputs[0]))
    if (is_number(*o.axis) ? o.axis->number != 1 : !written.count(o.axis->name))
      spans.push_back(o.axis->span);
  if (!spans.empty())
    raise<SemanticError>(draft.call, "input-axis-missing-in-output",
                         "Every axis that arange counts needs a name and a place in the output.", spans);
}

}  // namespace

Solved solve_arange(std::string_view text, std::span<const Constraint> constraints, bool merge) {
  const Parsed parsed = parse_einx03(text);
  const Rules rules = arange_rules(merge);
  Draft draft{{parsed.text, {}, constraints},
              rules,
              parsed.root->children.front()->children,
              {},
              parsed.root->children.size() == 2};
  if (draft.arrow) draft.outputs = parsed.root->children[1]->children;
  check_concatenation(draft);
  check_counts(draft);
  if (draft.arrow) {
    forbid_brackets(draft);
  } else {
    draft.outputs = draft.inputs;
    draft.inputs = {drop_bracketed(draft.outputs[0])};
  }
  check_axes(draft);
  draft.inputs[0] = make_brackets(draft.inputs[0], draft.inputs[0]->span);
  const Operand unknown{std::nullopt, "the axes to count"};
  try {
    return solve({parsed.text, rules, std::move(draft.inputs), std::move(draft.outputs)},
                 std::span(&unknown, 1), constraints);
  } catch (const SemanticError& error) {
    // The rules are argmax's, but what they say to its users is not what arange's need to hear.
    std::vector<Span> spans;
    for (int caret : error.carets()) spans.push_back({caret, caret + 1});
    raise<SemanticError>(
        draft.call, std::string(error.kind()),
        "The output of arange has one bracketed axis with an entry for every axis that is counted, "
        "or none if that is one axis.",
        spans, {"Write it as in 'a b [2]'."});
  }
}

}  // namespace einx::detail::notation
