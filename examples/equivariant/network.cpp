#include "network.h"

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
    : up_(in, in),
      product_(channel_wise(in, Irreps::spherical_harmonics(lmax), out)),
      gate_(gate_for(out)),
      down_(simplify(product_.out()), gate_.in()) {}

std::vector<Parameter> Message::parameters() const {
  std::vector<Parameter> list = named("up", up_.parameters());
  for (const Parameter& parameter : named("down", down_.parameters())) list.push_back(parameter);
  return list;
}

Value Message::forward(const Value& features, const Value& vectors, const Value& edge, const Value& up,
                       const Value& down) const {
  const Value directions = spherical_harmonics(harmonics(), vectors, {Normalization::component, true});
  const Value product = product_.forward(up_.forward(features, up), directions, edge);
  return gate_.forward(down_.forward(product, down));
}

}  // namespace equivariant
