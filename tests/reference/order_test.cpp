// flip, roll, sort, argsort against values written by hand.
#include "call.h"

using namespace reference_test;

namespace {

Tensor roll(const std::string& pattern, const Tensor& tensor, std::vector<std::int64_t> shift,
            const Sizes& sizes = {}) {
  const ops::Op& op = ops::get("roll");
  graph::Graph graph;
  const graph::ValueId input = graph::add_parameter(graph, type_of(tensor));
  graph.results = graph::add_node(graph, op, solved(op, pattern, {tensor}, sizes), {input},
                                  {{"shift", std::move(shift)}});
  const auto broken = graph::verify(graph);
  REQUIRE_MESSAGE(!broken, *broken);
  return reference::run(graph, std::vector{tensor}).at(0);
}

struct RollRow {
  std::string pattern;
  Shape shape;
  std::vector<std::int64_t> shift;
  Sizes sizes;
  In expected;
};

}  // namespace

TEST_CASE("flip reverses every bracketed axis") {
  check_rows({
      {"flip", "[a]", {{i32, {4}}}, {}, {i32, {4}, {3, 2, 1, 0}}},
      {"flip", "a [b]", {{f32, {2, 3}}}, {}, {f32, {2, 3}, {2, 1, 0, 5, 4, 3}}},
      {"flip", "[a] b", {{f32, {2, 3}}}, {}, {f32, {2, 3}, {3, 4, 5, 0, 1, 2}}},
      {"flip", "[a b]", {{f16, {2, 3}}}, {}, {f16, {2, 3}, {5, 4, 3, 2, 1, 0}}},
      {"flip", "a [b] -> [b] a", {{u8, {2, 3}}}, {}, {u8, {3, 2}, {2, 5, 1, 4, 0, 3}}},
      {"flip", "(a [b]) c", {{i64, {4, 2}}}, {{"a", 2}}, {i64, {4, 2}, {2, 3, 0, 1, 6, 7, 4, 5}}},
      {"flip", "a a [b] -> a [b]", {{i8, {2, 2, 2}}}, {}, {i8, {2, 2}, {1, 0, 7, 6}}},
      {"flip", "[b b]", {{i32, {2, 2}}}, {}, {i32, {2, 2}, {3, 2, 1, 0}}},
      {"flip", "[a] -> [a] r", {{i32, {2}}}, {{"r", 2}}, {i32, {2, 2}, {1, 1, 0, 0}}},
      {"flip", "a b -> b a", {{i32, {2, 2}}}, {}, {i32, {2, 2}, {0, 2, 1, 3}}},
      {"flip", "a [b]", {{f64, {2, 0}}}, {}, {f64, {2, 0}}},
      {"flip", "a [b]", {{f64, {0, 2}}}, {}, {f64, {0, 2}}},
      {"flip", "[a]", {{boolean, {3}, {1, 0, 0}}}, {}, {boolean, {3}, {0, 0, 1}}},
      {"flip", "[a]", {{bf16, {2}, {NaN, -1}}}, {}, {bf16, {2}, {-1, NaN}}},
  });
}

TEST_CASE("roll moves elements on, around the end") {
  const std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                     most = std::numeric_limits<std::int64_t>::max();
  const RollRow rows[] = {
      {"[a]", {5}, {2}, {}, {i32, {5}, {3, 4, 0, 1, 2}}},
      {"[a]", {5}, {-2}, {}, {i32, {5}, {2, 3, 4, 0, 1}}},
      {"[a]", {5}, {7}, {}, {i32, {5}, {3, 4, 0, 1, 2}}},
      {"[a]", {5}, {5}, {}, {i32, {5}}},
      {"[a]", {5}, {0}, {}, {i32, {5}}},
      {"[a]", {1}, {3}, {}, {i32, {1}}},
      {"[a]", {0}, {3}, {}, {i32, {0}}},
      {"[a]", {3}, {most}, {}, {i32, {3}, {2, 0, 1}}},   // 2^63 - 1 is 1 modulo 3
      {"[a]", {3}, {least}, {}, {i32, {3}, {2, 0, 1}}},  // -2^63 is -2 modulo 3
      {"[a]", {10}, {most}, {}, {i32, {10}, {3, 4, 5, 6, 7, 8, 9, 0, 1, 2}}},
      {"a [b]", {2, 3}, {1}, {}, {i32, {2, 3}, {2, 0, 1, 5, 3, 4}}},
      {"[a b]", {2, 3}, {1, -1}, {}, {i32, {2, 3}, {4, 5, 3, 1, 2, 0}}},
      {"a [b] -> [b] a", {2, 3}, {1}, {}, {i32, {3, 2}, {2, 5, 0, 3, 1, 4}}},
      {"([a] b)", {6}, {1}, {{"b", 2}}, {i32, {6}, {4, 5, 0, 1, 2, 3}}},
      {"[b b]", {2, 2}, {1, 0}, {}, {i32, {2, 2}, {2, 3, 0, 1}}},
      {"[a] -> [a] r", {3}, {1}, {{"r", 2}}, {i32, {3, 2}, {2, 2, 0, 0, 1, 1}}},
      {"a b -> b a", {2, 2}, {}, {}, {i32, {2, 2}, {0, 2, 1, 3}}},
  };
  for (const RollRow& row : rows) {
    CAPTURE(row.pattern);
    check_tensor(roll(row.pattern, Tensor::iota(row.shape, i32), row.shift, row.sizes), row.expected);
  }
}

TEST_CASE("sort and argsort: ascending, stable, nan last, zeros equal") {
  check_rows({
      {"sort", "[a]", {{i32, {4}, {3, -1, 2, -1}}}, {}, {i32, {4}, {-1, -1, 2, 3}}},
      {"argsort", "[a]", {{i32, {4}, {3, -1, 2, -1}}}, {}, {i64, {4}, {1, 3, 2, 0}}},
      {"sort", "a [b]", {{f32, {2, 3}, {3, 1, 2, -1, -3, -2}}}, {}, {f32, {2, 3}, {1, 2, 3, -3, -2, -1}}},
      {"argsort", "[a] b", {{f32, {2, 3}, {3, 1, 2, 0, 1, 5}}}, {}, {i64, {2, 3}, {1, 0, 0, 0, 1, 1}}},
      {"sort", "a [b] -> [b] a", {{u8, {2, 2}, {2, 1, 200, 100}}}, {}, {u8, {2, 2}, {1, 100, 2, 200}}},
      {"argsort", "(a [b])", {{f64, {4}, {2, 1, 0, 4}}}, {{"a", 2}}, {i64, {4}, {1, 0, 0, 1}}},
      {"sort",
       "a a [b] -> a [b]",
       {{i16, {2, 2, 2}, {1, 0, 9, 9, 9, 9, 3, 2}}},
       {},
       {i16, {2, 2}, {0, 1, 2, 3}}},
      {"sort", "[a] -> [a] r", {{i32, {2}, {1, 0}}}, {{"r", 2}}, {i32, {2, 2}, {0, 0, 1, 1}}},
      {"sort", "[a]", {{f16, {5}, {NaN, inf, -inf, 0.5, NaN}}}, {}, {f16, {5}, {-inf, 0.5, inf, NaN, NaN}}},
      {"argsort", "[a]", {{bf16, {5}, {NaN, inf, -inf, 0.5, NaN}}}, {}, {i64, {5}, {2, 3, 1, 0, 4}}},
      {"argsort", "[a]", {{f32, {4}, {0.0, -0.0, -1, 0.0}}}, {}, {i64, {4}, {2, 0, 1, 3}}},
      {"sort", "[a]", {{boolean, {4}, {1, 0, 1, 0}}}, {}, {boolean, {4}, {0, 0, 1, 1}}},
      {"argsort", "[a]", {{boolean, {4}, {1, 0, 1, 0}}}, {}, {i64, {4}, {1, 3, 0, 2}}},
      {"sort", "a [b]", {{f32, {2, 0}}}, {}, {f32, {2, 0}}},
      {"argsort", "a [b]", {{f32, {0, 2}}}, {}, {i64, {0, 2}}},
      {"sort", "a [b]", {{f32, {2, 1}}}, {}, {f32, {2, 1}}},
  });
  const Tensor zeros = call("sort", "[a]", {In{f32, {4}, {1, -0.0, 0.0, -0.0}}.tensor()});
  CHECK(std::signbit(zeros.item<float>({0})));
  CHECK_FALSE(std::signbit(zeros.item<float>({1})));
  CHECK(std::signbit(zeros.item<float>({2})));
}

TEST_CASE("64-bit integers are compared exactly") {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Tensor close = Tensor::copy_of<std::int64_t>({most, most - 1, -most - 1, most - 2}, {4});
  CHECK(call("sort", "[a]", {close}).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{-most - 1, most - 2, most - 1, most});
  const Tensor large = Tensor::copy_of<std::uint64_t>({std::uint64_t(1) << 63, 5, ~std::uint64_t(0)}, {3});
  CHECK(call("argsort", "[a]", {large}).to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 0, 2});
}
