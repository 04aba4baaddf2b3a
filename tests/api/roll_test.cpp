// roll, whose shift stands between the operand and the sizes: every way of writing it; flip, sort and argsort beside it.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <cstdint>
#include <string>

using einx::Shape;
using einx::Shift;
using einx::Tensor;

namespace {

template <class T>
concept ShiftLike = requires(const T& value) { Shift{value}; };
static_assert(ShiftLike<int> && ShiftLike<std::int64_t> && ShiftLike<unsigned char> && ShiftLike<std::vector<std::int64_t>>);
static_assert(!ShiftLike<bool> && !ShiftLike<float> && !ShiftLike<double> && !ShiftLike<std::vector<double>>);
template <class T>
concept RolledBy = requires(const Tensor& x, const T& by) { einx::roll("[a]", x, by); };
static_assert(RolledBy<int> && !RolledBy<bool> && !RolledBy<float> && !RolledBy<const char*>);

std::vector<float> values(const Tensor& t) { return t.to_vector<float>(); }

}  // namespace

TEST_CASE("a shift is an integer, a list or a vector") {
  const Tensor x = Tensor::iota({2, 3});
  const std::vector<float> both{5, 3, 4, 2, 0, 1};
  CHECK(values(einx::roll("[a b]", x, 1)) == both);
  CHECK(values(einx::roll("[a b]", x, {1})) == both);
  CHECK(values(einx::roll("[a b]", x, {1, 1})) == both);
  CHECK(values(einx::roll("[a b]", x, Shift{1, 1})) == both);
  CHECK(values(einx::roll("[a b]", x, {-1, std::int64_t(4)})) == both);
  const std::vector<std::int64_t> vector{3, -2};
  CHECK(values(einx::roll("[a b]", x, vector)) == both);
  CHECK(values(einx::roll("[a b]", x, Shift(vector))) == both);
  CHECK(values(einx::roll("a [b]", x, std::size_t(4))) == std::vector<float>{2, 0, 1, 5, 3, 4});
  CHECK(values(einx::roll("a b", x, 1)) == values(x));
  CHECK(values(einx::roll("[a] b", x, INT64_MIN)) == values(x));
}

TEST_CASE("sizes follow the shift; numbers and factories are operands") {
  const Tensor x = Tensor::iota({6});
  CHECK(values(einx::roll("(a [b])", x, 1, {{"a", 2}})) == std::vector<float>{2, 0, 1, 5, 3, 4});
  CHECK(values(einx::roll("(a [b])", x, {1}, {{"b", 2}})) == std::vector<float>{1, 0, 3, 2, 5, 4});
  CHECK(values(einx::roll("[a]", einx::iota, 1, {{"a", 3}})) == std::vector<float>{2, 0, 1});
}

TEST_CASE("into the caller's tensor, also its own operand") {
  Tensor x = Tensor::iota({5}), y = Tensor::empty({5}, einx::f32).reversed(0);
  einx::roll_into(y, "[a]", x, 2);
  CHECK(values(y) == std::vector<float>{3, 4, 0, 1, 2});
  Tensor& same = x;
  einx::roll_into(same, "[a]", x, {-1});
  CHECK(values(x) == std::vector<float>{1, 2, 3, 4, 0});
  einx::flip_into(same, "[a]", x);
  CHECK(values(x) == std::vector<float>{0, 4, 3, 2, 1});
  einx::sort_into(same, "[a]", x);
  CHECK(values(x) == std::vector<float>{0, 1, 2, 3, 4});
}

TEST_CASE("the shift is a part of the signature, of graphs and of traced functions") {
  const Tensor x = Tensor::iota({4});
  CHECK(values(einx::roll("[a]", x, 1)) != values(einx::roll("[a]", x, 2)));
  const einx::Graph graph = einx::graph::roll("[a]", x, 3);
  CHECK(graph.text().find("shift=[3]") != std::string::npos);
  CHECK(values(graph(x)) == std::vector<float>{1, 2, 3, 0});
  CHECK(values(einx::Graph::parse(graph.text())(x)) == std::vector<float>{1, 2, 3, 0});
  CHECK(einx::graph::sort("[a]", x).loops().find("sort k0") != std::string::npos);
  const auto f = einx::jit([](einx::Value v) { return einx::add("a, a", einx::roll("[a]", v, {1}), einx::flip("[a]", einx::sort("[a]", v))); });
  CHECK(values(f(x)) == std::vector<float>{6, 2, 2, 2});
}

TEST_CASE("mistakes") {
  const Tensor x = Tensor::iota({2, 3});
  const auto kind = [](auto&& call) {
    try {
      call();
    } catch (const einx::Error& error) {
      return std::string(error.class_name()) + " " + std::string(error.kind());
    }
    return std::string("no error");
  };
  CHECK(kind([&] { einx::roll("[a b]", x, {1, 2, 3}); }) == "ValueError shift-length");
  CHECK(kind([&] { einx::roll("[a b]", x, Shift(std::vector<std::int64_t>{})); }) == "ValueError shift-length");
  CHECK(kind([&] { einx::roll("a b", x, {1, 2}); }) == "ValueError shift-length");
  CHECK(kind([&] { einx::roll("a [shift]", x, 1); }) == "SemanticError axis-name-is-kwarg");
  CHECK(kind([&] { einx::roll("a [b] -> [b]", x, 1); }) == "SemanticError input-axis-missing-in-output");
  CHECK(kind([&] { einx::sort("a b", x); }) == "SemanticError exactly-one-bracket-axis");
  CHECK(kind([&] { einx::argsort("[a b]", x); }) == "SemanticError exactly-one-bracket-axis");
  CHECK(kind([&] { einx::flip("[a b] -> [b a]", x); }) == "SemanticError bracket-order");
}

TEST_CASE("every dtype is sorted and reversed, equal elements in their order") {
  const Tensor x = Tensor::copy_of<std::int64_t>({3, 1, 2, 1}, {4});
  for (const einx::DType dtype : {einx::i8, einx::i16, einx::i32, einx::i64, einx::u8, einx::u16, einx::u32, einx::u64, einx::f16, einx::bf16, einx::f32, einx::f64}) {
    const Tensor typed = x.cast(dtype);
    CHECK(einx::sort("[a]", typed).dtype() == dtype);
    CHECK(einx::sort("[a]", typed).to_vector<double>() == std::vector<double>{1, 1, 2, 3});
    CHECK(einx::argsort("[a]", typed).dtype() == einx::i64);
    CHECK(einx::argsort("[a]", typed).to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 3, 2, 0});
    CHECK(einx::flip("[a]", typed).to_vector<double>() == std::vector<double>{1, 2, 1, 3});
  }
}
