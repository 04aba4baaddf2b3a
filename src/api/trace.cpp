// Operations on Values write nodes into a graph instead of computing, and statements onto its tape.
#include <algorithm>

#include "api/api.h"
#include "api/operands.h"
#include "api/tracing.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx {

namespace detail {
namespace {

[[noreturn]] void bad_value(const std::string& sentence, const std::string& advice = {}) {
  support::raise<TypeError>(
      {.kind = "operand-kind", .sentence = sentence, .advice = advice.empty() ? std::vector<std::string>{} : std::vector{advice}});
}

const graph::Type& type_of(const Value& value) {
  if (!value.tracing()) bad_value("An einx::Value that belongs to no traced function has no type.");
  return value.tracing()->graph.values.at(value.id()).type;
}

}  // namespace
}  // namespace detail

DType Value::dtype() const {
  const DType dtype = detail::type_of(*this).dtype;
  if (detail::Tape* const tape = detail::api::tape_of(*this)) tape->looked(*this, -2, std::int64_t(dtype));
  return dtype;
}
Shape Value::shape() const {
  const Shape shape = detail::type_of(*this).shape;
  if (detail::Tape* const tape = detail::api::tape_of(*this)) {
    tape->looked(*this, -1, std::int64_t(shape.size()));
    for (std::size_t axis = 0; axis < shape.size(); ++axis) tape->looked(*this, int(axis), shape[axis]);
  }
  return shape;
}

namespace detail {
namespace {

/// The trace that a call's Values belong to: one for all of them.
const std::shared_ptr<Tracing>& tracing_of(const CallInfo& info) {
  const std::shared_ptr<Tracing>* found = nullptr;
  for (const Operand& operand : info.operands) {
    if (operand.kind() != Operand::Kind::Value) continue;
    const std::shared_ptr<Tracing>& tracing = operand.value().tracing();
    if (!tracing) bad_value("An einx::Value that belongs to no traced function was given to " + std::string(info.op) + ".");
    if (found && *found != tracing) bad_value("Values of two traced functions meet in one call of " + std::string(info.op) + ".");
    found = &tracing;
  }
  if (!found) bad_value(std::string(info.op) + " was given no einx::Value, but its result is to be one.");
  return *found;
}

/// A named tensor is a parameter of the graph behind the operands', once.
std::optional<graph::ValueId> named_tensor(Tracing& tracing, const Operand& operand) {
  if (operand.kind() != Operand::Kind::Tensor || !tracing.tape || !tracing.tape->name_of) return std::nullopt;
  const auto name = operand.tensor().defined() ? tracing.tape->name_of(operand.tensor()) : std::nullopt;
  if (!name) return std::nullopt;
  auto& tensors = tracing.tape->tensors;
  const auto found = std::ranges::find(tensors, *name, &std::pair<std::string, Tensor>::first);
  const std::size_t operands = tracing.tape->function.parameters.size();
  if (found != tensors.end()) return tracing.graph.parameters[operands + std::size_t(found - tensors.begin())].value;
  tensors.emplace_back(*name, operand.tensor());
  const graph::ValueId id = graph::add_parameter(tracing.graph, api::describe(operand).type);
  // regions have parameters that stand for their results: tensors stay directly behind the operands
  std::rotate(tracing.graph.parameters.begin() + std::ptrdiff_t(operands + tensors.size()) - 1, tracing.graph.parameters.end() - 1, tracing.graph.parameters.end());
  return id;
}

/// Gives every operand that is not a Value a constant of the graph: captured tensors, numbers, factories' tensors.
std::vector<graph::ValueId> operand_values(const CallInfo& info, trace::Call& call, Tracing& tracing, const std::vector<Tensor>& made) {
  graph::Graph& graph = tracing.graph;
  const std::vector<DType> dtypes = trace::operand_dtypes(*call.op, call.operands);
  std::vector<graph::ValueId> values;
  for (std::size_t k = 0; k < info.operands.size(); ++k) {
    const Operand& operand = info.operands[k];
    if (operand.kind() == Operand::Kind::Value) {
      values.push_back(operand.value().id());
      continue;
    }
    const bool factory = operand.kind() == Operand::Kind::Factory;
    if (const auto named = named_tensor(tracing, operand)) values.push_back(*named);
    else values.push_back(factory ? graph::add_constant(graph, made[k]) : api::add_constant(graph, operand, dtypes[k]));
    call.operands[k] = {trace::Operand::Kind::Tensor, graph.values[values.back()].type};
  }
  return values;
}

std::vector<Tensor> factories(const CallInfo& info, trace::Call& call, const notation::Solved& solved) {
  std::vector<Tensor> made(info.operands.size());
  const std::vector<Shape> shapes = trace::operand_shapes(solved);
  for (std::size_t k = 0; k < made.size(); ++k) {
    if (info.operands[k].kind() != Operand::Kind::Factory) continue;
    made[k] = api::call_factory(info.operands[k], shapes[k], k, info);
    call.operands[k].type = api::describe(Operand(made[k])).type;
  }
  return made;
}

/// Values, and what the operands have become in the graph.
struct Appended {
  std::vector<Value> results;
  std::vector<graph::ValueId> inputs;
};

/// Appends the call to its trace; `wanted`: the number of results, or -1 for as many as there are.
Appended append_node(const CallInfo& info, const std::shared_ptr<Tracing>& tracing, std::ptrdiff_t wanted) {
  trace::Call call = api::describe(info);
  notation::Solved solved = trace::solve(call, trace::expand(call));
  if (wanted >= 0) api::require_results(info, solved.outputs.size(), std::size_t(wanted));
  const std::vector<Tensor> made = factories(info, call, solved);
  Appended appended{{}, operand_values(info, call, *tracing, made)};
  for (const graph::ValueId output : trace::append(tracing->graph, call, std::move(solved), appended.inputs)) appended.results.emplace_back(tracing, output);
  return appended;
}

// ---------------------------------------------------------------- recording
const Tensor& constant_of(const graph::Graph& graph, graph::ValueId id) {
  static const Tensor none;
  for (const graph::Constant& constant : graph.constants)
    if (constant.value == id) return constant.data;
  return none;
}

/// A factory was given the shape: everything that it follows from was looked at.
void look_at_all(Tape& tape, const CallInfo& info, const Tracing& tracing) {
  const auto look = [&](const Value& value) {
    const graph::Type& type = tracing.graph.values[value.id()].type;
    for (std::size_t axis = 0; axis < type.shape.size(); ++axis) tape.looked(value, int(axis), type.shape[axis]);
    if (const auto known = api::known_number(value))
      if (const auto* whole = std::get_if<std::int64_t>(&*known)) tape.looked(value, -3, *whole);
  };
  for (const Operand& operand : info.operands)
    if (operand.kind() == Operand::Kind::Value) look(operand.value());
  for (const Axis& axis : info.axes.items)
    if (axis.size.computed.tracing()) look(axis.size.computed);
}

void record_call(Tape& tape, const CallInfo& info, const Tracing& tracing, const Appended& made) {
  script::Call call{.op = std::string(info.op), .pattern = std::string(info.pattern), .keepdims = info.keepdims, .dialect = info.dialect,
                    .function = std::string(info.function)};
  bool factory = false;
  for (std::size_t k = 0; k < info.operands.size(); ++k) {
    factory |= info.operands[k].kind() == Operand::Kind::Factory;
    call.arguments.push_back(api::argument_of(tape, info.operands[k], constant_of(tracing.graph, made.inputs[k])));
  }
  for (const Axis& axis : info.axes.items) {
    script::NamedSize named{std::string(axis.name), script::Integer(axis.size.value)};
    if (axis.size.computed.tracing()) named.size = script::Integer(tape.variable(axis.size.computed));
    else if (axis.size.is_list) named.size = axis.size.list;
    call.sizes.push_back(std::move(named));
  }
  for (const Attribute& attribute : info.attributes)
    call.attributes.emplace_back(std::string(attribute.name), std::vector<std::int64_t>(attribute.values.begin(), attribute.values.end()));
  if (factory) look_at_all(tape, info, tracing);
  for (const Value& result : made.results) call.results.push_back(tape.define(result));
  tape.write(std::move(call));
}

/// The number that a computed size is: it follows from sizes, or is what the example operands make it.
std::int64_t resolved_size(const Axis& axis, const std::shared_ptr<Tracing>& tracing) {
  const Value& computed = axis.size.computed;
  const std::string size = "The size of axis " + std::string(axis.name);
  if (computed.tracing() != tracing) bad_value(size + " is a value of another traced function.");
  const auto known = api::known_number(computed);
  if (known && std::holds_alternative<std::int64_t>(*known)) return std::get<std::int64_t>(*known);
  const DType dtype = type_of(computed).dtype;
  if (known || dtype == DType::boolean || tensor::is_float(dtype) || !type_of(computed).shape.empty())
    support::raise<TypeError>({.kind = "script-size", .sentence = size + " is an integer of rank 0; this value is " +
                                                                  graph::text(type_of(computed)) + "."});
  if (!tracing->tape || !tracing->tape->example)
    bad_value(size + " is computed by the traced function, and there are no operands to compute it with.",
              "einx::jit computes it; a graph has only sizes that follow from shapes (einx::size).");
  tracing->tape->computed_sizes = true;
  const Tensor example = tracing->tape->example(computed);
  return tensor::convert(tensor::load(example.data(), example.dtype()), DType::i64).i;
}

/// Sizes that are values as numbers.
Axes resolved_axes(const Axes& axes, const std::shared_ptr<Tracing>& tracing) {
  Axes resolved = axes;
  for (Axis& axis : resolved.items)
    if (axis.size.computed.tracing()) axis.size = Size(resolved_size(axis, tracing));
  return resolved;
}

std::vector<Value> append(const CallInfo& info, std::ptrdiff_t wanted) {
  const std::shared_ptr<Tracing>& tracing = tracing_of(info);
  if (api::inside()) return append_node(info, tracing, wanted).results;
  Tape* const tape = tracing->tape ? &*tracing->tape : nullptr;
  Appended made = api::noting(tape, [&] {
    const Axes axes = resolved_axes(info.axes, tracing);
    const std::vector<Operand> operands = api::with_weak_numbers(info.operands);
    return append_node({info.op, info.pattern, operands, axes, info.keepdims, info.site, info.attributes, info.dialect, info.function}, tracing, wanted);
  });
  if (tape) record_call(*tape, info, *tracing, made);
  return std::move(made.results);
}

}  // namespace

void call(const CallInfo& info, std::span<Value> results) {
  std::vector<Value> made = append(info, std::ptrdiff_t(results.size()));
  std::move(made.begin(), made.end(), results.begin());
}

std::vector<Value> call_all_traced(const CallInfo& info) { return append(info, -1); }

// ---------------------------------------------------------------- traces
namespace api {
namespace {

thread_local std::shared_ptr<Tracing> current;

/// While a body runs, it is the thread's; traces nest.
class Scope {
 public:
  explicit Scope(const std::shared_ptr<Tracing>& tracing) : before_(std::exchange(current, tracing)), depth_(std::exchange(inside_depth(), 0)) {}
  ~Scope() {
    current = std::move(before_);
    inside_depth() = depth_;
  }
  Scope(const Scope&) = delete;

 private:
  std::shared_ptr<Tracing> before_;
  int depth_;  // what a factory or an operation of the user's traces is no part of the call that it is in
};

}  // namespace

const std::shared_ptr<Tracing>& current_tracing() { return current; }

void trace_into(const std::shared_ptr<Tracing>& tracing, std::string_view name, std::span<const graph::Type> types, const TraceBody& body,
                std::string_view foreign) {
  tracing->graph.name = name;
  std::vector<Value> parameters;
  for (const graph::Type& type : types) {
    parameters.emplace_back(tracing, add_parameter(tracing->graph, type));
    if (tracing->tape) tracing->tape->parameter(parameters.back(), type);
  }
  const Scope scope(tracing);
  script::Return results;
  for (const Value& result : body(parameters)) {
    if (result.tracing() != tracing)
      bad_value(std::string(foreign), "Return expressions of the arguments, or einx::constant(t) for a tensor.");
    tracing->graph.results.push_back(result.id());
    if (tracing->tape) results.values.emplace_back(tracing->tape->variable(result));
  }
  if (tracing->tape) tracing->tape->write(std::move(results));
}

graph::Graph write_graph(std::string_view name, std::span<const graph::Type> types, const TraceBody& body, std::string_view foreign) {
  const auto tracing = std::make_shared<Tracing>();
  trace_into(tracing, name, types, body, foreign);
  return tracing->graph;  // a copy: the user may have kept a value
}

graph::ValueId add_constant(graph::Graph& graph, const Operand& operand, DType dtype) {
  using Kind = Operand::Kind;
  switch (operand.kind()) {
    case Kind::Tensor:
      if (!operand.tensor().defined()) bad_value("An undefined tensor was given as a constant of a traced function.");
      return graph::add_constant(graph, operand.tensor());
    case Kind::WeakBool:
    case Kind::WeakInt:
    case Kind::WeakFloat: return graph::add_constant(graph, api::number(operand, dtype));
    default: bad_value("Only tensors and numbers can be constants of a traced function; this operand has no data yet.");
  }
}

}  // namespace api
}  // namespace detail

Value constant(const Operand& operand) {
  using namespace detail;
  if (operand.kind() == Operand::Kind::Value) return operand.value();
  const std::shared_ptr<Tracing>& tracing = api::current_tracing();
  if (!tracing) bad_value("einx::constant makes a value of a traced function, but none is being traced here.", "Use the tensor itself.");
  const bool number = operand.kind() != Operand::Kind::Tensor && operand.kind() != Operand::Kind::Factory && operand.kind() != Operand::Kind::Unknown;
  const DType dtype = number ? trace::weak_dtype(api::describe(operand).kind, {}) : DType::f32;
  const auto named = named_tensor(*tracing, operand);
  Value value(tracing, named ? *named : api::add_constant(tracing->graph, operand, dtype));
  if (!api::tape_of(value)) return value;
  const Tensor data = constant_of(tracing->graph, value.id());
  Tape& tape = *tracing->tape;
  script::Var variable = -1;
  if (operand.kind() == Operand::Kind::Tensor) variable = std::get<script::Var>(api::argument_of(tape, operand, data));
  else tape.write(script::Constant{variable = tape.fresh('c'), data});  // no weak number: a tensor of rank 0
  if (tape.knows(value)) value = api::distinct(value);
  tape.define(value, variable);
  return value;
}

}  // namespace einx
