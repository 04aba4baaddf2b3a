// Retrace monitor: counts the misses of every call site and warns once when a site keeps compiling
// (operations.md 13: exactly the N-th miss, once only, quiet inside the call that warns).
#include <spdlog/logger.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "cache/cache.h"
#include "cache/differences.h"

namespace einx::detail::cache {
namespace {

constexpr std::size_t kept_signatures = 8;

/// How many calls that have warned are being compiled on this thread.
thread_local int quiet = 0;

/// Two calls in one line are two sites, as are two operations at one place (a loop over operations).
using SiteKey = std::tuple<std::string, std::uint_least32_t, std::uint_least32_t, std::string>;

struct Site {
  std::string text;  ///< "file:line (function)"
  std::uint64_t misses = 0;
  std::uint64_t dynamic_since = 0;  ///< 0: every size is compiled
  std::vector<Signature> last;  ///< oldest first; only kept while a warning may still come
};

std::string site_text(const std::source_location& site) {
  std::string text = std::string(site.file_name()) + ":" + std::to_string(site.line());
  if (*site.function_name() != '\0') text += " (" + std::string(site.function_name()) + ")";
  return text;
}

void remember(Site& site, const Signature& signature) {
  if (site.last.size() == kept_signatures) site.last.erase(site.last.begin());
  site.last.push_back(signature);
}

std::string because(const Site& site, const std::vector<Difference>& found) {
  if (site.last.size() < 2) return "only one signature was seen so far";
  const std::string these = "the last " + std::to_string(site.last.size()) + " signatures";
  return found.empty() ? these + " are alike: they were dropped from the cache in between"
                       : "what differed among " + these;
}

/// "1st", "4th", "22nd".
std::string ordinal(std::uint64_t count) {
  const bool teen = count / 10 % 10 == 1;
  constexpr std::string_view kEndings[] = {"th", "st", "nd", "rd"};
  return std::to_string(count) + std::string(kEndings[!teen && count % 10 < 4 ? count % 10 : 0]);
}

/// The warning: a headline, a line for each difference, a line for each advice.
std::string warning(const Site& site, const std::string& op) {
  const std::vector<Difference> found = differences(site.last);
  std::vector<std::string> advice, parameters;
  for (const Difference& difference : found) {
    if (site.dynamic_since > 0 && difference.what.starts_with("axis ")) {
      parameters.push_back(difference.what.substr(0, difference.what.find(':')) + " is a run-time parameter since the " +
                           ordinal(site.dynamic_since) + " signature");
      continue;
    }
    if (std::find(advice.begin(), advice.end(), difference.advice) == advice.end())
      advice.push_back(difference.advice);
  }
  if (repeats(site.last))
    advice.push_back("raise EINX_CACHE_SIZE: a signature was compiled, dropped and asked for again");
  advice.push_back("raise EINX_WARN_ON_RETRACE, or set it to 0 to silence this warning");

  std::string text =
      site.text + ": " + op + " \"" + site.last.back().pattern + "\" was traced and compiled " +
      std::to_string(site.misses) + (site.misses == 1 ? " time" : " times") +
      ", once for each new signature of its arguments (EINX_WARN_ON_RETRACE=" + std::to_string(site.misses) +
      "); " + because(site, found);
  for (const Difference& difference : found) text += "\n  " + difference.what;
  for (const std::string& line : parameters) text += "\n  " + line;
  for (const std::string& line : advice) text += "\n  advice: " + line;
  return text;
}

}  // namespace

struct RetraceMonitor::Impl {
  std::mutex mutex;
  std::uint64_t limit = 0;
  std::map<SiteKey, Site> sites;

  /// Counts; the text of the warning if this is the miss that warns.
  std::string count(const std::source_location& place, const Signature& signature);
};

std::string RetraceMonitor::Impl::count(const std::source_location& place, const Signature& signature) {
  const std::lock_guard lock(mutex);
  Site& site = sites[{place.file_name(), place.line(), place.column(), signature.op}];
  if (site.text.empty()) site.text = site_text(place);
  ++site.misses;
  if (site.misses > limit) return {};
  remember(site, signature);
  if (site.misses < limit) return {};
  std::string text = quiet > 0 ? std::string() : warning(site, signature.op);
  site.last = {};  // this site never warns again
  return text;
}

RetraceMonitor::RetraceMonitor(std::int64_t limit) : impl_(std::make_unique<Impl>()) { reset(limit); }
RetraceMonitor::~RetraceMonitor() = default;

RetraceMonitor::Miss::~Miss() { quiet -= warned_; }

RetraceMonitor::Miss RetraceMonitor::miss(const std::source_location& site, const Signature& signature) {
  const std::string text = impl_->count(site, signature);
  if (text.empty()) return Miss(false);
  support::log().warn("{}", text);
  ++quiet;
  return Miss(true);
}

void RetraceMonitor::dynamic(const std::source_location& place, std::string_view op, std::uint64_t count) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sites[{place.file_name(), place.line(), place.column(), std::string(op)}].dynamic_since = count;
}

bool RetraceMonitor::watches() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->limit > 0;
}

std::vector<RetraceMonitor::Count> RetraceMonitor::counts() const {
  std::vector<Count> counts;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [key, site] : impl_->sites) counts.push_back({site.text, std::get<3>(key), site.misses});
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const Count& a, const Count& b) { return a.misses > b.misses; });
  return counts;
}

void RetraceMonitor::reset(std::int64_t limit) {
  const std::lock_guard lock(impl_->mutex);
  impl_->limit = limit > 0 ? std::uint64_t(limit) : 0;
  impl_->sites.clear();
}

RetraceMonitor& retraces() {
  static support::Immortal<RetraceMonitor> monitor(support::environment().warn_on_retrace);
  return monitor.value;
}

}  // namespace einx::detail::cache
