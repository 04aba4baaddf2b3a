#pragma once
#include <cstdint>

/// out[z, i] = sum over j, k of x[z, i, j] y[z, j, k] v[z, k] for sizes 4, 5 and 8, as one would write it: both sums in one loop over z.
void hand_written(const float* x, const float* y, const float* v, float* out, std::int64_t z);
