// What can be an operand: owning tensors, views of the caller's memory with any strides, vectors, spans.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cstdint>
#include <string>

using einx::Shape;
using einx::Tensor;

TEST_CASE("views are not copied and may have any strides") {
  std::vector<float> memory(24);
  for (std::size_t k = 0; k < memory.size(); ++k) memory[k] = static_cast<float>(k);
  struct Row {
    const char* name;
    Tensor view;
    std::vector<float> rows;
  };
  const Tensor plain = Tensor::view(memory, {4, 6});
  const Row table[] = {
      {"row-major", plain, {15, 51, 87, 123}},
      {"transposed", Tensor::view(std::span<float>(memory), {4, 6}, {1, 4}), {60, 66, 72, 78}},
      {"every second row", plain.sliced(0, 0, 4, 2), {15, 87}},
      {"reversed", plain.reversed(0), {123, 87, 51, 15}},
      {"broadcast", Tensor::view(memory.data(), einx::f32, {2, 6}, {0, 1}), {15, 15}},
      {"raw pointer", Tensor::view(memory.data() + 1, einx::f32, {2, 6}), {21, 57}},
  };
  for (const Row& row : table) {
    CAPTURE(row.name);
    CHECK(einx::sum("a [b]", row.view).to_vector<float>() == row.rows);
  }
  memory[0] = 100;
  CHECK(einx::sum("a [b]", plain).item<float>({0}) == 115);
}

TEST_CASE("spans and vectors are rank-1 operands") {
  const std::vector<double> values = {1, 2, 3};
  CHECK(einx::sum("[a]", values).item<double>() == 6);
  CHECK(einx::sum("[a]", std::span<const double>(values).subspan(1)).item<double>() == 5);
}

TEST_CASE("every dtype goes through") {
  for (const einx::DType dtype : {einx::boolean, einx::i8, einx::i16, einx::i32, einx::i64, einx::u8, einx::u16, einx::u32, einx::u64, einx::f16,
                                  einx::bf16, einx::f32, einx::f64}) {
    CAPTURE(einx::name_of(dtype));
    const Tensor x = Tensor::ones({3, 5}, dtype);
    CHECK(einx::id("a b -> b a", x).dtype() == dtype);
    CHECK(einx::count_nonzero("[a b]", x).item<std::int64_t>() == 15);
  }
}

TEST_CASE("a view over a span that is too short is refused") {
  std::vector<float> memory(5);
  CHECK_THROWS_AS(Tensor::view(memory, {2, 3}), einx::ValueError);
}
