// Front door of the cache layer: signature key, single-flight table with eviction, retrace monitor. Holds finished kernels, never makes one itself.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::cache {

// ---------------------------------------------------------------- key
/// A signature as bytes, with its hash: operation, pattern, dialect, parameters, constraints, and of each operand kind, dtype, shape and exact
/// strides. A view: the bytes live in the builder.
struct KeyView {
  std::string_view bytes;
  std::uint64_t hash = 0;
};

/// Writes a key into a buffer that is kept from call to call (one per thread): no allocation once it has grown.
class KeyBuilder {
 public:
  void clear() { used_ = 0; }
  void text(std::string_view value);  ///< with its length: "ab","c" and "a","bc" differ
  void number(std::int64_t value) { raw(&value, sizeof value); }
  void numbers(std::span<const std::int64_t> values);  ///< with their count
  void byte(std::uint8_t value) { raw(&value, 1); }
  /// dtype, shape, and strides with those of axes of size 1 left out; all strides are left out of an empty tensor.
  void tensor(DType dtype, std::span<const std::int64_t> shape, std::span<const std::int64_t> strides);
  KeyView view() const;  ///< hashed with xxh3

 private:
  void raw(const void* data, std::size_t bytes) {
    if (bytes_.size() - used_ < bytes) grow(bytes);
    std::memcpy(bytes_.data() + used_, data, bytes);
    used_ += bytes;
  }
  void grow(std::size_t bytes);
  std::vector<char> bytes_ = std::vector<char>(512);
  std::size_t used_ = 0;
};

// ---------------------------------------------------------------- table
struct Stats {
  std::uint64_t hits = 0, misses = 0;     ///< look-ups
  std::uint64_t compiled = 0, failed = 0; ///< finished and failed makes
  std::uint64_t waited = 0;               ///< misses that waited for another thread's make
  std::uint64_t evicted = 0;
  std::uint64_t live = 0;                 ///< entries now in the table
};

/// From signature to entry. Single flight: of threads that miss on one key one makes, the others wait and share its result or its exception; different keys
/// are made at the same time. A failed make leaves nothing behind. Entries are shared: an evicted one lives until its last user lets go.
/// capacity < 0: bounded only by `hard_cap`; 0: nothing is kept (but concurrent misses still share); n: least recently used.
class Table {
 public:
  using Entry = std::shared_ptr<const void>;
  /// An entry as a cache in front of the table holds it, to use it again without a look-up.
  struct Held {
    explicit Held(Entry made, std::uint64_t tick) : entry(std::move(made)), used(tick) {}
    const Entry entry;
    std::atomic<std::uint64_t> used;      ///< tick of the last use
    std::atomic<bool> dropped = false;    ///< no longer in the table: not to be used for another call
  };
  using HeldPtr = std::shared_ptr<Held>;
  Table(std::int64_t capacity, std::int64_t hard_cap);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The entry, or null; counts a hit (a null counts nothing). The hot path: a read of one shard.
  Entry find(KeyView key);
  /// The same for a cache in front of the table, which may use what it gets until it is dropped.
  HeldPtr hold(KeyView key);
  /// A use of a held entry without a look-up; whoever holds it counts it as a hit. No lock.
  void touch(Held& held);
  /// Counts what was dropped so far: a cache in front of the table looks for dropped entries when this has changed.
  std::uint64_t drops() const;
  /// Finds or makes. `make` runs without any lock held and may throw; recursion into the table (other keys) is allowed.
  /// `uncounted`, if given and true when `make` returns: nothing was compiled.
  Entry find_or_make(KeyView key, const std::function<Entry()>& make, const bool* uncounted = nullptr);
  void clear();
  void set_capacity(std::int64_t capacity);
  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The process-wide table of compiled signatures (EINX_CACHE_SIZE, at most 8192 live kernels). Never destroyed.
Table& signatures();

// ---------------------------------------------------------------- retrace monitor
/// What one miss looked like, for the comparison with its neighbours.
struct Signature {
  struct Operand {
    std::string kind;               ///< "tensor", "number", "factory"
    DType dtype = DType::f32;
    Shape shape, strides;
    std::vector<std::string> axes;  ///< the expression of each dimension: "b", "(s s2)"; may be empty
  };
  std::string op, pattern;
  std::vector<Operand> operands;
  std::vector<std::pair<std::string, std::string>> sizes;  ///< constraints and parameters by name, as text
};

/// Counts misses per (operation, call site). On exactly the N-th (EINX_WARN_ON_RETRACE; 0: never) it logs one warning through support::log(): site, operation, pattern, count,
/// what differed between the last signatures ("axis b of operand 0: 31, 32, 33, ..."; "dtype of operand 1: f32, f64"; strides; sizes; pattern) and what to do; never again
/// for that site. While the call that warned is being compiled (until its Miss object dies), misses on the same thread count but stay quiet.
class RetraceMonitor {
 public:
  explicit RetraceMonitor(std::int64_t limit);
  ~RetraceMonitor();

  /// Scope of one miss: keep it alive while the signature is traced and compiled.
  class Miss {
   public:
    explicit Miss(bool warned) : warned_(warned) {}
    Miss(Miss&& other) noexcept : warned_(std::exchange(other.warned_, false)) {}
    ~Miss();
    bool warned() const { return warned_; }

   private:
    bool warned_;
  };
  Miss miss(const std::source_location& site, const Signature& signature);
  /// From its `count`-th signature on, the sizes that differ at this site are run-time parameters: its warning says so.
  void dynamic(const std::source_location& site, std::string_view op, std::uint64_t count);
  /// Whether a warning may come: if not, `miss` needs no more of the signature than operation and pattern.
  bool watches() const;
  /// Sites and their counts, most misses first: for einx's own reports and tests.
  struct Count {
    std::string site, op;
    std::uint64_t misses = 0;
  };
  std::vector<Count> counts() const;
  void reset(std::int64_t limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The process-wide monitor. Never destroyed.
RetraceMonitor& retraces();

}  // namespace einx::detail::cache
