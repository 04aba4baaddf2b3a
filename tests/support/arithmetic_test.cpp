#include <doctest/doctest.h>

#include "support/support.h"

using namespace einx::detail::support;

namespace {

constexpr std::int64_t kMost = INT64_MAX, kLeast = INT64_MIN;

struct PairCase {
  std::int64_t a, b;
  std::optional<std::int64_t> sum, product;
};
const PairCase kPairs[] = {
    {2, 3, 5, 6},
    {-2, 3, 1, -6},
    {kMost, 1, std::nullopt, kMost},
    {kMost, 0, kMost, 0},
    {kLeast, -1, std::nullopt, std::nullopt},
    {kMost / 2, 2, kMost / 2 + 2, kMost - 1},
    {std::int64_t(1) << 32, std::int64_t(1) << 31, (std::int64_t(1) << 32) + (std::int64_t(1) << 31),
     std::nullopt},
};

struct ProductCase {
  std::vector<std::int64_t> sizes;
  std::optional<std::int64_t> product;
};
const ProductCase kProducts[] = {
    {{}, 1},
    {{7}, 7},
    {{2, 3, 4}, 24},
    {{kMost, 2}, std::nullopt},
    {{kMost, 2, 0}, 0},
    {{0, kMost, kMost}, 0},
    {{kMost, 1}, kMost},
};

}  // namespace

TEST_CASE("checked arithmetic knows when 64 bits do not suffice") {
  for (const PairCase& row : kPairs) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(checked_add(row.a, row.b) == row.sum);
    CHECK(checked_mul(row.a, row.b) == row.product);
  }
  for (const ProductCase& row : kProducts) CHECK(checked_product(row.sizes) == row.product);
}

TEST_CASE("lists as text") {
  CHECK(tuple_text({}) == "()");
  CHECK(tuple_text({3}) == "(3,)");
  CHECK(tuple_text({3, 4}) == "(3, 4)");
  CHECK(join({}, ", ").empty());
  CHECK(join({"a", "b", "c"}, " + ") == "a + b + c");
}

TEST_CASE("match picks the case of the alternative held") {
  const auto name = [](const std::variant<int, std::string>& v) {
    return match(
        v, [](int) { return "int"; }, [](const std::string&) { return "string"; });
  };
  CHECK(std::string(name(1)) == "int");
  CHECK(std::string(name(std::string("x"))) == "string");
}

TEST_CASE("an immortal value is never destroyed") {
  bool destroyed = false;
  struct Probe {
    bool* flag;
    explicit Probe(bool* f) : flag(f) {}
    ~Probe() { *flag = true; }
  };
  {
    Immortal<Probe> probe(&destroyed);
    CHECK(probe.value.flag == &destroyed);
  }
  CHECK_FALSE(destroyed);
}
