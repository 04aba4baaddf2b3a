#include "spherical.h"

#include <algorithm>
#include <numbers>

#include "wigner.h"

namespace equivariant {

namespace {

void check(const Irreps& irreps) {
  bool even = true, alternating = true;
  for (const MulIrrep& term : irreps) {
    even = even && term.ir.p == 1;
    alternating = alternating && term.ir.p == (term.ir.l % 2 == 0 ? 1 : -1);
  }
  if (!even && !alternating)
    refuse("Spherical harmonics are all even or of parity (-1)^l: " + to_string(irreps) + " is neither.");
  if (irreps.lmax() > max_l)
    refuse("Spherical harmonics are available up to degree " + std::to_string(max_l) + ", not for " +
           to_string(irreps) + ".");
}

}  // namespace

double harmonics_scale(int l, Normalization normalization) {
  switch (normalization) {
    case Normalization::component:
      return std::sqrt(2.0 * l + 1);
    case Normalization::integral:
      return std::sqrt((2.0 * l + 1) / (4 * std::numbers::pi));
    case Normalization::norm:
      break;
  }
  return 1;
}

std::vector<double> spherical_harmonics(const Irreps& irreps, const std::array<double, 3>& vector,
                                        const HarmonicsOptions& options) {
  check(irreps);
  const double length = options.normalize ? std::max(std::hypot(vector[0], vector[1], vector[2]), 1e-12) : 1;
  const HarmonicPolynomials<double> polynomials(irreps.lmax(), vector[0] / length, vector[1] / length,
                                                vector[2] / length);
  std::vector<double> out;
  for (const MulIrrep& term : irreps) {
    const std::vector<double> values =
        term.ir.l == 0 ? std::vector<double>{1} : polynomials.degree(term.ir.l);
    for (std::int64_t copy = 0; copy < term.mul; ++copy)
      for (const double value : values)
        out.push_back(value * harmonics_scale(term.ir.l, options.normalization));
  }
  return out;
}

}  // namespace equivariant
