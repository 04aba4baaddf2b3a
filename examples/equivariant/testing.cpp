#include "testing.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace equivariant {

Tensor random_tensor(const Shape& shape, einx::DType dtype, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Tensor tensor = Tensor::empty(shape, einx::f64);
  std::generate_n(tensor.data_as<double>(), tensor.size(), [&] { return normal(random); });
  return tensor.cast(dtype);
}

std::vector<Tensor> random_parameters(const std::vector<Parameter>& parameters, einx::DType dtype,
                                      std::mt19937_64& random) {
  std::vector<Tensor> out;
  for (const Parameter& parameter : parameters) out.push_back(random_tensor(parameter.shape, dtype, random));
  return out;
}

Tensor transformed(const Tensor& x, const Irreps& irreps, const Rotation& rotation, bool inverted) {
  const std::vector<double> matrix = representation(irreps, rotation, inverted);
  const std::size_t n = static_cast<std::size_t>(irreps.dim());
  const std::vector<double> in = x.to_vector<double>();
  std::vector<double> out(in.size());
  for (std::size_t row = 0; row < in.size(); row += n)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) out[row + i] += matrix[i * n + j] * in[row + j];
  return Tensor::copy_of(out, Shape(x.shape().begin(), x.shape().end())).cast(x.dtype());
}

double equivariance_error(const Function& f, const std::vector<Input>& inputs, const Irreps& out,
                          const Rotation& rotation, bool inverted) {
  std::vector<Tensor> before, after;
  for (const Input& input : inputs) {
    before.push_back(input.values);
    after.push_back(input.irreps ? transformed(input.values, *input.irreps, rotation, inverted)
                                 : input.values);
  }
  return relative_difference(f(after), transformed(f(before), out, rotation, inverted));
}

double relative_difference(const Tensor& a, const Tensor& b) {
  if (!std::ranges::equal(a.shape(), b.shape())) return std::numeric_limits<double>::infinity();
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  double difference = 0, size = std::numeric_limits<double>::min();
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double distance = std::abs(x[k] - y[k]);
    difference =
        std::isnan(distance) ? std::numeric_limits<double>::infinity() : std::max(difference, distance);
    size = std::max(size, std::abs(y[k]));
  }
  return difference / size;
}

}  // namespace equivariant
