// A lock for sections of some ten nanoseconds. Private to the cache layer.
#pragma once
#include <atomic>
#include <thread>

namespace einx::detail::cache {

/// One exchange to lock, one store to unlock: a third of what a mutex costs, which is what a look-up has to
/// spend. Nothing that allocates on the common path, destroys entries or runs foreign code happens under it.
/// Meets the BasicLockable requirements.
class SpinLock {
 public:
  void lock() {
    for (int spins = 0; taken_.exchange(true, std::memory_order_acquire); ++spins)
      if (spins > 64) std::this_thread::yield();  // the holder may have been preempted
  }
  void unlock() { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> taken_ = false;
};

}  // namespace einx::detail::cache
