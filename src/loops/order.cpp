// argmax and argmin: a reduction of (value, position) pairs. Two things make it cheap: positions of 32 bits
// where the sub-tensor is small enough, and a comparison that knows which of two elements comes first (ties
// need no test inside a lane, only when lanes are folded).
#include <algorithm>
#include <limits>

#include "loops/rows.h"

namespace einx::detail::loops {
namespace {

using ops::Prim;
using ops::ScalarFn;

// ---------------------------------------------------------------- positions of 32 bits
void narrow(DType& dtype) {
  if (dtype == DType::i64) dtype = DType::i32;
}

tensor::Scalar narrowed(const tensor::Scalar& value) {
  return tensor::make_scalar(std::min<std::int64_t>(value.i, std::numeric_limits<std::int32_t>::max()),
                             DType::i32);
}

void narrow(ScalarFn& fn) {
  std::ranges::for_each(fn.args, [](DType& d) { narrow(d); });
  for (ops::ScalarNode& node : fn.nodes) {
    if (node.prim == Prim::Const && node.dtype == DType::i64) node.constant = narrowed(node.constant);
    narrow(node.dtype);
  }
}

/// Whether i64 is used for positions alone and they all fit.
bool can_narrow(const Nest& nest, const Plan& plan) {
  const ops::Pass& pass = std::get<ops::Rows>(nest.meaning).passes[0];
  return (nest.count.constant() || plan.bounded) && nest.count.value < kMostPositions && pass.identity.size() == 2 &&
         pass.identity[0].dtype != DType::i64 && pass.identity[0].dtype != DType::u64 &&
         nest.inputs[0].computed != DType::i64;
}

void narrow(Nest& nest) {
  auto& rows = std::get<ops::Rows>(nest.meaning);
  ops::Pass& pass = rows.passes[0];
  narrow(pass.map);
  narrow(pass.combine);
  pass.identity[1] = narrowed(pass.identity[1]);
}

// ---------------------------------------------------------------- elements in order
/// combine(earlier, later) for positions that only grow: a tie never goes to the later one. For floats, "not
/// (later <= earlier), and earlier is a number" is the comparison with nan as the extreme in two
/// instructions.
ScalarFn in_order(const std::vector<DType>& dtypes, bool largest) {
  ScalarFn fn = forward_fn({dtypes[0], dtypes[1], dtypes[0], dtypes[1]}, 0);
  const auto node = [&](Prim prim, DType dtype, int a, int b, int c) {
    ops::ScalarNode made{.prim = prim, .dtype = dtype};
    made.args = {a, b, c};
    fn.nodes.push_back(made);
    return int(fn.nodes.size()) - 1;
  };
  const int earlier = 0, later = 2;
  int take = largest ? node(Prim::Le, DType::boolean, later, earlier, -1)
                     : node(Prim::Le, DType::boolean, earlier, later, -1);
  take = node(Prim::Not, DType::boolean, take, -1, -1);
  if (tensor::is_float(dtypes[0])) {
    const int number =
        node(Prim::Not, DType::boolean, node(Prim::IsNan, DType::boolean, earlier, -1, -1), -1, -1);
    take = node(Prim::And, DType::boolean, take, number, -1);
  }
  const int value = node(Prim::Select, dtypes[0], take, later, earlier);
  fn.results = {value, node(Prim::Select, dtypes[1], take, 3, 1)};
  return fn;
}

/// Whether the pass looks for the largest or the smallest (value, position): nullopt if it is something else.
std::optional<bool> finds_largest(const ops::Pass& pass) {
  if (pass.identity.size() != 2) return std::nullopt;
  const DType value = pass.identity[0].dtype, position = pass.identity[1].dtype;
  const auto better = [&](double first, double second) {
    const tensor::Scalar args[] = {
        tensor::make_scalar(first, value), tensor::make_scalar(std::int64_t(0), position),
        tensor::make_scalar(second, value), tensor::make_scalar(std::int64_t(1), position)};
    tensor::Scalar results[2];
    ops::evaluate(pass.combine, args, results);
    return results[1].i == 1;
  };
  const bool up = better(0, 1), down = better(1, 0), tie = better(1, 1);
  return up == down || tie ? std::nullopt : std::optional(up);
}

/// Two pages: the hardware stops at the end of one, and the comparisons wait for each other.
constexpr std::int64_t kAheadBytes = 8 << 10;

/// Whether a tensor beyond the caches is read element after element.
bool reads_on(const Nest& nest, const Plan& plan, const RowsChoice& choice) {
  if (nest.inputs.size() != 1 || choice.vector < 0 || !nest.axes[choice.vector].reduced) return false;
  return stride_of(nest.inputs[0], choice.vector) == 1 &&
         volume(nest) * loops::size_of(nest.inputs[0].dtype) > plan.machine.l2;
}

}  // namespace

void schedule_order(const Nest& nest, Plan& plan) {
  Nest lean = nest;
  if (can_narrow(nest, plan)) narrow(lean);
  RowsChoice choice = choose_rows(lean, plan);
  sort_by_position(lean, choice);
  ops::Pass& pass = std::get<ops::Rows>(lean.meaning).passes[0];
  if (const auto largest = finds_largest(pass); largest && goes_forward(lean, choice))
    choice.in_order = in_order({pass.identity[0].dtype, pass.identity[1].dtype}, *largest);
  if (choice.in_order) {
    // A lane that nothing beats holds the first position: right if every element is as low as the identity,
    // else another lane wins.
    pass.identity[1] = tensor::make_scalar(std::int64_t(0), pass.identity[1].dtype);
    choice.why += "\nelements come in the order of their positions: ties are compared only between lanes";
  }
  if (reads_on(lean, plan, choice)) {
    choice.ahead = kAheadBytes / loops::size_of(lean.inputs[0].dtype);
    choice.why += "\nmemory is asked for " + std::to_string(kAheadBytes) + " bytes in advance";
  }
  if (!schedule_split(lean, plan, choice) && !schedule_columns(lean, plan, choice))
    emit_rows(lean, plan, choice);
}

}  // namespace einx::detail::loops
