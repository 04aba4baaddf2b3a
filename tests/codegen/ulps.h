// Distances of results from exact values, in units in the last place.
#pragma once
#include <cmath>
#include <limits>

namespace programs {

/// Where `rounded` is what the exact value rounds to. An overflow counts as the next power of two, a NaN or a
/// zero must be met exactly (a zero's sign is looked at elsewhere).
template <class T>
double ulps_from(T got, long double exact) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : std::numeric_limits<double>::infinity();
  const auto bounded = [](long double value) {
    const long double limit = std::ldexp(1.0L, Limits::max_exponent);
    return std::fmin(std::fmax(value, -limit), limit);
  };
  const T rounded = T(exact);
  if (got == rounded && (std::isinf(rounded) || exact == (long double)(got))) return 0;
  const int exponent = std::isinf(rounded) ? Limits::max_exponent - 1
                       : rounded == 0      ? Limits::min_exponent - 1
                                           : std::max(Limits::min_exponent - 1, std::ilogb(rounded));
  const long double unit = std::ldexp(1.0L, exponent - (Limits::digits - 1));
  return double(std::fabs(bounded((long double)(got)) - bounded(exact)) / unit);
}

/// The worst result of many, and where it was met.
template <class T>
struct Worst {
  double error = 0;
  T x{}, y{};
  void see(double found, T at_x, T at_y = {}) {
    if (found > error) error = found, x = at_x, y = at_y;
  }
  void see(const Worst& other) { see(other.error, other.x, other.y); }
};

}  // namespace programs
