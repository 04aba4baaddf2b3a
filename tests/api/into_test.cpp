// Results into the caller's tensors: any strides, any alignment, overlapping the operands.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cstdint>

using einx::Shape;
using einx::Tensor;

TEST_CASE("the caller's buffer is written, whatever its layout") {
  const Tensor x = Tensor::iota({4, 6});
  const std::vector<float> want = einx::id("a b -> b a", x).to_vector<float>();
  std::vector<float> memory(200, -1);
  Tensor layouts[] = {
      Tensor::empty({6, 4}, einx::f32),
      Tensor::view(memory.data() + 1, einx::f32, {6, 4}),          // misaligned
      Tensor::view(memory.data() + 40, einx::f32, {6, 4}, {1, 6}), // column-major
      Tensor::view(memory.data() + 80, einx::f32, {6, 4}, {8, 2}), // gaps
      Tensor::empty({6, 4}, einx::f32).reversed(1),
  };
  for (Tensor& y : layouts) {
    einx::id_into(y, "a b -> b a", x);
    CHECK(y.to_vector<float>() == want);
  }
  CHECK(memory[0] == -1);
  CHECK(memory[25] == -1);
  CHECK(memory[81] == -1);
}

TEST_CASE("a result may overlap its operands") {
  Tensor x = Tensor::iota({5, 5});
  const std::vector<float> want = einx::id("a b -> b a", x).to_vector<float>();
  Tensor& y = x;
  einx::id_into(y, "a b -> b a", x);
  CHECK(x.to_vector<float>() == want);
  Tensor z = Tensor::iota({6});
  Tensor head = z.sliced(0, 0, 5), tail = z.sliced(0, 1, 6);
  einx::add_into(tail, "a, a", head, head);
  CHECK(z.to_vector<float>() == std::vector<float>{0, 0, 2, 4, 6, 8});
}

TEST_CASE("a result of another type is refused and nothing is written") {
  const Tensor x = Tensor::iota({4, 6});
  Tensor wrong_shape = Tensor::full({5}, -1), wrong_dtype = Tensor::full({4}, -1, einx::f64), undefined;
  CHECK_THROWS_AS(einx::sum_into(wrong_shape, "a [b]", x), einx::ValueError);
  CHECK_THROWS_AS(einx::sum_into(wrong_dtype, "a [b]", x), einx::TypeError);
  CHECK_THROWS_AS(einx::sum_into(undefined, "a [b]", x), einx::ValueError);
  CHECK(wrong_shape.to_vector<float>() == std::vector<float>(5, -1));
  const std::vector<float> constant(4, -1);
  Tensor read_only = Tensor::view(constant, {4});
  CHECK_THROWS_AS(einx::sum_into(read_only, "a [b]", x), einx::ValueError);
}
