// Makes in progress: who makes what, who waits for whom. Private to the cache layer.
#pragma once
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "cache/cache.h"

namespace einx::detail::cache {

/// One make. Its result is read only after `done` was seen under the mutex of Flights.
struct Flight {
  explicit Flight(KeyView key) : bytes(key.bytes), hash(key.hash), owner(std::this_thread::get_id()) {}
  KeyView key() const { return {bytes, hash}; }

  const std::string bytes;
  const std::uint64_t hash;
  const std::thread::id owner;
  bool done = false;
  Table::Entry entry;
  std::exception_ptr failure;
  std::condition_variable landed;
};

/// The meeting point of makers and waiters. One mutex for all flights: misses are rare and cost milliseconds.
class Flights {
 public:
  /// The result of another thread's flight; rethrows its exception. Raises InternalError instead of waiting
  /// if the flight's owner itself waits, perhaps through others, for the calling thread (or is it): nobody
  /// would ever land.
  Table::Entry wait(Flight& flight);
  void land(Flight& flight, Table::Entry entry, std::exception_ptr failure);

 private:
  bool would_deadlock(const Flight& flight) const;

  std::mutex mutex_;
  std::unordered_map<std::thread::id, const Flight*> waiting_;  ///< what each waiting thread waits for
};

}  // namespace einx::detail::cache
