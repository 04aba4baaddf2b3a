// Helpers for tests of operations of the user's own: random tensors, comparison, and the same call through the reference interpreter.
#pragma once
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cmath>
#include <random>

namespace own {

/// Integers from -3 to 6 (0 to 6 without a sign), floats from -2 to 2, bools.
inline einx::Tensor random(const einx::Shape& shape, einx::DType dtype) {
  static std::mt19937_64 engine(11);
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  const bool real = dtype >= einx::f16, has_sign = dtype >= einx::i8 && dtype <= einx::i64;
  std::vector<double> values;
  for (std::int64_t k = 0; k < count; ++k)
    values.push_back(real ? std::uniform_real_distribution<double>(-2, 2)(engine)
                          : double(std::uniform_int_distribution<int>(has_sign ? -3 : 0, dtype == einx::boolean ? 1 : 6)(engine)));
  return einx::Tensor::copy_of(values, shape).cast(dtype);
}

/// Element by element, relative to the larger of 1 and the value; nan is nan.
inline void close(const einx::Tensor& got, const einx::Tensor& want, double tolerance) {
  CHECK(got.dtype() == want.dtype());
  REQUIRE(einx::Shape(got.shape().begin(), got.shape().end()) == einx::Shape(want.shape().begin(), want.shape().end()));
  const std::vector<double> a = got.to_vector<double>(), b = want.to_vector<double>();
  double most = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] == b[k] || (std::isnan(a[k]) && std::isnan(b[k]))) continue;
    const double error = std::fabs(a[k] - b[k]) / std::max(1.0, std::fabs(b[k]));
    most = std::max(most, std::isnan(error) ? INFINITY : error);
  }
  CHECK(most <= tolerance);
}

/// Runs the call's graph in the interpreter; defined where the library's inside is seen (own.cpp).
einx::Tensor reference(const einx::Graph& graph, const std::vector<einx::Tensor>& operands);
/// Compiled with extents and strides as run-time parameters.
einx::Tensor dynamic(const einx::Graph& graph, const std::vector<einx::Tensor>& operands);

template <class Op>
void same_as_reference(const Op& op, std::string_view pattern, const std::vector<einx::Tensor>& operands, double tolerance, const einx::Axes& axes = {}) {
  CAPTURE(op.name);
  CAPTURE(pattern);
  CAPTURE(operands[0].to_string());
  const einx::Graph graph = operands.size() == 1 ? op.graph(pattern, {operands[0]}, axes) : op.graph(pattern, {operands[0], operands[1]}, axes);
  const einx::Tensor got = operands.size() == 1 ? graph(operands[0]) : graph(operands[0], operands[1]);
  close(got, reference(graph, operands), tolerance);
  static int calls = 0;
  if (++calls % 4 == 0) close(dynamic(graph, operands), got, 2 * tolerance);
}

}  // namespace own
