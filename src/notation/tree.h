// Private to the notation layer: building, walking and printing the unsolved tree.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "notation/notation.h"

namespace einx::detail::notation {

using support::Span;
using Kind = Node::Kind;

/// Axis name that all anonymous ellipses of a pattern share; no user can write it.
inline constexpr const char* kAnonymous = ".anonymous";
/// Node::number of an axis whose size an equation decides (the implied `[k]` of argmax).
inline constexpr std::int64_t kUnknownNumber = -1;
/// Node::number of a literal that does not fit in 63 bits.
inline constexpr std::int64_t kHugeNumber = -2;

// Constructors that keep the tree normal: lists splice, one-element lists are the element, empty brackets and
// ellipses vanish, nested brackets and doubled parentheses are one.
NodePtr make_axis(std::string name, Span span);
NodePtr make_number(std::int64_t value, int id, Span span);
NodePtr make_list(std::vector<NodePtr> items, Span span);
NodePtr make_group(NodePtr child, Span span);
NodePtr make_concat(std::vector<NodePtr> operands, Span span);
NodePtr make_brackets(NodePtr child, Span span);
NodePtr make_ellipsis(NodePtr child, int id, Span span);
/// A node like `node` with other children.
NodePtr rebuild(const Node& node, std::vector<NodePtr> children);

inline bool is_empty(const Node& node) { return node.kind == Kind::List && node.children.empty(); }
inline bool is_number(const Node& node) { return node.kind == Kind::Axis && node.name.empty(); }
inline bool is_anonymous(const Node& node) { return node.name == kAnonymous; }
bool contains(const Node& node, Kind kind);

/// Rebuilds top-down: where `replace` gives a node, it stands for the subtree; null means "look inside".
NodePtr transform(const NodePtr& node, const std::function<NodePtr(const NodePtr&)>& replace);

/// An axis and what is around it.
struct Occurrence {
  const Node* axis = nullptr;
  bool bracketed = false;
};
/// All axes in text order.
std::vector<Occurrence> axes_in(const Node& node);
/// Spans of the `[` and `]` characters, and of the dots of every ellipsis.
void bracket_spans(const Node& node, std::vector<Span>& spans);
void ellipsis_spans(const Node& node, std::vector<Span>& spans);

/// The tree as text: "a (b [c])... 3".
std::string text(const Node& node);
/// "a b -> a": trees joined by commas and an arrow (none if `arrow` is false).
std::string text(const std::vector<NodePtr>& inputs, const std::vector<NodePtr>& outputs, bool arrow);

}  // namespace einx::detail::notation
