#include "loops/product.h"

#include <algorithm>
#include <cstdlib>

#include "loops/axis_builder.h"
#include "loops/estimate.h"

namespace einx::detail::loops {
namespace {

/// The argument that a node is, perhaps converted; -1: it is something else.
int argument(const ops::ScalarFn& fn, int node) {
  const ops::ScalarNode* at = &fn.nodes[std::size_t(node)];
  if (at->prim == ops::Prim::Cast) at = &fn.nodes[std::size_t(at->args[0])];
  return at->prim == ops::Prim::Arg ? at->arg : -1;
}

/// prim(first argument, second argument) in either order, of this dtype.
bool joins(const ops::ScalarFn& fn, ops::Prim prim, DType dtype) {
  const ops::ScalarNode& top = fn.nodes[std::size_t(fn.results[0])];
  if (top.prim != prim || top.dtype != dtype) return false;
  const auto [low, high] = std::minmax({argument(fn, top.args[0]), argument(fn, top.args[1])});
  return low == 0 && high == 1;
}

/// f16 and bf16 are exact in f32; nothing else is converted on its way.
bool widens(DType from, DType to) {
  return from == to || (to == DType::f32 && (from == DType::f16 || from == DType::bf16));
}

/// A row-major access of a new temporary along the axes that `of` changes along, in its own order.
Access dense(const Nest& nest, const Access& of, Plan& plan, DType dtype) {
  std::vector<int> axes;
  for (int a = 0; a < int(nest.axes.size()); ++a)
    if (!of.strides[std::size_t(a)].is(0)) axes.push_back(a);
  std::ranges::stable_sort(axes, std::greater{},
                           [&](int a) { return std::abs(of.strides[std::size_t(a)].value); });
  Access made{BufferId(plan.program.buffers.size()), dtype, dtype, constant(0),
              std::vector<Int>(nest.axes.size(), constant(0))};
  std::int64_t count = 1;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    made.strides[std::size_t(*axis)] = constant(count);
    count *= nest.axes[std::size_t(*axis)].extent.value;
  }
  plan.program.buffers.push_back({std::string(name_of(dtype)) + "_" + std::to_string(made.buffer),
                                  Buffer::Kind::Temporary, dtype, 0, count});
  return made;
}

/// to = from along the axes that both change along.
Nest conversion(const Nest& nest, const Access& from, const Access& to, const char* what) {
  Nest made;
  made.label = std::string(name_of(to.dtype)) + " of " + what + " of " + nest.label;
  made.meaning = ops::Move{};
  made.inputs.push_back({from.buffer, from.dtype, from.dtype, from.offset, {}});
  made.outputs.push_back({to.buffer, to.dtype, to.dtype, to.offset, {}});
  for (std::size_t a = 0; a < nest.axes.size(); ++a) {
    if (from.strides[a].is(0) && to.strides[a].is(0)) continue;
    made.axes.push_back({nest.axes[a].name, nest.axes[a].extent, false});
    made.inputs[0].strides.push_back(from.strides[a]);
    made.outputs[0].strides.push_back(to.strides[a]);
  }
  made.position_strides.resize(made.axes.size());
  simplify(made, false);
  return made;
}

}  // namespace

std::optional<DType> product_dtype(const Nest& nest) {
  const auto* rows = std::get_if<ops::Rows>(&nest.meaning);
  if (rows == nullptr || nest.inputs.size() != 2 || rows->passes.size() != 1 || rows->per_element) return {};
  const ops::Pass& pass = rows->passes[0];
  if (pass.identity.size() != 1) return {};
  const DType dtype = pass.identity[0].dtype;
  const bool wide = loops::size_of(dtype) >= 4;
  const bool fits =
      wide && joins(pass.map, ops::Prim::Mul, dtype) && joins(pass.combine, ops::Prim::Add, dtype) &&
      argument(rows->result, rows->result.results[0]) == 0 && widens(nest.outputs[0].dtype, dtype);
  const auto stored = [&](const Access& input) {
    return widens(input.dtype, dtype) && (input.computed == input.dtype || input.computed == dtype);
  };
  return fits && std::ranges::all_of(nest.inputs, stored) ? std::optional(dtype) : std::nullopt;
}

StoredProduct store_as(const Nest& nest, Plan& plan, DType dtype) {
  StoredProduct product{nest, {}, {}};
  for (std::size_t k = 0; k < nest.inputs.size(); ++k) {
    const Access& input = nest.inputs[k];
    if (input.dtype == dtype) continue;
    product.nest.inputs[k] = dense(nest, input, plan, dtype);
    schedule(
        conversion(nest, input, product.nest.inputs[k], k == 0 ? "the first operand" : "the second operand"),
        plan);
    product.words = "operands converted to " + std::string(name_of(dtype)) + " first";
  }
  const Access& output = nest.outputs[0];
  if (output.dtype == dtype) return product;
  product.nest.outputs[0] = dense(nest, output, plan, dtype);
  product.last = conversion(nest, product.nest.outputs[0], output, "the result");
  product.words += (product.words.empty() ? "" : ", ") + std::string("the result to ") +
                   std::string(name_of(output.dtype)) + " last";
  return product;
}

}  // namespace einx::detail::loops
