#include "gate.h"

#include <cmath>
#include <numbers>

namespace equivariant {

namespace {

/// The dot product of every irrep with itself: the 3j symbol divides by the root of its size, the path's
/// weight takes that back.
TensorProduct squares(const Irreps& in) {
  std::vector<Path> paths;
  std::vector<MulIrrep> out;
  for (int k = 0; k < static_cast<int>(in.size()); ++k) {
    const MulIrrep& of = term(in, k);
    paths.push_back({k, k, k, Mode::uuu, false, static_cast<double>(of.ir.dim())});
    out.push_back({of.mul, {0, 1}});
  }
  return {in, in, out, paths};
}

}  // namespace

Norm::Norm(const Irreps& in, bool squared) : product_(child("product", squares(in))), squared_(squared) {
  entry("forward", &Norm::forward);
  input("x", features(in));
}

Value Norm::forward(const Value& x) const {
  const Value square = product_(x, x);
  return squared_ ? square : sqrt(square);
}

Activation silu() {
  return {"silu", [](const Value& x) { return x / (1.0 + exp(-x)); },
          [](double x) { return x / (1 + std::exp(-x)); }};
}
Activation sigmoid() {
  return {"sigmoid", [](const Value& x) { return 1.0 / (1.0 + exp(-x)); },
          [](double x) { return 1 / (1 + std::exp(-x)); }};
}
Activation tanh() {
  return {"tanh", [](const Value& x) { return einx::tanh(x); }, [](double x) { return std::tanh(x); }};
}
Activation relu() {
  return {"relu", [](const Value& x) { return maximum(x, 0.0); }, [](double x) { return std::max(x, 0.0); }};
}
Activation absolute() {
  return {"abs", [](const Value& x) { return einx::abs(x); }, [](double x) { return std::abs(x); }};
}

int parity(const Activation& activation) {
  double even = 0, odd = 0;
  for (int k = 0; k <= 256; ++k) {
    const double x = 10.0 * k / 256, right = activation.plain(x), left = activation.plain(-x);
    even = std::max(even, std::abs(right - left));
    odd = std::max(odd, std::abs(right + left));
  }
  return even < 1e-10 ? 1 : odd < 1e-10 ? -1 : 0;
}

double second_moment_factor(const Activation& activation) {
  constexpr int steps = 12000;
  constexpr double end = 12, width = end / steps;
  double sum = 0;
  for (const double side : {1.0, -1.0})  // apart, since functions may have a kink at zero
    for (int k = 0; k <= steps; ++k) {
      const double x = side * k * width, value = activation.plain(x);
      const double weight = k == 0 || k == steps ? 1 : k % 2 == 1 ? 4 : 2;
      sum += weight * value * value * std::exp(-x * x / 2);
    }
  return 1 / std::sqrt(sum * width / 3 / std::sqrt(2 * std::numbers::pi));
}

Gate::Scalar Gate::scalar(const MulIrrep& of, Activation activation, int term) const {
  if (of.ir.l != 0)
    refuse("Activations are for scalars: " + to_string(of.ir) +
           " is none. Irreps of higher degree are gated.");
  const int function = parity(activation);
  if (of.ir.p < 0 && function == 0)
    refuse("'" + activation.name + "' is neither even nor odd: it would give odd scalars (0o) no parity.");
  const double factor = second_moment_factor(activation);
  return {term, {0, of.ir.p > 0 ? 1 : function}, factor, std::move(activation)};
}

Gate::Gate(const Irreps& scalars, std::vector<Activation> scalar_activations, const Irreps& gates,
           std::vector<Activation> gate_activations, const Irreps& gated) {
  if (scalar_activations.size() != scalars.size() || gate_activations.size() != gates.size())
    refuse("A gate takes one activation for each term of its scalars (" + to_string(scalars) +
           ") and of its gates (" + to_string(gates) + "), not " + std::to_string(scalar_activations.size()) +
           " and " + std::to_string(gate_activations.size()) + ".");
  if (gates.num_irreps() != gated.num_irreps())
    refuse("There are " + std::to_string(gates.num_irreps()) + " gates (" + to_string(gates) + ") for " +
           std::to_string(gated.num_irreps()) + " irreps (" + to_string(gated) + "): each needs one.");
  const Sorted sorted = sort(scalars + gates + gated);
  terms_ = sorted.irreps;
  in_ = simplify(terms_);
  for (std::size_t k = 0; k < scalars.size(); ++k) {
    scalars_.push_back(scalar(scalars[k], std::move(scalar_activations[k]), sorted.position[k]));
    out_ = out_ + MulIrrep{scalars[k].mul, scalars_.back().out};
  }
  for (std::size_t k = 0; k < gates.size(); ++k)
    gates_.push_back(scalar(gates[k], std::move(gate_activations[k]), sorted.position[scalars.size() + k]));
  pair(gates, gated,
       {sorted.position.begin() + static_cast<std::ptrdiff_t>(scalars.size() + gates.size()),
        sorted.position.end()});
  entry("forward", &Gate::forward);
  input("x", features(in_));
}

/// The terms of gates and gated need not end together: each piece is as long as both go on.
void Gate::pair(const Irreps& gates, const Irreps& gated, const std::vector<int>& position) {
  std::size_t g = 0;
  std::int64_t used = 0;
  for (std::size_t k = 0; k < gated.size(); ++k)
    for (std::int64_t begin = 0; begin < gated[k].mul;) {
      if (used == gates[g].mul) {
        ++g, used = 0;
        continue;
      }
      const std::int64_t mul = std::min(gates[g].mul - used, gated[k].mul - begin);
      pieces_.push_back({static_cast<int>(g), position[k], used, begin, mul});
      out_ = out_ + MulIrrep{mul, {gated[k].ir.l, gated[k].ir.p * gates_[g].out.p}};
      used += mul, begin += mul;
    }
}

Value Gate::forward(const Value& x) const {
  const Rows rows = rows_of(x, in_, "input");
  const auto activated = [&](const Scalar& s) {
    const Value values = block(rows, terms_, s.term);
    return scaled(s.activation.traced(reshape(values, {rows.rows(), values.shape()[1]})), s.factor);
  };
  std::vector<std::optional<Value>> out;
  std::vector<Value> gates;
  for (const Scalar& s : scalars_) out.push_back(activated(s));
  for (const Scalar& s : gates_) gates.push_back(activated(s));
  for (const Piece& piece : pieces_) {
    const Value gate =
        slice(gates[static_cast<std::size_t>(piece.gate)], 1, piece.gate_begin, piece.gate_begin + piece.mul);
    const Value values = slice(block(rows, terms_, piece.term), 1, piece.begin, piece.begin + piece.mul);
    out.push_back(einx::multiply("z u, z u i -> z (u i)", gate, values));
  }
  return join(out, out_, rows);
}

}  // namespace equivariant
