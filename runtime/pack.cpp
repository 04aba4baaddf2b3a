#include "runtime/pack.h"

#include <algorithm>
#include <cstring>

namespace einx::runtime {
namespace {

typedef float Float4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef double Double2 __attribute__((vector_size(16), aligned(8), may_alias));

/// Transposes a square of 16-byte vectors: lines of consecutive depths in, depths of consecutive lines out.
void transpose_square(const float* const line[4], float* packed, int64_t width) {
  const auto load = [](const float* from) { return *reinterpret_cast<const Float4*>(from); };
  const auto store = [](float* to, Float4 v) { *reinterpret_cast<Float4*>(to) = v; };
  const Float4 a = load(line[0]), b = load(line[1]), c = load(line[2]), d = load(line[3]);
  const Float4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Float4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(packed, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store(packed + width, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store(packed + 2 * width, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store(packed + 3 * width, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

void transpose_square(const double* const line[2], double* packed, int64_t width) {
  const Double2 a = *reinterpret_cast<const Double2*>(line[0]), b = *reinterpret_cast<const Double2*>(line[1]);
  *reinterpret_cast<Double2*>(packed) = __builtin_shufflevector(a, b, 0, 2);
  *reinterpret_cast<Double2*>(packed + width) = __builtin_shufflevector(a, b, 1, 3);
}

/// Lines that lie side by side: a run of elements for every depth.
template <class T>
void pack_runs(const Rectangle<T>& from, int64_t width, T* packed) {
  const T* const first = from.data + from.lines[0];
  for (int64_t k = 0; k < from.depth_count; ++k)
    std::memcpy(packed + k * width, first + from.depths[k], size_t(from.line_count) * sizeof(T));
}

/// Lines that are contiguous along the depth: transposed in squares, what is left over by elements.
template <class T>
void pack_transposed(const Rectangle<T>& from, int64_t width, T* packed) {
  constexpr int64_t side = 16 / int64_t(sizeof(T));
  const int64_t square_lines = from.line_count / side * side, square_depths = from.depth_count / side * side;
  for (int64_t i = 0; i < square_lines; i += side) {
    const T* line[side];
    for (int64_t s = 0; s < side; ++s) line[s] = from.data + from.lines[i + s] + from.depths[0];
    for (int64_t k = 0; k < square_depths; k += side) {
      transpose_square(line, packed + k * width + i, width);
      for (const T*& l : line) l += side;
    }
  }
  for (int64_t i = 0; i < from.line_count; ++i) {
    const T* const line = from.data + from.lines[i] + from.depths[0];
    for (int64_t k = i < square_lines ? square_depths : 0; k < from.depth_count; ++k) packed[k * width + i] = line[k];
  }
}

template <class T>
void pack_elements(const Rectangle<T>& from, int64_t width, T* packed) {
  for (int64_t k = 0; k < from.depth_count; ++k)
    for (int64_t i = 0; i < from.line_count; ++i) packed[k * width + i] = from.data[from.lines[i] + from.depths[k]];
}

}  // namespace

bool consecutive(const int64_t* offsets, int64_t count) {
  for (int64_t i = 1; i < count; ++i)
    if (offsets[i] != offsets[i - 1] + 1) return false;
  return true;
}

template <class T>
void pack(const Rectangle<T>& from, int64_t width, bool depths_consecutive, T* packed) {
  for (int64_t first = 0; first < from.line_count; first += width, packed += width * from.depth_count) {
    const int64_t lines = std::min(width, from.line_count - first);
    const Rectangle<T> panel{from.data, from.lines + first, from.depths, lines, from.depth_count};
    if (lines < width) std::memset(packed, 0, size_t(width * from.depth_count) * sizeof(T));
    if (consecutive(panel.lines, lines))
      pack_runs(panel, width, packed);
    else if (depths_consecutive)
      pack_transposed(panel, width, packed);
    else
      pack_elements(panel, width, packed);
  }
}

template void pack(const Rectangle<float>&, int64_t, bool, float*);
template void pack(const Rectangle<double>&, int64_t, bool, double*);

}  // namespace einx::runtime
