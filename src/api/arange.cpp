// arange of einx 0.3 as a call of id: what counts along each axis is broadcast over the others and
// concatenated.
#include <algorithm>

#include "api/api.h"
#include "support/support.h"

namespace einx::detail::api {
namespace {

using notation::Dim;
using notation::Solved;
using notation::TensorExpr;

Dim dim_of(int axis) {
  Dim dim;
  dim.axis = axis;
  return dim;
}

/// The axis of the output that stands for an axis that is counted: both were made of the same name.
int place_of(const Solved& solved, int counted) {
  for (int axis : notation::axes_of(solved, solved.outputs.front(), false))
    if (!solved.axes[counted].unnamed && solved.axes[axis].source == solved.axes[counted].source) return axis;
  return counted;  // a literal 1: it only counts to 0
}

/// An entry of size 1 for each coordinate, under a name that no other axis has.
int add_entry(Solved& expr) {
  std::string name;
  const auto taken = [&](const notation::Axis& axis) { return axis.name == name; };
  for (std::size_t k = 0; name.empty() || std::any_of(expr.axes.begin(), expr.axes.end(), taken); ++k)
    name = "n" + std::to_string(k);
  expr.axes.push_back({name, 1, false, true, "1"});
  return int(expr.axes.size()) - 1;
}

/// The bracketed axis becomes the sum of the entries.
void replace_bracket(Solved& expr, std::vector<Dim>& dims, std::int64_t entries) {
  for (Dim& dim : dims) {
    replace_bracket(expr, dim.parts, entries);
    if (dim.kind != Dim::Kind::Axis || !expr.axes[dim.axis].bracketed) continue;
    Dim sum;
    sum.kind = Dim::Kind::Concat;
    for (std::int64_t k = 0; k < entries; ++k) sum.parts.push_back(dim_of(add_entry(expr)));
    dim = entries == 1 ? Dim(sum.parts.front()) : std::move(sum);
  }
}

}  // namespace

Counting count(std::string_view pattern, std::span<const notation::Constraint> sizes, DType dtype,
               bool merge) {
  const Solved solved = notation::solve_arange(pattern, sizes, merge);
  const std::vector<int> counted = notation::axes_of(solved.inputs.front());
  if (counted.empty())
    support::raise<ValueError>({.kind = "bad-parameter",
                                .sentence = "arange has no axis to count.",
                                .pattern = std::string(pattern),
                                .show_pattern = true});
  Counting counting;
  Solved expr{solved.axes, {}, solved.outputs};
  for (int axis : counted) {
    expr.inputs.push_back({{dim_of(place_of(solved, axis))}});
    counting.operands.push_back(Tensor::iota({solved.axes[axis].size}, dtype));
  }
  replace_bracket(expr, expr.outputs.front().dims, std::int64_t(counted.size()));
  for (notation::Axis& axis : expr.axes) axis.bracketed = false;
  std::vector<int> used = notation::axes_of(expr.outputs.front());
  for (const TensorExpr& input : expr.inputs) used.push_back(input.dims.front().axis);
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (int axis : used) counting.sizes.push_back({expr.axes[axis].name, {}, {expr.axes[axis].size}, ""});
  counting.pattern = notation::text(expr);
  return counting;
}

}  // namespace einx::detail::api
