// What the machine can do, measured beside what is to be judged: copying memory and multiplying-and-adding in
// registers.
#pragma once
#include <einx/tensor.h>

#include <cstdint>
#include <functional>
#include <span>

namespace einx_command {

/// Nanoseconds of one call: the minimum over its rounds of the mean of as many calls as take 100
/// microseconds.
class Stopwatch {
 public:
  explicit Stopwatch(std::function<void()> work);
  void round();
  double nanoseconds() const { return best_; }

 private:
  std::function<void()> work_;
  std::int64_t calls_ = 1;
  double best_;
};
/// Rounds of all in turn: at least seven, and as many as fit into a second.
void take_turns(std::span<Stopwatch* const> stopwatches);

/// Reads half of `bytes` and writes the other half, on all threads; `streaming`: with stores that go past the
/// caches.
class CopyYardstick {
 public:
  CopyYardstick(std::int64_t bytes, bool streaming);
  void operator()();
  std::int64_t bytes() const { return 2 * from_.size(); }

 private:
  bool streaming_;
  einx::Tensor from_, to_;
};

/// Independent f32 fused multiply-adds in registers, on all threads.
class PeakYardstick {
 public:
  void operator()();
  double flops() const { return flops_; }  ///< of the last call

 private:
  double flops_ = 0;
};

}  // namespace einx_command
