#include <doctest/doctest.h>
#include <spdlog/logger.h>

#include "support/support.h"

using namespace einx::detail::support;

namespace {

struct Row {
  const char *name, *text;
  bool accepted;
  std::string (*value)(const Environment&);
  const char* expected;
};

const Row kRows[] = {
    {"EINX_WARN_ON_RETRACE", "10", true,
     [](const Environment& e) { return std::to_string(e.warn_on_retrace); }, "10"},
    {"EINX_WARN_ON_RETRACE", "-1", false,
     [](const Environment& e) { return std::to_string(e.warn_on_retrace); }, "0"},
    {"EINX_CACHE_SIZE", "5", true, [](const Environment& e) { return std::to_string(e.cache_size); }, "5"},
    {"EINX_CACHE_SIZE", "-1", true, [](const Environment& e) { return std::to_string(e.cache_size); }, "-1"},
    {"EINX_CACHE_SIZE", "-2", false, [](const Environment& e) { return std::to_string(e.cache_size); }, "-1"},
    {"EINX_CACHE_SIZE", "many", false, [](const Environment& e) { return std::to_string(e.cache_size); },
     "-1"},
    {"EINX_CACHE_SIZE", "5x", false, [](const Environment& e) { return std::to_string(e.cache_size); }, "-1"},
    {"EINX_CACHE_SIZE", "99999999999999999999", false,
     [](const Environment& e) { return std::to_string(e.cache_size); }, "-1"},
    {"EINX_CACHE_SIZE", "", true, [](const Environment& e) { return std::to_string(e.cache_size); }, "-1"},
    {"EINX_DYNAMIC_AFTER", "0", true, [](const Environment& e) { return std::to_string(e.dynamic_after); }, "0"},
    {"EINX_DYNAMIC_AFTER", "soon", false, [](const Environment& e) { return std::to_string(e.dynamic_after); }, "4"},
    {"EINX_JIT", "0", true, [](const Environment& e) { return std::to_string(e.jit); }, "0"},
    {"EINX_JIT", "maybe", false, [](const Environment& e) { return std::to_string(e.jit); }, "1"},
    {"EINX_CPU", "x86-64-v3", true, [](const Environment& e) { return e.cpu; }, "x86-64-v3"},
    {"EINX_CPU", "z80", false, [](const Environment& e) { return e.cpu; }, "host"},
    {"EINX_NUM_THREADS", "3", true, [](const Environment& e) { return std::to_string(e.num_threads); }, "3"},
    {"EINX_NUM_THREADS", "1000000", false, [](const Environment& e) { return std::to_string(e.num_threads); },
     "0"},
    {"EINX_CACHE_DIR", "/tmp/x", true, [](const Environment& e) { return e.cache_dir; }, "/tmp/x"},
    {"EINX_DISK_CACHE_BYTES", "1000", true,
     [](const Environment& e) { return std::to_string(e.disk_cache_bytes); }, "1000"},
    {"EINX_POOL_BYTES", "0", true, [](const Environment& e) { return std::to_string(e.pool_bytes); }, "0"},
    {"EINX_POOL_BYTES", "1G", false, [](const Environment& e) { return std::to_string(e.pool_bytes); },
     "1073741824"},
    {"EINX_LOG", "debug", true, [](const Environment& e) { return e.log; }, "debug"},
    {"EINX_LOG", "loud", false, [](const Environment& e) { return e.log; }, "warn"},
    {"EINX_DUMP", "/tmp/dump", true, [](const Environment& e) { return e.dump; }, "/tmp/dump"},
    {"EINX_FILTER_TRACEBACK", "anything", true, [](const Environment& e) { return e.dump; }, ""},
};

}  // namespace

TEST_CASE("each variable is read, and a malformed value warns once and keeps the default") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CAPTURE(row.text);
    std::vector<std::string> warnings;
    const Environment result = read_environment(
        [&](const char* name) { return std::string_view(name) == row.name ? row.text : nullptr; }, warnings);
    CHECK(row.value(result) == row.expected);
    REQUIRE(warnings.size() == (row.accepted ? 0 : 1));
    if (!row.accepted) CHECK(warnings[0].find(row.name) != std::string::npos);
  }
}

TEST_CASE("the table names every variable with its default") {
  const auto table = environment_table();
  CHECK(table.size() == 12);
  for (const EnvironmentRow& row : table) {
    CHECK(row.name.starts_with("EINX_"));
    CHECK_FALSE(row.meaning.empty());
    if (row.name == "EINX_CACHE_SIZE") CHECK(row.default_value == "-1");
    if (row.name == "EINX_CPU") CHECK(row.default_value == "host");
  }
}

TEST_CASE("the logger is our own") {
  CHECK(log().name() == "einx");
  CHECK(&log() == &log());
}
