// One scalar function out of several: what a traced function of the user's becomes.
#include "ops/expr.h"
#include "ops/rules.h"

namespace einx::detail::ops {

struct Composer::State {
  static constexpr int kUnknown = -1, kWanted = -2;  ///< wanted: the user rounds
  explicit State(std::vector<DType> args) : builder(std::move(args)) {}

  /// What an f16 or bf16 node was rounded from, if only the dtypes of operations asked for that; else negative.
  int unrounded(int node) const {
    return std::size_t(node) < rounded_from.size() ? rounded_from[std::size_t(node)] : kUnknown;
  }
  void note(int node, int from) {
    rounded_from.resize(std::max(rounded_from.size(), std::size_t(node) + 1), kUnknown);
    int& known = rounded_from[std::size_t(node)];
    if (known != kWanted) known = from;
  }
  Expr at(int node) { return {builder, node}; }

  Builder builder;
  std::vector<int> rounded_from;
};

Composer::Composer(std::vector<DType> args) : state_(std::make_unique<State>(std::move(args))) {}
Composer::~Composer() = default;

int Composer::arg(int index) { return state_->builder.arg(index).node(); }
int Composer::constant(const tensor::Scalar& value) { return state_->builder.constant(value).node(); }
DType Composer::dtype(int node) const { return state_->builder.dtype(node); }

int Composer::cast(int node, DType dtype) {
  if (const int from = state_->unrounded(node); from >= 0 && dtype != this->dtype(node))
    return cast(from, dtype);
  const DType given = this->dtype(node);
  const int made = ops::cast(state_->at(node), dtype).node();
  if (given == f32 && tensor::is_half(dtype)) state_->note(made, node);
  return made;
}

namespace {

/// A conversion that the user wrote, not one that an operation's dtypes ask for.
bool only_converts(const ScalarFn& fn) {
  return fn.results.size() == 1 && fn.nodes.size() == 2 && fn.nodes[1].prim == Prim::Cast &&
         fn.nodes[0].prim == Prim::Arg;
}

}  // namespace

std::vector<int> Composer::call(const ScalarFn& fn, std::span<const int> args) {
  if (only_converts(fn)) {
    const int given = cast(args[std::size_t(fn.nodes[0].arg)], fn.nodes[0].dtype);
    const int made = ops::cast(state_->at(given), fn.nodes[1].dtype).node();
    state_->note(made, State::kWanted);
    return {made};
  }
  std::vector<int> made;
  for (const ScalarNode& node : fn.nodes) {
    const auto operand = [&](int k) { return state_->at(made[std::size_t(node.args[std::size_t(k)])]); };
    switch (node.prim) {
      case Prim::Arg:
        made.push_back(cast(args[std::size_t(node.arg)], node.dtype));
        continue;
      case Prim::Const:
        made.push_back(constant(node.constant));
        continue;
      case Prim::Cast:
        made.push_back(cast(operand(0).node(), node.dtype));
        continue;
      default:
        break;
    }
    Builder& b = state_->builder;
    switch (arity_of(node.prim)) {
      case 1:
        made.push_back(b.node(node.prim, node.dtype, {operand(0)}).node());
        break;
      case 2:
        made.push_back(b.node(node.prim, node.dtype, {operand(0), operand(1)}).node());
        break;
      default:
        made.push_back(b.node(node.prim, node.dtype, {operand(0), operand(1), operand(2)}).node());
    }
  }
  std::vector<int> results;
  for (const int result : fn.results) results.push_back(made[std::size_t(result)]);
  return results;
}

ScalarFn Composer::finish(std::span<const int> results) const {
  std::vector<Expr> handles;
  for (const int node : results) handles.emplace_back(state_->builder, node);
  return state_->builder.finish(handles);
}

DType computed_dtype(DType dtype) { return working(dtype); }

}  // namespace einx::detail::ops
