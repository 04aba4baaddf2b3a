#include "disk/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace einx::detail::disk {
namespace {

/// Larger files are no objects of ours.
constexpr std::int64_t kLargest = std::int64_t(1) << 30;

/// Why what lies there cannot be trusted; empty if it can.
std::string mistrust(const struct stat& found) {
  if (found.st_uid != geteuid()) return "it belongs to another user";
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write to it";
  return "";
}

void make_folders(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    mkdir(path.substr(0, end).c_str(),
          S_IRWXU);  // what is there already, or cannot be made, shows when it is opened
    if (end == std::string::npos) return;
  }
}

/// errno of an open that failed, as a reason.
Opened not_opened() {
  if (errno == ENOENT) return {};
  return {File(), errno == ELOOP ? "it is a symbolic link" : error_text(errno)};
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string error_text(int number) { return std::generic_category().message(number); }

Opened open_folder(const std::string& path, bool create) {
  const auto try_open = [&] {
    return File(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  };
  File folder = try_open();
  if (!folder && errno == ENOENT && create) {
    make_folders(path);
    folder = try_open();
    if (!folder && errno == ENOENT) return {File(), "it cannot be made"};
  }
  if (!folder) return not_opened();
  struct stat found {};
  if (fstat(folder.get(), &found) != 0) return {File(), error_text(errno)};
  if (!S_ISDIR(found.st_mode)) return {File(), "it is no directory"};
  if (std::string why = mistrust(found); !why.empty()) return {File(), std::move(why)};
  return {std::move(folder), ""};
}

Opened open_file(const File& folder, const std::string& name) {
  // O_NONBLOCK: a pipe of that name must not stop us
  File file(openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return not_opened();
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return {File(), error_text(errno)};
  if (!S_ISREG(found.st_mode) || found.st_size > kLargest) return {File(), "it is no entry"};
  if (std::string why = mistrust(found); !why.empty()) return {File(), std::move(why)};
  return {std::move(file), ""};
}

File create_file(const File& folder, const std::string& name) {
  return File(openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     S_IRUSR | S_IWUSR));
}

bool read_all(const File& file, std::string& into) {
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return false;
  into.resize(std::size_t(found.st_size));
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = read(file.get(), into.data() + done, into.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;  // somebody made it shorter
    done += std::size_t(got);
  }
  into.resize(done);
  return true;
}

bool write_all(const File& file, std::string_view bytes) {
  // beyond this limit a write does not fail: it ends the process (SIGXFSZ)
  rlimit largest{};
  if (getrlimit(RLIMIT_FSIZE, &largest) == 0 && bytes.size() > largest.rlim_cur) {
    errno = EFBIG;
    return false;
  }
  while (!bytes.empty()) {
    const ssize_t put = write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(std::size_t(put));
  }
  return true;
}

void mark_used(const File& file) { static_cast<void>(futimens(file.get(), nullptr)); }

void for_each_file(const File& folder, const std::function<void(const Found&)>& look) {
  // An open description of its own: reading a folder moves its position.
  const int again = openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(again), closedir);
  if (!entries) {
    close(again);
    return;
  }
  while (const dirent* entry = readdir(entries.get())) {
    struct stat found {};
    if (fstatat(folder.get(), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(found.st_mode))
      continue;
    look({entry->d_name, std::int64_t(found.st_size), nanoseconds(found.st_mtim)});
  }
}

void remove_file(const File& folder, const std::string& name) {
  static_cast<void>(unlinkat(folder.get(), name.c_str(), 0));
}

bool rename_file(const File& folder, const std::string& from, const std::string& to) {
  return renameat(folder.get(), from.c_str(), folder.get(), to.c_str()) == 0;
}

}  // namespace einx::detail::disk
