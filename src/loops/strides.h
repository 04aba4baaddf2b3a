// Rules that speak of all numbers of a nest. Private to the loops layer.
#pragma once
#include "loops/nest.h"

namespace einx::detail::loops {

/// Every access of the nest: operands, outputs, coordinates and their positions.
template <class AnyNest, class F>
void each_access(AnyNest& nest, F&& f) {
  for (auto& access : nest.inputs) f(access);
  for (auto& access : nest.outputs) f(access);
  if (nest.epilogue)
    for (auto& access : nest.epilogue->inputs) f(access);
  for (auto& coordinate : nest.coordinates) {
    f(coordinate.access);
    f(coordinate.position);
  }
}

/// Every list of strides of the nest: of its accesses, and that of positions.
template <class F>
void each_strides(Nest& nest, F&& f) {
  each_access(nest, [&](Access& access) { f(access.strides); });
  f(nest.position_strides);
}

/// Every number of the nest.
template <class AnyNest, class F>
void each_number(AnyNest& nest, F&& f) {
  for (auto& axis : nest.axes) f(axis.extent);
  each_access(nest, [&](auto& access) {
    f(access.offset);
    for (auto& stride : access.strides) f(stride);
  });
  for (auto& coordinate : nest.coordinates) f(coordinate.extent), f(coordinate.stride);
  for (auto& stride : nest.position_strides) f(stride);
  f(nest.count);
}

}  // namespace einx::detail::loops
