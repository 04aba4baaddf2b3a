// Arrows and commas inside groups, brackets and ellipses move out: a node whose children have k alternatives
// becomes k nodes (notation.md 3). Copies keep spans and identities.
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

using Alternatives = std::vector<NodePtr>;

class Lifter {
 public:
  Lifter(std::string_view text, Kind lifted) : text_(text), lifted_(lifted) {}

  Alternatives lift(const NodePtr& node) {
    if (node->kind == Kind::Axis) return {node};
    std::vector<Alternatives> children;
    children.reserve(node->children.size());
    for (const NodePtr& child : node->children) children.push_back(lift(child));
    if (node->kind == lifted_) return concatenated(children);
    return combined(node, children);
  }

 private:
  static Alternatives concatenated(const std::vector<Alternatives>& children) {
    Alternatives all;
    for (const Alternatives& child : children) all.insert(all.end(), child.begin(), child.end());
    return all;
  }

  Alternatives combined(const NodePtr& node, const std::vector<Alternatives>& children) {
    std::size_t count = 1;
    for (const Alternatives& child : children) {
      if (child.size() == 1) continue;
      if (count != 1 && child.size() != count) raise_inconsistent();
      count = child.size();
    }
    if (count == 1 && unchanged(*node, children)) return {node};
    Alternatives copies;
    copies.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      spend(int(children.size()) + 1);
      std::vector<NodePtr> parts;
      parts.reserve(children.size());
      for (const Alternatives& child : children) parts.push_back(child[child.size() == 1 ? 0 : i]);
      copies.push_back(rebuild(*node, std::move(parts)));
    }
    return copies;
  }

  static bool unchanged(const Node& node, const std::vector<Alternatives>& children) {
    for (std::size_t i = 0; i < children.size(); ++i)
      if (children[i][0] != node.children[i]) return false;
    return true;
  }

  void spend(int slots) {
    budget_ -= slots;
    if (budget_ < 0)
      raise_syntax(text_, "pattern-too-large", "Writing out the nested '->' and ',' needs too many copies.",
                   {});
  }

  [[noreturn]] void raise_inconsistent() const {
    const bool arrows = lifted_ == Kind::Op;
    raise_syntax(text_, arrows ? "inconsistent-arrows" : "inconsistent-commas",
                 std::string("Items side by side hold different numbers of '") + (arrows ? "->" : ",") + "'.",
                 arrow_spans(text_),
                 {"Each group or bracket needs the same number of alternatives, or just one."});
  }

  std::string_view text_;
  Kind lifted_;
  int budget_ = kMaxLifted;
};

}  // namespace

NodePtr lift(std::string_view text, const NodePtr& root) {
  Node op;
  op.kind = Kind::Op;
  const Alternatives sides =
      contains(*root, Kind::Op) ? Lifter(text, Kind::Op).lift(root) : Alternatives{root};
  Lifter commas(text, Kind::Args);
  for (const NodePtr& side : sides) {
    Node args;
    args.kind = Kind::Args;
    args.span = side->span;
    args.children = contains(*side, Kind::Args) ? commas.lift(side) : Alternatives{side};
    op.children.push_back(std::make_shared<const Node>(std::move(args)));
  }
  if (op.children.size() > 2)
    raise_syntax(text, "multiple-arrows", "An expression has at most one '->'.", arrow_spans(text));
  return std::make_shared<const Node>(std::move(op));
}

}  // namespace einx::detail::notation
