#include "passes/einsum.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "support/support.h"

namespace einx::detail::passes {

using notation::Dim;
using notation::Solved;
using notation::TensorExpr;

namespace {

/// Appends the axes of a dimension that matter; false for a concatenation.
bool append_long_axes(const Solved& expr, const Dim& dim, std::vector<Dim>& out) {
  if (dim.kind == Dim::Kind::Concat) return false;
  if (dim.kind == Dim::Kind::Axis && expr.axes[dim.axis].size != 1) out.push_back(dim);
  return std::all_of(dim.parts.begin(), dim.parts.end(),
                     [&](const Dim& part) { return append_long_axes(expr, part, out); });
}

/// The dimension as an axis or one group of axes, none of size 1; "()" if nothing is left.
bool simplify(const Solved& expr, Dim& dim) {
  std::vector<Dim> axes;
  if (!append_long_axes(expr, dim, axes)) return false;
  if (axes.size() == 1) {
    dim = std::move(axes[0]);
  } else {
    dim.kind = Dim::Kind::Group;
    dim.axis = -1;
    dim.parts = std::move(axes);
  }
  return true;
}

bool simplify(Solved& expr) {
  for (std::vector<TensorExpr>* side : {&expr.inputs, &expr.outputs})
    for (TensorExpr& tensor : *side)
      for (Dim& dim : tensor.dims)
        if (!simplify(expr, dim)) return false;
  return true;
}

bool may_be_einsum(const graph::Node& node) {
  constexpr std::array<std::string_view, 5> names = {"id", "multiply", "dot", "einsum", "sum"};
  return node.outputs.size() == 1 && std::find(names.begin(), names.end(), node.op->name) != names.end() &&
         (node.op->name != "id" || node.inputs.size() == 1);
}

/// dot writes the same bracketed axis twice in a tensor as two axes, and wants each in two tensors; einsum
/// has neither rule.
bool contracts_pairs(const Solved& expr) {
  std::vector<int> tensors(expr.axes.size(), 0);
  for (const TensorExpr& input : expr.inputs) {
    std::set<int> seen;
    for (const int axis : labels_of(input)) {
      if (!expr.axes[axis].bracketed) continue;
      if (!seen.insert(axis).second) return false;
      ++tensors[axis];
    }
  }
  for (std::size_t axis = 0; axis < tensors.size(); ++axis)
    if (expr.axes[axis].bracketed && tensors[axis] != 2) return false;
  return true;
}

/// One tensor with axes summed: sum, unless it would widen an integer or mean two axes where the einsum means
/// a diagonal.
bool plain_sum(const Einsum& einsum, const Solved& expr) {
  const bool keeps_dtype =
      tensor::is_float(einsum.dtype) || einsum.dtype == DType::i64 || einsum.dtype == DType::u64;
  std::set<int> seen;
  for (const int axis : labels_of(expr.inputs[0]))
    if (expr.axes[axis].bracketed && !seen.insert(axis).second) return false;
  return keeps_dtype;
}

void collect(const Dim& dim, std::vector<int>& found) {
  if (dim.kind == Dim::Kind::Axis) found.push_back(dim.axis);
  for (const Dim& part : dim.parts) collect(part, found);
}

}  // namespace

std::vector<int> labels_of(const TensorExpr& tensor) {
  std::vector<int> found;
  for (const Dim& dim : tensor.dims) collect(dim, found);
  return found;
}

std::vector<bool> kept_labels(const Einsum& einsum) {
  std::vector<bool> kept(einsum.expr.axes.size(), false);
  for (const int label : labels_of(einsum.expr.outputs[0])) kept[label] = true;
  return kept;
}

std::optional<Einsum> einsum_of(const graph::Graph& graph, const graph::Node& node) {
  if (!may_be_einsum(node)) return std::nullopt;
  Einsum einsum{node.expr, node.inputs, graph.values[node.outputs[0]].type.dtype};
  for (const graph::ValueId input : node.inputs)
    if (graph.values[input].type.dtype != einsum.dtype) return std::nullopt;
  for (const notation::Axis& axis : node.expr.axes)
    if (axis.size == 0) return std::nullopt;
  if (!simplify(einsum.expr)) return std::nullopt;
  tidy(einsum.expr);
  return einsum;
}

NodeForm form_of(const Einsum& einsum) {
  NodeForm form{nullptr, einsum.expr};
  const std::vector<bool> kept = kept_labels(einsum);
  bool sums = false;
  std::vector<bool> occurs(kept.size(), false);
  for (const TensorExpr& input : einsum.expr.inputs)
    for (const int label : labels_of(input)) occurs[label] = true;
  for (std::size_t label = 0; label < kept.size(); ++label) {
    form.expr.axes[label].bracketed = !kept[label];
    sums = sums || (occurs[label] && !kept[label]);
  }
  const bool one = einsum.operands.size() == 1;
  if (one)
    form.op = &ops::get(!sums ? "id" : plain_sum(einsum, form.expr) ? "sum" : "einsum");
  else if (!sums)
    form.op = &ops::get("multiply");
  else
    form.op = &ops::get(contracts_pairs(form.expr) ? "dot" : "einsum");
  return form;
}

void write_back(const Einsum& einsum, graph::Node& node) {
  NodeForm form = form_of(einsum);
  node.op = form.op;
  node.expr = std::move(form.expr);
  node.inputs = einsum.operands;
}

std::vector<bool> constant_values(const graph::Graph& graph) {
  std::vector<bool> constant(graph.values.size(), false);
  for (const graph::Constant& c : graph.constants) constant[c.value] = true;
  for (const graph::Node& node : graph.nodes) {
    double iterations = 1;
    for (const notation::Axis& axis : node.expr.axes) iterations *= double(axis.size);
    const bool all =
        iterations <= kFoldable && std::all_of(node.inputs.begin(), node.inputs.end(),
                                               [&](graph::ValueId input) { return constant[input]; });
    for (const graph::ValueId output : node.outputs) constant[output] = all;
  }
  return constant;
}

namespace {

class Renumbering {
 public:
  explicit Renumbering(std::vector<notation::Axis>& axes) : axes_(axes), number_(axes.size(), -1) {}

  void visit(Dim& dim) {
    for (Dim& part : dim.parts) visit(part);
    if (dim.kind != Dim::Kind::Axis) return;
    int& number = number_[dim.axis];
    if (number < 0) {
      number = int(order_.size());
      order_.push_back(axes_[dim.axis]);
      std::string& name = order_.back().name;
      const std::string base = name;
      for (int k = 1; !taken_.insert(name).second; ++k) name = base + "_" + std::to_string(k);
    }
    dim.axis = number;
  }
  std::vector<notation::Axis> take() { return std::move(order_); }

 private:
  const std::vector<notation::Axis>& axes_;
  std::vector<int> number_;
  std::vector<notation::Axis> order_;
  std::set<std::string> taken_;
};

}  // namespace

void tidy(Solved& expr) {
  Renumbering renumbering(expr.axes);
  for (std::vector<TensorExpr>* side : {&expr.inputs, &expr.outputs})
    for (TensorExpr& tensor : *side)
      for (Dim& dim : tensor.dims) renumbering.visit(dim);
  expr.axes = renumbering.take();
}

}  // namespace einx::detail::passes
