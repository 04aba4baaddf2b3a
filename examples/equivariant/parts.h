// What the modules share: features as rows of numbers, cut into the terms of their irreps and put together
// again.
//
// A module is an einx::Module and a value: irreps, instructions and factors are members, weights are named,
// and one `forward` says on traced values what it computes. Weights are operands of forward, so that the same
// module runs with any of them, through einx::compile, einx::jit or einx::trace. Modes are those that e3nn
// gives them.
#pragma once
#include <einx/compiled.h>
#include <einx/einx.h>

#include <optional>
#include <string>
#include <vector>

#include "irreps.h"

namespace equivariant {

using einx::Shape;
using einx::Tensor;
using einx::Value;

/// Weights that a module takes, to be initialised with normal numbers of variance 1: the modules' factors do
/// the rest.
struct Parameter {
  std::string name;
  Shape shape;
};

/// What an input along whose last axis are irreps may be: any leading axes.
inline einx::InputSpec features(const Irreps& irreps) { return {{"...", irreps.dim()}}; }
/// n weights, or n for each row.
inline einx::InputSpec weights(std::int64_t n) { return {{"...", n}}; }

/// The module's weights under its own name: "product.weight".
std::vector<Parameter> named(const std::string& name, const std::vector<Parameter>& parameters);

/// Features [..., dim] as a matrix.
struct Rows {
  Value matrix;  ///< [rows, dim]
  Shape leading;
  std::int64_t rows() const { return matrix.shape().at(0); }
};
/// Raises einx::ValueError "bad-shape" if the last axis is not that of the irreps, einx::TypeError
/// "operand-kind" for numbers that are not floating-point.
Rows rows_of(const Value& x, const Irreps& irreps, const std::string& what);
/// Two inputs of one call have to have the same leading axes: raises einx::ValueError "bad-shape".
void require_same(const Shape& first, const Shape& second, const std::string& what);

/// [rows, mul, 2l + 1] of one term.
Value block(const Rows& x, const Irreps& irreps, int k);

/// The way back: terms [rows, mul * (2l + 1)] side by side, zeros for those that are not there, under the
/// leading axes again.
Value join(const std::vector<std::optional<Value>>& terms, const Irreps& irreps, const Rows& like);

/// Parameters of a module's paths, one after the other along the last axis: [n], or [..., n] with one set for
/// every row.
class Weights {
 public:
  Weights() = default;
  Weights(const Value& values, std::int64_t count, const Shape& leading);
  bool per_row() const { return per_row_; }
  /// The next ones, under a shape; with the rows in front if every row has its own.
  Value take(const Shape& shape);

 private:
  std::optional<Value> values_;
  bool per_row_ = false;
  std::int64_t begin_ = 0;
};

/// A tensor of the graph in the dtype of a value. `factor` * values.
Value constant_like(const Value& like, const std::vector<double>& values, const Shape& shape,
                    double factor = 1);

/// factor * x, or x if the factor is 1.
Value scaled(const Value& x, double factor);

std::string to_string(const Shape& shape);

}  // namespace equivariant
