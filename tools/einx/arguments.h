// The words of the command line, before anyone knows what they mean.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace einx_command {

/// The command line makes no sense: exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::vector<std::string> words;                             ///< operation, pattern, operands
  std::vector<std::pair<std::string, std::string>> settings;  ///< name=value, in order
  std::vector<std::pair<std::string, std::string>> options;   ///< {"--emit", "graph"}: all take a value
  std::vector<std::string> flags;                             ///< options without a value
  bool help = false;

  bool flag(std::string_view name) const;
  std::vector<std::string> values(std::string_view option) const;
};

/// `known`: the options that the command takes, all with a value; "-o" stands for "--output". Negative
/// numbers and patterns that begin with
/// "->" are words. `flags` have no value. Raises UsageError.
Arguments parse_arguments(const std::vector<std::string>& given, const std::vector<std::string_view>& known,
                          const std::vector<std::string_view>& flags = {});

/// A whole text as a number; false if it is none.
bool read_number(std::string_view text, double& into);
bool read_number(std::string_view text, std::int64_t& into);
std::string_view trimmed(std::string_view text);
/// "2, 3" -> {"2", "3"}; blank items at the end are left out.
std::vector<std::string> split_list(std::string_view text);

}  // namespace einx_command
