// The graph that a traced function is writing. Private to the api layer.
#pragma once
#include "api/api.h"
#include "passes/passes.h"

namespace einx::detail {

struct Tracing {
  graph::Graph graph;
};

namespace api {

/// The trace that this thread is writing, innermost: where einx::constant puts its values. Null outside of traced functions.
const std::shared_ptr<Tracing>& current_tracing();

/// Runs a body on parameters of these types and gives the graph it wrote, named `name`. Values of another trace among its results raise TypeError "operand-kind" with
/// this sentence; whatever the body throws passes.
graph::Graph write_graph(std::string_view name, std::span<const graph::Type> types, const TraceBody& body,
                         std::string_view foreign);

using TracedFunction = std::function<Value(std::span<const Value>)>;

/// The same for the function of an operation of the user's, with one result. What is not of einx that it throws is a CallOperationError "runtime" with the
/// operation's name.
graph::Graph traced(std::string_view op, const TracedFunction& function, std::span<const graph::Type> types);

/// A constant of the graph for an operand that is no value yet; a number has this dtype. Raises TypeError "operand-kind" for operands without data.
graph::ValueId add_constant(graph::Graph& graph, const Operand& operand, DType dtype);

/// For layers above: what optimizing.h and operands.h say.
passes::OptimizeOptions optimize_options(const OptimizeOptions& options);
graph::Type type_of(const Spec& spec, const std::string& which);

}  // namespace api
}  // namespace einx::detail
