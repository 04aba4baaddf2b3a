// Private to the tracer: calls of einops and einsum that become several nodes, or nodes of another operation.
#pragma once
#include "trace/trace.h"

namespace einx::detail::trace {

/// einops: the operands are a list, which is one tensor with a new first axis. The function of such a call is
/// "rearrange list", "reduce list", "repeat list".
bool is_list(const Call& call);
/// The function without that mark, as messages name it.
std::string function_name(const Call& call);
/// The stacked tensor as the notation sees it. Raises RankError ndim-mismatch, AxisSizeError axis-conflict,
/// TypeError operand-kind.
notation::Operand stacked_operand(const Call& call);

/// A solved call of the stacked tensor, and the values it is made of: those of the list where the stacked
/// axis is moved as a whole, so that nothing is copied twice; else a node stacks them first.
struct Stacked {
  notation::Solved solved;
  std::vector<graph::ValueId> values;
};
Stacked stack(graph::Graph& graph, const ops::Op& op, notation::Solved solved,
              std::vector<graph::ValueId> values);

/// What a call computes: einops' reduce without anything to reduce moves elements and keeps their dtype.
/// Raises OperationNotSupportedError dtype-not-supported for its mean of integers.
const ops::Op& operation_of(const Call& call, const notation::Solved& solved,
                            std::span<const DType> operands);

/// Appends a contraction: one node, or where one loop nest over all axes would be far longer, axes of a
/// single operand are summed first and operands are contracted in pairs from left to right.
std::vector<graph::ValueId> contract(graph::Graph& graph, const ops::Op& op, notation::Solved solved,
                                     std::vector<graph::ValueId> values);

}  // namespace einx::detail::trace
