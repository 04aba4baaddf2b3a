// Programs of the plain, map and copy schedules against the reference: patterns x shapes x dtypes x strides,
// static and dynamic, on every level.
#include "loops/cases.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

const DType kDtypes[] = {DType::boolean, DType::i8,  DType::i16, DType::i32, DType::i64,
                         DType::u8,      DType::u16, DType::u32, DType::u64, DType::f16,
                         DType::bf16,    DType::f32, DType::f64};

}  // namespace

TEST_CASE("copies: transposes of every element size and ragged shape") {
  std::vector<Case> cases;
  for (const DType dtype : {DType::u8, DType::i16, DType::f32, DType::f64})
    for (const auto& [a, b] :
         {std::pair{1, 7}, {7, 3}, {8, 8}, {16, 16}, {17, 23}, {40, 9}, {64, 64}, {100, 45}}) {
      cases.push_back({"id", "a b -> b a", {type(dtype, {a, b})}});
      cases.push_back({"id", "x a b -> b x a", {type(dtype, {3, a, b})}});
    }
  check_everywhere(cases);
}

TEST_CASE("copies: permutations, pieces, repeats, diagonals, strides") {
  check_everywhere({
      {"id", "a b c d e -> e d c b a", {f32_of({9, 8, 3, 5, 11})}},
      {"id", "a b c -> c a b", {f32_of({20, 10, 30})}},
      {"id", "b c h w -> b h w c", {type(DType::u8, {2, 3, 20, 20})}},
      {"id", "b h w c -> b c h w", {f32_of({2, 20, 20, 3})}},
      {"id", "b (h p1) (w p2) c -> b (h w) (p1 p2 c)", {f32_of({2, 8, 12, 3})}, {{"p1", 4}, {"p2", 4}}},
      {"id", "b s (h d) -> b h s d", {f32_of({2, 7, 24})}, {{"h", 3}}},
      {"id", "a b -> (a b)", {type(DType::i32, {6, 10}, {-10, 1})}},
      {"id", "a b -> b a", {type(DType::i32, {36, 20}, {-20, -1})}},
      {"id", "a b -> b a", {type(DType::f32, {36, 20}, {0, 1})}},
      {"id", "a b -> a b", {type(DType::f32, {36, 20}, {1, 0})}},
      {"id", "a b -> b a", {type(DType::f64, {36, 20}, {60, 3})}},
      {"id", "a a b -> b a", {f32_of({20, 20, 9})}},
      {"id", "a -> r a s", {f32_of({21})}, {{"r", 3}, {"s", 2}}},
      {"id", " -> a b", {f32_of({})}, {{"a", 5}, {"b", 40}}},
      {"id", "(a + b) c -> c a, c b", {f32_of({50, 30})}, {{"a", 17}}},
      {"id", "a, b -> (a + b)", {f32_of({50}), type(DType::i32, {30})}},
      {"id", "c, h w c -> (1 + (h w)) c", {type(DType::i64, {3}), type(DType::i64, {20, 40, 3})}},
      {"id", "a b -> b a", {f32_of({3, 0})}},
      {"id", "->", {f32_of({})}},
  });
}

TEST_CASE("copies: every dtype") {
  std::vector<Case> cases;
  for (const DType dtype : kDtypes) {
    cases.push_back({"id", "a b -> b a", {type(dtype, {33, 18})}});
    cases.push_back({"id", "a b -> a r b", {type(dtype, {3, 70})}, {{"r", 2}}});
  }
  check_everywhere(cases);
}

TEST_CASE("maps: broadcasts, strides, lengths around a vector") {
  std::vector<Case> cases;
  for (const std::int64_t n : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 130})
    cases.push_back({"add", "a b, b", {f32_of({3, n}), f32_of({n})}});
  cases.insert(
      cases.end(),
      {
          {"add", "a b, a", {f32_of({5, 40}), f32_of({5})}},
          {"subtract", "a b, c b -> c a b", {f32_of({3, 50}), f32_of({4, 50})}},
          {"multiply", "a b, b a -> a b", {f32_of({20, 30}), f32_of({30, 20})}},
          {"add", "a, -> a", {f32_of({40}), f32_of({})}},
          {"add", ", ->", {f32_of({}), f32_of({})}},
          {"where", "a b, a b, b", {type(DType::boolean, {9, 37}), f32_of({9, 37}), f32_of({37})}},
          {"where", "a b, a b, b", {type(DType::boolean, {700, 531}), f32_of({700, 531}), f32_of({531})}},
          {"less", "a, b -> a b", {f32_of({30}), type(DType::f64, {7})}},
          {"add", "a b, a b", {type(DType::f32, {30, 20}, {-20, -1}), type(DType::f32, {30, 20}, {1, 30})}},
          {"logaddexp", "a b, b", {f32_of({7, 40}), f32_of({40})}},
          {"add", "a, a", {f32_of({300000}), f32_of({300000})}},
          {"maximum", "a b, b", {f32_of({2, 200000}), f32_of({200000})}},
      });
  check_everywhere(cases);
}

TEST_CASE("maps: every pair of dtypes") {
  std::vector<Case> cases;
  for (const DType a : kDtypes)
    for (const DType b : kDtypes)
      cases.push_back({a == b ? "maximum" : "add", "a b, b -> b a", {type(a, {5, 19}), type(b, {19})}});
  for (const codegen::Target& target : targets())
    for (const Case& c : cases) check(c, target, false, true);
}

TEST_CASE("large outputs leave past the caches") {
  const std::vector<Case> cases = {
      {"id", "a b -> b a", {f32_of({3072, 3200})}},
      {"id", "x a b -> x b a", {type(DType::f64, {5, 1024, 1088})}},
      {"id", "a b -> b a", {f32_of({3001, 3201})}},
      {"add", "a b, b", {type(DType::i32, {3000, 4096}), type(DType::i32, {4096})}},
      {"add", "a b, b", {type(DType::i32, {3000, 4001}), type(DType::i32, {4001})}},
  };
  for (const Case& c : cases) check(c, codegen::host_target(), false, true);
}

TEST_CASE("a graph of several nodes passes values through temporaries") {
  graph::Graph graph = call("id", "a b -> b a", {f32_of({30, 40})});
  const graph::Graph second = call("add", "a b, b", {f32_of({40, 30}), f32_of({30})});
  const graph::ValueId bias = graph::add_parameter(graph, f32_of({30}));
  const graph::ValueId first = graph.results[0];
  graph.results = graph::add_node(graph, *second.nodes[0].op, second.nodes[0].expr, {first, bias});
  graph.results.push_back(bias);
  graph.results.push_back(graph.results[0]);
  const std::vector<Tensor> operands{operand(f32_of({30, 40}), 1), operand(f32_of({30}), 2)};
  const auto expected = reference::run(graph, operands);
  const Ran ran = run_program(graph, operands, codegen::host_target());
  REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(difference(expected[k], ran.outputs[k]) == "");
}
