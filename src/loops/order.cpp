// argmax and argmin: a reduction of (value, position) pairs. Two things make it cheap: positions of 32 bits where the sub-tensor is small enough,
// and a comparison that knows which of two elements comes first (ties need no test inside a lane, only when lanes are folded).
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
  return tensor::make_scalar(std::min<std::int64_t>(value.i, std::numeric_limits<std::int32_t>::max()), DType::i32);
}

void narrow(ScalarFn& fn) {
  std::ranges::for_each(fn.args, [](DType& d) { narrow(d); });
  for (ops::ScalarNode& node : fn.nodes) {
    if (node.prim == Prim::Const && node.dtype == DType::i64) node.constant = narrowed(node.constant);
    narrow(node.dtype);
  }
}

/// Whether i64 is used for positions alone and they all fit.
bool can_narrow(const Nest& nest) {
  const ops::Pass& pass = std::get<ops::Rows>(nest.meaning).passes[0];
  return nest.count.constant() && nest.count.value < (std::int64_t(1) << 31) && pass.identity.size() == 2 &&
         pass.identity[0].dtype != DType::i64 && pass.identity[0].dtype != DType::u64 && nest.inputs[0].computed != DType::i64;
}

void narrow(Nest& nest) {
  auto& rows = std::get<ops::Rows>(nest.meaning);
  ops::Pass& pass = rows.passes[0];
  narrow(pass.map);
  narrow(pass.combine);
  pass.identity[1] = narrowed(pass.identity[1]);
}

// ---------------------------------------------------------------- elements in order
/// The function where this node is false: And and Or above it fall away.
ScalarFn where_false(const ScalarFn& fn, int node) {
  std::vector<bool> never(fn.nodes.size(), false);
  std::vector<int> same(fn.nodes.size());
  never[node] = true;
  ScalarFn out = fn;
  for (std::size_t n = 0; n < fn.nodes.size(); ++n) {
    same[n] = int(n);
    for (int& arg : out.nodes[n].args)
      if (arg >= 0) arg = same[arg];
    const auto& args = out.nodes[n].args;
    if (fn.nodes[n].prim == Prim::And && (never[args[0]] || never[args[1]])) never[n] = true;
    if (fn.nodes[n].prim != Prim::Or) continue;
    if (never[args[0]]) same[n] = args[1];
    else if (never[args[1]]) same[n] = args[0];
  }
  std::vector<int> results;
  for (int result : fn.results) results.push_back(same[result]);
  return with_results(out, results);
}

/// combine(earlier, later): that the later position is the lower one is never true.
std::optional<ScalarFn> in_order(const ScalarFn& combine) {
  const auto is_arg = [&](int node, int arg) { return combine.nodes[node].prim == Prim::Arg && combine.nodes[node].arg == arg; };
  for (std::size_t n = 0; n < combine.nodes.size(); ++n) {
    const ops::ScalarNode& node = combine.nodes[n];
    if (node.prim == Prim::Lt && is_arg(node.args[0], 3) && is_arg(node.args[1], 1)) return where_false(combine, int(n));
  }
  return std::nullopt;
}

}  // namespace

void schedule_order(const Nest& nest, Plan& plan) {
  Nest lean = nest;
  if (!plan.dynamic && can_narrow(nest)) narrow(lean);
  RowsChoice choice = choose_rows(lean, plan);
  if (plan.dynamic) return emit_rows(lean, plan, choice);
  sort_by_position(lean, choice);
  ops::Pass& pass = std::get<ops::Rows>(lean.meaning).passes[0];
  if (goes_forward(lean, choice)) choice.in_order = in_order(pass.combine);
  if (choice.in_order) {
    // A lane that nothing beats holds the first position: right if every element is as low as the identity, else another lane wins.
    pass.identity[1] = tensor::make_scalar(std::int64_t(0), pass.identity[1].dtype);
    choice.why += "\nelements come in the order of their positions: ties are compared only between lanes";
  }
  if (!schedule_split(lean, plan, choice) && !schedule_columns(lean, plan, choice)) emit_rows(lean, plan, choice);
}

}  // namespace einx::detail::loops
