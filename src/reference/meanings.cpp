// Moves and elementwise operations, and what all meanings share.
#include "reference/meanings.h"

#include <algorithm>

#include "support/support.h"

namespace einx::detail::reference {
namespace {

/// A part of a tensor between its concatenations.
struct Piece {
  std::size_t tensor;
  notation::IndexMap map;
};

template <class Tensors>
std::vector<Piece> pieces_of(const notation::Solved& expr, const std::vector<notation::TensorExpr>& trees,
                             const Tensors& tensors) {
  std::vector<Piece> out;
  for (std::size_t i = 0; i < trees.size(); ++i)
    for (notation::IndexMap& map : notation::index_maps(expr, trees[i], tensors[i].strides()))
      out.push_back({i, std::move(map)});
  return out;
}

/// The axes of one pair of pieces; an axis of another piece is none of its loops.
std::vector<int> axes_of_pair(const Piece& to, const Piece& from) {
  std::vector<int> out;
  for (const Piece* piece : {&to, &from})
    for (const notation::Term& term : piece->map.terms)
      if (std::find(out.begin(), out.end(), term.axis) == out.end()) out.push_back(term.axis);
  return out;
}

notation::IndexMap only_map(const notation::Solved& expr, const notation::TensorExpr& tree,
                            const Tensor& tensor) {
  std::vector<notation::IndexMap> maps = notation::index_maps(expr, tree, tensor.strides());
  if (maps.size() != 1) support::internal_error("only id has concatenations");
  return std::move(maps.front());
}

}  // namespace

std::vector<notation::IndexMap> maps_of(const Step& step) {
  const notation::Solved& expr = step.node.expr;
  std::vector<notation::IndexMap> out;
  for (std::size_t i = 0; i < step.inputs.size(); ++i)
    out.push_back(only_map(expr, expr.inputs[i], step.inputs[i]));
  for (std::size_t i = 0; i < step.outputs.size(); ++i)
    out.push_back(only_map(expr, expr.outputs[i], step.outputs[i]));
  return out;
}

std::vector<int> vectorised_axes(const notation::Solved& expr) {
  std::vector<notation::TensorExpr> trees = expr.outputs;
  trees.insert(trees.end(), expr.inputs.begin(), expr.inputs.end());
  return axes_of_all(expr, trees, false);
}

std::vector<Source> sources_of(const Step& step) {
  std::vector<Source> out;
  for (std::size_t i = 0; i < step.inputs.size(); ++i)
    out.emplace_back(step.inputs[i], step.resolved.operands[i]);
  return out;
}

/// Piece i of the inputs is copied to piece i of the outputs. Each element is converted once, to its output's
/// dtype.
void run_move(const Step& step) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<Piece> from = pieces_of(expr, expr.inputs, step.inputs);
  const std::vector<Piece> to = pieces_of(expr, expr.outputs, step.outputs);
  if (from.size() != to.size()) support::internal_error("id has as many input pieces as output pieces");
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Target target(step.outputs[to[i].tensor]);
    const Source source(step.inputs[from[i].tensor], target.dtype);
    const notation::IndexMap maps[] = {from[i].map, to[i].map};
    Walk walk(expr, axes_of_pair(to[i], from[i]), maps);
    walk.each(walk.origin(), [&](const std::int64_t* at) { target.put(at[1], source.at(at[0])); });
  }
}

void run_map(const Step& step, const ops::Map& map) {
  const std::vector<Source> sources = sources_of(step);
  const Target target(step.outputs[0]);
  Walk walk(step.node.expr, vectorised_axes(step.node.expr), maps_of(step));
  std::vector<Scalar> args(sources.size());
  Scalar result;
  walk.each(walk.origin(), [&](const std::int64_t* at) {
    for (std::size_t i = 0; i < sources.size(); ++i) args[i] = sources[i].at(at[i]);
    ops::evaluate(map.fn, args, std::span(&result, 1));
    target.put(at[sources.size()], result);
  });
}

}  // namespace einx::detail::reference
