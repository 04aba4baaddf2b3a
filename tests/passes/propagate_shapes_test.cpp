// Types for other inputs: which sizes follow from shapes and which are the pattern's own.
#include <doctest/doctest.h>

#include "passes/einsums.h"
#include "passes/passes.h"

using namespace einsums;
namespace passes = einx::detail::passes;
using einx::f32, einx::f64, einx::i32;

namespace {

graph::Graph parsed(const std::string& signature, const std::string& body) { return graph::parse("def op0" + signature + ":\n" + body + "    return x0\n"); }

std::string solved(const graph::Graph& graph, const std::vector<std::pair<einx::DType, einx::Shape>>& specs, const std::vector<std::string>& keep = {}) {
  std::vector<graph::Type> types;
  for (const auto& [dtype, shape] : specs) types.push_back(graph::make_type(dtype, shape));
  const std::string text = graph::text(graph::verified("propagate_shapes", passes::propagate_shapes(graph, types, keep)));
  const std::size_t first = text.find('\n') + 5;
  return text.substr(first, text.find('\n', first) - first);
}

template <class E>
std::string kind_of(const graph::Graph& graph, const std::vector<std::pair<einx::DType, einx::Shape>>& specs, const std::vector<std::string>& keep = {}) {
  try {
    solved(graph, specs, keep);
  } catch (const E& error) {
    return std::string(error.kind());
  }
  return "nothing";
}

}  // namespace

TEST_CASE("whole dimensions follow from shapes, in any dtype") {
  const graph::Graph dot = parsed("(i0: f32[2, 3], i1: f32[3, 4]) -> f32[2, 4]", "    x0: f32[2, 4] = dot(i0, i1, \"a [b], [b] c -> a c\")\n");
  CHECK(solved(dot, {{f32, {5, 6}}, {f32, {6, 7}}}) == "x0: f32[5, 7] = dot(i0, i1, \"a [b], [b] c -> a c\")");
  CHECK(solved(dot, {{f32, {2, 3}}, {f64, {3, 4}}}) == "x0: f64[2, 4] = dot(i0, i1, \"a [b], [b] c -> a c\")");
  CHECK(solved(dot, {{f32, {0, 3}}, {f32, {3, 1}}}) == "x0: f32[0, 1] = dot(i0, i1, \"a [b], [b] c -> a c\")");
  const graph::Graph sum = parsed("(i0: f32[2, 3]) -> f32[2]", "    x0: f32[2] = sum(i0, \"a [b] -> a\")\n");
  CHECK(solved(sum, {{i32, {4, 9}}}) == "x0: i64[4] = sum(i0, \"a [b] -> a\")");
}

TEST_CASE("sizes that the pattern gives stay") {
  const graph::Graph repeat = parsed("(i0: f32[2]) -> f32[2, 3]", "    x0: f32[2, 3] = id(i0, \"a -> a b\", b=3)\n");
  CHECK(solved(repeat, {{f32, {7}}}) == "x0: f32[7, 3] = id(i0, \"a -> a b\", b=3)");
  const graph::Graph groups = parsed("(i0: f32[10]) -> f32[2]", "    x0: f32[2] = sum(i0, \"(g [c]) -> g\", g=2, c=5)\n");
  CHECK(solved(groups, {{f32, {12}}}) == "x0: f32[2] = sum(i0, \"(g [c]) -> g\", g=2, c=6)");  // 12 is no multiple of 5
  CHECK(solved(groups, {{f32, {15}}}) == "x0: f32[3] = sum(i0, \"(g [c]) -> g\", g=3, c=5)");
  CHECK(solved(groups, {{f32, {20}}}, {"g"}) == "x0: f32[2] = sum(i0, \"(g [c]) -> g\", g=2, c=10)");
  CHECK(solved(groups, {{f32, {20}}}, {"c"}) == "x0: f32[4] = sum(i0, \"(g [c]) -> g\", g=4, c=5)");
  const graph::Graph heads = parsed("(i0: f32[4, 10], i1: f32[5]) -> f32[4, 2]", "    x0: f32[4, 2] = dot(i0, i1, \"b (h [c]), [c] -> b h\", h=2)\n");
  CHECK(solved(heads, {{f32, {9, 12}}, {f32, {6}}}) == "x0: f32[9, 2] = dot(i0, i1, \"b (h [c]), [c] -> b h\", h=2)");
  const graph::Graph slices = parsed("(i0: f32[4, 10]) -> f32[4, 3]", "    x0: f32[4, 3], x1: f32[4, 7] = id(i0, \"z (a + b) -> z a, z b\", a=3, b=7)\n");
  CHECK(solved(slices, {{f32, {6, 12}}}, {"a"}) == "x0: f32[6, 3], x1: f32[6, 9] = id(i0, \"z (a + b) -> z a, z b\", a=3, b=9)");
}

TEST_CASE("what does not fit, or fits in several ways, is an error") {
  const graph::Graph groups = parsed("(i0: f32[10]) -> f32[2]", "    x0: f32[2] = sum(i0, \"(g [c]) -> g\", g=2, c=5)\n");
  CHECK(kind_of<einx::AxisSizeError>(groups, {{f32, {20}}}) == "axis-ambiguous");
  CHECK(kind_of<einx::AxisSizeError>(groups, {{f32, {20}}}, {"g", "c"}) == "axis-conflict");
  CHECK(kind_of<einx::ValueError>(groups, {}) == "num-tensors");
  CHECK(kind_of<einx::RankError>(groups, {{f32, {2, 5}}}) == "ndim-mismatch");
  const graph::Graph dot = parsed("(i0: f32[2, 3], i1: f32[3, 4]) -> f32[2, 4]", "    x0: f32[2, 4] = dot(i0, i1, \"a [b], [b] c -> a c\")\n");
  CHECK(kind_of<einx::AxisSizeError>(dot, {{f32, {2, 3}}, {f32, {4, 4}}}) == "axis-conflict");
}

TEST_CASE("an intermediate of 10^12 elements is inferred, and goes, in no memory") {
  graph::Graph before;
  const auto a = parameter(before, {2, 3}), b = parameter(before, {4, 5});
  const auto outer = einsum(before, "ij,kl->ijkl", {a, b});
  before.results = {einsum(before, "ijkl->il", {outer})};
  const std::vector<graph::Type> types = {graph::make_type(f64, {1000, 1000}), graph::make_type(f64, {1000, 1000})};
  const graph::Graph large = graph::verified("propagate_shapes", passes::propagate_shapes(before, types));
  CHECK(large.values[std::size_t(outer)].type.shape == einx::Shape{1000, 1000, 1000, 1000});
  CHECK(passes::flops(passes::optimize(large)) < 1e7);
}
