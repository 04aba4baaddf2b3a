// Slices of operands copied into a thread's frame with the lanes of the vector axis side by side. Private to
// the contraction schedules.
#pragma once
#include "loops/contract.h"

namespace einx::detail::loops {

/// What one thread may hold in frames of one kernel.
inline constexpr std::int64_t kFrameBytes = 64 << 10;

/// An operand as the innermost loops meet it: where it is, or a frame. A frame's strides say nothing of the
/// vector axis: its lanes are neighbours.
struct Source {
  Access access;
  bool framed = false;
};

/// The vector axis and how much of it, from where it stands, is in the frame.
struct Strip {
  int vector = -1;
  std::int64_t count = 0;
  std::int64_t ahead = 0;  ///< steps of the innermost loop around the transposes that are prefetched
};

/// A frame for what `like` has along these axes (the last one fastest), `width` elements for each.
Source make_frame(AxisBuilder& b, const Access& like, std::span<const int> axes, std::int64_t width);
/// A stand-in for an operand that no buffer holds yet.
Source make_frame(AxisBuilder& b, DType dtype, std::span<const int> axes, std::int64_t width);

/// Operand to frame and back, by register transposes where the operand is contiguous along one of the axes.
void pack(AxisBuilder& b, Body& body, const Access& from, const Source& to, std::span<const int> axes,
          Strip strip);
void unpack(AxisBuilder& b, Body& body, const Source& from, const Access& to, std::span<const int> axes,
            Strip strip);

/// Inside the vector loop.
Ref load(AxisBuilder& b, Body& body, const Source& source, int vector);
void store(AxisBuilder& b, Body& body, const Source& source, int vector, Ref value);

/// The fewest tiles of at most `most`, of equal length but for the last.
std::int64_t even_tiles(std::int64_t extent, std::int64_t most);

/// The axis becomes extent / inner steps of `inner`, which is a new axis at the end. Returns that, or the
/// axis itself if it is no longer than `inner`.
int split_axis(Nest& nest, int axis, std::int64_t inner);

}  // namespace einx::detail::loops
