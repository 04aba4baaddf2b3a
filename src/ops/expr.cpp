#include "ops/expr.h"

#include "support/support.h"

namespace einx::detail::ops {
namespace {

/// Constants are compared by their bits: NaN equals itself, -0.0 is not 0.0.
bool same(const ScalarNode& a, const ScalarNode& b) {
  return a.prim == b.prim && a.dtype == b.dtype && a.args == b.args && a.arg == b.arg &&
         a.constant.dtype == b.constant.dtype && a.constant.u == b.constant.u;
}

Expr same_dtype(Prim prim, Expr a, Expr b) { return a.builder().node(prim, a.dtype(), {a, b}); }
Expr unary(Prim prim, Expr a) { return a.builder().node(prim, a.dtype(), {a}); }
Expr predicate(Prim prim, Expr a, Expr b) { return a.builder().node(prim, boolean, {a, b}); }

/// The dtype rules of one node as a sentence that is broken, or "".
std::string_view broken_rule(const ScalarFn& fn, const ScalarNode& node) {
  const auto dtype_of_operand = [&](int k) { return fn.nodes[node.args[k]].dtype; };
  const int count = arity_of(node.prim);
  const bool logical = node.prim == Prim::And || node.prim == Prim::Or || node.prim == Prim::Not;
  if (logical && dtype_of_operand(0) != boolean) return "a logical primitive takes bools";
  if (node.prim == Prim::Select)
    return dtype_of_operand(0) != boolean               ? "select tests a bool"
           : dtype_of_operand(1) != dtype_of_operand(2) ? "both branches of select have one dtype"
                                                        : "";
  if (count == 2 && dtype_of_operand(0) != dtype_of_operand(1))
    return "operands of a primitive have one dtype";
  if (node.prim >= Prim::Add && tensor::is_half(dtype_of_operand(0)))
    return "f16 and bf16 are computed in f32";
  return "";
}

}  // namespace

DType Expr::dtype() const { return builder_->dtype(node_); }

Builder::Builder(std::vector<DType> args) { fn_.args = std::move(args); }

Expr Builder::append(const ScalarNode& node) {
  for (int i = 0; i < int(fn_.nodes.size()); ++i)
    if (same(fn_.nodes[i], node)) return {*this, i};
  fn_.nodes.push_back(node);
  return {*this, int(fn_.nodes.size()) - 1};
}

Expr Builder::arg(int index) {
  ScalarNode node;
  node.dtype = fn_.args[index];
  node.arg = index;
  return append(node);
}

Expr Builder::constant(const tensor::Scalar& value) {
  ScalarNode node;
  node.prim = Prim::Const;
  node.dtype = value.dtype;
  node.constant = value;
  return append(node);
}

Expr Builder::node(Prim prim, DType dtype, std::initializer_list<Expr> operands) {
  ScalarNode node;
  node.prim = prim;
  node.dtype = dtype;
  int count = 0;
  for (Expr operand : operands) node.args[count++] = operand.node();
  if (const std::string_view rule = broken_rule(fn_, node); !rule.empty())
    support::internal_error(std::string("scalar function: ") + std::string(rule) + " (" +
                            std::string(name_of(prim)) + ")");
  return append(node);
}

ScalarFn Builder::finish(std::span<const Expr> results) const {
  std::vector<bool> needed(fn_.nodes.size());
  for (Expr result : results) needed[result.node()] = true;
  for (int i = int(fn_.nodes.size()); i-- > 0;)
    if (needed[i])
      for (int k = 0; k < arity_of(fn_.nodes[i].prim); ++k) needed[fn_.nodes[i].args[k]] = true;

  ScalarFn out;
  out.args = fn_.args;
  std::vector<int> renamed(fn_.nodes.size(), -1);
  for (std::size_t i = 0; i < fn_.nodes.size(); ++i) {
    if (!needed[i]) continue;
    ScalarNode node = fn_.nodes[i];
    for (int k = 0; k < arity_of(node.prim); ++k) node.args[k] = renamed[node.args[k]];
    renamed[i] = int(out.nodes.size());
    out.nodes.push_back(node);
  }
  for (Expr result : results) out.results.push_back(renamed[result.node()]);
  return out;
}

Expr operator+(Expr a, Expr b) { return same_dtype(Prim::Add, a, b); }
Expr operator-(Expr a, Expr b) { return same_dtype(Prim::Sub, a, b); }
Expr operator*(Expr a, Expr b) { return same_dtype(Prim::Mul, a, b); }
Expr operator/(Expr a, Expr b) { return same_dtype(Prim::Div, a, b); }
Expr operator-(Expr a) { return unary(Prim::Neg, a); }
Expr floor_divide(Expr a, Expr b) { return same_dtype(Prim::FloorDiv, a, b); }
Expr max(Expr a, Expr b) { return same_dtype(Prim::Max, a, b); }
Expr min(Expr a, Expr b) { return same_dtype(Prim::Min, a, b); }
Expr abs(Expr a) { return unary(Prim::Abs, a); }
Expr exp(Expr a) { return unary(Prim::Exp, a); }
Expr log(Expr a) { return unary(Prim::Log, a); }
Expr log1p(Expr a) { return unary(Prim::Log1p, a); }
Expr sqrt(Expr a) { return unary(Prim::Sqrt, a); }
Expr floor(Expr a) { return unary(Prim::Floor, a); }
Expr tanh(Expr a) { return unary(Prim::Tanh, a); }
Expr erf(Expr a) { return unary(Prim::Erf, a); }
Expr sin(Expr a) { return unary(Prim::Sin, a); }
Expr cos(Expr a) { return unary(Prim::Cos, a); }
Expr pow(Expr a, Expr b) { return same_dtype(Prim::Pow, a, b); }

Expr operator<(Expr a, Expr b) { return predicate(Prim::Lt, a, b); }
Expr operator<=(Expr a, Expr b) { return predicate(Prim::Le, a, b); }
Expr operator==(Expr a, Expr b) { return predicate(Prim::Eq, a, b); }
Expr operator!=(Expr a, Expr b) { return predicate(Prim::Ne, a, b); }
Expr operator&&(Expr a, Expr b) { return predicate(Prim::And, a, b); }
Expr operator||(Expr a, Expr b) { return predicate(Prim::Or, a, b); }
Expr operator!(Expr a) { return a.builder().node(Prim::Not, boolean, {a}); }

Expr is_nan(Expr a) { return a.builder().node(Prim::IsNan, boolean, {a}); }
Expr nonzero(Expr a) { return a.dtype() == boolean ? a : a.builder().node(Prim::NonZero, boolean, {a}); }

Expr select(Expr condition, Expr yes, Expr no) {
  return condition.builder().node(Prim::Select, yes.dtype(), {condition, yes, no});
}

Expr cast(Expr a, DType dtype) { return a.dtype() == dtype ? a : a.builder().node(Prim::Cast, dtype, {a}); }

Expr like(Expr a, double value) { return a.builder().constant(tensor::make_scalar(value, a.dtype())); }

}  // namespace einx::detail::ops
