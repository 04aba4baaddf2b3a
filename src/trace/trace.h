// Front door of the tracer: operands and a pattern -> graph.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::trace {

/// What a call gives for one operand, without data.
struct Operand {
  enum class Kind { Tensor, WeakBool, WeakInt, WeakFloat, Factory, Unknown };
  Kind kind = Kind::Tensor;
  graph::Type type;  ///< Tensor: all of it. Factory: filled by the caller once it has been called. Weak: ignored
};

/// One call of an operation, complete but for the data.
struct Call {
  const ops::Op* op = nullptr;
  std::string pattern;
  std::vector<Operand> operands;
  std::vector<notation::Constraint> constraints;
  graph::Attributes attributes;
  bool keepdims = false;
  Dialect dialect = Dialect::Einx;
  std::string function;  ///< as the caller named it in that dialect ("repeat"); empty: the operation's own name
};

/// The row behind a function of einx 0.3; `op` is what vmap, vmap_with_axis, reduce, elementwise and index are to apply. Raises OperationNotSupportedError
/// "unknown-operation".
const ops::Op& row_einx03(std::string_view function, std::string_view op = {});
bool takes_operation_einx03(std::string_view function);

/// The stages of a call, kept apart so that `einx bench` and the documentation can show each.
notation::Expanded expand(const Call& call);  ///< parse and expand, in the call's dialect
notation::Solved solve(const Call& call, const notation::Expanded& expanded);
/// The shape that each operand must have: what a factory is called with.
std::vector<Shape> operand_shapes(const notation::Solved& solved);

/// The dtype a weak number takes beside these dtypes: the others' if it fits their kind; a float beside integers is f64, an integer beside
/// bools i64; alone: bool, i64, f64.
DType weak_dtype(Operand::Kind kind, std::span<const DType> others);
/// The dtype each operand of a call brings. A weak number takes that of the operands it is combined with: the mask of `where` and
/// coordinates have nothing to do with the others (`get_at("[h], ->", x, 3)` has an i64 coordinate whatever x is).
std::vector<DType> operand_dtypes(const ops::Op& op, std::span<const Operand> operands);

/// A graph of one node. Every operand is a parameter; weak numbers have become rank-0 parameters of the dtype they take.
graph::Graph single(const Call& call, notation::Solved solved);
/// Appends the call to a graph that is being traced; `inputs[k]` is the value of operand k, or -1 for operands that become new parameters.
std::vector<graph::ValueId> append(graph::Graph& graph, const Call& call, notation::Solved solved, std::span<const graph::ValueId> inputs);

}  // namespace einx::detail::trace
