#include "trace/einx03.h"

#include <algorithm>

namespace einx::detail::trace {
namespace {

using graph::ValueId;
using notation::Dim;
using notation::Solved;
using notation::TensorExpr;
using Values = std::vector<ValueId>;

bool has_sum(const Dim& dim) {
  return dim.kind == Dim::Kind::Concat || std::any_of(dim.parts.begin(), dim.parts.end(), has_sum);
}

bool has_sum(const std::vector<TensorExpr>& exprs) {
  return std::any_of(exprs.begin(), exprs.end(), [](const TensorExpr& expr) {
    return std::any_of(expr.dims.begin(), expr.dims.end(), [](const Dim& dim) { return has_sum(dim); });
  });
}

Values add_id(graph::Graph& graph, const Solved& axes, std::vector<TensorExpr> from,
              std::vector<TensorExpr> to, Values values) {
  Solved expr{axes.axes, std::move(from), std::move(to)};
  for (notation::Axis& axis : expr.axes) axis.bracketed = false;
  return graph::add_node(graph, ops::get("id"), std::move(expr), std::move(values));
}

template <class T>
std::vector<T> permuted(const std::vector<T>& items, const std::vector<int>& order) {
  std::vector<T> result;
  result.reserve(order.size());
  for (int k : order) result.push_back(items.at(std::size_t(k)));
  return result;
}

/// Output piece k is input piece order[k].
Values add_assigned(graph::Graph& graph, const Solved& solved, Values values, const std::vector<int>& order) {
  if (!has_sum(solved.inputs))
    return add_id(graph, solved, permuted(solved.inputs, order), solved.outputs, permuted(values, order));
  std::vector<int> place(order.size());  // of an input piece in the outputs
  for (std::size_t k = 0; k < order.size(); ++k) place[std::size_t(order[k])] = int(k);
  if (!has_sum(solved.outputs))
    return permuted(add_id(graph, solved, solved.inputs, permuted(solved.outputs, place), std::move(values)),
                    order);
  std::vector<TensorExpr> parts;
  for (const TensorExpr& input : solved.inputs) {
    const std::vector<TensorExpr> of_input = notation::pieces_of(input);
    parts.insert(parts.end(), of_input.begin(), of_input.end());
  }
  const Values split = add_id(graph, solved, solved.inputs, parts, std::move(values));
  return add_id(graph, solved, permuted(parts, order), solved.outputs, permuted(split, order));
}

/// The operation in the input's own order, then the order of the output.
Values add_permuted(graph::Graph& graph, const Call& call, const Solved& solved, Values values,
                    graph::Attributes attributes) {
  const Solved in_place{solved.axes, solved.inputs, solved.inputs};
  Values done = graph::add_node(graph, *call.op, in_place, std::move(values), std::move(attributes));
  return add_id(graph, solved, solved.inputs, solved.outputs, std::move(done));
}

Values add_whole_roll(graph::Graph& graph, const Call& call, const Solved& solved, Values values,
                      graph::Attributes attributes) {
  Dim all;
  all.kind = Dim::Kind::Group;
  for (int axis : notation::axes_of(solved.inputs.front())) {  // each occurs once in this dialect
    Dim part;
    part.axis = axis;
    all.parts.push_back(part);
  }
  const Shape shape = notation::shape(solved, solved.inputs.front());
  const auto elements = support::checked_product(shape);
  if (!elements)
    support::raise<AxisSizeError>(
        {.kind = "axis-conflict", .sentence = "The tensor that is rolled has more than 2^63-1 elements."});
  const TensorExpr flat{{all}};
  values = add_id(graph, solved, solved.inputs, {flat}, std::move(values));
  Dim axis;
  axis.axis = 0;
  const Solved line{{{"e", *elements, true, false, "..."}}, {TensorExpr{{axis}}}, {TensorExpr{{axis}}}};
  values = graph::add_node(graph, *call.op, line, std::move(values), std::move(attributes));
  return add_id(graph, solved, {flat}, solved.outputs, std::move(values));
}

}  // namespace

bool is_parameter_einx03(const Call& call, std::string_view name) {
  return call.dialect == Dialect::Einx03 && name == "cse";
}

void read_parameters_einx03(const Call& call, notation::Rules& rules) {
  for (const auto& [name, values] : call.attributes)
    if (name == "cse") rules.merge = values == std::vector<std::int64_t>{1};
}

bool rolls_whole_tensor(const Call& call, const Solved& solved) {
  return call.dialect == Dialect::Einx03 && call.op->family == notation::Family::Preserve &&
         call.op->parameter == "shift" && call.function != "vmap" &&
         notation::axes_of(solved, solved.inputs.front(), true).empty();
}

Values append_einx03(graph::Graph& graph, const Call& call, Solved solved, Values values,
                     graph::Attributes attributes) {
  if (call.op->family == notation::Family::Id) {
    const std::vector<int> order = notation::assign_pieces(solved);
    if (!std::is_sorted(order.begin(), order.end()))
      return add_assigned(graph, solved, std::move(values), order);
  }
  if (rolls_whole_tensor(call, solved))
    return add_whole_roll(graph, call, solved, std::move(values), std::move(attributes));
  if (call.op->family == notation::Family::Preserve) {
    const auto before = notation::axes_of(solved, solved.inputs.front(), true);
    const auto after = notation::axes_of(solved, solved.outputs.front(), true);
    if (before != after) return add_permuted(graph, call, solved, std::move(values), std::move(attributes));
  }
  return graph::add_node(graph, *call.op, std::move(solved), std::move(values), std::move(attributes));
}

}  // namespace einx::detail::trace
