#include "loops/estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace einx::detail::loops {
namespace {

double cost(ops::Prim prim) {
  switch (prim) {
    case ops::Prim::Arg:
    case ops::Prim::Const:
      return 0;
    case ops::Prim::Exp:
    case ops::Prim::Log:
    case ops::Prim::Log1p:
    case ops::Prim::Tanh:
    case ops::Prim::Erf:
    case ops::Prim::Sin:
    case ops::Prim::Cos:
      return 1.5;
    case ops::Prim::Pow:
      return 15;
    case ops::Prim::Div:
    case ops::Prim::FloorDiv:
    case ops::Prim::Sqrt:
      return 0.5;
    default:
      return 0.1;
  }
}

/// Appends a node and returns its number.
int add_constant(ops::ScalarFn& fn, std::int64_t value, DType dtype) {
  ops::ScalarNode node{.prim = ops::Prim::Const, .dtype = dtype};
  node.constant = tensor::make_scalar(value, dtype);
  fn.nodes.push_back(node);
  return int(fn.nodes.size()) - 1;
}
int add(ops::ScalarFn& fn, ops::Prim prim, DType dtype, int a, int b) {
  ops::ScalarNode node{.prim = prim, .dtype = dtype};
  node.args = {a, b, -1};
  fn.nodes.push_back(node);
  return int(fn.nodes.size()) - 1;
}

}  // namespace

double cost(const ops::ScalarFn& fn) {
  double sum = 0;
  for (const ops::ScalarNode& node : fn.nodes) sum += cost(node.prim);
  return sum;
}

double cost(const Nest& nest) {
  double sum = 0.2 + 0.1 * double(nest.inputs.size() + nest.outputs.size() + nest.coordinates.size());
  if (const auto* map = std::get_if<ops::Map>(&nest.meaning)) sum += cost(map->fn);
  if (const auto* scatter = std::get_if<ops::Scatter>(&nest.meaning)) sum += cost(scatter->update);
  if (const auto* rows = std::get_if<ops::Rows>(&nest.meaning)) {
    for (const ops::Pass& pass : rows->passes) sum += 0.2 + cost(pass.map) + cost(pass.combine);
    if (rows->per_element) sum += cost(rows->result);
  }
  return sum;
}

std::int64_t widest_bytes(const Nest& nest) {
  std::int64_t bytes = 1;
  const auto consider = [&](DType dtype, bool computed) {
    bytes = std::max(
        bytes, computed && tensor::is_half(dtype) ? std::int64_t(4) : std::int64_t(loops::size_of(dtype)));
  };
  for (const Access& input : nest.inputs) {
    consider(input.dtype, input.computed != input.dtype);
    consider(input.computed, input.computed != input.dtype);
  }
  consider(nest.outputs[0].dtype, false);
  const auto* map = std::get_if<ops::Map>(&nest.meaning);
  const auto* scatter = std::get_if<ops::Scatter>(&nest.meaning);
  const ops::ScalarFn* fn = map ? &map->fn : scatter ? &scatter->update : nullptr;
  if (fn != nullptr)
    for (const ops::ScalarNode& node : fn->nodes) consider(node.dtype, true);
  return bytes;
}

std::int64_t parallel_grain(std::int64_t extent, double ns_per_iteration) {
  constexpr double kPart = 50e3, kMost = 1e15;
  constexpr std::int64_t kParts = 256, kFew = 16;
  const double iterations = std::ceil(std::min(kPart / std::max(ns_per_iteration, 1e-3), kMost));
  std::int64_t grain = std::max<std::int64_t>({1, std::int64_t(iterations), extent / kParts});
  // few parts are hard to share evenly: halves of them, if need be
  if (grain < extent && extent / grain < kFew)
    grain = std::max({(grain + 1) / 2, (extent + kFew - 1) / kFew});
  return grain < extent ? grain : 0;
}

std::int64_t parallel_grain(const Int& extent, double ns_per_iteration) {
  if (extent.constant()) return parallel_grain(extent.value, ns_per_iteration);
  constexpr double kPart = 50e3, kMost = 1 << 20;
  return std::max<std::int64_t>(1, std::int64_t(std::min(kPart / std::max(ns_per_iteration, 1e-3), kMost)));
}

ops::ScalarFn unravel_fn(const std::vector<std::int64_t>& sizes, std::size_t axis) {
  const DType t = DType::i64;
  std::int64_t inner = 1;
  for (std::size_t k = axis + 1; k < sizes.size(); ++k) inner *= sizes[k];
  ops::ScalarFn fn = forward_fn({t}, 1);
  int quotient = 0;
  if (inner != 1) quotient = add(fn, ops::Prim::FloorDiv, t, 0, add_constant(fn, inner, t));
  if (axis > 0) {  // q mod n as q - q / n * n: positions are not negative
    const int size = add_constant(fn, sizes[axis], t);
    const int whole = add(fn, ops::Prim::FloorDiv, t, quotient, size);
    quotient = add(fn, ops::Prim::Sub, t, quotient, add(fn, ops::Prim::Mul, t, whole, size));
  }
  fn.results = {quotient};
  return fn;
}

bool moves(const Access& access, int axis) { return !access.strides[axis].is(0); }

bool in_coordinates(const Nest& nest, int axis) {
  return std::ranges::any_of(nest.coordinates, [&](const Coordinate& c) { return moves(c.access, axis); });
}

Ref load_coordinate(AxisBuilder& builder, Body& out, const Coordinate& coordinate) {
  Ref raw = builder.load(out, coordinate.access);
  if (builder.dtype_of(raw) == DType::u64) {
    ops::ScalarFn clamp = forward_fn({DType::u64}, 1);
    const int largest = add_constant(clamp, std::numeric_limits<std::int64_t>::max(), DType::u64);
    clamp.results = {add(clamp, ops::Prim::Min, DType::u64, 0, largest)};
    raw = builder.apply(out, "i", clamp, {ready(raw)})[0];
  }
  return builder.cast(out, raw, DType::i64);
}

}  // namespace einx::detail::loops
