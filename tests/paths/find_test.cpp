// Networks whose best path is known, among them those on which other optimisers are wrong; limits, budgets,
// errors.
#include <doctest/doctest.h>
#include <einx/error.h>

#include "networks.h"

using namespace paths_test;
using paths::Algorithm;
using paths::Minimize;
using paths::Options;
using paths::Result;

namespace {

double flops(const paths::Network& net, Algorithm algorithm) {
  return paths::find(net, {.algorithm = algorithm}).cost.flops;
}

/// A ring of `terms` matrices with one rung across.
paths::Network ring(int terms, std::int64_t size) {
  paths::Network net;
  for (int k = 0; k < terms; ++k) {
    net.terms.push_back({k, (k + 1) % terms});
    net.sizes.push_back(size + k % 3);
  }
  net.sizes.push_back(3);
  net.terms[0].push_back(terms);
  net.terms[std::size_t(terms / 2)].push_back(terms);
  return net;
}

template <class Run>
std::string error_kind(const Run& run) {
  try {
    run();
  } catch (const einx::Error& error) {
    return std::string(error.class_name()) + " " + std::string(error.kind());
  }
  return "none";
}

}  // namespace

TEST_CASE("optimal where opt_einsum's is not (its issues 248 and 254)") {
  const auto ring_of_seven = network(
      "iP,sP,PQ,jQ,tQ,ti,sj->", {{'i', 300}, {'j', 300}, {'s', 50}, {'t', 50}, {'P', 2000}, {'Q', 2000}});
  CHECK(flops(ring_of_seven, Algorithm::Optimal) == doctest::Approx(9.24e8).epsilon(0.001));
  CHECK(flops(ring_of_seven, Algorithm::Auto) == flops(ring_of_seven, Algorithm::Optimal));
  const auto scaled = network("bgk,bkd,bk->bgd", {{'b', 64}, {'g', 8}, {'k', 4096}, {'d', 128}});
  const Result found = paths::find(scaled, {.algorithm = Algorithm::Optimal});
  CHECK(found.cost.flops == doctest::Approx(5.39e8).epsilon(0.001));
  CHECK(found.path == paths::Path{{0, 2}, {0, 1}});
  CHECK(found.cost.largest == 64 * 8 * 4096);
}

TEST_CASE("labels in many terms, and twice the same labels (opt_einsum: 53514 flops)") {
  const auto net =
      network("efd,fbd,afe,feca,ecaf,ec->", {{'a', 6}, {'b', 8}, {'c', 9}, {'d', 9}, {'e', 3}, {'f', 2}});
  CHECK(flops(net, Algorithm::Optimal) == 1440);
  CHECK(flops(net, Algorithm::Auto) == 1440);
  CHECK(BruteForce(net).flops() == 1440);
}

TEST_CASE("outer products are found where they pay") {
  // Both factors are small beside what they are contracted with.
  const auto net =
      network("zuv,ijk,zui,zvj->zuk", {{'z', 64}, {'u', 32}, {'v', 3}, {'i', 3}, {'j', 3}, {'k', 5}});
  CHECK(flops(net, Algorithm::Optimal) == BruteForce(net).flops());
  const auto pair = network("a,b,abcd->cd", {{'a', 2}, {'b', 2}, {'c', 100}, {'d', 100}});
  const Result found = paths::find(pair, {.algorithm = Algorithm::Optimal});
  CHECK(found.cost.flops == 4 + 2 * 40000);
  CHECK(found.path == paths::Path{{0, 1}, {0, 1}});
}

TEST_CASE("sums over one operand come first where they pay") {
  const auto pays = network("ab,ac->ac", {{'a', 10}, {'b', 20}, {'c', 30}});
  const Result found = paths::find(pays);
  CHECK(found.path == paths::Path{{0}, {0, 1}});
  CHECK(found.cost.flops == 2 * 200 + 300);
  const auto does_not = network("ab,a->", {{'a', 10}, {'b', 20}});
  CHECK(paths::find(does_not).path == paths::Path{{0, 1}});
}

TEST_CASE("single terms, scalars, parts without common labels") {
  CHECK(paths::find(network("ab->a", {{'a', 2}, {'b', 3}})).path == paths::Path{{0}});
  CHECK(paths::find(network("->", {})).path == paths::Path{{0}});
  CHECK(paths::find(network("aa->a", {{'a', 4}})).cost.flops == 4);
  for (const Algorithm algorithm :
       {Algorithm::Auto, Algorithm::Optimal, Algorithm::Dp, Algorithm::Greedy, Algorithm::RandomGreedy}) {
    CAPTURE(paths::name_of(algorithm));
    const auto parts =
        network(",,ab,bc,de,,ef->acdf", {{'a', 2}, {'b', 3}, {'c', 4}, {'d', 5}, {'e', 6}, {'f', 7}});
    const Result found = paths::find(parts, {.algorithm = algorithm});
    CHECK(paths::steps(parts, found.path).back().output == parts.output);
    CHECK(found.cost.flops >= flops(parts, Algorithm::Optimal));
  }
}

TEST_CASE("many terms without common labels") {
  paths::Network net;
  for (int k = 0; k < 40; ++k) net.terms.emplace_back();
  net.terms.push_back({0, 1});
  net.terms.push_back({1, 2});
  net.output = {0, 2};
  net.sizes = {10, 10, 10};
  const Result found = paths::find(net);
  CHECK(found.cost.flops == 39 + 2000 + 100);
}

TEST_CASE("constants cost nothing") {
  // Alone, x is contracted first; the weights among themselves are free.
  auto net = network("xa,ab,bc,cd->xd", {{'x', 2}, {'a', 50}, {'b', 50}, {'c', 50}, {'d', 50}});
  CHECK(paths::find(net).cost.flops == 3 * 2 * 2 * 2500);
  net.constant = {false, true, true, true};
  const Result found = paths::find(net);
  CHECK(found.cost.flops == 2 * 2 * 2500);
  CHECK(paths::steps(net, found.path).back().flops == found.cost.flops);
  net.constant.assign(4, true);
  CHECK(paths::find(net).cost.flops == 0);
}

TEST_CASE("memory limits: slices, or an error") {
  const auto net = ring(12, 6);
  for (const Algorithm algorithm :
       {Algorithm::Auto, Algorithm::Optimal, Algorithm::Dp, Algorithm::Greedy, Algorithm::RandomGreedy}) {
    CAPTURE(paths::name_of(algorithm));
    const Result free = paths::find(net, {.algorithm = algorithm});
    CHECK(free.slices.empty());
    const Result tight = paths::find(net, {.algorithm = algorithm, .memory_limit = 40});
    CHECK(!tight.slices.empty());
    CHECK(tight.slice_count > 1);
    CHECK(tight.cost.largest <= 40);
    CHECK(tight.cost.flops >= free.cost.flops);
    const Options without{.algorithm = algorithm, .memory_limit = 40, .slicing = false};
    CHECK(error_kind([&] { paths::find(net, without); }) == "ValueError bad-parameter");
  }
}

TEST_CASE("the same seed, the same path") {
  const auto net = ring(40, 4);
  for (const Algorithm algorithm : {Algorithm::Auto, Algorithm::RandomGreedy, Algorithm::Dp}) {
    const Options options{.algorithm = algorithm, .seconds = 60, .seed = 7};  // the clock does not end it
    CHECK(paths::find(net, options).path == paths::find(net, options).path);
  }
}

TEST_CASE("a search that is stopped has a path") {
  paths::Network net = ring(300, 4);
  for (int k = 0; k < 150; ++k) {
    net.sizes.push_back(3);
    net.terms[std::size_t(k)].push_back(int(net.sizes.size()) - 1);
    net.terms[std::size_t(299 - k * 7 % 149)].push_back(int(net.sizes.size()) - 1);
  }
  for (const Algorithm algorithm : {Algorithm::Auto, Algorithm::Dp, Algorithm::RandomGreedy}) {
    CAPTURE(paths::name_of(algorithm));
    int calls = 0;
    double last = 0;
    Options options{.algorithm = algorithm, .seconds = 60};
    options.progress = [&](const paths::Progress& progress) {
      CHECK(progress.seconds >= last);
      last = progress.seconds;
      return ++calls < 5;
    };
    const Result found = paths::find(net, options);
    CHECK(calls == 5);
    CHECK(found.stopped);
    CHECK(paths::steps(net, found.path).back().output.empty());
  }
  const Result brief = paths::find(net, {.seconds = 1e-6});
  CHECK(brief.stopped);
  CHECK(brief.search_seconds < 10);
}

TEST_CASE("networks and options that make no sense") {
  const std::vector<std::pair<std::string, paths::Network>> networks = {
      {"no terms", {}},
      {"no size", {{{0, 1}}, {}, {2}}},
      {"a negative size", {{{0}}, {}, {-1}}},
      {"an output label of no term", {{{0}}, {1}, {2, 2}}},
      {"an output label twice", {{{0}}, {0, 0}, {2}}},
      {"constants of another number", {{{0}}, {}, {2}, {true, true}}},
  };
  for (const auto& [what, net] : networks) {
    CAPTURE(what);
    CHECK(error_kind([&] { paths::find(net); }) == "ValueError bad-parameter");
  }
  const auto net = network("ab,bc->ac", {{'a', 2}, {'b', 2}, {'c', 2}});
  for (const Options& options :
       {Options{.seconds = -1}, Options{.memory_limit = -1}, Options{.memory_limit = 0.5},
        Options{.seconds = std::numeric_limits<double>::quiet_NaN()}})
    CHECK(error_kind([&] { paths::find(net, options); }) == "ValueError bad-parameter");
  CHECK(error_kind([&] { paths::find(ring(70, 2), {.algorithm = Algorithm::Optimal}); }) ==
        "ValueError bad-parameter");
  for (const paths::Path& path : {paths::Path{}, paths::Path{{0}}, paths::Path{{0, 2}}, paths::Path{{0, 0}},
                                  paths::Path{{}}, paths::Path{{-1, 0}}})
    CHECK(error_kind([&] { paths::steps(net, path); }) == "ValueError bad-parameter");
}

TEST_CASE("axes of size 0 and of huge sizes") {
  CHECK(paths::find(network("ab,bc->ac", {{'a', 0}, {'b', 2}, {'c', 3}})).cost.flops == 0);
  const std::int64_t large = std::int64_t(1) << 40;
  const Result found =
      paths::find(network("ab,bc,cd->ad", {{'a', large}, {'b', large}, {'c', large}, {'d', 1}}));
  CHECK(found.path == paths::Path{{1, 2}, {0, 1}});
}
