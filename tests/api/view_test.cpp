// Prepared graphs on views of memory that no tensor holds.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <algorithm>
#include <array>
#include <vector>

using einx::MutableView;
using einx::Tensor;
using einx::View;

namespace {

/// Rows of 3 columns as sums, through views of a 2 x 3 array.
struct Rows {
  alignas(64) std::array<float, 6> in{1, 2, 3, 4, 5, 6};
  alignas(64) std::array<float, 32> out{};
  einx::Shape shape{2, 3}, row_major{3, 1}, result{2};
  einx::Graph graph = einx::graph::sum("a [b]", Tensor::zeros({2, 3}));
  void run(const View& x, const MutableView& y) { graph.run_into({&y, 1}, {&x, 1}); }
};

}  // namespace

TEST_CASE("views are computed with in place") {
  Rows r;
  const einx::Shape apart{4}, backwards{-1};
  const struct {
    const char* what;
    MutableView y;
    std::array<int, 2> at;
  } rows[] = {
      {"aligned", {r.out.data(), einx::f32, r.result}, {0, 1}},
      {"not aligned", {r.out.data() + 1, einx::f32, r.result}, {1, 2}},
      {"strided", {r.out.data(), einx::f32, r.result, apart}, {0, 4}},
      {"backwards", {r.out.data() + 3, einx::f32, r.result, backwards}, {3, 2}},
  };
  for (const auto& row : rows) {
    for (const einx::Shape& strides : {einx::Shape{}, r.row_major}) {
      CAPTURE(row.what);
      r.out.fill(-1);
      r.run({r.in.data(), einx::f32, r.shape, strides}, row.y);
      CHECK(r.out[row.at[0]] == 6);
      CHECK(r.out[row.at[1]] == 15);
      CHECK(std::count(r.out.begin(), r.out.end(), -1.f) == 30);
    }
  }
}

TEST_CASE("a view may lie on the operand") {
  Rows r;
  r.run({r.in.data(), einx::f32, r.shape}, {r.in.data(), einx::f32, r.result});
  CHECK(r.in == std::array<float, 6>{6, 15, 3, 4, 5, 6});
}

TEST_CASE("views of another signature are refused") {
  Rows r;
  const View x{r.in.data(), einx::f32, r.shape};
  const MutableView y{r.out.data(), einx::f32, r.result};
  const einx::Shape turned{1, 2}, longer{2, 4}, one{1};
  CHECK_THROWS_AS(r.run({r.in.data(), einx::i32, r.shape}, y), einx::ValueError);
  CHECK_THROWS_AS(r.run({r.in.data(), einx::f32, longer}, y), einx::ValueError);
  CHECK_THROWS_AS(r.run({r.in.data(), einx::f32, r.shape, turned}, y), einx::ValueError);
  CHECK_THROWS_AS(r.run({r.in.data(), einx::f32, r.shape, one}, y), einx::ValueError);
  CHECK_THROWS_AS(r.run({nullptr, einx::f32, r.shape}, y), einx::ValueError);
  CHECK_THROWS_AS(r.run(x, {r.out.data(), einx::i32, r.result}), einx::TypeError);
  CHECK_THROWS_AS(r.run(x, {r.out.data(), einx::f32, longer}), einx::ValueError);
  CHECK_THROWS_AS(r.run(x, {r.out.data(), einx::f32, r.result, r.row_major}), einx::ValueError);
  CHECK_THROWS_AS(r.run(x, {nullptr, einx::f32, r.result}), einx::ValueError);
  CHECK_THROWS_AS(r.graph.run_into(std::span<const MutableView>(), std::span(&x, 1)), einx::ValueError);
  r.run(x, y);
  CHECK(r.out[1] == 15);
}
