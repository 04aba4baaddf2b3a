// The pieces that concatenations split tensors into, and how einx 0.3 pairs them (notation.md 10.2).
#include <algorithm>

#include "notation/solver.h"

namespace einx::detail::notation {

namespace {

/// Replaces the first sum of the dimensions, looking into groups, by one of its operands; false without a
/// sum.
bool choose(std::vector<Dim>& dims, std::size_t operand, std::size_t& operands) {
  for (Dim& dim : dims) {
    if (dim.kind == Dim::Kind::Concat) {
      operands = dim.parts.size();
      dim = Dim(dim.parts.at(operand));
      return true;
    }
    if (dim.kind == Dim::Kind::Group && choose(dim.parts, operand, operands)) return true;
  }
  return false;
}

/// A group in a group is part of it, as everywhere in a solved expression.
void splice_groups(Dim& group) {
  std::vector<Dim> parts;
  for (Dim& part : group.parts) {
    if (part.kind == Dim::Kind::Group) splice_groups(part);
    if (part.kind == Dim::Kind::Group)
      parts.insert(parts.end(), part.parts.begin(), part.parts.end());
    else
      parts.push_back(part);
  }
  group.parts = std::move(parts);
}

void split(const TensorExpr& expr, std::vector<TensorExpr>& found) {
  std::size_t operands = 1;
  for (std::size_t k = 0; k < operands; ++k) {
    TensorExpr piece = expr;
    if (!choose(piece.dims, k, operands)) {
      for (Dim& dim : piece.dims)
        if (dim.kind == Dim::Kind::Group) splice_groups(dim);
      found.push_back(std::move(piece));
      if (std::int64_t(found.size()) <= kMaxAxes) return;
      support::raise<RankError>(
          {.kind = "too-many-axes",
           .sentence = "The concatenations have more than " + std::to_string(kMaxAxes) + " pieces."});
    }
    split(piece, found);
  }
}

/// What decides whether an input piece may become an output piece.
struct Axes {
  std::vector<int> named;  ///< sorted
  std::vector<int>
      wanted;  ///< sorted; also numbers other than 1: they have to go somewhere, but pair nothing
};

std::vector<Axes> axes_of_pieces(const Solved& solved, const std::vector<TensorExpr>& exprs) {
  std::vector<Axes> all;
  for (const TensorExpr& expr : exprs)
    for (const TensorExpr& piece : pieces_of(expr)) {
      Axes axes;
      axes.wanted = axes_of(piece);
      std::erase_if(axes.wanted,
                    [&](int axis) { return solved.axes[axis].unnamed && solved.axes[axis].size == 1; });
      std::sort(axes.wanted.begin(), axes.wanted.end());
      for (int axis : axes.wanted)
        if (!solved.axes[axis].unnamed) axes.named.push_back(axis);
      all.push_back(std::move(axes));
    }
  return all;
}

bool contains(const std::vector<int>& all, const std::vector<int>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

class Assignment {
 public:
  Assignment(std::vector<Axes> from, std::vector<Axes> to) : from_(std::move(from)), to_(std::move(to)) {}

  std::vector<int> run() {
    if (from_.size() != to_.size()) return {};
    used_.assign(from_.size(), false);
    if (!extend(0)) return {};
    for (std::size_t k = 0; k < to_.size(); ++k)
      if (!contains(to_[k].wanted, from_[std::size_t(chosen_[k])].wanted)) return {};
    return chosen_;
  }

 private:
  bool extend(std::size_t output) {
    if (output == to_.size()) return true;
    for (std::size_t input = 0; input < from_.size(); ++input) {
      if (used_[input]) continue;
      spend();
      if (!contains(to_[output].named, from_[input].named)) continue;
      used_[input] = true;
      chosen_.push_back(int(input));
      if (extend(output + 1)) return true;
      chosen_.pop_back();
      used_[input] = false;
    }
    return false;
  }

  void spend() {
    constexpr int kBudget = 1'000'000;
    if (++steps_ > kBudget)
      support::raise<AxisSizeError>({.kind = "solver-budget",
                                     .sentence = "Finding which part of the inputs goes to which part of the "
                                                 "outputs takes more steps than allowed."});
  }

  std::vector<Axes> from_, to_;
  std::vector<bool> used_;
  std::vector<int> chosen_;
  int steps_ = 0;
};

}  // namespace

std::vector<TensorExpr> pieces_of(const TensorExpr& expr) {
  std::vector<TensorExpr> found;
  split(expr, found);
  return found;
}

std::vector<int> assign_pieces(const Solved& solved) {
  return Assignment(axes_of_pieces(solved, solved.inputs), axes_of_pieces(solved, solved.outputs)).run();
}

}  // namespace einx::detail::notation
