#include "passes/einsums.h"

#include <cmath>
#include <limits>
#include <map>

#include "reference/reference.h"

namespace einsums {
namespace {

namespace notation = einx::detail::notation;
namespace ops = einx::detail::ops;

class Letters {
 public:
  explicit Letters(notation::Solved& expr) : expr_(expr) {}
  notation::TensorExpr tensor(std::string_view letters, const einx::Shape& shape) {
    notation::TensorExpr out;
    for (std::size_t k = 0; k < letters.size(); ++k) out.dims.push_back({notation::Dim::Kind::Axis, axis(letters[k], shape[k]), {}});
    return out;
  }
  int axis(char letter, std::int64_t size) {
    const auto [found, fresh] = number_.emplace(letter, int(expr_.axes.size()));
    if (fresh) expr_.axes.push_back({std::string(1, letter), size, true, false, ""});
    return found->second;
  }
  notation::TensorExpr output(std::string_view letters) {
    notation::TensorExpr out = tensor(letters, einx::Shape(letters.size(), 0));
    for (const notation::Dim& dim : out.dims) expr_.axes[std::size_t(dim.axis)].bracketed = false;
    return out;
  }

 private:
  notation::Solved& expr_;
  std::map<char, int> number_;
};

std::vector<std::string_view> terms_of(std::string_view inputs) {
  std::vector<std::string_view> terms;
  for (std::size_t at = 0; at <= inputs.size();) {
    const std::size_t end = std::min(inputs.find(',', at), inputs.size());
    terms.push_back(inputs.substr(at, end - at));
    at = end + 1;
  }
  return terms;
}

}  // namespace

graph::ValueId einsum(graph::Graph& graph, std::string_view equation, const std::vector<graph::ValueId>& operands, std::string_view repeated) {
  const std::size_t arrow = equation.find("->");
  notation::Solved expr;
  Letters letters(expr);
  const auto terms = terms_of(equation.substr(0, arrow));
  for (std::size_t k = 0; k < terms.size(); ++k) expr.inputs.push_back(letters.tensor(terms[k], graph.values.at(std::size_t(operands.at(k))).type.shape));
  for (std::size_t k = 0; k + 1 < repeated.size(); k += 2) letters.axis(repeated[k], repeated[k + 1] - '0');
  expr.outputs = {letters.output(equation.substr(arrow + 2))};
  const ops::Op& op = ops::get(repeated.empty() ? "einsum" : "id");
  return graph::add_node(graph, op, std::move(expr), operands)[0];
}

graph::ValueId scaled(graph::Graph& graph, double number, graph::ValueId value) {
  const graph::Type type = graph.values[std::size_t(value)].type;
  const graph::ValueId constant = graph::add_constant(graph, einx::Tensor::full({}, number, type.dtype));
  notation::Solved expr;
  Letters letters(expr);
  const std::string names = std::string("abcdefghijklmnopqrstuvwxyz").substr(0, type.shape.size());
  expr.inputs = {letters.tensor("", {}), letters.tensor(names, type.shape)};
  expr.outputs = {letters.output(names)};
  return graph::add_node(graph, ops::get("multiply"), std::move(expr), {constant, value})[0];
}

graph::ValueId parameter(graph::Graph& graph, const einx::Shape& shape, einx::DType dtype) {
  return graph::add_parameter(graph, graph::make_type(dtype, shape));
}

std::vector<einx::Tensor> operands_for(const graph::Graph& graph, std::mt19937_64& random, bool whole) {
  std::vector<einx::Tensor> operands;
  for (const graph::Parameter& parameter : graph.parameters) {
    const graph::Type& type = graph.values[std::size_t(parameter.value)].type;
    std::int64_t count = 1;
    for (const std::int64_t size : type.shape) count *= size;
    std::vector<double> values(static_cast<std::size_t>(count));
    const bool bits = type.dtype == einx::boolean;
    for (double& value : values)
      value = bits ? double(random() % 2) : whole || !einx::detail::tensor::is_float(type.dtype) ? double(std::int64_t(random() % 5)) - 2 : 0.5 + double(random() % 1024) / 1024;
    operands.push_back(einx::Tensor::copy_of(values, type.shape).cast(type.dtype));
  }
  return operands;
}

double difference(const graph::Graph& before, const graph::Graph& after, const std::vector<einx::Tensor>& operands) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto expected = einx::detail::reference::run(before, operands);
  const auto found = einx::detail::reference::run(after, operands);
  if (found.size() != expected.size()) return kInfinity;
  double worst = 0;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    if (found[k].dtype() != expected[k].dtype() || einx::Shape(found[k].shape().begin(), found[k].shape().end()) != einx::Shape(expected[k].shape().begin(), expected[k].shape().end()))
      return kInfinity;
    const auto a = expected[k].to_vector<double>(), b = found[k].to_vector<double>();
    for (std::size_t e = 0; e < a.size(); ++e) {
      if (a[e] == b[e] || !std::isfinite(a[e])) continue;  // beyond the largest number, order decides
      const double off = std::abs(a[e] - b[e]) / std::max(1.0, std::abs(a[e]));
      worst = std::isnan(off) ? kInfinity : std::max(worst, off);
    }
  }
  return worst;
}

std::string operations(const graph::Graph& graph) {
  std::string out;
  for (const graph::Node& node : graph.nodes) out += (out.empty() ? "" : " ") + std::string(node.op->name);
  return out;
}

}  // namespace einsums
