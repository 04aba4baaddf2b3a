// A layer of an equivariant network, made of the modules: what a point hears from its neighbours.
#pragma once
#include <cstdint>

#include "gate.h"
#include "linear.h"
#include "spherical.h"

namespace equivariant {

/// features: [edges, in] of the neighbours, vectors: [edges, 3] to them, edge: [edges, n] one set of weights
/// an edge  ->  [edges, out]
///
/// Features are mixed, multiplied copy by copy with the harmonics of the direction, mixed again, and gated.
/// `out` has its scalars first; each irrep of higher degree gets a gate of its own.
class Message : public einx::Module {
 public:
  Message(const Irreps& in, const Irreps& out, int lmax);
  const Irreps& in() const { return up_->in(); }
  const Irreps& out() const { return gate_->out(); }
  const Irreps& harmonics() const { return product_->in2(); }
  std::vector<Parameter> weights() const;  ///< "up.weight", "down.weight"
  std::int64_t edge_weights() const { return product_->weight_count(); }
  const TensorProduct& product() const { return *product_; }
  const Gate& gate() const { return *gate_; }
  einx::CompileMode default_mode() const override { return einx::Mode::script; }
  Value forward(const Value& features, const Value& vectors, const Value& edge, const Value& up,
                const Value& down) const;

 private:
  einx::Child<Linear> up_;
  einx::Child<SphericalHarmonics> directions_;
  einx::Child<TensorProduct> product_;
  einx::Child<Gate> gate_;
  einx::Child<Linear> down_;
};

/// A message with weights of its own: parameters "up" and "down", normal numbers to begin with. features:
/// [edges, in], vectors: [edges, 3], edge: [edges, n]  ->  [edges, out]
class Layer : public einx::Module {
 public:
  Layer(const Irreps& in, const Irreps& out, int lmax, einx::DType dtype, std::uint64_t seed);
  const Message& message() const { return *message_; }
  einx::CompileMode default_mode() const override { return einx::Mode::script; }
  Value forward(const Value& features, const Value& vectors, const Value& edge) const;

 private:
  einx::Child<Message> message_;
  einx::Parameter up_, down_;
};

}  // namespace equivariant
