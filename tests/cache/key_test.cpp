#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "cache/keys.h"

namespace {

using cache_test::cache::KeyBuilder;
using Write = std::function<void(KeyBuilder&)>;
using einx::Shape;

std::string bytes(const Write& write) {
  KeyBuilder builder;
  write(builder);
  return std::string(builder.view().bytes);
}

struct Row {
  const char* what;
  Write a, b;
  bool same;
};

Write texts(std::vector<std::string> items) {
  return [items](KeyBuilder& key) {
    for (const auto& item : items) key.text(item);
  };
}
Write lists(std::vector<Shape> items) {
  return [items](KeyBuilder& key) {
    for (const auto& item : items) key.numbers(item);
  };
}
Write tensor(einx::DType dtype, Shape shape, Shape strides) {
  return [=](KeyBuilder& key) { key.tensor(dtype, shape, strides); };
}
Write both(Write a, Write b) {
  return [=](KeyBuilder& key) { a(key), b(key); };
}

TEST_CASE("keys are equal for equal signatures and for nothing else") {
  const Row rows[] = {
      {"the same text", texts({"ab", "c"}), texts({"ab", "c"}), true},
      {"a text cut elsewhere", texts({"ab", "c"}), texts({"a", "bc"}), false},
      {"an empty text", texts({"", "a"}), texts({"a", ""}), false},
      {"lists cut elsewhere", lists({{1, 2}, {3}}), lists({{1}, {2, 3}}), false},
      {"an empty list", lists({{}, {1}}), lists({{1}, {}}), false},
      {"the same tensor", tensor(einx::f32, {2, 3}, {3, 1}), tensor(einx::f32, {2, 3}, {3, 1}), true},
      {"another dtype", tensor(einx::f32, {2, 3}, {3, 1}), tensor(einx::f64, {2, 3}, {3, 1}), false},
      {"another shape", tensor(einx::f32, {2, 3}, {3, 1}), tensor(einx::f32, {3, 2}, {3, 1}), false},
      {"other strides", tensor(einx::f32, {2, 3}, {3, 1}), tensor(einx::f32, {2, 3}, {1, 2}), false},
      {"a negative stride", tensor(einx::f32, {2}, {1}), tensor(einx::f32, {2}, {-1}), false},
      {"strides of an axis of size 1", tensor(einx::f32, {1, 3}, {3, 1}), tensor(einx::f32, {1, 3}, {77, 1}),
       true},
      {"where the axis of size 1 stands", tensor(einx::f32, {1, 3}, {3, 1}),
       tensor(einx::f32, {3, 1}, {1, 1}), false},
      {"strides of an empty tensor", tensor(einx::f32, {4, 0}, {1, 1}), tensor(einx::f32, {4, 0}, {9, 5}),
       true},
      {"two tensors, shape moved", both(tensor(einx::f32, {2}, {1}), tensor(einx::f32, {}, {})),
       both(tensor(einx::f32, {}, {}), tensor(einx::f32, {2}, {1})), false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK((bytes(row.a) == bytes(row.b)) == row.same);
  }
}

TEST_CASE("a builder starts anew after clear and keeps what outgrows its buffer") {
  KeyBuilder builder;
  const std::string large(100'000, 'x');
  builder.text("before");
  builder.text(large);
  CHECK(builder.view().bytes == bytes(texts({"before", large})));
  builder.clear();
  builder.text("after");
  CHECK(builder.view().bytes == bytes(texts({"after"})));
  KeyBuilder other;
  other.text("after");
  CHECK(builder.view().hash == other.view().hash);
}

TEST_CASE("one changed byte changes the hash") {
  KeyBuilder a, b;
  for (int i = 0; i < 40; ++i) a.number(i), b.number(i == 20 ? -i : i);
  CHECK(a.view().hash != b.view().hash);
}

}  // namespace
