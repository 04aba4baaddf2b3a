// Ellipses written out: repetition i of axis `a` becomes the atom `a.i`, in order, in place
// (notation.md 5.3).
#include <algorithm>

#include "notation/solver.h"

namespace einx::detail::notation {

namespace {

class Writer {
 public:
  Writer(const Problem& problem, const Repetitions& repetitions)
      : problem_(problem), repetitions_(repetitions), first_(problem.axes.size(), -1) {}

  Flat run() {
    for (const Expression& expression : problem_.expressions) {
      std::vector<Part> dims;
      append(*expression.tree, dims);
      flat_.trees.push_back(std::move(dims));
      check_rank(flat_.trees.back());
    }
    return std::move(flat_);
  }

 private:
  void append(const Node& node, std::vector<Part>& out) {
    switch (node.kind) {
      case Kind::Axis:
        out.push_back(axis(node));
        break;
      case Kind::List:
        for (const NodePtr& child : node.children) append(*child, out);
        break;
      case Kind::Ellipsis:
        ellipsis(node, out);
        break;
      case Kind::Flattened:
        out.push_back(compound(Part::Kind::Group, node));
        break;
      case Kind::Concat:
        out.push_back(compound(Part::Kind::Concat, node));
        break;
      case Kind::Brackets: {
        Part part = compound(Part::Kind::Brackets, node);
        if (!part.parts.empty())
          out.push_back(std::move(part));  // an ellipsis that repeats 0 times leaves nothing to mark
        break;
      }
      default:
        support::internal_error("only tensor expressions are written out");
    }
  }

  Part compound(Part::Kind kind, const Node& node) {
    count();
    Part part;
    part.kind = kind;
    part.span = node.span;
    for (const NodePtr& child : node.children) append(*child, part.parts);
    return part;
  }

  void ellipsis(const Node& node, std::vector<Part>& out) {
    const auto repeats = repetitions_[problem_.ellipsis.at(node.id)];
    if (!repeats) {
      out.push_back(opaque(node));
      return;
    }
    if (*repeats > kMaxAxes) raise_too_many();
    index_.push_back(0);
    for (std::int64_t i = 0; i < *repeats; ++i) {
      index_.back() = i;
      count();
      append(*node.children[0], out);
    }
    index_.pop_back();
  }

  // One axis for an ellipsis whose count nothing determines; equal text in the same repetition of what is
  // around it, equal axis.
  Part opaque(const Node& node) {
    std::string source = text(node);
    for (std::int64_t i : index_) source += "." + std::to_string(i);
    const auto [found, fresh] = opaque_.try_emplace(source, int(flat_.atoms.size()));
    if (fresh) {
      Atom atom;
      const Node& child = *node.children[0];
      const bool name = child.kind == Kind::Axis && !is_number(child) && !is_anonymous(child);
      atom.own_name = name && index_.empty();
      atom.base = atom.own_name ? child.name : child.kind == Kind::Axis && is_anonymous(child) ? "e" : source;
      atom.source = std::move(source);
      flat_.atoms.push_back(std::move(atom));
    }
    flat_.atoms[found->second].spans.push_back(node.span);
    return leaf(found->second, node.span);
  }

  Part axis(const Node& node) {
    count();
    const int source = problem_.axis_of(node);
    if (first_[source] < 0) declare(source);
    std::int64_t at = 0;
    const std::vector<int>& levels = problem_.axes[source].levels;
    for (std::size_t k = 0; k < levels.size(); ++k) at = at * *repetitions_[levels[k]] + index_[k];
    return leaf(first_[source] + int(at), node.span);
  }

  void declare(int source) {
    const SourceAxis& axis = problem_.axes[source];
    std::int64_t total = 1;
    for (int level : axis.levels) {
      total *= *repetitions_[level];
      if (total > kMaxAxes) raise_too_many();
    }
    if (std::int64_t(flat_.atoms.size()) + total > kMaxAxes) raise_too_many();
    first_[source] = int(flat_.atoms.size());
    for (std::int64_t i = 0; i < total; ++i) flat_.atoms.push_back(atom_of(source, i, total));
  }

  Atom atom_of(int source, std::int64_t flat_index, std::int64_t total) {
    const SourceAxis& axis = problem_.axes[source];
    Atom atom;
    atom.axis = source;
    atom.spans = axis.spans;
    atom.index.resize(axis.levels.size());
    std::int64_t rest = flat_index;
    for (std::size_t k = axis.levels.size(); k-- > 0;) {
      const std::int64_t count = *repetitions_[axis.levels[k]];
      atom.index[k] = rest % count;
      rest /= count;
    }
    atom.number = is_number(*axis.node);
    if (atom.number && axis.node->number >= 0) atom.value = axis.node->number;
    if (axis.node->number == kUnknownNumber && atom.number) flat_.implied = int(flat_.atoms.size());
    const bool anonymous = is_anonymous(*axis.node);
    atom.source = anonymous ? "..." : text(*axis.node);
    if (!atom.number) atom.base = anonymous ? "e" : axis.node->name;
    atom.own_name = !anonymous && !atom.number && total == 1;
    if (total == 1 && !anonymous) return atom;
    for (std::int64_t i : atom.index) {
      atom.source += (anonymous ? "" : ".") + std::to_string(i);
      if (!atom.number) atom.base += "_" + std::to_string(i);
    }
    return atom;
  }

  static Part leaf(int atom, Span span) {
    Part part;
    part.atom = atom;
    part.span = span;
    return part;
  }

  void count() {
    if (++written_ > 4 * kMaxAxes) raise_too_many();
  }

  void check_rank(const std::vector<Part>& dims) const {
    std::size_t rank = 0;
    for (const Part& dim : dims) rank += dim.kind == Part::Kind::Brackets ? dim.parts.size() : 1;
    if (rank > kMaxRank)
      raise_with_equations<RankError>(problem_, nullptr, "too-many-axes",
                                      "A tensor has at most " + std::to_string(kMaxRank) +
                                          " dimensions, but an expression has " + std::to_string(rank) + ".",
                                      {});
  }

  [[noreturn]] void raise_too_many() const {
    raise_with_equations<RankError>(
        problem_, nullptr, "too-many-axes",
        "With its ellipses written out the expression has more than " + std::to_string(kMaxAxes) + " axes.",
        {});
  }

  const Problem& problem_;
  const Repetitions& repetitions_;
  std::vector<int> first_;  // first atom of each source axis
  std::map<std::string, int> opaque_;
  std::vector<std::int64_t> index_;
  std::int64_t written_ = 0;
  Flat flat_;
};

void collect(const std::vector<Part>& parts, bool bracketed, std::vector<AtomUse>& found) {
  for (const Part& part : parts) {
    if (part.kind == Part::Kind::Atom) found.push_back({part.atom, bracketed});
    collect(part.parts, bracketed || part.kind == Part::Kind::Brackets, found);
  }
}

}  // namespace

Flat write_out(const Problem& problem, const Repetitions& repetitions) {
  return Writer(problem, repetitions).run();
}

std::vector<AtomUse> uses(const std::vector<Part>& tree) {
  std::vector<AtomUse> found;
  collect(tree, false, found);
  return found;
}

std::string text(const Flat& flat, const Part& part) {
  switch (part.kind) {
    case Part::Kind::Atom:
      return flat.atoms[part.atom].source;
    case Part::Kind::Group:
      return "(" + text(flat, part.parts) + ")";
    case Part::Kind::Brackets:
      return "[" + text(flat, part.parts) + "]";
    case Part::Kind::Concat:
      break;
  }
  std::vector<std::string> operands;
  for (const Part& operand : part.parts) operands.push_back(text(flat, operand));
  return "(" + support::join(operands, " + ") + ")";
}

std::string text(const Flat& flat, const std::vector<Part>& parts) {
  std::vector<std::string> items;
  items.reserve(parts.size());
  for (const Part& part : parts) items.push_back(text(flat, part));
  return support::join(items, " ");
}

namespace {

std::string spaced(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (std::int64_t value : values) items.push_back(std::to_string(value));
  return support::join(items, " ");
}

}  // namespace

std::vector<std::string> equations(const Problem& problem, const Flat* flat) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < problem.expressions.size(); ++i) {
    const Shape* shape = problem.expressions[i].shape();
    if (!shape) continue;
    lines.push_back((flat ? text(*flat, flat->trees[i]) : text(*problem.expressions[i].tree)) + " = " +
                    spaced(*shape));
  }
  for (const SourceAxis& axis : problem.axes) {
    if (!axis.constraint) continue;
    std::string left = axis.constraint->name;
    for (std::size_t level = 0; level < axis.levels.size(); ++level) left += "...";
    const bool repeated = axis.constraint->dims.empty() && !axis.levels.empty();
    lines.push_back(left + " = " + spaced(axis.constraint->values) + (repeated ? "..." : ""));
  }
  return lines;
}

}  // namespace einx::detail::notation
