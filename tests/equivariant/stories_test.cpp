// e3nn's stories of its compile modes: what depends on data stays so, in traced code and under it.
#include "stories.h"

#include <doctest/doctest.h>

#include "testing.h"

using namespace equivariant;

TEST_CASE("a script over a traced norm: the norms, or half of them unless one is above 7") {
  const einx::CompiledModule compiled = einx::compile(HalfNorm("2x1o"));
  CHECK(compiled["norm"].mode().mode == einx::Mode::trace);
  struct Row {
    std::vector<float> x, expected;
  };
  const Row rows[] = {{{3, 0, 4, 1, 2, 2}, {2.5, 1.5}},
                      {{0, 0, 8, 1, 2, 2}, {8, 3}},
                      {{0, 0, 0, 0, 0, 0}, {0, 0}},
                      {{0, 0, 7, 0, 0, 0}, {3.5, 0}}};
  for (const Row& row : rows) {
    const Tensor x = Tensor::copy_of(row.x, {1, 6});
    CHECK(compiled(x).to_vector<float>() == row.expected);
    CHECK(HalfNorm("2x1o")(x).to_vector<float>() == row.expected);  // uncompiled
  }
  std::mt19937_64 random(1);
  for (const std::int64_t batch : {1, 2, 3, 5}) {
    const Tensor x = random_tensor({batch, 6}, einx::f32, random);
    CHECK(relative_difference(compiled(x), HalfNorm("2x1o")(x)) < 1e-6);
  }
}

TEST_CASE("a traced module over a script: the first row with a component above 0.1, or everything, plus 3") {
  std::mt19937_64 random(2);
  for (const Shape& shape : {Shape{2, 3}, Shape{3}}) {
    const Tensor zero = Tensor::zeros(shape),
                 numbers =
                     Tensor::copy_of(std::vector<float>(std::size_t(shape.size() == 2 ? 6 : 3), 0.5f), shape);
    for (const Tensor& example : {zero, numbers}) {  // whatever it was traced with
      const einx::CompiledModule compiled = einx::trace(PlusThree(), {example});
      CHECK(compiled["rows"].mode().mode == einx::Mode::script);
      const Tensor all = compiled(zero), row = compiled(numbers);
      CHECK(Shape(all.shape().begin(), all.shape().end()) == shape);
      CHECK(Shape(row.shape().begin(), row.shape().end()) == Shape(shape.begin() + 1, shape.end()));
      CHECK(all.to_vector<float>() == std::vector<float>(std::size_t(all.size()), 3.0f));
      CHECK(row.to_vector<float>() == std::vector<float>(std::size_t(row.size()), 3.5f));
      for (int k = 0; k < 8; ++k) {
        const Tensor x = random_tensor(shape, einx::f32, random);
        CHECK(relative_difference(compiled(x), PlusThree()(x)) < 1e-6);
      }
    }
  }
}

TEST_CASE("both stories pass the checks of a test suite") {
  CHECK_NOTHROW(einx::assert_compilable(PlusThree()));
  CHECK_NOTHROW(einx::assert_compilable(HalfNorm("2x1o"), {.error_on_warnings = false}));
}
