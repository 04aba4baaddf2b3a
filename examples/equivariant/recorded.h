// Graphs that e3nn 0.6 recorded of its own layers, run operation by operation: what the modules are compared
// with, in value and in time.
//
//   getitem_5 = slice reshape 1 0 4 ; 64 4          axis, begin, end; behind the semicolon, the shape
//   einsum_1 = einsum uvw,zu,zv->zw reshape_7 reshape_8 reshape_9 ; 64 4
//
// Operations: input, constant VALUE..., reshape X, expand X, slice X AXIS BEGIN END, einsum PATTERN X..., mul
// X NUMBER, truediv X NUMBER, add X Y, cat X..., output X.
#pragma once
#include "parts.h"

namespace equivariant {

class Recorded {
 public:
  /// Raises einx::ValueError that names the file and line of what cannot be read.
  static Recorded load(const std::string& path, einx::DType dtype = einx::f32);
  const std::vector<Parameter>& inputs() const { return inputs_; }
  /// Every operation is an einx call of its own, on tensors; reshapes and slices are views.
  Tensor run(const std::vector<Tensor>& inputs) const;
  std::size_t size() const { return steps_.size(); }

 private:
  struct Step {
    std::string op, pattern;
    std::vector<std::size_t> operands;  ///< steps
    std::vector<double> numbers;
    Shape shape;
    Tensor constant;
  };
  Step read(const std::string& line, std::vector<std::string>& names, einx::DType dtype) const;
  Tensor compute(const Step& step, const std::vector<Tensor>& done) const;

  std::vector<Step> steps_;
  std::vector<Parameter> inputs_;
};

}  // namespace equivariant
