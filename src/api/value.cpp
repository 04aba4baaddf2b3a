// Arithmetic on traced values: the registry's operations with patterns made from ranks.
#include <algorithm>

#include "api/tracing.h"
#include "support/support.h"

namespace einx::detail {
namespace {

void require_traced(std::string_view op, const Value& value) {
  if (!value.tracing())
    support::raise<TypeError>({.kind = "operand-kind",
                               .sentence = "An einx::Value that belongs to no traced function was given to " +
                                           std::string(op) + "."});
}

std::vector<Shape> shapes_of(std::string_view op, std::span<const Operand> operands) {
  std::vector<Shape> shapes;
  for (const Operand& operand : operands) {
    const bool value = operand.kind() == Operand::Kind::Value, tensor = operand.kind() == Operand::Kind::Tensor;
    if (value) require_traced(op, operand.value());
    shapes.push_back(value    ? operand.value().shape()
                     : tensor ? Shape(operand.tensor().shape().begin(), operand.tensor().shape().end())
                              : Shape{});
  }
  return shapes;
}

/// The axis that is so many places before the last one.
std::string axis_name(std::size_t from_end) { return "a" + std::to_string(from_end); }

/// NumPy's rules: shapes are aligned at their ends, and an axis of size 1 beside a longer one repeats. "a1 a0, 1 a0 -> a1 a0".
std::string broadcast_pattern(const std::vector<Shape>& shapes) {
  Shape longest;  // from the end
  for (const Shape& shape : shapes) {
    longest.resize(std::max(longest.size(), shape.size()), 1);
    for (std::size_t k = 0; k < shape.size(); ++k)
      if (longest[k] == 1) longest[k] = shape[shape.size() - 1 - k];
  }
  std::vector<std::string> inputs, output;
  for (const Shape& shape : shapes) {
    std::vector<std::string> axes;
    for (std::size_t k = shape.size(); k-- > 0;)
      axes.push_back(shape[shape.size() - 1 - k] == 1 && longest[k] != 1 ? "1" : axis_name(k));
    inputs.push_back(support::join(axes, " "));
  }
  for (std::size_t k = longest.size(); k-- > 0;) output.push_back(axis_name(k));
  return support::join(inputs, ", ") + " -> " + support::join(output, " ");
}

/// All axes in one pair of brackets.
std::string whole_pattern(std::string_view op, const Shape& shape) {
  if (shape.empty())
    support::raise<ValueError>(
        {.kind = "bad-parameter",
         .sentence = std::string(op) + " is given a single number, which has no axis to work on."});
  std::vector<std::string> axes;
  for (std::size_t k = shape.size(); k-- > 0;) axes.push_back(axis_name(k));
  return "[" + support::join(axes, " ") + "]";
}

std::string pattern_of(const ops::Op& op, const std::vector<Shape>& shapes) {
  using notation::Family;
  if (op.family == Family::Elementwise) return broadcast_pattern(shapes);
  if ((op.family == Family::Reduce || op.family == Family::Preserve) && shapes.size() == 1)
    return whole_pattern(op.name, shapes[0]);
  support::raise<TypeError>({.kind = "python-signature",
                             .sentence = std::string(op.name) + " needs a pattern also for traced values."});
}

}  // namespace

namespace {

Value apply_once(std::string_view op, std::span<const Operand> operands) {
  const std::string pattern = pattern_of(ops::get(op), shapes_of(op, operands));
  const Axes no_sizes;
  return call_one<Value>({op, pattern, operands, no_sizes});
}

/// The tensors that operands have become are the graph's last constants.
script::Call statement_of(Tape& tape, std::string_view op, std::span<const Operand> operands, const graph::Graph& graph) {
  script::Call call{.op = std::string(op)};
  const graph::Node& node = graph.nodes.back();
  for (std::size_t k = 0; k < operands.size(); ++k) {
    Tensor constant;
    for (const graph::Constant& each : graph.constants)
      if (operands[k].kind() == Operand::Kind::Tensor && each.value == node.inputs[k]) constant = each.data;
    call.arguments.push_back(api::argument_of(tape, operands[k], constant));
  }
  return call;
}

}  // namespace

Value apply(std::string_view op, std::span<const Operand> operands) {
  if (api::inside()) return apply_once(op, operands);
  Tape* const tape = api::tape_of(operands);
  const auto known = api::folded(op, operands);
  Value made;
  if (known) {
    const auto traced = std::ranges::find(operands, Operand::Kind::Value, &Operand::kind);
    made = api::number_value(traced->value().tracing(), *known);
  } else {
    const std::vector<Operand> weak = api::with_weak_numbers(operands);
    made = api::noting(tape, [&] { return apply_once(op, weak); });
  }
  if (!tape) return made;
  script::Call call{.op = std::string(op)};
  if (known) for (const Operand& operand : operands) call.arguments.push_back(api::argument_of(*tape, operand, {}));
  else call = statement_of(*tape, op, operands, made.tracing()->graph);
  call.results.push_back(tape->define(made));
  tape->write(std::move(call));
  return made;
}

Value convert(const Value& value, DType dtype) {
  const Operand operands[] = {Operand(value)};
  return detail::apply("to_" + std::string(name_of(dtype)), operands);
}

namespace api {
namespace {

[[noreturn]] void function_failed(std::string_view op, const std::string& why) {
  support::raise<CallOperationError>(
      {.kind = "runtime",
       .sentence = "The function of the operation '" + std::string(op) + "' threw while it was traced: " + why});
}

Value run(std::string_view op, const TracedFunction& function, std::span<const Value> parameters) {
  try {
    return function(parameters);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    function_failed(op, error.what());
  } catch (...) {
    function_failed(op, "something that is not a std::exception.");
  }
}

}  // namespace

graph::Graph traced(std::string_view op, const TracedFunction& function, std::span<const graph::Type> types) {
  const auto body = [&](std::span<const Value> parameters) { return std::vector<Value>{run(op, function, parameters)}; };
  return write_graph(op, types, body,
                     "The function of the operation '" + std::string(op) +
                         "' returned a value that it has not made from its arguments.");
}

}  // namespace api
}  // namespace einx::detail
