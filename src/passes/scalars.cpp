#include "passes/scalars.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "passes/rewrite.h"

namespace einx::detail::passes {

using graph::Graph;
using graph::Node;
using graph::ValueId;

// ---------------------------------------------------------------- factors
namespace {

std::vector<ValueId> merged(const std::vector<ValueId>& a, const std::vector<ValueId>& b) {
  std::vector<ValueId> all;
  std::ranges::merge(a, b, std::back_inserter(all));
  return all;
}

std::int64_t wrapped_product(std::int64_t a, std::int64_t b) {
  return std::int64_t(std::uint64_t(a) * std::uint64_t(b));
}

}  // namespace

Coefficient operator*(const Coefficient& a, const Coefficient& b) {
  Coefficient c{a.numerator * b.numerator, a.denominator * b.denominator, wrapped_product(a.whole, b.whole),
                merged(a.factors, b.factors), merged(a.divisors, b.divisors)};
  if (c.numerator == c.denominator) c.numerator = c.denominator = 1;
  return c;
}

Coefficient inverse(Coefficient c) {
  std::swap(c.numerator, c.denominator);
  std::swap(c.factors, c.divisors);
  return c;
}

Coefficient absolute(Coefficient c) {
  c.numerator = std::abs(c.numerator);
  c.denominator = std::abs(c.denominator);
  return c;
}

Mobility mobility(DType dtype) {
  if (dtype == DType::boolean) return Mobility::None;
  return tensor::is_float(dtype) && dtype != DType::f16 ? Mobility::Moves : Mobility::Combines;
}

bool moderate(const Coefficient& c, DType dtype) {
  if (!tensor::is_float(dtype)) return true;
  // Half of the exponents on each side of 1 for the factor: the other half is for the values. f16: all it can
  // hold, since nothing moves.
  const double limit = dtype == DType::f64 ? 0x1p512 : dtype == DType::f16 ? 0x1p14 : 0x1p64;
  const double size = std::abs(c.value());
  return size >= 1 / limit && size <= limit && std::isfinite(c.numerator) && std::isfinite(c.denominator);
}

// ---------------------------------------------------------------- operations
namespace {

struct Rule {
  Carried carried;
  std::size_t first = 0, last = ~std::size_t{0};  ///< the operands that it holds for
};

const Rule* rule_of(const ops::Op& op) {
  using How = Carried::How;
  using Sign = Carried::Sign;
  static const std::unordered_map<const ops::Op*, Rule> rules = [] {
    const std::pair<std::string_view, Rule> rows[] = {
        {"multiply", {{How::Alone}}},
        {"dot", {{How::Alone}}},
        {"einsum", {{How::Alone}}},
        {"true_divide", {{How::Alone}, 0, 0}},
        {"divide", {{How::Alone}, 0, 0}},
        {"negative", {{How::Alone}}},
        {"sum", {{How::Alone}}},
        {"mean", {{How::Alone}}},
        {"flip", {{How::Alone}}},
        {"roll", {{How::Alone}}},
        {"get_at", {{How::Alone}, 0, 0}},
        {"max", {{How::Alone, Sign::Positive}}},
        {"min", {{How::Alone, Sign::Positive}}},
        {"sort", {{How::Alone, Sign::Positive}}},
        {"abs", {{How::Alone, Sign::Absolute}}},
        {"std", {{How::Alone, Sign::Absolute}}},
        {"id", {{How::Jointly}}},
        {"add", {{How::Jointly}}},
        {"subtract", {{How::Jointly}}},
        {"where", {{How::Jointly}, 1, 2}},
        {"maximum", {{How::Jointly, Sign::Positive}}},
        {"minimum", {{How::Jointly, Sign::Positive}}},
    };
    std::unordered_map<const ops::Op*, Rule> map;
    for (const auto& [name, rule] : rows)
      map.emplace(&ops::get(name), rule);  // rows of the user's are others, whatever they are called
    return map;
  }();
  const auto found = rules.find(&op);
  return found == rules.end() ? nullptr : &found->second;
}

DType dtype_of(const Graph& graph, ValueId id) { return graph.values[id].type.dtype; }

}  // namespace

Carried carried(const Graph& graph, const Node& node, std::size_t k) {
  const Rule* const rule = rule_of(*node.op);
  const DType dtype = dtype_of(graph, node.inputs[k]);
  if (rule == nullptr || k < rule->first || k > rule->last || mobility(dtype) != Mobility::Moves) return {};
  if (std::ranges::any_of(node.outputs, [&](ValueId output) { return dtype_of(graph, output) != dtype; }))
    return {};
  Carried found = rule->carried;
  if (found.how == Carried::How::Jointly && node.inputs.size() == 1) found.how = Carried::How::Alone;
  return found;
}

namespace {

/// The number that a constant of one element is in this dtype.
std::optional<tensor::Scalar> number(const Graph& graph, ValueId id, const std::vector<int>& constants,
                                     DType dtype) {
  if (constants[id] < 0 || graph.constants[std::size_t(constants[id])].data.size() != 1) return std::nullopt;
  const Tensor& data = graph.constants[std::size_t(constants[id])].data;
  return tensor::convert(tensor::load(data.data(), data.dtype()), dtype);
}

/// nullopt for what is no scalar, and for numbers that products must not be rearranged with: 0, infinities,
/// nan, and those near the limits of the dtype.
std::optional<Coefficient> scalar(const Graph& graph, ValueId id, const std::vector<int>& constants,
                                  DType dtype) {
  Coefficient c;
  if (const auto found = number(graph, id, constants, dtype)) {
    if (tensor::is_float(dtype))
      c.numerator = found->f;
    else
      c.whole = tensor::is_unsigned(dtype) ? std::int64_t(found->u) : found->i;
    return moderate(c, dtype) ? std::optional(c) : std::nullopt;
  }
  if (constants[id] >= 0 || !graph.values[id].type.shape.empty() || dtype_of(graph, id) != dtype ||
      mobility(dtype) != Mobility::Moves)
    return std::nullopt;
  c.factors = {id};
  return c;
}

std::optional<Scaling> product_scaling(const Graph& graph, const Node& node,
                                       const std::vector<int>& constants, DType dtype) {
  const bool any_tensor =
      std::ranges::any_of(node.inputs, [&](ValueId id) { return !graph.values[id].type.shape.empty(); });
  Scaling found;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    const ValueId id = node.inputs[k];
    const auto factor = scalar(graph, id, constants, dtype);
    if (factor && (any_tensor || factor->number()))
      found.by = found.by * *factor;
    else
      found.tensors.push_back(k);
  }
  if (found.tensors.empty() || found.by.one() || !moderate(found.by, dtype)) return std::nullopt;
  const bool same = std::ranges::all_of(
      found.tensors, [&](std::size_t k) { return dtype_of(graph, node.inputs[k]) == dtype; });
  const bool combines = mobility(dtype) == Mobility::Combines && found.tensors.size() > 1;
  return same && !combines ? std::optional(found) : std::nullopt;
}

}  // namespace

std::optional<Scaling> scaling(const Graph& graph, const Node& node, const std::vector<int>& constants) {
  const DType dtype = dtype_of(graph, node.outputs[0]);
  if (mobility(dtype) == Mobility::None) return std::nullopt;
  if (node.op == &ops::get("multiply")) return product_scaling(graph, node, constants, dtype);
  if (dtype_of(graph, node.inputs[0]) != dtype) return std::nullopt;
  if (node.op == &ops::get("negative")) {
    Coefficient minus;
    if (tensor::is_float(dtype))
      minus.numerator = -1;
    else
      minus.whole = -1;
    return Scaling{{0}, minus};
  }
  if (node.op != &ops::get("true_divide") && node.op != &ops::get("divide")) return std::nullopt;
  auto by = scalar(graph, node.inputs[1], constants, dtype);
  if (!by || (!by->number() && graph.values[node.inputs[0]].type.shape.empty())) return std::nullopt;
  return Scaling{{0}, inverse(*by)};
}

bool keeps_layout(const Node& node, std::size_t k) { return node.expr.inputs[k] == node.expr.outputs[0]; }

// ---------------------------------------------------------------- written out
namespace {

/// "a0 a1, -> a0 a1": a tensor of this shape, with rank-0 operands behind it.
notation::Solved elementwise(const Shape& shape, std::size_t scalars) {
  notation::Solved expr;
  notation::TensorExpr tensor;
  for (const std::int64_t size : shape) {
    notation::Dim dim;
    dim.axis = int(expr.axes.size());
    tensor.dims.push_back(dim);
    const std::string name = "a" + std::to_string(expr.axes.size());
    expr.axes.push_back({name, size, false, false, name});
  }
  expr.inputs = {tensor};
  expr.inputs.resize(1 + scalars);
  expr.outputs = {tensor};
  return expr;
}

ValueId apply(Graph& graph, std::string_view op, ValueId value, std::vector<ValueId> scalars) {
  notation::Solved expr = elementwise(graph.values[value].type.shape, scalars.size());
  scalars.insert(scalars.begin(), value);
  return graph::add_node(graph, ops::get(op), std::move(expr), std::move(scalars)).front();
}

ValueId constant(Graph& graph, double value, DType dtype) {
  return graph::add_constant(graph, Tensor::scalar(value, dtype));
}

ValueId product(Graph& graph, std::vector<ValueId> scalars) {
  if (scalars.size() == 1) return scalars.front();
  const ValueId first = scalars.front();
  scalars.erase(scalars.begin());
  return apply(graph, "multiply", first, std::move(scalars));
}

bool power_of_two(double value) {
  int exponent = 0;
  return std::abs(std::frexp(value, &exponent)) == 0.5;
}

ValueId multiplied_by_number(Graph& graph, ValueId value, const Coefficient& c) {
  const DType dtype = dtype_of(graph, value);
  if (!tensor::is_float(dtype)) {
    if (c.whole == -1) return apply(graph, "negative", value, {});
    return apply(graph, "multiply", value,
                 {graph::add_constant(graph, Tensor::scalar(c.whole, DType::i64).cast(dtype))});
  }
  if (c.value() == -1) return apply(graph, "negative", value, {});
  if (c.numerator == 1 && !power_of_two(c.denominator))
    return apply(graph, "true_divide", value, {constant(graph, c.denominator, dtype)});
  return apply(graph, "multiply", value, {constant(graph, c.value(), dtype)});
}

}  // namespace

ValueId multiplied(Graph& graph, ValueId value, const Coefficient& c) {
  if (c.one()) return value;
  if (c.number()) return multiplied_by_number(graph, value, c);
  const DType dtype = dtype_of(graph, value);
  std::vector<ValueId> factors = c.factors, divisors = c.divisors;
  if (c.value() != 1 && !factors.empty()) factors.push_back(constant(graph, c.value(), dtype));
  if (c.value() != 1 && factors.empty()) divisors.push_back(constant(graph, 1 / c.value(), dtype));
  if (!factors.empty()) value = apply(graph, "multiply", value, {product(graph, std::move(factors))});
  if (!divisors.empty()) value = apply(graph, "true_divide", value, {product(graph, std::move(divisors))});
  return value;
}

namespace {

template <class T>
bool multiply_all(Tensor& data, const Coefficient& c, double smallest_normal) {
  T* const elements = data.data_as<T>();
  for (std::int64_t k = 0; k < data.size(); ++k) {
    const double before = double(elements[k]), exact = before * c.numerator / c.denominator;
    elements[k] = T(exact);
    const double after = double(elements[k]);
    if (std::isfinite(before) &&
        (!std::isfinite(after) || (std::abs(after) < smallest_normal && std::abs(before) >= smallest_normal)))
      return false;
  }
  return true;
}

}  // namespace

std::optional<Tensor> multiplied(const Tensor& constant, const Coefficient& c) {
  Tensor data = constant.clone();
  bool fits = false;
  if (data.dtype() == DType::f32) fits = multiply_all<float>(data, c, std::numeric_limits<float>::min());
  if (data.dtype() == DType::f64) fits = multiply_all<double>(data, c, std::numeric_limits<double>::min());
  if (data.dtype() == DType::bf16) fits = multiply_all<bfloat16>(data, c, std::numeric_limits<float>::min());
  return fits ? std::optional(std::move(data)) : std::nullopt;
}

}  // namespace einx::detail::passes
