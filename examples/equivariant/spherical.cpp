#include "spherical.h"

#include <algorithm>
#include <numbers>

#include "parts.h"
#include "wigner.h"

namespace equivariant {

void check_harmonics(const Irreps& irreps) {
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
  check_harmonics(irreps);
  const double length = options.normalize ? std::max(std::hypot(vector[0], vector[1], vector[2]), 1e-12) : 1;
  const HarmonicPolynomials<double> polynomials(irreps.lmax(), vector[0] / length, vector[1] / length,
                                                vector[2] / length);
  std::vector<double> out;
  for (const MulIrrep& term : irreps) {
    const double scale = harmonics_scale(term.ir.l, options.normalization);
    const std::vector<double> values =
        term.ir.l == 0 ? std::vector<double>{scale} : polynomials.degree(term.ir.l, scale);
    for (std::int64_t copy = 0; copy < term.mul; ++copy) out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

Value spherical_harmonics(const Irreps& irreps, const Value& vectors, const HarmonicsOptions& options) {
  check_harmonics(irreps);
  const Rows rows = rows_of(vectors, Irrep{1, -1}, "vectors");
  std::array<Value, 3> v;
  for (int k = 0; k < 3; ++k) v[static_cast<std::size_t>(k)] = select(rows.matrix, 1, k);
  if (options.normalize) {
    const Value length = maximum(sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), 1e-12);
    for (Value& component : v) component = component / length;
  }
  const HarmonicPolynomials<Value> polynomials(irreps.lmax(), v[0], v[1], v[2]);
  std::vector<std::optional<Value>> terms;
  for (const MulIrrep& term : irreps) {
    const double scale = harmonics_scale(term.ir.l, options.normalization);
    const std::vector<Value> components =
        term.ir.l == 0 ? std::vector<Value>{broadcast_to(constant_like(vectors, {scale}, {1}), {rows.rows()})}
                       : polynomials.degree(term.ir.l, scale);
    std::vector<Value> copies;
    for (std::int64_t copy = 0; copy < term.mul; ++copy)
      copies.insert(copies.end(), components.begin(), components.end());
    terms.push_back(copies.empty() ? std::optional<Value>() : einx::stack(copies, 1));
  }
  return join(terms, irreps, rows);
}

SphericalHarmonics::SphericalHarmonics(Irreps out, const HarmonicsOptions& options)
    : out_(std::move(out)), options_(options) {
  check_harmonics(out_);
  entry("forward", &SphericalHarmonics::forward);
  input("vectors", features(Irrep{1, -1}));
}

}  // namespace equivariant
