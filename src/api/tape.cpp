// The recording of a traced function: its statements as they are made.
#include <algorithm>

#include "api/operands.h"
#include "api/tracing.h"
#include "reference/reference.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {

using script::Var;

Var Tape::variable(const Value& value) const {
  const auto found = places_.find(value.id());
  if (found == places_.end()) support::internal_error("every value of a recorded function has a variable");
  if (open_now(found->second.scope)) return found->second.variable;
  support::raise<TypeError>({.kind = "operand-kind",
                             .sentence = "A value that was made in a branch or loop is used outside of it, where it may not exist.",
                             .advice = {"Return it from the branch: einx::cond, einx::while_loop and einx::for_each give what their functions return."}});
}

Var Tape::fresh(char kind) {
  function.variables.push_back(std::string(1, kind) + std::to_string(function.variables.size()));
  return Var(function.variables.size()) - 1;
}

void Tape::define(const Value& value, Var variable) { places_[value.id()] = {variable, scopes_.back()}; }

Var Tape::define(const Value& value) {
  const Var variable = fresh();
  define(value, variable);
  return variable;
}

void Tape::parameter(const Value& value, const graph::Type& type) {
  const Var variable = fresh('x');
  define(value, variable);
  script::TypePattern pattern{.dtype = type.dtype, .dims = std::vector<script::Dim>(type.shape.size()), .strides = {}};
  function.parameters.push_back({variable, std::move(pattern), {}});
  parameters_.emplace_back(variable, type.shape);
}

void Tape::looked(const Value& value, int axis, std::int64_t found) {
  if (!knows(value)) return;
  const Var of = places_.at(value.id()).variable;
  if (std::ranges::any_of(scopes_, [&](int scope) { return looked_.contains({of, axis, scope}); })) return;
  looked_.insert({of, axis, scopes_.back()});
  write(script::Assume{of, axis, found});
  if (axis < 0) return;  // ranks and dtypes are always those of the trace
  const auto operand = std::ranges::find(parameters_, of, &std::pair<Var, Shape>::first);
  const std::string where = "axis " + std::to_string(axis) + ": " + std::to_string(found);
  if (operand == parameters_.end()) warnings.push_back("a size of a computed value (" + where + ") was read");
  else warnings.push_back("a size of operand #" + std::to_string(operand - parameters_.begin() + 1) + " (" + where + ") was read");
}

script::Body Tape::close() {
  close_scope();
  script::Body body = std::move(bodies_.back());
  bodies_.pop_back();
  return body;
}

script::Body Tape::finish() {
  script::Body body;
  for (const auto& [variable, shape] : parameters_)
    for (std::size_t axis = 0; raised && axis < shape.size(); ++axis) body.push_back({{}, script::Assume{variable, int(axis), shape[axis]}});
  std::ranges::move(bodies_.front(), std::back_inserter(body));
  return body;
}

namespace api {
namespace {

thread_local int depth = 0;

bool is_weak(const Operand& operand) {
  using Kind = Operand::Kind;
  return operand.kind() == Kind::WeakBool || operand.kind() == Kind::WeakInt || operand.kind() == Kind::WeakFloat;
}

script::Number weak_number(const Operand& operand) {
  if (operand.kind() == Operand::Kind::WeakBool) return operand.integer() != 0;
  if (operand.kind() == Operand::Kind::WeakInt) return operand.integer();
  return operand.real();
}

std::optional<script::Number> number_of(const Operand& operand) {
  if (operand.kind() == Operand::Kind::Value) return known_number(operand.value());
  return is_weak(operand) ? std::optional(weak_number(operand)) : std::nullopt;
}

Operand weak_operand(const script::Number& number) {
  return std::visit([](auto known) { return Operand(known); }, number);
}

}  // namespace

Inside::Inside() { ++depth; }
Inside::~Inside() { --depth; }
bool inside() { return depth > 0; }
int& inside_depth() { return depth; }

Tape* tape_of(const Value& value) {
  return !inside() && value.tracing() && value.tracing()->tape ? &*value.tracing()->tape : nullptr;
}
Tape* tape_of(std::span<const Operand> operands) {
  for (const Operand& operand : operands)
    if (operand.kind() == Operand::Kind::Value) return tape_of(operand.value());
  return nullptr;
}

Value placeholder(const std::shared_ptr<Tracing>& tracing, graph::Type type) {
  tracing->tape.value().placeholders = true;
  return Value(tracing, graph::add_parameter(tracing->graph, std::move(type)));
}

Value distinct(const Value& value) {
  const Inside scope;
  std::string axes;
  for (std::size_t k = 0; k < value.shape().size(); ++k) axes.append(k ? " a" : "a").append(std::to_string(k));
  const std::string pattern = axes + " -> " + axes;
  const Operand operands[] = {Operand(value)};
  const Axes none;
  return call_one<Value>({"id", pattern, operands, none});
}

std::optional<script::Number> known_number(const Value& value) {
  if (!value.tracing()) return std::nullopt;
  const auto found = value.tracing()->numbers.find(value.id());
  return found == value.tracing()->numbers.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Operand> with_weak_numbers(std::span<const Operand> operands) {
  std::vector<Operand> weak(operands.begin(), operands.end());
  if (std::ranges::all_of(operands, [](const Operand& operand) { return number_of(operand).has_value(); })) return weak;
  for (Operand& operand : weak)
    if (operand.kind() == Operand::Kind::Value)
      if (const auto known = known_number(operand.value())) operand = weak_operand(*known);
  return weak;
}

script::Argument argument_of(Tape& tape, const Operand& operand, const Tensor& constant) {
  if (operand.kind() == Operand::Kind::Value) return tape.variable(operand.value());
  if (is_weak(operand)) return weak_number(operand);
  const Var variable = tape.fresh('c');
  const bool named = operand.kind() == Operand::Kind::Tensor && tape.name_of;
  const auto name = named ? tape.name_of(operand.tensor()) : std::nullopt;
  if (name) tape.write(script::Parameter{variable, *name});
  else tape.write(script::Constant{variable, constant});
  return variable;
}

Value number_value(const std::shared_ptr<Tracing>& tracing, script::Number known) {
  const DType dtype = std::array{DType::boolean, DType::i64, DType::f64}[known.index()];
  const Operand operand = weak_operand(known);
  const Value value(tracing, add_constant(tracing->graph, operand, dtype));
  tracing->numbers[value.id()] = known;
  return value;
}

std::optional<script::Number> folded(std::string_view op, std::span<const Operand> operands) {
  if (op.starts_with("to_")) return std::nullopt;
  std::vector<trace::Operand> kinds;
  std::vector<Operand> numbers;
  for (const Operand& operand : operands) {
    const auto known = number_of(operand);
    if (!known) return std::nullopt;
    numbers.push_back(weak_operand(*known));
    kinds.push_back(describe(numbers.back()));
  }
  const std::vector<DType> dtypes = trace::operand_dtypes(ops::get(op), kinds);
  const auto body = [&](std::span<const Value>) {
    std::vector<Value> values;
    for (std::size_t k = 0; k < numbers.size(); ++k) values.emplace_back(current_tracing(), add_constant(current_tracing()->graph, numbers[k], dtypes[k]));
    const std::vector<Operand> list(values.begin(), values.end());
    return std::vector<Value>{detail::apply(op, list)};
  };
  const Tensor made = reference::run(write_graph("folded", {}, body, ""), {}).at(0);
  const tensor::Scalar scalar = tensor::load(made.data(), made.dtype());
  if (made.dtype() == DType::boolean) return script::Number(tensor::to_double(scalar) != 0);
  if (made.dtype() == DType::i64) return script::Number(tensor::convert(scalar, DType::i64).i);
  if (made.dtype() == DType::f64) return script::Number(tensor::to_double(scalar));
  return std::nullopt;
}

Value write_arranged(script::Arrange::Kind kind, std::span<const Value> operands, std::vector<std::optional<script::Integer>> integers, Value made) {
  Tape* const tape = operands.empty() ? nullptr : tape_of(operands[0]);
  if (!tape) return made;
  script::Arrange arrange{.kind = kind, .arguments = {}, .integers = std::move(integers)};
  for (const Value& operand : operands) arrange.arguments.emplace_back(tape->variable(operand));
  if (tape->knows(made)) made = distinct(made);
  arrange.result = tape->define(made);
  tape->write(std::move(arrange));
  return made;
}

}  // namespace api
}  // namespace einx::detail
