// Entries: what is kept and what is not believed; the bound.
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "disk/folders.h"

namespace {

using namespace disk_test;

const std::string kKey = "build 1\nx86-64-v3\ndef op0(i0: f32[10])\n", kObject = std::string(
                                                                                     "\x7f"
                                                                                     "ELF\0\1",
                                                                                     6) +
                                                                                 "code";

/// Gives the entry a time of use so many seconds ago.
void age(const fs::path& file, int seconds) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
}

TEST_CASE("what is saved is loaded, by this store and by others") {
  const Place place;
  const std::string large(100'000, 'x');
  const struct {
    std::string key, object;
  } rows[] = {{"k", "o"},
              {"k", ""},
              {"", "o"},
              {kKey, kObject},
              {kKey + "2", kObject},
              {std::string("\0\n", 2), large}};
  disk::Store store((place / "a/b/c").string(), kPlenty);
  CHECK(store.contents().entries == 0);
  CHECK_FALSE(fs::exists(place / "a"));  // made when it is needed
  for (const auto& row : rows) {
    store.save(row.key, row.object);
    CHECK(store.load(row.key) == row.object);
    CHECK(disk::Store((place / "a/b/c/").string(), kPlenty).load(row.key) == row.object);
    CHECK_FALSE(store.load(row.key + "?"));
  }
  CHECK(store.contents().entries == 5);  // one was saved twice
  CHECK(store.counters().loaded == 6);
  CHECK(store.counters().saved == 6);
  CHECK(store.counters().rejected == 0);
  CHECK((fs::status(place / "a/b/c").permissions() & fs::perms::mask) == fs::perms::owner_all);
  for (const fs::path& file : files(place / "a/b/c"))
    CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(store.clear().entries == 5);
  CHECK(store.contents().bytes == 0);
}

/// The entry of kKey as these bytes: whether it is believed, and warned of once.
void check_refused(const fs::path& folder, const fs::path& file, const std::string& bytes) {
  write(file, bytes);
  support_test::Log log;
  disk::Store store(folder.string(), kPlenty);
  CHECK_FALSE(store.load(kKey));
  CHECK_FALSE(store.load(kKey));
  CHECK(log.count("is not used") == 1);
  CHECK(store.counters().rejected == 2);
}

TEST_CASE("every changed byte, every prefix and whatever is added is found") {
  const Place place;
  const fs::path folder = place / "cache";
  disk::Store store(folder.string(), kPlenty);
  store.save(kKey, kObject);
  const fs::path file = only_file(folder);
  const std::string good = read(file);
  REQUIRE(good.size() > kKey.size() + kObject.size());
  for (std::size_t k = 0; k < good.size(); ++k) {
    CAPTURE(k);
    for (const int mask : {1, 0x80, 0xff}) {
      std::string bad = good;
      bad[k] = char(bad[k] ^ mask);
      check_refused(folder, file, bad);
    }
    check_refused(folder, file, good.substr(0, k));
  }
  check_refused(folder, file, good + '\0');
  check_refused(folder, file, std::string(good.size(), '\0'));
  check_refused(folder, file, std::string(good.size(), '\xff'));
  write(file, good);
  CHECK(store.load(kKey) == kObject);
  write(file, good.substr(1));
  store.save(kKey, kObject);  // what the next process does about it
  CHECK(store.load(kKey) == kObject);
}

TEST_CASE("an entry of another key under this name is not believed") {
  const Place place;
  const fs::path folder = place / "cache";
  const char* const keys[] = {"build 2\nx86-64-v3\ndef op0(i0: f32[10])\n",
                              "build 1\nx86-64-v4\ndef op0(i0: f32[10])\n",
                              "build 1\nx86-64-v3\ndef op0(i0: f32[10])\n\n", "build 1", ""};
  disk::Store store(folder.string(), kPlenty);
  store.save(kKey, kObject);
  const fs::path file = only_file(folder);
  for (const char* key : keys) {
    CAPTURE(key);
    disk::Store other((place / "other").string(), kPlenty);
    other.save(key, kObject);
    check_refused(folder, file, read(only_file(place / "other")));
    other.clear();
  }
}

TEST_CASE("the bound: entries used longest ago go first, a load is a use") {
  const Place place;
  const fs::path folder = place / "cache";
  const auto key = [](int k) { return "key " + std::to_string(100 + k); };
  const std::string object(1000, 'x');
  disk::Store measure((place / "one").string(), kPlenty);
  measure.save(key(0), object);
  const std::int64_t one = measure.contents().bytes;

  disk::Store store(folder.string(), 16 * one);
  for (int k = 0; k < 16; ++k) {
    store.save(key(k), object);
    for (const fs::path& file : files(folder)) age(file, 100);  // all older than the next
  }
  CHECK(store.contents().entries == 16);
  CHECK(store.load(key(3)) == object);
  store.save(key(16), object);
  CHECK(store.contents().entries < 16);
  CHECK(store.load(key(3)));
  CHECK(store.load(key(16)));
  for (int k = 17; k < 200; ++k) {
    store.save(key(k), object);
    REQUIRE(store.contents().bytes <= 16 * one);
    REQUIRE(store.load(key(k)));
  }
}

TEST_CASE("the bound: the order is that of use") {
  const Place place;
  const fs::path folder = place / "cache";
  const std::string object(1000, 'x');
  disk::Store writer(folder.string(), kPlenty);
  const std::string keys[] = {"c", "a", "d", "b"};  // oldest first
  std::int64_t one = 0;
  for (int k = 0; k < 4; ++k) {
    const auto before = files(folder);
    writer.save(keys[k], object);
    for (const fs::path& file : files(folder))
      if (std::ranges::find(before, file) == before.end()) age(file, 1000 - 100 * k);
    if (k == 0) one = writer.contents().bytes;
  }
  disk::Store store(folder.string(), 3 * one);
  store.save("e", object);  // makes room: at most two stay, less an eighth
  CHECK_FALSE(store.load("c"));
  CHECK_FALSE(store.load("a"));
  CHECK_FALSE(store.load("d"));
  CHECK(store.load("b"));
  CHECK(store.load("e"));
}

TEST_CASE("the bound: what is too large, or any entry with none, is not written") {
  const Place place;
  disk::Store none((place / "none").string(), 0), small((place / "small").string(), 500);
  none.save("k", "o");
  CHECK_FALSE(fs::exists(place / "none"));
  small.save("k", std::string(500, 'x'));
  CHECK(files(place / "small").empty());
  small.save("k", std::string(100, 'x'));
  CHECK(small.load("k"));
}

TEST_CASE("files of others stay; those of killed processes go in time") {
  const Place place;
  const fs::path folder = place / "cache";
  disk::Store store(folder.string(), kPlenty);
  store.save("k", "o");
  for (const char* name : {"tmp.1.2.3", "tmp.4.5.6", "notes.txt", "0123456789abcdef0123456789abcde.einx"})
    write(folder / name, "something");
  age(folder / "tmp.1.2.3", 3600);
  CHECK(store.contents().entries == 1);
  CHECK(store.clear().entries == 1);
  CHECK(files(folder).size() == 3);
  CHECK_FALSE(fs::exists(folder / "tmp.1.2.3"));
  age(folder / "tmp.4.5.6", 3600);
  disk::Store(folder.string(), kPlenty).save("k", "o");  // a first write looks through the folder
  CHECK_FALSE(fs::exists(folder / "tmp.4.5.6"));
  CHECK(fs::exists(folder / "notes.txt"));
}

TEST_CASE("the default folder") {
  const struct {
    const char *cache, *home, *expected;
  } rows[] = {
      {"/c", "/h", "/c/einx"},
      {nullptr, "/h", "/h/.cache/einx"},
      {"", "/h", "/h/.cache/einx"},
      {"relative", "/h", "/h/.cache/einx"},
      {"/c", nullptr, "/c/einx"},
      {nullptr, nullptr, ""},
      {nullptr, "", ""},
      {nullptr, "relative", ""},
  };
  for (const auto& row : rows) {
    const auto lookup = [&](const char* name) {
      return std::string_view(name) == "HOME" ? row.home : row.cache;
    };
    CHECK(disk::default_folder(lookup) == row.expected);
  }
}

TEST_CASE("the folder of the process") {
  const Place place;
  disk::use_folder((place / "cache").string());
  REQUIRE(disk::store());
  CHECK(disk::store()->folder() == (place / "cache").string());
  CHECK(disk::store() == disk::store());
  disk::use_folder("");
  CHECK_FALSE(disk::store());
}

}  // namespace
