// One program for many sizes: templates from a few samples, and their code at sizes that nobody has seen,
// against the reference.
#include <functional>

#include "loops/cases.h"
#include "loops/chains.h"

namespace einx::detail::loops_test {
namespace {

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

constexpr std::int64_t kSamples[] = {40, 72, 97};
constexpr std::int64_t kSizes[] = {0,  1,  2,  3,  5,  7,  8,  9,  13, 15,  16,  17,  23,
                                   31, 32, 33, 47, 48, 63, 64, 65, 97, 127, 130, 257, 400};

std::vector<graph::Graph> samples_of(const Sized& c) {
  std::vector<graph::Graph> graphs;
  for (const std::int64_t n : kSamples) graphs.push_back(c.at(n));
  return graphs;
}

/// The template of the samples, compiled, verified.
struct Common {
  loops::Template made;
  std::shared_ptr<const codegen::Code> code;
};
Common common_of(std::span<const graph::Graph> samples, const codegen::Target& target) {
  auto made = loops::generalise(samples, target.machine);
  REQUIRE(made);
  const auto broken = loops::verify(made->program);
  REQUIRE_MESSAGE(!broken, *broken << "\n" << loops::text(made->program));
  return {*made, codegen::compile(made->program, target)};
}

void check_at(const Common& common, const graph::Graph& graph, const loops::Program& program,
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

void check_sized(const Sized& c, const codegen::Target& target) {
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

void check_all(const std::vector<Sized>& cases) {
  for (const codegen::Target& target : targets())
    for (const Sized& c : cases) check_sized(c, target);
}

graph::Type of(DType dtype, Shape shape) { return type(dtype, std::move(shape)); }

TEST_CASE("dynamic: moves") {
  check_all({
      {"id", "a b -> b a",
       [](auto n) {
         return std::vector{f32_of({n, 24})};
       }},
      {"id", "a b -> b a",
       [](auto n) {
         return std::vector{f32_of({24, n})};
       }},
      {"id", "a b -> b a",
       [](auto n) {
         return std::vector{f32_of({n, n + 3})};
       }},
      {"id", "a b -> b a",
       [](auto n) {
         return std::vector{of(DType::u8, {n, 100})};
       }},
      {"id", "a b -> b a",
       [](auto n) {
         return std::vector{of(DType::f64, {100, n})};
       }},
      {"id", "b c h w -> b h w c",
       [](auto n) {
         return std::vector{f32_of({n, 6, 5, 7})};
       }},
      {"id", "b c h w -> b h w c",
       [](auto n) {
         return std::vector{f32_of({3, n, 5, 7})};
       }},
      {"id", "b c h w -> b h w c",
       [](auto n) {
         return std::vector{f32_of({3, 6, 5, n})};
       }},
      {"id", "b s (h d) -> b h s d",
       [](auto n) {
         return std::vector{f32_of({2, n, 24})};
       },
       [](auto) {
         return Sizes{{"h", 3}};
       }},
      {"id", "a b c -> c b a",
       [](auto n) {
         return std::vector{of(DType::i16, {n, 9, 11})};
       }},
      {"id", "a b c -> c a b",
       [](auto n) {
         return std::vector{f32_of({5, n, 11})};
       }},
      {"id", "a -> a b", [](auto n) { return std::vector{f32_of({n})}; },
       [](auto) {
         return Sizes{{"b", 5}};
       }},
      {"id", "a -> b a", [](auto n) { return std::vector{f32_of({n})}; },
       [](auto) {
         return Sizes{{"b", 5}};
       }},
      {"id", "a -> a b", [](auto) { return std::vector{f32_of({7})}; },
       [](auto n) {
         return Sizes{{"b", n}};
       }},
      {"id", "a b -> a b",
       [](auto n) {
         return std::vector{type(DType::f32, {n, 7}, {20, 1})};
       }},
      {"id", "a b -> a b",
       [](auto n) {
         return std::vector{type(DType::f32, {7, n}, {2 * n, 2})};
       }},
      {"id",
       "a, b -> (a + b)",
       [](auto n) {
         return std::vector{f32_of({n}), f32_of({7})};
       },
       {},
       0,
       2},
      {"flip", "a [b]",
       [](auto n) {
         return std::vector{f32_of({5, n})};
       }},
  });
}

TEST_CASE("dynamic: elementwise") {
  check_all({
      {"add", "a b, a b",
       [](auto n) {
         return std::vector{f32_of({n, 24}), f32_of({n, 24})};
       }},
      {"add", "a b, b",
       [](auto n) {
         return std::vector{f32_of({n, 24}), f32_of({24})};
       }},
      {"add", "a b, b",
       [](auto n) {
         return std::vector{f32_of({24, n}), f32_of({n})};
       }},
      {"multiply", "a b, a",
       [](auto n) {
         return std::vector{of(DType::f64, {24, n}), of(DType::f64, {24})};
       }},
      {"multiply", "a b, a",
       [](auto n) {
         return std::vector{of(DType::i32, {n, 7}), of(DType::i32, {n})};
       }},
      {"add", "a b, a b",
       [](auto n) {
         return std::vector{type(DType::f32, {n, 9}, {1, n}), f32_of({n, 9})};
       }},
      {"exp", "a b",
       [](auto n) {
         return std::vector{type(DType::f32, {7, n}, {n + 5, 1})};
       }},
      {"exp", "a", [](auto n) { return std::vector{of(DType::bf16, {n})}; }},
      {"where", "a b, a b, b",
       [](auto n) {
         return std::vector{of(DType::boolean, {n, 5}), f32_of({n, 5}), f32_of({5})};
       }},
  });
}

TEST_CASE("dynamic: reductions") {
  check_all({
      {"sum",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({n, 100})};
       },
       {},
       0,
       0,
       64},
      {"sum",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({9, n})};
       },
       {},
       0,
       0,
       64},
      {"sum",
       "[a] b",
       [](auto n) {
         return std::vector{f32_of({n, 100})};
       },
       {},
       0,
       0,
       64},
      {"sum",
       "[a] b",
       [](auto n) {
         return std::vector{f32_of({100, n})};
       },
       {},
       0,
       0,
       64},
      {"sum", "[a] b",
       [](auto n) {
         return std::vector{of(DType::i32, {n, n + 1})};
       }},
      {"sum",
       "[...]",
       [](auto n) {
         return std::vector{f32_of({n, 30})};
       },
       {},
       0,
       0,
       64},
      {"max", "a [b]",
       [](auto n) {
         return std::vector{f32_of({n, 30})};
       }},
      {"max", "[a] b",
       [](auto n) {
         return std::vector{of(DType::i16, {n, 30})};
       }},
      {"mean",
       "b c [h w]",
       [](auto n) {
         return std::vector{f32_of({3, n, 5, 7})};
       },
       {},
       0,
       0,
       64},
      {"mean",
       "b c [h w]",
       [](auto n) {
         return std::vector{f32_of({3, 4, n, 7})};
       },
       {},
       0,
       1,
       64},
      {"mean", "b (s [s2]) c",
       [](auto n) {
         return std::vector{f32_of({3, 4 * n, 17})};
       },
       [](auto) {
         return Sizes{{"s2", 4}};
       },
       0, 0, 64},
      {"var",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({9, n})};
       },
       {},
       0,
       1,
       256},
      {"var",
       "[a] b",
       [](auto n) {
         return std::vector{f32_of({n, 9})};
       },
       {},
       0,
       1,
       256},
      {"argmax", "a [b] -> a",
       [](auto n) {
         return std::vector{f32_of({n, 50})};
       }},
      {"argmax",
       "a [b] -> a",
       [](auto n) {
         return std::vector{f32_of({9, n})};
       },
       {},
       0,
       1},
      {"argmax",
       "[a] b -> b",
       [](auto n) {
         return std::vector{f32_of({n, 50})};
       },
       {},
       0,
       1},
      {"argmin", "[a] b -> b",
       [](auto n) {
         return std::vector{f32_of({50, n})};
       }},
      {"logsumexp",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({n, 20})};
       },
       {},
       0,
       0,
       256},
      {"softmax",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({n, 20})};
       },
       {},
       0,
       0,
       256},
      {"softmax",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({5, n})};
       },
       {},
       0,
       0,
       256},
      {"softmax",
       "[a] b",
       [](auto n) {
         return std::vector{f32_of({n, 21})};
       },
       {},
       0,
       0,
       256},
      {"softmax",
       "b h q [k]",
       [](auto n) {
         return std::vector{f32_of({2, 3, n, n})};
       },
       {},
       0,
       0,
       256},
  });
}

TEST_CASE("dynamic: contractions") {
  check_all({
      {"dot",
       "a [b], [b] c -> a c",
       [](auto n) {
         return std::vector{f32_of({n, 33}), f32_of({33, 40})};
       },
       {},
       0,
       0,
       64},
      {"dot",
       "a [b], [b] c -> a c",
       [](auto n) {
         return std::vector{f32_of({21, n}), f32_of({n, 40})};
       },
       {},
       0,
       0,
       64},
      {"dot",
       "a [b], [b] c -> a c",
       [](auto n) {
         return std::vector{f32_of({21, 33}), f32_of({33, n})};
       },
       {},
       0,
       0,
       64},
      {"dot",
       "a [b], [b] c -> a c",
       [](auto n) {
         return std::vector{f32_of({n, n}), f32_of({n, n})};
       },
       {},
       0,
       0,
       64},
      {"dot",
       "a [b], c [b] -> a c",
       [](auto n) {
         return std::vector{f32_of({n, 33}), f32_of({40, 33})};
       },
       {},
       0,
       1,
       64},
      {"dot",
       "z i [j], z [j] k -> z i k",
       [](auto n) {
         return std::vector{f32_of({n, 4, 5}), f32_of({n, 5, 6})};
       },
       {},
       0,
       0,
       64},
      {"dot",
       "z i [j], z [j] k -> z i k",
       [](auto n) {
         return std::vector{of(DType::f64, {3, n, 5}), of(DType::f64, {3, 5, 6})};
       },
       {},
       0,
       0,
       64},
      {"dot",
       "z i [j], z [j k], z [k] -> z i",
       [](auto n) {
         return std::vector{f32_of({n, 4, 5}), f32_of({n, 5, 8}), f32_of({n, 8})};
       },
       {},
       0,
       0,
       64},
      {"dot",
       "b q h [d], b k h [d] -> b h q k",
       [](auto n) {
         return std::vector{f32_of({2, n, 3, 8}), f32_of({2, n, 3, 8})};
       },
       {},
       0,
       1,
       64},
      {"dot",
       "a b [c], [c] d -> a b d",
       [](auto n) {
         return std::vector{f32_of({n, 17, 64}), f32_of({64, 64})};
       },
       {},
       0,
       1,
       64},
      {"dot",
       "[a], [a] ->",
       [](auto n) {
         return std::vector{f32_of({n}), f32_of({n})};
       },
       {},
       0,
       0,
       64},
  });
}

TEST_CASE("dynamic: coordinates, orders and functions of the runtime") {
  check_all({
      {"get_at",
       "[a] b, c -> c b",
       [](auto n) {
         return std::vector{f32_of({9, 33}), of(DType::i32, {n})};
       },
       {},
       9},
      {"get_at",
       "[a] b, c -> c b",
       [](auto n) {
         return std::vector{f32_of({9, n}), of(DType::i64, {12})};
       },
       {},
       9},
      {"get_at",
       "[a] b, c -> c b",
       [](auto n) {
         return std::vector{f32_of({n + 9, 12}), of(DType::i64, {12})};
       },
       {},
       9},
      {"add_at",
       "[a] b, c, c b -> [a] b",
       [](auto n) {
         return std::vector{f32_of({9, 12}), of(DType::i32, {n}), f32_of({n, 12})};
       },
       {},
       9,
       2,
       64},
      {"sort",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({n, 30})};
       },
       {},
       0,
       1},
      {"sort",
       "a [b]",
       [](auto n) {
         return std::vector{f32_of({5, n})};
       },
       {},
       0,
       2},
  });
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
