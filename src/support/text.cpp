#include "support/support.h"

namespace einx::detail::support {

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += separator;
    text += items[i];
  }
  return text;
}

std::string tuple_text(const std::vector<std::int64_t>& values) {
  if (values.size() == 1) return "(" + std::to_string(values[0]) + ",)";
  std::vector<std::string> items;
  for (const std::int64_t value : values) items.push_back(std::to_string(value));
  return "(" + join(items, ", ") + ")";
}

}  // namespace einx::detail::support
