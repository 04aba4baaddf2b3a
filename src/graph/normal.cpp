#include "graph/normal.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace einx::detail::graph {

using notation::Axis;
using notation::Dim;
using notation::Solved;
using notation::TensorExpr;

namespace {

constexpr int kMaxNesting = 512;  // twice the notation's budget: nothing it makes is refused here

bool well_formed(const Dim& dim, std::size_t axes, int depth) {
  if (depth > kMaxNesting) return false;
  if (dim.kind == Dim::Kind::Axis) return dim.axis >= 0 && std::size_t(dim.axis) < axes && dim.parts.empty();
  if (dim.kind == Dim::Kind::Concat && dim.parts.size() < 2) return false;
  return std::all_of(dim.parts.begin(), dim.parts.end(),
                     [&](const Dim& part) { return well_formed(part, axes, depth + 1); });
}

/// A group of one item is that item, and a sum that is thereby directly in a sum is part of it: the pieces
/// stay in order.
void collapse(Dim& dim) {
  for (Dim& part : dim.parts) collapse(part);
  if (dim.kind == Dim::Kind::Group && dim.parts.size() == 1) {
    Dim only = std::move(dim.parts.front());
    dim = std::move(only);
  } else if (dim.kind == Dim::Kind::Concat) {
    std::vector<Dim> spliced;
    for (Dim& part : dim.parts) {
      if (part.kind == Dim::Kind::Concat)
        std::move(part.parts.begin(), part.parts.end(), std::back_inserter(spliced));
      else
        spliced.push_back(std::move(part));
    }
    dim.parts = std::move(spliced);
  }
}

/// Renumbers axes by first appearance.
struct Renumbering {
  std::vector<int> to;
  std::vector<int> order;
  void visit(Dim& dim) {
    for (Dim& part : dim.parts) visit(part);
    if (dim.kind != Dim::Kind::Axis) {
      dim.axis = -1;
      return;
    }
    int& number = to[dim.axis];
    if (number < 0) {
      number = int(order.size());
      order.push_back(dim.axis);
    }
    dim.axis = number;
  }
};

template <class F>
void for_each_dim(Solved& expr, F f) {
  for (std::vector<TensorExpr>* side : {&expr.inputs, &expr.outputs})
    for (TensorExpr& tensor : *side)
      for (Dim& dim : tensor.dims) f(dim);
}

}  // namespace

bool well_formed(const Solved& expr) {
  const auto legal = [&](const TensorExpr& tensor) {
    return std::all_of(tensor.dims.begin(), tensor.dims.end(),
                       [&](const Dim& dim) { return well_formed(dim, expr.axes.size(), 0); });
  };
  return std::all_of(expr.inputs.begin(), expr.inputs.end(), legal) &&
         std::all_of(expr.outputs.begin(), expr.outputs.end(), legal);
}

Solved normal_form(Solved expr) {
  for_each_dim(expr, [](Dim& dim) { collapse(dim); });
  Renumbering renumbering{std::vector<int>(expr.axes.size(), -1), {}};
  for_each_dim(expr, [&](Dim& dim) { renumbering.visit(dim); });
  std::vector<Axis> axes;
  for (const int old : renumbering.order) axes.push_back(std::move(expr.axes[old]));
  expr.axes = std::move(axes);
  return expr;
}

std::optional<std::int64_t> checked_size(const Solved& expr, const Dim& dim) {
  if (dim.kind == Dim::Kind::Axis) return expr.axes[dim.axis].size;
  std::vector<std::int64_t> sizes;
  for (const Dim& part : dim.parts) {
    const auto size = checked_size(expr, part);
    if (!size) return std::nullopt;
    sizes.push_back(*size);
  }
  if (dim.kind == Dim::Kind::Group) return support::checked_product(sizes);
  std::optional<std::int64_t> total = 0;
  for (const std::int64_t size : sizes)
    if (total) total = support::checked_add(*total, size);
  return total;
}

bool addressable(const Shape& shape, DType dtype) {
  std::vector<std::int64_t> sizes{std::int64_t(size_of(dtype))};
  for (const std::int64_t size : shape) sizes.push_back(std::max<std::int64_t>(size, 1));
  return support::checked_product(sizes).has_value();
}

bool reachable(const Shape& shape, const Shape& strides, DType dtype) {
  std::optional<std::int64_t> reach = 0;
  for (std::size_t k = 0; k < shape.size() && reach; ++k) {
    if (strides[k] == std::numeric_limits<std::int64_t>::min()) return false;
    const auto step = support::checked_mul(std::max<std::int64_t>(shape[k] - 1, 0), std::abs(strides[k]));
    reach = step ? support::checked_add(*reach, *step) : std::nullopt;
  }
  return reach && support::checked_mul(*reach, std::int64_t(size_of(dtype)));
}

bool legal_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace einx::detail::graph
