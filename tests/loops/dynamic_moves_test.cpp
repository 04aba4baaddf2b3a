// One program for many sizes: moves, elementwise operations and reductions.
#include "loops/sized.h"

namespace einx::detail::loops_test {
namespace {

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

}  // namespace
}  // namespace einx::detail::loops_test
