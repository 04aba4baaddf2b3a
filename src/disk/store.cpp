// One folder of entries: reading, writing, and removing what was used longest ago.
#include <spdlog/logger.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <vector>

#include "disk/disk.h"
#include "disk/entry.h"
#include "disk/files.h"
#include "support/support.h"

namespace einx::detail::disk {
namespace {

constexpr std::string_view kTemporary = "tmp.";
/// A temporary file of this age belongs to a process that was killed.
constexpr std::chrono::nanoseconds kAbandoned = std::chrono::minutes(10);

bool is_temporary(std::string_view name) { return name.starts_with(kTemporary); }

/// Absolute, without "." and without "/" at the end: behind a "/" a symbolic link would be followed.
std::string absolute(std::string_view folder) {
  std::error_code failure;
  std::filesystem::path path = std::filesystem::absolute(std::filesystem::path(folder), failure);
  std::string text = (failure ? std::filesystem::path(folder) : path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

/// For those who watch. Whoever does not is spared the making of a logger, which takes as long as reading an
/// entry.
void note(const char* what, const std::string& name) {
  const std::string& level = support::environment().log;
  if (level == "debug" || level == "trace") support::log().debug("kernel cache: {} {}", what, name);
}

std::int64_t now() {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

}  // namespace

Store::Store(std::string_view folder, std::int64_t limit) : folder_(absolute(folder)), limit_(limit) {}

void Store::warn(Cause cause, const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    if ((told_ & cause) != 0) return;
    told_ |= cause;
  }
  support::log().warn("kernel cache: {}", text);
}

File Store::open(bool create) {
  Opened opened = open_folder(folder_, create);
  if (!opened.why.empty())
    warn(Refused,
         "the folder " + folder_ + " is not used: " + opened.why + ". Every kernel is compiled anew.");
  return std::move(opened.file);
}

void Store::reject(std::string_view key, std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    ++counters_.rejected;
  }
  warn(Entry, "the entry " + folder_ + "/" + file_name(key) + " is not used: " + std::string(why) +
                  ". Its kernel is compiled anew, and so are those of other such entries.");
}

std::optional<std::string> Store::load(std::string_view key) {
  const File folder = open(false);
  if (!folder) return {};
  const Opened opened = open_file(folder, file_name(key));
  if (!opened.file && opened.why.empty()) return {};
  std::string bytes, why = opened.why;
  if (why.empty() && !read_all(opened.file, bytes)) why = "it cannot be read";
  Decoded decoded{{}, why};
  if (why.empty()) decoded = decode(bytes, key);
  if (!decoded.object) {
    reject(key, decoded.why);
    return {};
  }
  mark_used(opened.file);
  note("loaded", file_name(key));
  const std::lock_guard lock(mutex_);
  ++counters_.loaded;
  return std::move(decoded.object);
}

void Store::save(std::string_view key, std::string_view object) {
  const std::string bytes = encode(key, object);
  if (std::int64_t(bytes.size()) > limit_) return;
  if (const File folder = open(true)) write(folder, file_name(key), bytes);
}

void Store::write(const File& folder, const std::string& name, std::string_view bytes) {
  make_room(folder, std::int64_t(bytes.size()));
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = written_++;
  }
  // The time tells a killed process of the same number apart, which may have been of another machine.
  const std::string temporary = std::string(kTemporary) + std::to_string(getpid()) + "." +
                                std::to_string(now()) + "." + std::to_string(number);
  const File file = create_file(folder, temporary);
  // Nothing is synchronised to the disk: what a power failure leaves of an entry has a wrong checksum.
  if (!file || !write_all(file, bytes) || !rename_file(folder, temporary, name)) {
    const int failure = errno;
    if (file) remove_file(folder, temporary);
    warn(Write, "an entry cannot be written to " + folder_ + ": " + error_text(failure) + ".");
    return;
  }
  note("saved", name);
  const std::lock_guard lock(mutex_);
  ++counters_.saved;
}

/// Looks through the folder, removes what is abandoned and the entries used longest ago until no more than
/// `keep` bytes are left, and returns how many are.
std::int64_t Store::prune(const File& folder, std::int64_t keep) {
  std::vector<Found> entries;
  std::int64_t total = 0;
  for_each_file(folder, [&](const Found& found) {
    if (is_temporary(found.name)) {
      if (now() - found.used > kAbandoned.count())
        remove_file(folder, found.name);
      else
        total += found.bytes;
    } else if (is_entry_name(found.name)) {
      total += found.bytes;
      entries.push_back(found);
    }
  });
  if (total <= keep) return total;
  keep -= keep / 8;  // room for a few more, so that the folder is not looked through for each
  std::ranges::sort(entries, {}, &Found::used);
  for (const Found& entry : entries) {
    if (total <= keep) break;
    remove_file(folder, entry.name);
    total -= entry.bytes;
  }
  return total;
}

/// Before an entry of so many bytes is written. Other processes write, too, so the folder is looked through
/// again after every sixteenth of the limit.
void Store::make_room(const File& folder, std::int64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    const bool sure = known_ >= 0 && known_ + bytes <= limit_ && unseen_ + bytes <= limit_ / 16;
    if (sure) {
      known_ += bytes, unseen_ += bytes;
      return;
    }
  }
  const std::int64_t left = prune(folder, limit_ - bytes);
  const std::lock_guard lock(mutex_);
  known_ = left + bytes, unseen_ = bytes;
}

Contents Store::contents() {
  Contents found;
  if (const File folder = open(false))
    for_each_file(folder, [&](const Found& file) {
      if (!is_entry_name(file.name)) return;
      ++found.entries;
      found.bytes += file.bytes;
    });
  return found;
}

Contents Store::clear() {
  Contents removed;
  const File folder = open(false);
  if (!folder) return removed;
  for_each_file(folder, [&](const Found& file) {
    const bool abandoned = is_temporary(file.name) && now() - file.used > kAbandoned.count();
    if (!abandoned && !is_entry_name(file.name)) return;
    remove_file(folder, file.name);
    removed.entries += abandoned ? 0 : 1;
    removed.bytes += file.bytes;
  });
  const std::lock_guard lock(mutex_);
  known_ = -1;
  return removed;
}

Counters Store::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace einx::detail::disk
