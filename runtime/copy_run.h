// Private to the runtime: copies of some ten elements, for which calling memcpy costs more than the copy.
#pragma once
#include <emmintrin.h>
#include <stdint.h>

namespace einx::runtime {

template <class T>
inline void copy_run(const T* from, T* to, int64_t count) {
  constexpr int64_t lanes = 16 / int64_t(sizeof(T));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
  for (; i < count; ++i) to[i] = from[i];
}

}  // namespace einx::runtime
