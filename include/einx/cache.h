// The signature cache and the process-wide settings.
#pragma once
#include <cstdint>
#include <string_view>

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
  std::uint64_t dynamic = 0;   ///< signatures served by kernels with run-time sizes (EINX_DYNAMIC_AFTER): nothing was compiled
};
CacheStats cache_stats();
/// Forgets all compiled signatures; code that is running is freed when it returns.
void clear_cache();
/// How many signatures are kept: -1 as many as allowed, 0 none, n the least recently used. Overrides EINX_CACHE_SIZE.
void set_cache_size(std::int64_t signatures);

/// Keeps compiled kernels in this folder for the processes that come later; "" keeps none. Overrides EINX_CACHE_DIR, without which the library
/// keeps none. The folder is made when it is needed; one that is a symbolic link, somebody else's or writable by others is refused with one
/// warning in the log, and so are entries that are damaged: what cannot be read is compiled. EINX_DISK_CACHE_BYTES bounds it.
void set_cache_directory(std::string_view directory);
/// Of the folder of compiled kernels, since it was set.
struct DiskCacheStats {
  std::uint64_t loaded = 0;    ///< kernels that were not compiled because their code was there
  std::uint64_t saved = 0;     ///< kernels written
  std::uint64_t rejected = 0;  ///< entries that could not be used
};
DiskCacheStats disk_cache_stats();

/// The N of EINX_WARN_ON_RETRACE, from now on; forgets the counts.
void set_warn_on_retrace(std::int64_t misses);
/// The N of EINX_DYNAMIC_AFTER: after so many signatures of one call site or function that differ in sizes only, sizes are run-time parameters of one kernel; 0: never.
void set_dynamic_after(std::int64_t signatures);
/// Threads that kernels may use; 0: OpenMP's choice. Results are the same bits for every number.
void set_num_threads(int threads);
/// Gives recycled buffers back to the system.
void release_memory();

}  // namespace einx
