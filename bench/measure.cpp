#include "measure.h"

#include <omp.h>

#include "floors.h"
#include "peers/peers.h"

namespace bench {
namespace {

/// Runs part(begin, end) of [0, n) on each thread, in whole cache lines.
template <class Part>
void on_threads(int threads, std::size_t n, const Part& part) {
#pragma omp parallel num_threads(threads)
  {
    const auto id = static_cast<std::size_t>(omp_get_thread_num()), count = static_cast<std::size_t>(omp_get_num_threads());
    const std::size_t step = (n / count + 63) / 64 * 64, begin = std::min(n, id * step);
    part(begin, id + 1 == count ? n : std::min(n, begin + step));
  }
}

constexpr std::int64_t kRounds = 200'000;  // of the FMA loop: a tenth of a millisecond or so, as long as a kernel

/// Floating-point operations of one run of the peak floor on one thread.
double peak_flops() {
  static const double per_round = floors::fma_peak(1);
  return per_round * double(kRounds);
}

/// The candidates whose best is the floor of a row.
std::vector<Work> floor_of(const Row& row, const Job& job, int threads, einx::Tensor& from, einx::Tensor& to) {
  const auto bytes = static_cast<std::size_t>(job.amount);
  if (row.floor == Floor::Peak)
    return {[threads] { on_threads(threads, 64 * static_cast<std::size_t>(threads), [](std::size_t, std::size_t) { floors::fma_peak(kRounds); }); }};
  const auto shape = einx::Shape{static_cast<std::int64_t>(bytes)};
  // Data like the rows': zeros are moved a third faster (measured on an EPYC of 2025).
  from = random({static_cast<std::int64_t>(bytes / sizeof(float)) + 1});
  auto* source = static_cast<char*>(from.data());
  if (row.floor == Floor::Read)
    return {[=] { on_threads(threads, bytes, [=](std::size_t b, std::size_t e) { floors::read(reinterpret_cast<const float*>(source + b), (e - b) / 4); }); }};
  to = einx::Tensor::zeros(shape, einx::u8);
  auto* target = static_cast<char*>(to.data());
  return {[=] { on_threads(threads, bytes, [=](std::size_t b, std::size_t e) { floors::copy_plain(target + b, source + b, e - b); }); },
          [=] { on_threads(threads, bytes, [=](std::size_t b, std::size_t e) { floors::copy_streaming(target + b, source + b, e - b); }); }};
}

}  // namespace

Result measure(const Row& row, const Job& job, int threads, bool quick) {
  constexpr double kMilli = 1e3;
  einx::set_num_threads(threads);
  peers::set_threads(threads);
  omp_set_num_threads(threads);
  einx::Tensor from, to;
  std::vector<Work> candidates = floor_of(row, job, threads, from, to);
  const std::size_t floors = candidates.size();
  candidates.push_back(job.run);
  for (const Peer& peer : job.peers) candidates.push_back(peer.run);
  const std::vector<double> times = quick ? fastest(candidates, 3, 0.1) : fastest(candidates);

  Result result{row.name, "ms", threads, row.floor};
  result.goal = threads == 1 ? row.goal_one : row.goal_two;
  result.ours = times[floors] * kMilli;
  const double best = *std::min_element(times.begin(), times.begin() + std::ptrdiff_t(floors));
  result.floor = kMilli * (row.floor == Floor::Peak ? job.amount / (peak_flops() * threads / best) : best);
  for (std::size_t k = 0; k < job.peers.size(); ++k) result.peers[job.peers[k].name] = times[floors + 1 + k] * kMilli;
  for (const Quote& quote : row.quotes)
    if (const double ratio = threads == 1 ? quote.one : quote.two; ratio > 0) result.quoted[quote.name] = ratio;
  return result;
}

}  // namespace bench
