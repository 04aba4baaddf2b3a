// What the two ways of transposing share. Private to the loops layer.
#pragma once
#include <algorithm>

#include "loops/estimate.h"

namespace einx::detail::loops {

/// A move whose input is contiguous along `across` and whose output is along `along`.
struct Copy {
  const Nest& nest;
  AxisBuilder builder;
  int across = -1, along = -1;
  int block = 0;              ///< rows and columns of a register transpose; an axis may be shorter
  std::vector<int> others{};  ///< all other axes, slowest in the output first

  const Access& from() const { return nest.inputs[0]; }
  const Access& to() const { return nest.outputs[0]; }
  std::int64_t extent(int axis) const { return nest.axes[std::size_t(axis)].extent.value; }
  std::int64_t from_stride(int axis) const { return from().strides[std::size_t(axis)].value; }
  std::int64_t to_stride(int axis) const { return to().strides[std::size_t(axis)].value; }
  std::int64_t side(int axis) const { return fixed(nest, axis) ? std::min<std::int64_t>(block, extent(axis)) : block; }
  const std::string& name(int axis) const { return nest.axes[std::size_t(axis)].name; }
};

/// `inner` at every block of the axis: whole blocks in a loop, what is left as one more block that ends at
/// the end (and overlaps).
void blocks(Copy& copy, Body& out, int axis, const AxisBuilder::Inner& inner);
/// One block at the builder's place, into the output or into a stage.
void transpose_block(Copy& copy, Body& out, BufferId to, Address to_at, Int to_stride);
/// Whether blocks leave as whole, aligned lines of the output.
bool blocks_are_lines(const Copy& copy);
/// Nanoseconds for all of it, roughly.
double cost(const Copy& copy);

/// How a stage is cut: tiles of `lines` x `run` elements; a run is contiguous in the output and made of
/// `along` (or a part of it) and the `merged` axes.
struct Stage {
  std::int64_t lines = 0, run = 0;
  std::vector<int> merged{};
  explicit operator bool() const { return lines > 0; }
};
/// Whether whole lines can leave past the caches, and in what tiles.
Stage plan_stage(const Copy& copy);
void schedule_staged(Copy& copy, const Stage& stage);

}  // namespace einx::detail::loops
