// What code is generated for. Features come from CPUID (never from the CPU's name, which masked virtual CPUs
// get wrong) and are rounded down to one of the four x86-64 levels: equal levels give equal code, schedules
// and bits.
#include <llvm/ADT/StringMap.h>
#include <llvm/TargetParser/Host.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "codegen/codegen.h"

namespace einx::detail::codegen {
namespace {

struct Level {
  const char* name;
  std::vector<const char*> adds;  ///< LLVM's feature names that this level has beyond the one before
  int vector_bytes, registers;
};

const std::array<Level, 4>& levels() {
  static const std::array<Level, 4> table = {{
      {"x86-64", {"sse2"}, 16, 16},
      {"x86-64-v2", {"sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "cx16", "sahf"}, 16, 16},
      {"x86-64-v3", {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}, 32, 16},
      {"x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}, 64, 32},
  }};
  return table;
}

int level_of_host() {
  const llvm::StringMap<bool> found = llvm::sys::getHostCPUFeatures();
  int level = 0;
  for (int k = 1; k < int(levels().size()); ++k) {
    const auto& adds = levels()[k].adds;
    if (!std::all_of(adds.begin(), adds.end(), [&](const char* name) { return found.lookup(name); })) break;
    level = k;
  }
  return level;
}

int host_level() {
  static const int level = level_of_host();
  return level;
}

Target make_target(int level) {
  Target target;
  target.level = target.cpu = levels()[level].name;
  for (int k = 0; k <= level; ++k) {
    for (const char* name : levels()[k].adds)
      target.features += (target.features.empty() ? "+" : ",+") + std::string(name);
  }
  target.machine.vector_bytes = levels()[level].vector_bytes;
  target.machine.vector_registers = levels()[level].registers;
  target.machine.masks = level >= 3;
  target.machine.fma = level >= 2;
  return target;
}

}  // namespace

bool Target::operator==(const Target& other) const {
  return level == other.level && cpu == other.cpu && features == other.features;
}

Target target_named(const std::string& level) {
  if (level.empty() || level == "host") return make_target(host_level());
  for (int k = 0; k < int(levels().size()); ++k) {
    if (level != levels()[k].name) continue;
    if (k <= host_level()) return make_target(k);
    support::log().warn("EINX_CPU={} is above this machine: using {}", level, levels()[host_level()].name);
    return make_target(host_level());
  }
  support::log().warn("EINX_CPU={} is no level (x86-64, x86-64-v2, x86-64-v3, x86-64-v4): using the host's",
                      level);
  return make_target(host_level());
}

const Target& host_target() {
  static const support::Immortal<Target> target(target_named(support::environment().cpu));
  return target.value;
}

}  // namespace einx::detail::codegen
