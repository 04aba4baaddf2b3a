// Folders and entries that are not to be trusted, and disks that fail.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "disk/folders.h"

namespace {

using namespace disk_test;

constexpr uid_t kSomebody = 12345;
bool root() { return geteuid() == 0; }

/// Saves and loads: nothing is kept, and there is one warning that says why.
void check_refused(const fs::path& folder, const std::string& why) {
  support_test::Log log;
  disk::Store store(folder.string(), kPlenty);
  CHECK_FALSE(store.load("k"));
  store.save("k", "o");
  CHECK_FALSE(store.load("k"));
  CHECK(store.contents().entries == 0);
  CHECK_MESSAGE(log.count("kernel cache: the folder") == 1, log.text());
  CHECK_MESSAGE(log.count(why) == 1, log.text());
  CHECK(store.counters().saved == 0);
}

TEST_CASE("folders that are refused") {
  const Place place;
  fs::create_directory(place / "real");
  fs::create_directory_symlink(place / "real", place / "link");
  fs::create_directory_symlink(place / "nowhere", place / "dangling");
  write(place / "file", "x");
  REQUIRE(mkfifo((place / "pipe").c_str(), 0600) == 0);
  check_refused(place / "link", "it is a symbolic link");
  check_refused(place / "link/", "it is a symbolic link");
  check_refused(place / "link/.", "it is a symbolic link");
  check_refused(place / "dangling", "it is a symbolic link");
  check_refused(place / "file", "it is no directory");
  check_refused(place / "pipe", "it is no directory");
  CHECK(files(place / "real").empty());
  CHECK_FALSE(fs::exists(place / "nowhere"));

  for (const int mode : {0720, 0702, 0770, 0777, 01777}) {
    CAPTURE(mode);
    REQUIRE(chmod((place / "real").c_str(), mode_t(mode)) == 0);
    check_refused(place / "real", "others may write to it");
  }
  REQUIRE(chmod((place / "real").c_str(), 0755) == 0);
  if (root()) {
    REQUIRE(chown((place / "real").c_str(), kSomebody, kSomebody) == 0);
    check_refused(place / "real", "it belongs to another user");
  }
  // a symbolic link on the way is the user's business
  fs::create_directory(place / "home");
  fs::create_directory_symlink(place / "home", place / "way");
  disk::Store store((place / "way/cache").string(), kPlenty);
  store.save("k", "o");
  CHECK(store.load("k") == "o");
}

TEST_CASE("files that are refused, and replaced") {
  const Place place;
  const fs::path folder = place / "cache";
  disk::Store first(folder.string(), kPlenty);
  first.save("k", "o");
  const fs::path file = only_file(folder);
  const std::string good = read(file);
  const struct {
    const char* why;
    std::function<void()> spoil;
    bool replaced = true;
  } rows[] = {
      {"it is a symbolic link",
       [&] {
         write(place / "elsewhere", good);
         fs::create_symlink(place / "elsewhere", file);
       }},
      {"it is no entry", [&] { REQUIRE(mkfifo(file.c_str(), 0600) == 0); }},
      {"it is no entry", [&] { fs::create_directory(file); }, false},
      {"others may write to it",
       [&] {
         write(file, good);
         REQUIRE(chmod(file.c_str(), 0620) == 0);
       }},
      {"others may write to it",
       [&] {
         write(file, good);
         REQUIRE(chmod(file.c_str(), 0666) == 0);
       }},
      {"it belongs to another user",
       [&] {
         write(file, good);
         REQUIRE(chown(file.c_str(), root() ? kSomebody : geteuid(), gid_t(-1)) == 0);
       }},
  };
  for (const auto& row : rows) {
    if (!root() && std::string_view(row.why).find("belongs") != std::string_view::npos) continue;
    CAPTURE(row.why);
    fs::remove_all(file);
    row.spoil();
    support_test::Log log;
    disk::Store store(folder.string(), kPlenty);
    CHECK_FALSE(store.load("k"));
    CHECK_MESSAGE(log.count(row.why) == 1, log.text());
    store.save("k", "o");
    CHECK(store.load("k").has_value() == row.replaced);
    CHECK(log.count("cannot be written") == (row.replaced ? 0 : 1));
    CHECK(files(folder).size() == 1);  // no temporary file
    CHECK(read(place / "elsewhere") == good);
  }
}

/// Two saves that must fail: one warning, nothing left behind, what was there is loaded.
int try_to_write(disk::Store& store) {
  support_test::Log log;
  store.save("new", std::string(100'000, 'x'));
  store.save("newer", std::string(100'000, 'x'));
  if (log.count("cannot be written") != 1) return 1;
  if (store.load("new") || store.load("newer")) return 2;
  if (store.load("old") != std::string("o")) return 3;
  return files(store.folder()).size() == 1 ? 0 : 4;
}

TEST_CASE("a folder that cannot be written") {
  const Place place;
  REQUIRE(chmod((place / "").c_str(), 0777) == 0);
  CHECK(as_nobody([&] {
          disk::Store store((place / "cache").string(), kPlenty);
          store.save("old", "o");
          if (chmod((place / "cache").c_str(), 0500) != 0) return 97;
          const int answer = try_to_write(store);
          chmod((place / "cache").c_str(), 0700);
          return answer;
        }) == 0);
}

TEST_CASE("folders and entries without permission") {
  const Place place;
  REQUIRE(chmod((place / "").c_str(), 0777) == 0);
  CHECK(as_nobody([&] {
          disk::Store store((place / "cache").string(), kPlenty);
          store.save("old", "o");
          support_test::Log log;
          chmod(only_file(place / "cache").c_str(), 0);
          if (store.load("old") || log.count("Permission denied") != 1) return 1;
          store.save("old", "again");
          if (store.load("old") != std::string("again")) return 2;
          chmod((place / "cache").c_str(), 0);
          if (store.load("old") || log.count("the folder") != 1) return 3;
          chmod((place / "cache").c_str(), 0700);
          // and one that cannot be made
          fs::create_directory(place / "closed");
          chmod((place / "closed").c_str(), 0500);
          disk::Store never((place / "closed/cache").string(), kPlenty);
          never.save("k", "o");
          if (never.load("k") || log.count("it cannot be made") != 1) return 4;
          return 0;
        }) == 0);
}

TEST_CASE("a limit on the size of files") {
  const Place place;
  CHECK(result(start([&] {
          disk::Store store((place / "cache").string(), kPlenty);
          store.save("old", "o");
          const rlimit small{1000, 1000};
          return setrlimit(RLIMIT_FSIZE, &small) == 0 ? try_to_write(store) : 97;
        })) == 0);
}

TEST_CASE("a full disk") {
  const Place place;
  const int answer = result(start([&] {
    const fs::path disk = place / "disk";
    fs::create_directory(disk);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("einx", disk.c_str(), "tmpfs", 0, "size=64k") != 0)
      return 77;
    disk::Store store((disk / "cache").string(), kPlenty);
    store.save("old", "o");
    return try_to_write(store);
  }));
  if (answer == 77)
    MESSAGE("skipped: no file system can be mounted here");
  else
    CHECK(answer == 0);
}

}  // namespace
