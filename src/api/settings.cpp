// Process-wide settings and counters.
#include <einx/cache.h>

#include "api/direct.h"
#include "api/dynamic.h"
#include "cache/cache.h"
#include "runtime/runtime.h"

namespace einx {

CacheStats cache_stats() {
  const detail::cache::Stats stats = detail::cache::signatures().stats();
  return {stats.hits + detail::api::Direct::hits(), stats.misses, stats.compiled, stats.failed, stats.waited, stats.evicted, stats.live,
          detail::api::dynamic_count().load()};
}
void clear_cache() {
  detail::cache::signatures().clear();
  detail::api::Direct::tidy();
}
void set_cache_size(std::int64_t signatures) {
  detail::cache::signatures().set_capacity(signatures);
  detail::api::Direct::tidy();
}
void set_warn_on_retrace(std::int64_t misses) { detail::cache::retraces().reset(misses); }
void set_num_threads(int threads) { einx_rt_set_threads(threads); }
void release_memory() { einx_rt_trim(); }

}  // namespace einx
