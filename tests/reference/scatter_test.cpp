// set_at, add_at, subtract_at: which element is updated, in which order, in which dtype, and what an error names.
#include "call.h"

using namespace reference_test;

TEST_CASE("updates at coordinates; duplicates accumulate, the last one wins") {
  const In x{f32, {4}}, at{i64, {3}, {3, 0, 3}}, by{f32, {3}, {10, 20, 30}};
  check_rows({
      {"set_at", "[h], p, p -> [h]", {x, at, by}, {}, {f32, {4}, {20, 1, 2, 30}}},
      {"add_at", "[h], p, p -> [h]", {x, at, by}, {}, {f32, {4}, {20, 1, 2, 43}}},
      {"subtract_at", "[h], p, p -> [h]", {x, at, by}, {}, {f32, {4}, {-20, 1, 2, -37}}},
      {"add_at", "[h], p, p", {x, at, by}, {}, {f32, {4}, {20, 1, 2, 43}}},
      {"set_at", "[h], , -> [h]", {x, {u8, {}, {2}}, {f32, {}, {9}}}, {}, {f32, {4}, {0, 1, 9, 3}}},
      {"set_at", "[h], p, -> [h]", {x, at, {f32, {}, {9}}}, {}, {f32, {4}, {9, 1, 2, 9}}},
      {"add_at", "[h], p, -> [h]", {x, at, {f32, {}, {9}}}, {}, {f32, {4}, {9, 1, 2, 21}}},
  });
}

TEST_CASE("axes of the tensor, of the coordinates, of the update and of the output alone") {
  const In table{i32, {3, 2}}, grid{i32, {2, 3}}, square{i32, {2, 2}}, two{i64, {2}, {1, 1}};
  check_rows({
      {"add_at", "[h] c, p, p c", {table, {i64, {3}, {2, 0, 2}}, {i32, {3, 2}}}, {}, {i32, {3, 2}, {2, 4, 2, 3, 8, 11}}},
      {"add_at", "[h] c, p, p -> [h] c", {table, two, {i32, {2}, {1, 2}}}, {}, {i32, {3, 2}, {0, 1, 5, 6, 4, 5}}},
      {"set_at", "[h] c, p, c -> [h] c", {table, two, {i32, {2}, {8, 9}}}, {}, {i32, {3, 2}, {0, 1, 8, 9, 4, 5}}},
      {"add_at", "[h], p, p -> [h] k", {{i32, {2}}, {i64, {1}, {1}}, {i32, {1}, {5}}}, {{"k", 2}}, {i32, {2, 2}, {0, 0, 6, 6}}},
      {"add_at", "[h] c, p, p c -> c [h]", {square, {i64, {1}, {1}}, {i32, {1, 2}, {10, 20}}}, {}, {i32, {2, 2}, {0, 12, 1, 23}}},
      {"add_at", "[h], p, p q -> [h]", {{i32, {2}}, {i64, {1}, {1}}, {i32, {1, 3}, {1, 2, 3}}}, {}, {i32, {2}, {0, 7}}},
      {"set_at", "[h], p, p q -> [h]", {{i32, {2}}, {i64, {1}, {1}}, {i32, {1, 3}, {1, 2, 3}}}, {}, {i32, {2}, {0, 3}}},
      {"add_at", "[h w], p, q, p q -> [h w]", {square, {i8, {2}, {0, 1}}, {u16, {1}, {1}}, {i32, {2, 1}, {10, 20}}}, {}, {i32, {2, 2}, {0, 11, 2, 23}}},
      {"add_at", "[h w], p [2], p", {grid, {i64, {3, 2}, {1, 2, 0, 0, 1, 2}}, {i32, {3}, {1, 2, 4}}}, {}, {i32, {2, 3}, {2, 1, 2, 3, 4, 10}}},
      {"set_at", "[h w], p [1], p, p", {grid, {i64, {1, 1}, {1}}, {i64, {1}, {0}}, {i32, {1}, {7}}}, {}, {i32, {2, 3}, {0, 1, 2, 7, 4, 5}}},
      {"set_at", "b [h], b p, b p -> b [h]", {square, {i64, {2, 1}, {1, 0}}, {i32, {2, 1}, {8, 9}}}, {}, {i32, {2, 2}, {0, 8, 9, 3}}},
      {"add_at", "([h] w), p, p w -> ([h] w)", {{i32, {6}}, {i64, {1}, {1}}, {i32, {1, 3}, {10, 10, 10}}}, {{"h", 2}}, {i32, {6}, {0, 1, 2, 13, 14, 15}}},
      {"add_at", "[h h], p [2], p -> [h h]", {square, {i64, {2, 2}, {0, 1, 1, 0}}, {i32, {2}, {5, 7}}}, {}, {i32, {2, 2}, {0, 6, 9, 3}}},
      {"add_at", "a a [h], a, a -> a [h]", {{i32, {2, 2, 2}}, {i64, {2}, {1, 0}}, {i32, {2}, {10, 20}}}, {}, {i32, {2, 2}, {0, 11, 26, 7}}},
      {"set_at", "[h] 1, p, p -> 1 [h]", {{i32, {2, 1}}, {i64, {1}, {0}}, {i32, {1}, {4}}}, {}, {i32, {1, 2}, {4, 1}}},
  });
}

TEST_CASE("the order of two updates: the coordinates' axes, then the update's") {
  // element 0 is met at (q, p) = (0, 0), (0, 1), (1, 0): row-major over q and p, although the update is written p q
  const In coordinates{i64, {2, 2}, {0, 0, 0, 1}}, by{i32, {2, 2}, {1, 2, 3, 4}};
  check_rows({
      {"set_at", "[h], q p, p q -> [h]", {{i32, {2}}, coordinates, by}, {}, {i32, {2}, {2, 4}}},
      {"set_at", "[h], p, k p -> [h]", {{i32, {2}}, {i64, {2}, {0, 1}}, by}, {}, {i32, {2}, {3, 4}}},
  });
}

TEST_CASE("dtypes: set casts the update, add and subtract round every step") {
  const In once{i64, {1}, {0}}, twice{i64, {2}, {0, 0}};
  check_rows({
      {"set_at", "[h], p, p", {{i32, {1}}, once, {f32, {1}, {-2.7}}}, {}, {i32, {1}, {-2}}},
      {"set_at", "[h], p, p", {{u8, {1}}, once, {i32, {1}, {300}}}, {}, {u8, {1}, {44}}},
      {"set_at", "[h], p, p", {{boolean, {1}}, once, {f16, {1}, {0.5}}}, {}, {boolean, {1}, {1}}},
      {"add_at", "[h], p, p", {{i32, {1}, {-2}}, once, {f32, {1}, {0.5}}}, {}, {i32, {1}, {-1}}},
      {"add_at", "[h], p, p", {{i32, {1}}, twice, {f64, {2}, {0.6, 0.6}}}, {}, {i32, {1}, {0}}},
      {"add_at", "[h], p, p", {{i8, {1}, {127}}, once, {i8, {1}, {1}}}, {}, {i8, {1}, {-128}}},
      {"add_at", "[h], p, p", {{i8, {1}, {127}}, once, {i64, {1}, {2}}}, {}, {i8, {1}, {-127}}},
      {"subtract_at", "[h], p, p", {{u8, {1}}, once, {u8, {1}, {1}}}, {}, {u8, {1}, {255}}},
      {"add_at", "[h], p, p", {{f16, {1}, {2048}}, twice, {f16, {2}, {1, 1}}}, {}, {f16, {1}, {2048}}},
      {"add_at", "[h], p, p", {{bf16, {1}, {256}}, twice, {bf16, {2}, {1, 1}}}, {}, {bf16, {1}, {256}}},
      {"add_at", "[h], p, p", {{f32, {1}, {16777216}}, twice, {f64, {2}, {1, 1}}}, {}, {f32, {1}, {16777216}}},
      {"add_at", "[h], p, p", {{f64, {1}, {16777216}}, twice, {f32, {2}, {1, 1}}}, {}, {f64, {1}, {16777218}}},
      {"add_at", "[h], p, p", {{boolean, {3}, {0, 0, 1}}, {i64, {2}, {0, 2}}, {boolean, {2}, {1, 0}}}, {}, {boolean, {3}, {1, 0, 1}}},
      {"add_at", "[h], p, p", {{boolean, {2}, {0, 1}}, {i64, {2}, {0, 1}}, {i32, {2}, {2, -1}}}, {}, {boolean, {2}, {1, 0}}},
      {"subtract_at", "[h], p, p", {{boolean, {2}, {1, 1}}, {i64, {2}, {0, 1}}, {i32, {2}, {1, 2}}}, {}, {boolean, {2}, {0, 1}}},
  });
  const Tensor flags = In{boolean, {2}}.tensor(), at = In{i64, {1}}.tensor();
  CHECK_THROWS_AS(call("subtract_at", "[h], p, p", {flags, at, flags.sliced(0, 0, 1)}), OperationNotSupportedError);
}

TEST_CASE("coordinates: any integer dtype, negative ones from the end, every axis for itself") {
  for (DType dtype : {i8, i16, i32, i64})
    check_rows({{"add_at", "[h], p, p", {{i32, {3}}, {dtype, {3}, {-1, -3, 2}}, {i32, {3}, {1, 2, 4}}}, {}, {i32, {3}, {2, 1, 7}}}});
  for (DType dtype : {u8, u16, u32, u64})
    check_rows({{"set_at", "[h], p, p", {{i32, {3}}, {dtype, {2}, {2, 0}}, {i32, {2}, {7, 8}}}, {}, {i32, {3}, {8, 1, 7}}}});
  struct Bad {
    std::string pattern;
    std::vector<In> inputs;
    std::vector<std::string> parts;
  };
  const In three{f32, {3}}, grid{f32, {3, 2}}, one{f32, {1}};
  const Bad rows[] = {
      {"[h], p, p", {three, {i64, {2}, {0, 3}}, {f32, {2}}}, {"coordinate 3 ", "(1,)", "#2", "'h'", "size 3"}},
      {"[h], p, p", {three, {i8, {1}, {-4}}, one}, {"coordinate -4 ", "(0,)", "#2", "'h'"}},
      {"[h w], p [2], p", {grid, {i64, {1, 2}, {0, 2}}, one}, {"coordinate 2 ", "(0, 1)", "#2", "'w'", "size 2"}},
      {"[h w], p, p, p", {grid, {i64, {1}, {0}}, {i64, {1}, {-3}}, one}, {"coordinate -3 ", "(0,)", "#3", "'w'", "size 2"}},
      {"[h], p, p k -> [h]", {three, {i64, {1}, {3}}, {f32, {1, 0}}}, {"coordinate 3 "}},  // also where nothing would be updated
      {"[h], p, p", {{f32, {0}}, {i64, {1}, {0}}, one}, {"coordinate 0 ", "size 0"}},
  };
  for (const Bad& row : rows)
    for (const char* op : {"set_at", "add_at", "subtract_at"}) {
      CAPTURE(row.pattern);
      const std::string message = runtime_error(op, row.pattern, row.inputs);
      CAPTURE(message);
      for (const std::string& part : row.parts) CHECK(contains(message, part));
    }
  for (DType dtype : {boolean, f16, bf16, f32, f64})
    CHECK(contains(runtime_error("set_at", "[h], p, p", {three, {dtype, {1}, {1}}, one}), std::string(name_of(dtype))));
}

TEST_CASE("nothing to update: the tensor in the output's layout") {
  const In x{i32, {2, 2}};
  check_rows({
      {"add_at", "[h] c, p, p c -> c [h]", {x, {i64, {0}}, {i32, {0, 2}}}, {}, {i32, {2, 2}, {0, 2, 1, 3}}},
      {"set_at", "[h] c, p, p k -> c [h]", {x, {i64, {1}, {1}}, {i32, {1, 0}}}, {}, {i32, {2, 2}, {0, 2, 1, 3}}},
      {"set_at", "[h] c, p, p c", {{i32, {0, 2}}, {i64, {0}}, {i32, {0, 2}}}, {}, {i32, {0, 2}}},
      {"set_at", "[h] c, p, p c", {{i32, {2, 0}}, {i64, {1}, {1}}, {i32, {1, 0}}}, {}, {i32, {2, 0}}},
  });
}

TEST_CASE("inputs stay as they are, whatever their layout") {
  const Tensor x = Tensor::iota({3, 4}, i32), at = In{i64, {2}, {2, 0}}.tensor(), by = Tensor::iota({2, 4}, i32);
  const Tensor flipped = x.reversed(1), last = at.reversed(0);
  check_tensor(call("add_at", "[h] c, p, p c", {flipped, last, by}), {i32, {3, 4}, {3, 3, 3, 3, 7, 6, 5, 4, 15, 15, 15, 15}});
  check_tensor(x, {i32, {3, 4}});
  check_tensor(by, {i32, {2, 4}});
}
