// The signature cache and the process-wide settings.
#pragma once
#include <cstdint>

namespace [[gnu::visibility("default")]] einx {

/// Counters of the signature cache since the process began.
struct CacheStats {
  std::uint64_t hits = 0;      ///< calls that found their machine code
  std::uint64_t misses = 0;    ///< calls that did not
  std::uint64_t compiled = 0;  ///< signatures compiled
  std::uint64_t failed = 0;    ///< compilations that raised an error
  std::uint64_t waited = 0;    ///< misses that waited for another thread's compilation of the same signature
  std::uint64_t evicted = 0;   ///< signatures dropped
  std::uint64_t live = 0;      ///< signatures now cached
};
CacheStats cache_stats();
/// Forgets all compiled signatures; code that is running is freed when it returns.
void clear_cache();
/// How many signatures are kept: -1 as many as allowed, 0 none, n the least recently used. Overrides EINX_CACHE_SIZE.
void set_cache_size(std::int64_t signatures);
/// The N of EINX_WARN_ON_RETRACE, from now on; forgets the counts.
void set_warn_on_retrace(std::int64_t misses);
/// Threads that kernels may use; 0: OpenMP's choice. Results are the same bits for every number.
void set_num_threads(int threads);
/// Gives recycled buffers back to the system.
void release_memory();

}  // namespace einx
