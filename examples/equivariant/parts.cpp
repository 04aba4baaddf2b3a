#include "parts.h"

#include <numeric>

namespace equivariant {

namespace {

[[noreturn]] void refuse_shape(const std::string& message) {
  throw einx::ValueError(
      {.message = message, .kind = "bad-shape", .pattern = "", .carets = {}, .operands = ""});
}

std::int64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

bool floating(einx::DType dtype) { return dtype >= einx::f16; }

}  // namespace

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

std::vector<Parameter> named(const std::string& name, const std::vector<Parameter>& parameters) {
  std::vector<Parameter> out;
  for (const Parameter& parameter : parameters) out.push_back({name + "." + parameter.name, parameter.shape});
  return out;
}

Rows rows_of(const Value& x, const Irreps& irreps, const std::string& what) {
  Shape leading = x.shape();
  if (!floating(x.dtype()))
    throw einx::TypeError({.message = "The " + what + " is " + std::string(einx::name_of(x.dtype())) +
                                      ": features are floating-point numbers.",
                           .kind = "operand-kind",
                           .pattern = "",
                           .carets = {},
                           .operands = ""});
  if (leading.empty() || leading.back() != irreps.dim())
    refuse_shape("The " + what + " has the shape " + to_string(leading) + ", but " + to_string(irreps) +
                 " are " + std::to_string(irreps.dim()) + " numbers along the last axis.");
  leading.pop_back();
  return {reshape(x, {product(leading), irreps.dim()}), leading};
}

void require_same(const Shape& first, const Shape& second, const std::string& what) {
  if (first != second)
    refuse_shape("The leading axes of the " + what + " are " + to_string(second) +
                 ", those of the first input " + to_string(first) + ".");
}

Value block(const Rows& x, const Irreps& irreps, int k) {
  const Range range = irreps.slices()[static_cast<std::size_t>(k)];
  const MulIrrep& of = term(irreps, k);
  return reshape(slice(x.matrix, 1, range.begin, range.end), {x.rows(), of.mul, of.ir.dim()});
}

Value join(const std::vector<std::optional<Value>>& terms, const Irreps& irreps, const Rows& like) {
  std::vector<Value> pieces;
  for (std::size_t k = 0; k < irreps.size(); ++k) {
    const Shape shape{like.rows(), irreps[k].dim()};
    if (shape[1] == 0) continue;
    if (terms[k])
      pieces.push_back(reshape(*terms[k], shape));
    else
      pieces.push_back(broadcast_to(constant_like(like.matrix, {0}, {1, 1}), shape));
  }
  Shape shape = like.leading;
  shape.push_back(irreps.dim());
  if (pieces.empty()) return constant_like(like.matrix, {}, shape);
  return reshape(pieces.size() == 1 ? pieces[0] : einx::concat(pieces, 1), shape);
}

Weights::Weights(const Value& values, std::int64_t count, const Shape& leading) : values_(values) {
  const Shape shape = values.shape();
  Shape each = leading;
  each.push_back(count);
  per_row_ = shape.size() > 1;
  if (shape != (per_row_ ? each : Shape{count}))
    refuse_shape("The weights have the shape " + to_string(shape) + ", but should be " +
                 to_string(Shape{count}) + ", or " + to_string(each) + " with one set for every row.");
  if (per_row_) values_ = reshape(values, {product(leading), count});
}

Value Weights::take(const Shape& shape) {
  const std::int64_t end = begin_ + product(shape);
  const Value piece = slice(*values_, per_row_ ? 1 : 0, begin_, end);
  begin_ = end;
  Shape full = shape;
  if (per_row_) full.insert(full.begin(), values_->shape()[0]);
  return reshape(piece, full);
}

Value constant_like(const Value& like, const std::vector<double>& values, const Shape& shape, double factor) {
  std::vector<double> product = values;
  for (double& value : product) value *= factor;
  return einx::constant(Tensor::copy_of(product, shape).cast(like.dtype()));
}

Value scaled(const Value& x, double factor) { return factor == 1 ? x : factor * x; }

}  // namespace equivariant
