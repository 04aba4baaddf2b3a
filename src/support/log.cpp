#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>

#include "support/support.h"

namespace einx::detail::support {
namespace {

/// Made directly: spdlog's registry and default logger belong to the program that uses the library.
std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>("einx", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  std::vector<std::string> ignored;  // environment() reports a malformed EINX_LOG
  const auto only_log = [](const char* name) {
    return std::string_view(name) == "EINX_LOG" ? std::getenv(name) : nullptr;
  };
  logger->set_level(spdlog::level::from_str(read_environment(only_log, ignored).log));
  logger->set_pattern("[%n] [%l] %v");
  return logger;
}

}  // namespace

spdlog::logger& log() {
  static const Immortal<std::shared_ptr<spdlog::logger>> logger(make_logger());
  return *logger.value;
}

}  // namespace einx::detail::support
