// Folders to try a store on, and processes to try it from.
#pragma once
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "disk/disk.h"
#include "support/log.h"

namespace disk_test {

namespace disk = einx::detail::disk;
namespace fs = std::filesystem;

constexpr std::int64_t kPlenty = std::int64_t(1) << 30;

/// A new folder for one test, removed with all that is in it. Anybody may pass through it.
class Place {
 public:
  Place() {
    std::string name = (fs::temp_directory_path() / "einx-disk-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
    fs::permissions(path_, fs::perms(0755));
  }
  Place(const Place&) = delete;
  ~Place() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

inline std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
}

inline std::vector<fs::path> files(const fs::path& folder) {
  std::vector<fs::path> found;
  if (fs::exists(folder))
    for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path());
  return found;
}
inline fs::path only_file(const fs::path& folder) {
  const auto found = files(folder);
  REQUIRE(found.size() == 1);
  return found[0];
}

/// Starts a process that runs the function and leaves with what it returns.
inline pid_t start(const std::function<int()>& work) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child != 0) return child;
  int status = 99;
  try {
    status = work();
  } catch (...) {
  }
  _exit(status);
}
/// Its exit status, or minus the signal that ended it.
inline int result(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Runs the function in a process that has no rights of its own: as nobody, if this is root.
inline int as_nobody(const std::function<int()>& work) {
  return result(start([&] {
    constexpr uid_t nobody = 65534;
    if (geteuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0)) return 98;
    return work();
  }));
}

}  // namespace disk_test
