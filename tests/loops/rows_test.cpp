// Programs of the schedules of reductions, row-wise operations, argmax, contractions and gathers against the
// reference.
#include <cmath>
#include <limits>

#include "loops/cases.h"

namespace {

using namespace einx;
using namespace einx::detail;
using namespace einx::detail::loops_test;

constexpr DType kDtypes[] = {DType::boolean, DType::i8,  DType::i16, DType::i32, DType::i64,
                             DType::u8,      DType::u16, DType::u32, DType::u64, DType::f16,
                             DType::bf16,    DType::f32, DType::f64};

/// Around one and several vectors of every width, and primes.
constexpr std::int64_t kLengths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 61, 64, 65, 128, 131, 257, 1031};

}  // namespace

TEST_CASE("reductions of every length along and across") {
  std::vector<Case> cases;
  for (const std::int64_t n : kLengths) {
    cases.push_back({"sum", "a [b]", {f32_of({3, n})}});
    cases.push_back({"max", "[a] b", {f32_of({n, 5})}});
    cases.push_back({"sum", "[a] b", {f32_of({9, n})}});
    cases.push_back({"mean", "[a]", {f32_of({n})}});
    cases.push_back({"sum", "a [b]", {f32_of({n, 3})}});
  }
  check_everywhere(cases);
}

TEST_CASE("reductions: several axes, groups, diagonals, strides, outputs of other axes") {
  check_everywhere({
      {"sum", "[a] b [c]", {f32_of({5, 6, 37})}},
      {"sum", "a [b] c", {f32_of({3, 5, 70})}},
      {"mean", "b (s [s2]) c", {f32_of({2, 12, 33})}, {{"s2", 4}}},
      {"mean", "b c [h w]", {f32_of({3, 4, 7, 9})}},
      {"sum", "[a a] b", {f32_of({6, 6, 20})}},
      {"max", "b (h [p1]) (w [p2]) c", {f32_of({2, 6, 8, 3})}, {{"p1", 2}, {"p2", 2}}},
      {"sum", "a [b] -> c a d", {f32_of({5, 70})}, {{"c", 3}, {"d", 20}}},
      {"sum", "[a] b -> b c", {f32_of({5, 40})}, {{"c", 5}}},
      {"sum", "a [b]", {type(DType::f32, {6, 50}, {-50, -1})}},
      {"sum", "[a] b", {type(DType::f32, {50, 40}, {-40, -1})}},
      {"sum", "a [b]", {type(DType::f32, {6, 50}, {1, 6})}},
      {"sum", "a [b]", {type(DType::f32, {6, 50}, {150, 3})}},
      {"sum", "a [b]", {type(DType::f32, {6, 50}, {1, 0})}},
      {"sum", "a [b]", {type(DType::f32, {6, 50}, {0, 1})}},
      {"sum", "[a b]", {f32_of({30, 40})}},
      {"sum", "", {f32_of({})}},
      {"sum", "a b []", {f32_of({3, 4})}},
      {"sum", "a [b]", {f32_of({3, 0})}},
      {"sum", "[a] b", {f32_of({3, 0})}},
      {"sum", "a [b] c d [e]", {f32_of({2, 3, 4, 5, 6})}},
  });
}

TEST_CASE("reductions of every operation and dtype") {
  std::vector<Case> cases;
  for (const char* op : {"sum", "prod", "mean", "max", "min", "any", "all", "count_nonzero", "var", "std"})
    for (const DType dtype : kDtypes) {
      cases.push_back({op, "a [b]", {type(dtype, {3, 75})}});
      cases.push_back({op, "[a] b", {type(dtype, {20, 75})}});
    }
  for (const codegen::Target& target : targets())
    for (const Case& c : cases) check(c, target, false, true, 64);
}

TEST_CASE("wide columns and few results of many elements") {
  const std::vector<Case> cases = {
      {"sum", "[a] b", {f32_of({301, 3000})}},
      {"max", "x [a] b", {f32_of({3, 50, 5001})}},
      {"sum", "[a b]", {f32_of({1500, 1501})}},
      {"sum", "[a] b", {f32_of({400003, 5})}},
      {"argmax", "[a b] -> [2]", {f32_of({1500, 1501})}},
      {"argmax", "[a] b", {f32_of({301, 3000})}},
      {"argmin", "[a] b", {f32_of({200003, 6})}},
      {"sum", "a [b]", {f32_of({3, 700001})}},
      {"any", "[a b]", {type(DType::boolean, {1500, 2501})}},
      {"count_nonzero", "a [b] -> c a", {type(DType::u8, {2, 3000001})}, {{"c", 3}}},
      {"sum", "[a] b [c] d", {f32_of({40, 20, 30, 200})}},
      {"prod", "[a] b", {type(DType::i32, {77, 900})}},
  };
  for (const codegen::Target& target : targets())
    for (const Case& c : cases) check(c, target, false, true, 2000);
}

TEST_CASE("variances in one reading: columns, ragged groups, parts that are merged, whole tensors") {
  const std::vector<Case> small = {
      {"var", "[a] b", {f32_of({64, 300})}},
      {"var", "[a] b", {f32_of({61, 300})}},
      {"std", "[a] b", {type(DType::f64, {37, 131})}},
      {"var", "[a] b", {type(DType::f16, {40, 257})}},
      {"var", "[a] b", {type(DType::i32, {40, 257})}},
      {"var", "[a] b", {type(DType::f32, {40, 200}, {-200, 1})}},
      {"var", "a [b] c", {f32_of({3, 40, 300})}},
      {"var", "[a] b -> b c", {f32_of({40, 300})}, {{"c", 2}}},
  };
  check_everywhere(small, 64);
  // The reference adds one element after the other.
  for (const Case& c : {Case{"var", "[a] b", {f32_of({2051, 330})}}, Case{"std", "[a b]", {type(DType::f64, {301, 1031})}}})
    check(c, codegen::host_target(), false, true, 2000);
}

TEST_CASE("the variance of columns far from zero, and of infinities") {
  constexpr std::int64_t kRows = 203, kColumns = 64;
  const graph::Graph graph = call("var", "[a] b", {f32_of({kRows, kColumns})});
  Tensor x = Tensor::empty({kRows, kColumns}, DType::f32);
  for (std::int64_t k = 0; k < x.size(); ++k)
    x.data_as<float>()[k] = 1e4F + float(k / kColumns % 2);
  x.data_as<float>()[(kRows - 1) * kColumns] = std::numeric_limits<float>::infinity();  // in the last, short group
  x.data_as<float>()[1] = std::numeric_limits<float>::quiet_NaN();
  for (const codegen::Target& target : targets()) {
    const Ran ran = run_program(graph, std::vector{x}, target);
    REQUIRE(ran.outputs.size() == 1);
    const float* y = ran.outputs[0].data_as<float>();
    CHECK(std::isnan(y[0]));
    CHECK(std::isnan(y[1]));
    const double even = (kRows + 1) / 2, odd = kRows / 2;
    for (std::int64_t k = 2; k < kColumns; ++k)
      CHECK(y[k] == doctest::Approx(even * odd / kRows / kRows).epsilon(1e-5));
  }
}

TEST_CASE("row-wise operations") {
  std::vector<Case> cases;
  for (const std::int64_t n : kLengths) {
    cases.push_back({"softmax", "a [b]", {f32_of({3, n})}});
    cases.push_back({"softmax", "[a] b", {f32_of({5, n})}});
    cases.push_back({"var", "a [b]", {f32_of({3, n})}});
  }
  for (const char* op : {"softmax", "log_softmax"})
    for (const DType dtype : {DType::i8, DType::u32, DType::f16, DType::bf16, DType::f32, DType::f64}) {
      cases.push_back({op, "a [b]", {type(dtype, {3, 75})}});
      cases.push_back({op, "a [b] c -> c [b] a", {type(dtype, {4, 9, 20})}});
    }
  cases.insert(cases.end(), {
                                {"softmax", "a [b c]", {f32_of({3, 6, 33})}},
                                {"softmax", "(a [b]) c", {f32_of({12, 40})}, {{"a", 2}}},
                                {"softmax", "a [b] -> a [b] d", {f32_of({3, 40})}, {{"d", 3}}},
                                {"softmax", "a [b]", {type(DType::f32, {6, 50}, {-50, -1})}},
                                {"logsumexp", "a [b]", {f32_of({5, 75})}},
                                {"logsumexp", "[a] b", {f32_of({75, 40})}},
                                {"std", "[a] b", {f32_of({75, 40})}},
                                {"var", "b [s] c", {type(DType::i32, {3, 20, 7})}},
                                {"var", "[a b]", {f32_of({70, 90})}},
                                {"softmax", "a b", {f32_of({5, 7})}},
                                {"softmax", "a [b]", {f32_of({5, 0})}},
                            });
  check_everywhere(cases, 64);
}

TEST_CASE("argmax and argmin: ties go to the first, along and across, several axes") {
  std::vector<Case> cases;
  for (const std::int64_t n : kLengths) {
    cases.push_back({"argmax", "a [b]", {f32_of({3, n})}});
    cases.push_back({"argmin", "[a] b", {f32_of({n, 5})}});
    cases.push_back({"argmax", "[a] b", {f32_of({9, n})}});
  }
  for (const DType dtype : kDtypes) {
    cases.push_back({"argmax", "a [b]", {type(dtype, {3, 75})}});
    cases.push_back({"argmin", "[a] b", {type(dtype, {20, 75})}});
  }
  cases.insert(cases.end(), {
                                {"argmax", "[a b] c -> c [2]", {f32_of({4, 5, 40})}},
                                {"argmax", "[b a] c -> [2] c", {f32_of({4, 5, 3})}},
                                {"argmax", "a [b c] -> a [2]", {f32_of({3, 7, 40})}},
                                {"argmax", "[...] -> [3]", {f32_of({4, 5, 6})}},
                                {"argmax", "a [b c] -> a [2]", {type(DType::f32, {3, 7, 40}, {280, 1, 7})}},
                                {"argmin", "a [b]", {type(DType::f32, {6, 50}, {-50, -1})}},
                                {"argmax", "(b [h]) [w] c -> [2] b c", {f32_of({30, 6, 3})}, {{"b", 5}}},
                                {"argmax", "a [b] -> a", {type(DType::f32, {6, 50}, {1, 0})}},
                            });
  check_everywhere(cases);
}

TEST_CASE("argmax of rows of the lowest value, of nan, of infinities") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  std::vector<float> values(4 * 40, -inf);
  values[40 + 37] = nan;
  values[40 + 39] = nan;
  values[80 + 5] = inf;
  values[80 + 6] = inf;
  std::fill(values.begin() + 120, values.end(), nan);
  const std::int64_t expected[] = {0, 37, 5, 0};
  for (const char* pattern : {"a [b] -> a", "[b] a -> a"}) {
    Tensor x = Tensor::copy_of(std::span<const float>(values), {4, 40});
    if (pattern[0] == '[') x = x.permuted({1, 0}).clone();
    for (const codegen::Target& target : targets()) {
      const graph::Graph graph =
          call("argmax", pattern, {type(DType::f32, {x.shape().begin(), x.shape().end()})});
      const Ran ran = run_program(graph, std::span(&x, 1), target);
      REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
      for (int k = 0; k < 4; ++k) CHECK(ran.outputs[0].data_as<std::int64_t>()[k] == expected[k]);
    }
  }
}

TEST_CASE("reductions carry nan, infinities and minus zero") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  std::vector<float> values(5 * 40, -1.0f);
  values[7] = nan;
  values[40 + 9] = inf;
  values[80 + 1] = -inf;
  for (int k = 120; k < 160; ++k) values[k] = -inf;
  values[160] = inf;
  values[161] = -inf;
  const Tensor x = Tensor::copy_of(std::span<const float>(values), {5, 40});
  for (const char* op :
       {"sum", "max", "min", "mean", "var", "logsumexp", "count_nonzero", "any", "softmax", "log_softmax"})
    for (const codegen::Target& target : targets()) {
      CAPTURE(op);
      CAPTURE(target.level);
      const graph::Graph graph = call(op, "a [b]", {f32_of({5, 40})});
      const auto expected = reference::run(graph, std::span(&x, 1));
      const Ran ran = run_program(graph, std::span(&x, 1), target);
      REQUIRE_MESSAGE(ran.broken.empty(), ran.broken);
      CHECK(difference(expected[0], ran.outputs[0], 64) == "");
    }
}

TEST_CASE("contractions: sizes around the tiles") {
  std::vector<Case> cases;
  for (const auto& [m, n, k] : {std::array{1, 1, 1},
                                {3, 16, 5},
                                {12, 32, 8},
                                {13, 33, 9},
                                {24, 17, 31},
                                {7, 65, 64},
                                {40, 3, 20},
                                {5, 129, 2}})
    for (const char* pattern : {"a [b], [b] c -> a c", "a [b], [b] c -> c a"})
      cases.push_back({"dot", pattern, {f32_of({m, k}), f32_of({k, n})}});
  for (const auto& [m, n, k] : {std::array{3, 16, 5}, {13, 33, 9}, {40, 20, 70}}) {
    cases.push_back({"dot", "a [b], c [b] -> a c", {f32_of({m, k}), f32_of({n, k})}});
    cases.push_back({"dot", "[b] a, [b] c -> a c", {f32_of({k, m}), f32_of({k, n})}});
    cases.push_back({"dot", "[b] a, c [b] -> a c", {type(DType::f64, {k, m}), type(DType::f64, {n, k})}});
    cases.push_back({"dot", "z a [b], z [b] c -> z a c", {f32_of({3, m, k}), f32_of({3, k, n})}});
  }
  check_everywhere(cases, 200);
}

TEST_CASE("contractions: every dtype, several operands, several axes, strides") {
  std::vector<Case> cases;
  for (const DType dtype : kDtypes) {
    cases.push_back({"dot", "a [b], [b] c -> a c", {type(dtype, {14, 9}), type(dtype, {9, 40})}});
    cases.push_back({"dot", "a [b], [b] -> a", {type(dtype, {14, 39}), type(dtype, {39})}});
  }
  cases.insert(cases.end(),
               {
                   {"dot", "a [b], [b] c -> a c", {type(DType::i8, {14, 9}), f32_of({9, 40})}},
                   {"dot", "[b], [b] ->", {f32_of({1031}), f32_of({1031})}},
                   {"dot", "[a], [a] b -> b", {f32_of({31}), f32_of({31, 50})}},
                   {"dot", "a, b -> a b", {f32_of({31}), f32_of({50})}},
                   {"dot", "a b, a b -> a b", {f32_of({31, 20}), f32_of({31, 20})}},
                   {"dot", "a [b], [b] c, c -> a c", {f32_of({5, 6}), f32_of({6, 40}), f32_of({40})}},
                   {"dot", "a [b], [b c], [c] d -> a d", {f32_of({5, 6}), f32_of({6, 7}), f32_of({7, 40})}},
                   {"dot",
                    "b q (h [d]), b k (h [d]) -> b q h k",
                    {f32_of({2, 7, 24}), f32_of({2, 20, 24})},
                    {{"h", 3}}},
                   {"dot", "a [b c], [c b] d -> d a", {f32_of({5, 6, 7}), f32_of({7, 6, 20})}},
                   {"dot",
                    "a [b], [b] c -> a c",
                    {type(DType::f32, {9, 8}, {1, 9}), type(DType::f32, {8, 40}, {-40, -1})}},
                   {"dot", "a [b], [b] c -> a c r", {f32_of({5, 6}), f32_of({6, 30})}, {{"r", 3}}},
                   {"dot", "a [b], [b] c -> a c", {f32_of({5, 0}), f32_of({0, 30})}},
                   {"dot", "a [b], [b] c -> a c", {f32_of({0, 5}), f32_of({5, 30})}},
                   {"dot", "z i [j], z [j] k -> z i k", {f32_of({70, 4, 4}), f32_of({70, 4, 4})}},
               });
  check_everywhere(cases, 200);
}

TEST_CASE("large products: tables of offsets and the micro-kernel") {
  const std::vector<Case> cases = {
      {"dot", "a [b], [b] c -> a c", {f32_of({150, 131}), f32_of({131, 170})}},
      {"dot", "a [b], [b] c -> c a", {f32_of({150, 131}), f32_of({131, 170})}},
      {"dot", "a [b], c [b] -> a c", {type(DType::f64, {150, 131}), type(DType::f64, {170, 131})}},
      {"dot",
       "z b q (h [d]), b k (h [d]) -> z b h q k",
       {f32_of({2, 2, 140, 96}), f32_of({2, 150, 96})},
       {{"h", 2}}},
      {"dot", "a [b c], [c b] d -> d a", {f32_of({120, 16, 11}), f32_of({11, 16, 140})}},
      {"dot",
       "a [b], [b] c -> a c",
       {type(DType::f32, {150, 131}, {1, 150}), type(DType::f32, {131, 170}, {-170, -1})}},
      {"dot", "a [b], [b] c -> a r c", {f32_of({150, 131}), f32_of({131, 170})}, {{"r", 2}}},
      {"dot", "a [b], [b] c -> a c", {f32_of({300, 700}), f32_of({700, 200})}},
      {"dot", "z a [b], z c [b] -> z a c", {f32_of({17, 512, 8}), f32_of({17, 512, 8})}},
      {"dot", "a [b], [b] c -> a c", {type(DType::i32, {150, 131}), type(DType::i32, {131, 170})}},
      {"dot", "a [b], c [b] -> c a", {type(DType::u64, {150, 131}), type(DType::u64, {170, 131})}},
      {"dot", "a [b], [b] c -> a c", {type(DType::f16, {150, 131}), type(DType::f16, {131, 170})}},
      {"dot",
       "z a [b], z c [b] -> a z c",
       {type(DType::bf16, {2, 150, 131}, {1, 2, 300}), type(DType::bf16, {2, 170, 131})}},
  };
  for (const codegen::Target& target : targets())
    for (const Case& c : cases) check(c, target, false, true, 5000);
}

TEST_CASE("gathers: slices, single elements, several coordinates") {
  std::vector<Case> cases;
  for (const std::int64_t n : {1, 3, 8, 16, 17, 33, 70, 300})
    cases.push_back({"get_at", "[v] c, b s -> b s c", {f32_of({20, n}), type(DType::i64, {3, 5})}, {}, 20});
  for (const DType dtype : kDtypes)
    cases.push_back({"get_at", "[v] c, s -> s c", {type(dtype, {9, 40}), type(DType::i32, {11})}, {}, 9});
  for (const DType dtype : {DType::i8, DType::i16, DType::i32, DType::u8, DType::u16, DType::u32, DType::u64})
    cases.push_back({"get_at", "[v], s -> s", {f32_of({9}), type(dtype, {11})}, {}, 9});
  cases.insert(cases.end(),
               {
                   {"get_at",
                    "b [h w] c, b p [2] -> b p c",
                    {f32_of({2, 6, 7, 33}), type(DType::i64, {2, 5, 2})},
                    {},
                    6},
                   {"get_at",
                    "[h w], p, q -> q p",
                    {f32_of({6, 7}), type(DType::i64, {20}), type(DType::i64, {3})},
                    {},
                    6},
                   {"get_at", "[h] c, p -> c p", {f32_of({6, 40}), type(DType::i64, {20})}, {}, 6},
                   {"get_at", "c [h], p -> p c", {f32_of({40, 6}), type(DType::i64, {20})}, {}, 6},
                   {"get_at", "[h] c, -> c", {f32_of({6, 40}), type(DType::i64, {})}, {}, 6},
                   {"get_at", "[h], ->", {f32_of({6}), type(DType::i64, {})}, {}, 6},
                   {"get_at", "[h] c, p -> p r c", {f32_of({6, 40}), type(DType::i64, {20})}, {{"r", 3}}, 6},
                   {"get_at", "[v] c, b s -> b s c", {f32_of({50, 64}), type(DType::i64, {60, 50})}, {}, 50},
                   {"get_at",
                    "[v] c, p -> p c",
                    {type(DType::f32, {9, 40}, {-40, -1}), type(DType::i64, {11}, {-1})},
                    {},
                    9},
               });
  check_everywhere(cases);
}

TEST_CASE("gathers: a coordinate outside stops the kernel and says where; negative ones count from the end") {
  for (const codegen::Target& target : targets()) {
    const graph::Graph graph = call("get_at", "[v] c, p -> p c", {f32_of({5, 20}), type(DType::i64, {4})});
    std::vector<Tensor> operands{
        Tensor::iota({5, 20}),
        Tensor::copy_of({std::int64_t(0), std::int64_t(-5), std::int64_t(5), std::int64_t(1)}, {4})};
    Ran ran = run_program(graph, operands, target);
    CHECK(ran.code == EINX_INDEX_OUT_OF_RANGE);
    CHECK(ran.status.value == 5);
    CHECK(ran.status.extent == 5);
    CHECK(ran.status.position == 2);
    CHECK(ran.status.operand == 1);
    operands[1] =
        Tensor::copy_of({std::int64_t(0), std::int64_t(-5), std::int64_t(-1), std::int64_t(1)}, {4});
    ran = run_program(graph, operands, target);
    CHECK(ran.code == EINX_OK);
    CHECK(difference(reference::run(graph, operands)[0], ran.outputs[0]) == "");
  }
}
