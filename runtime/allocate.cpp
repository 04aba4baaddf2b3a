// einx_rt_allocate: small blocks from lists of the thread, large ones from a shared pool, the rest from the C
// library. The caller gives the size back when it frees, so that no block needs a header.
#include <cstdlib>

#include "runtime/memory.h"
#include "runtime/runtime.h"

#if defined(__SANITIZE_ADDRESS__)
#define EINX_RT_PLAIN_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EINX_RT_PLAIN_MEMORY 1
#endif
#endif

namespace einx::runtime {

#ifdef EINX_RT_PLAIN_MEMORY
constexpr bool kRecycle = false;  // every block is the sanitizer's own, of the exact size
#else
constexpr bool kRecycle = true;
#endif

void* system_allocate(size_t bytes) {
  void* data = nullptr;
  return posix_memalign(&data, kAlignment, bytes) == 0 ? data : nullptr;
}

void system_free(void* data) { std::free(data); }

}  // namespace einx::runtime

using namespace einx::runtime;

extern "C" {

void* einx_rt_allocate(int64_t bytes) {
  if (bytes < 0 || size_t(bytes) > kLargestRequest) return nullptr;
  const size_t wanted = bytes == 0 ? 1 : size_t(bytes);
  if (!kRecycle) return system_allocate(wanted);
  if (wanted <= kSmallLimit) return small_allocate(wanted);
  if (wanted >= kPoolLimit) return pool_allocate(wanted);
  return system_allocate(wanted);
}

void einx_rt_free(void* data, int64_t bytes) {
  if (data == nullptr) return;
  const size_t size = bytes <= 0 ? 1 : size_t(bytes);
  if (kRecycle && size <= kSmallLimit) return small_free(data, size);
  if (kRecycle && size >= kPoolLimit) return pool_free(data, size);
  system_free(data);
}

void einx_rt_trim(void) {
  small_trim();
  pool_trim();
}

int64_t einx_rt_pooled_bytes(void) { return pool_bytes(); }

}  // extern "C"
