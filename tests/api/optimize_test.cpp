// The optimiser as users see it: graphs, functions that are specialised again, and what it costs.
#include <doctest/doctest.h>
#include <einx/einx.h>

#include <chrono>
#include <cmath>
#include <random>
#include <string>

using einx::f32, einx::f64;
using einx::Shape, einx::Spec, einx::Tensor, einx::Value;

namespace {

Tensor numbers(const Shape& shape, einx::DType dtype = f64) {
  static std::mt19937_64 random(1);
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) value = 0.5 + double(random() % 1024) / 1024;
  return Tensor::copy_of(values, shape).cast(dtype);
}

double difference(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  if (x.size() != y.size() || a.dtype() != b.dtype()) return 1e300;
  double worst = 0;
  for (std::size_t k = 0; k < x.size(); ++k) worst = std::max(worst, std::abs(x[k] - y[k]) / std::max(1.0, std::abs(x[k])));
  return worst;
}

const auto kChain = [](Value x, Value y, Value z) { return 0.784 * einx::einsum("ij,jk,kl->il", x, y, z); };
const Spec kChainSpecs[] = {{f64, {100, 2}}, {f64, {2, 100}}, {f64, {100, 2}}};  // from the left, x y is 100x100

int count(const std::string& text, const std::string& word) {
  int found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a product that is repeated along an axis of no operand; empty values and numbers") {
  const auto repeated = einx::jit([](einx::Value w) { return broadcast_to(w, {3, 3}) * w; });
  CHECK(repeated(einx::Tensor::iota({3})).to_string() == "f32[3, 3] [[0, 1, 4], [0, 1, 4], [0, 1, 4]]");
  const auto summed = einx::jit([](einx::Value x) { return einx::sum("[a]...", einx::flip("[a] b", x) * 2.0); });
  CHECK(summed(einx::Tensor::ones({0, 3})).to_string() == "f32[] 0");
  CHECK(summed(einx::Tensor::ones({2, 3})).to_string() == "f32[] 12");
}

TEST_CASE("the four optimisations, one by one and together") {
  const einx::Graph graph = einx::trace(kChain, kChainSpecs);
  const einx::Graph whole = einx::optimize(graph);
  CHECK(einx::flops(whole) < einx::flops(graph));
  CHECK(whole.text().find("f64[2, 2] = multiply") != std::string::npos);
  const einx::Graph steps = einx::fuse_scalars(einx::optimize_einsums(einx::fuse_einsums(einx::fuse_scalars(graph))));
  CHECK(einx::flops(steps) == einx::flops(whole));
  const Tensor x = numbers({100, 2}), y = numbers({2, 100}), z = numbers({100, 2});
  const Tensor expected = graph(x, y, z);
  CHECK(difference(expected, whole(x, y, z)) < 1e-12);
  CHECK(difference(expected, steps(x, y, z)) < 1e-12);
  CHECK(einx::jitable(whole).text() == whole.text());
  CHECK(einx::Graph::parse(whole.text())(x, y, z).to_vector<double>() == whole(x, y, z).to_vector<double>());
}

TEST_CASE("in place, the graph becomes what a copy would be") {
  einx::Graph graph = einx::trace([](Value x, Value y) { return einx::einsum("ij->i", 2 * einx::einsum("ij,jk->ik", x, y) * 3); }, {{f64, {3, 4}}, {f64, {4, 5}}});
  const std::string before = graph.text();
  const einx::Graph scalars = einx::fuse_scalars(graph);
  CHECK(graph.text() == before);
  einx::fuse_scalars(graph, einx::in_place);
  CHECK(graph.text() == scalars.text());
  const einx::Graph einsums = einx::fuse_einsums(graph);
  einx::fuse_einsums(graph, einx::in_place);
  CHECK(graph.text() == einsums.text());
}

TEST_CASE("F4: an ellipsis is as many axes as the operand has") {
  const auto function = [](Value x, Value y, Value z) {
    return einx::einsum("...ij,...jk->...ik", einx::einsum("...ij,...jk->...ik", x, y), z);
  };
  const einx::Graph graph = einx::trace(function, {{f64, {2, 3, 4, 5}}, {f64, {2, 3, 5, 6}}, {f64, {6, 7}}});
  CHECK(count(einx::fuse_einsums(graph).text(), " = ") == 1);
  const Tensor x = numbers({2, 3, 4, 5}), y = numbers({2, 3, 5, 6}), z = numbers({6, 7});
  CHECK(difference(graph(x, y, z), einx::optimize(graph)(x, y, z)) < 1e-12);
}

TEST_CASE("optimize_einsums_full of a function stays right at other sizes, dtypes and strides") {
  const auto function = einx::optimize_einsums_full(kChain, kChainSpecs);
  CHECK(function.graph().text() == einx::optimize(einx::trace(kChain, kChainSpecs)).text());
  const auto plain = einx::jit(kChain, einx::OptimizeOptions::none());
  for (const einx::DType dtype : {f32, f64})
    for (const auto& [i, j, k, l] : std::vector<std::array<std::int64_t, 4>>{{2, 100, 2, 100}, {40, 3, 50, 2}, {1, 7, 1, 9}, {5, 1, 6, 1}, {0, 3, 4, 5}}) {
      const Tensor x = numbers({i, j}, dtype), y = numbers({k, j}, dtype).permuted({1, 0}), z = numbers({k, l}, dtype);
      CHECK(difference(plain(x, y, z), function(x, y, z)) < (dtype == f32 ? 1e-5 : 1e-12));
    }
}

TEST_CASE("optimize_einsums_full of a graph gives a graph, also for other inputs") {
  const einx::Graph graph = einx::trace(kChain, kChainSpecs);
  CHECK(einx::optimize_einsums_full(graph).text() == einx::optimize(graph).text());
  const einx::Graph large = einx::optimize_einsums_full(graph, {{f64, {50, 3}}, {f64, {3, 60}}, {f64, {60, 4}}});
  CHECK(large.outputs() == std::vector<Spec>{{f64, {50, 4}}});
  const Tensor x = numbers({50, 3}), y = numbers({3, 60}), z = numbers({60, 4});
  CHECK(difference(einx::jit(kChain, einx::OptimizeOptions::none())(x, y, z), large(x, y, z)) < 1e-12);
  CHECK_THROWS_AS(einx::optimize_einsums_full(graph, {{f32, {50, 3}}}), einx::ValueError);
  CHECK_THROWS_AS(einx::propagate_shapes(graph, {{f32, {50, 3}}, {f32, {4, 60}}, {f32, {60, 4}}}), einx::AxisSizeError);
}

TEST_CASE("propagate_shapes executes nothing") {
  const einx::Graph graph = einx::trace([](Value x, Value y) { return einx::einsum("ijkl->il", einx::einsum("ij,kl->ijkl", x, y)); }, {{f64, {2, 2}}, {f64, {2, 2}}});
  const einx::Graph large = einx::propagate_shapes(graph, {{f64, {1000, 1000}}, {f64, {1000, 1000}}});
  CHECK(large.text().find("f64[1000, 1000, 1000, 1000]") != std::string::npos);
  CHECK(einx::flops(large) > 1e12);
  CHECK(einx::flops(einx::optimize(large)) < 1e7);
}

TEST_CASE("einx::jit optimises unless it is told not to") {
  const Tensor x = numbers({300, 2}), y = numbers({2, 300}), z = numbers({300});
  const auto function = [](Value a, Value b, Value c) { return einx::dot("i [k], [k] -> i", einx::dot("i [j], [j] k -> i k", a, b), c); };
  const Tensor expected = einx::dot("i [k], [k] -> i", einx::dot("i [j], [j] k -> i k", x, y), z);
  CHECK(difference(expected, einx::jit(function)(x, y, z)) < 1e-12);
  CHECK(difference(expected, einx::jit(function, einx::OptimizeOptions::none())(x, y, z)) < 1e-12);
  einx::OptimizeOptions wrong;
  wrong.paths.optimize = "best";
  CHECK_THROWS_AS(einx::jit(function, wrong)(x, y, z), einx::ValueError);
}

TEST_CASE("every pass alone, and the observer") {
  const einx::Graph graph = einx::trace(kChain, kChainSpecs);
  const Tensor x = numbers({100, 2}), y = numbers({2, 100}), z = numbers({100, 2});
  const Tensor expected = graph(x, y, z);
  for (einx::Graph (*pass)(const einx::Graph&) :
       {einx::passes::drop_identities, einx::passes::merge_maps, einx::passes::fold_constants, einx::passes::merge_common, einx::passes::accumulate_scalars,
        einx::passes::fuse_einsums, einx::passes::place_scalars, einx::passes::drop_dead})
    CHECK(difference(expected, pass(graph)(x, y, z)) < 1e-12);
  std::string names;
  const einx::Graph last = einx::optimize(graph, {}, [&](std::string_view pass, const einx::Graph& made) {
    names += std::string(pass) + " ";
    CHECK(difference(expected, made(x, y, z)) < 1e-12);
  });
  CHECK(names.find("accumulate_scalars fuse_einsums optimize_einsums place_scalars") != std::string::npos);
}

TEST_CASE("thirty nodes are optimised in less time than they are compiled") {
  const auto chain = [](Value x, Value y) {
    Value out = x;
    for (int k = 0; k < 6; ++k) out = tanh(0.5 * einx::einsum("ij,jk->ik", einx::einsum("ij,jk->ik", out, y), y) + x);
    return out;
  };
  const einx::Graph graph = einx::trace(chain, {{f64, {20, 8}}, {f64, {8, 8}}});
  const auto seconds = [](auto work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  double optimising = 1e9;
  einx::Graph optimized = graph;
  for (int k = 0; k < 3; ++k) optimising = std::min(optimising, seconds([&] { optimized = einx::optimize(graph); }));
  const Tensor x = numbers({20, 8}), y = numbers({8, 8});
  const double compiling = seconds([&] { optimized(x, y); });
  MESSAGE("thirty nodes: optimised in " << optimising * 1e3 << " ms, compiled in " << compiling * 1e3 << " ms");
  CHECK(optimising < compiling);
}
