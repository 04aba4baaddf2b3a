// Inside the passes: nodes as einsums. A product, a contraction, a sum over axes and a move without '+' are
// the same thing: operands with a label for every axis, and the labels that the result keeps.
#pragma once
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::passes {

/// The axes of `expr` are the labels. One output; an axis that it lacks is summed, whatever the brackets say.
/// No axis has size 1 (such dimensions are empty groups) and none 0; there are no concatenations, and groups
/// hold axes only.
struct Einsum {
  notation::Solved expr;
  std::vector<graph::ValueId> operands;
  DType dtype = DType::f32;  ///< of all operands and the result
};

/// The view of a node: id, multiply, dot, einsum, sum whose operands have the result's dtype. The element
/// type forms a commutative semiring up to rounding for each of them: floats; integers, which wrap; bools
/// with `or` and `and`. Sums that widen their integers, and products of several dtypes, are not einsums:
/// another order would compute in another dtype.
std::optional<Einsum> einsum_of(const graph::Graph& graph, const graph::Node& node);

/// The way back. One operand: id or sum; nothing summed: multiply; two operands of each summed axis: dot;
/// else einsum. Inputs are those of the einsum; the outputs stay.
void write_back(const Einsum& einsum, graph::Node& node);
/// The same for a new node.
struct NodeForm {
  const ops::Op* op = nullptr;
  notation::Solved expr;
};
NodeForm form_of(const Einsum& einsum);

/// Operand `place` of the consumer replaced by the einsum that makes it. Dimensions that group or split axes
/// differently get the axes both can be written with: "(u v)" beside "k" makes k the group. nullopt if there
/// are none (2 * 3 beside 3 * 2) or if an axis that only the producer's output had (a repetition) would be
/// lost.
std::optional<Einsum> substituted(const Einsum& consumer, std::size_t place, const Einsum& producer);

/// Labels of a tensor in order, each as often as it occurs.
std::vector<int> labels_of(const notation::TensorExpr& tensor);
/// For each label whether the result has it.
std::vector<bool> kept_labels(const Einsum& einsum);
/// Iterations of a node of constants beyond which it is left to run time: what `fold_constants` computes.
inline constexpr double kFoldable = 1 << 18;
/// For each value whether it follows from constants alone, in nodes that are folded: what is computed of it
/// costs nothing at run time.
std::vector<bool> constant_values(const graph::Graph& graph);

/// The form that nodes have: axes in the order of their appearance, those that do not occur dropped, and
/// names of their own (the first keeps its name, others of that name get "_1", "_2" behind it).
void tidy(notation::Solved& expr);

}  // namespace einx::detail::passes
