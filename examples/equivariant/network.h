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
class Message {
 public:
  Message(const Irreps& in, const Irreps& out, int lmax);
  const Irreps& in() const { return up_.in(); }
  const Irreps& out() const { return gate_.out(); }
  const Irreps& harmonics() const { return product_.in2(); }
  std::vector<Parameter> parameters() const;  ///< "up.weight", "down.weight"
  std::int64_t edge_weights() const { return product_.weight_count(); }
  const TensorProduct& product() const { return product_; }
  const Gate& gate() const { return gate_; }
  Value forward(const Value& features, const Value& vectors, const Value& edge, const Value& up,
                const Value& down) const;

 private:
  Linear up_;
  TensorProduct product_;
  Gate gate_;
  Linear down_;
};

}  // namespace equivariant
