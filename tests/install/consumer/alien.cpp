// Functions with the names of spdlog's and fmt's that mean something else, as another version of them would:
// whoever calls them by mistake ends the program.
#include <cstdlib>
#include <string_view>

#include "calls.h"

namespace {
[[noreturn]] void caught(const char* name) {
  std::fprintf(stderr, "the library called this program's %s\n", name);
  std::_Exit(9);
}
}  // namespace

namespace spdlog {
namespace level {
enum level_enum : int { off };
level_enum from_str(const std::string&) noexcept { caught("spdlog::level::from_str"); }
}  // namespace level
namespace details {
struct log_msg;
namespace os {
bool is_color_terminal() noexcept { caught("spdlog::details::os::is_color_terminal"); }
}  // namespace os
}  // namespace details
class logger {
 public:
  virtual ~logger();
  void log_it_(const details::log_msg&, bool, bool);
  void set_level(level::level_enum);
  void set_pattern(std::string, int);

 protected:
  virtual void sink_it_(const details::log_msg&);
  virtual void flush_();
};
logger::~logger() { caught("spdlog::logger::~logger"); }
void logger::log_it_(const details::log_msg&, bool, bool) { caught("spdlog::logger::log_it_"); }
void logger::set_level(level::level_enum) { caught("spdlog::logger::set_level"); }
void logger::set_pattern(std::string, int) { caught("spdlog::logger::set_pattern"); }
void logger::sink_it_(const details::log_msg&) { caught("spdlog::logger::sink_it_"); }
void logger::flush_() { caught("spdlog::logger::flush_"); }
}  // namespace spdlog

int main() {
  make_einx_warn();
  return make_calls();
}
