// Real spherical harmonics in e3nn's order and normalisations: Y of degree 1 is (x, y, z), and y is the polar
// axis.
#pragma once
#include <einx/module.h>

#include <array>
#include <cmath>
#include <vector>

#include "irreps.h"

namespace equivariant {

/// The squares of the 2l + 1 components of a unit vector's harmonics sum to 2l + 1, to 1, or integrate to 1
/// each over the sphere.
enum class Normalization { component, norm, integral };

struct HarmonicsOptions {
  Normalization normalization = Normalization::integral;
  bool normalize = true;  ///< vectors to length 1 before (zero stays zero); without it, degree l grows as the
                          ///< length to the power l
};

/// The factors that are common to all components of degree l.
double harmonics_scale(int l, Normalization normalization);

/// The 2l + 1 components of every degree from 1 to lmax, before the scale of harmonics_scale, as polynomials
/// of any type with + - * (degree 0 is the number 1).
///
/// Source: with s + i c the powers of z + i x, component m of degree l is F(l, m) Q(l, |m|) s or c, where Q
/// solves the recurrence of the associated Legendre functions multiplied by powers of the radius, which makes
/// it a polynomial in y and x^2 + y^2 + z^2 (Bigi, Fraux, Browning, Ceriotti: Fast evaluation of spherical
/// harmonics with sphericart, 2023, equations 4 to 8).
template <class T>
class HarmonicPolynomials {
 public:
  HarmonicPolynomials(int lmax, const T& x, const T& y, const T& z) : y_(y), square_(x * x + y * y + z * z) {
    if (lmax < 1) return;
    cosines_.push_back(z);
    sines_.push_back(x);
    for (int m = 2; m <= lmax; ++m) {
      const T c = cosines_.back(), s = sines_.back();
      cosines_.push_back(c * z - s * x);
      sines_.push_back(s * z + c * x);
    }
    for (int m = 0; m <= lmax; ++m) legendre_.push_back(column(m, lmax));
  }

  /// The components of one degree, multiplied by a number.
  std::vector<T> degree(int l, double scale = 1) const {
    std::vector<T> out;
    for (int m = -l; m <= l; ++m) out.push_back(component(l, m, scale));
    return out;
  }

 private:
  /// Q(l, m) for l = m + 1 ... lmax; Q(m, m) is the number (2m - 1)!!.
  std::vector<T> column(int m, int lmax) const {
    std::vector<T> q;
    for (int l = m + 1; l <= lmax; ++l) {
      const double a = static_cast<double>(2 * l - 1) / (l - m), b = static_cast<double>(l + m - 1) / (l - m);
      if (l == m + 1)
        q.push_back(times(y_, a * diagonal(m)));
      else if (l == m + 2)
        q.push_back(times(y_, a) * q[0] - times(square_, b * diagonal(m)));
      else
        q.push_back(times(y_, a) * q[index(l - m - 2)] - times(square_, b) * q[index(l - m - 3)]);
    }
    return q;
  }

  T component(int l, int m, double scale) const {
    const int k = m < 0 ? -m : m;
    double factor = k == 0 ? scale : scale * std::sqrt(2.0);
    for (int i = l - k + 1; i <= l + k; ++i) factor /= std::sqrt(static_cast<double>(i));
    if (k == 0) return times(legendre_[0][index(l - 1)], factor);
    const T& angular = (m < 0 ? sines_ : cosines_)[index(k - 1)];
    if (k == l) return times(angular, factor * diagonal(k));
    return times(legendre_[index(k)][index(l - k - 1)], factor) * angular;
  }

  static T times(const T& x, double factor) { return factor == 1 ? x : x * factor; }
  static double diagonal(int m) {
    double product = 1;
    for (int i = 2 * m - 1; i > 1; i -= 2) product *= i;
    return product;
  }
  static std::size_t index(int k) { return static_cast<std::size_t>(k); }

  T y_, square_;
  std::vector<T> cosines_,
      sines_;  ///< of m * azimuth times powers of the distance from the polar axis, m = 1, 2, ...
  std::vector<std::vector<T>> legendre_;  ///< [m][l - m - 1]
};

/// Raises einx::ValueError for irreps that are not spherical harmonics: each must have parity 1, or each
/// (-1)^l.
void check_harmonics(const Irreps& irreps);

/// In plain C++: one after the other, as the irreps say.
std::vector<double> spherical_harmonics(const Irreps& irreps, const std::array<double, 3>& vector,
                                        const HarmonicsOptions& options = {});

/// The same as a traced function: vectors [..., 3] -> [..., dim]. The polynomials share their powers. Raises
/// einx::ValueError "bad-shape" too.
einx::Value spherical_harmonics(const Irreps& irreps, const einx::Value& vectors,
                                const HarmonicsOptions& options = {});

/// The same as a module.
class SphericalHarmonics : public einx::Module {
 public:
  explicit SphericalHarmonics(Irreps out, const HarmonicsOptions& options = {});
  const Irreps& out() const { return out_; }
  einx::CompileMode default_mode() const override { return einx::Mode::script; }
  einx::Value forward(const einx::Value& vectors) const {
    return spherical_harmonics(out_, vectors, options_);
  }

 private:
  Irreps out_;
  HarmonicsOptions options_;
};

}  // namespace equivariant
