// What the machine can do: the floors that every timing is a ratio to.
#pragma once
#include <cstddef>
#include <cstdint>

namespace floors {

/// dst = src with the better kind of store for the size: ordinary ones below `streaming_from` bytes, else non-temporal. Both 64-byte aligned.
void copy_plain(void* dst, const void* src, std::size_t bytes);
void copy_streaming(void* dst, const void* src, std::size_t bytes);
/// The sum of n floats, as fast as they can be read.
float read(const float* data, std::size_t n);
/// Runs `iterations` rounds of independent f32 FMAs in registers; returns the number of floating-point operations done.
double fma_peak(std::int64_t iterations);

}  // namespace floors
