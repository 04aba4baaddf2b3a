// A solved call -> nodes: operands become values, an operation's own parameters are checked and completed.
#include "trace/trace.h"

#include <algorithm>
#include <numeric>

#include "trace/dialects.h"
#include "trace/einx03.h"

namespace einx::detail::trace {
namespace {

void check_kinds(const Call& call) {
  for (std::size_t k = 0; k < call.operands.size(); ++k) {
    if (call.operands[k].kind != Operand::Kind::Unknown) continue;
    support::raise<TypeError>(
        {.kind = "operand-kind",
         .sentence = "Operand #" + std::to_string(k + 1) + " of " + std::string(call.op->name) +
                     " has only an unknown shape, but the call needs a tensor, a number or a factory."});
  }
}

void check_count(const Call& call, const notation::Solved& solved) {
  const std::size_t given = is_list(call) ? 1 : call.operands.size(), wanted = solved.inputs.size();
  if (given == wanted) return;
  support::raise<ValueError>({.kind = "num-tensors",
                              .sentence = "The expression has " + std::to_string(wanted) + " inputs, but " +
                                          std::to_string(given) + " operands were given."});
}

/// What a factory returned must have the shape it was called with; other operands were part of what has been
/// solved.
void check_shape(const Call& call, std::size_t k, const Shape& given, const Shape& wanted) {
  if (given == wanted) return;
  const std::string shapes =
      "shape " + support::tuple_text(given) + " where " + support::tuple_text(wanted) + " is needed";
  if (call.operands[k].kind != Operand::Kind::Factory)
    support::internal_error("operand #" + std::to_string(k + 1) + " has " + shapes);
  support::raise<CallOperationError>({.kind = "runtime",
                                      .sentence = "The factory of operand #" + std::to_string(k + 1) +
                                                  " returned a tensor of " + shapes + "."});
}

/// One entry for each bracketed axis of the input; a single one counts for all.
std::vector<std::int64_t> complete_shift(std::vector<std::int64_t> shift, std::size_t axes) {
  if (shift.size() == 1) shift.assign(axes, shift.front());
  if (shift.size() == axes) return shift;
  support::raise<ValueError>(
      {.kind = "shift-length",
       .sentence = "The shift has " + std::to_string(shift.size()) + " entries, but " + std::to_string(axes) +
                   " axes are rolled: give one number for all of them or one for each."});
}

/// Exactly the parameters that the operation has (their names are those that its axes may not have), in its
/// order.
graph::Attributes complete_attributes(const Call& call, const notation::Solved& solved) {
  const std::vector<std::string> known = ops::rules(*call.op).reserved;
  for (const auto& [name, values] : call.attributes)
    if (std::find(known.begin(), known.end(), name) == known.end() && !is_parameter_einx03(call, name))
      support::raise<TypeError>({.kind = "python-signature",
                                 .sentence = std::string(call.op->name) + " has no parameter " + name + "."});
  graph::Attributes complete;
  for (const std::string& name : known) {
    const auto given = std::find_if(call.attributes.begin(), call.attributes.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    if (given == call.attributes.end())
      support::raise<TypeError>(
          {.kind = "python-signature",
           .sentence = std::string(call.op->name) + " needs the parameter " + name + "."});
    if (rolls_whole_tensor(call, solved)) {
      complete.emplace_back(name, std::vector{std::reduce(given->second.begin(), given->second.end())});
      continue;
    }
    complete.emplace_back(
        name, complete_shift(given->second, notation::axes_of(solved, solved.inputs.front(), true).size()));
  }
  return complete;
}

graph::Type parameter_type(const Operand& operand, DType dtype, const Shape& shape) {
  const bool number = operand.kind != Operand::Kind::Tensor && operand.kind != Operand::Kind::Factory;
  return number ? graph::make_type(dtype, shape) : graph::make_type(dtype, shape, operand.type.strides);
}

/// Shapes of numbers are those of scalars, whatever stands in their type.
Shape given_shape(const Operand& operand) {
  const bool number = operand.kind != Operand::Kind::Tensor && operand.kind != Operand::Kind::Factory;
  return number ? Shape{} : operand.type.shape;
}

}  // namespace

std::vector<graph::ValueId> append(graph::Graph& graph, const Call& call, notation::Solved solved,
                                   std::span<const graph::ValueId> inputs) {
  check_kinds(call);
  check_count(call, solved);
  if (inputs.size() != call.operands.size())
    support::internal_error("a traced call has a value or -1 for every operand");
  std::vector<Shape> shapes = operand_shapes(solved);
  if (is_list(call)) shapes.assign(call.operands.size(), Shape(shapes[0].begin() + 1, shapes[0].end()));
  graph::Attributes attributes = complete_attributes(call, solved);

  // A value's own type counts for what it is combined with, not what the caller noted of the operand.
  std::vector<Operand> operands = call.operands;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (inputs[k] >= 0) operands[k] = {Operand::Kind::Tensor, graph.values.at(inputs[k]).type};
  const std::vector<DType> dtypes = operand_dtypes(*call.op, operands);
  for (std::size_t k = 0; k < operands.size(); ++k) check_shape(call, k, given_shape(operands[k]), shapes[k]);
  const ops::Op& op = operation_of(call, solved, dtypes);
  op.resolve(op, is_list(call) ? std::vector{tensor::promote(dtypes)} : dtypes);  // raises before the graph has changed

  std::vector<graph::ValueId> values(inputs.begin(), inputs.end());
  for (std::size_t k = 0; k < values.size(); ++k)
    if (values[k] < 0)
      values[k] = graph::add_parameter(graph, parameter_type(operands[k], dtypes[k], shapes[k]),
                                       operands[k].kind == Operand::Kind::Factory);
  if (call.dialect == Dialect::Einx03)
    return append_einx03(graph, call, std::move(solved), std::move(values), std::move(attributes));
  if (is_list(call)) {
    Stacked stacked = stack(graph, op, std::move(solved), std::move(values));
    solved = std::move(stacked.solved);
    values = std::move(stacked.values);
  }
  // in a traced function it stays whole: the optimiser orders the products of the whole graph
  const bool traced = std::ranges::none_of(inputs, [](graph::ValueId value) { return value < 0; });
  if (op.family == notation::Family::Einsum && !traced)
    return contract(graph, op, std::move(solved), std::move(values));
  return graph::add_node(graph, op, std::move(solved), std::move(values), std::move(attributes));
}

graph::Graph single(const Call& call, notation::Solved solved) {
  graph::Graph graph;
  const std::vector<graph::ValueId> inputs(call.operands.size(), -1);
  graph.results = append(graph, call, std::move(solved), inputs);
  return graph;
}

}  // namespace einx::detail::trace
