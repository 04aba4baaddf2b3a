// One program for many sizes: contractions, coordinates and orders.
#include "loops/sized.h"

namespace einx::detail::loops_test {
namespace {

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

}  // namespace
}  // namespace einx::detail::loops_test
