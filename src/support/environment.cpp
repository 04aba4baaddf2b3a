// The environment: one table of variables. A row says how a text is read into Environment and how the value
// is printed.
#include <spdlog/logger.h>

#include <charconv>
#include <cstdlib>

#include "support/support.h"

namespace einx::detail::support {
namespace {

/// Reads a text into the environment; false if it is malformed.
using Read = bool (*)(std::string_view text, Environment& into);
using Show = std::string (*)(const Environment& from);

struct Variable {
  const char* name;
  Read read;
  Show show;
  const char* meaning;
};

bool read_integer(std::string_view text, std::int64_t lowest, std::int64_t highest, std::int64_t& into) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < lowest || value > highest)
    return false;
  into = value;
  return true;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  for (const std::string_view choice : choices)
    if (text == choice) return true;
  return false;
}

template <auto Member, std::int64_t lowest>
bool integer(std::string_view text, Environment& into) {
  return read_integer(text, lowest, INT64_MAX, into.*Member);
}

template <auto Member>
bool any_text(std::string_view text, Environment& into) {
  into.*Member = text;
  return true;
}

template <auto Member>
std::string show_integer(const Environment& from) {
  return std::to_string(from.*Member);
}

template <auto Member>
std::string show_text(const Environment& from) {
  return from.*Member;
}

bool read_jit(std::string_view text, Environment& into) {
  into.jit = text == "1";
  return one_of(text, {"0", "1"});
}

bool read_cpu(std::string_view text, Environment& into) {
  if (!one_of(text, {"host", "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"})) return false;
  into.cpu = text;
  return true;
}

bool read_threads(std::string_view text, Environment& into) {
  std::int64_t value = 0;
  if (!read_integer(text, 0, 65536, value)) return false;
  into.num_threads = int(value);
  return true;
}

bool read_log(std::string_view text, Environment& into) {
  if (!one_of(text, {"trace", "debug", "info", "warn", "warning", "error", "err", "critical", "off"}))
    return false;
  into.log = text;
  return true;
}

using E = Environment;
constexpr Variable kVariables[] = {
    {"EINX_WARN_ON_RETRACE", integer<&E::warn_on_retrace, 0>, show_integer<&E::warn_on_retrace>,
     "N: one warning on exactly the N-th cache miss of one operation at one call site; 0: never"},
    {"EINX_CACHE_SIZE", integer<&E::cache_size, -1>, show_integer<&E::cache_size>,
     "signatures kept: -1 bounded only by the number of live kernels, 0 none, n the least recently used go"},
    {"EINX_DYNAMIC_AFTER", integer<&E::dynamic_after, 0>, show_integer<&E::dynamic_after>,
     "N: signatures of one call site or function that differ in sizes only, until the sizes are run-time parameters of one kernel; 0: never"},
    {"EINX_JIT", read_jit, [](const E& from) { return std::string(from.jit ? "1" : "0"); },
     "0: the reference interpreter instead of compiled code"},
    {"EINX_CPU", read_cpu, show_text<&E::cpu>,
     "host, x86-64, x86-64-v2, x86-64-v3 or x86-64-v4: limits the generated code"},
    {"EINX_NUM_THREADS", read_threads, [](const E& from) { return std::to_string(from.num_threads); },
     "threads of one operation; 0: OpenMP's own choice"},
    {"EINX_CACHE_DIR", any_text<&E::cache_dir>, show_text<&E::cache_dir>,
     "folder of compiled kernels, kept for later processes; empty: none are kept; not set: only by the einx command"},
    {"EINX_DISK_CACHE_BYTES", integer<&E::disk_cache_bytes, 0>, show_integer<&E::disk_cache_bytes>,
     "how much EINX_CACHE_DIR may hold"},
    {"EINX_POOL_BYTES", integer<&E::pool_bytes, 0>, show_integer<&E::pool_bytes>,
     "how much memory is kept for recycling"},
    {"EINX_LOG", read_log, show_text<&E::log>,
     "trace, debug, info, warn, error, critical or off: the log on stderr"},
    {"EINX_DUMP", any_text<&E::dump>, show_text<&E::dump>,
     "folder that receives graph, loops, LLVM IR and assembly of everything compiled; empty: none"},
    {"EINX_FILTER_TRACEBACK", [](std::string_view, E&) { return true; },
     [](const E&) { return std::string(); }, "accepted for compatibility, no effect"},
};

const char* from_process(const char* name) { return std::getenv(name); }

}  // namespace

Environment read_environment(const std::function<const char*(const char*)>& lookup,
                             std::vector<std::string>& warnings) {
  Environment environment;
  for (const Variable& variable : kVariables) {
    const char* text = lookup(variable.name);
    if (text == nullptr || *text == '\0') continue;
    Environment changed = environment;
    if (variable.read(text, changed)) {
      environment = std::move(changed);
    } else {
      warnings.push_back(std::string(variable.name) + "=\"" + text + "\" is not understood; using \"" +
                         variable.show(environment) + "\" (" + variable.meaning + ")");
    }
  }
  return environment;
}

const Environment& environment() {
  // The warnings need the logger, which therefore reads EINX_LOG by itself and never calls this function.
  static const Immortal<Environment> loaded([] {
    std::vector<std::string> warnings;
    Environment read = read_environment(from_process, warnings);
    for (const std::string& warning : warnings) log().warn("{}", warning);
    return read;
  }());
  return loaded.value;
}

std::vector<EnvironmentRow> environment_table() {
  const Environment defaults;
  std::vector<EnvironmentRow> rows;
  for (const Variable& variable : kVariables)
    rows.push_back({variable.name, variable.show(environment()), variable.show(defaults), variable.meaning});
  return rows;
}

}  // namespace einx::detail::support
