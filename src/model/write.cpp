#include "model/write.h"

#include <algorithm>

#include "api/api.h"
#include "api/tracing.h"
#include "reference/reference.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::model {
namespace {

using script::Argument;
using script::Arrange;
using script::Number;

Operand operand_of(const Number& known) {
  return std::visit([](auto number) { return Operand(number); }, known);
}

trace::Operand::Kind weak_kind(const Slot& slot) {
  using Kind = trace::Operand::Kind;
  if (slot.known) return std::array{Kind::WeakBool, Kind::WeakInt, Kind::WeakFloat}[slot.known->index()];
  const DType dtype = slot.value->dtype();
  return dtype == DType::boolean ? Kind::WeakBool : dtype == DType::i64 ? Kind::WeakInt : Kind::WeakFloat;
}

/// What is combined with what, as the tracer of calls wants to know it.
trace::Operand described(const Slot& slot) {
  if (slot.kind == Slot::Kind::Number) return {weak_kind(slot), {}};
  return {trace::Operand::Kind::Tensor, graph::make_type(slot.value->dtype(), slot.value->shape())};
}

std::int64_t integer(const script::Integer& wanted, const Frame& frame) {
  if (const auto* literal = std::get_if<std::int64_t>(&wanted)) return *literal;
  const Slot slot = slot_of(std::get<script::Var>(wanted), frame);
  return whole_number(slot.known.value());
}

// ---------------------------------------------------------------- calls
/// Sizes by name, as calls take them; `names` are the statement's.
Axes axes_of(const script::Call& call, const Frame& frame) {
  Axes axes;
  for (const script::NamedSize& named : call.sizes) {
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&named.size)) axes.items.push_back({named.name, Size(Shape(*list))});
    else axes.items.push_back({named.name, Size(integer(std::get<script::Integer>(named.size), frame))});
  }
  return axes;
}

bool converts(std::string_view op) { return op.starts_with("to_"); }

/// Operands of one call; those that are values live here.
class Operands {
 public:
  Operands(const script::Call& call, const std::vector<Slot>& slots, const Frame& frame) {
    std::vector<trace::Operand> descriptions;
    for (const Slot& slot : slots) descriptions.push_back(described(slot));
    const bool all_numbers = std::ranges::all_of(slots, [](const Slot& slot) { return slot.kind == Slot::Kind::Number; });
    const std::vector<DType> dtypes = trace::operand_dtypes(ops::get(call.op), descriptions);
    values_.reserve(slots.size());
    for (std::size_t k = 0; k < slots.size(); ++k) {
      const Slot& slot = slots[k];
      if (slot.kind == Slot::Kind::Number && slot.known && !slot.value && !all_numbers) {
        list_.push_back(operand_of(*slot.known));
        continue;
      }
      values_.push_back(value_of(slot, frame));
      if (slot.kind == Slot::Kind::Number && values_.back().dtype() != dtypes[k]) values_.back() = convert(values_.back(), dtypes[k]);
      list_.push_back(Operand(values_.back()));
    }
  }
  std::span<const Operand> list() const { return list_; }

 private:
  std::vector<Value> values_;
  std::vector<Operand> list_;
};

std::vector<Value> values_from(const script::Call& call, const std::vector<Slot>& slots, const Frame& frame) {
  const Operands operands(call, slots, frame);
  if (!call.pattern) return {detail::apply(call.op, operands.list())};
  const Axes axes = axes_of(call, frame);
  std::vector<Attribute> attributes;
  for (const auto& [name, values] : call.attributes) attributes.push_back({name, values});
  std::vector<Value> results(call.results.size());
  detail::call({call.op, *call.pattern, operands.list(), axes, call.keepdims, {}, attributes, call.dialect, call.function}, std::span<Value>(results));
  return results;
}

/// Arithmetic of known numbers, exactly as it would be when the function runs.
Tensor folded(const script::Call& call, const std::vector<Slot>& slots) {
  const graph::Graph graph = api::write_graph("folded", {}, [&](std::span<const Value>) { return values_from(call, slots, {}); }, "");
  return reference::run(graph, {}).at(0);
}

bool is_number_type(DType dtype) { return dtype == DType::boolean || dtype == DType::i64 || dtype == DType::f64; }

void write_call(const script::Call& call, Frame& frame) {
  std::vector<Slot> slots;
  for (const Argument& argument : call.arguments) slots.push_back(slot_of(argument, frame));
  const bool numbers = !call.pattern && !converts(call.op) && std::ranges::all_of(slots, [](const Slot& slot) { return slot.kind == Slot::Kind::Number; });
  if (numbers && std::ranges::all_of(slots, [](const Slot& slot) { return slot.known.has_value(); })) {
    for (Slot& slot : slots) slot.value.reset();  // of this trace, not of the one that folds
    const Tensor result = folded(call, slots);
    if (is_number_type(result.dtype())) {
      frame.slots[std::size_t(call.results.at(0))] = number(read_number(result));
      return;
    }
  }
  std::vector<Value> values = values_from(call, slots, frame);
  for (std::size_t k = 0; k < call.results.size(); ++k) {
    Slot made = tensor(values.at(k));
    if (numbers && is_number_type(made.value->dtype())) made.kind = Slot::Kind::Number;
    frame.slots[std::size_t(call.results[k])] = std::move(made);
  }
}

// ---------------------------------------------------------------- arrangements
/// A literal, or a variable whose value is known; an open end stays one.
std::optional<std::int64_t> optional_integer(const Arrange& arrange, std::size_t k, const Frame& frame) {
  if (k >= arrange.integers.size() || !arrange.integers[k]) return std::nullopt;
  return integer(*arrange.integers[k], frame);
}
std::int64_t integer_at(const Arrange& arrange, std::size_t k, const Frame& frame) { return optional_integer(arrange, k, frame).value(); }

Shape integers(const Arrange& arrange, const Frame& frame) {
  Shape shape;
  for (const auto& wanted : arrange.integers) shape.push_back(integer(wanted.value(), frame));
  return shape;
}

/// One row by a position that is computed: checked when the function runs.
Value gather_row(const Value& x, std::int64_t axis, const Value& index) {
  const auto rank = std::int64_t(x.shape().size());
  const std::int64_t along = axis < 0 ? axis + rank : axis;
  std::vector<std::string> inputs, outputs;
  for (std::int64_t d = 0; d < rank; ++d) {
    const std::string name = "a" + std::to_string(d);
    inputs.push_back(d == along ? "[" + name + "]" : name);
    if (d != along) outputs.push_back(name);
  }
  const std::string pattern = support::join(inputs, " ") + ", -> " + support::join(outputs, " ");
  const Operand operands[] = {Operand(x), Operand(index)};
  const Axes none;
  return call_one<Value>({"get_at", pattern, operands, none});
}

std::int64_t size_of_axis(const Value& x, std::int64_t axis) {
  const Shape shape = x.shape();
  const auto rank = std::int64_t(shape.size());
  if (axis >= -rank && axis < rank) return shape[std::size_t(axis < 0 ? axis + rank : axis)];
  support::raise<ValueError>({.kind = "bad-view", .sentence = "size of axis " + std::to_string(axis) + " of " + std::to_string(rank) + " axes."});
}

/// By a literal, or by a variable: whether its value is known when this is written must not show, so what is out of range is left to the gather.
Value select_row(const Arrange& arrange, const Value& x, const Frame& frame) {
  const script::Integer& at = arrange.integers.at(1).value();
  const std::int64_t axis = integer_at(arrange, 0, frame);
  if (const auto* literal = std::get_if<std::int64_t>(&at)) return values::select(x, int(axis), *literal);
  const Slot index = slot_of(std::get<script::Var>(at), frame);
  const auto* known = index.known ? std::get_if<std::int64_t>(&*index.known) : nullptr;
  const std::int64_t size = size_of_axis(x, axis);
  if (known && *known >= -size && *known < size) return values::select(x, int(axis), *known);
  return gather_row(x, axis, value_of(index, frame));
}

Slot arranged(const Arrange& arrange, const Frame& frame) {
  using Kind = Arrange::Kind;
  const Slot first = slot_of(arrange.arguments.at(0), frame);
  if (arrange.kind == Kind::Copy) return first;
  std::vector<Value> values;
  for (const Argument& argument : arrange.arguments) values.push_back(value_of(slot_of(argument, frame), frame));
  const Value& x = values[0];
  switch (arrange.kind) {
    case Kind::Size: return number(size_of_axis(x, integer_at(arrange, 0, frame)));
    case Kind::Rank: return number(std::int64_t(x.shape().size()));
    case Kind::Reshape: return tensor(values::reshape(x, integers(arrange, frame)));
    case Kind::BroadcastTo: return tensor(values::broadcast_to(x, integers(arrange, frame)));
    case Kind::Transpose: {
      const Shape order = integers(arrange, frame);
      return tensor(order.empty() ? values::transpose(x) : values::transpose(x, std::vector<int>(order.begin(), order.end())));
    }
    case Kind::Slice:
      return tensor(values::slice(x, int(integer_at(arrange, 0, frame)), optional_integer(arrange, 1, frame), optional_integer(arrange, 2, frame),
                                  optional_integer(arrange, 3, frame).value_or(1)));
    case Kind::Select: return tensor(select_row(arrange, x, frame));
    case Kind::Stack: return tensor(einx::stack(values, int(integer_at(arrange, 0, frame))));
    case Kind::Concat: return tensor(einx::concat(values, int(integer_at(arrange, 0, frame))));
    case Kind::Copy: break;
  }
  support::internal_error("every kind of arrangement is written");
}

bool known(const script::Integer& wanted, const Frame& frame) {
  const auto* variable = std::get_if<script::Var>(&wanted);
  return !variable || slot_of(*variable, frame).known.has_value();
}

}  // namespace

Slot number(Number known) { return {Slot::Kind::Number, {}, known}; }
Slot tensor(Value value) { return {Slot::Kind::Tensor, std::move(value), {}}; }

bool truth(const Number& known) {
  return std::visit([](auto number) { return number != 0; }, known);
}

Number read_number(const Tensor& tensor) {
  std::int64_t elements = 1;
  for (const std::int64_t size : tensor.shape()) elements *= size;
  if (elements != 1)
    support::raise<TypeError>({.kind = "script-condition",
                               .sentence = "A condition, size or count is one number, but this value has the shape " +
                                           support::tuple_text(Shape(tensor.shape().begin(), tensor.shape().end())) + ".",
                               .advice = {"Reduce it first, for instance with any, all or sum."}});
  const tensor::Scalar scalar = tensor::load(tensor.data(), tensor.dtype());
  if (tensor.dtype() == DType::boolean) return tensor::to_double(scalar) != 0;
  if (tensor::is_float(tensor.dtype())) return tensor::to_double(scalar);
  return tensor::convert(scalar, DType::i64).i;
}

Tensor tensor_of(const Number& known) {
  return std::visit([](auto number) { return Tensor::scalar(number); }, known);
}

std::int64_t whole_number(const Number& known) {
  if (const auto* whole = std::get_if<std::int64_t>(&known)) return *whole;
  support::raise<TypeError>({.kind = "script-size", .sentence = "A size, count or position is an integer; this value is " +
                                                                std::string(known.index() == 0 ? "a bool." : "a floating-point number.")});
}

DType declared_dtype(DType number, const script::TypePattern& declared) {
  if (!declared.dtype || number == DType::boolean) return declared.dtype.value_or(number);
  const bool fits = tensor::is_float(*declared.dtype) || (number == DType::i64 && tensor::is_integer(*declared.dtype));
  return fits ? *declared.dtype : number;
}

void too_deep(std::string_view function) {
  support::raise<CallOperationError>({.kind = "runtime",
                                      .sentence = "Functions call each other more than " + std::to_string(kMaxDepth) + " deep; the next would be '" +
                                                  std::string(function) + "'.",
                                      .advice = {"A recursion needs a branch that returns without it; a loop has no limit."}});
}

Slot slot_of(const Argument& argument, const Frame& frame) {
  if (const auto* literal = std::get_if<Number>(&argument)) return number(*literal);
  const auto variable = std::size_t(std::get<script::Var>(argument));
  const Slot& slot = frame.slots.at(variable);
  if (slot.kind != Slot::Kind::Unset) return slot;
  const std::string name = frame.names && variable < frame.names->size() ? "The variable '" + (*frame.names)[variable] + "'" : "A variable";
  support::raise<ValueError>({.kind = "script-variable", .sentence = name + " is read here, but nothing was assigned to it on the way."});
}

Value value_of(const Slot& slot, const Frame& frame) {
  if (slot.value) return *slot.value;
  if (frame.materialise) return frame.materialise(slot.known.value());
  return constant(operand_of(slot.known.value()));
}

void write(const script::Statement& statement, Frame& frame) {
  support::match(
      statement.node,  //
      [&](const script::Call& call) { write_call(call, frame); },
      [&](const Arrange& arrange) { frame.slots[std::size_t(arrange.result)] = arranged(arrange, frame); },
      [&](const script::Constant& constant) { frame.slots[std::size_t(constant.result)] = tensor(einx::constant(constant.data)); },
      [&](const script::Parameter& parameter) { frame.slots[std::size_t(parameter.result)] = tensor(frame.parameter(parameter.name)); },
      [&](const script::Assume&) {},
      [](const auto&) { support::internal_error("control flow is not written into a graph"); });
}

std::optional<script::Var> wanted(const script::Statement& statement, const Frame& frame) {
  std::optional<script::Var> found;
  const auto look = [&](const script::Integer& wanted) {
    if (!found && !known(wanted, frame)) found = std::get<script::Var>(wanted);
  };
  if (const auto* call = std::get_if<script::Call>(&statement.node)) {
    for (const script::NamedSize& named : call->sizes)
      if (const auto* size = std::get_if<script::Integer>(&named.size)) look(*size);
  } else if (const auto* arrange = std::get_if<Arrange>(&statement.node)) {
    // a row by a computed position is a gather
    const std::size_t count = arrange->kind == Arrange::Kind::Select ? 1 : arrange->integers.size();
    for (std::size_t k = 0; k < count && k < arrange->integers.size(); ++k)
      if (arrange->integers[k]) look(*arrange->integers[k]);
  }
  return found;
}

bool broken(const script::Assume& assume, const Frame& frame) {
  if (assume.axis == -3) {
    const Slot slot = slot_of(assume.of, frame);
    return !slot.known || slot.known != script::Number(assume.value);
  }
  const Value value = value_of(slot_of(assume.of, frame), frame);
  if (assume.axis == -2) return std::int64_t(value.dtype()) != assume.value;
  const Shape shape = value.shape();
  if (assume.axis == -1) return std::int64_t(shape.size()) != assume.value;
  return std::size_t(assume.axis) >= shape.size() || shape[std::size_t(assume.axis)] != assume.value;
}

}  // namespace einx::detail::model
