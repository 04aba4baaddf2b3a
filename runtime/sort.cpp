// einx_rt_sort: rows become keys whose unsigned order is the order wanted, keys are sorted, elements or
// positions are written out.
#include <atomic>

#include "runtime/memory.h"
#include "runtime/runtime.h"
#include "runtime/sort_keys.h"

namespace {

using namespace einx::runtime;

// ---------------------------------------------------------------- elements as keys
template <class Bits, bool is_signed>
struct Integer {
  using Unsigned = Bits;
  static constexpr Bits kFlip = is_signed ? Bits(Bits(1) << (8 * sizeof(Bits) - 1)) : Bits(0);
  static Bits key(Bits bits) { return Bits(bits ^ kFlip); }
  static Bits tied(Bits bits) { return key(bits); }
  static Bits bits(Bits key) { return Bits(key ^ kFlip); }
  static bool lossy(Bits) { return false; }
};

/// A float format with a sign and otherwise the order of its bits up to infinity.
template <class Bits, Bits infinity>
struct Real {
  using Unsigned = Bits;
  static constexpr Bits kSign = Bits(Bits(1) << (8 * sizeof(Bits) - 1)), kNan = Bits(~Bits(0));
  static constexpr Bits kMinusZero = Bits(~kSign), kZero = kSign;  ///< as keys, neighbours
  static bool is_nan(Bits bits) { return Bits(bits & ~kSign) > infinity; }
  static Bits key(Bits bits) {
    const Bits ordered = bits & kSign ? Bits(~bits) : Bits(bits | kSign);
    return is_nan(bits) ? kNan : ordered;
  }
  /// The same key for everything that compares equal.
  static Bits tied(Bits bits) { return bits == kSign ? kZero : key(bits); }
  static Bits bits(Bits key) { return key & kSign ? Bits(key ^ kSign) : Bits(~key); }
  /// Whether `key` forgets a difference that an unstable order would show, or makes one that there is not.
  static bool lossy(Bits bits) { return is_nan(bits) || bits == kSign; }
};

// ---------------------------------------------------------------- what is sorted
/// Elements: equal keys are equal elements (but for those that `restore` puts right).
template <class Format>
struct Elements {
  using Key = typename Format::Unsigned;
  using Result = Key;
  static constexpr int kFirstBit = 0;
  static Key key(Key bits, int64_t) { return Format::key(bits); }
  static Result result(Key key) { return Format::bits(key); }
};

/// Keys of at most 32 bits above the position.
template <class Format>
struct Positions {
  using Key = uint64_t;
  using Result = int64_t;
  static constexpr int kFirstBit = 32;
  static Key key(typename Format::Unsigned bits, int64_t i) {
    return uint64_t(Format::tied(bits)) << 32 | uint64_t(i);
  }
  static Result result(Key key) { return int64_t(key & UINT32_MAX); }
};

template <class Format>
struct WidePositions {
  using Key = Placed;
  using Result = int64_t;
  static constexpr int kFirstBit = 0;
  static Key key(typename Format::Unsigned bits, int64_t i) { return {Format::tied(bits), uint64_t(i)}; }
  static Result result(const Key& key) { return int64_t(key.position); }
};

// ---------------------------------------------------------------- rows
struct Job {
  const einx_rt_sort_plan& plan;
  const void* from;
  void* to;
  std::atomic<bool> no_memory = false;
};

/// Offset of a row, given by its row-major number.
int64_t offset_of(const einx_rt_sort_plan& plan, const int64_t* strides, int64_t row) {
  int64_t offset = 0;
  for (int32_t axis = plan.rank - 1; axis > 0; --axis) {
    offset += row % plan.extents[axis] * strides[axis];
    row /= plan.extents[axis];
  }
  return plan.rank > 0 ? offset + row * strides[0] : 0;
}

template <class Format, class Sorted>
class Sorter {
 public:
  using Bits = typename Format::Unsigned;
  using Key = typename Sorted::Key;
  using Result = typename Sorted::Result;

  explicit Sorter(Job& job) : job_(job), plan_(job.plan), length_(job.plan.length) {}
  ~Sorter() { einx_rt_free(memory_, bytes()); }
  Sorter(const Sorter&) = delete;

  /// Rows up to here are sorted side by side: the network's length * log(length)^2 against the radix sort's
  /// passes.
  static constexpr int64_t kLongestNetwork = sizeof(Key) <= 2   ? 128
                                             : sizeof(Key) == 4 ? 256
                                             : sizeof(Key) == 8 ? 96
                                                                : 64;
  static bool side_by_side(int64_t length) { return length <= kLongestNetwork; }

  void run(int64_t begin, int64_t end) {
    memory_ = einx_rt_allocate(bytes());
    if (memory_ == nullptr) {
      job_.no_memory = true;
      return;
    }
    // A few rows alone would leave most lanes idle.
    constexpr int64_t kFewest = 4;
    int64_t row = begin;
    for (; side_by_side(length_) && row + kFewest <= end; row += kLanes)
      group(row, std::min(kLanes, end - row));
    for (; row < end; ++row) single(row);
  }

 private:
  int64_t bytes() const {
    const int64_t keys = side_by_side(length_) ? kLanes * length_ : 2 * length_;
    return (keys + 8) * int64_t(sizeof(Key)) + kMostCounters * int64_t(sizeof(uint32_t));
  }
  const Bits* from(int64_t row) const {
    return static_cast<const Bits*>(job_.from) + offset_of(plan_, plan_.from_strides, row);
  }
  Result* to(int64_t row) const {
    return static_cast<Result*>(job_.to) + offset_of(plan_, plan_.to_strides, row);
  }

  void group(int64_t first, int64_t rows) {
    Key* block = static_cast<Key*>(memory_);
    bool lossy = false;
    for (int64_t lane = 0; lane < kLanes; ++lane)  // lanes without a row repeat the last one
      lossy |= pack(from(first + std::min(lane, rows - 1)), block + lane, kLanes);
    sort_lanes(block, length_);
    for (int64_t lane = 0; lane < rows; ++lane) unpack(block + lane, kLanes, first + lane, lossy);
  }

  void single(int64_t row) {
    auto* counters = static_cast<uint32_t*>(memory_);
    Key* keys = reinterpret_cast<Key*>(counters + kMostCounters);
    const bool lossy = pack(from(row), keys, 1);
    const Key* sorted =
        sort_row(keys, keys + length_, length_, Sorted::kFirstBit, 8 * int(sizeof(Bits)), counters);
    unpack(sorted, 1, row, lossy);
  }

  /// Whether there was an element that its key does not tell exactly.
  bool pack(const Bits* from, Key* keys, int64_t step) const {
    const auto loop = [&](int64_t stride, int64_t to_step) {
      bool lossy = false;
      for (int64_t i = 0; i < length_; ++i) {
        const Bits bits = from[i * stride];
        lossy |= Format::lossy(bits);
        keys[i * to_step] = Sorted::key(bits, i);
      }
      return lossy;
    };
    return plan_.from_stride == 1 && step == 1 ? loop(1, 1) : loop(plan_.from_stride, step);
  }

  void unpack(const Key* keys, int64_t step, int64_t row, bool lossy) const {
    Result* const out = to(row);
    const int64_t stride = plan_.to_stride;
    if (stride == 1 && step == 1)
      for (int64_t i = 0; i < length_; ++i) out[i] = Sorted::result(keys[i]);
    else
      for (int64_t i = 0; i < length_; ++i) out[i * stride] = Sorted::result(keys[i * step]);
    if constexpr (std::is_same_v<Result, Bits>)
      if (lossy) restore(keys, step, row);
  }

  /// Writes nans and zeros of both signs in their own order and with their own bits.
  void restore(const Key* keys, int64_t step, int64_t row) const {
    if constexpr (requires { Format::kNan; }) {
      int64_t zero = first_of(keys, step, Format::kMinusZero), nan = first_of(keys, step, Format::kNan);
      const Bits* in = from(row);
      Result* const out = to(row);
      for (int64_t i = 0; i < length_; ++i) {
        const Bits bits = in[i * plan_.from_stride];
        if (Format::is_nan(bits)) out[nan++ * plan_.to_stride] = bits;
        if (Bits(bits & ~Format::kSign) == 0) out[zero++ * plan_.to_stride] = bits;
      }
    }
  }

  /// Number of keys below this one, in sorted keys.
  int64_t first_of(const Key* keys, int64_t step, Key key) const {
    int64_t low = 0, high = length_;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      (keys[middle * step] < key ? low : high) = keys[middle * step] < key ? middle + 1 : middle;
    }
    return low;
  }

  Job& job_;
  const einx_rt_sort_plan& plan_;
  int64_t length_;
  void* memory_ = nullptr;
};

// ---------------------------------------------------------------- all rows
template <class Format, class Sorted>
int32_t sort_all(Job& job) {
  constexpr int64_t kPartElements = 16 << 10;
  int64_t rows = 1;
  for (int32_t axis = 0; axis < job.plan.rank; ++axis) rows *= job.plan.extents[axis];
  const int64_t length = job.plan.length;
  if (rows == 0 || length == 0) return EINX_OK;
  int64_t grain = std::max<int64_t>(1, kPartElements / length);
  if (Sorter<Format, Sorted>::side_by_side(length)) grain = int64_t(round_up(size_t(grain), size_t(kLanes)));
  const auto body = [](void* context, int64_t begin, int64_t end) {
    Sorter<Format, Sorted>(*static_cast<Job*>(context)).run(begin, end);
  };
  einx_rt_parallel_for(rows, grain, body, &job);
  return job.no_memory ? EINX_OUT_OF_MEMORY : EINX_OK;
}

template <class Format>
int32_t sort_format(Job& job) {
  if (!job.plan.positions) return sort_all<Format, Elements<Format>>(job);
  if constexpr (sizeof(typename Format::Unsigned) <= 4)
    if (job.plan.length <= int64_t(UINT32_MAX)) return sort_all<Format, Positions<Format>>(job);
  return sort_all<Format, WidePositions<Format>>(job);
}

template <class Bits>
int32_t sort_integers(Job& job) {
  return job.plan.kind == EINX_SORT_SIGNED ? sort_format<Integer<Bits, true>>(job)
                                           : sort_format<Integer<Bits, false>>(job);
}

int32_t sort_reals(Job& job) {
  if (job.plan.kind == EINX_SORT_BFLOAT) return sort_format<Real<uint16_t, 0x7f80>>(job);
  if (job.plan.element_bytes == 2) return sort_format<Real<uint16_t, 0x7c00>>(job);
  if (job.plan.element_bytes == 4) return sort_format<Real<uint32_t, 0x7f800000>>(job);
  return sort_format<Real<uint64_t, 0x7ff0000000000000>>(job);
}

}  // namespace

extern "C" int32_t einx_rt_sort(const einx_rt_sort_plan* plan, const void* from, void* to) {
  Job job{*plan, from, to};
  if (plan->kind == EINX_SORT_FLOAT || plan->kind == EINX_SORT_BFLOAT) return sort_reals(job);
  switch (plan->element_bytes) {
    case 1:
      return sort_integers<uint8_t>(job);
    case 2:
      return sort_integers<uint16_t>(job);
    case 4:
      return sort_integers<uint32_t>(job);
    default:
      return sort_integers<uint64_t>(job);
  }
}
