#include <doctest/doctest.h>

#include <memory>
#include <thread>

#include "cache/cache.h"
#include "support/log.h"

namespace {

namespace cache = einx::detail::cache;
using cache::RetraceMonitor;
using cache::Signature;
using Location = std::source_location;
using einx::Shape;

/// Collects what the monitor logs.
struct Log : support_test::Log {
  int warnings() const { return count("was traced"); }
};

Signature::Operand operand(Shape shape, einx::DType dtype = einx::f32) {
  return {"tensor", dtype, shape, einx::detail::tensor::row_major(shape),
          shape.size() == 2 ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{}};
}

Signature signature(std::vector<Signature::Operand> operands, std::string pattern = "a [b]") {
  return {"sum", pattern, operands, {}};
}

std::vector<Signature> ragged(std::initializer_list<std::int64_t> sizes) {
  std::vector<Signature> all;
  for (const auto size : sizes) all.push_back(signature({operand({4, size})}));
  return all;
}

std::string warn_about(const std::vector<Signature>& signatures) {
  Log log;
  RetraceMonitor monitor{std::int64_t(signatures.size())};
  const Location here = Location::current();
  for (const Signature& each : signatures) monitor.miss(here, each);
  return log.text();
}

Signature strided(Shape shape, Shape strides) {
  Signature all = signature({operand(shape)});
  all.operands[0].strides = strides;
  return all;
}

Signature sized(std::vector<std::pair<std::string, std::string>> sizes) {
  Signature all = signature({operand({4, 6})});
  all.sizes = sizes;
  return all;
}

TEST_CASE("the warning names what differed and what to do") {
  const Signature number{"add", "a b,", {operand({4, 6}), {"number", einx::f32, {}, {}, {}}}, {}};
  const Signature tensor{"add", "a b,", {operand({4, 6}), operand({})}, {}};
  const struct {
    const char* what;
    std::vector<Signature> signatures;
    std::vector<const char*> said, unsaid;
  } rows[] = {
      {"axis",
       ragged({31, 32, 33}),
       {"axis b of operand 0: 31, 32, 33", "pad or bucket axis b"},
       {"axis a", "strides", "layout", "EINX_CACHE_SIZE"}},
      {"axis without a name",
       {signature({operand({3})}), signature({operand({4})})},
       {"axis number 0 of operand 0: 3, 4"},
       {}},
      {"dtype",
       {signature({operand({4, 6})}), signature({operand({4, 6}, einx::f64)})},
       {"dtype of operand 0: f32, f64", "use one dtype"},
       {"axis", "strides"}},
      {"strides",
       {strided({4, 6}, {6, 1}), strided({4, 6}, {1, 4})},
       {"strides of operand 0: (6, 1), (1, 4)", "contiguous"},
       {"axis"}},
      {"layout",
       {strided({4, 6}, {6, 1}), strided({4, 7}, {1, 4})},
       {"axis b of operand 0: 6, 7", "layout of operand 0: row-major, strided"},
       {"strides of"}},
      {"strides without meaning",
       {strided({1, 6}, {6, 1}), strided({1, 6}, {9, 1})},
       {"are alike"},
       {"strides of"}},
      {"rank",
       {signature({operand({4, 6})}), signature({operand({4})})},
       {"rank of operand 0: 2, 1"},
       {"axis"}},
      {"pattern",
       {signature({operand({4, 6})}), signature({operand({4, 6})}, "[a] b")},
       {"pattern: \"a [b]\", \"[a] b\"", "constant"},
       {}},
      {"kind", {number, tensor}, {"kind of operand 1: number, tensor"}, {"operand 0:"}},
      {"number of operands",
       {signature({operand({4})}), signature({operand({4}), operand({4})})},
       {"number of operands: 1, 2"},
       {}},
      {"size",
       {sized({{"b", "2"}}), sized({{"b", "3"}}), sized({})},
       {"size or parameter b: 2, 3, not given", "keep b to a few values"},
       {}},
      {"nothing",
       ragged({31, 31}),
       {"the last 2 signatures are alike", "raise EINX_CACHE_SIZE"},
       {"what differed"}},
      {"dropped and asked for again",
       ragged({31, 32, 31}),
       {"axis b of operand 0: 31, 32\n", "raise EINX_CACHE_SIZE"},
       {}},
      {"one", ragged({31}), {"only one signature"}, {"what differed", "are alike"}},
      {"the last eight",
       ragged({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
       {"among the last 8 signatures", "axis b of operand 0: 3, 4, 5, 6, 7, 8, 9, 10"},
       {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const std::string text = warn_about(row.signatures);
    CAPTURE(text);
    for (const char* part : row.said) CHECK(text.find(part) != std::string::npos);
    for (const char* part : row.unsaid) CHECK(text.find(part) == std::string::npos);
    CHECK(text.find("EINX_WARN_ON_RETRACE, or set it to 0") != std::string::npos);
  }
}

TEST_CASE("the headline names site, operation, pattern and count") {
  Log log;
  RetraceMonitor monitor(2);
  const Location here = Location::current();
  for (const Signature& each : ragged({31, 32})) monitor.miss(here, each);
  const std::string site =
      std::string(here.file_name()) + ":" + std::to_string(here.line()) + " (" + here.function_name() + ")";
  CHECK(log.text().find(site + ": sum \"a [b]\" was traced and compiled 2 times") != std::string::npos);
  CHECK(log.text().find("EINX_WARN_ON_RETRACE=2") != std::string::npos);
}

TEST_CASE("exactly the N-th miss of a site warns, once") {
  for (const int limit : {0, 1, 2, 5}) {
    CAPTURE(limit);
    Log log;
    RetraceMonitor monitor(limit);
    const Location here = Location::current();
    for (int miss = 1; miss <= 12; ++miss) {
      const bool warned = monitor.miss(here, signature({operand({4, miss})})).warned();
      CHECK(warned == (miss == limit));
    }
    CHECK(log.warnings() == (limit > 0 ? 1 : 0));
    CHECK(monitor.counts().at(0).misses == 12);
  }
}

TEST_CASE("sites and operations count for themselves") {
  Log log;
  RetraceMonitor monitor(2);
  const Location one = Location::current();
  const Location two = Location::current();
  const Signature sum = signature({operand({4})});
  Signature max = sum;
  max.op = "max";
  monitor.miss(one, sum), monitor.miss(two, sum), monitor.miss(one, max);
  CHECK(log.warnings() == 0);
  CHECK(monitor.miss(one, sum).warned());
  CHECK(monitor.miss(one, max).warned());
  CHECK(monitor.counts().size() == 3);
  CHECK(monitor.counts()[0].misses == 2);
  CHECK(monitor.counts()[2].misses == 1);
  monitor.reset(1);
  CHECK(monitor.counts().empty());
  CHECK(monitor.miss(two, sum).warned());
}

TEST_CASE("calls nested in the one that warns stay quiet and are counted") {
  Log log;
  RetraceMonitor monitor(2);
  const Location outer = Location::current();
  const Location inner = Location::current();
  const Signature any = signature({operand({4})});
  monitor.miss(outer, any), monitor.miss(inner, any);
  {
    const auto warned = monitor.miss(outer, any);
    REQUIRE(warned.warned());
    CHECK_FALSE(monitor.miss(inner, any).warned());  // its second: would have warned
    std::jthread([&] { CHECK(monitor.miss(Location::current(), any).warned() == false); }).join();
  }
  CHECK_FALSE(monitor.miss(inner, any).warned());  // that was its only chance
  CHECK(log.warnings() == 1);
  CHECK(monitor.counts()[0].misses == 3);
  const Location later = Location::current();
  monitor.miss(later, any);
  CHECK(monitor.miss(later, any).warned());  // the quiet is over
}

TEST_CASE("another thread is not quiet") {
  Log log;
  RetraceMonitor monitor(1);
  const auto warned = monitor.miss(Location::current(), signature({operand({4})}));
  bool other = false;
  std::jthread([&] { other = monitor.miss(Location::current(), signature({operand({5})})).warned(); }).join();
  CHECK(other);
  CHECK(log.warnings() == 2);
}

TEST_CASE("many threads at one site: one warning") {
  Log log;
  RetraceMonitor monitor(50);
  const Location here = Location::current();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) monitor.miss(here, signature({operand({t + 1, i})}));
      });
  }
  CHECK(log.warnings() == 1);
  CHECK(monitor.counts().at(0).misses == 800);
}

TEST_CASE("the process has one monitor") { CHECK(&cache::retraces() == &cache::retraces()); }

}  // namespace
