#include "support/near.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "support/support.h"

namespace einx::detail::support {
namespace {

/// Edit distance: insertions, deletions and replacements (Wagner and Fischer, one row at a time).
int distance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    int diagonal = row[0];
    row[0] = int(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
  constexpr std::size_t kLongest = 64, kShown = 3;
  if (name.empty() || name.size() > kLongest) return "";
  const int limit = std::max(1, int(name.size()) / 3);
  std::vector<std::pair<int, std::string_view>> near;
  for (const std::string_view other : known)
    if (other.size() <= kLongest)
      if (const int d = distance(name, other); d <= limit) near.emplace_back(d, other);
  std::ranges::sort(near);
  if (near.size() > kShown) near.resize(kShown);
  std::vector<std::string> quoted;
  for (const auto& [d, other] : near) quoted.push_back(std::string("'").append(other).append("'"));
  if (quoted.empty()) return "";
  return std::string("Did you mean ").append(join(quoted, " or ")).append("?");
}

}  // namespace einx::detail::support
