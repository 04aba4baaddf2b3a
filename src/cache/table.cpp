// The table of signatures: shards of hash maps, each behind its own spin lock. Recency is a tick per entry;
// the least recently used entry is found by looking at all of them, which costs microseconds where the miss
// that asks for it costs milliseconds.
#include <tsl/robin_map.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "cache/cache.h"
#include "cache/flight.h"
#include "cache/spin_lock.h"

namespace einx::detail::cache {
namespace {

struct Node {
  Node(KeyView key, Table::Entry made, std::uint64_t tick)
      : bytes(key.bytes), hash(key.hash), held(std::make_shared<Table::Held>(std::move(made), tick)) {}
  KeyView key() const { return {bytes, hash}; }
  void drop() const { held->dropped.store(true, std::memory_order_release); }
  std::uint64_t used() const { return held->used.load(std::memory_order_relaxed); }

  const std::string bytes;
  const std::uint64_t hash;
  const Table::HeldPtr held;  ///< also in the hands of caches in front of the table
};

struct HashOf {
  std::size_t operator()(KeyView key) const { return key.hash; }
};
struct SameKey {
  bool operator()(KeyView a, KeyView b) const { return a.hash == b.hash && a.bytes == b.bytes; }
};
template <class T>
using Map = tsl::robin_map<KeyView, T, HashOf, SameKey>;  ///< the key's bytes belong to the value

struct alignas(64) Shard {
  mutable SpinLock lock;
  Map<std::unique_ptr<Node>> nodes;
  Map<std::shared_ptr<Flight>> flights;
  std::uint64_t hits = 0;
};

/// Locks with the spin lock; named, so that the scopes below read well.
using Locked = std::lock_guard<SpinLock>;

const std::unique_ptr<Node>* oldest(const Map<std::unique_ptr<Node>>& nodes) {
  const std::unique_ptr<Node>* found = nullptr;
  for (const auto& [key, node] : nodes)
    if (!found || node->used() < (*found)->used()) found = &node;
  return found;
}

}  // namespace

struct Table::Impl {
  static constexpr std::size_t shard_count = 16;

  Impl(std::int64_t wanted, std::int64_t cap) : hard_cap(cap), capacity(wanted) {}

  // The maps hash by the low bits, so the shard is chosen by the high ones.
  Shard& shard(KeyView key) { return shards[key.hash >> 60]; }
  std::int64_t limit() const {
    const std::int64_t wanted = capacity.load(std::memory_order_relaxed);
    return wanted < 0 ? hard_cap : std::min(wanted, hard_cap);
  }
  /// With a capacity every use has a tick of its own: exact order. Without one only misses advance the clock,
  /// so that hits of many threads do not fight for it; the order then tells between which two misses an entry
  /// was last used.
  std::uint64_t tick() {
    if (capacity.load(std::memory_order_relaxed) < 0) return clock.load(std::memory_order_relaxed);
    return clock.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  const HeldPtr* look_up(Shard& shard, KeyView key);
  void touch(Held& held);
  Entry make(Shard& shard, const std::shared_ptr<Flight>& flight, const std::function<Entry()>& maker, const bool* uncounted);
  void keep(Shard& shard, const Flight& flight, Entry entry);
  void forget(Shard& shard, const Flight& flight);
  void evict();
  std::unique_ptr<Node> take_oldest();

  std::array<Shard, shard_count> shards;
  Flights flights;
  std::mutex eviction;  ///< one evictor at a time; taken before a shard's lock, never after
  const std::int64_t hard_cap;
  std::atomic<std::int64_t> capacity, live = 0;
  std::atomic<std::uint64_t> clock = 0, misses = 0, compiled = 0, failed = 0, waited = 0, evicted = 0, drops = 0;
};

/// Stores only what is new: threads that use one entry between two misses share its cache line.
void Table::Impl::touch(Held& held) {
  const std::uint64_t now = tick();
  if (held.used.load(std::memory_order_relaxed) != now) held.used.store(now, std::memory_order_relaxed);
}

/// Under the shard's lock.
const Table::HeldPtr* Table::Impl::look_up(Shard& shard, KeyView key) {
  const auto found = shard.nodes.find(key);
  if (found == shard.nodes.end()) return nullptr;
  ++shard.hits;
  touch(*found.value()->held);
  return &found.value()->held;
}

/// Adds the entry and ends the flight in one step: whoever comes next finds the one or joins the other, never
/// makes again.
void Table::Impl::keep(Shard& shard, const Flight& flight, Entry entry) {
  auto node = std::make_unique<Node>(flight.key(), std::move(entry),
                                     clock.fetch_add(1, std::memory_order_relaxed) + 1);
  const KeyView key = node->key();
  {
    const Locked locked(shard.lock);
    shard.flights.erase(flight.key());
    shard.nodes.try_emplace(key, std::move(node));
    live.fetch_add(1, std::memory_order_relaxed);
  }
  evict();
}

Table::Entry Table::Impl::make(Shard& shard, const std::shared_ptr<Flight>& flight,
                               const std::function<Entry()>& maker, const bool* uncounted) {
  Entry entry;
  try {
    entry = maker();
    if (!entry) support::internal_error("making a cache entry must not give nothing");
    if (limit() > 0)
      keep(shard, *flight, entry);
    else
      forget(shard, *flight);
  } catch (...) {
    failed.fetch_add(1, std::memory_order_relaxed);
    forget(shard, *flight);
    flights.land(*flight, nullptr, std::current_exception());
    throw;
  }
  if (!uncounted || !*uncounted) compiled.fetch_add(1, std::memory_order_relaxed);
  flights.land(*flight, entry, nullptr);
  return entry;
}

void Table::Impl::forget(Shard& shard, const Flight& flight) {
  const Locked locked(shard.lock);
  shard.flights.erase(flight.key());
}

std::unique_ptr<Node> Table::Impl::take_oldest() {
  Shard* where = nullptr;
  std::uint64_t least = 0;
  for (Shard& shard : shards) {
    const Locked locked(shard.lock);
    const std::unique_ptr<Node>* node = oldest(shard.nodes);
    if (node && (!where || (*node)->used() < least)) where = &shard, least = (*node)->used();
  }
  if (!where) return nullptr;
  const Locked locked(where->lock);
  const std::unique_ptr<Node>* node = oldest(where->nodes);
  if (!node) return nullptr;  // cleared in between
  const auto place = where->nodes.find((*node)->key());
  std::unique_ptr<Node> taken = std::move(place.value());
  where->nodes.erase(place);
  taken->drop();
  live.fetch_sub(1, std::memory_order_relaxed);
  drops.fetch_add(1, std::memory_order_release);
  return taken;
}

void Table::Impl::evict() {
  std::vector<std::unique_ptr<Node>>
      dropped;  // destroyed last, after every lock is released: freeing code is not our business
  const std::lock_guard one(eviction);
  while (live.load(std::memory_order_relaxed) > limit()) {
    std::unique_ptr<Node> node = take_oldest();
    if (!node) return;
    dropped.push_back(std::move(node));
    evicted.fetch_add(1, std::memory_order_relaxed);
  }
}

Table::Table(std::int64_t capacity, std::int64_t hard_cap)
    : impl_(std::make_unique<Impl>(capacity, hard_cap)) {}
Table::~Table() = default;

Table::Entry Table::find(KeyView key) {
  Shard& shard = impl_->shard(key);
  const Locked locked(shard.lock);
  const HeldPtr* held = impl_->look_up(shard, key);
  return held ? (*held)->entry : nullptr;
}

Table::HeldPtr Table::hold(KeyView key) {
  Shard& shard = impl_->shard(key);
  const Locked locked(shard.lock);
  const HeldPtr* held = impl_->look_up(shard, key);
  return held ? *held : nullptr;
}

void Table::touch(Held& held) { impl_->touch(held); }

std::uint64_t Table::drops() const { return impl_->drops.load(std::memory_order_acquire); }

Table::Entry Table::find_or_make(KeyView key, const std::function<Entry()>& make, const bool* uncounted) {
  Shard& shard = impl_->shard(key);
  auto mine = std::make_shared<Flight>(key);
  std::shared_ptr<Flight> theirs;
  {
    const Locked locked(shard.lock);
    if (const HeldPtr* held = impl_->look_up(shard, key)) return (*held)->entry;
    const auto [place, added] = shard.flights.try_emplace(mine->key(), mine);
    if (!added) theirs = place->second;
  }
  impl_->misses.fetch_add(1, std::memory_order_relaxed);
  if (!theirs) return impl_->make(shard, mine, make, uncounted);
  impl_->waited.fetch_add(1, std::memory_order_relaxed);
  return impl_->flights.wait(*theirs);
}

void Table::clear() {
  for (Shard& shard : impl_->shards) {
    Map<std::unique_ptr<Node>> dropped;  // destroyed outside the lock
    const Locked locked(shard.lock);
    dropped.swap(shard.nodes);
    for (const auto& [key, node] : dropped) node->drop();
    impl_->drops.fetch_add(dropped.size(), std::memory_order_release);
    impl_->live.fetch_sub(std::int64_t(dropped.size()), std::memory_order_relaxed);
  }
}

void Table::set_capacity(std::int64_t capacity) {
  impl_->capacity.store(capacity, std::memory_order_relaxed);
  impl_->evict();
}

Stats Table::stats() const {
  Stats stats;
  for (const Shard& shard : impl_->shards) {
    const Locked locked(shard.lock);
    stats.hits += shard.hits;
  }
  stats.misses = impl_->misses;
  stats.compiled = impl_->compiled;
  stats.failed = impl_->failed;
  stats.waited = impl_->waited;
  stats.evicted = impl_->evicted;
  stats.live = std::uint64_t(impl_->live.load());
  return stats;
}

Table& signatures() {
  static support::Immortal<Table> table(support::environment().cache_size, std::int64_t(8192));
  return table.value;
}

}  // namespace einx::detail::cache
