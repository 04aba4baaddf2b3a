#include <map>

#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

struct Use {
  std::vector<Span> inside, outside;  // occurrences
  std::vector<Span> brackets;         // the characters around those inside
  const Node* last = nullptr;         // the bracket noted last
  bool seen_inside = false, seen_outside = false;
};

void visit(const Node& node, const Node* bracket, std::vector<std::string>& order,
           std::map<std::string, Use>& uses) {
  if (node.kind == Kind::Brackets) bracket = &node;
  for (const NodePtr& child : node.children) visit(*child, bracket, order, uses);
  if (node.kind != Kind::Axis || is_number(node)) return;
  const auto [found, fresh] = uses.try_emplace(node.name);
  if (fresh) order.push_back(node.name);
  Use& use = found->second;
  (bracket ? use.seen_inside : use.seen_outside) = true;
  (bracket ? use.inside : use.outside).push_back(node.span);
  if (!bracket || bracket == use.last) return;
  use.last = bracket;
  use.brackets.push_back({bracket->span.begin, bracket->span.begin + 1});
  use.brackets.push_back({bracket->span.end - 1, bracket->span.end});
}

}  // namespace

void check_bracket_consistency(std::string_view text, const Node& root) {
  if (!contains(root, Kind::Brackets)) return;
  std::vector<std::string> order, names;
  std::map<std::string, Use> uses;
  visit(root, nullptr, order, uses);
  std::vector<Span> spans;
  for (const std::string& name : order) {
    const Use& use = uses[name];
    if (!use.seen_inside || !use.seen_outside) continue;
    names.push_back(name == kAnonymous ? "'...'" : "'" + name + "'");
    for (const auto* part : {&use.inside, &use.outside, &use.brackets})
      spans.insert(spans.end(), part->begin(), part->end());
  }
  if (names.empty()) return;
  raise_syntax(text, "inconsistent-brackets",
               "An axis is either always in brackets or never, but " + support::join(names, ", ") +
                   (names.size() == 1 ? " is" : " are") + " both.",
               spans);
}

}  // namespace einx::detail::notation
