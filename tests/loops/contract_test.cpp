// Contractions of every schedule against the reference: long sums with few results, many small problems,
// several operands; ragged extents, all strides, dtypes and levels.
#include "loops/cases.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

const DType kDtypes[] = {DType::i8,  DType::i32,  DType::i64, DType::u8, DType::u16,
                         DType::f16, DType::bf16, DType::f32, DType::f64};

/// What the first kernel says of itself.
std::string schedule_of(const Case& c, const codegen::Target& target) {
  return loops::schedule_text(loops::lower(call(c.op, c.pattern, c.types, c.sizes), target.machine));
}

}  // namespace

TEST_CASE("contractions: few results of long sums, both operands contiguous along summed axes") {
  std::vector<Case> cases;
  for (const std::int64_t n : {2, 4, 5, 8, 11, 17})
    cases.push_back({"dot", "[a b] c [d], [d b] e [a] -> e c", {f32_of({n, n, n, n}), f32_of({n, n, n, n})}});
  cases.insert(
      cases.end(),
      {
          {"dot",
           "[a b] c [d], [d b] e [a] -> e c",
           {type(DType::f64, {6, 5, 9, 12}), type(DType::f64, {12, 5, 20, 6})}},
          {"dot", "[a b] c [d], [d b] e [a] -> c e", {f32_of({6, 5, 9, 12}), f32_of({12, 5, 20, 6})}},
          {"dot", "a [b], c [b] -> a c", {f32_of({20, 40}), f32_of({24, 40})}},
          {"dot", "a [b], c [b] -> c a", {f32_of({20, 37}), f32_of({33, 37})}},
          {"dot", "a [b], c [b] -> a c", {f32_of({5, 3000}), f32_of({7, 3000})}},
          {"dot", "z a [b], z c [b] -> z a c", {f32_of({3, 9, 40}), f32_of({3, 17, 40})}},
          {"dot",
           "a [b], c [b] -> a c",
           {type(DType::f32, {20, 40}, {-80, 2}), type(DType::f32, {24, 40}, {120, -3})}},
          {"dot", "[k] a, [k] c -> a c", {f32_of({4000, 9}), f32_of({4000, 21})}},
          {"dot", "[k] a, c [k] -> a c", {f32_of({521, 9}), f32_of({21, 521})}},
      });
  check_everywhere(cases, 64);
}

TEST_CASE("contractions: long sums are cut into parts") {
  const std::vector<Case> cases = {
      {"dot", "[a b] c [d], [d b] e [a] -> e c", {f32_of({24, 24, 24, 24}), f32_of({24, 24, 24, 24})}},
      {"dot", "[a b] c [d], [d b] e [a] -> e c", {f32_of({16, 9, 33, 21}), f32_of({21, 9, 30, 16})}},
      {"dot", "a [b], c [b] -> a c", {f32_of({40, 20000}), f32_of({36, 20000})}},
      {"dot", "[k] a, [k] c -> a c", {f32_of({30000, 19}), f32_of({30000, 21})}},
      {"dot", "[k] a, [k] c -> a c", {type(DType::f64, {30011, 19}), type(DType::f64, {30011, 21})}},
  };
  for (const codegen::Target& target : targets())
    for (const Case& c : cases) check(c, target, false, true, 512);
  CHECK(schedule_of(cases[0], codegen::host_target()).find("8 parts") != std::string::npos);
}

TEST_CASE("contractions: several operands are multiplied in pairs") {
  std::vector<Case> cases;
  for (const std::int64_t z : {1, 3, 4, 15, 17, 40})
    cases.push_back(
        {"dot", "z i [j], z [j k], z [k] -> z i", {f32_of({z, 4, 5}), f32_of({z, 5, 8}), f32_of({z, 8})}});
  for (const DType dtype : kDtypes)
    cases.push_back({"dot",
                     "z i [j], z [j k], z [k] -> z i",
                     {type(dtype, {19, 2, 3}), type(dtype, {19, 3, 5}), type(dtype, {19, 5})}});
  cases.insert(
      cases.end(),
      {
          {"dot",
           "[u v] w, [i j] k, z [u v i j] -> z w k",
           {f32_of({2, 3, 4}), f32_of({3, 2, 5}), f32_of({20, 2, 3, 3, 2})}},
          {"dot",
           "a [b], [b c], [c d], [d] e -> a e",
           {f32_of({18, 3}), f32_of({3, 4}), f32_of({4, 5}), f32_of({5, 6})}},
          {"dot", "z a, z b, z c -> b z c a", {f32_of({21, 3}), f32_of({21, 4}), f32_of({21, 2})}},
          {"dot",
           "z i [j], z [j k], z [k] -> z i",
           {type(DType::f32, {20, 4, 5}, {20, 5, 0}), type(DType::f32, {20, 5, 8}, {8, 0, 1}),
            f32_of({20, 8})}},
          {"dot",
           "[u v] w, [i j] k, z [u v i j] -> z w k",
           {f32_of({6, 5, 8}), f32_of({3, 3, 5}), f32_of({20, 6, 5, 3, 3})}},
          {"dot",
           "[u v] w, [i j] k, z [u v i j] -> z w k",
           {type(DType::f16, {6, 5, 8}), type(DType::f32, {3, 3, 5}), type(DType::i32, {20, 6, 5, 3, 3})}},
          {"dot",
           "a [b], [b c], [c d], [d] e -> a e",
           {f32_of({40, 30}), f32_of({30, 20}), f32_of({20, 30}), f32_of({30, 9})}},
          {"dot",
           "a [b], [b c], [c] d -> a d r",
           {type(DType::f32, {40, 30}, {30, 0}), type(DType::f32, {30, 20}, {0, 0}), f32_of({20, 30})},
           {{"r", 3}}},
          {"dot",
           "z i [j], z [j k], z [k] -> i z",
           {type(DType::f32, {20, 4, 5}, {-1, 20, 80}), f32_of({20, 5, 8}),
            type(DType::f32, {20, 8}, {0, 1})}},
      });
  check_everywhere(cases, 64);
}

TEST_CASE("contractions: rows shorter than a vector stand side by side") {
  std::vector<Case> cases;
  for (const std::int64_t n : {2, 3, 4, 5, 7, 8})
    for (const std::int64_t z : {1, 2, 19})
      cases.push_back({"dot", "z i [j], z [j] k -> z i k", {f32_of({z, n, n}), f32_of({z, n, n})}});
  for (const DType dtype : {DType::i32, DType::i64, DType::f64, DType::u32}) {
    cases.push_back({"dot", "z i [j], z [j] k -> z i k", {type(dtype, {7, 4, 3}), type(dtype, {7, 3, 2})}});
    cases.push_back({"dot", "i [j], [j] k -> i k", {type(dtype, {37, 9}), type(dtype, {9, 3})}});
  }
  cases.insert(cases.end(),
               {
                   {"dot", "i [j], [j] k -> i k", {f32_of({301, 9}), f32_of({9, 5})}},
                   {"dot", "z i [j], z k [j] -> z i k", {f32_of({5, 6, 4}), f32_of({5, 8, 4})}},
                   {"dot", "z [j] i, z [j] k -> z i k", {f32_of({5, 4, 6}), f32_of({5, 4, 8})}},
                   {"dot", "z [j] i, z k [j] -> z k i", {f32_of({5, 4, 6}), f32_of({5, 8, 4})}},
                   {"dot", "i [j], z [j] k -> z i k", {f32_of({4, 4}), f32_of({5, 4, 4})}},
                   {"dot",
                    "z i [j], z [j] k -> z i k",
                    {type(DType::f32, {6, 4, 4}, {40, 8, 1}), type(DType::f32, {6, 4, 4}, {-16, 4, 1})}},
                   {"dot",
                    "z i [j], z [j] k -> z i k",
                    {type(DType::f32, {6, 4, 4}, {16, -4, 1}), type(DType::f32, {6, 4, 4}, {0, 1, 4})}},
               });
  check_everywhere(cases, 64);
}

TEST_CASE("contractions: batches beyond the caches are stored past them") {
  const std::vector<Case> cases = {
      {"dot", "z i [j], z [j] k -> z i k", {f32_of({30000, 8, 8}), f32_of({30000, 8, 8})}},
      {"dot", "z i [j], z [j] k -> z i k", {f32_of({8000, 16, 16}), f32_of({8000, 16, 16})}},
      {"dot", "z i [j], z [j] k -> z i k", {f32_of({20000, 5, 16}), f32_of({20000, 16, 16})}},
  };
  for (const Case& c : cases) {
    check(c, codegen::host_target(), false, true, 64);
    if (codegen::host_target().machine.vector_bytes == 64)
      CHECK(schedule_of(c, codegen::host_target()).find("past the caches") != std::string::npos);
  }
}
