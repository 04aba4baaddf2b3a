// An einsum in place of an operand of another: the labels of both are brought together.
#include <algorithm>
#include <set>

#include "passes/einsum.h"

namespace einx::detail::passes {
namespace {

using notation::Dim;
using notation::Solved;
using notation::TensorExpr;

/// Labels that have become other labels: one (two names for an axis) or several (an axis that the other side
/// splits).
class Labels {
 public:
  explicit Labels(std::vector<notation::Axis> axes)
      : axes_(std::move(axes)), means_(axes_.size()), given_(axes_.size()) {}

  /// Makes two dimensions of the same size the same axes; false if no common split exists.
  bool unify(const Dim& ours, const Dim& theirs) {
    std::vector<int> a = stack(ours), b = stack(theirs);
    for (;;) {
      resolve(a);
      resolve(b);
      if (a.empty() || b.empty()) return a.empty() && b.empty();
      const int x = a.back(), y = b.back();
      if (axes_[x].size == axes_[y].size) {
        if (x != y) unite(x, y);
        a.pop_back();
        b.pop_back();
      } else if (!(axes_[x].size > axes_[y].size ? split(x, y) : split(y, x))) {
        return false;
      }
    }
  }

  TensorExpr rewritten(const TensorExpr& tensor) const {
    TensorExpr out;
    for (const Dim& dim : tensor.dims) {
      Dim group{Dim::Kind::Group, -1, {}};
      append(dim, group.parts);
      if (group.parts.size() == 1) {
        Dim only = group.parts[0];
        group = std::move(only);
      }
      out.dims.push_back(std::move(group));
    }
    return out;
  }

  const std::vector<notation::Axis>& axes() const { return axes_; }

 private:
  /// The labels of a dimension, the first on top.
  static std::vector<int> stack(const Dim& dim) {
    std::vector<int> labels = labels_of({{dim}});
    std::reverse(labels.begin(), labels.end());
    return labels;
  }

  /// Puts what the label on top has become in its place.
  void resolve(std::vector<int>& labels) const {
    while (!labels.empty() && !means_[labels.back()].empty()) {
      const std::vector<int>& meaning = means_[labels.back()];
      labels.pop_back();
      labels.insert(labels.end(), meaning.rbegin(), meaning.rend());
    }
  }

  /// One axis under two names: ours, unless it is the rest of an axis that theirs has split.
  void unite(int ours, int theirs) {
    if (std::size_t(ours) < given_)
      means_[theirs] = {ours};
    else
      means_[ours] = {theirs};
  }

  /// The larger axis is the smaller one and a rest.
  bool split(int larger, int smaller) {
    if (axes_[larger].size % axes_[smaller].size != 0) return false;
    notation::Axis rest = axes_[larger];
    rest.size /= axes_[smaller].size;
    means_[larger] = {smaller, int(axes_.size())};
    axes_.push_back(std::move(rest));
    means_.emplace_back();
    return true;
  }

  void append(const Dim& dim, std::vector<Dim>& out) const {
    for (std::vector<int> labels = stack(dim); !labels.empty(); labels.pop_back()) {
      resolve(labels);
      out.push_back({Dim::Kind::Axis, labels.back(), {}});
    }
  }

  std::vector<notation::Axis> axes_;
  std::vector<std::vector<int>> means_;
  std::size_t given_;  ///< axes of the two einsums; others are rests
};

TensorExpr shifted(TensorExpr tensor, int by) {
  for (Dim& dim : tensor.dims) {
    if (dim.kind == Dim::Kind::Axis) dim.axis += by;
    for (Dim& part : dim.parts) part.axis += by;
  }
  return tensor;
}

bool within(const std::set<int>& some, const std::set<int>& all) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

/// The output has no axis twice, and every axis of it and of what was replaced occurs in an operand: a
/// repetition is written as a move alone, and the sum over one would be a factor.
bool complete(const Solved& expr, const std::vector<int>& replaced) {
  std::set<int> operands;
  for (const TensorExpr& input : expr.inputs)
    for (const int label : labels_of(input)) operands.insert(label);
  const std::vector<int> listed = labels_of(expr.outputs[0]);
  const std::set<int> output(listed.begin(), listed.end()), read(replaced.begin(), replaced.end());
  if (output.size() != listed.size()) return false;
  const bool move = expr.inputs.size() == 1 && within(operands, output);
  return move ? within(read, output) : within(read, operands) && within(output, operands);
}

}  // namespace

std::optional<Einsum> substituted(const Einsum& consumer, std::size_t place, const Einsum& producer) {
  const int shift = int(consumer.expr.axes.size());
  std::vector<notation::Axis> axes = consumer.expr.axes;
  axes.insert(axes.end(), producer.expr.axes.begin(), producer.expr.axes.end());
  Labels labels(std::move(axes));

  const TensorExpr& read = consumer.expr.inputs[place];
  const TensorExpr made = shifted(producer.expr.outputs[0], shift);
  if (consumer.dtype != producer.dtype || read.dims.size() != made.dims.size()) return std::nullopt;
  for (std::size_t d = 0; d < read.dims.size(); ++d)
    if (!labels.unify(read.dims[d], made.dims[d])) return std::nullopt;

  Einsum out{{}, {}, consumer.dtype};
  for (std::size_t k = 0; k < consumer.operands.size(); ++k) {
    if (k != place) {
      out.expr.inputs.push_back(labels.rewritten(consumer.expr.inputs[k]));
      out.operands.push_back(consumer.operands[k]);
      continue;
    }
    for (const TensorExpr& input : producer.expr.inputs)
      out.expr.inputs.push_back(labels.rewritten(shifted(input, shift)));
    out.operands.insert(out.operands.end(), producer.operands.begin(), producer.operands.end());
  }
  out.expr.outputs = {labels.rewritten(consumer.expr.outputs[0])};
  out.expr.axes = labels.axes();
  if (!complete(out.expr, labels_of(labels.rewritten(read)))) return std::nullopt;
  tidy(out.expr);
  return out;
}

}  // namespace einx::detail::passes
