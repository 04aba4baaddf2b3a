// einx_rt_sort against a stable sort of the elements themselves: every format and length around the
// algorithms' limits, strides, special values bit for bit, numbers of threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

#include "runtime/runtime.h"

namespace {

struct Format {
  const char* name;
  int32_t kind, bytes;
};
constexpr Format kFormats[] = {
    {"bool", EINX_SORT_UNSIGNED, 1}, {"i8", EINX_SORT_SIGNED, 1},    {"i16", EINX_SORT_SIGNED, 2},
    {"i32", EINX_SORT_SIGNED, 4},    {"i64", EINX_SORT_SIGNED, 8},   {"u16", EINX_SORT_UNSIGNED, 2},
    {"u32", EINX_SORT_UNSIGNED, 4},  {"u64", EINX_SORT_UNSIGNED, 8}, {"f16", EINX_SORT_FLOAT, 2},
    {"bf16", EINX_SORT_BFLOAT, 2},   {"f32", EINX_SORT_FLOAT, 4},    {"f64", EINX_SORT_FLOAT, 8},
};

/// The value that the bits of a half stand for.
double half(uint64_t bits, int mantissa_bits) {
  const int exponent_bits = 15 - mantissa_bits,
            exponent = int(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const double mantissa = double(bits & ((1u << mantissa_bits) - 1)) / (1 << mantissa_bits);
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = bits >> 15 & 1 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1)
    return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  return sign * std::ldexp(exponent == 0 ? mantissa : 1 + mantissa, std::max(exponent, 1) - bias);
}

double real(const Format& format, uint64_t bits) {
  if (format.bytes == 8) return std::bit_cast<double>(bits);
  if (format.bytes == 4) return std::bit_cast<float>(uint32_t(bits));
  return half(bits, format.kind == EINX_SORT_BFLOAT ? 7 : 10);
}

bool before(const Format& format, uint64_t a, uint64_t b) {
  const int unused = 64 - 8 * format.bytes;
  if (format.kind == EINX_SORT_UNSIGNED) return a < b;
  if (format.kind == EINX_SORT_SIGNED) return int64_t(a << unused) < int64_t(b << unused);
  const double x = real(format, a), y = real(format, b);
  return x < y || (std::isnan(y) && !std::isnan(x));
}

/// Elements of a few bytes, in memory that a plan describes.
struct Elements {
  int32_t bytes;
  std::vector<unsigned char> memory;
  Elements(int32_t size, int64_t count, unsigned char fill = 0)
      : bytes(size), memory(size_t(size * count), fill) {}
  uint64_t get(int64_t i) const {
    uint64_t bits = 0;
    std::memcpy(&bits, memory.data() + i * bytes, size_t(bytes));
    return bits;
  }
  void put(int64_t i, uint64_t bits) { std::memcpy(memory.data() + i * bytes, &bits, size_t(bytes)); }
};

/// Bits of all kinds; `narrow`: few different values, so that many are equal.
uint64_t drawn(const Format& format, std::mt19937_64& random, bool narrow) {
  const uint64_t mask = ~uint64_t(0) >> (64 - 8 * format.bytes), sign = (mask >> 1) + 1;
  if (format.name == std::string_view("bool")) return random() & 1;
  if (!narrow) return random() & mask;
  const bool real = format.kind == EINX_SORT_FLOAT || format.kind == EINX_SORT_BFLOAT;
  const uint64_t all_ones = mask >> 1;  // a nan; all but its last bits are the infinity's
  const uint64_t infinity = format.bytes == 8                 ? 0x7ff0000000000000
                            : format.bytes == 4               ? 0x7f800000
                            : format.kind == EINX_SORT_BFLOAT ? 0x7f80
                                                              : 0x7c00;
  const uint64_t reals[] = {0,    sign,         1,           sign | 1, infinity, sign | infinity, all_ones,
                            mask, infinity | 1, infinity - 1};
  const uint64_t integers[] = {0, 1, sign, sign - 1, mask, 2};
  return real ? reals[random() % std::size(reals)] : integers[random() % std::size(integers)];
}

struct Layout {
  const char* name;
  int64_t rows, row_stride, stride, offset;  ///< of the input, in elements
};

/// Sorts rows of drawn elements and compares elements and positions with those of a stable sort.
void check(const Format& format, int64_t length, const Layout& layout, bool narrow) {
  CAPTURE(format.name);
  CAPTURE(length);
  CAPTURE(layout.name);
  CAPTURE(narrow);
  std::mt19937_64 random(uint64_t(length) * 31 + uint64_t(format.bytes));
  const int64_t room = 2 + std::abs(layout.row_stride) * layout.rows + std::abs(layout.stride) * length;
  Elements from(format.bytes, room);
  for (int64_t i = 0; i < room; ++i) from.put(i, drawn(format, random, narrow));
  const int64_t count = layout.rows * length, kCanary = 3;
  Elements values(format.bytes, count + kCanary, 0xA5);
  std::vector<int64_t> positions(size_t(count + kCanary), -7);
  const int64_t extents[] = {layout.rows}, from_strides[] = {layout.row_stride}, to_strides[] = {length};
  einx_rt_sort_plan plan{format.kind, format.bytes,  0, 1, extents, from_strides, to_strides,
                         length,      layout.stride, 1};
  const auto* first = from.memory.data() + layout.offset * format.bytes;
  REQUIRE(einx_rt_sort(&plan, first, values.memory.data()) == EINX_OK);
  plan.positions = 1;
  REQUIRE(einx_rt_sort(&plan, first, positions.data()) == EINX_OK);

  int wrong = 0;
  std::vector<int64_t> order(size_t(length), 0);
  for (int64_t row = 0; row < layout.rows; ++row) {
    const auto at = [&](int64_t i) {
      return from.get(layout.offset + row * layout.row_stride + i * layout.stride);
    };
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return before(format, at(a), at(b)); });
    for (int64_t i = 0; i < length; ++i) {
      wrong += positions[size_t(row * length + i)] != order[size_t(i)];
      wrong += values.get(row * length + i) != at(order[size_t(i)]);
    }
  }
  CHECK(wrong == 0);
  for (int64_t i = 0; i < kCanary; ++i) {
    CHECK(positions[size_t(count + i)] == -7);
    CHECK(values.get(count + i) == Elements(format.bytes, 1, 0xA5).get(0));
  }
}

}  // namespace

TEST_CASE("rows of every length around the limits of the algorithms") {
  for (const Format& format : kFormats)
    for (const int64_t length :
         {1, 2, 3, 7, 16, 17, 47, 48, 49, 63, 64, 65, 95, 97, 128, 129, 256, 257, 1009})
      for (const bool narrow : {false, true}) {
        check(format, length, {"one row", 1, 0, 1, 1}, narrow);
        check(format, length, {"twenty-one rows", 21, length, 1, 1}, narrow);
      }
}

TEST_CASE("strided, interleaved, reversed and repeated rows") {
  for (const Format& format : kFormats)
    for (const int64_t length : {5, 30, 300})
      for (const Layout& layout :
           {Layout{"columns", 19, 1, 19, 0}, Layout{"every third", 3, 3 * length, 3, 2},
            Layout{"reversed", 6, length, -1, length - 1}, Layout{"one row, repeated", 5, 0, 1, 0},
            Layout{"one element, repeated", 4, 1, 0, 0}})
        check(format, length, layout, length > 5);
}

TEST_CASE("long rows") {
  for (const Format& format : kFormats)
    for (const bool narrow : {false, true}) check(format, 70'001, {"long", 1, 0, 1, 0}, narrow);
}

TEST_CASE("results along several kept axes and into columns") {
  // in[a][b][i] -> out[b][i][a], a = 2, b = 3, i = 4
  std::vector<float> from(24), to(24, -1);
  for (int k = 0; k < 24; ++k) from[size_t(k)] = float((k * 7) % 24);
  const int64_t extents[] = {2, 3}, from_strides[] = {12, 4}, to_strides[] = {1, 8};
  const einx_rt_sort_plan plan{EINX_SORT_FLOAT, 4, 0, 2, extents, from_strides, to_strides, 4, 1, 2};
  REQUIRE(einx_rt_sort(&plan, from.data(), to.data()) == EINX_OK);
  for (size_t a = 0; a < 2; ++a)
    for (size_t b = 0; b < 3; ++b) {
      std::vector<float> row(from.begin() + std::ptrdiff_t(a * 12 + b * 4),
                             from.begin() + std::ptrdiff_t(a * 12 + b * 4 + 4));
      std::sort(row.begin(), row.end());
      for (size_t i = 0; i < 4; ++i) CHECK(to[b * 8 + i * 2 + a] == row[i]);
    }
}

TEST_CASE("no rows, empty rows, no kept axis") {
  std::vector<int32_t> from{3, 1, 2}, to(3, -1);
  const int64_t none[] = {0}, some[] = {3}, zero[] = {0};
  einx_rt_sort_plan plan{EINX_SORT_SIGNED, 4, 0, 1, none, zero, zero, 3, 1, 1};
  CHECK(einx_rt_sort(&plan, from.data(), to.data()) == EINX_OK);
  plan.extents = some, plan.length = 0;
  CHECK(einx_rt_sort(&plan, from.data(), to.data()) == EINX_OK);
  CHECK(to == std::vector<int32_t>{-1, -1, -1});
  plan.rank = 0, plan.length = 3;
  CHECK(einx_rt_sort(&plan, from.data(), to.data()) == EINX_OK);
  CHECK(to == std::vector<int32_t>{1, 2, 3});
}

TEST_CASE("the same bits for every number of threads") {
  constexpr int64_t rows = 700, length = 150;
  std::mt19937_64 random(5);
  std::vector<float> from(size_t(rows * length));
  for (float& x : from) x = float(int64_t(random() % 41) - 20) * (random() % 2 ? 0.5F : -0.0F);
  const int64_t extents[] = {rows}, strides[] = {length};
  std::vector<std::vector<float>> values;
  std::vector<std::vector<int64_t>> positions;
  for (const int32_t threads : {1, 2, 5}) {
    einx_rt_set_threads(threads);
    einx_rt_sort_plan plan{EINX_SORT_FLOAT, 4, 0, 1, extents, strides, strides, length, 1, 1};
    values.emplace_back(from.size());
    positions.emplace_back(from.size());
    REQUIRE(einx_rt_sort(&plan, from.data(), values.back().data()) == EINX_OK);
    plan.positions = 1;
    REQUIRE(einx_rt_sort(&plan, from.data(), positions.back().data()) == EINX_OK);
    CHECK(std::memcmp(values[0].data(), values.back().data(), from.size() * sizeof(float)) == 0);
    CHECK(positions[0] == positions.back());
  }
  einx_rt_set_threads(0);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a row that there is no memory to sort") {
  const einx_rt_sort_plan plan{EINX_SORT_FLOAT, 4, 0, 0, nullptr, nullptr, nullptr, int64_t(1) << 50, 1, 1};
  float element = 0;
  CHECK(einx_rt_sort(&plan, &element, &element) == EINX_OUT_OF_MEMORY);
}
#endif
