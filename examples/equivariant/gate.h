// What is not linear: norms, and activations of scalars that gate other irreps.
#pragma once
#include <functional>

#include "tensor_product.h"

namespace equivariant {

/// x: [..., in] -> [..., one even scalar for each irrep of the input]: its length, or the square of it.
class Norm : public einx::Module {
 public:
  explicit Norm(const Irreps& in, bool squared = false);
  einx::CompileMode default_mode() const override { return einx::Mode::trace; }
  const Irreps& in() const { return product_->in1(); }
  const Irreps& out() const { return product_->out(); }
  Value forward(const Value& x) const;

 private:
  einx::Child<TensorProduct> product_;  ///< of the input with itself
  bool squared_;
};

/// A function of numbers, on traced values and in plain C++.
struct Activation {
  std::string name;
  std::function<Value(const Value&)> traced;
  std::function<double(double)> plain;
};
Activation silu();
Activation sigmoid();
Activation tanh();
Activation relu();
Activation absolute();

/// 1 for an even function, -1 for an odd one, 0 for others, looked at from 0 to 10.
int parity(const Activation& activation);
/// The factor after which the function of a normal number has a second moment of 1. e3nn estimates it from a
/// million samples (normalize2mom); this is the integral, by Simpson's rule on either side of zero, to 1e-9.
double second_moment_factor(const Activation& activation);

/// x: [..., in] -> [..., out]: activations of scalars, then irreps multiplied each by the activation of its
/// gate.
class Gate : public einx::Module {
 public:
  /// One activation a term of `scalars` and of `gates`. Raises einx::ValueError if those are not scalars, if
  /// there is not one gate for each irrep of `gated`, or for an odd scalar under a function that is neither
  /// even nor odd.
  Gate(const Irreps& scalars, std::vector<Activation> scalar_activations, const Irreps& gates,
       std::vector<Activation> gate_activations, const Irreps& gated);
  const Irreps& in() const { return in_; }    ///< all three, sorted and simplified
  const Irreps& out() const { return out_; }  ///< scalars, then what was gated
  einx::CompileMode default_mode() const override { return einx::Mode::script; }
  Value forward(const Value& x) const;

 private:
  /// A term of the scalars or of the gates: where it is in the sorted input, and what becomes of it.
  struct Scalar {
    int term;
    Irrep out;
    double factor;
    Activation activation;
  };
  /// Copies that have their gates in one term.
  struct Piece {
    int gate, term;
    std::int64_t gate_begin, begin, mul;
  };
  Scalar scalar(const MulIrrep& of, Activation activation, int term) const;
  void pair(const Irreps& gates, const Irreps& gated, const std::vector<int>& position);

  Irreps terms_, in_, out_;  ///< terms_: the input, sorted only
  std::vector<Scalar> scalars_, gates_;
  std::vector<Piece> pieces_;
};

}  // namespace equivariant
