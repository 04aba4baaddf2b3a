#include "network.h"

#include "testing.h"

namespace equivariant {

namespace {

/// What the gate is made of: the scalars of the output, one gate for each of its other irreps, and those.
Gate gate_for(const Irreps& out) {
  std::vector<MulIrrep> scalars, gated;
  for (const MulIrrep& term : out) (term.ir.l == 0 ? scalars : gated).push_back(term);
  std::vector<Activation> activations;
  for (const MulIrrep& term : scalars) activations.push_back(term.ir.p > 0 ? silu() : tanh());
  const std::int64_t count = Irreps(gated).num_irreps();
  if (count == 0) return {scalars, activations, "", {}, ""};
  return {scalars, activations, MulIrrep{count, {0, 1}}, {sigmoid()}, gated};
}

}  // namespace

Message::Message(const Irreps& in, const Irreps& out, int lmax)
    : up_(child("up", Linear(in, in))),
      directions_(child("directions", SphericalHarmonics(Irreps::spherical_harmonics(lmax),
                                                         {Normalization::component, true}))),
      product_(child("product", channel_wise(in, directions_->out(), out))),
      gate_(child("gate", gate_for(out))),
      down_(child("down", Linear(simplify(product_->out()), gate_->in()))) {
  entry("forward", &Message::forward);
  input("features", {{"edges", in.dim()}});
  input("vectors", {{"edges", 3}});
  input("edge", {{"edges", edge_weights()}});
  input("up", {{up_->weight_count()}});
  input("down", {{down_->weight_count()}});
}

std::vector<Parameter> Message::weights() const {
  std::vector<Parameter> list = named("up", up_->weights());
  for (const Parameter& weight : named("down", down_->weights())) list.push_back(weight);
  return list;
}

Value Message::forward(const Value& features, const Value& vectors, const Value& edge, const Value& up,
                       const Value& down) const {
  const Value product = product_(up_(features, up), directions_(vectors), edge);
  return gate_(down_(product, down));
}

Layer::Layer(const Irreps& in, const Irreps& out, int lmax, einx::DType dtype, std::uint64_t seed)
    : message_(child("message", Message(in, out, lmax))) {
  std::mt19937_64 random(seed);
  const std::vector<Tensor> weights = random_parameters(message_->weights(), dtype, random);
  up_ = parameter("up", weights[0]);
  down_ = parameter("down", weights[1]);
  entry("forward", &Layer::forward);
  input("features", {dtype, {"edges", in.dim()}});
  input("vectors", {dtype, {"edges", 3}});
  input("edge", {dtype, {"edges", message_->edge_weights()}});
}

Value Layer::forward(const Value& features, const Value& vectors, const Value& edge) const {
  return message_(features, vectors, edge, up_(), down_());
}

}  // namespace equivariant
