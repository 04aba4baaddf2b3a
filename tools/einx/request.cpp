#include "request.h"

#include <algorithm>

#include "arguments.h"
#include "support/support.h"

namespace einx_command {
namespace {

namespace api = einx::detail::api;
namespace graph = einx::detail::graph;
namespace trace = einx::detail::trace;
using einx::Tensor;
using einx::detail::notation::Constraint;

/// Whether the public interface can express it: an integer or one list of integers.
bool plain(const Constraint& size) { return size.not_integer.empty() && size.dims.size() <= 1; }

einx::Axes public_sizes(const std::vector<Constraint>& sizes) {
  einx::Axes axes;
  for (const Constraint& size : sizes)
    axes.items.push_back({size.name, size.dims.empty() ? einx::Size(size.values.front())
                                                       : einx::Size(einx::Shape(size.values))});
  return axes;
}

std::vector<einx::detail::Attribute> public_attributes(const Request& request) {
  std::vector<einx::detail::Attribute> attributes;
  for (const auto& [name, values] : request.attributes) attributes.push_back({name, values});
  return attributes;
}

/// A tensor, or what a weak number stands for.
Tensor operand_tensor(const einx::Operand& operand, const graph::Type& type) {
  if (operand.kind() == einx::Operand::Kind::Tensor) return operand.tensor();
  const bool real = operand.kind() == einx::Operand::Kind::WeakFloat;
  return real ? Tensor::scalar(operand.real(), type.dtype) : Tensor::scalar(operand.integer(), type.dtype);
}

/// Sizes that no C++ caller could write (2.5, lists of lists) go to the pipeline directly: nearly always to
/// be refused by it.
api::Prepared prepare_directly(const Request& request) {
  trace::Call call = traced(request);
  const std::vector<einx::Shape> shapes = trace::operand_shapes(trace::solve(call, trace::expand(call)));
  std::vector<Tensor> operands(shapes.size());
  for (std::size_t k = 0; k < operands.size(); ++k) {
    if (call.operands[k].kind != trace::Operand::Kind::Factory) continue;
    operands[k] = request.operands.view()[k].factory()(shapes[k]);
    call.operands[k].type = graph::make_type(operands[k].dtype(), shapes[k]);
  }
  api::ExecutablePtr executable = api::compile(call);
  for (std::size_t k = 0; k < operands.size(); ++k)
    if (!operands[k].defined())
      operands[k] = operand_tensor(request.operands.view()[k], executable->inputs[k]);
  return {std::move(executable), std::move(operands)};
}

}  // namespace

trace::Call traced(const Request& request) {
  const einx::Axes none;
  const std::vector<einx::detail::Attribute> attributes = public_attributes(request);
  trace::Call call = api::describe({request.op, request.pattern, request.operands.view(), none, request.keepdims, {}, attributes,
                                    request.dialect, request.function});
  call.constraints = request.sizes;
  return call;
}

api::Prepared prepare(const Request& request, einx::Location site) {
  if (!std::all_of(request.sizes.begin(), request.sizes.end(), plain)) return prepare_directly(request);
  const einx::Axes axes = public_sizes(request.sizes);
  const std::vector<einx::detail::Attribute> attributes = public_attributes(request);
  return api::prepare({request.op, request.pattern, request.operands.view(), axes, request.keepdims, site, attributes, request.dialect,
                       request.function});
}

std::vector<Tensor> run(const api::Prepared& prepared) {
  return api::run(*prepared.executable, prepared.operands);
}

Constraint read_size(const std::string& name, const std::string& text) {
  Constraint size{.name = name};
  std::string_view inner = trimmed(text);
  bool list = inner.find(',') != std::string_view::npos;
  if (inner.starts_with('[') && inner.ends_with(']'))
    inner = trimmed(inner.substr(1, inner.size() - 2)), list = true;
  for (const std::string& item : split_list(inner)) {
    std::int64_t value = 0;
    if (!read_number(item, value)) size.not_integer = text;
    size.values.push_back(value);
  }
  if (list)
    size.dims = {std::int64_t(size.values.size())};
  else if (size.values.empty())
    size.not_integer = "nothing";
  return size;
}

std::vector<std::int64_t> read_parameter(const std::string& name, const std::string& text) {
  Constraint given = read_size(name, text);
  if (!given.not_integer.empty()) wrong_parameter(name, text);
  return std::move(given.values);
}

void wrong_parameter(const std::string& name, const std::string& given) {
  einx::detail::support::raise<einx::ValueError>(
      {.kind = "shift-type",
       .sentence = "The parameter " + name + " is " + given + ", which is neither an integer nor a list of integers.",
       .advice = {"Give one integer for all bracketed axes, or a list with one for each."}});
}

}  // namespace einx_command
