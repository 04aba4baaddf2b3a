#include "wigner.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <map>
#include <mutex>

namespace equivariant {

namespace {

using Complex = std::complex<double>;
using Matrix = std::vector<double>;  ///< square, row-major
using ComplexMatrix = std::vector<Complex>;

void check_degree(int l) {
  if (l < 0 || l > max_l)
    refuse("Wigner symbols and matrices are available for degrees from 0 to " + std::to_string(max_l) +
           ", not for l = " + std::to_string(l) + ".");
}

std::int64_t binomial(int n, int k) {
  if (k < 0 || k > n) return 0;
  std::int64_t value = 1;
  for (int i = 1; i <= k; ++i) value = value * (n - k + i) / i;
  return value;
}

/// <j1 m1 j2 m2 | j m1+m2>, up to a positive factor that does not depend on m1 and m2. Every product below is
/// less than 2^59 for degrees up to 11.
double clebsch_gordan(int j1, int m1, int j2, int m2, int j) {
  const int a = j1 + j2 - j, b = j1 - j2 + j, c = -j1 + j2 + j;
  std::int64_t sum = 0;
  for (int z = 0; z <= a; ++z) {
    const std::int64_t product = binomial(a, z) * binomial(b, j1 - m1 - z) * binomial(c, j2 + m2 - z);
    sum += z % 2 == 0 ? product : -product;
  }
  const long double divisor = static_cast<long double>(binomial(2 * j1, j1 + m1)) *
                              static_cast<long double>(binomial(2 * j2, j2 + m2)) *
                              static_cast<long double>(binomial(2 * j, j + m1 + m2));
  return static_cast<double>(static_cast<long double>(sum) / std::sqrt(divisor));
}

/// Element (m, n) of the unitary matrix from the real basis (columns, n) to the complex one (rows, m); both
/// count from -l. Not zero only for n = m and n = -m. The factor (-i)^l makes the symbols real.
Complex real_to_complex(int l, int m, int n) {
  static const Complex powers[] = {{1, 0}, {0, -1}, {-1, 0}, {0, 1}};
  const Complex factor = powers[l % 4];
  if (std::abs(m) != std::abs(n)) return 0;
  if (m == 0) return factor;
  const double size = m > 0 && m % 2 != 0 ? -std::sqrt(0.5) : std::sqrt(0.5);
  return factor * (n > 0 ? Complex(size, 0) : Complex(0, m > 0 ? size : -size));
}

/// Calls f(n) for the real components that a complex one takes part in.
template <class F>
void for_partners(int m, F f) {
  f(m);
  if (m != 0) f(-m);
}

std::vector<double> compute_3j(int l1, int l2, int l3) {
  const auto at = [&](int n1, int n2, int n3) {
    return static_cast<std::size_t>(((l1 + n1) * (2 * l2 + 1) + l2 + n2) * (2 * l3 + 1) + l3 + n3);
  };
  ComplexMatrix sums(static_cast<std::size_t>((2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)));
  for (int m1 = -l1; m1 <= l1; ++m1)
    for (int m2 = std::max(-l2, -l3 - m1); m2 <= std::min(l2, l3 - m1); ++m2) {
      const double c = clebsch_gordan(l1, m1, l2, m2, l3);
      for_partners(m1, [&](int n1) {
        for_partners(m2, [&](int n2) {
          for_partners(m1 + m2, [&](int n3) {
            sums[at(n1, n2, n3)] += c * real_to_complex(l1, m1, n1) * real_to_complex(l2, m2, n2) *
                                    std::conj(real_to_complex(l3, m1 + m2, n3));
          });
        });
      });
    }
  double squares = 0;
  for (const Complex& value : sums) squares += std::norm(value);
  std::vector<double> symbol;
  for (const Complex& value : sums) {
    const double scaled = value.real() / std::sqrt(squares);
    symbol.push_back(
        std::abs(scaled) < 1e-13 ? 0.0 : scaled);  // what cancels is zero, so that the constants are sparse
  }
  return symbol;
}

Matrix product(const Matrix& a, const Matrix& b, std::size_t n) {
  Matrix c(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}

/// axis . generators in the complex basis: J_x, J_z and -J_y of the textbooks are the rotations about x, y
/// and z where y is the polar axis.
ComplexMatrix complex_generator(int l, const std::array<double, 3>& axis) {
  const int n = 2 * l + 1;
  ComplexMatrix g(static_cast<std::size_t>(n * n));
  const auto at = [&](int m, int k) -> Complex& { return g[static_cast<std::size_t>((l + m) * n + l + k)]; };
  for (int m = -l; m <= l; ++m) at(m, m) = Complex(0, m * axis[1]);
  for (int m = -l; m < l; ++m) {
    const double step = std::sqrt(static_cast<double>(l * (l + 1) - m * (m + 1))) / 2;
    at(m + 1, m) = Complex(-step * axis[0], step * axis[2]);
    at(m, m + 1) = Complex(step * axis[0], step * axis[2]);
  }
  return g;
}

/// The same in the real basis: the conjugate transpose of the change of basis, the generator, the change of
/// basis.
Matrix real_generator(int l, const std::array<double, 3>& axis) {
  const int n = 2 * l + 1;
  const ComplexMatrix g = complex_generator(l, axis);
  Matrix real(static_cast<std::size_t>(n * n));
  for (int m = -l; m <= l; ++m)
    for (int k = -l; k <= l; ++k)
      for_partners(m, [&](int row) {
        for_partners(k, [&](int column) {
          const Complex value = std::conj(real_to_complex(l, m, row)) *
                                g[static_cast<std::size_t>((l + m) * n + l + k)] *
                                real_to_complex(l, k, column);
          real[static_cast<std::size_t>((l + row) * n + l + column)] += value.real();
        });
      });
  return real;
}

Matrix exponential(Matrix a, std::size_t n) {
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < n; ++j) row += std::abs(a[i * n + j]);
    largest = std::max(largest, row);
  }
  const int squarings = largest > 0.25 ? static_cast<int>(std::ceil(std::log2(largest / 0.25))) : 0;
  for (double& value : a) value = std::ldexp(value, -squarings);
  Matrix sum(n * n), term(n * n);
  for (std::size_t i = 0; i < n; ++i) sum[i * n + i] = term[i * n + i] = 1;
  for (int k = 1; k <= 14; ++k) {  // 0.25^15 / 15! is below 1e-21
    term = product(term, a, n);
    for (double& value : term) value /= k;
    for (std::size_t i = 0; i < n * n; ++i) sum[i] += term[i];
  }
  for (int k = 0; k < squarings; ++k) sum = product(sum, sum, n);
  return sum;
}

}  // namespace

const std::vector<double>& wigner_3j(int l1, int l2, int l3) {
  for (const int l : {l1, l2, l3}) check_degree(l);
  static std::mutex mutex;
  static std::map<std::array<int, 3>, std::vector<double>> known;
  const std::lock_guard lock(mutex);
  auto& symbol = known[{l1, l2, l3}];
  if (symbol.empty()) {
    const bool allowed = std::abs(l1 - l2) <= l3 && l3 <= l1 + l2;
    symbol = allowed
                 ? compute_3j(l1, l2, l3)
                 : std::vector<double>(static_cast<std::size_t>((2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)));
  }
  return symbol;
}

Rotation Rotation::about(const std::array<double, 3>& axis, double angle) {
  const double length = std::hypot(axis[0], axis[1], axis[2]);
  if (!(length > 0)) refuse("A rotation needs an axis that is not zero.");
  const double s = std::sin(angle / 2) / length;
  return {std::cos(angle / 2), s * axis[0], s * axis[1], s * axis[2]};
}

Rotation Rotation::random(std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const double w = normal(random), x = normal(random), y = normal(random), z = normal(random);
  const double length = std::sqrt(w * w + x * x + y * y + z * z);
  return {w / length, x / length, y / length, z / length};
}

Rotation Rotation::operator*(const Rotation& b) const {
  return {w * b.w - x * b.x - y * b.y - z * b.z, w * b.x + x * b.w + y * b.z - z * b.y,
          w * b.y - x * b.z + y * b.w + z * b.x, w * b.z + x * b.y - y * b.x + z * b.w};
}

std::array<std::array<double, 3>, 3> Rotation::matrix() const {
  return {{{1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)},
           {2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)},
           {2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)}}};
}

std::vector<double> wigner_d(int l, const Rotation& r) {
  check_degree(l);
  const double sine = std::hypot(r.x, r.y, r.z);
  const double factor = sine > 0 ? 2 * std::atan2(sine, r.w) / sine : 0;
  return exponential(real_generator(l, {factor * r.x, factor * r.y, factor * r.z}),
                     static_cast<std::size_t>(2 * l + 1));
}

std::vector<double> representation(const Irreps& irreps, const Rotation& rotation, bool inverted) {
  const std::size_t n = static_cast<std::size_t>(irreps.dim());
  Matrix matrix(n * n);
  std::size_t begin = 0;
  for (const MulIrrep& term : irreps) {
    const Matrix block = wigner_d(term.ir.l, rotation);
    const std::size_t size = static_cast<std::size_t>(term.ir.dim());
    const double sign = inverted ? term.ir.p : 1;
    for (std::int64_t copy = 0; copy < term.mul; ++copy, begin += size)
      for (std::size_t i = 0; i < size; ++i)
        for (std::size_t j = 0; j < size; ++j)
          matrix[(begin + i) * n + begin + j] = sign * block[i * size + j];
  }
  return matrix;
}

}  // namespace equivariant
