#include "cache/flight.h"

namespace einx::detail::cache {

bool Flights::would_deadlock(const Flight& flight) const {
  const std::thread::id self = std::this_thread::get_id();
  // Follows "is made by a thread that waits for". The chain ends: a thread waits for one flight, and no
  // circle was ever let in.
  for (const Flight* next = &flight; !next->done;) {
    if (next->owner == self) return true;
    const auto found = waiting_.find(next->owner);
    if (found == waiting_.end()) return false;
    next = found->second;
  }
  return false;  // a landed flight blocks nobody; its waiters just have not woken up yet
}

Table::Entry Flights::wait(Flight& flight) {
  std::unique_lock lock(mutex_);
  if (would_deadlock(flight))
    support::internal_error("making a cache entry must not ask for the entry that is being made");
  const std::thread::id self = std::this_thread::get_id();
  waiting_.emplace(self, &flight);
  flight.landed.wait(lock, [&] { return flight.done; });
  waiting_.erase(self);
  if (flight.failure) std::rethrow_exception(flight.failure);
  return flight.entry;
}

void Flights::land(Flight& flight, Table::Entry entry, std::exception_ptr failure) {
  {
    const std::lock_guard lock(mutex_);
    flight.entry = std::move(entry);
    flight.failure = std::move(failure);
    flight.done = true;
  }
  flight.landed.notify_all();
}

}  // namespace einx::detail::cache
