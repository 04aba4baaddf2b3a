// get_at: where coordinates come from, wrapping, and what an error names.
#include "call.h"

using namespace reference_test;

TEST_CASE("elements at coordinates") {
  const In grid{i32, {2, 3}};
  check_rows({
      {"get_at", "[h], p -> p", {{f32, {4}}, {i64, {3}, {3, 0, 3}}}, {}, {f32, {3}, {3, 0, 3}}},
      {"get_at", "[h], ->", {{f32, {4}}, {i32, {}, {2}}}, {}, {f32, {}, {2}}},
      {"get_at", "[v] c, t -> t c", {{i32, {3, 2}}, {u8, {2}, {2, 0}}}, {}, {i32, {2, 2}, {4, 5, 0, 1}}},
      {"get_at", "[h w], p [2] -> p", {grid, {i64, {2, 2}, {1, 2, 0, 1}}}, {}, {i32, {2}, {5, 1}}},
      {"get_at", "[h w], [2] p -> p", {grid, {i64, {2, 2}, {1, 0, 2, 1}}}, {}, {i32, {2}, {5, 1}}},
      {"get_at", "[h w], p, q -> q p", {grid, {i64, {2}, {0, 1}}, {i64, {2}, {2, 0}}}, {}, {i32, {2, 2}, {2, 5, 0, 3}}},
      {"get_at", "[a b c], p [2], -> p", {{i32, {2, 2, 2}}, {i64, {1, 2}, {1, 0}}, {i64, {}, {1}}}, {}, {i32, {1}, {5}}},
      {"get_at", "b [h w] c, b p [2] -> b p c", {{i32, {2, 2, 1, 2}}, {i64, {2, 1, 2}, {1, 0, 0, 0}}}, {}, {i32, {2, 1, 2}, {2, 3, 4, 5}}},
      {"get_at", "b p [i,->]", {{i32, {1, 2, 3}}, {i64, {1, 2}, {2, 1}}}, {}, {i32, {1, 2}, {2, 4}}},
      {"get_at", "([h] w), p -> p w", {{i32, {6}}, {i64, {1}, {1}}}, {{"h", 2}}, {i32, {1, 3}, {3, 4, 5}}},
      {"get_at", "[h h], p [2] -> p", {{i32, {2, 2}}, {i64, {2, 2}, {0, 1, 1, 0}}}, {}, {i32, {2}, {1, 2}}},
      {"get_at", "a a [h], a -> a", {{i32, {2, 2, 2}}, {i64, {2}, {1, 0}}}, {}, {i32, {2}, {1, 6}}},
      {"get_at", "[h], p -> p k", {{i32, {3}}, {i64, {2}, {2, 1}}}, {{"k", 2}}, {i32, {2, 2}, {2, 2, 1, 1}}},
  });
}

TEST_CASE("coordinates of any integer dtype; negative ones count from the end") {
  for (DType dtype : {i8, i16, i32, i64})
    check_rows({{"get_at", "[h], p -> p", {{f16, {3}}, {dtype, {3}, {-1, -3, 2}}}, {}, {f16, {3}, {2, 0, 2}}}});
  for (DType dtype : {u8, u16, u32, u64})
    check_rows({{"get_at", "[h], p -> p", {{bf16, {3}}, {dtype, {2}, {2, 0}}}, {}, {bf16, {2}, {2, 0}}}});
  // Offsets are 64-bit whatever the coordinates' dtype.
  const Tensor x = Tensor::iota({100, 100}, i32);
  const Tensor at = In{i8, {1, 2}, {99, 99}}.tensor();
  check_tensor(call("get_at", "[h w], p [2] -> p", {x, at}), {i32, {1}, {9999}});
}

TEST_CASE("every axis is checked for itself") {
  struct Bad {
    std::string pattern;
    std::vector<In> inputs;
    std::vector<std::string> parts;
  };
  const Bad rows[] = {
      {"[h], p -> p", {{f32, {3}}, {i64, {2}, {0, 3}}}, {"coordinate 3 ", "(1,)", "#2", "'h'", "size 3"}},
      {"[h], p -> p", {{f32, {3}}, {i8, {2}, {-4, 0}}}, {"coordinate -4 ", "(0,)", "#2", "'h'", "size 3"}},
      {"[h w], p [2] -> p", {{f32, {3, 2}}, {i64, {1, 2}, {0, 2}}}, {"coordinate 2 ", "(0, 1)", "#2", "'w'", "size 2"}},
      {"[h w], p [2] -> p", {{f32, {3, 2}}, {i64, {1, 2}, {0, -3}}}, {"coordinate -3 ", "(0, 1)", "#2", "'w'", "size 2"}},
      {"[h w], p, (q r) -> p q r", {{f32, {2, 2}}, {i64, {1}, {0}}, {u8, {4}, {0, 1, 0, 255}}}, {"coordinate 255 ", "(3,)", "#3", "'w'"}},
      {"[h], ->", {{f32, {0}}, {i64, {}, {0}}}, {"coordinate 0 ", "()", "#2", "'h'", "size 0"}},
  };
  for (const Bad& row : rows) {
    CAPTURE(row.pattern);
    const Sizes sizes = contains(row.pattern, "q r") ? Sizes{{"q", 2}} : Sizes{};
    const std::string message = runtime_error("get_at", row.pattern, row.inputs, sizes);
    CAPTURE(message);
    for (const std::string& part : row.parts) CHECK(contains(message, part));
  }
  const Tensor huge = Tensor::copy_of<std::uint64_t>({UINT64_MAX}, {1});  // not -1
  CHECK_THROWS_AS(call("get_at", "[h], p -> p", {Tensor::iota({3}, f32), huge}), CallOperationError);
  const Tensor lowest = Tensor::copy_of<std::int64_t>({INT64_MIN}, {1});
  CHECK_THROWS_AS(call("get_at", "[h], p -> p", {Tensor::iota({3}, f32), lowest}), CallOperationError);
}

TEST_CASE("coordinates must be integers") {
  for (DType dtype : {boolean, f16, bf16, f32, f64})
    CHECK(contains(runtime_error("get_at", "[h], p -> p", {{f32, {3}}, {dtype, {1}, {1}}}), std::string(name_of(dtype))));
}

TEST_CASE("no coordinates, no reads") {
  check_rows({
      {"get_at", "[h], p -> p", {{f32, {3}}, {i64, {0}}}, {}, {f32, {0}}},
      {"get_at", "[h] c, p -> p c", {{f32, {0, 2}}, {i64, {0}}}, {}, {f32, {0, 2}}},
      {"get_at", "[h] c, p -> p c", {{f32, {3, 0}}, {i64, {1}, {1}}}, {}, {f32, {1, 0}}},
  });
}
