// The loops of the script rows, written in C++.
#pragma once
#include <cstdint>

namespace bench {

/// The logistic map, and the sum of what is above a half.
double logistic(std::int64_t count, double x);
/// Steps of Collatz' sequence, added up for all numbers below n.
std::int64_t collatz(std::int64_t n);
/// `count` times: to = from * 0.999 + 0.001, then the other way round. The result is in `x`.
void decay(std::int64_t count, std::int64_t size, float* x, float* other);

}  // namespace bench
