// Kernels on disk through the public functions, and what their keys hold.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <algorithm>

#include "api/disk.h"
#include "disk/folders.h"

namespace {

using namespace disk_test;
using einx::Tensor;
namespace api = einx::detail::api;
namespace codegen = einx::detail::codegen;
namespace graph = einx::detail::graph;

/// A folder for the kernels of this process while it lives; no call before it counts.
class Kept {
 public:
  Kept() {
    einx::clear_cache();
    einx::set_cache_directory(folder());
  }
  ~Kept() { einx::set_cache_directory(""); }
  std::string folder() const { return (place_ / "kernels").string(); }
  std::size_t entries() const { return files(folder()).size(); }

 private:
  Place place_;
};

void check_counters(std::uint64_t loaded, std::uint64_t saved, std::uint64_t rejected) {
  const einx::DiskCacheStats stats = einx::disk_cache_stats();
  CHECK(stats.loaded == loaded);
  CHECK(stats.saved == saved);
  CHECK(stats.rejected == rejected);
}

TEST_CASE("the library keeps kernels when it is asked to") {
  const Tensor x = Tensor::iota({5, 7});
  einx::sum("a [b]", x);
  check_counters(0, 0, 0);
  const Kept kept;
  const Tensor first = einx::sum("a [b]", x);
  check_counters(0, 1, 0);
  einx::sum("a [b]", x);  // from memory
  check_counters(0, 1, 0);
  einx::clear_cache();
  CHECK(einx::sum("a [b]", x).to_vector<float>() == first.to_vector<float>());
  check_counters(1, 1, 0);
  CHECK(kept.entries() == 1);
  einx::set_cache_directory("");
  einx::clear_cache();
  einx::sum("a [b]", x);
  check_counters(0, 0, 0);
}

TEST_CASE("every kind of step runs from disk") {
  const Tensor a = Tensor::iota({33, 20}), b = Tensor::iota({20, 17}), where = Tensor::zeros({4, 1}, einx::i64);
  const std::function<Tensor()> calls[] = {
      [&] { return einx::id("a b -> b a", a); },
      [&] { return einx::add("a b, b", a, Tensor::iota({20})); },
      [&] { return einx::dot("a [b], [b] c -> a c", a, b); },
      [&] { return einx::softmax("a [b]", a); },
      [&] { return einx::sort("a [b]", a); },
      [&] { return einx::argmax("a [b]", a); },
      [&] { return einx::get_at("[h] w, b [1] -> b w", a, where); },
      [&] { return einx::add_at("[h] w, b [1], b w", a, where, Tensor::ones({4, 20})); },
      [&] { return einx::jit([](einx::Value x) { return einx::softmax("a [b]", x) + einx::sort("a [b]", x); })(a); },
  };
  const Kept kept;
  for (const auto& call : calls) {
    einx::clear_cache();
    const auto compiled = call().cast(einx::f64).to_vector<double>();
    einx::clear_cache();
    const auto saved = einx::disk_cache_stats().saved;
    CHECK(call().cast(einx::f64).to_vector<double>() == compiled);
    CHECK(einx::disk_cache_stats().saved == saved);
  }
  CHECK(einx::disk_cache_stats().loaded >= 8);  // sort alone has no code
  CHECK(einx::disk_cache_stats().rejected == 0);
}

TEST_CASE("a damaged kernel is compiled, with one warning") {
  const Tensor x = Tensor::iota({5, 7});
  const Kept kept;
  const std::vector<float> right = einx::sum("a [b]", x).to_vector<float>();
  const fs::path entry = only_file(kept.folder());
  const std::string good = read(entry);
  for (std::size_t k = 0; k < good.size(); k += 1 + good.size() / 25) {
    CAPTURE(k);
    std::string bad = good;
    bad[k] = char(bad[k] ^ 4);
    write(entry, bad);
    einx::set_cache_directory(kept.folder());
    einx::clear_cache();
    support_test::Log log;
    CHECK(einx::sum("a [b]", x).to_vector<float>() == right);
    CHECK(log.count("its checksum is wrong") + log.count("its size is not") + log.count("it is no entry") == 1);
    check_counters(0, 1, 1);
    CHECK(read(entry) == good);
  }
}

TEST_CASE("an object that no linker takes is compiled, with one warning") {
  const Tensor x = Tensor::iota({5, 7});
  const Kept kept;
  einx::sum("a [b]", x);
  const auto signature = einx::graph::sum("a [b]", x);
  const auto key = api::disk_key(graph::parse(signature.text()), codegen::host_target(), {});
  REQUIRE(key);
  disk::Store store(kept.folder(), kPlenty);
  REQUIRE(store.load(*key));
  for (const std::string_view object : {std::string_view(""), std::string_view("no object"), std::string_view("\x7f" "ELF\2\1\1", 7)}) {
    store.save(*key, object);
    einx::set_cache_directory(kept.folder());
    einx::clear_cache();
    support_test::Log log;
    CHECK(einx::sum("a [b]", x).to_vector<float>() == signature(x).to_vector<float>());
    CHECK(log.count("is not used") == 1);
    check_counters(1, 1, 1);
  }
}

TEST_CASE("operations of the user's are not kept") {
  const Kept kept;
  const Tensor x = Tensor::iota({5, 7});
  const auto twice = einx::elementwise("twice_on_disk", [](einx::Value v) { return v + v; });
  CHECK(twice("a b", x).item<float>({1, 1}) == 16);
  einx::jit([&](einx::Value v) { return einx::sum("a [b]", twice("a b", v)); })(x);
  check_counters(0, 0, 0);
  CHECK(kept.entries() == 0);
}

TEST_CASE("what a key holds") {
  const Tensor x = Tensor::iota({5, 7}), y = Tensor::iota({7, 5});
  const auto parsed = [](const einx::Graph& made) { return graph::parse(made.text()); };
  const codegen::Target& host = codegen::host_target();
  std::vector<std::string> keys;
  const auto add = [&](const graph::Graph& made, const codegen::Target& target, bool dynamic = false) {
    const auto key = api::disk_key(made, target, {.dynamic = dynamic});
    REQUIRE(key);
    CHECK(api::disk_key(made, target, {.dynamic = dynamic}) == key);
    CHECK(key->find("einx ") == 0);
    CHECK(key->find("LLVM 19") != std::string::npos);
    CHECK(std::ranges::find(keys, *key) == keys.end());
    keys.push_back(*key);
  };
  const graph::Graph sum = parsed(einx::graph::sum("a [b]", x));
  add(sum, host);
  add(sum, host, true);
  add(parsed(einx::graph::sum("[a] b", x)), host);
  add(parsed(einx::graph::max("a [b]", x)), host);
  add(parsed(einx::graph::sum("a [b]", x.cast(einx::f64))), host);
  add(parsed(einx::graph::sum("a [b]", y)), host);
  add(parsed(einx::graph::sum("a [b]", y.permuted(std::vector<int>{1, 0}))), host);
  codegen::Target other = host;
  other.features += ",+avx10.1";
  add(sum, other);
  for (auto member : {&einx::detail::loops::Machine::l1, &einx::detail::loops::Machine::l2, &einx::detail::loops::Machine::l3}) {
    other = host;
    other.machine.*member *= 2;
    add(sum, other);
  }
  for (const float last : {1.0F, 2.0F}) {  // a constant too large for the text
    graph::Graph large = sum;
    std::vector<float> values(35, 1);
    values.back() = last;
    graph::add_constant(large, Tensor::copy_of(values, {5, 7}));
    add(large, host);
  }
  graph::Graph huge = sum;
  graph::add_constant(huge, Tensor::zeros({1 << 20}));
  CHECK_FALSE(api::disk_key(huge, host, {}));
}

}  // namespace
