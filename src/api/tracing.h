// The graph that a traced function is writing. Private to the api layer.
#pragma once
#include "api/api.h"

namespace einx::detail {

struct Tracing {
  graph::Graph graph;
};

namespace api {

using TracedFunction = std::function<Value(std::span<const Value>)>;

/// Runs a user's function on parameters of these types and gives the graph it wrote, with one result. Errors of einx pass; whatever else it throws is a
/// CallOperationError "runtime" with the operation's name; a result that is not of this trace is a TypeError "operand-kind".
graph::Graph traced(std::string_view op, const TracedFunction& function, std::span<const graph::Type> types);

}  // namespace api
}  // namespace einx::detail
