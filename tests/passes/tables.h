// Tables of graph texts before and after a pass; what a graph computes never changes.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "graph/graph.h"
#include "reference/reference.h"

namespace graph = einx::detail::graph;

namespace tables {

struct Row {
  std::string what, before, after;
};

inline std::string graph_text(const std::string& body, const std::string& signature = "(i0: f32[2, 3]) -> f32[2, 3]") {
  return "def op0" + signature + ":\n" + body;
}

/// Both graphs on the same operands: 0, 1, 2, ... in each parameter.
inline void check_same_results(const graph::Graph& before, const graph::Graph& after) {
  std::vector<einx::Tensor> operands;
  for (const graph::Parameter& parameter : before.parameters) {
    const graph::Type& type = before.values[parameter.value].type;
    operands.push_back(einx::Tensor::iota(type.shape, type.dtype));
  }
  const auto expected = einx::detail::reference::run(before, operands);
  const auto found = einx::detail::reference::run(after, operands);
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(found[k].to_vector<double>() == expected[k].to_vector<double>());
}

inline void check_rows(graph::Graph (*pass)(graph::Graph), const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const graph::Graph before = graph::parse(row.before);
    const graph::Graph after = graph::verified(row.what, pass(before));
    CHECK(graph::text(after) == row.after);
    CHECK(after.parameters.size() == before.parameters.size());
    check_same_results(before, after);
  }
}

}  // namespace tables
