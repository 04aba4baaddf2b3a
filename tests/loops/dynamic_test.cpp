// One program for many sizes: graphs of several operations, what fits a template and what does not.
#include "loops/sized.h"

namespace einx::detail::loops_test {
namespace {

/// Softmax of the rows by hand, then a layer with a bias and another function: graphs of several operations.
graph::Graph rows_by_hand(std::int64_t n) {
  Chain c;
  const auto x = c.parameter(f32_of({n, 64}));
  const auto top = c.call("max", "a [b] -> a", {x});
  const auto shifted = c.call("exp", "a b", {c.call("subtract", "a b, a -> a b", {x, top})});
  const auto sum = c.call("sum", "a [b] -> a", {shifted});
  c.graph.results = {c.call("true_divide", "a b, a -> a b", {shifted, sum})};
  return c.graph;
}

graph::Graph layer(std::int64_t n, double scale = 0.5) {
  Chain c;
  const auto x = c.parameter(f32_of({n, 128})), weights = c.parameter(f32_of({128, 96})),
             bias = c.parameter(f32_of({96}));
  const auto product = c.call("dot", "a [b], [b] c -> a c", {x, weights});
  const auto shifted = c.call("add", "a c, c -> a c", {product, bias});
  const auto scaled = c.call("multiply", "a c, -> a c", {shifted, c.number(scale)});
  c.graph.results = {c.call("tanh", "a c", {scaled}), c.call("sum", "a [c] -> a", {shifted})};
  return c.graph;
}

TEST_CASE("dynamic: graphs of several operations fuse as those of one size") {
  for (const codegen::Target& target : targets())
    for (const auto& make :
         {std::function(rows_by_hand), std::function([](std::int64_t n) { return layer(n); })}) {
      const graph::Graph samples[] = {make(300), make(128), make(77)};
      const Common common = common_of(samples, target);
      CHECK(common.made.program.steps.size() <= loops::lower(samples[0], target.machine).steps.size() + 1);
      for (const std::int64_t n : {16, 17, 33, 128, 301, 1000}) {
        CAPTURE(n);
        const graph::Graph graph = make(n);
        const auto program = loops::instantiate(common.made, graph);
        REQUIRE(program);
        check_at(common, graph, *program, 0, 256, true);
      }
    }
}

TEST_CASE("dynamic: contents of constants are data, unless all samples agree") {
  const graph::Graph samples[] = {layer(300, 0.5), layer(200, 0.25)};
  const Common common = common_of(samples, codegen::host_target());
  const graph::Graph other = layer(100, 0.125);
  const auto program = loops::instantiate(common.made, other);
  REQUIRE(program);
  check_at(common, other, *program, 0, 64, true);
}

TEST_CASE("dynamic: code serves many sizes at once, and outlives its template") {
  const graph::Graph samples[] = {call("add", "a b, b", {f32_of({40, 24}), f32_of({24})}),
                                  call("add", "a b, b", {f32_of({50, 24}), f32_of({24})})};
  std::vector<std::pair<graph::Graph, loops::Program>> sizes;
  std::vector<std::shared_ptr<const codegen::Code>> codes;
  {
    const Common common = common_of(samples, codegen::host_target());
    for (const std::int64_t n : {1, 3, 60, 700}) {
      graph::Graph graph = call("add", "a b, b", {f32_of({n, 24}), f32_of({24})});
      auto program = loops::instantiate(common.made, graph);
      REQUIRE(program);
      codes.push_back(codegen::rebind(common.code, *program));
      sizes.emplace_back(std::move(graph), std::move(*program));
    }
  }
  for (std::size_t k = codes.size(); k-- > 0;) {
    const std::vector<Tensor> operands = operands_of(sizes[k].first, 3);
    const Ran ran = run_code(*codes[k], sizes[k].second, operands);
    REQUIRE(ran.broken.empty());
    CHECK(difference(reference::run(sizes[k].first, operands)[0], ran.outputs[0]) == "");
  }
}

TEST_CASE("dynamic: what differs in more than numbers has no template") {
  const auto none = [](const graph::Graph& a, const graph::Graph& b) {
    const graph::Graph both[] = {a, b};
    return !loops::generalise(both, wide());
  };
  const graph::Graph sum = call("sum", "a [b]", {f32_of({40, 30})});
  CHECK(none(sum, call("max", "a [b]", {f32_of({50, 30})})));
  CHECK(none(sum, call("sum", "a [b]", {type(DType::f64, {50, 30})})));
  CHECK(none(sum, call("sum", "a [b] c", {f32_of({50, 30, 7})})));
  CHECK(none(call("argmax", "a [b c] -> a [2]", {f32_of({5, 6, 7})}),
             call("argmax", "a [b c] -> a [2]", {f32_of({5, 6, 8})})));
  const graph::Graph one[] = {sum};
  CHECK_FALSE(loops::generalise(one, wide()));
}

TEST_CASE("dynamic: other operations, and sizes that were constants, do not fit a template") {
  const graph::Graph samples[] = {call("sum", "a [b]", {f32_of({40, 30})}),
                                  call("sum", "a [b]", {f32_of({50, 30})})};
  const auto made = loops::generalise(samples, wide());
  REQUIRE(made);
  CHECK(loops::instantiate(*made, call("sum", "a [b]", {f32_of({60, 30})})));
  CHECK_FALSE(loops::instantiate(*made, call("sum", "a [b]", {f32_of({60, 31})})));
  CHECK_FALSE(loops::instantiate(*made, call("max", "a [b]", {f32_of({60, 30})})));
  CHECK_FALSE(loops::instantiate(*made, call("sum", "a [b]", {type(DType::f16, {60, 30})})));
  CHECK_FALSE(loops::instantiate(*made, call("sum", "a [b]", {type(DType::f32, {60, 30}, {60, 2})})));
}

}  // namespace
}  // namespace einx::detail::loops_test
