#include "floors.h"

#include <immintrin.h>

#include <cstring>

// One body for three register widths; the widest that the CPU has is picked at run time.
namespace floors {
namespace {

template <int Bytes>
struct Lanes;
template <>
struct Lanes<16> {
  typedef float type __attribute__((vector_size(16), aligned(4), may_alias));
};
template <>
struct Lanes<32> {
  typedef float type __attribute__((vector_size(32), aligned(4), may_alias));
};
template <>
struct Lanes<64> {
  typedef float type __attribute__((vector_size(64), aligned(4), may_alias));
};

volatile float sink;

template <int Bytes>
[[gnu::always_inline]] inline float read_with(const float* data, std::size_t n) {
  using V = typename Lanes<Bytes>::type;
  constexpr std::size_t lanes = Bytes / 4;
  V sums[8] = {};
  std::size_t k = 0;
  for (; k + 8 * lanes <= n; k += 8 * lanes)
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 8; ++j) sums[j] += *reinterpret_cast<const V*>(data + k + j * lanes);
  V total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  float result = 0;
  for (std::size_t j = 0; j < lanes; ++j) result += total[j];
  for (; k < n; ++k) result += data[k];
  return result;
}

/// 16 chains hide the latency of two FMA units.
template <int Bytes>
[[gnu::always_inline]] inline double fma_with(std::int64_t iterations) {
  using V = typename Lanes<Bytes>::type;
  constexpr int chains = Bytes == 64 ? 16 : 12;
  V sums[chains];
  for (int j = 0; j < chains; ++j) sums[j] = V{} + static_cast<float>(j);
  V a = V{} + 0.999999F, b = V{} + 1e-6F;
  for (std::int64_t k = 0; k < iterations; ++k) {
    asm volatile("" : "+x"(a), "+x"(b));
#pragma GCC unroll 16
    for (int j = 0; j < chains; ++j) sums[j] = sums[j] * a + b;
  }
  V total = {};
  for (int j = 0; j < chains; ++j) total += sums[j];
  sink = total[0];
  return 2.0 * chains * (Bytes / 4) * static_cast<double>(iterations);
}

[[gnu::target("avx512f,fma")]] float read_512(const float* data, std::size_t n) { return read_with<64>(data, n); }
[[gnu::target("avx2,fma")]] float read_256(const float* data, std::size_t n) { return read_with<32>(data, n); }
float read_128(const float* data, std::size_t n) { return read_with<16>(data, n); }
[[gnu::target("avx512f,fma")]] double fma_512(std::int64_t iterations) {
  __m512 sums[16], a = _mm512_set1_ps(0.999999F), b = _mm512_set1_ps(1e-6F);
  for (int j = 0; j < 16; ++j) sums[j] = _mm512_set1_ps(static_cast<float>(j));
  for (std::int64_t k = 0; k < iterations; ++k)
#pragma GCC unroll 16
    for (auto& sum : sums) sum = _mm512_fmadd_ps(sum, a, b);
  __m512 total = sums[0];
  for (int j = 1; j < 16; ++j) total = _mm512_add_ps(total, sums[j]);
  sink = _mm512_reduce_add_ps(total);
  return 2.0 * 16 * 16 * static_cast<double>(iterations);
}
[[gnu::target("avx2,fma")]] double fma_256(std::int64_t iterations) { return fma_with<32>(iterations); }
double fma_128(std::int64_t iterations) { return fma_with<16>(iterations); }

[[gnu::target("avx512f")]] void stream_512(char* dst, const char* src, std::size_t bytes) {
  for (std::size_t k = 0; k + 64 <= bytes; k += 64) _mm512_stream_si512(reinterpret_cast<__m512i*>(dst + k), _mm512_loadu_si512(src + k));
}
[[gnu::target("avx")]] void stream_256(char* dst, const char* src, std::size_t bytes) {
  for (std::size_t k = 0; k + 32 <= bytes; k += 32)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(dst + k), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + k)));
}
void stream_128(char* dst, const char* src, std::size_t bytes) {
  for (std::size_t k = 0; k + 16 <= bytes; k += 16)
    _mm_stream_si128(reinterpret_cast<__m128i*>(dst + k), _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + k)));
}

bool has_512() { return __builtin_cpu_supports("avx512f"); }
bool has_256() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

}  // namespace

void copy_plain(void* dst, const void* src, std::size_t bytes) { std::memcpy(dst, src, bytes); }

void copy_streaming(void* dst, const void* src, std::size_t bytes) {
  (has_512() ? stream_512 : has_256() ? stream_256 : stream_128)(static_cast<char*>(dst), static_cast<const char*>(src), bytes);
  const std::size_t done = bytes / 64 * 64;
  std::memcpy(static_cast<char*>(dst) + done, static_cast<const char*>(src) + done, bytes - done);
  _mm_sfence();
}

float read(const float* data, std::size_t n) { return (has_512() ? read_512 : has_256() ? read_256 : read_128)(data, n); }
double fma_peak(std::int64_t iterations) { return (has_512() ? fma_512 : has_256() ? fma_256 : fma_128)(iterations); }

}  // namespace floors
