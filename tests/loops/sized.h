// Templates of a few samples, and their code at sizes that nobody has seen, against the reference.
#pragma once
#include <functional>

#include "loops/cases.h"
#include "loops/chains.h"

namespace einx::detail::loops_test {


/// A call whose operands' types follow from one size.
struct Sized {
  std::string op, pattern;
  std::function<std::vector<graph::Type>(std::int64_t)> types;
  std::function<Sizes(std::int64_t)> sizes = {};
  std::int64_t below = 0;
  std::int64_t from = 0;  ///< the smallest size that the template has to serve
  double tolerance = 16;
  graph::Attributes attributes = {};

  graph::Graph at(std::int64_t n) const {
    return call(op, pattern, types(n), sizes ? sizes(n) : Sizes{}, attributes);
  }
};

inline constexpr std::int64_t kSamples[] = {40, 72, 97};
inline constexpr std::int64_t kSizes[] = {0,  1,  2,  3,  5,  7,  8,  9,  13, 15,  16,  17,  23,
                                   31, 32, 33, 47, 48, 63, 64, 65, 97, 127, 130, 257, 400};

inline std::vector<graph::Graph> samples_of(const Sized& c) {
  std::vector<graph::Graph> graphs;
  for (const std::int64_t n : kSamples) graphs.push_back(c.at(n));
  return graphs;
}

/// The template of the samples, compiled, verified.
struct Common {
  loops::Template made;
  std::shared_ptr<const codegen::Code> code;
};
inline Common common_of(std::span<const graph::Graph> samples, const codegen::Target& target) {
  auto made = loops::generalise(samples, target.machine);
  REQUIRE(made);
  const auto broken = loops::verify(made->program);
  REQUIRE_MESSAGE(!broken, *broken << "\n" << loops::text(made->program));
  return {*made, codegen::compile(made->program, target)};
}

inline void check_at(const Common& common, const graph::Graph& graph, const loops::Program& program,
              std::int64_t below, double tolerance, bool at_end) {
  std::vector<Tensor> operands;
  for (std::size_t k = 0; k < graph.parameters.size(); ++k)
    operands.push_back(operand(graph.values[std::size_t(graph.parameters[k].value)].type, unsigned(k) + 1,
                               at_end, k > 0 ? below : 0));
  if (!program.empty_reduction.empty()) return;
  const auto expected = reference::run(graph, operands);
  const Ran ran = run_code(*codegen::rebind(common.code, program), program, operands);
  REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
  CHECK(ran.code == EINX_OK);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const std::string wrong = difference(expected[k], ran.outputs[k], tolerance);
    CHECK_MESSAGE(wrong.empty(), wrong);
  }
}

inline void check_sized(const Sized& c, const codegen::Target& target) {
  CAPTURE(c.op);
  CAPTURE(c.pattern);
  CAPTURE(target.level);
  const Common common = common_of(samples_of(c), target);
  CAPTURE(loops::text(common.made.program));
  for (const std::int64_t n : kSizes) {
    CAPTURE(n);
    if (n == 0 && c.below > 0) continue;
    const graph::Graph graph = c.at(n);
    const auto program = loops::instantiate(common.made, graph);
    if (n >= c.from) CHECK(program);
    if (!program) continue;
    for (const bool at_end : {true, false}) check_at(common, graph, *program, c.below, c.tolerance, at_end);
  }
}

inline void check_all(const std::vector<Sized>& cases) {
  for (const codegen::Target& target : targets())
    for (const Sized& c : cases) check_sized(c, target);
}

inline graph::Type of(DType dtype, Shape shape) { return type(dtype, std::move(shape)); }

}  // namespace einx::detail::loops_test
