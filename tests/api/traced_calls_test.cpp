// Every operation and every function of the dialects on traced values: one body, on values and on tensors, with the same results. And the registry has nothing that no
// row of the table writes into its graph.
#include <doctest/doctest.h>

#include <einx/einx.h>

#include <set>

#include "cache/cache.h"
#include "ops/ops.h"
#include "own.h"

using einx::Tensor;
using einx::Value;

namespace {

template <class T>
std::vector<T> list(const T& one) { return {one}; }
template <class T>
std::vector<T> list(const std::vector<T>& all) { return all; }
template <class T, std::size_t N>
std::vector<T> list(const std::array<T, N>& all) { return {all.begin(), all.end()}; }
template <class T>
std::vector<T> list(const einx::einops::Packed<T>& packed) { return {packed.tensor}; }
std::vector<Value> list(const einx::Row& one) { return {one}; }

struct Row {
  const char* name;
  std::function<std::vector<Value>(Value, Value, Value)> traced;
  std::function<std::vector<Tensor>(Tensor, Tensor, Tensor)> called;
};
template <class F>
Row row(const char* name, F f) {
  return {name, [f](Value x, Value y, Value k) { return list(f(x, y, k)); }, [f](Tensor x, Tensor y, Tensor k) { return list(f(x, y, k)); }};
}

namespace e = einx;
namespace eo = einx::einops;
namespace v3 = einx::v03;

const auto kOwn = einx::elementwise("traced_calls_half", [](Value a) { return a / 2; });
const auto kTotal = einx::reduction("traced_calls_total", 0, [](Value a, Value b) { return a + b; });
const auto kNorm = einx::rowwise("traced_calls_norm", [](einx::Row r) { return r - mean(r); });
const auto kNative = einx::native("traced_calls_copy", [](const Tensor& in, Tensor& out) { e::id_into(out, "...", in); });

/// The first three rows.
const auto first = [](const auto& y) { return e::id<2>("(p + q) b -> p b, q b", y, {{"p", 3}})[0]; };

// x: f32[4, 6], y: f32[4, 6], k: i64[3] with coordinates of an axis of 4
std::vector<Row> table() {
  return {
      row("add", [](auto x, auto y, auto) { return e::add("a b, a b", x, y); }),
      row("add of four", [](auto x, auto y, auto) { return e::add("a b, a b, b a, a b -> a b", {x, y, e::id("a b -> b a", x), y}); }),
      row("add of a vector", [](auto x, auto y, auto) { return e::add("a b, a b", {x, y}); }),
      row("multiply", [](auto x, auto y, auto) { return e::multiply("a b, c d -> a d", e::sum("a [b]", x, e::keepdims), e::sum("[a] b", y, e::keepdims)); }),
      row("maximum", [](auto x, auto y, auto) { return e::maximum("a b, a b", x, y); }),
      row("minimum", [](auto x, auto, auto) { return e::minimum("a b,", x, 0.5); }),
      row("logical_and", [](auto x, auto y, auto) { return e::logical_and("a b, a b", x, y); }),
      row("logical_or", [](auto x, auto y, auto) { return e::logical_or("a b, a b", x, y); }),
      row("logaddexp", [](auto x, auto y, auto) { return e::logaddexp("a b, a b", x, y); }),
      row("subtract", [](auto x, auto y, auto) { return e::subtract("a b, a b", x, y); }),
      row("true_divide", [](auto x, auto y, auto) { return e::true_divide("a b, a b", x, y); }),
      row("divide", [](auto x, auto y, auto) { return e::divide("a b, a b", x, y); }),
      row("floor_divide", [](auto x, auto y, auto) { return e::floor_divide("a b, a b", x, y); }),
      row("less", [](auto x, auto y, auto) { return e::less("a b, a b", x, y); }),
      row("less_equal", [](auto x, auto y, auto) { return e::less_equal("a b, a b", x, y); }),
      row("greater", [](auto x, auto y, auto) { return e::greater("a b, a b", x, y); }),
      row("greater_equal", [](auto x, auto y, auto) { return e::greater_equal("a b, a b", x, y); }),
      row("equal", [](auto x, auto y, auto) { return e::equal("a b, a b", x, y); }),
      row("not_equal", [](auto x, auto y, auto) { return e::not_equal("a b, a b", x, y); }),
      row("where", [](auto x, auto y, auto) { return e::where("a b, a b,", e::less("a b, a b", x, y), x, 7); }),
      row("negative", [](auto x, auto, auto) { return e::negative("a b", x); }),
      row("abs", [](auto x, auto, auto) { return e::abs("a b", x); }),
      row("exp", [](auto x, auto, auto) { return e::exp("a b", x); }),
      row("log", [](auto x, auto, auto) { return e::log("a b", e::abs("a b", x)); }),
      row("log1p", [](auto x, auto, auto) { return e::log1p("a b", e::abs("a b", x)); }),
      row("sqrt", [](auto x, auto, auto) { return e::sqrt("a b", e::abs("a b", x)); }),
      row("tanh", [](auto x, auto, auto) { return e::tanh("a b", x); }),
      row("erf", [](auto x, auto, auto) { return e::erf("a b", x); }),
      row("sin", [](auto x, auto, auto) { return e::sin("a b", x); }),
      row("cos", [](auto x, auto, auto) { return e::cos("a b", x); }),
      row("floor", [](auto x, auto, auto) { return e::floor("a b", x); }),
      row("pow", [](auto x, auto, auto) { return e::pow("a b,", x, 2); }),
      row("hypot", [](auto x, auto y, auto) { return e::hypot("a b, a b", x, y); }),
      row("sum", [](auto x, auto, auto) { return e::sum("a [b]", x); }),
      row("mean", [](auto x, auto, auto) { return e::mean("a (b [c])", x, {{"c", 3}}); }),
      row("var", [](auto x, auto, auto) { return e::var("a [b]", x); }),
      row("std", [](auto x, auto, auto) { return e::std("a [b]", x); }),
      row("prod", [](auto x, auto, auto) { return e::prod("a [b]", x); }),
      row("count_nonzero", [](auto x, auto, auto) { return e::count_nonzero("a [b]", x); }),
      row("any", [](auto x, auto, auto) { return e::any("a [b]", x); }),
      row("all", [](auto x, auto, auto) { return e::all("a [b]", x); }),
      row("max", [](auto x, auto, auto) { return e::max("a [b]", x); }),
      row("min", [](auto x, auto, auto) { return e::min("a [b]", x); }),
      row("logsumexp", [](auto x, auto, auto) { return e::logsumexp("a [b]", x); }),
      row("dot", [](auto x, auto y, auto) { return e::dot("a [b], c [b] -> a c", x, y); }),
      row("dot of three", [](auto x, auto y, auto) { return e::dot("a [b], [b c], [c] d -> a d", {x, e::dot("[n] b, [n] c -> b c", x, y), e::id("c d -> d c", y)}); }),
      row("softmax", [](auto x, auto, auto) { return e::softmax("a [b]", x); }),
      row("log_softmax", [](auto x, auto, auto) { return e::log_softmax("a [b]", x); }),
      row("flip", [](auto x, auto, auto) { return e::flip("[a] b", x); }),
      row("roll", [](auto x, auto, auto) { return e::roll("[a b]", x, {1, -2}); }),
      row("sort", [](auto x, auto, auto) { return e::sort("a [b]", x); }),
      row("argsort", [](auto x, auto, auto) { return e::argsort("a [b]", x); }),
      row("argmax", [](auto x, auto, auto) { return e::argmax("[a b] -> [2]", x); }),
      row("argmin", [](auto x, auto, auto) { return e::argmin("a [b] -> a", x); }),
      row("get_at", [](auto x, auto, auto k) { return e::get_at("[a] b, p -> p b", x, k); }),
      row("get_at of four", [](auto x, auto, auto k) { return e::get_at("[a b], p, p -> p", {x, k, k}); }),
      row("set_at", [](auto x, auto y, auto k) { return e::set_at("[a] b, p, p b", x, k, first(y)); }),
      row("add_at", [](auto x, auto y, auto k) { return e::add_at("[a] b, p, p b", x, k, first(y)); }),
      row("subtract_at", [](auto x, auto y, auto k) { return e::subtract_at("[a] b, p, p b", x, k, first(y)); }),
      row("add_at of four", [](auto x, auto y, auto k) { return e::add_at("[a b], p, p, p", {x, k, k, e::get_at("[a], p -> p", e::sum("a [b]", y), k)}); }),
      row("id", [](auto x, auto, auto) { return e::id("a (b c) -> c a b", x, {{"c", 2}}); }),
      row("id of two", [](auto x, auto y, auto) { return e::id("a b, a c -> a (b + c)", x, y); }),
      row("id of four", [](auto x, auto y, auto) { return e::id("a b, a c, a d, a e -> a (b + c + d + e)", {x, y, x, y}); }),
      row("id<2>", [](auto x, auto, auto) { return e::id<2>("a (b + c) -> a b, c a", x, {{"b", 2}}); }),
      row("id<2> of two", [](auto x, auto y, auto) { return e::id<2>("a b, c d -> b a, d c", {x, y}); }),
      row("id_all", [](auto x, auto y, auto) { return e::id_all("a b, c d -> b a, d c", {x, y}); }),
      row("rearrange", [](auto x, auto, auto) { return e::rearrange("a b -> b a", x); }),
      row("einsum", [](auto x, auto y, auto) { return e::einsum("ij,kj->ik", x, y); }),
      row("einsum of four", [](auto x, auto y, auto) { return e::einsum("ij,kj,kl,il->jl", {x, y, y, x}); }),
      row("einsum of labels", [](auto x, auto y, auto) { return e::einsum(x, {0, 1}, y, {2, 1}, {0, 2}); }),
      row("own elementwise", [](auto x, auto, auto) { return kOwn("a b", x); }),
      row("own reduction", [](auto x, auto, auto) { return kTotal("a [b]", x); }),
      row("own rowwise", [](auto x, auto, auto) { return kNorm("a [b]", x); }),
      row("own native", [](auto x, auto, auto) { return kNative("a [b] -> a [b]", x); }),
      row("own native of a list", [](auto x, auto, auto) { return kNative.all("a [b] -> a [b]", {x}); }),
      // einops
      row("einops.rearrange", [](auto x, auto, auto) { return eo::rearrange(x, "a (b c) -> c (a b)", {{"c", 2}}); }),
      row("einops.rearrange of a list", [](auto x, auto y, auto) { return eo::rearrange({x, y, x}, "n a b -> a (n b)"); }),
      row("einops.repeat", [](auto x, auto, auto) { return eo::repeat(x, "a b -> a n b", {{"n", 2}}); }),
      row("einops.reduce", [](auto x, auto, auto) { return eo::reduce(x, "a (b c) -> a b", "mean", {{"c", 2}}); }),
      row("einops.reduce of a list", [](auto x, auto y, auto) { return eo::reduce({x, y}, "n a b -> a b", "max"); }),
      row("einops.reduce by an operation", [](auto x, auto, auto) { return eo::reduce(x, "a b -> a", e::logsumexp); }),
      row("einops.einsum", [](auto x, auto y, auto) { return eo::einsum(x, y, "row k, column k -> row column"); }),
      row("einops.einsum of four", [](auto x, auto y, auto) { return eo::einsum({x, y, x, y}, "a b, a b, a b, a b -> b"); }),
      row("einops.pack", [](auto x, auto y, auto) { return eo::pack({x, e::sum("[a] b", y)}, "* b"); }),
      row("einops.unpack", [](auto x, auto, auto) { return eo::unpack(x, {{1}, {-1}}, "* b"); }),
      row("einops.parse_shape", [](auto x, auto y, auto) { return eo::rearrange(eo::rearrange(y, "a b -> (a b)"), "(a b) -> a b", eo::parse_shape(x, "a _")); }),
      row("EinMix", [](auto x, auto, auto) { return eo::EinMix("a b -> a c", {.weight_shape = "b c", .bias_shape = "c", .seed = 3}, {{"b", 6}, {"c", 2}})(x); }),
      // einx 0.3
      row("v03.rearrange", [](auto x, auto y, auto) { return v3::rearrange("a b, a c -> a (c + b)", x, y); }),
      row("v03.rearrange of four", [](auto x, auto y, auto) { return v3::rearrange("a b, a c, a d, a e -> a (b + c + d + e)", {x, y, x, y}); }),
      row("v03.rearrange_all", [](auto x, auto y, auto) { return v3::rearrange_all("a b, c d -> b a, d c", {x, y}); }),
      row("v03.add", [](auto x, auto y, auto) { return v3::add("a b, a b", x, y); }),
      row("v03.where", [](auto x, auto y, auto) { return v3::where("a b, a b, a b", x, x, y); }),
      row("v03.sum", [](auto x, auto, auto) { return v3::sum("a [b]", x, e::keepdims); }),
      row("v03.dot", [](auto x, auto y, auto) { return v3::dot("a b, c b -> a c", x, y); }),
      row("v03.softmax", [](auto x, auto, auto) { return v3::softmax("a [b]", x); }),
      row("v03.flip", [](auto x, auto, auto) { return v3::flip("a [b]", x); }),
      row("v03.roll", [](auto x, auto, auto) { return v3::roll("a [b]", x, 2); }),
      row("v03.get_at", [](auto x, auto, auto k) { return v3::get_at("[a] b, p -> p b", x, k); }),
      row("v03.index", [](auto x, auto y, auto k) { return v3::index("[a] b, p, p b -> a b", {x, k, first(y)}, "add_at"); }),
      row("v03.vmap", [](auto x, auto, auto) { return v3::vmap("a [b] -> a", x, "sum"); }),
      row("v03.vmap_with_axis", [](auto x, auto, auto) { return v3::vmap_with_axis("a [b]", x, "flip"); }),
      row("v03.reduce", [](auto x, auto, auto) { return v3::reduce("a [b]", x, "max"); }),
      row("v03.elementwise", [](auto x, auto y, auto) { return v3::elementwise("a b, a b", {x, y}, "add"); }),
  };
}

}  // namespace

TEST_CASE("every call gives on values what it gives on tensors") {
  const Tensor x = own::random({4, 6}, einx::f32), y = own::random({4, 6}, einx::f32), k = Tensor::copy_of<std::int64_t>({2, 0, -1}, {3});
  std::set<std::string, std::less<>> written;
  for (const Row& row : table()) {
    CAPTURE(row.name);
    const einx::Graph graph = einx::trace(row.traced, {x, y, k});
    const std::string text = graph.text();
    CAPTURE(text);
    CHECK(einx::Graph::parse(text, {{"c0", Tensor::zeros({6, 2})}}).text() == text);
    for (std::size_t at = text.find(" = "); at != text.npos; at = text.find(" = ", at + 3)) written.insert(text.substr(at + 3, text.find('(', at) - at - 3));
    const std::vector<Tensor> got = graph.run({x, y, k}), want = row.called(x, y, k);
    REQUIRE(got.size() == want.size());
    for (std::size_t r = 0; r < got.size(); ++r) own::close(got[r], want[r], 1e-5);
  }
  for (const auto* op : einx::detail::ops::all()) {
    CAPTURE(op->name);
    const bool conversion = op->name.starts_with("to_");  // value_test has them
    const bool other_name = op->name == "rearrange" || op->name == "divide";
    CHECK((conversion || other_name || written.contains(op->name)));
  }
}

TEST_CASE("calls inside a traced function count as its own for the retrace monitor") {
  auto& monitor = einx::detail::cache::retraces();
  monitor.reset(100);
  const auto f = einx::jit([](Value a) { return einx::sum("a [b]", einx::einops::rearrange(exp(a), "(a b) -> a b", {{"a", 2}})); });
  for (const std::int64_t size : {2, 4, 6, 4}) f(Tensor::ones({size}));
  const auto counts = monitor.counts();
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].op == "jit");
  CHECK(counts[0].misses == 3);
  CHECK(counts[0].site.find("traced_calls_test.cpp") != std::string::npos);
  monitor.reset(0);
}
