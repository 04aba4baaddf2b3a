#include "notation/tree.h"

#include <utility>

namespace einx::detail::notation {

namespace {

NodePtr make(Kind kind, Span span, std::vector<NodePtr> children, int id = 0) {
  Node node;
  node.kind = kind;
  node.span = span;
  node.id = id;
  node.children = std::move(children);
  return std::make_shared<const Node>(std::move(node));
}

}  // namespace

NodePtr make_axis(std::string name, Span span) {
  Node node;
  node.kind = Kind::Axis;
  node.span = span;
  node.name = std::move(name);
  return std::make_shared<const Node>(std::move(node));
}

NodePtr make_number(std::int64_t value, int id, Span span) {
  Node node;
  node.kind = Kind::Axis;
  node.span = span;
  node.number = value;
  node.id = id;
  return std::make_shared<const Node>(std::move(node));
}

NodePtr make_list(std::vector<NodePtr> items, Span span) {
  std::vector<NodePtr> spliced;
  spliced.reserve(items.size());
  for (NodePtr& item : items) {
    if (item->kind == Kind::List)
      spliced.insert(spliced.end(), item->children.begin(), item->children.end());
    else
      spliced.push_back(std::move(item));
  }
  if (spliced.size() == 1) return spliced.front();
  return make(Kind::List, span, std::move(spliced));
}

NodePtr make_group(NodePtr child, Span span) {
  if (child->kind == Kind::Flattened || child->kind == Kind::Concat) return child;
  return make(Kind::Flattened, span, {std::move(child)});
}

NodePtr make_concat(std::vector<NodePtr> operands, Span span) {
  return make(Kind::Concat, span, std::move(operands));
}

NodePtr make_brackets(NodePtr child, Span span) {
  if (contains(*child, Kind::Brackets))
    child = transform(child,
                      [](const NodePtr& n) { return n->kind == Kind::Brackets ? n->children[0] : nullptr; });
  if (is_empty(*child)) return child;
  return make(Kind::Brackets, span, {std::move(child)});
}

NodePtr make_ellipsis(NodePtr child, int id, Span span) {
  if (is_empty(*child)) return child;
  return make(Kind::Ellipsis, span, {std::move(child)}, id);
}

NodePtr rebuild(const Node& node, std::vector<NodePtr> children) {
  switch (node.kind) {
    case Kind::List:
      return make_list(std::move(children), node.span);
    case Kind::Flattened:
      return make_group(std::move(children[0]), node.span);
    case Kind::Concat:
      return make_concat(std::move(children), node.span);
    case Kind::Brackets:
      return make_brackets(std::move(children[0]), node.span);
    case Kind::Ellipsis:
      return make_ellipsis(std::move(children[0]), node.id, node.span);
    case Kind::Args:
    case Kind::Op:
      return make(node.kind, node.span, std::move(children));
    case Kind::Axis:
      break;
  }
  support::internal_error("an axis has no children to rebuild it from");
}

bool contains(const Node& node, Kind kind) {
  if (node.kind == kind) return true;
  for (const NodePtr& child : node.children)
    if (contains(*child, kind)) return true;
  return false;
}

NodePtr transform(const NodePtr& node, const std::function<NodePtr(const NodePtr&)>& replace) {
  if (NodePtr other = replace(node)) return other;
  if (node->kind == Kind::Axis) return node;
  std::vector<NodePtr> children;
  children.reserve(node->children.size());
  bool changed = false;
  for (const NodePtr& child : node->children) {
    children.push_back(transform(child, replace));
    changed |= children.back() != child;
  }
  return changed ? rebuild(*node, std::move(children)) : node;
}

namespace {

void collect_axes(const Node& node, bool bracketed, std::vector<Occurrence>& found) {
  if (node.kind == Kind::Axis) found.push_back({&node, bracketed});
  for (const NodePtr& child : node.children)
    collect_axes(*child, bracketed || node.kind == Kind::Brackets, found);
}

}  // namespace

std::vector<Occurrence> axes_in(const Node& node) {
  std::vector<Occurrence> found;
  collect_axes(node, false, found);
  return found;
}

void bracket_spans(const Node& node, std::vector<Span>& spans) {
  if (node.kind == Kind::Brackets && !node.span.empty()) {
    spans.push_back({node.span.begin, node.span.begin + 1});
    spans.push_back({node.span.end - 1, node.span.end});
  }
  for (const NodePtr& child : node.children) bracket_spans(*child, spans);
}

void ellipsis_spans(const Node& node, std::vector<Span>& spans) {
  for (const NodePtr& child : node.children) ellipsis_spans(*child, spans);
  if (node.kind == Kind::Ellipsis && !node.span.empty()) spans.push_back({node.span.end - 3, node.span.end});
}

namespace {

void print(const Node& node, std::string& out);

void print_joined(const std::vector<NodePtr>& nodes, const char* separator, std::string& out) {
  bool first = true;
  for (const NodePtr& node : nodes) {
    if (!first) out += separator;
    first = false;
    print(*node, out);
  }
}

void print_axis(const Node& node, std::string& out) {
  if (node.number == kHugeNumber)
    out += "<a number beyond 63 bits>";
  else if (is_number(node))
    out += node.number == kUnknownNumber ? "n" : std::to_string(node.number);
  else if (!is_anonymous(node))
    out += node.name;
}

void print(const Node& node, std::string& out) {
  switch (node.kind) {
    case Kind::Axis:
      print_axis(node, out);
      break;
    case Kind::List:
      print_joined(node.children, " ", out);
      break;
    case Kind::Flattened:
      out += '(';
      print(*node.children[0], out);
      out += ')';
      break;
    case Kind::Concat:
      out += '(';
      print_joined(node.children, " + ", out);
      out += ')';
      break;
    case Kind::Brackets: {
      // `[.]...` of an anonymous ellipsis reads `[...]`, as one would write it.
      out += '[';
      print(*node.children[0], out);
      out += ']';
      break;
    }
    case Kind::Ellipsis: {
      const Node& child = *node.children[0];
      if (child.kind == Kind::Brackets && child.children[0]->kind == Kind::Axis &&
          is_anonymous(*child.children[0])) {
        out += "[...]";
        break;
      }
      const bool braces = child.kind == Kind::List;
      if (braces) out += '{';
      print(child, out);
      if (braces) out += '}';
      out += "...";
      break;
    }
    case Kind::Args:
      print_joined(node.children, ", ", out);
      break;
    case Kind::Op:
      print_joined(node.children, " -> ", out);
      break;
  }
}

std::string joined(const std::vector<NodePtr>& trees) {
  std::string out;
  print_joined(trees, ", ", out);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string text(const Node& node) {
  std::string out;
  print(node, out);
  return out;
}

std::string text(const std::vector<NodePtr>& inputs, const std::vector<NodePtr>& outputs, bool arrow) {
  std::string left = joined(inputs);
  if (!arrow) return left;
  const std::string right = joined(outputs);
  if (!left.empty()) left += ' ';
  return left + (right.empty() ? "->" : "-> " + right);
}

}  // namespace einx::detail::notation
