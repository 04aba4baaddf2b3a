// What the library logs, for tests that look at it.
#pragma once
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/support.h"

namespace support_test {

/// Collects what the library logs while it lives.
class Log {
 public:
  Log() : sink_(std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)) {
    std::swap(einx::detail::support::log().sinks(), sinks_);
    einx::detail::support::log().sinks().push_back(sink_);
  }
  Log(const Log&) = delete;
  ~Log() { std::swap(einx::detail::support::log().sinks(), sinks_); }

  std::string text() const { return text_.str(); }
  int count(std::string_view word) const {
    const std::string all = text();
    int found = 0;
    for (std::size_t at = all.find(word); at != std::string::npos; at = all.find(word, at + 1)) ++found;
    return found;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::sinks::sink> sink_;
  std::vector<spdlog::sink_ptr> sinks_;
};

}  // namespace support_test
