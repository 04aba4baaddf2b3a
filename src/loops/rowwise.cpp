// Row-wise operations: several passes over the same row, which stays in cache between them (var, logsumexp,
// softmax). What the last pass maps an element to waits in the output row, or in a local one, so that an
// exponential is computed once.
#include <algorithm>

#include "loops/rows.h"
#include "loops/stream.h"

namespace einx::detail::loops {
namespace {

using ops::Prim;

const ops::ScalarNode& top(const ops::ScalarFn& fn) { return fn.nodes[fn.results[0]]; }
bool is_arg(const ops::ScalarFn& fn, int node, int arg) {
  return fn.nodes[node].prim == Prim::Arg && fn.nodes[node].arg == arg;
}

/// max of its two arguments, or the form of it that may lose a nan (`kShift`).
bool is_maximum(const ops::ScalarFn& fn) {
  const ops::ScalarNode& node = top(fn);
  if (node.prim == Prim::Max) return true;
  const auto less = [&](const ops::ScalarNode& test) {
    return test.prim == Prim::Lt && test.args[0] == node.args[2] && test.args[1] == node.args[1];
  };
  return node.prim == Prim::Select && less(fn.nodes[node.args[0]]);
}

/// Whether the last pass adds exponentials of x - max of x: their sum is at least 1 (or not a number, or
/// infinite), so that its reciprocal is exact to half a unit in the last place and nothing over- or
/// underflows.
bool sums_shifted_exponentials(const Nest& nest, const ops::Rows& rows) {
  if (rows.passes.size() != 2) return false;
  const ops::ScalarFn &first = rows.passes[0].combine, &map = rows.passes[1].map;
  if (!is_maximum(first) || top(rows.passes[1].combine).prim != Prim::Add || top(map).prim != Prim::Exp)
    return false;
  const ops::ScalarNode& exponent = map.nodes[top(map).args[0]];
  const ops::ScalarFn& shifted = rows.passes[0].map;
  return exponent.prim == Prim::Sub && is_arg(map, exponent.args[1], int(nest.inputs.size())) &&
         same_value(shifted, shifted.results[0], map, exponent.args[0]);
}

/// value / sum as value * (1 / sum), in the results of softmax: a division per row instead of one per
/// element.
void multiply_by_reciprocal(const Nest& nest, ops::ScalarFn& result) {
  const int mapped = int(nest.inputs.size()), sum = mapped + 2;
  for (std::size_t n = 0; n < result.nodes.size(); ++n) {
    const ops::ScalarNode node = result.nodes[n];
    if (node.prim != Prim::Div || !is_arg(result, node.args[0], mapped) || !is_arg(result, node.args[1], sum))
      continue;
    ops::ScalarNode one{.prim = Prim::Const, .dtype = node.dtype};
    one.constant = tensor::make_scalar(1.0, node.dtype);
    ops::ScalarNode reciprocal = node, product = node;
    reciprocal.args[0] = int(n);
    product.prim = Prim::Mul;
    product.args[1] = int(n) + 1;
    const auto moved = [&](int& arg) { arg += arg >= int(n) ? 2 : 0; };
    for (std::size_t later = n + 1; later < result.nodes.size(); ++later)
      std::ranges::for_each(result.nodes[later].args, moved);
    std::ranges::for_each(result.results, moved);
    result.nodes[n] = product;
    result.nodes.insert(result.nodes.begin() + std::ptrdiff_t(n), {one, reciprocal});
    return;
  }
}

constexpr std::int64_t kLocalRowBytes = 24 << 10;  ///< beside the row that is read, in the L1

/// Large outputs are written once, past the caches: ordinary stores would read every line first.
bool streams(const Nest& nest, const Plan& plan, const RowsChoice& c) {
  return nest.count.constant() && std::get<ops::Rows>(nest.meaning).per_element && c.vector >= 0 &&
         nest.axes[c.vector].reduced && c.spread.empty() && nest.position_strides[c.vector].is(1) &&
         nest.count.value * loops::size_of(nest.outputs[0].dtype) <= kLocalRowBytes &&
         may_stream(nest.outputs[0], nest, std::size_t(c.vector), c.lanes, plan.machine);
}

constexpr std::int64_t kAheadBytes = 4 << 10;

/// Rows of an input beyond the caches, one after the other, are asked for in advance: the passes over a row
/// hide little of what the next one costs.
std::int64_t rows_ahead(const Nest& nest, const Plan& plan, const RowsChoice& c) {
  if (nest.inputs.size() != 1 || c.outer.empty() || c.vector < 0 ||
      !nest.axes[c.vector].reduced)
    return 0;
  const Access& input = nest.inputs[0];
  const std::int64_t bytes = loops::size_of(input.dtype), row = nest.count.value * bytes;
  const bool follow = c.inner.empty() && stride_of(input, c.vector) == 1 &&
                      stride_of(input, c.outer.back()) == nest.axes[c.vector].extent.value;
  if (!follow || volume(nest) * bytes <= plan.machine.l2 || row < kLine || row > plan.machine.l1 / 2)
    return 0;
  return std::max<std::int64_t>(1, kAheadBytes / row);
}

}  // namespace

void schedule_rowwise(const Nest& nest, Plan& plan) {
  Nest lean = nest;
  auto& rows = std::get<ops::Rows>(lean.meaning);
  if (sums_shifted_exponentials(lean, rows)) {
    if (rows.per_element) multiply_by_reciprocal(lean, rows.result);
    ops::ScalarFn& map = rows.passes[1].map;
    map.nodes[std::size_t(map.results[0])].arg = 0;  // for codegen: the exponent is never above 0
  }
  RowsChoice choice = choose_rows(lean, plan);
  choice.stream = streams(lean, plan, choice);
  if (is_variance(lean) &&
      (schedule_split(lean, plan, choice) || schedule_columns(lean, plan, choice)))
    return;
  if (choice.stream) choice.why += "\nstreaming stores: the output is larger than the caches";
  if (const std::int64_t rows_on = rows_ahead(lean, plan, choice); rows_on > 0) {
    choice.ahead = rows_on * lean.inputs[0].strides[std::size_t(choice.outer.back())].value;
    choice.why +=
        "\nmemory is asked for rows " + std::to_string(rows_on) + " ahead while one is computed with";
  }
  emit_rows(lean, plan, choice);
}

}  // namespace einx::detail::loops
