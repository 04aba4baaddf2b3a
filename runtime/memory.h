// Private to the runtime: the three sources of memory behind einx_rt_allocate.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace einx::runtime {

inline constexpr size_t kAlignment = 64;
inline constexpr size_t kHugePage = size_t(2) << 20;
inline constexpr size_t kSmallLimit = 4096;            ///< up to here: lists of the thread
inline constexpr size_t kPoolLimit = size_t(1) << 16;  ///< from here on: the shared pool
inline constexpr size_t kLargestRequest = size_t(1) << 62;

constexpr size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

/// Aligned memory from the C library; nullptr if there is none.
void* system_allocate(size_t bytes);
void system_free(void* data);

/// Blocks of at most kSmallLimit bytes, recycled per thread without locks.
void* small_allocate(size_t bytes);
void small_free(void* data, size_t bytes);
void small_trim();  ///< of the calling thread

/// Blocks of at least kPoolLimit bytes, recycled by all threads.
void* pool_allocate(size_t bytes);
void pool_free(void* data, size_t bytes);
void pool_trim();
int64_t pool_bytes();

}  // namespace einx::runtime
