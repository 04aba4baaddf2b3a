// The two stories that e3nn tells of its compile modes, as modules: control flow that depends on data, under
// code that is traced and around it.
#pragma once
#include "gate.h"

namespace equivariant {

/// A script over a traced Norm: the norms, or half of them unless one is above 7. x: f32[b, n] -> f32[b,
/// irreps]
class HalfNorm : public einx::Module {
 public:
  explicit HalfNorm(const Irreps& in);
  einx::CompileMode default_mode() const override { return einx::Mode::script; }
};

/// A script that returns the first row with a component above 0.1, or everything: another rank. x: [n, c] or
/// [c]
class FirstRow : public einx::Module {
 public:
  FirstRow();
  einx::CompileMode default_mode() const override { return einx::Mode::script; }
};

/// Traced C++ over that script, whose branches stay: plus 3.
class PlusThree : public einx::Module {
 public:
  PlusThree();
  einx::CompileMode default_mode() const override { return einx::Mode::trace; }
  Value forward(const Value& x) const { return rows_(x) + 3; }

 private:
  einx::Child<FirstRow> rows_;
};

}  // namespace equivariant
