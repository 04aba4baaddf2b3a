// get_at: the bracketed axes of operand 0 take their values from the other operands.
#include "reference/coordinates.h"

namespace einx::detail::reference {

void run_gather(const Step& step) {
  const notation::Solved& expr = step.node.expr;
  const std::vector<notation::IndexMap> maps = maps_of(step);
  const std::vector<Coordinate> coordinates = coordinates_of(step, maps, expr.inputs.size(), maps[0]);
  const std::vector<Source> sources = sources_of(step);
  const Target target(step.outputs[0]);
  Walk walk(expr, vectorised_axes(expr), maps);
  walk.each(walk.origin(), [&](const std::int64_t* at) {
    std::int64_t offset = at[0];
    for (const Coordinate& coordinate : coordinates) {
      const Scalar value = sources[coordinate.operand].at(at[coordinate.operand] + coordinate.offset);
      offset += checked(step, walk, coordinate, value) * coordinate.stride;
    }
    target.put(at[sources.size()], sources[0].at(offset));
  });
}

}  // namespace einx::detail::reference
