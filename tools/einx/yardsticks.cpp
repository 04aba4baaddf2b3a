#include "yardsticks.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>

#include "floors.h"
#include "runtime/runtime.h"

namespace einx_command {
namespace {

double elapsed(const std::function<void()>& work, std::int64_t calls) {
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < calls; ++i) work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

/// Calls body(begin, end) on parts of [0, count).
template <class F>
void on_threads(std::int64_t count, std::int64_t grain, F body) {
  einx_rt_parallel_for(
      count, grain,
      [](void* context, std::int64_t begin, std::int64_t end) { (*static_cast<F*>(context))(begin, end); },
      &body);
}

constexpr std::int64_t kSteps = 20'000;
constexpr std::int64_t kBlock = 1 << 16;  // bytes; parts of a copy begin at 64-byte boundaries

}  // namespace

Stopwatch::Stopwatch(std::function<void()> work)
    : work_(std::move(work)), best_(std::numeric_limits<double>::infinity()) {
  work_();  // warm
  while (calls_ < 1'000'000 && elapsed(work_, calls_) < 1e5) calls_ *= 2;
}

void Stopwatch::round() { best_ = std::min(best_, elapsed(work_, calls_) / double(calls_)); }

void take_turns(std::span<Stopwatch* const> stopwatches) {
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 7 || std::chrono::steady_clock::now() - start < std::chrono::seconds(1);
       ++round)
    for (Stopwatch* each : stopwatches) each->round();
}

CopyYardstick::CopyYardstick(std::int64_t bytes, bool streaming)
    : streaming_(streaming),
      from_(einx::Tensor::zeros({std::max<std::int64_t>(bytes / 2, 1)}, einx::u8)),
      to_(einx::Tensor::zeros({from_.size()}, einx::u8)) {}

void CopyYardstick::operator()() {
  const auto* from = static_cast<const char*>(from_.data());
  auto* to = static_cast<char*>(to_.data());
  const std::int64_t blocks = (from_.size() + kBlock - 1) / kBlock, all = from_.size();
  const auto copy = streaming_ ? floors::copy_streaming : floors::copy_plain;
  on_threads(blocks, std::max<std::int64_t>(blocks / std::max(einx_rt_threads(), 1), 1),
             [=](std::int64_t begin, std::int64_t end) {
               copy(to + begin * kBlock, from + begin * kBlock,
                    std::size_t(std::min(end * kBlock, all) - begin * kBlock));
             });
}

void PeakYardstick::operator()() {
  std::atomic<double> done = 0;
  on_threads(einx_rt_threads(), 1, [&done](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part)
      done.fetch_add(floors::fma_peak(kSteps), std::memory_order_relaxed);
  });
  flops_ = done;
}

}  // namespace einx_command
