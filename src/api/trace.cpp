// Operations on Values write nodes into a graph instead of computing.
#include "api/api.h"
#include "api/operands.h"
#include "api/tracing.h"
#include "support/support.h"

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

DType Value::dtype() const { return detail::type_of(*this).dtype; }
Shape Value::shape() const { return detail::type_of(*this).shape; }

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

/// Gives every operand that is not a Value a constant of the graph: captured tensors, numbers, factories' tensors.
std::vector<graph::ValueId> operand_values(const CallInfo& info, trace::Call& call, graph::Graph& graph, const std::vector<Tensor>& made) {
  const std::vector<DType> dtypes = trace::operand_dtypes(*call.op, call.operands);
  std::vector<graph::ValueId> values;
  for (std::size_t k = 0; k < info.operands.size(); ++k) {
    const Operand& operand = info.operands[k];
    if (operand.kind() == Operand::Kind::Value) {
      values.push_back(operand.value().id());
      continue;
    }
    const bool factory = operand.kind() == Operand::Kind::Factory;
    values.push_back(factory ? graph::add_constant(graph, made[k]) : api::add_constant(graph, operand, dtypes[k]));
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

/// Appends the call to its trace; `wanted`: the number of results, or -1 for as many as there are.
std::vector<Value> append(const CallInfo& info, std::ptrdiff_t wanted) {
  const std::shared_ptr<Tracing>& tracing = tracing_of(info);
  trace::Call call = api::describe(info);
  notation::Solved solved = trace::solve(call, trace::expand(call));
  if (wanted >= 0) api::require_results(info, solved.outputs.size(), std::size_t(wanted));
  const std::vector<Tensor> made = factories(info, call, solved);
  const std::vector<graph::ValueId> inputs = operand_values(info, call, tracing->graph, made);
  std::vector<Value> results;
  for (const graph::ValueId output : trace::append(tracing->graph, call, std::move(solved), inputs)) results.emplace_back(tracing, output);
  return results;
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
  explicit Scope(const std::shared_ptr<Tracing>& tracing) : before_(std::exchange(current, tracing)) {}
  ~Scope() { current = std::move(before_); }
  Scope(const Scope&) = delete;

 private:
  std::shared_ptr<Tracing> before_;
};

}  // namespace

const std::shared_ptr<Tracing>& current_tracing() { return current; }

graph::Graph write_graph(std::string_view name, std::span<const graph::Type> types, const TraceBody& body, std::string_view foreign) {
  const auto tracing = std::make_shared<Tracing>();
  tracing->graph.name = name;
  std::vector<Value> parameters;
  for (const graph::Type& type : types) parameters.emplace_back(tracing, add_parameter(tracing->graph, type));
  const Scope scope(tracing);
  for (const Value& result : body(parameters)) {
    if (result.tracing() != tracing)
      bad_value(std::string(foreign), "Return expressions of the arguments, or einx::constant(t) for a tensor.");
    tracing->graph.results.push_back(result.id());
  }
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
  return Value(tracing, api::add_constant(tracing->graph, operand, dtype));
}

}  // namespace einx
