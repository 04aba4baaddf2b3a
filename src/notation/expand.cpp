#include "notation/expand.h"

#include "notation/dialects.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

Expanded expand_call(const Parsed& parsed, const Rules& rules, int operands, const Call& call) {
  Draft draft{call, rules, {}, {}, false};
  draft.inputs = parsed.root->children[0]->children;
  draft.arrow = parsed.root->children.size() == 2;
  if (draft.arrow) draft.outputs = parsed.root->children[1]->children;

  if (!expand_second_operand(draft, operands)) check_bracket_consistency(parsed.text, *parsed.root);
  check_concatenation(draft);
  check_counts(draft);
  imply_output(draft);
  bracket_missing_axes(draft);
  check_brackets(draft);
  check_duplicates(draft);
  return {parsed.text, rules, std::move(draft.inputs), std::move(draft.outputs)};
}

}  // namespace

Expanded expand(const Parsed& parsed, const Rules& rules, int operands) {
  return expand_call(parsed, rules, operands, {parsed.text, {}, {}});
}

Expanded expand(const Parsed& parsed, const Rules& rules, std::span<const Operand> operands,
                std::span<const Constraint> constraints) {
  return expand_call(parsed, rules, int(operands.size()), {parsed.text, operands, constraints});
}

Expanded read(std::string_view text, const Rules& rules, std::span<const Operand> operands,
              std::span<const Constraint> constraints) {
  switch (rules.dialect) {
    case Dialect::Einx: return expand(parse(text), rules, operands, constraints);
    case Dialect::Einx03: return read_einx03(text, rules, operands, constraints);
    case Dialect::Einops: return read_einops(text, rules, operands, constraints);
    case Dialect::Einsum: return read_einsum(text, rules, operands, constraints);
  }
  support::internal_error("a dialect is one of four");
}

std::string text(const Expanded& expanded) {
  return text(expanded.inputs, expanded.outputs, expanded.rules.family != Family::Solve);
}

NodePtr strip_brackets(const NodePtr& node) {
  return transform(node,
                   [](const NodePtr& n) { return n->kind == Kind::Brackets ? n->children[0] : nullptr; });
}

NodePtr drop_bracketed(const NodePtr& node) {
  return transform(node,
                   [](const NodePtr& n) { return n->kind == Kind::Brackets ? make_list({}, {}) : nullptr; });
}

}  // namespace einx::detail::notation
