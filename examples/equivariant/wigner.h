// Wigner 3j symbols and Wigner D matrices of the real irreps of O(3), in e3nn's basis: a vector of l = 1 is
// (x, y, z), and the polar axis is y.
#pragma once
#include <array>
#include <random>
#include <vector>

#include "irreps.h"

namespace equivariant {

/// Degrees up to which everything here is available: the sums of Racah's formula are exact in 64 bits that
/// far. e3nn ends there, too.
inline constexpr int max_l = 11;

/// The real 3j symbol [2 l1 + 1, 2 l2 + 1, 2 l3 + 1], row-major, of Frobenius norm 1: the tensor, unique up
/// to its sign, that no rotation changes. All zeros if |l1 - l2| <= l3 <= l1 + l2 does not hold. Computed
/// once. Raises einx::ValueError for a degree outside [0, max_l].
///
/// Source: Clebsch-Gordan coefficients by Racah's formula, in its form as a sum of products of binomials
/// (Varshalovich, Moskalev, Khersonskii: Quantum Theory of Angular Momentum, 8.2.1), summed in integers; then
/// the change from the complex basis (Condon-Shortley phase) to the real one on all three axes.
const std::vector<double>& wigner_3j(int l1, int l2, int l3);

/// A rotation as a unit quaternion w + x i + y j + z k.
struct Rotation {
  double w = 1, x = 0, y = 0, z = 0;
  static Rotation about(const std::array<double, 3>& axis, double angle);
  /// Uniform over all rotations: four normal numbers, normalised.
  static Rotation random(std::mt19937_64& random);
  Rotation operator*(const Rotation& first) const;  ///< `first`, then this
  std::array<std::array<double, 3>, 3> matrix() const;
};

/// The matrix [2l + 1, 2l + 1], row-major, with which a rotation acts on irrep l: exp(angle * axis .
/// generators). The generators are those of su(2) in the complex basis, changed to the real one; the
/// exponential is a Taylor series after scaling, then squaring (Moler, Van Loan: Nineteen dubious ways,
/// method 3).
std::vector<double> wigner_d(int l, const Rotation& rotation);

/// The matrix [dim, dim] with which a rotation, after an inversion of space if `inverted`, acts on a direct
/// sum of irreps.
std::vector<double> representation(const Irreps& irreps, const Rotation& rotation, bool inverted = false);

}  // namespace equivariant
