#include "tensor/tensor.h"

#include <doctest/doctest.h>

#include <cmath>

#include "runtime/runtime.h"
#include "support/support.h"

using namespace einx;

namespace {

/// Kind of the error that a call raises; "" if none.
template <class F>
std::string kind_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(detail::support::known_kind(error.class_name(), error.kind()));
    return std::string(error.class_name()) + "/" + std::string(error.kind());
  }
  return "";
}

const std::string kBadShape = "ValueError/bad-shape", kBadView = "ValueError/bad-view";

}  // namespace

TEST_CASE("a default tensor is undefined") {
  const Tensor none;
  CHECK_FALSE(none.defined());
  CHECK(none.size() == 0);
  CHECK(none.rank() == 0);
  CHECK(none.to_string() == "undefined");
  CHECK_FALSE(none.clone().defined());
  CHECK(kind_of([&] { none.item<float>(); }) == "TypeError/dtype-mismatch");
}

TEST_CASE("made tensors hold what their maker says") {
  struct Row {
    Tensor tensor;
    const char* text;
  };
  const Row rows[] = {
      {Tensor::zeros({2, 3}), "f32[2, 3] [[0, 0, 0], [0, 0, 0]]"},
      {Tensor::ones({2}, i8), "i8[2] [1, 1]"},
      {Tensor::full({2}, 2.5, f16), "f16[2] [2.5, 2.5]"},
      {Tensor::full({2}, 0.1, bf16), "bf16[2] [0.1001, 0.1001]"},
      {Tensor::full({1}, 2.5, u32), "u32[1] [2]"},
      {Tensor::iota({2, 2}, i64), "i64[2, 2] [[0, 1], [2, 3]]"},
      {Tensor::iota({3}, boolean), "bool[3] [false, true, true]"},
      {Tensor::iota({20}, u8), "u8[20] [0, 1, 2, ..., 17, 18, 19]"},
      {Tensor::iota({8}), "f32[8] [0, 1, 2, 3, 4, 5, 6, 7]"},
      {Tensor::scalar(0.1, f64), "f64[] 0.1"},
      {Tensor::scalar(0.1, f32), "f32[] 0.1"},
      {Tensor::scalar(std::int64_t(-5), i32), "i32[] -5"},
      {Tensor::scalar(INFINITY, f32), "f32[] inf"},
      {Tensor::scalar(-NAN, f64), "f64[] -nan"},
      {Tensor::scalar(3.0f), "f32[] 3"},
      {Tensor::zeros({0, 3}), "f32[0, 3] []"},
      {Tensor::copy_of({1.5, 2.5}, {2, 1}), "f64[2, 1] [[1.5], [2.5]]"},
      {Tensor::copy_of(std::vector<std::uint64_t>{UINT64_MAX}, {1}), "u64[1] [18446744073709551615]"},
  };
  for (const Row& row : rows) CHECK(row.tensor.to_string() == row.text);
}

TEST_CASE("owning tensors of every size are aligned, writable and row-major") {
  for (const std::int64_t n : {0, 1, 15, 16, 17, 500, 513, 5000, 300'000, 3'000'000}) {
    Tensor t = Tensor::empty({n}, f32);
    CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
    CHECK(t.size() == n);
    CHECK(t.writable());
    CHECK(t.contiguous());
    if (n > 0) t.data_as<float>()[n - 1] = 1;
    const Tensor shared = t;
    CHECK(shared.data() == t.data());
  }
}

TEST_CASE("ranks up to 64 work, beyond is an error") {
  const Shape ones(64, 1);
  Tensor high = Tensor::ones(ones, i16);
  CHECK(high.rank() == 64);
  const Tensor copy = high;
  high = Tensor::zeros({2});
  CHECK(copy.shape().size() == 64);
  CHECK(copy.item<std::int16_t>() == 1);
  CHECK(kind_of([] { Tensor::empty(Shape(65, 1), f32); }) == kBadShape);
  CHECK(kind_of([] { Tensor::empty({-1}, f32); }) == kBadShape);
  CHECK(kind_of([] { Tensor::empty({INT64_MAX, 2}, i8); }) == kBadShape);
  CHECK(kind_of([] { Tensor::empty({INT64_MAX / 4}, f64); }) == kBadShape);
  CHECK(kind_of([] { Tensor::empty({INT64_MAX / 8}, f64); }) == "CallOperationError/runtime");
  CHECK(kind_of([] { Tensor::empty({INT64_MAX, INT64_MAX, 0}, f64); }) == "");
  CHECK(kind_of([] { Tensor::empty({INT64_MAX, INT64_MAX, -1}, f64); }) == kBadShape);
  CHECK(Tensor::empty({INT64_MAX, INT64_MAX, 0}, f64).size() == 0);
  CHECK(kind_of([] { Tensor::copy_of({1.0f, 2.0f}, {3}); }) == kBadShape);
}

TEST_CASE("elements are read by index and by type") {
  const Tensor t = Tensor::iota({2, 3}, i32);
  CHECK(t.item<std::int32_t>({1, 2}) == 5);
  CHECK(t.permuted({1, 0}).item<std::int32_t>({2, 1}) == 5);
  CHECK(t.sliced(1, 1, 2).sliced(0, 1, 2).item<std::int32_t>() == 4);
  CHECK(kind_of([&] { t.item<std::int32_t>(); }) == kBadView);
  CHECK(kind_of([&] { t.item<std::int32_t>({1}); }) == kBadView);
  CHECK(kind_of([&] { t.item<std::int32_t>({2, 0}); }) == kBadView);
  CHECK(kind_of([&] { t.item<std::int32_t>({0, -1}); }) == kBadView);
  CHECK(kind_of([&] { t.item<float>({0, 0}); }) == "TypeError/dtype-mismatch");
  CHECK(kind_of([&] { t.data_as<std::int64_t>(); }) == "TypeError/dtype-mismatch");
}

TEST_CASE("clone, cast and to_vector give row-major copies of any strides") {
  const Tensor t = Tensor::iota({2, 3, 2}, i32).permuted({2, 0, 1});
  const std::vector<int> expected{0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11};
  CHECK(t.to_vector<std::int32_t>() == expected);
  CHECK(t.clone().contiguous());
  CHECK(t.clone().data() != t.data());
  CHECK(t.cast(f16).to_vector<std::int32_t>() == expected);
  CHECK(t.reversed(2).to_vector<std::int32_t>() == std::vector<int>{4, 2, 0, 10, 8, 6, 5, 3, 1, 11, 9, 7});
  CHECK(Tensor::copy_of({2.9, -1.0, 300.0}, {3}).cast(u8).to_vector<int>() == std::vector<int>{2, 255, 44});
  CHECK(Tensor::zeros({3, 0}).to_vector<float>().empty());
  CHECK(Tensor::zeros({0, 3}).permuted({1, 0}).clone().size() == 0);
  for (const DType dtype : {boolean, i8, u16, f32, f64}) {
    const Tensor pieces = Tensor::ones({3, 4}, dtype).sliced(1, 0, 4, 2);
    CHECK(pieces.clone().to_vector<int>() == std::vector<int>(6, 1));
  }
}

TEST_CASE("adopt takes over memory of the runtime") {
  void* data = einx_rt_allocate(24);
  static_cast<float*>(data)[5] = 7;
  const Tensor t = detail::tensor::adopt(data, Shape{2, 3}, f32);
  CHECK(t.data() == data);
  CHECK(t.item<float>({1, 2}) == 7);
}
