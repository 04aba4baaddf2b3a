#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "support/support.h"
#include "tensor/tensor.h"

using namespace einx;

namespace {

struct ViewCase {
  const char* title;
  std::function<Tensor(const Tensor&)> make;  ///< from iota of shape (2, 3, 4), i32
  Shape shape, strides;
  std::vector<std::int32_t> values;
};

const ViewCase kViews[] = {
    {"permuted",
     [](const Tensor& t) {
       return t.permuted({1, 0, 2}).sliced(2, 0, 1);
     },
     {3, 2, 1},
     {4, 12, 1},
     {0, 12, 4, 16, 8, 20}},
    {"sliced with a step",
     [](const Tensor& t) { return t.sliced(0, 1, 2).sliced(1, 0, 3, 2).sliced(2, 1, 4, 2); },
     {1, 2, 2},
     {12, 8, 2},
     {13, 15, 21, 23}},
    {"sliced backwards",
     [](const Tensor& t) { return t.sliced(2, 3, -1, -2).sliced(0, 0, 1); },
     {1, 3, 2},
     {12, 4, -2},
     {3, 1, 7, 5, 11, 9}},
    {"sliced with a huge step",
     [](const Tensor& t) { return t.sliced(2, 1, 4, INT64_MAX).sliced(0, 0, 1); },
     {1, 3, 1},
     {12, 4, 1},
     {1, 5, 9}},
    {"sliced to nothing", [](const Tensor& t) { return t.sliced(1, 3, 3); }, {2, 0, 4}, {12, 4, 1}, {}},
    {"reversed",
     [](const Tensor& t) { return t.reversed(0).sliced(1, 0, 1); },
     {2, 1, 4},
     {-12, 4, 1},
     {12, 13, 14, 15, 0, 1, 2, 3}},
    {"broadcast",
     [](const Tensor& t) {
       return t.sliced(0, 0, 1).sliced(1, 0, 1).broadcast_to({2, 1, 2, 4});
     },
     {2, 1, 2, 4},
     {0, 12, 0, 1},
     {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}},
    {"reshaped",
     [](const Tensor& t) {
       return t.reshaped({6, 4}).sliced(0, 5, 6);
     },
     {1, 4},
     {4, 1},
     {20, 21, 22, 23}},
    {"reshaped split of a strided axis",
     [](const Tensor& t) {
       return t.permuted({2, 0, 1}).reshaped({2, 2, 6}).sliced(2, 0, 1);
     },
     {2, 2, 1},
     {2, 1, 4},
     {0, 1, 2, 3}},
    {"reshaped merge of a strided pair",
     [](const Tensor& t) {
       return t.permuted({2, 0, 1}).reshaped({4, 6}).sliced(0, 3, 4);
     },
     {1, 6},
     {1, 4},
     {3, 7, 11, 15, 19, 23}},
    {"reshaped to a column of ones",
     [](const Tensor& t) {
       return t.sliced(2, 1, 2).reshaped({6, 1, 1});
     },
     {6, 1, 1},
     {4, 1, 1},
     {1, 5, 9, 13, 17, 21}},
};

template <class F>
std::string kind_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(error.kind());
  }
  return "";
}

}  // namespace

TEST_CASE("views share the data and have the strides that say so") {
  const Tensor base = Tensor::iota({2, 3, 4}, i32);
  for (const ViewCase& row : kViews) {
    CAPTURE(row.title);
    const Tensor view = row.make(base);
    CHECK((Shape(view.shape().begin(), view.shape().end()) == row.shape));
    CHECK((Shape(view.strides().begin(), view.strides().end()) == row.strides));
    CHECK(view.to_vector<std::int32_t>() == row.values);
    const auto* first = static_cast<const std::int32_t*>(base.data());
    const auto* at = static_cast<const std::int32_t*>(view.data());
    CHECK((at >= first && at < first + 24));
  }
}

TEST_CASE("reshaped copies only where strides cannot say it") {
  const Tensor t = Tensor::iota({2, 3}, i32).permuted({1, 0});
  const Tensor flat = t.reshaped({6});
  CHECK(flat.to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 3, 1, 4, 2, 5});
  CHECK(flat.data() != t.data());
  CHECK(Tensor::zeros({0, 3}).reshaped({5, 0}).size() == 0);
  CHECK(Tensor::zeros({1}).sliced(0, 0, 1).reshaped({}).rank() == 0);
  // Every reshape of every permutation, against a copy first.
  const Tensor base = Tensor::iota({2, 3, 4}, i32);
  std::vector<int> order{0, 1, 2};
  do {
    for (const Shape& shape : {Shape{24}, {4, 6}, {2, 12}, {3, 2, 4}, {2, 2, 6}, {1, 24, 1}, {2, 3, 2, 2}}) {
      const Tensor view = base.permuted(order);
      CHECK(view.reshaped(shape).to_vector<std::int32_t>() == view.clone().to_vector<std::int32_t>());
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("views outside of the tensor are errors") {
  const Tensor t = Tensor::iota({2, 3}, i32);
  const std::function<void()> calls[] = {
      [&] { t.permuted({0}); },        [&] { t.permuted({0, 0}); },     [&] { t.permuted({0, 2}); },
      [&] { t.permuted({0, -1}); },    [&] { t.permuted({0, 1, 0}); },  [&] { t.sliced(2, 0, 1); },
      [&] { t.sliced(0, 0, 3); },      [&] { t.sliced(0, 2, 1); },      [&] { t.sliced(0, -1, 1); },
      [&] { t.sliced(0, 0, 1, 0); },   [&] { t.sliced(0, 2, -1, -1); }, [&] { t.sliced(0, 1, -2, -1); },
      [&] { t.sliced(0, 0, 1, -1); },  [&] { t.reversed(2); },          [&] { t.broadcast_to({3}); },
      [&] { t.broadcast_to({4, 3}); },
  };
  for (std::size_t i = 0; i < std::size(calls); ++i) {
    CAPTURE(i);
    CHECK(kind_of(calls[i]) == "bad-view");
  }
  CHECK(kind_of([&] { t.reshaped({5}); }) == "bad-shape");
  CHECK(kind_of([&] { t.broadcast_to({INT64_MAX, 2, 3}); }) == "bad-shape");
}

TEST_CASE("views of the caller's memory are checked against its length") {
  std::vector<float> values(12);
  std::iota(values.begin(), values.end(), 0.0f);
  Tensor view = Tensor::view(values, {3, 4});
  CHECK(view.data() == values.data());
  CHECK(view.writable());
  view.data_as<float>()[0] = 5;
  CHECK(values[0] == 5);
  const std::vector<float>& constant = values;
  CHECK_FALSE(Tensor::view(constant, {12}).writable());
  CHECK_FALSE(Tensor::view(static_cast<const void*>(values.data()), f32, {12}).writable());
  CHECK(Tensor::view(std::span<float>(values), {2, 2}, {8, 3}).to_vector<float>() ==
        std::vector<float>{5, 3, 8, 11});
  CHECK(Tensor::view(values.data() + 11, f32, {12}, {-1}).item<float>({11}) == 5);
  CHECK(Tensor::view(std::span<float>(values), {0, 9}).size() == 0);
  CHECK_FALSE(view.broadcast_to({2, 3, 4}).writable());
  CHECK(view.broadcast_to({3, 4}).writable());

  const std::function<void()> bad[] = {
      [&] { Tensor::view(values, {13}); },
      [&] {
        Tensor::view(std::span<float>(values), {2, 2}, {9, 3});
      },
      [&] { Tensor::view(std::span<float>(values), {3}, {-1}); },
      [&] {
        Tensor::view(std::span<float>(values), {3}, {1, 1});
      },
      [&] { Tensor::view(std::span<float>(values), {3}, {INT64_MAX}); },
      [&] { Tensor::view(static_cast<void*>(nullptr), f32, {3}); },
      [&] {
        Tensor::view(values.data(), f32, {3, 3}, {INT64_MAX / 2, INT64_MAX / 2});
      },
  };
  for (std::size_t i = 0; i < std::size(bad); ++i) {
    CAPTURE(i);
    CHECK(kind_of(bad[i]) == "bad-view");
  }
}

TEST_CASE("contiguous ignores axes of size 1 and empty tensors") {
  const Tensor t = Tensor::zeros({2, 1, 3});
  CHECK(t.permuted({1, 0, 2}).contiguous());
  CHECK_FALSE(t.permuted({2, 1, 0}).contiguous());
  CHECK_FALSE(t.sliced(2, 0, 2).contiguous());
  CHECK(t.sliced(0, 1, 2).contiguous());
  CHECK(t.sliced(2, 0, 0).permuted({2, 1, 0}).contiguous());
  CHECK(Tensor::scalar(1.0f).contiguous());
}
