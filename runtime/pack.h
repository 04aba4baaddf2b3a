// Private to the runtime: packing of matrix panels for the micro-kernel.
#pragma once
#include <stdint.h>

namespace einx::runtime {

/// A rectangle of a matrix: element (line, k) lies at data[lines[line] + depths[k]].
template <class T>
struct Rectangle {
  const T* data;
  const int64_t* lines;   ///< rows of a or columns of b: what a panel is wide in
  const int64_t* depths;  ///< the contracted axis
  int64_t line_count, depth_count;
};

/// Whether offsets[i + 1] - offsets[i] == 1 for all of them.
bool consecutive(const int64_t* offsets, int64_t count);

/// Writes panels of `width` lines, one after another: packed[panel][k][line], lines beyond the last one zero.
/// `depths_consecutive` says what consecutive(depths, depth_count) does.
template <class T>
void pack(const Rectangle<T>& from, int64_t width, bool depths_consecutive, T* packed);

/// Copies lines whose depths are consecutive side by side, `stride` elements apart: packed[line][k]. Lines
/// beyond the last one, up to `least` of them, are zero.
template <class T>
void copy_lines(const Rectangle<T>& from, int64_t stride, int64_t least, T* packed);

extern template void copy_lines(const Rectangle<float>&, int64_t, int64_t, float*);
extern template void copy_lines(const Rectangle<double>&, int64_t, int64_t, double*);
extern template void pack(const Rectangle<float>&, int64_t, bool, float*);
extern template void pack(const Rectangle<double>&, int64_t, bool, double*);

}  // namespace einx::runtime
