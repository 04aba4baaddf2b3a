// set_at, add_at, subtract_at as a user calls them: new tensors, updates in place, and what a failed call leaves.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cstdint>
#include <limits>
#include <string>

using einx::Shape;
using einx::Tensor;

namespace {

using Floats = std::vector<float>;

Tensor indices(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::copy_of(values, {count});
}

const Floats kUpdated{2, 4, 2, 3, 8, 11};  ///< 0..5 as 3 x 2, rows 0, 1, 2 of 0..5 added at 2, 0, 2

}  // namespace

TEST_CASE("updates give a new tensor and leave their operands as they are") {
  const Tensor x = Tensor::iota({3, 2}), by = Tensor::iota({3, 2}), at = indices({2, 0, 2});
  CHECK(einx::add_at("[h] c, p, p c", x, at, by).to_vector<float>() == kUpdated);
  CHECK(einx::subtract_at("[h] c, p, p c -> c [h]", x, at, by).to_vector<float>() == Floats{-2, 2, 0, -2, 3, -1});
  CHECK(einx::set_at("[h] c, p, p c", x, at, by).to_vector<float>() == Floats{2, 3, 2, 3, 4, 5});
  CHECK(einx::add_at("[h w], p, q, p q", {Tensor::iota({2, 2}), indices({1}), indices({0, 1}), Tensor::ones({1, 2})}).to_vector<float>() == Floats{0, 1, 3, 4});
  CHECK(einx::add_at("[h], , ", Tensor::iota({3}), 1, 5).to_vector<float>() == Floats{0, 6, 2});
  CHECK(x.to_vector<float>() == Floats{0, 1, 2, 3, 4, 5});
  CHECK(at.to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 0, 2});
  CHECK(einx::graph::add_at("[h] c, p, p c", x, at, by)(x, at, by).to_vector<float>() == kUpdated);
}

TEST_CASE("numbers are weak: they take the tensor's dtype, not the coordinates'") {
  const Tensor counts = Tensor::zeros({3}, einx::i8), at = indices({1, 1, 2});
  CHECK(einx::add_at("[h], p,", counts, at, 1).dtype() == einx::i8);
  CHECK(einx::add_at("[h], p,", counts, at, 1).to_vector<int>() == std::vector<int>{0, 2, 1});
  CHECK(einx::add_at("[h], p,", counts, at, 0.6).to_vector<int>() == std::vector<int>{0, 0, 0});
  CHECK(einx::set_at("[h], p,", counts, at, 2.9).to_vector<int>() == std::vector<int>{0, 2, 2});
  CHECK(einx::add_at("[h], p, p", counts, at, einx::full(2.5)).to_vector<int>() == std::vector<int>{0, 4, 2});
}

TEST_CASE("in place: the very memory, whatever its layout and alignment") {
  const Tensor by = Tensor::iota({3, 2}), at = indices({2, 0, 2});
  std::vector<float> memory(100, -1);
  Tensor layouts[] = {
      Tensor::empty({3, 2}, einx::f32),
      Tensor::view(memory.data() + 1, einx::f32, {3, 2}),
      Tensor::view(memory.data() + 20, einx::f32, {3, 2}, {1, 3}),
      Tensor::view(memory.data() + 40, einx::f32, {3, 2}, {8, 2}),
      Tensor::empty({3, 2}, einx::f32).reversed(0),
  };
  for (Tensor& x : layouts) {
    einx::id_into(x, "a b -> a b", Tensor::iota({3, 2}));
    const void* before = x.data();
    einx::add_at_into(x, "[h] c, p, p c", at, by);
    CHECK(x.data() == before);
    CHECK(x.to_vector<float>() == kUpdated);
    einx::subtract_at_into(x, "[h] c, p, p c", at, by);
    CHECK(x.to_vector<float>() == Floats{0, 1, 2, 3, 4, 5});
    einx::set_at_into(x, "[h] c, p, ", at, 7);
    CHECK(x.to_vector<float>() == Floats{7, 7, 2, 3, 7, 7});
  }
  CHECK(memory[0] == -1);
  CHECK(memory[7] == -1);
  CHECK(memory[41] == -1);
  Tensor grid = Tensor::iota({2, 2});
  einx::add_at_into(grid, "[h w], p, q, p q", indices({1}), indices({0, 1}), Tensor::ones({1, 2}));
  einx::add_at_into(grid, "[h w], p, q, p q", {indices({1}), indices({0, 1}), Tensor::ones({1, 2})});
  CHECK(grid.to_vector<float>() == Floats{0, 1, 4, 5});
}

TEST_CASE("in place: updates and coordinates that are part of the tensor itself") {
  Tensor x = Tensor::iota({4, 2});
  const Tensor head = x.sliced(0, 0, 2);
  einx::add_at_into(x, "[h] c, p, p c", indices({1, 0}), head);  // as if the update had been read before
  CHECK(x.to_vector<float>() == Floats{2, 4, 2, 4, 4, 5, 6, 7});
  Tensor chain = indices({1, 2, 3, 0});
  einx::set_at_into(chain, "[h], p, p -> [h]", chain, chain);
  CHECK(chain.to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 1, 2, 3});
}

TEST_CASE("in place: the result must have the tensor's shape; constant memory is refused") {
  Tensor x = Tensor::iota({3, 2});
  const Tensor by = Tensor::iota({3, 2}), at = indices({2, 0, 2});
  CHECK_THROWS_AS(einx::add_at_into(x, "[h] c, p, p c -> c [h]", at, by), einx::ValueError);
  const std::vector<float> constant(6, 1);
  Tensor read_only = Tensor::view(constant, {3, 2}), undefined;
  CHECK_THROWS_AS(einx::add_at_into(read_only, "[h] c, p, p c", at, by), einx::ValueError);
  CHECK_THROWS_AS(einx::add_at_into(undefined, "[h] c, p, p c", at, by), einx::TypeError);
  CHECK(x.to_vector<float>() == Floats{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a coordinate outside: the message names it and its place, and nothing is written") {
  const Tensor by = Tensor::ones({2, 2, 4});
  struct Bad {
    Tensor at;
    std::string value;
  };
  const Bad rows[] = {
      {Tensor::copy_of({0L, 1L, 1L, 4L, 0L, 0L, 2L, 3L}, {2, 2, 2}), "4"},
      {Tensor::copy_of({0L, 1L, 1L, -5L, 0L, 0L, 2L, 3L}, {2, 2, 2}), "-5"},
      {Tensor::copy_of({0L, 1L, 1L, std::numeric_limits<std::int64_t>::min(), 0L, 0L, 2L, 3L}, {2, 2, 2}), "-9223372036854775808"},
  };
  for (const Bad& bad : rows) {
    Tensor x = Tensor::iota({3, 4, 4});
    const Floats before = x.to_vector<float>();
    for (const bool in_place : {false, true}) {
      try {
        if (in_place) einx::add_at_into(x, "[h w] c, a b [2], a b c", bad.at, by);
        else einx::add_at("[h w] c, a b [2], a b c", x, bad.at, by);
        FAIL("expected a CallOperationError");
      } catch (const einx::CallOperationError& error) {
        const std::string message = error.what();
        CAPTURE(message);
        CHECK(error.kind() == "runtime");
        for (const std::string& part : {"oordinate " + bad.value + " at", std::string("(0, 1, 1) of operand #2"), std::string("w"), std::string("size 4")})
          CHECK(message.find(part) != std::string::npos);
      }
      CHECK(x.to_vector<float>() == before);
    }
  }
  // one bad coordinate after many good ones, in a tensor that threads would share
  Tensor wide = Tensor::zeros({8, 4096});
  std::vector<std::int64_t> rows_of(2000, 3);
  rows_of.back() = 8;
  CHECK_THROWS_AS(einx::set_at_into(wide, "[v] c, p,", rows_of, 1), einx::CallOperationError);
  CHECK(einx::sum("[v c]", wide).item<float>() == 0);
}

TEST_CASE("in a traced function") {
  const auto step = einx::jit([](einx::Value table, einx::Value at, einx::Value by) {
    return einx::add("h c, h c", table, einx::add_at("[h] c, p, p c", table, at, by));
  });
  const Tensor x = Tensor::iota({3, 2}), by = Tensor::iota({3, 2}), at = indices({2, 0, 2});
  CHECK(step(x, at, by).to_vector<float>() == Floats{2, 5, 4, 6, 12, 16});
  CHECK(x.to_vector<float>() == Floats{0, 1, 2, 3, 4, 5});
}
