// Rules that speak of all strides of a nest. Private to the loops layer.
#pragma once
#include "loops/nest.h"

namespace einx::detail::loops {

/// Every list of strides of the nest: operands, outputs, coordinates, positions.
template <class F>
void each_strides(Nest& nest, F&& f) {
  for (Access& access : nest.inputs) f(access.strides);
  for (Access& access : nest.outputs) f(access.strides);
  if (nest.epilogue)
    for (Access& access : nest.epilogue->inputs) f(access.strides);
  for (Coordinate& coordinate : nest.coordinates) {
    f(coordinate.access.strides);
    f(coordinate.position.strides);
  }
  f(nest.position_strides);
}

}  // namespace einx::detail::loops
