// The older shorthand for a left-out second operand (notation.md 10.1).
#include <map>
#include <set>

#include "notation/expand.h"

namespace einx::detail::notation {

namespace {

// What stands in brackets, in order, with the groups and ellipses around it; a group without brackets leaves
// `()`.
NodePtr bracketed_part(const NodePtr& node) {
  if (node->kind == Kind::Brackets) return node->children[0];
  if (node->kind == Kind::Axis) return make_list({}, {});
  std::vector<NodePtr> children;
  for (const NodePtr& child : node->children) children.push_back(bracketed_part(child));
  return rebuild(*node, std::move(children));
}

// Bracketed named axes of a tree under their ellipses, each name once.
void collect_bracketed(const Draft& draft, const NodePtr& node, bool bracketed,
                       std::vector<const Node*>& ellipses, std::set<std::string>& seen,
                       std::vector<NodePtr>& found) {
  if (node->kind == Kind::Ellipsis) ellipses.push_back(node.get());
  for (const NodePtr& child : node->children)
    collect_bracketed(draft, child, bracketed || node->kind == Kind::Brackets, ellipses, seen, found);
  if (node->kind == Kind::Ellipsis) ellipses.pop_back();
  if (node->kind != Kind::Axis || !bracketed) return;
  if (is_number(*node)) {
    if (node->number == 1) return;
    raise<SemanticError>(
        draft.call, "brackets-not-allowed",
        "The left-out second operand of " + draft.rules.op + " cannot have an axis without a name.",
        {node->span}, {"Name the axis and give its size by keyword."});
  }
  if (!seen.insert(node->name).second) return;
  NodePtr item = node;
  for (auto around = ellipses.rbegin(); around != ellipses.rend(); ++around)
    item = make_ellipsis(item, (*around)->id, (*around)->span);
  found.push_back(item);
}

NodePtr weight_of_dot(const Draft& draft) {
  std::vector<const Node*> ellipses;
  std::set<std::string> seen;
  std::vector<NodePtr> found;
  collect_bracketed(draft, draft.inputs[0], false, ellipses, seen, found);
  for (const NodePtr& output : draft.outputs) collect_bracketed(draft, output, false, ellipses, seen, found);
  return make_list(std::move(found), {});
}

}  // namespace

bool expand_second_operand(Draft& draft, int operands) {
  const bool brackets = draft.call.text.find('[') !=
                        std::string_view::npos;  // also "a []", whose brackets are gone from the tree
  const bool applies = draft.rules.second_operand_shorthand && operands == 2 && draft.inputs.size() == 1 &&
                       (brackets || draft.rules.dialect == Dialect::Einx03);
  if (!applies) return false;
  const bool dot = draft.rules.family == Family::Dot || draft.rules.family == Family::Einsum;
  if (dot && !draft.arrow) return false;  // nothing says what the result is
  const NodePtr second = dot ? weight_of_dot(draft) : bracketed_part(draft.inputs[0]);
  const NodePtr first = strip_brackets(draft.inputs[0]);
  draft.inputs = {first, second};
  for (NodePtr& output : draft.outputs) output = strip_brackets(output);
  if (!dot && !draft.arrow) {  // the second is part of the first, so the first is the superset
    draft.outputs = {first};
    draft.arrow = true;
  }
  return true;
}

}  // namespace einx::detail::notation
