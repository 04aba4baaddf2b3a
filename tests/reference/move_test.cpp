// id: every way of moving elements, against values written by hand.
#include "call.h"

using namespace reference_test;

TEST_CASE("one input, one output") {
  check_rows({
      {"id", "a b -> b a", {{f32, {2, 3}}}, {}, {f32, {3, 2}, {0, 3, 1, 4, 2, 5}}},
      {"id", "a b c -> c a b", {{i8, {2, 2, 2}}}, {}, {i8, {2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7}}},
      {"id", "a b -> (a b)", {{i32, {2, 3}}}, {}, {i32, {6}}},
      {"id", "a b -> (b a)", {{i32, {2, 3}}}, {}, {i32, {6}, {0, 3, 1, 4, 2, 5}}},
      {"id", "(a b) -> b a", {{i32, {6}}}, {{"a", 2}}, {i32, {3, 2}, {0, 3, 1, 4, 2, 5}}},
      {"id", "(a b) c -> (a c) b", {{i32, {4, 2}}}, {{"a", 2}}, {i32, {4, 2}, {0, 2, 1, 3, 4, 6, 5, 7}}},
      {"id", "a a -> a", {{u16, {3, 3}}}, {}, {u16, {3}, {0, 4, 8}}},
      {"id", "a b b -> b a", {{f64, {2, 2, 2}}}, {}, {f64, {2, 2}, {0, 4, 3, 7}}},
      {"id", "a a b c -> c a b", {{i32, {2, 2, 2, 2}}}, {}, {i32, {2, 2, 2}, {0, 2, 12, 14, 1, 3, 13, 15}}},
      {"id", "(a a) -> a", {{i32, {9}}}, {}, {i32, {3}, {0, 4, 8}}},
      {"id", "a -> a b", {{i32, {2}}}, {{"b", 3}}, {i32, {2, 3}, {0, 0, 0, 1, 1, 1}}},
      {"id", "a -> (b a)", {{i32, {2}}}, {{"b", 2}}, {i32, {4}, {0, 1, 0, 1}}},
      {"id", "-> a b", {{i64, {}, {3}}}, {{"a", 2}, {"b", 2}}, {i64, {2, 2}, {3, 3, 3, 3}}},
      {"id", "a 1 b -> b a", {{i32, {2, 1, 2}}}, {}, {i32, {2, 2}, {0, 2, 1, 3}}},
      {"id", "a -> 1 a 1", {{i32, {2}}}, {}, {i32, {1, 2, 1}}},
      {"id", "->", {{f32, {}, {-0.5}}}, {}, {f32, {}, {-0.5}}},
      {"id", "a... -> (a...)", {{i32, {2, 1, 3}}}, {}, {i32, {6}}},
  });
}

TEST_CASE("all dtypes move unchanged") {
  for (DType dtype : {i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64})
    check_tensor(call("id", "a b -> b a", {Tensor::iota({2, 3}, dtype)}), {dtype, {3, 2}, {0, 3, 1, 4, 2, 5}});
  check_tensor(call("id", "a b -> b a", {In{boolean, {2, 2}, {0, 1, 0, 1}}.tensor()}), {boolean, {2, 2}, {0, 0, 1, 1}});
  check_rows({{"id", "a -> a", {{f32, {3}, {NaN, -inf, inf}}}, {}, {f32, {3}, {NaN, -inf, inf}}}});
  CHECK(std::signbit(call("id", "a -> a", {In{f64, {1}, {-0.0}}.tensor()}).item<double>({0})));
  const Tensor large = Tensor::scalar(std::int64_t(9007199254740993));
  CHECK(call("id", "->", {large}).item<std::int64_t>() == 9007199254740993);
}

TEST_CASE("concatenations are joined and split") {
  check_rows({
      {"id", "a, b -> (a + b)", {{i32, {2}}, {i32, {3}, {7, 8, 9}}}, {}, {i32, {5}, {0, 1, 7, 8, 9}}},
      {"id", "a, -> (a + 1)", {{i32, {2}}, {i32, {}, {9}}}, {}, {i32, {3}, {0, 1, 9}}},
      {"id", "c, h w c -> (1 + (h w)) c", {{i32, {2}, {8, 9}}, {i32, {1, 2, 2}}}, {}, {i32, {3, 2}, {8, 9, 0, 1, 2, 3}}},
      {"id", "a b, a c -> (b + c) a", {{i32, {2, 1}, {5, 6}}, {i32, {2, 2}}}, {}, {i32, {3, 2}, {5, 6, 0, 2, 1, 3}}},
  });
}

TEST_CASE("pieces are paired in order") {
  const Tensor x = Tensor::iota({5, 2}, i32);
  const std::vector<Tensor> parts = call_all("id", "(a + b) c -> c a, c b", {x}, {{"a", 2}});
  REQUIRE(parts.size() == 2);
  check_tensor(parts[0], {i32, {2, 2}, {0, 2, 1, 3}});
  check_tensor(parts[1], {i32, {2, 3}, {4, 6, 8, 5, 7, 9}});

  const std::vector<Tensor> quarters = call_all("id", "(a + b) (c + d) -> a c, a d, b c, b d", {Tensor::iota({3, 3}, i32)}, {{"a", 1}, {"c", 2}});
  REQUIRE(quarters.size() == 4);
  check_tensor(quarters[0], {i32, {1, 2}, {0, 1}});
  check_tensor(quarters[1], {i32, {1, 1}, {2}});
  check_tensor(quarters[2], {i32, {2, 2}, {3, 4, 6, 7}});
  check_tensor(quarters[3], {i32, {2, 1}, {5, 8}});
}

TEST_CASE("dtypes of several inputs and outputs") {
  check_rows({
      {"id", "a, b -> (a + b)", {{i32, {1}, {3}}, {f32, {1}, {0.5}}}, {}, {f64, {2}, {3, 0.5}}},
      {"id", "a, b -> (a + b)", {{boolean, {1}, {1}}, {u8, {1}, {255}}}, {}, {u8, {2}, {1, 255}}},
      {"id", "a, b -> (a + b)", {{u8, {1}, {255}}, {i8, {1}, {-128}}}, {}, {i16, {2}, {255, -128}}},
  });
  // Two outputs: each as its own input, although i64 and f32 together would be f64.
  const Tensor large = Tensor::copy_of<std::int64_t>({9007199254740993}, {1});
  const std::vector<Tensor> both = call_all("id", "a, b -> a, b", {large, Tensor::iota({2}, f32)});
  CHECK(both[0].item<std::int64_t>({0}) == 9007199254740993);
  check_tensor(both[1], {f32, {2}});
}

TEST_CASE("empty tensors move") {
  check_rows({
      {"id", "a b -> b a", {{f32, {0, 3}}}, {}, {f32, {3, 0}}},
      {"id", "a b -> (a b)", {{f32, {4, 0}}}, {}, {f32, {0}}},
      {"id", "a, b -> (a + b)", {{i32, {0}}, {i32, {2}}}, {}, {i32, {2}}},
      {"id", "a -> a b", {{i32, {2}}}, {{"b", 0}}, {i32, {2, 0}}},
  });
}
