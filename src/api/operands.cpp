#include "api/operands.h"

#include <algorithm>

#include "support/support.h"
#include "tensor/tensor.h"

namespace einx {

namespace {

Shape shape_of(std::span<const std::int64_t> sizes) { return {sizes.begin(), sizes.end()}; }

Tensor tensor_of(const View& view) {
  if (!view.data && std::ranges::find(view.shape, 0) == view.shape.end())
    detail::support::raise<ValueError>({.kind = "bad-view", .sentence = "A view given as an operand has no address."});
  if (view.strides.empty()) return Tensor::view(view.data, view.dtype, shape_of(view.shape));
  return Tensor::view(view.data, view.dtype, shape_of(view.shape), shape_of(view.strides));
}

}  // namespace

Operand::Operand(const View& view)
    : kind_(Kind::Tensor), owned_(std::make_shared<Tensor>(tensor_of(view))), tensor_(owned_.get()) {}

Spec::Spec(const Tensor& like) : dtype(like.dtype()), shape(shape_of(like.shape())) {
  if (!like.contiguous()) strides = shape_of(like.strides());
}

}  // namespace einx

namespace einx::detail::api {
namespace {

/// A call of tensors computes now, where a size that a traced function has for later is not known.
[[noreturn]] void refuse_computed(const Axis& axis) {
  support::raise<TypeError>({.kind = "operand-kind",
                             .sentence = "The size of axis " + std::string(axis.name) + " is a traced einx::Value, but no operand of the call is one.",
                             .advice = {"einx::constant makes a value of a tensor, so that the call becomes part of the traced function."}});
}

}  // namespace

void key_call(cache::KeyBuilder& key, const CallInfo& info) {
  key.text(info.op);
  key.text(info.pattern);
  key.byte(static_cast<std::uint8_t>(info.dialect) << 1 | info.keepdims);
  if (info.dialect != Dialect::Einx) key.text(info.function);
  key.number(static_cast<std::int64_t>(info.axes.items.size()));
  for (const Axis& axis : info.axes.items) {
    if (axis.size.computed.tracing()) refuse_computed(axis);
    key.text(axis.name);
    key.byte(axis.size.is_list);
    if (axis.size.is_list) key.numbers(axis.size.list);
    else key.number(axis.size.value);
  }
  key.number(static_cast<std::int64_t>(info.attributes.size()));
  for (const Attribute& attribute : info.attributes) {
    key.text(attribute.name);
    key.numbers(attribute.values);
  }
}

void key_operand(cache::KeyBuilder& key, const Operand& operand, const Tensor* made) {
  const bool undefined = operand.kind() == Operand::Kind::Tensor && !operand.tensor().defined();  // else it looks like an f32 number
  key.byte(static_cast<std::uint8_t>(undefined ? Operand::Kind::Unknown : operand.kind()));
  if (operand.kind() == Operand::Kind::Tensor) made = &operand.tensor();
  if (made) key.tensor(made->dtype(), made->shape(), made->strides());
}

graph::Type type_of(const Spec& spec, const std::string& which) {
  constexpr std::size_t kMostAxes = 64;
  const bool sizes = std::ranges::all_of(spec.shape, [](std::int64_t size) { return size >= 0; });
  if (!sizes || spec.shape.size() > kMostAxes || !graph::addressable(spec.shape, spec.dtype))
    support::raise<ValueError>({.kind = "bad-shape",
                                .sentence = "Spec " + which + " has the shape " + support::tuple_text(spec.shape) + ", which no tensor can have."});
  const bool strides = !spec.strides || (spec.strides->size() == spec.shape.size() && graph::reachable(spec.shape, *spec.strides, spec.dtype));
  if (!strides)
    support::raise<ValueError>({.kind = "bad-view",
                                .sentence = "Spec " + which + " has the strides " + support::tuple_text(*spec.strides) + ", which do not fit its shape " +
                                            support::tuple_text(spec.shape) + "."});
  return graph::make_type(spec.dtype, spec.shape, spec.strides);
}

std::vector<notation::Constraint> constraints(const Axes& axes) {
  std::vector<notation::Constraint> result;
  for (const Axis& axis : axes.items) {
    if (axis.size.computed.tracing()) refuse_computed(axis);
    notation::Constraint constraint{.name = std::string(axis.name)};
    if (axis.size.is_list) {
      constraint.dims = {static_cast<std::int64_t>(axis.size.list.size())};
      constraint.values = axis.size.list;
    } else {
      constraint.values = {axis.size.value};
    }
    result.push_back(std::move(constraint));
  }
  return result;
}

trace::Operand describe(const Operand& operand) {
  using Kind = trace::Operand::Kind;
  switch (operand.kind()) {
    case Operand::Kind::Tensor: {
      const Tensor& tensor = operand.tensor();
      const Shape shape(tensor.shape().begin(), tensor.shape().end());
      return {Kind::Tensor, graph::make_type(tensor.dtype(), shape, Shape(tensor.strides().begin(), tensor.strides().end()))};
    }
    case Operand::Kind::Value: return {Kind::Tensor, graph::make_type(operand.value().dtype(), operand.value().shape())};
    case Operand::Kind::WeakBool: return {Kind::WeakBool, {}};
    case Operand::Kind::WeakInt: return {Kind::WeakInt, {}};
    case Operand::Kind::WeakFloat: return {Kind::WeakFloat, {}};
    case Operand::Kind::Factory: return {Kind::Factory, {}};
    case Operand::Kind::Unknown: return {Kind::Unknown, {}};
  }
  support::internal_error("every operand has a kind");
}

Tensor number(const Operand& operand, DType dtype) {
  return operand.kind() == Operand::Kind::WeakFloat ? Tensor::scalar(operand.real(), dtype) : Tensor::scalar(operand.integer(), dtype);
}

namespace {

[[noreturn]] void factory_failed(std::string_view op, std::string_view pattern, std::size_t position, const Shape& shape, const std::string& why) {
  support::raise<CallOperationError>({.kind = "runtime",
                                      .sentence = "The factory given as operand #" + std::to_string(position + 1) + " of " + std::string(op) +
                                                  " was called with shape " + support::tuple_text(shape) + " and " + why,
                                      .pattern = std::string(pattern),
                                      .show_pattern = !pattern.empty(),
                                      .advice = {"A factory takes the solved shape and returns a tensor of exactly that shape."}});
}

}  // namespace

Tensor run_factory(const Operand& operand, const Shape& shape, std::size_t position, std::string_view op, std::string_view pattern) {
  try {
    return operand.factory()(shape);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    factory_failed(op, pattern, position, shape, std::string("threw: ") + error.what());
  } catch (...) {
    factory_failed(op, pattern, position, shape, "threw something that is not a std::exception.");
  }
}

Tensor call_factory(const Operand& operand, const Shape& shape, std::size_t position, const CallInfo& info) {
  const Tensor made = run_factory(operand, shape, position, info.op, info.pattern);
  if (!made.defined()) factory_failed(info.op, info.pattern, position, shape, "returned an undefined tensor.");
  const Shape got(made.shape().begin(), made.shape().end());
  if (got != shape) factory_failed(info.op, info.pattern, position, shape, "returned a tensor of shape " + support::tuple_text(got) + ".");
  return made;
}

void require_results(const CallInfo& info, std::size_t outputs, std::size_t wanted) {
  if (outputs == wanted) return;
  support::raise<SemanticError>({.kind = "num-output-exprs",
                                 .sentence = "The expression has " + std::to_string(outputs) + " outputs, but the call takes " +
                                             std::to_string(wanted) + ".",
                                 .pattern = std::string(info.pattern),
                                 .show_pattern = true,
                                 .advice = {"Use einx::id<N>(...) for N outputs, or einx::id_all(...) for any number."}});
}

namespace {

std::string dim_text(const notation::Solved& solved, const notation::Dim& dim) {
  if (dim.kind == notation::Dim::Kind::Axis) return solved.axes[dim.axis].source;
  std::vector<std::string> parts;
  for (const notation::Dim& part : dim.parts) parts.push_back(dim_text(solved, part));
  return "(" + support::join(parts, dim.kind == notation::Dim::Kind::Group ? " " : " + ") + ")";
}

/// The expression of each dimension of each operand; nothing if the call cannot be solved.
std::vector<std::vector<std::string>> axis_labels(const trace::Call& call) {
  std::vector<std::vector<std::string>> labels(call.operands.size());
  try {
    const notation::Solved solved = trace::solve(call, trace::expand(call));
    for (std::size_t k = 0; k < std::min(labels.size(), solved.inputs.size()); ++k)  // a list of einops is one input
      for (const notation::Dim& dim : solved.inputs[k].dims) labels[k].push_back(dim_text(solved, dim));
  } catch (const Error&) {  // the call itself is about to raise it
  }
  return labels;
}

std::string kind_text(trace::Operand::Kind kind) {
  using Kind = trace::Operand::Kind;
  switch (kind) {
    case Kind::Tensor: return "tensor";
    case Kind::WeakBool: return "bool";
    case Kind::WeakInt: return "integer";
    case Kind::WeakFloat: return "real number";
    default: return "factory";
  }
}

}  // namespace

cache::Signature signature(const trace::Call& call) {
  cache::Signature result{.op = std::string(call.op->name), .pattern = call.pattern};
  if (!cache::retraces().watches()) return result;
  auto labels = axis_labels(call);
  for (std::size_t k = 0; k < call.operands.size(); ++k) {
    const trace::Operand& operand = call.operands[k];
    using Kind = trace::Operand::Kind;
    const bool tensor = operand.kind == Kind::Tensor;
    result.operands.push_back({kind_text(operand.kind), operand.type.dtype,
                               operand.type.shape, operand.type.strides, tensor ? std::move(labels[k]) : std::vector<std::string>{}});
  }
  for (const notation::Constraint& constraint : call.constraints) result.sizes.emplace_back(constraint.name, constraint.text());
  for (const auto& [name, values] : call.attributes) result.sizes.emplace_back(name, support::tuple_text(values));
  return result;
}

std::vector<Tensor> operand_tensors(std::span<const Operand> operands, std::string_view callee) {
  using Kind = Operand::Kind;
  std::vector<Tensor> tensors;
  for (const Operand& operand : operands) {
    const Kind kind = operand.kind();
    if (kind == Kind::Tensor && operand.tensor().defined()) tensors.push_back(operand.tensor());
    else if (kind == Kind::WeakBool || kind == Kind::WeakInt || kind == Kind::WeakFloat)
      tensors.push_back(number(operand, trace::weak_dtype(describe(operand).kind, {})));
    else
      support::raise<TypeError>({.kind = "operand-kind",
                                 .sentence = std::string(callee) + " takes tensors and numbers; operand #" + std::to_string(tensors.size() + 1) + " is neither."});
  }
  return tensors;
}

}  // namespace einx::detail::api
