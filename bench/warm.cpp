// first-call-warm: first calls of a new process whose kernels an earlier one left on disk.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "api/api.h"
#include "calls.h"
#include "rows.h"

namespace bench {
namespace {

namespace api = einx::detail::api;
using einx::Tensor;

/// Seconds of a call from its pattern to its result; negative if the kernel did not come from disk.
double time_call(const einx::detail::trace::Call& call, api::Stages* stages = nullptr) {
  std::vector<Tensor> operands;
  for (const auto& operand : call.operands) operands.push_back(Tensor::zeros(operand.type.shape, operand.type.dtype));
  const auto before = einx::disk_cache_stats().loaded;
  const double taken = seconds([&] { api::run(*api::compile(call, api::default_options(), stages), operands); });
  return einx::disk_cache_stats().loaded > before ? taken : -1;
}

/// The very first call of a process, with its parts; what any process does once in its life is among them.
void print_first(const einx::detail::trace::Call& call) {
  api::Stages s;
  const double taken = time_call(call, &s);
  std::fprintf(stderr,
               "very first call of a process, kernel on disk: %.2f ms (parse %.2f, solve %.2f, trace %.2f, lower %.2f, set-up of the linker and linking %.2f)\n",
               taken * 1e3, s.parse * 1e-6, s.solve * 1e-6, s.trace * 1e-6, s.lower * 1e-6, s.compile * 1e-6);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int warm_calls(const std::string& conformance_file) {
  const auto calls = distinct_calls(conformance_file);
  std::vector<double> taken, yardsticks;
  for (std::size_t k = 0; k < calls.size(); ++k) try {
      if (k == 0) print_first(calls[k]);
      else if (const double time = time_call(calls[k]); time > 0) taken.push_back(time);
      if (k % 10 == 1) yardsticks.push_back(einx::detail::codegen::compile_yardstick() * 1e-9);
    } catch (const einx::Error&) {  // a case of an error at run time
    }
  if (!taken.empty()) std::printf("%.9f %.9f\n", median(taken), median(yardsticks));
  return 0;
}

std::vector<CallRow> warm_call_rows(const std::string& conformance_file) {
  std::error_code failure;
  std::string folder = (std::filesystem::temp_directory_path() / "einx-bench-XXXXXX").string();
  if (!mkdtemp(folder.data())) return {};
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", failure).string();
  const std::string command = "EINX_CACHE_DIR='" + folder + "' '" + self + "' --warm-calls '" + conformance_file + "'";
  double ours = 0, yardstick = 0;
  const int filled = std::system((command + " >/dev/null 2>&1").c_str());
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  const bool answered = pipe && std::fscanf(pipe.get(), "%lf %lf", &ours, &yardstick) == 2;
  std::filesystem::remove_all(folder, failure);
  if (filled != 0 || !answered) return {};
  return {{"first-call-warm", "ms", ours * 1e3, yardstick * 1e3, 0.15}};
}

}  // namespace bench
