// Compiled with -O3 -march=native -ffast-math: the loop that the generated kernel is compared with.
#include "hand_written.h"

void hand_written(const float* __restrict x, const float* __restrict y, const float* __restrict v, float* __restrict out, std::int64_t z) {
  for (std::int64_t n = 0; n < z; ++n, x += 20, y += 40, v += 8, out += 4) {
    float inner[5];
    for (int j = 0; j < 5; ++j) {
      inner[j] = 0;
      for (int k = 0; k < 8; ++k) inner[j] += y[8 * j + k] * v[k];
    }
    for (int i = 0; i < 4; ++i) {
      out[i] = 0;
      for (int j = 0; j < 5; ++j) out[i] += x[5 * i + j] * inner[j];
    }
  }
}
