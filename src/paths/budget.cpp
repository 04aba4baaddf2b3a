// How long a search may go on.
#include "paths/problem.h"

namespace einx::detail::paths {

namespace {

/// Work of a second: so little that machines of today reach it, or what is found would depend on the clock.
constexpr double kWorkPerSecond = 2e8;
constexpr double kLookEvery = 1e6;  ///< work between two looks at the clock

}  // namespace

Budget::Budget(const Options& options)
    : options_(options), limit_(options.seconds * kWorkPerSecond), next_look_(std::min(limit_, kLookEvery)) {}

bool Budget::look() {
  next_look_ = std::min(limit_, work_ + kLookEvery);
  const double now = seconds();
  if (work_ >= limit_ || now >= options_.seconds) over_ = true;
  const double fraction = std::min(1.0, std::max(work_ / limit_, now / options_.seconds));
  if (options_.progress && !options_.progress({now, fraction, best_, trials_})) over_ = true;
  return over_;
}

}  // namespace einx::detail::paths
