// Lowering: buffers, results, empty tensors, dynamic programs.
#include <doctest/doctest.h>

#include <regex>

#include "loops/graphs.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

std::vector<std::string> kinds(const loops::Program& program) {
  const auto name = [](const loops::Buffer& b) {
    switch (b.kind) {
      case loops::Buffer::Kind::Input:
        return "in ";
      case loops::Buffer::Kind::Output:
        return "out ";
      case loops::Buffer::Kind::Temporary:
        return "temporary ";
      case loops::Buffer::Kind::Constant:
        return "constant ";
      case loops::Buffer::Kind::Local:
        return "local ";
    }
    return "?";
  };
  std::vector<std::string> out;
  for (const loops::Buffer& b : program.buffers) out.push_back(name(b) + b.name);
  return out;
}

graph::Graph sum_of_sum() {
  graph::Graph graph = call("sum", "a [b]", {f32_of({4, 5})});
  graph::Graph second = call("sum", "[a]", {f32_of({4})});
  graph.results = graph::add_node(graph, *second.nodes[0].op, second.nodes[0].expr, {graph.results[0]});
  return graph;
}

}  // namespace

TEST_CASE("values between nodes are temporaries, results are outputs") {
  CHECK(kinds(loops::lower(sum_of_sum(), wide())) ==
        std::vector<std::string>{"in i0", "out x1", "temporary x0"});
}

TEST_CASE("results that are parameters, or the same value twice, are copied") {
  graph::Graph graph = call("sum", "a [b]", {f32_of({4, 5})});
  graph.results = {graph.results[0], graph.parameters[0].value, graph.results[0]};
  const loops::Program program = loops::lower(graph, wide());
  CHECK(kinds(program) == std::vector<std::string>{"in i0", "out x0", "out i0_copy", "out x0_copy"});
  CHECK(program.outputs.size() == 3);
  CHECK(program.steps.size() == 3);
  CHECK(!loops::verify(program));
}

TEST_CASE("a constant may be a result") {
  graph::Graph graph;
  graph.results = {graph::add_constant(graph, Tensor::iota({3, 4}))};
  const loops::Program program = loops::lower(graph, wide());
  CHECK(program.constants.size() == 1);
  CHECK(program.steps.size() == 1);
  CHECK(!loops::verify(program));
}

struct EmptyCase {
  std::string op, pattern;
  Shape shape;
  std::size_t steps;
  bool error;
};

TEST_CASE("tensors without elements") {
  const EmptyCase rows[] = {
      {"sum", "a [b]", {3, 0}, 1, false},     {"sum", "a [b]", {0, 3}, 0, false},
      {"max", "a [b]", {3, 0}, 0, true},      {"max", "a [b]", {0, 3}, 0, false},
      {"max", "a [b]", {0, 0}, 0, false},     {"softmax", "a [b]", {3, 0}, 0, false},
      {"id", "a b -> b a", {3, 0}, 0, false}, {"argmax", "a [b]", {3, 0}, 0, true},
      {"mean", "[a b]", {3, 0}, 1, false},
  };
  for (const EmptyCase& row : rows) {
    CAPTURE(row.op);
    CAPTURE(row.pattern);
    const loops::Program program = loops::lower(call(row.op, row.pattern, {f32_of(row.shape)}), wide());
    CHECK(program.steps.size() == row.steps);
    CHECK(program.empty_reduction.empty() == !row.error);
    CHECK(!loops::verify(program));
  }
}

TEST_CASE("a dynamic program of other sizes differs in its parameters and how it is shared out only") {
  const auto text = [](const Shape& shape) {
    loops::Options options;
    options.dynamic = true;
    loops::Program program =
        loops::lower(call("softmax", "a [b] c -> c a [b]", {f32_of(shape)}), wide(), options);
    CHECK(!program.parameters.empty());
    program.parameters.clear();
    for (auto* types : {&program.inputs, &program.outputs}) types->assign(types->size(), f32_of({}));
    return std::regex_replace(loops::text(program), std::regex("parts of [0-9]+"), "parts");
  };
  CHECK(text({3, 4, 5}) == text({7, 2, 9}));
  CHECK(text({3, 4, 5}) == text({1, 1, 1}));
}

TEST_CASE("axes that travel together become one loop") {
  const auto loops_of = [](const std::string& pattern, const graph::Type& type) {
    const loops::Program program = loops::lower(call("id", pattern, {type}), wide());
    const auto& kernel = std::get<loops::Kernel>(program.steps.at(0));
    return kernel.vars.size();
  };
  CHECK(loops_of("a b c -> a b c", f32_of({2, 3, 4})) == 1);
  CHECK(loops_of("a b c -> (a b c)", f32_of({2, 3, 4})) == 1);
  CHECK(loops_of("a b c -> a 1 (b c)", type(DType::f32, {2, 3, 4}, {24, 8, 2})) == 1);
  CHECK(loops_of("a b c -> a b c", type(DType::f32, {2, 3, 4}, {24, 4, 1})) == 2);
}
