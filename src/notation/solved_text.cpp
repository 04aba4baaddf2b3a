// A solved expression as text, and back.
#include <unordered_map>

#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

class Printer {
 public:
  explicit Printer(const Solved& solved) : solved_(solved) {}

  // Neighbours that are all bracketed share one pair of brackets.
  std::string items(const std::vector<Dim>& dims) const {
    std::string out;
    bool open = false;
    for (const Dim& dim : dims) {
      const bool bracketed = marked(dim);
      if (open && !bracketed) out += ']';
      if (&dim != dims.data()) out += ' ';
      if (bracketed && !open) out += '[';
      open = bracketed;
      out += open ? bare(dim) : item(dim);
    }
    return open ? out + "]" : out;
  }

 private:
  // Has axes, all of them in brackets; a sum has its brackets outside, since none may stand around an
  // operand.
  bool marked(const Dim& dim) const {
    if (dim.kind == Dim::Kind::Axis) return solved_.axes[dim.axis].bracketed;
    bool all = !dim.parts.empty();
    for (const Dim& part : dim.parts) all = all && marked(part);
    return all;
  }

  std::string item(const Dim& dim) const {
    if (dim.kind == Dim::Kind::Axis) return solved_.axes[dim.axis].name;
    if (dim.kind == Dim::Kind::Group) return "(" + items(dim.parts) + ")";
    return sum(dim, &Printer::item);
  }

  // Inside brackets that are open already.
  std::string bare(const Dim& dim) const {
    if (dim.kind == Dim::Kind::Axis) return solved_.axes[dim.axis].name;
    if (dim.kind == Dim::Kind::Concat) return sum(dim, &Printer::bare);
    std::string out;
    for (const Dim& part : dim.parts) out += (out.empty() ? "" : " ") + bare(part);
    return "(" + out + ")";
  }

  std::string sum(const Dim& dim, std::string (Printer::*print)(const Dim&) const) const {
    std::string out;
    for (const Dim& part : dim.parts) out += (out.empty() ? "" : " + ") + (this->*print)(part);
    return "(" + out + ")";
  }

  const Solved& solved_;
};

std::string joined(const Printer& printer, const std::vector<TensorExpr>& exprs) {
  std::string out;
  for (std::size_t i = 0; i < exprs.size(); ++i) out += (i ? ", " : "") + printer.items(exprs[i].dims);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string text(const Solved& solved) {
  const Printer printer(solved);
  std::string out = joined(printer, solved.inputs);
  if (solved.outputs.empty()) return out;
  const std::string outputs = joined(printer, solved.outputs);
  if (!out.empty()) out += ' ';
  return out + (outputs.empty() ? "->" : "-> " + outputs);
}

namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::vector<std::pair<std::string, std::int64_t>>& sizes)
      : text_(text) {
    for (const auto& [name, size] : sizes) sizes_.emplace(name, size);
  }

  Solved read(const Node& root) {
    Solved solved;
    for (std::size_t side = 0; side < root.children.size(); ++side)
      for (const NodePtr& tree : root.children[side]->children) {
        TensorExpr expr;
        append(*tree, false, expr.dims, solved);
        (side == 0 ? solved.inputs : solved.outputs).push_back(std::move(expr));
      }
    return solved;
  }

 private:
  void append(const Node& node, bool bracketed, std::vector<Dim>& out, Solved& solved) {
    Dim dim;
    switch (node.kind) {
      case Kind::List:
      case Kind::Brackets:
        for (const NodePtr& child : node.children)
          append(*child, bracketed || node.kind == Kind::Brackets, out, solved);
        return;
      case Kind::Axis:
        dim.axis = axis(node, bracketed, solved);
        break;
      case Kind::Flattened:
      case Kind::Concat:
        dim.kind = node.kind == Kind::Concat ? Dim::Kind::Concat : Dim::Kind::Group;
        for (const NodePtr& child : node.children) append(*child, bracketed, dim.parts, solved);
        break;
      default:
        raise_syntax(text_, "invalid-token", "A solved expression has no ellipsis.", {node.span});
    }
    out.push_back(std::move(dim));
  }

  int axis(const Node& node, bool bracketed, Solved& solved) {
    if (is_number(node))
      raise_syntax(text_, "invalid-token", "A solved expression has names only.", {node.span});
    const auto found = sizes_.find(node.name);
    if (found == sizes_.end())
      raise<AxisSizeError>("axis-ambiguous", "The size of '" + node.name + "' is not given.", node.span);
    if (found->second < 0)
      raise<AxisSizeError>("axis-conflict", "The size of '" + node.name + "' is negative.", node.span);
    const auto [entry, fresh] = numbers_.try_emplace(node.name, int(solved.axes.size()));
    if (fresh) solved.axes.push_back({node.name, found->second, bracketed, false, node.name});
    if (solved.axes[entry->second].bracketed != bracketed)
      raise_syntax(text_, "inconsistent-brackets", "'" + node.name + "' is both inside and outside brackets.",
                   {node.span});
    return entry->second;
  }

  template <class E>
  [[noreturn]] void raise(const char* kind, std::string sentence, Span span) const {
    support::Report report;
    report.kind = kind;
    report.sentence = std::move(sentence);
    report.pattern = text_;
    report.show_pattern = true;
    report.underline = {span};
    support::raise<E>(report);
  }

  std::string_view text_;
  std::unordered_map<std::string, std::int64_t> sizes_;
  std::unordered_map<std::string, int> numbers_;
};

}  // namespace

Solved parse_solved(std::string_view text, const std::vector<std::pair<std::string, std::int64_t>>& sizes) {
  const Parsed parsed = parse(text);
  return Reader(text, sizes).read(*parsed.root);
}

}  // namespace einx::detail::notation
