// A random case: one call, with everything that decides its operands, as a line that can be pasted.
#pragma once
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "api/api.h"

namespace differential {

using einx::DType;
using einx::Shape;
using einx::Tensor;

enum class Layout { Contiguous, Permuted, Sliced, Reversed, Broadcast, Misaligned };
inline constexpr Layout kLayouts[] = {Layout::Contiguous, Layout::Permuted, Layout::Sliced, Layout::Reversed, Layout::Broadcast, Layout::Misaligned};
std::string name_of(Layout layout);

struct OperandSpec {
  DType dtype = DType::f32;
  Layout layout = Layout::Contiguous;
};

/// sum "a (b [c]) -> a b" a=4 b=2 c=3 ; f32:contiguous ; dynamic seed=17
/// roll "[a b]" a=4 b=2 ; f32:contiguous ; shift=1,-2 seed=17
struct Case {
  std::string op, pattern;
  std::map<std::string, std::int64_t> sizes;  ///< of every axis: the operands' shapes follow
  std::vector<OperandSpec> operands;
  bool dynamic = false;  ///< code that other sizes share, or extents and strides as run-time parameters
  bool special = false;  ///< NaN, infinities, -0.0, extreme integers among the values
  bool hostile = false;  ///< coordinates outside their axes, up to the ends of their dtype
  std::vector<std::int64_t> shift;  ///< of roll
  std::uint64_t seed = 0;  ///< of the values
};
std::string text(const Case& c);
/// nullopt if the line is not one that `text` writes.
std::optional<Case> parse(const std::string& line);

using Random = std::mt19937_64;
/// A case of a random operation, or of the one named.
Case generate(Random& random, const std::string& only_op);

/// Deliberate mistakes in the loops (plant.cpp), to prove that the test finds such.
struct Bug {
  std::string name, meaning;
  bool (*plant)(einx::detail::loops::Program&);  ///< false: this program has no place for it
};
const std::vector<Bug>& bugs();

struct Outcome {
  enum class Kind { Same, Different, Refused } kind = Kind::Same;  ///< Refused: both raise an error of one class; counted
  std::string why;
  std::string op_class;
};
/// Runs a case through the reference interpreter and through compiled code, and compares.
/// `strict`: operands and results lie beside pages that fault, and 1, 2, 3 and 8 threads give the same bits.
Outcome run(const Case& c, const Bug* bug, bool strict = false);

/// Whether this operand of an indexing operation holds coordinates.
bool holds_coordinates(const Case& c, std::size_t operand);

/// The smallest case found that still differs.
Case shrink(Case c, const Bug* bug, bool strict);

}  // namespace differential
