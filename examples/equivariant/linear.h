// Linear maps that commute with rotations: copies of one irrep are mixed, its components are not.
#pragma once
#include "parts.h"

namespace equivariant {

/// x: [..., in], weight: [n] or [..., n], bias: [m] or [..., m]  ->  [..., out]
///
/// One matrix for each pair of terms of the same irrep; with biases, a number for each scalar (0e) of the
/// output. Terms of the output that no term of the input reaches are zero. Factors as in e3nn, for outputs of
/// variance 1 from inputs and weights of variance 1.
class Linear : public einx::Module {
 public:
  struct Path {
    int in = 0, out = 0;
    double coefficient = 1;
  };
  Linear(Irreps in, Irreps out, bool biases = false);

  const Irreps& in() const { return in_; }
  const Irreps& out() const { return out_; }
  const std::vector<Path>& paths() const { return paths_; }
  std::int64_t weight_count() const;
  std::int64_t bias_count() const { return biases_ ? out_.count({0, 1}) : 0; }
  std::vector<Parameter> weights() const;
  einx::CompileMode default_mode() const override { return einx::Mode::script; }

  Value forward(const Value& x, const Value& weight) const;  ///< without biases, else einx::ValueError
  Value forward(const Value& x, const Value& weight, const Value& bias) const;

 private:
  Value run(const Value& x, const Value& weight, const std::optional<Value>& bias) const;

  Irreps in_, out_;
  bool biases_;
  std::vector<Path> paths_;
};

}  // namespace equivariant
