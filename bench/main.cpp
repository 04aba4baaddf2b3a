// bench [ROW...] [--threads 1,2] [--calls] [--first-calls CASES.jsonl]: every timing as a ratio to a floor of the same run.
#include <omp.h>

#include <cstdio>
#include <cstring>
#include <sstream>

#include "floors.h"
#include "rows.h"
#include "timing.h"

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

/// The candidates whose best is the floor of a row.
std::vector<Work> floor_of(const Row& row, const Job& job, int threads, einx::Tensor& from, einx::Tensor& to) {
  const auto bytes = static_cast<std::size_t>(job.amount);
  if (row.floor == Floor::Peak) {
    return {[threads] { on_threads(threads, 64 * static_cast<std::size_t>(threads), [](std::size_t, std::size_t) { floors::fma_peak(1'000'000); }); }};
  }
  const auto shape = einx::Shape{static_cast<std::int64_t>(bytes)};
  from = einx::Tensor::zeros(shape, einx::u8);
  auto* source = static_cast<char*>(from.data());
  if (row.floor == Floor::Read) {
    return {[=] { on_threads(threads, bytes, [=](std::size_t b, std::size_t e) { floors::read(reinterpret_cast<const float*>(source + b), (e - b) / 4); }); }};
  }
  to = einx::Tensor::zeros(shape, einx::u8);
  auto* target = static_cast<char*>(to.data());
  return {[=] { on_threads(threads, bytes, [=](std::size_t b, std::size_t e) { floors::copy_plain(target + b, source + b, e - b); }); },
          [=] { on_threads(threads, bytes, [=](std::size_t b, std::size_t e) { floors::copy_streaming(target + b, source + b, e - b); }); }};
}

void run_row(const Row& row, int threads) {
  einx::set_num_threads(threads);
  const Job job = row.make();
  einx::Tensor from, to;
  std::vector<Work> candidates = floor_of(row, job, threads, from, to);
  candidates.push_back(job.run);
  const std::vector<double> times = fastest(candidates);
  const double ours = times.back(), floor = *std::min_element(times.begin(), times.end() - 1);
  if (row.floor == Floor::Peak) {
    const double rate = job.amount / ours, best = floors::fma_peak(1) * 1e6 * threads / floor;
    std::printf("%-16s %d thread%s  %5.1f %% of FMA peak   (%.1f of %.1f GFLOP/s; goal %.0f %%)   %s\n", row.name.c_str(), threads, threads > 1 ? "s" : " ",
                100 * rate / best, rate / 1e9, best / 1e9, 100 * row.goal, row.what.c_str());
  } else {
    std::printf("%-16s %d thread%s  %5.2f x %s floor   (%.2f ms, floor %.2f ms; goal %.2f)   %s\n", row.name.c_str(), threads, threads > 1 ? "s" : " ", ours / floor,
                row.floor == Floor::Copy ? "copy" : "read", ours * 1e3, floor * 1e3, row.goal, row.what.c_str());
  }
  std::fflush(stdout);
}

struct Settings {
  std::vector<std::string> names;
  std::vector<int> threads = {1, 2};
  bool calls = false;
  std::string first_calls;
};

bool read(int argc, char** argv, Settings& settings) {
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    if (word == "--calls") settings.calls = true;
    else if (word == "--threads" && k + 1 < argc) {
      settings.threads.clear();
      std::istringstream list(argv[++k]);
      for (std::string item; std::getline(list, item, ',');) settings.threads.push_back(std::stoi(item));
    } else if (word == "--first-calls" && k + 1 < argc) settings.first_calls = argv[++k];
    else if (word.starts_with("--")) return false;
    else settings.names.push_back(word);
  }
  return true;
}

int run(const Settings& settings) {
  int found = 0;
  for (const Row& row : rows()) {
    const auto& names = settings.names;
    const bool only_calls = names.empty() && (settings.calls || !settings.first_calls.empty());
    if (only_calls || (!names.empty() && std::find(names.begin(), names.end(), row.name) == names.end())) continue;
    ++found;
    for (const int threads : settings.threads) run_row(row, threads);
  }
  if (settings.calls) print_calls();
  if (!settings.first_calls.empty()) print_first_calls(settings.first_calls);
  return found || settings.calls || !settings.first_calls.empty() ? 0 : 2;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Settings settings;
  if (!bench::read(argc, argv, settings)) {
    std::fprintf(stderr, "usage: bench [ROW...] [--threads 1,2] [--calls] [--first-calls CASES.jsonl]\n");
    return 2;
  }
  return bench::run(settings);
}
