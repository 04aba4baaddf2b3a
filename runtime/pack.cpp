#include "runtime/pack.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "runtime/copy_run.h"

namespace einx::runtime {
namespace {

/// What the CPU has. Packing only moves elements: the bits are the same either way.
const bool kHasAvx = __builtin_cpu_supports("avx");
const bool kHasAvx512 = __builtin_cpu_supports("avx512f");

/// Transposes squares of 4 x 4: lines of consecutive depths in, depths of consecutive lines out.
void transpose_square(const float* const line[4], float* packed, int64_t width) {
  __m128 a = _mm_loadu_ps(line[0]), b = _mm_loadu_ps(line[1]), c = _mm_loadu_ps(line[2]),
         d = _mm_loadu_ps(line[3]);
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm_storeu_ps(packed, a);
  _mm_storeu_ps(packed + width, b);
  _mm_storeu_ps(packed + 2 * width, c);
  _mm_storeu_ps(packed + 3 * width, d);
}

/// The same for 2 x 2 doubles.
void transpose_square(const double* const line[2], double* packed, int64_t width) {
  const __m128d a = _mm_loadu_pd(line[0]), b = _mm_loadu_pd(line[1]);
  _mm_storeu_pd(packed, _mm_unpacklo_pd(a, b));
  _mm_storeu_pd(packed + width, _mm_unpackhi_pd(a, b));
}

/// Two quarters of a line each: depths 0-3 of lines i and i + 4, so that the 8 x 8 square is two rows of 4 x
/// 4 ones side by side.
__attribute__((target("avx"))) inline __m256 pair(const float* low, const float* high) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}

/// Four depths of eight lines.
__attribute__((target("avx"))) void transpose_eight(const float* const line[8], float* packed,
                                                    int64_t width) {
  const __m256 a = pair(line[0], line[4]), b = pair(line[1], line[5]), c = pair(line[2], line[6]),
               d = pair(line[3], line[7]);
  const __m256 ab_low = _mm256_unpacklo_ps(a, b), ab_high = _mm256_unpackhi_ps(a, b);
  const __m256 cd_low = _mm256_unpacklo_ps(c, d), cd_high = _mm256_unpackhi_ps(c, d);
  _mm256_storeu_ps(packed, _mm256_shuffle_ps(ab_low, cd_low, 0x44));
  _mm256_storeu_ps(packed + width, _mm256_shuffle_ps(ab_low, cd_low, 0xee));
  _mm256_storeu_ps(packed + 2 * width, _mm256_shuffle_ps(ab_high, cd_high, 0x44));
  _mm256_storeu_ps(packed + 3 * width, _mm256_shuffle_ps(ab_high, cd_high, 0xee));
}

/// Whole squares of f32 from eight lines at a time. Of 14 lines the second eight overlap the first: a move
/// done twice is cheaper than single elements. Returns the depths that are done for all lines, 0 if there are
/// too few lines.
__attribute__((target("avx"))) int64_t pack_eights(const Rectangle<float>& from, int64_t width,
                                                   float* packed) {
  const int64_t depths = from.depth_count / 4 * 4, lines = from.line_count;
  if (lines < 8) return 0;
  for (int64_t i = 0; i < lines; i += 8) {
    const int64_t first = std::min(i, lines - 8);
    const float* line[8];
    for (int64_t s = 0; s < 8; ++s) line[s] = from.data + from.lines[first + s] + from.depths[0];
    for (int64_t k = 0; k < depths; k += 4) {
      transpose_eight(line, packed + k * width + first, width);
      for (const float*& l : line) l += 4;
    }
  }
  return depths;
}

/// 16 x 16 of f32: unpack, 64-bit shuffle, two permutations of 128-bit lanes.
__attribute__((target("avx512f"))) void transpose_sixteen(const float* const line[16], float* packed,
                                                          int64_t width) {
  __m512 r[16], t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_ps(line[i]);
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 8; ++i) {
    _mm512_storeu_ps(packed + i * width, _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88));
    _mm512_storeu_ps(packed + (i + 8) * width, _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd));
  }
}

/// Whole squares of f32 from sixteen lines at a time, like pack_eights.
__attribute__((target("avx512f"))) int64_t pack_sixteens(const Rectangle<float>& from, int64_t width,
                                                         float* packed) {
  const int64_t depths = from.depth_count / 16 * 16, lines = from.line_count;
  if (lines < 16) return 0;
  for (int64_t i = 0; i < lines; i += 16) {
    const int64_t first = std::min(i, lines - 16);
    const float* line[16];
    for (int64_t s = 0; s < 16; ++s) line[s] = from.data + from.lines[first + s] + from.depths[0];
    for (int64_t k = 0; k < depths; k += 16) {
      transpose_sixteen(line, packed + k * width + first, width);
      for (const float*& l : line) l += 16;
    }
  }
  return depths;
}

/// The depths that wide squares can do for all lines, in order of their width.
int64_t pack_widest(const Rectangle<float>& from, int64_t width, float* packed) {
  const int64_t done = kHasAvx512 ? pack_sixteens(from, width, packed) : 0;
  if (!kHasAvx) return done;
  const Rectangle<float> rest{from.data, from.lines, from.depths + done, from.line_count,
                              from.depth_count - done};
  return rest.depth_count == 0 ? done : done + pack_eights(rest, width, packed + done * width);
}
int64_t pack_widest(const Rectangle<double>&, int64_t, double*) { return 0; }

/// Runs of whole 64-byte vectors.
__attribute__((target("avx512f"))) void pack_vectors(const char* first, const int64_t* depths, int64_t count,
                                                     int64_t element_bytes, int64_t run_bytes, char* packed) {
  for (int64_t k = 0; k < count; ++k, packed += run_bytes) {
    const char* const from = first + depths[k] * element_bytes;
    for (int64_t at = 0; at < run_bytes; at += 64)
      _mm512_storeu_si512(packed + at, _mm512_loadu_si512(from + at));
  }
}

/// Lines that lie side by side: a run of elements for every depth.
template <class T>
void pack_runs(const Rectangle<T>& from, int64_t width, T* packed) {
  const T* const first = from.data + from.lines[0];
  constexpr int64_t size = sizeof(T);
  if (kHasAvx512 && from.line_count == width && width * size % 64 == 0)
    return pack_vectors(reinterpret_cast<const char*>(first), from.depths, from.depth_count, size,
                        width * size, reinterpret_cast<char*>(packed));
  for (int64_t k = 0; k < from.depth_count; ++k)
    copy_run(first + from.depths[k], packed + k * width, from.line_count);
}

/// Lines that are contiguous along the depth: transposed in squares, what is left over by elements.
template <class T>
void pack_transposed(const Rectangle<T>& from, int64_t width, T* packed) {
  constexpr int64_t side = 16 / int64_t(sizeof(T));
  const int64_t done = pack_widest(from, width, packed);
  const int64_t lines = done > 0 ? from.line_count : from.line_count / side * side;
  const int64_t depths = done > 0 ? done : from.depth_count / side * side;
  for (int64_t i = 0; done == 0 && i < lines; i += side) {
    const T* line[side];
    for (int64_t s = 0; s < side; ++s) line[s] = from.data + from.lines[i + s] + from.depths[0];
    for (int64_t k = 0; k < depths; k += side) {
      transpose_square(line, packed + k * width + i, width);
      for (const T*& l : line) l += side;
    }
  }
  for (int64_t i = 0; i < from.line_count; ++i) {
    const T* const line = from.data + from.lines[i] + from.depths[0];
    for (int64_t k = i < lines ? depths : 0; k < from.depth_count; ++k) packed[k * width + i] = line[k];
  }
}

template <class T>
void pack_elements(const Rectangle<T>& from, int64_t width, T* packed) {
  for (int64_t k = 0; k < from.depth_count; ++k)
    for (int64_t i = 0; i < from.line_count; ++i)
      packed[k * width + i] = from.data[from.lines[i] + from.depths[k]];
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

template <class T>
void copy_lines(const Rectangle<T>& from, int64_t stride, int64_t least, T* packed) {
  for (int64_t i = 0; i < from.line_count; ++i)
    copy_run(from.data + from.lines[i] + from.depths[0], packed + i * stride, from.depth_count);
  for (int64_t i = from.line_count; i < least; ++i) std::fill_n(packed + i * stride, from.depth_count, T(0));
}

template void copy_lines(const Rectangle<float>&, int64_t, int64_t, float*);
template void copy_lines(const Rectangle<double>&, int64_t, int64_t, double*);
template void pack(const Rectangle<float>&, int64_t, bool, float*);
template void pack(const Rectangle<double>&, int64_t, bool, double*);

}  // namespace einx::runtime
