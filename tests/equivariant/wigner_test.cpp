// Wigner 3j symbols and D matrices: what defines them, and e3nn's own constants.
#include "wigner.h"

#include <doctest/doctest.h>
#include <einx/error.h>

#include <cmath>
#include <random>

using namespace equivariant;

namespace {

std::size_t at(int l2, int l3, int i, int j, int k) {
  return static_cast<std::size_t>((i * (2 * l2 + 1) + j) * (2 * l3 + 1) + k);
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t k = 0; k < a.size(); ++k) largest = std::max(largest, std::abs(a[k] - b[k]));
  return largest;
}

std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, std::size_t n) {
  std::vector<double> c(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < n; ++k) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}

/// The symbol with one axis multiplied by a matrix: out[.., a, ..] = sum over b of d[b, a] in[.., b, ..].
/// `outer` and `inner` are the sizes around the axis.
std::vector<double> transformed(const std::vector<double>& symbol, const std::vector<double>& d,
                                std::size_t outer, std::size_t n, std::size_t inner) {
  std::vector<double> out(symbol.size());
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t b = 0; b < n; ++b)
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t i = 0; i < inner; ++i)
          out[(o * n + a) * inner + i] += d[b * n + a] * symbol[(o * n + b) * inner + i];
  return out;
}

}  // namespace

TEST_CASE("the constants that e3nn recorded") {
  struct Entry {
    int i, j, k;
    double value;
  };
  struct Row {
    int l1, l2, l3;
    std::vector<Entry> entries;  ///< all that are not zero
  };
  const double a = 0.316227764, b = 0.182574183, c = 0.365148365, d = 0.239045724, e = 0.207019672,
               f = 0.119522862;
  const Row rows[] = {
      {1,
       1,
       2,
       {{0, 0, 2, -b},
        {0, 0, 4, -a},
        {0, 1, 1, a},
        {0, 2, 0, a},
        {1, 0, 1, a},
        {1, 1, 2, c},
        {1, 2, 3, a},
        {2, 0, 0, a},
        {2, 1, 3, a},
        {2, 2, 2, -b},
        {2, 2, 4, a}}},
      {1,
       2,
       1,
       {{0, 0, 2, a},
        {0, 1, 1, a},
        {0, 2, 0, -b},
        {0, 4, 0, -a},
        {1, 1, 0, a},
        {1, 2, 1, c},
        {1, 3, 2, a},
        {2, 0, 0, a},
        {2, 2, 2, -b},
        {2, 3, 1, a},
        {2, 4, 2, a}}},
      {2,
       1,
       1,
       {{0, 0, 2, a},
        {0, 2, 0, a},
        {1, 0, 1, a},
        {1, 1, 0, a},
        {2, 0, 0, -b},
        {2, 1, 1, c},
        {2, 2, 2, -b},
        {3, 1, 2, a},
        {3, 2, 1, a},
        {4, 0, 0, -a},
        {4, 2, 2, a}}},
      {2, 2, 2, {{0, 0, 2, -d}, {0, 1, 3, e},  {0, 2, 0, -d}, {0, 3, 1, e}, {1, 0, 3, e},
                 {1, 1, 2, f},  {1, 1, 4, -e}, {1, 2, 1, f},  {1, 3, 0, e}, {1, 4, 1, -e},
                 {2, 0, 0, -d}, {2, 1, 1, f},  {2, 2, 2, d},  {2, 3, 3, f}, {2, 4, 4, -d},
                 {3, 0, 1, e},  {3, 1, 0, e},  {3, 2, 3, f},  {3, 3, 2, f}, {3, 3, 4, e},
                 {3, 4, 3, e},  {4, 1, 1, -e}, {4, 2, 4, -d}, {4, 3, 3, e}, {4, 4, 2, -d}}},
  };
  for (const Row& row : rows) {
    std::vector<double> expected(wigner_3j(row.l1, row.l2, row.l3).size());
    for (const Entry& entry : row.entries)
      expected[at(row.l2, row.l3, entry.i, entry.j, entry.k)] = entry.value;
    CAPTURE(row.l1);
    CAPTURE(row.l2);
    CAPTURE(row.l3);
    CHECK(largest_difference(wigner_3j(row.l1, row.l2, row.l3), expected) < 2e-8);  // they are f32
  }
}

TEST_CASE("what e3nn's shortcuts take for granted: products with a scalar, and the cross product") {
  for (int l = 0; l <= 6; ++l)
    for (int i = 0; i < 2 * l + 1; ++i)
      for (int j = 0; j < 2 * l + 1; ++j) {
        const double expected = i == j ? 1 / std::sqrt(2.0 * l + 1) : 0;
        CHECK(wigner_3j(0, l, l)[at(l, l, 0, i, j)] == doctest::Approx(expected));
        CHECK(wigner_3j(l, 0, l)[at(0, l, i, 0, j)] == doctest::Approx(expected));
        CHECK(wigner_3j(l, l, 0)[at(l, 0, i, j, 0)] == doctest::Approx(expected));
      }
  const std::vector<double>& cross = wigner_3j(1, 1, 1);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k)
        CHECK(cross[at(1, 1, i, j, k)] ==
              doctest::Approx((i - j) * (j - k) * (k - i) / 2.0 / std::sqrt(6.0)));
}

TEST_CASE("3j symbols are orthogonal, of norm 1, and zero outside of the triangle") {
  for (int l1 = 0; l1 <= 6; ++l1)
    for (int l2 = 0; l2 <= 6; ++l2)
      for (int l3 = 0; l3 <= 6; ++l3) {
        const std::vector<double>& w = wigner_3j(l1, l2, l3);
        const bool allowed = std::abs(l1 - l2) <= l3 && l3 <= l1 + l2;
        double largest = 0;
        for (int k = 0; k < 2 * l3 + 1; ++k)
          for (int other = 0; other < 2 * l3 + 1; ++other) {
            double sum = 0;
            for (int i = 0; i < 2 * l1 + 1; ++i)
              for (int j = 0; j < 2 * l2 + 1; ++j) sum += w[at(l2, l3, i, j, k)] * w[at(l2, l3, i, j, other)];
            const double expected = allowed && k == other ? 1.0 / (2 * l3 + 1) : 0;
            largest = std::max(largest, std::abs(sum - expected));
          }
        CAPTURE(l1);
        CAPTURE(l2);
        CAPTURE(l3);
        CHECK(largest < 1e-13);
      }
}

TEST_CASE("no rotation changes a 3j symbol, also of the largest degrees") {
  const std::uint64_t seed = 7;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::array<int, 3> cases[] = {{1, 1, 1}, {1, 1, 2},  {2, 2, 3},    {3, 2, 4},    {4, 5, 6},
                                      {6, 6, 6}, {6, 5, 11}, {11, 11, 11}, {11, 11, 10}, {0, 7, 7}};
  for (const auto& [l1, l2, l3] : cases) {
    const Rotation r = Rotation::random(random);
    const std::size_t n1 = static_cast<std::size_t>(2 * l1 + 1), n2 = static_cast<std::size_t>(2 * l2 + 1),
                      n3 = static_cast<std::size_t>(2 * l3 + 1);
    std::vector<double> w = wigner_3j(l1, l2, l3);
    w = transformed(w, wigner_d(l1, r), 1, n1, n2 * n3);
    w = transformed(w, wigner_d(l2, r), n1, n2, n3);
    w = transformed(w, wigner_d(l3, r), n1 * n2, n3, 1);
    CAPTURE(l1);
    CAPTURE(l2);
    CAPTURE(l3);
    CHECK(largest_difference(w, wigner_3j(l1, l2, l3)) < 1e-10);
  }
}

TEST_CASE("D is a representation: of products, orthogonal, the rotation itself for l = 1") {
  const std::uint64_t seed = 8;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int l = 0; l <= max_l; ++l) {
    CAPTURE(l);
    const std::size_t n = static_cast<std::size_t>(2 * l + 1);
    const Rotation a = Rotation::random(random), b = Rotation::random(random);
    const std::vector<double> da = wigner_d(l, a), db = wigner_d(l, b);
    CHECK(largest_difference(product(da, db, n), wigner_d(l, a * b)) < 1e-11);
    const std::vector<double> back = wigner_d(l, {a.w, -a.x, -a.y, -a.z});
    std::vector<double> identity(n * n);
    for (std::size_t k = 0; k < n; ++k) identity[k * n + k] = 1;
    CHECK(largest_difference(product(da, back, n), identity) < 1e-11);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        CHECK(da[i * n + j] == doctest::Approx(back[j * n + i]).epsilon(1e-9));
  }
  const Rotation r = Rotation::random(random);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      CHECK(wigner_d(1, r)[i * 3 + j] == doctest::Approx(r.matrix()[i][j]).epsilon(1e-12));
}

TEST_CASE(
    "a quarter turn about y takes z to x, and the representation of a sum is block by block with parities") {
  const Rotation quarter = Rotation::about({0, 1, 0}, std::acos(0.0));
  CHECK(wigner_d(1, quarter)[0 * 3 + 2] == doctest::Approx(1));
  const std::vector<double> matrix = representation("2x0o + 1e + 1o", quarter, true);
  CHECK(matrix[0] == -1);
  CHECK(matrix[9] == -1);
  CHECK(matrix[2 * 8 + 4] == doctest::Approx(1));
  CHECK(matrix[5 * 8 + 7] == doctest::Approx(-1));
  CHECK(matrix[2 * 8 + 5] == 0);
}

TEST_CASE("degrees that are not available are refused") {
  CHECK_THROWS_AS(wigner_3j(12, 1, 11), einx::ValueError);
  CHECK_THROWS_AS(wigner_3j(1, -1, 1), einx::ValueError);
  CHECK_THROWS_AS(wigner_d(12, {}), einx::ValueError);
  CHECK_THROWS_AS(Rotation::about({0, 0, 0}, 1), einx::ValueError);
}
