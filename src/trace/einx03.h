// Private to the tracer: what einx 0.3 writes in one call and a graph in several nodes (notation.md 10).
#pragma once
#include "trace/trace.h"

namespace einx::detail::trace {

/// The parameters that every operation has in einx 0.3: `cse`, 0 or 1. Raises TypeError for a call of another dialect.
bool is_parameter_einx03(const Call& call, std::string_view name);
void read_parameters_einx03(const Call& call, notation::Rules& rules);

/// roll without brackets moves the elements of the whole tensor in row-major order.
bool rolls_whole_tensor(const Call& call, const notation::Solved& solved);

/// Nodes that the common notation accepts: pieces of `rearrange` that are paired by their names are split and put together by two id nodes; brackets in another
/// order in the output, and a whole tensor that is rolled, are an id after the operation.
std::vector<graph::ValueId> append_einx03(graph::Graph& graph, const Call& call, notation::Solved solved, std::vector<graph::ValueId> values,
                                          graph::Attributes attributes);

}  // namespace einx::detail::trace
