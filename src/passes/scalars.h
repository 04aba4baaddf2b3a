// Inside the passes: scalar factors of values. Which operations carry a factor of an operand to their result,
// which ones bring a factor, and how it is written.
#pragma once
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::passes {

/// A product of numbers and of rank-0 values. Numbers of floats are kept as a quotient of doubles, so that a
/// division that meets nothing stays one, and are rounded once to the dtype at last; integers multiply with
/// wrapping, which is associative.
struct Coefficient {
  double numerator = 1, denominator = 1;
  std::int64_t whole = 1;                         ///< of integers
  std::vector<graph::ValueId> factors, divisors;  ///< rank-0 values that are no constants, in order
  bool operator==(const Coefficient&) const = default;

  bool one() const { return *this == Coefficient{}; }
  bool number() const { return factors.empty() && divisors.empty(); }
  double value() const { return numerator / denominator; }  ///< of its numbers
};
Coefficient operator*(const Coefficient& a, const Coefficient& b);
/// 1 / c: only for floats.
Coefficient inverse(Coefficient c);
/// |c|: only for numbers.
Coefficient absolute(Coefficient c);

/// How far factors of a dtype go. Float products are rounded anyway, and moderate factors move without
/// overflow where there was none; f16 has no room for that, and integers are exact as they stand: there, only
/// factors that follow each other are combined. Bools have none.
enum class Mobility { None, Combines, Moves };
Mobility mobility(DType dtype);
/// Whether the numbers of a factor are so far from the limits of the dtype that a product with it may be
/// taken earlier or later. Always true for integers.
bool moderate(const Coefficient& c, DType dtype);

/// What becomes of a factor of operand k.
struct Carried {
  enum class How {
    Not,     ///< the result is not homogeneous in it
    Alone,   ///< degree one in this operand, whatever the others are
    Jointly  ///< degree one in all operands that are carried jointly, together
  };
  enum class Sign {
    Any,
    Positive,
    Absolute
  };  ///< of the factor: positive only; or its absolute value comes out
  How how = How::Not;
  Sign sign = Sign::Any;
};
Carried carried(const graph::Graph& graph, const graph::Node& node, std::size_t k);

/// A node that multiplies by scalars: product of `tensors` times `by`. Its dtype is that of the tensors.
struct Scaling {
  std::vector<std::size_t> tensors;  ///< operands, at least one
  Coefficient by;
};
/// `constants`: constant_places(graph). Negation is one by -1, a division by a scalar one, too.
std::optional<Scaling> scaling(const graph::Graph& graph, const graph::Node& node,
                               const std::vector<int>& constants);
/// Whether the node's output has the layout of operand k: nothing but the factor is between them.
bool keeps_layout(const graph::Node& node, std::size_t k);

/// Appends what multiplies the value by `c`: one node over the value, and nodes of rank 0 for products of
/// rank-0 values. A lone division stays a division, unless the reciprocal is exact.
graph::ValueId multiplied(graph::Graph& graph, graph::ValueId value, const Coefficient& c);
/// A constant times the numbers of `c`, each element rounded once; nullopt if an element would overflow, or
/// lose bits by becoming subnormal.
std::optional<Tensor> multiplied(const Tensor& constant, const Coefficient& c);

}  // namespace einx::detail::passes
