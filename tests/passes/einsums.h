// What the tests of the einsum passes share: graphs from equations, operands, and the reference's answers side by side.
#pragma once
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace einsums {

namespace graph = einx::detail::graph;

/// A node from "ij,jk->ik", a letter an axis; sizes from the operands' shapes, `repeated` for letters that only the output has ("k5").
graph::ValueId einsum(graph::Graph& graph, std::string_view equation, const std::vector<graph::ValueId>& operands,
                      std::string_view repeated = {});
/// A product with a number of the value's dtype.
graph::ValueId scaled(graph::Graph& graph, double number, graph::ValueId value);
graph::ValueId parameter(graph::Graph& graph, const einx::Shape& shape, einx::DType dtype = einx::f64);

/// One tensor a parameter. `whole`: small integers (0 and 1 for bools), with which sums of products are exact in every order; else
/// numbers between 0.5 and 1.5, of which none cancel.
std::vector<einx::Tensor> operands_for(const graph::Graph& graph, std::mt19937_64& random, bool whole);

/// Largest relative difference of the results of two graphs on the same operands in the reference; infinite if dtypes or shapes differ.
double difference(const graph::Graph& before, const graph::Graph& after, const std::vector<einx::Tensor>& operands);

/// Names of the operations in order: "dot multiply".
std::string operations(const graph::Graph& graph);

}  // namespace einsums
