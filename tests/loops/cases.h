// One call held against the reference: static and dynamic programs, operands at both ends of their pages,
// every level that the host has.
#pragma once
#include <doctest/doctest.h>

#include "loops/graphs.h"
#include "loops/run_program.h"
#include "reference/reference.h"

namespace einx::detail::loops_test {

struct Case {
  std::string op, pattern;
  std::vector<graph::Type> types;
  Sizes sizes = {};
  std::int64_t below = 0;  ///< integers of the operands after the first: coordinates
  graph::Attributes attributes = {};
};

inline std::vector<codegen::Target> targets() {
  std::vector<codegen::Target> out{codegen::host_target()};
  if (out[0].level != "x86-64") out.push_back(codegen::target_named("x86-64"));
  if (out[0].level == "x86-64-v4") out.push_back(codegen::target_named("x86-64-v3"));
  return out;
}

inline void check(const Case& c, const codegen::Target& target, bool dynamic, bool at_end,
                  double tolerance = 16) {
  CAPTURE(c.op);
  CAPTURE(c.pattern);
  CAPTURE(target.level);
  CAPTURE(dynamic);
  const graph::Graph graph = call(c.op, c.pattern, c.types, c.sizes, c.attributes);
  CAPTURE(graph::text(graph));
  std::vector<Tensor> operands;
  for (std::size_t k = 0; k < c.types.size(); ++k)
    operands.push_back(
        operand(graph.values[graph.parameters[k].value].type, unsigned(k) + 1, at_end, k > 0 ? c.below : 0));
  const auto expected = reference::run(graph, operands);
  loops::Options options;
  options.dynamic = dynamic;
  const Ran ran = run_program(graph, operands, target, options);
  REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
  CHECK(ran.code == EINX_OK);
  REQUIRE(ran.outputs.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const std::string wrong = difference(expected[k], ran.outputs[k], tolerance);
    CHECK_MESSAGE(wrong.empty(), wrong);
  }
}

inline void check_everywhere(const std::vector<Case>& cases, double tolerance = 16) {
  for (const codegen::Target& target : targets())
    for (const Case& c : cases) {
      check(c, target, false, true, tolerance);
      check(c, target, false, false, tolerance);
      check(c, target, true, true, tolerance);
    }
}

}  // namespace einx::detail::loops_test
