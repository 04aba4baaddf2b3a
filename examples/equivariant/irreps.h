// Irreducible representations of O(3) and their direct sums, written as e3nn writes them: "2x0e + 1x1o".
//
//   const Irreps irreps = "16x0e + 8x1o";      // 16 even scalars and 8 odd vectors: 40 numbers
//   to_string(tensor_product("1o", "1o"))      // "1x0e+1x1e+1x2e"
#pragma once
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace equivariant {

/// Raises einx::ValueError "bad-parameter".
[[noreturn]] void refuse(const std::string& message);

/// One irreducible representation: degree l and parity p, +1 ("e") or -1 ("o"). Ordered by l, then odd before
/// even, as e3nn's are.
struct Irrep {
  int l = 0;
  int p = 1;
  int dim() const { return 2 * l + 1; }
  bool scalar() const { return l == 0 && p == 1; }
  auto operator<=>(const Irrep&) const = default;
};
std::string to_string(Irrep irrep);
/// All irreps of the product of two: |l1 - l2| to l1 + l2, of the product's parity.
std::vector<Irrep> operator*(Irrep a, Irrep b);

/// The same irrep several times.
struct MulIrrep {
  std::int64_t mul = 1;
  Irrep ir;
  std::int64_t dim() const { return mul * ir.dim(); }
  bool operator==(const MulIrrep&) const = default;
};

/// Half-open range of numbers that a term takes in the last axis of a tensor.
struct Range {
  std::int64_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};

/// A direct sum of terms, in order; equal irreps may occur in several terms.
class Irreps {
 public:
  Irreps() = default;
  Irreps(std::vector<MulIrrep> terms) : terms_(std::move(terms)) {}
  Irreps(MulIrrep term) : terms_{term} {}
  Irreps(Irrep irrep) : terms_{{1, irrep}} {}
  /// "2x0e + 1x1o", "1o", "" (nothing); "1y" is the parity of the spherical harmonics. Raises
  /// einx::SyntaxError "invalid-token" that points at the word.
  Irreps(std::string_view text);
  Irreps(const char* text) : Irreps(std::string_view(text)) {}
  Irreps(const std::string& text) : Irreps(std::string_view(text)) {}
  /// 0e + 1o + 2e + ... up to lmax; with p = 1 all of them even.
  static Irreps spherical_harmonics(int lmax, int p = -1);

  std::int64_t dim() const;
  std::int64_t num_irreps() const;  ///< the sum of the multiplicities
  int lmax() const;                 ///< -1 if there is no term
  std::int64_t count(Irrep irrep) const;
  std::vector<Range> slices() const;  ///< one a term

  std::size_t size() const { return terms_.size(); }
  bool empty() const { return terms_.empty(); }
  const MulIrrep& operator[](std::size_t k) const { return terms_[k]; }
  auto begin() const { return terms_.begin(); }
  auto end() const { return terms_.end(); }
  bool operator==(const Irreps&) const = default;

 private:
  std::vector<MulIrrep> terms_;
};

/// By the position that a path names.
inline const MulIrrep& term(const Irreps& irreps, int k) { return irreps[static_cast<std::size_t>(k)]; }

std::string to_string(const Irreps& irreps);
Irreps operator+(const Irreps& a, const Irreps& b);
/// Neighbours of one irrep become one term, terms without any are left out. Does not sort.
Irreps simplify(const Irreps& irreps);

struct Sorted {
  Irreps irreps;
  std::vector<int> position;  ///< term k of what was sorted is now term position[k]
};
/// Stable.
Sorted sort(const Irreps& irreps);
/// Every product of an irrep of a and one of b, sorted and simplified.
Irreps tensor_product(const Irreps& a, const Irreps& b);

}  // namespace equivariant
