// Operands with any strides: transposed, stepped, reversed, broadcast, overlapping. The result is that of a row-major copy.
#include "call.h"

using namespace reference_test;

namespace {

std::vector<std::pair<const char*, Tensor>> views_of_two_by_three(DType dtype) {
  const Tensor base = Tensor::iota({6, 6}, dtype);
  const Tensor row = Tensor::iota({3}, dtype);
  static std::vector<float> window = {5, 1, 4, 2, 8};
  return {
      {"transposed", Tensor::iota({3, 2}, dtype).permuted({1, 0})},
      {"stepped", base.sliced(0, 1, 5, 2).sliced(1, 0, 6, 2)},
      {"reversed", Tensor::iota({2, 3}, dtype).reversed(0).reversed(1)},
      {"broadcast", row.broadcast_to({2, 3})},
      {"one element", Tensor::full({1, 1}, 3, dtype).broadcast_to({2, 3})},
      {"reversed and stepped", base.sliced(0, 0, 4, 2).sliced(1, 1, 6, 2).reversed(1)},
      {"overlapping", Tensor::view(std::span<float>(window), {2, 3}, {1, 1}).cast(dtype)},
      {"overlapping view", Tensor::view(std::span<const float>(window), {2, 3}, {2, 1})},
  };
}

struct Call {
  const char *op, *pattern;
  int operands;
};
constexpr Call kCalls[] = {
    {"id", "a b -> b a", 1},           {"id", "a b -> (b a) k", 1},
    {"add", "a b, a b -> b a", 2},     {"sum", "a [b]", 1},                 {"mean", "[a] b", 1},
    {"var", "[a b] ->", 1},            {"max", "a [b]", 1},                 {"dot", "a [b], c [b] -> c a", 2},
    {"softmax", "a [b]", 1},           {"argmax", "[a] b -> b", 1},         {"argmin", "[a b] -> [2]", 1},
    {"count_nonzero", "a [b]", 1},     {"flip", "[a b]", 1},                {"sort", "a [b]", 1},
    {"argsort", "[a] b", 1},
};

}  // namespace

TEST_CASE("views give what their copies give") {
  for (DType dtype : {i32, f32, f16, u8, i64})
    for (const auto& [name, view] : views_of_two_by_three(dtype)) {
      const Tensor copy = view.clone();
      for (const Call& row : kCalls) {
        CAPTURE(name);
        CAPTURE(row.op);
        CAPTURE(row.pattern);
        const Sizes sizes = contains(row.pattern, " k") ? Sizes{{"k", 2}} : Sizes{};
        const Tensor a = call(row.op, row.pattern, std::vector<Tensor>(row.operands, view), sizes);
        const Tensor b = call(row.op, row.pattern, std::vector<Tensor>(row.operands, copy), sizes);
        CHECK(a.contiguous());
        CHECK(a.dtype() == b.dtype());
        CHECK(a.to_vector<double>() == b.to_vector<double>());
      }
    }
}

TEST_CASE("coordinates and their tensor may be views") {
  const Tensor x = Tensor::iota({3, 4}, f32).permuted({1, 0}).reversed(0);         // x[h, w] = 4 w + 3 - h
  const Tensor at = Tensor::copy_of<std::int32_t>({0, 1, 2, 0, 1, 2}, {3, 2}).reversed(0).permuted({1, 0});
  // at[i, p]: rows (1, 2, 0) and (2, 0, 1)
  check_tensor(call("get_at", "[h w], [2] p -> p", {x, at}), {f32, {3}, {10, 1, 7}});
}

TEST_CASE("a diagonal of a reversed view") {
  const Tensor x = Tensor::iota({3, 3}, i32).reversed(1);
  check_tensor(call("id", "a a -> a", {x}), {i32, {3}, {2, 4, 6}});
}

TEST_CASE("the operands are not changed, and results are new") {
  const Tensor x = Tensor::iota({2, 3}, f32);
  const Tensor y = call("id", "a b -> a b", {x});
  CHECK(y.data() != x.data());
  CHECK(x.to_vector<float>() == std::vector<float>{0, 1, 2, 3, 4, 5});
}
