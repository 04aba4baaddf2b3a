// set_at, add_at, subtract_at: the tensor, with elements at coordinates updated one after the other.
#include "reference/coordinates.h"

namespace einx::detail::reference {
namespace {

/// Every coordinate for itself, whether or not another operand is empty: nothing is written before all are
/// known to be good.
void check_all(const Step& step, const std::vector<notation::IndexMap>& maps,
               const std::vector<Coordinate>& coordinates, const std::vector<Source>& sources) {
  const notation::Solved& expr = step.node.expr;
  for (std::size_t i = 1; i + 1 < expr.inputs.size(); ++i) {
    Walk walk(expr, notation::axes_of(expr, expr.inputs[i], false), std::span(&maps[i], 1));
    walk.each(walk.origin(), [&](const std::int64_t* at) {
      for (const Coordinate& coordinate : coordinates)
        if (coordinate.operand == i)
          checked(step, walk, coordinate, sources[i].at(at[0] + coordinate.offset));
    });
  }
}

/// The result before any update. Axes that only the tensor has are of size 1.
void copy_tensor(const Step& step, const std::vector<notation::IndexMap>& maps, const Source& from,
                 const Target& to) {
  const notation::Solved& expr = step.node.expr;
  const notation::IndexMap pair[] = {maps.front(), maps.back()};
  Walk walk(expr, notation::axes_of(expr.outputs[0]), pair);
  walk.each(walk.origin(), [&](const std::int64_t* at) { to.put(at[1], from.at(at[0])); });
}

/// The order that decides between updates of one element: axes as they appear in the coordinates, then those
/// of the update, then the rest.
std::vector<int> update_order(const notation::Solved& expr) {
  std::vector<notation::TensorExpr> trees(expr.inputs.begin() + 1, expr.inputs.end());
  trees.push_back(expr.inputs[0]);
  trees.push_back(expr.outputs[0]);
  return axes_of_all(expr, trees, false);
}

}  // namespace

void run_scatter(const Step& step, const ops::Scatter& scatter) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<notation::IndexMap> maps = maps_of(step);
  const std::size_t update = expr.inputs.size() - 1, output = expr.inputs.size();
  const std::vector<Coordinate> coordinates = coordinates_of(step, maps, update, maps[output]);
  const std::vector<Source> sources = sources_of(step);
  check_all(step, maps, coordinates, sources);

  const Target target(step.outputs[0]);
  copy_tensor(step, maps, sources[0], target);
  const Source result(step.outputs[0], target.dtype);
  Walk walk(expr, update_order(expr), maps);
  Scalar updated;
  walk.each(walk.origin(), [&](const std::int64_t* at) {
    std::int64_t offset = at[output];
    for (const Coordinate& coordinate : coordinates) {
      const Scalar value = sources[coordinate.operand].at(at[coordinate.operand] + coordinate.offset);
      offset += checked(step, walk, coordinate, value) * coordinate.stride;
    }
    const Scalar args[] = {result.at(offset), sources[update].at(at[update])};
    ops::evaluate(scatter.update, args, std::span(&updated, 1));
    target.put(offset, updated);
  });
}

}  // namespace einx::detail::reference
