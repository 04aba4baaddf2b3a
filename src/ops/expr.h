// Private to the registry: how rows write their meaning. `a[0] + a[1]` on Expr handles appends nodes to a
// ScalarFn.
#pragma once
#include <initializer_list>
#include <span>
#include <vector>

#include "ops/ops.h"

namespace einx::detail::ops {

class Builder;

/// A node of the function under construction; its dtype is concrete. Valid while its Builder lives; copied
/// freely.
class Expr {
 public:
  Expr(Builder& builder, int node) : builder_(&builder), node_(node) {}
  DType dtype() const;
  int node() const { return node_; }
  Builder& builder() const { return *builder_; }

 private:
  Builder* builder_;
  int node_;
};
using Args = std::span<const Expr>;

/// Collects nodes, equal ones once. Operands of an arithmetic primitive must share their dtype: anything else
/// is a defect of a row.
class Builder {
 public:
  explicit Builder(std::vector<DType> args);
  Expr arg(int index);
  Expr constant(const tensor::Scalar& value);
  Expr node(Prim prim, DType dtype, std::initializer_list<Expr> operands);
  DType dtype(int node) const { return fn_.nodes[node].dtype; }
  /// The function with only the nodes that the results need.
  ScalarFn finish(std::span<const Expr> results) const;
  ScalarFn finish(Expr result) const { return finish(std::span(&result, 1)); }

 private:
  Expr append(const ScalarNode& node);
  ScalarFn fn_;
};

/// A function written as a lambda of its arguments: `function({f32, f32}, [](Args a) { return a[0] + a[1];
/// })`.
template <class F>
ScalarFn function(std::vector<DType> args, F meaning) {
  Builder builder(args);
  std::vector<Expr> handles;
  for (int i = 0; i < int(args.size()); ++i) handles.push_back(builder.arg(i));
  return builder.finish(meaning(Args(handles)));
}

// Arithmetic of two operands of one dtype.
Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator-(Expr a);
Expr floor_divide(Expr a, Expr b);
Expr max(Expr a, Expr b);
Expr min(Expr a, Expr b);
Expr abs(Expr a);
Expr exp(Expr a);
Expr log(Expr a);
Expr log1p(Expr a);
Expr sqrt(Expr a);
Expr floor(Expr a);
Expr tanh(Expr a);
Expr erf(Expr a);
Expr sin(Expr a);
Expr cos(Expr a);
Expr pow(Expr a, Expr b);

// Results are bool. Logical operators take bools.
Expr operator<(Expr a, Expr b);
Expr operator<=(Expr a, Expr b);
Expr operator==(Expr a, Expr b);
Expr operator!=(Expr a, Expr b);
Expr operator&&(Expr a, Expr b);
Expr operator||(Expr a, Expr b);
Expr operator!(Expr a);
Expr is_nan(Expr a);   ///< of floats
Expr nonzero(Expr a);  ///< a bool is itself

Expr select(Expr condition, Expr yes, Expr no);
Expr cast(Expr a, DType dtype);  ///< the value itself if it has that dtype
/// A constant of the same dtype as `a`.
Expr like(Expr a, double value);

}  // namespace einx::detail::ops
