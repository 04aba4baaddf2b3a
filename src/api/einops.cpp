// einops: what its functions need beside a call in its dialect.
#include <einx/einops.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "api/api.h"
#include "api/operands.h"
#include "support/support.h"

namespace einx {
namespace detail {

namespace {

constexpr EinopsReduction kReductions[] = {
    {"min", "reduce", "reduce list"},  {"max", "reduce", "reduce list"},  {"sum", "reduce", "reduce list"},
    {"mean", "reduce", "reduce list"}, {"prod", "reduce", "reduce list"}, {"any", "reduce", "reduce list"},
    {"all", "reduce", "reduce list"},
};
constexpr EinopsReduction kMoves[] = {{"id", "rearrange", "rearrange list"}, {"id", "repeat", "repeat list"}};

}  // namespace

EinopsReduction einops_reduction(std::string_view name) {
  for (const EinopsReduction& row : kReductions)
    if (row.op == name) return row;
  for (const EinopsReduction& row : kMoves)
    if (row.function == name) return row;
  support::raise<OperationNotSupportedError>(
      {.kind = "unknown-operation",
       .sentence = "einops has no reduction '" + std::string(name) + "'.",
       .advice = {"It has min, max, sum, mean, prod, any and all; operations like einx::logsumexp and "
                  "functions may be given themselves."}});
}

void require_list(std::size_t size) {
  if (size == 0)
    support::raise<TypeError>(
        {.kind = "operand-kind",
         .sentence =
             "An empty list of tensors cannot be stacked or packed: nothing says what the result is."});
}

// ---------------------------------------------------------------- reductions by a function
namespace {

notation::Dim axis_dim(int axis) {
  notation::Dim dim;
  dim.axis = axis;
  return dim;
}

Axes sizes_of(const notation::Solved& solved) {
  Axes sizes;
  for (const notation::Axis& axis : solved.axes) sizes.items.push_back({axis.name, Size(axis.size)});
  return sizes;
}

/// `id` of a solved expression.
Tensor moved(const notation::Solved& solved, const Tensor& x, Location site) {
  const std::string pattern = notation::text(solved);
  const Axes sizes = sizes_of(solved);
  const Operand operands[] = {Operand(x)};
  return call_one<Tensor>({"id", pattern, operands, sizes, false, site});
}

Tensor call_reducer(const AxesReducer& reduce, const Tensor& x, const std::vector<int>& axes,
                    const Shape& wanted, const CallInfo& info) {
  const auto fail = [&](const std::string& why) {
    support::raise<CallOperationError>({.kind = "runtime",
                                        .sentence = "The function given to einops.reduce " + why,
                                        .pattern = std::string(info.pattern),
                                        .show_pattern = true});
  };
  Tensor result;
  try {
    result = reduce(x, axes);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail(std::string("threw: ") + error.what());
  }
  const Shape given(result.shape().begin(), result.shape().end());
  if (!result.defined()) fail("returned an undefined tensor.");
  if (given != wanted)
    fail("returned shape " + support::tuple_text(given) + " where " + support::tuple_text(wanted) +
         " is left.");
  return result;
}

/// The operands of a call as one tensor: a list is stacked.
Tensor whole_operand(const CallInfo& info, const Shape& shape) {
  if (info.function != "reduce list") return info.operands[0].tensor();
  std::string names;
  for (std::size_t k = 0; k < shape.size(); ++k)
    names.append(k ? " " : "").append("d").append(std::to_string(k));
  const std::string pattern = names + " -> " + names;
  const Axes none;
  return call_one<Tensor>(einops_call("id", "rearrange list", pattern, info.operands, none, info.site));
}

}  // namespace

Tensor reduce_with(const CallInfo& info, const AxesReducer& reduce) {
  const trace::Call call = api::describe(info);
  const notation::Solved solved = trace::solve(call, trace::expand(call));
  const Tensor x = whole_operand(info, notation::shape(solved, solved.inputs[0]));
  if (!x.defined())
    support::raise<TypeError>(
        {.kind = "operand-kind", .sentence = "The operand of einops.reduce is an undefined tensor."});
  const std::vector<int> reduced = notation::axes_of(solved, solved.inputs[0], true);
  notation::Solved before = solved, after = solved;
  for (notation::Axis& axis : before.axes) axis.bracketed = false;
  for (notation::Axis& axis : after.axes) axis.bracketed = false;
  if (reduced.empty()) return moved(before, x, info.site);

  const std::vector<int> kept = notation::axes_of(solved.outputs[0]);
  notation::TensorExpr left, split;
  Shape shape;
  for (const int axis : kept) {
    left.dims.push_back(axis_dim(axis));
    shape.push_back(solved.axes[axis].size);
  }
  split = left;
  for (const int axis : reduced) split.dims.push_back(axis_dim(axis));
  before.outputs = {split};
  after.inputs = {left};
  std::vector<int> axes(reduced.size());
  std::iota(axes.begin(), axes.end(), int(kept.size()));
  return moved(after, call_reducer(reduce, moved(before, x, info.site), axes, shape, info), info.site);
}

// ---------------------------------------------------------------- pack and unpack
std::vector<Shape> packed_shapes(std::span<const Operand> operands, std::string_view pattern) {
  // The pattern has been accepted: words, spaces, one star.
  std::size_t before = 0, words = 0;
  bool in_word = false;
  for (const char c : pattern) {
    if (c == '*') before = words;
    if (c != ' ' && c != '*' && !in_word) ++words;
    in_word = c != ' ' && c != '*';
  }
  std::vector<Shape> shapes;
  for (const Operand& operand : operands) {
    const Shape whole = api::describe(operand).type.shape;
    shapes.emplace_back(whole.begin() + std::ptrdiff_t(before), whole.end() - std::ptrdiff_t(words - before));
  }
  return shapes;
}

Axes packed_sizes(std::span<const Shape> shapes) {
  Axes sizes;
  for (const Shape& shape : shapes) sizes.items.push_back({kPackedShape, Size(shape)});
  return sizes;
}

void check_unpacking(const CallInfo& info) {
  const trace::Call call = api::describe(info);
  trace::solve(call, trace::expand(call));
}

}  // namespace detail

namespace einops {
namespace {

namespace api = detail::api;
namespace notation = detail::notation;
namespace ops = detail::ops;
namespace support = detail::support;

notation::Rules rules_of(const char* function, notation::Family family) {
  notation::Rules rules;
  rules.family = family;
  rules.dialect = Dialect::Einops;
  rules.op = function;
  return rules;
}

struct NamedAxis {
  std::string name;
  support::Span span;
};

void collect_names(const notation::Node& node, std::vector<NamedAxis>& names) {
  if (node.kind == notation::Node::Kind::Axis && !node.name.empty()) names.push_back({node.name, node.span});
  for (const notation::NodePtr& child : node.children) collect_names(*child, names);
}

std::vector<NamedAxis> names_in(const notation::NodePtr& tree) {
  std::vector<NamedAxis> names;
  collect_names(*tree, names);
  return names;
}

}  // namespace

// ---------------------------------------------------------------- parse_shape
std::int64_t AxisSizes::at(std::string_view name) const {
  for (const auto& [known, size] : items)
    if (known == name) return size;
  support::raise<ValueError>(
      {.kind = "bad-parameter", .sentence = "The parsed shape has no axis '" + std::string(name) + "'."});
}

AxisSizes::operator Axes() const {
  Axes axes;
  for (const auto& [name, size] : items) axes.items.push_back({name, Size(size)});
  return axes;
}

namespace {

AxisSizes parse_shape_of(Shape shape, std::string_view pattern) {
  const std::vector<notation::Operand> operands = {{std::move(shape), ""}};
  const notation::Expanded expanded =
      notation::read(pattern, rules_of("parse_shape", notation::Family::Solve), operands, {});
  const notation::Solved solved = notation::solve(expanded, operands, {});
  std::set<std::string> names;
  for (const NamedAxis& axis : names_in(expanded.inputs[0]))
    if (axis.name.front() != '_') names.insert(axis.name);
  AxisSizes sizes;
  for (const notation::Axis& axis : solved.axes)
    if (!axis.unnamed && names.contains(axis.source)) sizes.items.emplace_back(axis.source, axis.size);
  return sizes;
}

}  // namespace

AxisSizes parse_shape(const Tensor& x, std::string_view pattern) {
  return parse_shape_of(Shape(x.shape().begin(), x.shape().end()), pattern);
}
AxisSizes parse_shape(const Value& x, std::string_view pattern) { return parse_shape_of(x.shape(), pattern); }

// ---------------------------------------------------------------- EinMix
namespace {

/// "b c -> b d" and "c d": "b c, c d -> b d". What is wrong with the pattern is left to its reader.
std::string with_second(std::string_view pattern, std::string_view second) {
  const std::size_t arrow = std::min(pattern.find("->"), pattern.size());
  return std::string(pattern.substr(0, arrow)) + ", " + std::string(second) + " " +
         std::string(pattern.substr(arrow));
}

notation::Expanded read_mix(const std::string& text, notation::Family family,
                            const std::vector<notation::Constraint>& sizes) {
  const std::vector<notation::Operand> operands(2);
  return notation::read(text, rules_of("EinMix", family), operands, sizes);
}

/// The shape of the second operand: every name has a size.
Shape given_shape(const notation::Expanded& expanded, const AxisSizes& sizes) {
  Shape shape;
  for (const NamedAxis& axis : names_in(expanded.inputs[1])) {
    const auto found = std::find_if(sizes.items.begin(), sizes.items.end(),
                                    [&](const auto& item) { return item.first == axis.name; });
    if (found == sizes.items.end())
      support::raise<AxisSizeError>({.kind = "axis-ambiguous",
                                     .sentence = "The size of '" + axis.name +
                                                 "' has to be given: EinMix makes a tensor with this axis.",
                                     .pattern = expanded.text,
                                     .show_pattern = true,
                                     .underline = {axis.span}});
    shape.push_back(found->second);
  }
  return shape;
}

std::int64_t fan_in(const notation::Expanded& expanded, const Shape& shape) {
  std::set<std::string> kept;
  for (const NamedAxis& axis : names_in(expanded.outputs[0])) kept.insert(axis.name);
  const std::vector<NamedAxis> names = names_in(expanded.inputs[1]);
  std::int64_t product = 1;
  for (std::size_t k = 0; k < names.size(); ++k)
    if (!kept.contains(names[k].name)) product *= shape[k];
  return std::max<std::int64_t>(product, 1);
}

Tensor uniform(const Shape& shape, double bound, std::mt19937_64& random) {
  Tensor tensor = Tensor::empty(shape, f32);
  std::uniform_real_distribution<float> distribution(float(-bound), float(bound));
  float* values = tensor.data_as<float>();
  std::generate_n(values, tensor.size(), [&] { return distribution(random); });
  return tensor;
}

}  // namespace

EinMix::EinMix(std::string_view pattern, const MixOptions& options, const Axes& sizes)
    : contraction_(with_second(pattern, options.weight_shape)) {
  const notation::Expanded expanded =
      read_mix(contraction_, notation::Family::Einsum, detail::api::constraints(sizes));
  for (const Axis& axis : sizes.items) sizes_.items.emplace_back(std::string(axis.name), axis.size.value);
  const Shape shape = given_shape(expanded, sizes_);
  const double inputs = double(fan_in(expanded, shape));
  std::mt19937_64 random(options.seed ? *options.seed : std::random_device{}());
  weight = uniform(shape, std::sqrt(3 / inputs), random);
  if (!options.bias_shape) return;
  const std::string_view right = pattern.substr(pattern.find("->") + 2);
  addition_ = with_second(std::string(right) + " ->" + std::string(right), *options.bias_shape);
  bias = uniform(given_shape(read_mix(addition_, notation::Family::Elementwise, {}), sizes_),
                 std::sqrt(1 / inputs), random);
}

}  // namespace einops
}  // namespace einx
