#include <doctest/doctest.h>
#include <einx/tensor.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace einx;

namespace {

/// The definition: of the two neighbours on the grid of `bits` fraction bits, the nearer one, the even one if
/// both are as near.
double nearest(double value, int bits, int lowest_exponent, double most) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), lowest_exponent);
  const double step = std::ldexp(1.0, exponent - bits);
  const double result = std::nearbyint(value / step) * step;
  return std::fabs(result) > most ? std::copysign(INFINITY, value) : result;
}

double nearest_half(double value) { return nearest(value, 10, -14, 65504); }
double nearest_bfloat16(double value) { return nearest(value, 7, -126, std::ldexp(255.0, 120)); }

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

}  // namespace

TEST_CASE("all 65,536 halves and bfloat16s survive the way through float") {
  int lost = 0;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    half h;
    h.bits = std::uint16_t(bits);
    bfloat16 b;
    b.bits = std::uint16_t(bits);
    const float hf = h, bf = b;
    lost += std::isnan(hf) ? !std::isnan(float(half(hf))) : half(hf).bits != h.bits;
    lost += std::isnan(bf) ? !std::isnan(float(bfloat16(bf))) : bfloat16(bf).bits != b.bits;
  }
  CHECK(lost == 0);
}

TEST_CASE("floats round to the nearest, ties to even") {
  std::mt19937 random(3);
  int wrong = 0;
  const auto check = [&](float value) {
    wrong += !same(float(half(value)), nearest_half(value));
    wrong += !same(float(bfloat16(value)), nearest_bfloat16(value));
  };
  for (int i = 0; i < 300'000; ++i) check(std::bit_cast<float>(std::uint32_t(random())));
  for (std::uint32_t bits = 0; bits < 0x7c00;
       ++bits) {  // each half, the midpoint above it, and that midpoint's neighbours
    half low, high;
    low.bits = std::uint16_t(bits);
    high.bits = std::uint16_t(bits + 1);
    const float middle = bits == 0x7bff ? 65520.0f : (float(low) + float(high)) / 2;
    for (const float value : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, INFINITY)}) {
      check(value);
      check(-value);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("special values") {
  struct Row {
    float value;
    std::uint16_t half_bits, bfloat16_bits;
  };
  const float inf = std::numeric_limits<float>::infinity();
  const Row rows[] = {
      {0.0f, 0, 0},
      {-0.0f, 0x8000, 0x8000},
      {1.0f, 0x3c00, 0x3f80},
      {inf, 0x7c00, 0x7f80},
      {-inf, 0xfc00, 0xff80},
      {65504.0f, 0x7bff, 0x4780},
      {65519.0f, 0x7bff, 0x4780},
      {65520.0f, 0x7c00, 0x4780},
      {3e38f, 0x7c00, 0x7f62},
      {0x1p-24f, 1, 0x3380},
      {0x1p-25f, 0, 0x3300},
      {0x1.8p-25f, 1, 0x3340},
      {0x1p-14f, 0x0400, 0x3880},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    CHECK(half(row.value).bits == row.half_bits);
    CHECK(bfloat16(row.value).bits == row.bfloat16_bits);
  }
  const float nan =
      std::bit_cast<float>(0xff800001u);  // a payload that truncation alone would turn into infinity
  CHECK(std::isnan(float(half(nan))));
  CHECK(std::isnan(float(bfloat16(nan))));
  CHECK((half(nan).bits & 0x8000) != 0);
}
