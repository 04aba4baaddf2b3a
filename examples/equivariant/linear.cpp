#include "linear.h"

#include <cmath>

namespace equivariant {

Linear::Linear(Irreps in, Irreps out, bool biases)
    : in_(std::move(in)), out_(std::move(out)), biases_(biases) {
  for (int i = 0; i < static_cast<int>(in_.size()); ++i)
    for (int k = 0; k < static_cast<int>(out_.size()); ++k) {
      const Irrep ir = term(in_, i).ir;
      const std::int64_t copies = in_.count(ir);  // all that are summed into one number of the output
      if (ir == term(out_, k).ir && term(in_, i).mul * term(out_, k).mul > 0)
        paths_.push_back({i, k, 1 / std::sqrt(static_cast<double>(copies))});
    }
  using Weighted = Value (Linear::*)(const Value&, const Value&) const;
  using Biased = Value (Linear::*)(const Value&, const Value&, const Value&) const;
  if (biases_)
    entry("forward", Biased(&Linear::forward));
  else
    entry("forward", Weighted(&Linear::forward));
  input("x", features(in_));
  for (const Parameter& weight : weights()) input(weight.name, equivariant::weights(weight.shape[0]));
}

std::int64_t Linear::weight_count() const {
  std::int64_t count = 0;
  for (const Path& path : paths_) count += term(in_, path.in).mul * term(out_, path.out).mul;
  return count;
}

std::vector<Parameter> Linear::weights() const {
  std::vector<Parameter> list{{"weight", {weight_count()}}};
  if (biases_) list.push_back({"bias", {bias_count()}});
  return list;
}

Value Linear::forward(const Value& x, const Value& weight) const {
  if (biases_)
    refuse("This map has " + std::to_string(bias_count()) + " biases, which are its third operand.");
  return run(x, weight, {});
}

Value Linear::forward(const Value& x, const Value& weight, const Value& bias) const {
  if (!biases_) refuse("This map was made without biases: it has two operands.");
  return run(x, weight, bias);
}

Value Linear::run(const Value& x, const Value& weight, const std::optional<Value>& bias) const {
  const Rows rows = rows_of(x, in_, "input");
  std::vector<std::optional<Value>> sums(out_.size());
  Weights weights(weight, weight_count(), rows.leading);
  const std::string pattern = weights.per_row() ? "zuw,zui->zwi" : "uw,zui->zwi";
  for (const Path& path : paths_) {
    auto& sum = sums[static_cast<std::size_t>(path.out)];
    const Value matrix = weights.take({term(in_, path.in).mul, term(out_, path.out).mul});
    const Value value = scaled(einx::einsum(pattern, matrix, block(rows, in_, path.in)), path.coefficient);
    sum = sum ? *sum + value : value;
  }
  if (bias) {
    Weights biases(*bias, bias_count(), rows.leading);
    for (std::size_t k = 0; k < out_.size(); ++k) {
      if (!out_[k].ir.scalar() || out_[k].mul == 0) continue;
      const Value shift = broadcast_to(biases.take({out_[k].mul, 1}), {rows.rows(), out_[k].mul, 1});
      sums[k] = sums[k] ? *sums[k] + shift : shift;
    }
  }
  return join(sums, out_, rows);
}

}  // namespace equivariant
