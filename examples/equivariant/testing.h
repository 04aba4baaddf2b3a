// How far a function is from commuting with rotations and inversions.
#pragma once
#include <functional>
#include <random>

#include "parts.h"
#include "wigner.h"

namespace equivariant {

/// Normal numbers.
Tensor random_tensor(const Shape& shape, einx::DType dtype, std::mt19937_64& random);
std::vector<Tensor> random_parameters(const std::vector<Parameter>& parameters, einx::DType dtype,
                                      std::mt19937_64& random);

/// Features [..., dim] multiplied by the matrix of a rotation, in f64.
Tensor transformed(const Tensor& x, const Irreps& irreps, const Rotation& rotation, bool inverted);

struct Input {
  Tensor values;
  std::optional<Irreps> irreps = {};  ///< none: numbers that no rotation changes, such as weights
};
using Function = std::function<Tensor(const std::vector<Tensor>&)>;
/// The largest |f(D x) - D f(x)|, divided by the largest |f(x)|.
double equivariance_error(const Function& f, const std::vector<Input>& inputs, const Irreps& out,
                          const Rotation& rotation, bool inverted);

/// The largest |a - b| divided by the largest |b|. Infinite for different shapes or a NaN.
double relative_difference(const Tensor& a, const Tensor& b);

}  // namespace equivariant
