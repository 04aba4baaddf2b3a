// Private to the runtime: sorting packed keys. Elements that compare equal are the same in every bit, so that
// no algorithm here has to be stable to give a stable sort.
#pragma once
#include <stdint.h>
#include <string.h>

#include <algorithm>

namespace einx::runtime {

/// A key that has no room for the position of its element.
struct Placed {
  uint64_t key, position;
};
inline bool operator<(const Placed& a, const Placed& b) {
  return a.key < b.key || (a.key == b.key && a.position < b.position);
}

// ---------------------------------------------------------------- several short rows side by side
inline constexpr int64_t kLanes = 16;

template <class Key>
[[gnu::always_inline]] inline void exchange(Key* low, Key* high) {
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    const Key a = low[lane], b = high[lane];
    const bool swap = b < a;
    low[lane] = swap ? b : a;
    high[lane] = swap ? a : b;
  }
}

/// Without a branch: the compiler would make one for a structure, and no one can predict it.
[[gnu::always_inline]] inline void exchange(Placed* low, Placed* high) {
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    Placed &a = low[lane], &b = high[lane];
    const uint64_t before =
        uint64_t(b.key < a.key) | (uint64_t(b.key == a.key) & uint64_t(b.position < a.position));
    const uint64_t swap = 0 - before;
    const uint64_t key = (a.key ^ b.key) & swap, position = (a.position ^ b.position) & swap;
    a.key ^= key, b.key ^= key;
    a.position ^= position, b.position ^= position;
  }
}

/// Batcher's odd-even merge sort (Knuth 5.2.2, algorithm M) of kLanes rows at once: which elements meet
/// depends on `length` only, so that all lanes do the same and nothing is predicted wrongly. block[i * kLanes
/// + lane].
template <class Key>
[[gnu::always_inline]] inline void network(Key* block, int64_t length) {
  for (int64_t p = 1; p < length; p *= 2)
    for (int64_t k = p; k > 0; k /= 2)
      for (int64_t j = k % p; j + k < length; j += 2 * k)
        for (int64_t i = j; i < std::min(j + k, length - k); ++i)
          if (i / (2 * p) == (i + k) / (2 * p)) exchange(block + i * kLanes, block + (i + k) * kLanes);
}

template <class Key>
[[gnu::target("avx2")]] void network_avx2(Key* block, int64_t length) {
  network(block, length);
}

template <class Key>
void sort_lanes(Key* block, int64_t length) {
  static const bool avx2 = __builtin_cpu_supports("avx2");
  avx2 ? network_avx2(block, length) : network(block, length);
}

// ---------------------------------------------------------------- one row
/// The bits of a key that say where it belongs.
template <class Key>
uint64_t significant(const Key& key, int first_bit) {
  return key >> first_bit;
}
inline uint64_t significant(const Placed& key, int) { return key.key; }

inline constexpr int64_t kMostCounters = 6 * 2048;  ///< of radix_sort: six digits of 11 bits

/// From the least significant digit to the most; digits that are the same in all keys are skipped. `length`
/// is below 2^32. Returns whichever of the two buffers holds the sorted keys.
template <int digit_bits, class Key>
Key* radix_sort(Key* keys, Key* other, int64_t length, int first_bit, int key_bits, uint32_t* counters) {
  constexpr int64_t kDigits = int64_t(1) << digit_bits;
  const auto digit = [&](const Key& key, int number) {
    return (significant(key, first_bit) >> (number * digit_bits)) & (kDigits - 1);
  };
  const int digits = (key_bits + digit_bits - 1) / digit_bits;
  memset(counters, 0, size_t(digits * kDigits) * sizeof(uint32_t));
  for (int64_t i = 0; i < length; ++i)
    for (int number = 0; number < digits; ++number) ++counters[number * kDigits + digit(keys[i], number)];
  for (int number = 0; number < digits; ++number) {
    uint32_t* count = counters + number * kDigits;
    if (count[digit(keys[0], number)] == length) continue;
    uint32_t sum = 0;
    for (int64_t k = 0; k < kDigits; ++k) {
      const uint32_t start = sum;
      sum += count[k];
      count[k] = start;
    }
    for (int64_t i = 0; i < length; ++i) other[count[digit(keys[i], number)]++] = keys[i];
    std::swap(keys, other);
  }
  return keys;
}

/// Sorts one row; `keys` and `other` have room for it. Returns the one that holds the result.
template <class Key>
Key* sort_row(Key* keys, Key* other, int64_t length, int first_bit, int key_bits, uint32_t* counters) {
  constexpr int64_t kShort = 48, kLong = 12 << 10;  // measured: where the counters' own cost is repaid
  if (length < kShort || length > int64_t(UINT32_MAX)) {
    std::sort(keys, keys + length);
    return keys;
  }
  if (length < kLong) return radix_sort<8>(keys, other, length, first_bit, key_bits, counters);
  return radix_sort<11>(keys, other, length, first_bit, key_bits, counters);
}

}  // namespace einx::runtime
