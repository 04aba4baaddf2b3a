#include "script_loops.h"

#include <utility>

namespace bench {

double logistic(std::int64_t count, double x) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; i = i + 1) {
    x = 3.7 * x * (1 - x);
    if (x > 0.5) sum = sum + x;
  }
  return sum;
}

std::int64_t collatz(std::int64_t n) {
  std::int64_t steps = 0;
  for (std::int64_t start = 1; start < n; ++start)
    for (std::int64_t k = start; k != 1; ++steps) {
      if (k % 2 == 0) k = k / 2;
      else k = 3 * k + 1;
    }
  return steps;
}

void decay(std::int64_t count, std::int64_t size, float* x, float* other) {
  for (std::int64_t k = 0; k < count; ++k) {
    for (std::int64_t i = 0; i < size; ++i) other[i] = x[i] * 0.999f + 0.001f;
    std::swap(x, other);
  }
}

}  // namespace bench
