// Loops of some calls as text, held against files. EINX_UPDATE_GOLDENS=1 rewrites them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "loops/graphs.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

struct Golden {
  std::string name, op, pattern;
  std::vector<graph::Type> types;
  Sizes sizes;
  bool dynamic = false;
  graph::Attributes attributes = {};
};

const std::vector<Golden>& goldens() {
  static const std::vector<Golden> rows = {
      {"transpose", "id", "a b -> b a", {f32_of({20, 12})}, {}},
      {"transpose_large", "id", "a b -> b a", {f32_of({4096, 4096})}, {}},
      {"transpose_batch", "id", "b c h w -> b h w c", {f32_of({32, 64, 56, 56})}, {}},
      {"split_heads", "id", "b s (h d) -> b h s d", {f32_of({2, 5, 24})}, {{"h", 3}}},
      {"concatenate", "id", "a, b -> (a + b)", {f32_of({5}), type(DType::i32, {7})}, {}},
      {"diagonal", "id", "a a b -> a b", {f32_of({4, 4, 3})}, {}},
      {"repeat", "id", "a -> a r", {f32_of({7})}, {{"r", 3}}},
      {"strided", "id", "a b -> a b", {type(DType::i64, {6, 10}, {-10, 2})}, {}},
      {"bias", "add", "a b, b", {f32_of({64, 100}), f32_of({100})}, {}},
      {"where",
       "where",
       "a b, a b, b",
       {type(DType::boolean, {4096, 4096}), f32_of({4096, 4096}), f32_of({4096})},
       {}},
      {"compare", "less", "a, -> a", {type(DType::f16, {33}), type(DType::f32, {})}, {}},
      {"add_long", "add", "a, a", {f32_of({1 << 22}), f32_of({1 << 22})}, {}},
      {"add_dynamic", "add", "a b, b", {f32_of({4, 5}), f32_of({5})}, {}, true},
      {"sum_nothing", "sum", "a [b]", {f32_of({3, 0})}, {}},
      {"sum_dynamic", "sum", "b... (g [c])", {f32_of({10, 10})}, {{"g", 2}}, true},
      {"sum_last", "sum", "a [b]", {f32_of({4096, 4096})}, {}},
      {"sum_first", "sum", "[a] b", {f32_of({4098, 4096})}, {}},
      {"sum_all", "sum", "[a b]", {f32_of({4096, 4096})}, {}},
      {"pool", "mean", "b (s [s2]) c", {f32_of({16, 1024, 256})}, {{"s2", 4}}},
      {"softmax", "softmax", "b h q [k]", {f32_of({8, 16, 256, 256})}, {}},
      {"var_first", "var", "[a] b", {f32_of({40, 100})}, {}},
      {"flip", "flip", "a [b]", {f32_of({64, 100})}, {}},
      {"roll", "roll", "[a b]", {f32_of({64, 100})}, {}, false, {{"shift", {7, 0}}}},
      {"sort", "sort", "a [b] c -> c a [b]", {type(DType::f16, {4, 1000, 6})}, {}},
      {"argsort_repeated", "argsort", "a [b] -> a [b] r", {f32_of({4, 1000})}, {{"r", 3}}},
      {"argmax_first", "argmax", "[a] b", {f32_of({4096, 4096})}, {}},
      {"argmax_last", "argmax", "a [b c] -> a [2]", {type(DType::f16, {7, 20, 30})}, {}},
      {"matmul_large", "dot", "a [b], [b] c -> a c", {f32_of({512, 512}), f32_of({512, 512})}, {}},
      {"matmul_small", "dot", "z a [b], z [b] c -> z a c", {f32_of({9, 5, 4}), f32_of({9, 4, 30})}, {}},
      {"embedding", "get_at", "[v] c, b s -> b s c", {f32_of({50257, 768}), type(DType::i64, {8, 1024})}, {}},
      {"scatter_rows",
       "add_at",
       "[v] c, b t, b t c",
       {f32_of({50000, 768}), type(DType::i64, {8, 1024}), f32_of({8, 1024, 768})},
       {}},
      {"scatter_points",
       "set_at",
       "[h w] c, p [2], p c -> c [h w]",
       {f32_of({6, 7, 33}), type(DType::i32, {5, 2}), f32_of({5, 33})},
       {}},
      {"contract_slices",
       "dot",
       "[a b] c [d], [d b] e [a] -> e c",
       {f32_of({24, 24, 24, 24}), f32_of({24, 24, 24, 24})},
       {}},
      {"contract_lanes",
       "dot",
       "z i [j], z [j k], z [k] -> z i",
       {f32_of({100, 4, 5}), f32_of({100, 5, 8}), f32_of({100, 8})},
       {}},
      {"contract_flat", "dot", "z i [j], z [j] k -> z i k", {f32_of({10, 4, 3}), f32_of({10, 3, 4})}, {}},
      {"contract_pairs",
       "dot",
       "[u v] w, [i j] k, z [u v i j] -> z w k",
       {f32_of({8, 8, 8}), f32_of({3, 3, 5}), f32_of({64, 8, 8, 3, 3})},
       {}},
      {"points",
       "get_at",
       "b [h w] c, b p [2] -> b p c",
       {f32_of({2, 6, 7, 33}), type(DType::i32, {2, 5, 2})},
       {}},
  };
  return rows;
}

std::string path_of(const Golden& golden) {
  return std::string(EINX_GOLDEN_DIR) + "/" + golden.name + ".txt";
}

std::string text_of(const Golden& golden) {
  loops::Options options;
  options.dynamic = golden.dynamic;
  const loops::Program program =
      loops::lower(call(golden.op, golden.pattern, golden.types, golden.sizes, golden.attributes), wide(), options);
  CHECK_MESSAGE(!loops::verify(program), loops::verify(program).value_or(""));
  return golden.op + "(\"" + golden.pattern + "\")\n\n" + loops::text(program) + "\n" +
         loops::schedule_text(program);
}

}  // namespace

TEST_CASE("loops of calls are as in the golden files") {
  const bool update = std::getenv("EINX_UPDATE_GOLDENS") != nullptr;
  for (const Golden& golden : goldens()) {
    CAPTURE(golden.name);
    const std::string text = text_of(golden);
    if (update) std::ofstream(path_of(golden)) << text;
    std::ifstream file(path_of(golden));
    std::stringstream stored;
    stored << file.rdbuf();
    CHECK(stored.str() == text);
  }
}
