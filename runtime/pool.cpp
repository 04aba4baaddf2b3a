// The pool of large buffers. A request is rounded up to one of eight sizes per power of two (at most 12.5 %
// more), and only buffers of that very size serve it: the size that comes with a free names the class again.
// Beyond EINX_POOL_BYTES the oldest buffers go.
#include <pthread.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <new>

#include "runtime/memory.h"

namespace einx::runtime {
namespace {

constexpr size_t kStepsLog2 = 3;
constexpr size_t kFirstPower = size_t(std::bit_width(kPoolLimit)) - 1;
constexpr size_t kClasses = (64 - kFirstPower) << kStepsLog2;
constexpr int64_t kDefaultCapacity = int64_t(1) << 30;

struct Class {
  size_t index, bytes;
};

/// Class i has bytes (8 + i % 8) / 8 * kPoolLimit * 2^(i / 8).
Class class_of(size_t bytes) {
  const size_t power = size_t(std::bit_width(bytes)) - 1;
  const size_t step = (size_t(1) << power) >> kStepsLog2;
  const size_t steps = (bytes - (size_t(1) << power) + step - 1) / step;  // 0 ... 8
  return {((power - kFirstPower) << kStepsLog2) + steps, (size_t(1) << power) + steps * step};
}

struct Buffer {
  void* data;
  uint64_t released;  ///< a clock that counts releases
};

int64_t capacity_from_environment() {
  const char* text = std::getenv("EINX_POOL_BYTES");
  if (text == nullptr || *text == '\0') return kDefaultCapacity;
  char* end = nullptr;
  const long long value = std::strtoll(text, &end, 10);
  return *end == '\0' && value >= 0 ? value : kDefaultCapacity;
}

struct Pool {
  std::mutex mutex;
  std::array<std::deque<Buffer>, kClasses> free;  ///< oldest first
  std::array<size_t, kClasses> bytes{};
  std::atomic<int64_t> total = 0;
  uint64_t clock = 0;
  const int64_t capacity = capacity_from_environment();
};

/// Never destroyed: tensors in statics may be freed after it would have gone.
union Forever {
  Pool pool;
  Forever() : pool() {}
  ~Forever() {}
};

void lock_for_fork();
void unlock_after_fork();

Pool& pool() {
  static Forever forever;
  static const int registered = pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
  (void)registered;
  return forever.pool;
}

void lock_for_fork() { pool().mutex.lock(); }
void unlock_after_fork() { pool().mutex.unlock(); }

/// Pages from the kernel, aligned to and backed by huge pages where it has them.
void* map_pages(size_t bytes) {
  const size_t mapped = bytes + kHugePage;
  void* raw = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  char* const first = static_cast<char*>(raw);
  char* const data = reinterpret_cast<char*>(round_up(reinterpret_cast<size_t>(first), kHugePage));
  if (data > first) munmap(first, size_t(data - first));
  char* const end = data + bytes;
  if (first + mapped > end) munmap(end, size_t(first + mapped - end));
  madvise(data, bytes, MADV_HUGEPAGE);
  return data;
}

void* obtain(size_t bytes) { return bytes >= kHugePage ? map_pages(bytes) : system_allocate(bytes); }

void give_back(void* data, size_t bytes) {
  if (bytes >= kHugePage)
    munmap(data, bytes);
  else
    system_free(data);
}

/// Takes the buffer that was released longest ago out of the pool; the lock is held.
Buffer take_oldest(Pool& p, size_t& bytes) {
  size_t oldest = kClasses;
  for (size_t c = 0; c < kClasses; ++c)
    if (!p.free[c].empty() &&
        (oldest == kClasses || p.free[c].front().released < p.free[oldest].front().released))
      oldest = c;
  const Buffer buffer = p.free[oldest].front();
  p.free[oldest].pop_front();
  bytes = p.bytes[oldest];
  p.total -= int64_t(bytes);
  return buffer;
}

/// Until at most `limit` bytes are left. System calls happen outside the lock.
void shrink(int64_t limit) {
  Pool& p = pool();
  for (;;) {
    std::unique_lock lock(p.mutex);
    if (p.total <= limit) return;
    size_t bytes = 0;
    const Buffer buffer = take_oldest(p, bytes);
    lock.unlock();
    give_back(buffer.data, bytes);
  }
}

bool keep(const Class& c, void* data) {
  Pool& p = pool();
  if (int64_t(c.bytes) > p.capacity) return false;
  const std::lock_guard lock(p.mutex);
  try {
    p.free[c.index].push_back({data, p.clock++});
  } catch (const std::bad_alloc&) {
    return false;
  }
  p.bytes[c.index] = c.bytes;
  p.total += int64_t(c.bytes);
  return true;
}

}  // namespace

void* pool_allocate(size_t bytes) {
  const Class c = class_of(bytes);
  Pool& p = pool();
  {
    const std::lock_guard lock(p.mutex);
    if (!p.free[c.index].empty()) {
      void* data = p.free[c.index].back().data;  // the newest is the one most likely in cache
      p.free[c.index].pop_back();
      p.total -= int64_t(c.bytes);
      return data;
    }
  }
  void* data = obtain(c.bytes);
  if (data != nullptr || p.total == 0) return data;
  pool_trim();  // what is pooled in other sizes may be what is missing
  return obtain(c.bytes);
}

void pool_free(void* data, size_t bytes) {
  const Class c = class_of(bytes);
  if (!keep(c, data)) return give_back(data, c.bytes);
  if (pool().total > pool().capacity) shrink(pool().capacity);
}

void pool_trim() { shrink(0); }

int64_t pool_bytes() { return pool().total; }

}  // namespace einx::runtime
