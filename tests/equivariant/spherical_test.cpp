// Spherical harmonics: e3nn's polynomials, orthogonality over the sphere, equivariance.
#include "spherical.h"

#include <doctest/doctest.h>
#include <einx/error.h>

#include <cmath>
#include <numbers>
#include <random>

#include "wigner.h"

using namespace equivariant;

namespace {

constexpr HarmonicsOptions as_polynomials{.normalization = Normalization::component, .normalize = false};

std::array<double, 3> random_vector(std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  return {normal(random), normal(random), normal(random)};
}

}  // namespace

TEST_CASE("the polynomials of degrees 0 to 3, as e3nn writes them") {
  std::mt19937_64 random(3);
  const auto [x, y, z] = random_vector(random);
  const std::vector<double> got = spherical_harmonics("0e + 1o + 2e + 3o", {x, y, z}, as_polynomials);
  const double r3 = std::sqrt(3.0), r5 = std::sqrt(5.0), r15 = std::sqrt(15.0), r7 = std::sqrt(7.0);
  const double square = x * x + z * z, a = r15 * x * z, b = r15 / 2 * (z * z - x * x);
  const double expected[] = {1,
                             r3 * x,
                             r3 * y,
                             r3 * z,
                             a,
                             r15 * x * y,
                             r5 * (y * y - square / 2),
                             r15 * y * z,
                             b,
                             std::sqrt(42.0) / 6 * (a * z + b * x) * r5 / r5,
                             r7 * a * y,
                             std::sqrt(168.0) / 8 * x * (4 * y * y - square),
                             r7 / 2 * y * (2 * y * y - 3 * square),
                             std::sqrt(168.0) / 8 * z * (4 * y * y - square),
                             r7 * b * y,
                             std::sqrt(42.0) / 6 * (b * z - a * x)};
  REQUIRE(got.size() == std::size(expected));
  for (std::size_t k = 0; k < got.size(); ++k) {
    CAPTURE(k);
    CHECK(got[k] == doctest::Approx(expected[k]).epsilon(1e-12));
  }
}

TEST_CASE(
    "each degree is the product of the one before with the vector, by the 3j symbol, up to a positive "
    "factor") {
  // Another way to the same functions, which is e3nn's own: it fixes every sign.
  std::mt19937_64 random(4);
  const std::array<double, 3> vector = random_vector(random);
  for (int l = 2; l <= max_l; ++l) {
    const std::vector<double> lower = spherical_harmonics(Irrep{l - 1, 1}, vector, as_polynomials);
    const std::vector<double> higher = spherical_harmonics(Irrep{l, 1}, vector, as_polynomials);
    const std::vector<double>& w = wigner_3j(1, l - 1, l);
    std::vector<double> product(higher.size());
    double dot = 0, squares = 0, norms = 0;
    for (std::size_t k = 0; k < higher.size(); ++k) {
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < lower.size(); ++j)
          product[k] += w[(i * lower.size() + j) * higher.size() + k] * vector[i] * lower[j];
      dot += product[k] * higher[k], squares += product[k] * product[k], norms += higher[k] * higher[k];
    }
    CAPTURE(l);
    CHECK(dot / std::sqrt(squares * norms) == doctest::Approx(1).epsilon(1e-12));
  }
}

TEST_CASE("harmonics of rotated vectors are rotated harmonics") {
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const bool normalize : {true, false})
    for (int l = 0; l <= max_l; ++l) {
      const Rotation r = Rotation::random(random);
      const std::array<double, 3> v = random_vector(random);
      const auto m = r.matrix();
      std::array<double, 3> rotated{};
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 3; ++j) rotated[i] += m[i][j] * v[j];
      const Irreps irreps = Irrep{l, 1};
      const HarmonicsOptions options{.normalization = Normalization::component, .normalize = normalize};
      const std::vector<double> before = spherical_harmonics(irreps, v, options),
                                after = spherical_harmonics(irreps, rotated, options);
      const std::vector<double> d = wigner_d(l, r);
      double largest = 0, size = 0;
      for (std::size_t i = 0; i < after.size(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < before.size(); ++j) sum += d[i * before.size() + j] * before[j];
        largest = std::max(largest, std::abs(sum - after[i]));
        size = std::max(size, std::abs(sum));
      }
      CAPTURE(l);
      CAPTURE(normalize);
      CHECK(largest < 1e-10 * size);
    }
}

TEST_CASE("the three normalisations") {
  std::mt19937_64 random(6);
  const std::array<double, 3> v = random_vector(random);
  for (int l = 0; l <= max_l; ++l) {
    const auto squares = [&](Normalization normalization) {
      double sum = 0;
      for (const double value :
           spherical_harmonics(Irrep{l, 1}, v, {.normalization = normalization, .normalize = true}))
        sum += value * value;
      return sum;
    };
    CHECK(squares(Normalization::component) == doctest::Approx(2 * l + 1));
    CHECK(squares(Normalization::norm) == doctest::Approx(1));
    CHECK(squares(Normalization::integral) == doctest::Approx((2 * l + 1) / (4 * std::numbers::pi)));
  }
}

TEST_CASE("they are orthonormal over the sphere") {
  // Midpoints in the azimuth are exact for trigonometric polynomials, those in the polar angle are not: 2,000
  // of them leave an error of 1e-5.
  const Irreps irreps = Irreps::spherical_harmonics(4);
  const std::size_t n = 25;
  std::vector<double> gram(n * n);
  constexpr int polar = 2000, azimuthal = 12;
  for (int i = 0; i < polar; ++i)
    for (int j = 0; j < azimuthal; ++j) {
      const double y = -1 + (i + 0.5) * 2 / polar, s = std::sqrt(1 - y * y),
                   phi = (j + 0.5) * 2 * std::numbers::pi / azimuthal;
      const std::vector<double> values =
          spherical_harmonics(irreps, {s * std::sin(phi), y, s * std::cos(phi)});
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b)
          gram[a * n + b] += values[a] * values[b] * (2.0 / polar) * (2 * std::numbers::pi / azimuthal);
    }
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) CHECK(std::abs(gram[a * n + b] - (a == b ? 1 : 0)) < 2e-5);
}

TEST_CASE("degrees may repeat and come in any order; the zero vector has no direction; mistakes") {
  const std::vector<double> twice =
      spherical_harmonics("2x1o + 0e", {0, 1, 0}, {.normalization = Normalization::norm, .normalize = true});
  CHECK(twice == std::vector<double>{0, 1, 0, 0, 1, 0, 1});
  for (const double value : spherical_harmonics("1o + 2e + 3o", {0, 0, 0})) CHECK(value == 0);
  CHECK_THROWS_AS(spherical_harmonics("0e + 1o + 2o", {0, 0, 1}), einx::ValueError);
  CHECK_THROWS_AS(spherical_harmonics("1o + 1e", {0, 0, 1}), einx::ValueError);
  CHECK_THROWS_AS(spherical_harmonics("12e", {0, 0, 1}), einx::ValueError);
  CHECK(spherical_harmonics("1e + 2e + 0e", {0, 0, 1}).size() == 9);
}
