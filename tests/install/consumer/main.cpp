// A program with an spdlog of its own: header-only, its own pattern, its own level. It and the library's
// logger know nothing of each other.
#define FMT_HEADER_ONLY
#define SPDLOG_FMT_EXTERNAL
#define SPDLOG_HEADER_ONLY
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "calls.h"

int main() {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("consumer"));
  spdlog::set_pattern("consumer says %v");
  spdlog::info("{} before", 1);
  spdlog::set_level(spdlog::level::off);  // of this program's loggers: the library's still warns
  make_einx_warn();
  spdlog::set_level(spdlog::level::info);
  const int wrong = make_calls();
  spdlog::info("{} after", 2);
  if (spdlog::get("einx")) std::puts("the library's logger is in the program's registry");
  return wrong + (spdlog::get("einx") ? 1 : 0);
}
