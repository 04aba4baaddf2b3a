// Random networks: `optimal` is optimal, every algorithm keeps its promises.
#include <doctest/doctest.h>

#include <cstdlib>

#include "networks.h"

using namespace paths_test;
using paths::Algorithm;
using paths::Minimize;
using paths::Options;
using paths::Result;

namespace {

/// EINX_PATHS_CASES=3000 tries more.
int cases(int usual) {
  const char* wanted = std::getenv("EINX_PATHS_CASES");
  return wanted ? std::atoi(wanted) : usual;
}

constexpr std::uint64_t kSeed = 20260;
constexpr Algorithm kAll[] = {Algorithm::Auto, Algorithm::Optimal, Algorithm::Dp, Algorithm::Greedy,
                              Algorithm::RandomGreedy};

/// The largest result of a step but the last.
double largest_intermediate(const paths::Network& network, const Result& result) {
  double largest = 0;
  const auto steps = paths::steps(network, result.path, result.slices);
  for (std::size_t k = 0; k + 1 < steps.size(); ++k) largest = std::max(largest, steps[k].size);
  return largest;
}

}  // namespace

TEST_CASE("optimal equals brute force") {
  std::mt19937_64 random(kSeed);
  CAPTURE(kSeed);
  for (int k = 0; k < cases(400); ++k) {
    const paths::Network net = perverse(random, 3 + int(random() % 4));
    CAPTURE(text(net));
    const Result found = paths::find(net, {.algorithm = Algorithm::Optimal});
    CHECK(found.exact);
    REQUIRE(found.cost.flops == BruteForce(net).flops());
    REQUIRE(paths::find(net).cost.flops == found.cost.flops);
  }
}

TEST_CASE("no algorithm is better than optimal; all paths are whole") {
  std::mt19937_64 random(kSeed + 1);
  CAPTURE(kSeed);
  for (int k = 0; k < cases(100); ++k) {
    const paths::Network net = perverse(random, 1 + int(random() % 10));
    CAPTURE(text(net));
    for (const Minimize minimize : {Minimize::Flops, Minimize::Size, Minimize::Write, Minimize::Time}) {
      const auto measure = [&](const Result& result) {
        return minimize == Minimize::Flops   ? result.cost.flops
               : minimize == Minimize::Size  ? result.cost.largest
               : minimize == Minimize::Write ? result.cost.write
                                             : result.cost.seconds;
      };
      Options options{
          .algorithm = Algorithm::Optimal, .minimize = minimize, .time = paths::TimeModel{1e9, 1e8, 1e-7}};
      const double best = measure(paths::find(net, options));
      for (const Algorithm algorithm : kAll) {
        options.algorithm = algorithm;
        options.seconds = 0.01;
        CAPTURE(paths::name_of(algorithm));
        const Result found = paths::find(net, options);
        CHECK(measure(found) >= best * (1 - 1e-12));
        CHECK(found.slices.empty());
      }
    }
  }
}

TEST_CASE("every algorithm keeps a memory limit") {
  std::mt19937_64 random(kSeed + 2);
  CAPTURE(kSeed);
  for (int k = 0; k < cases(60); ++k) {
    const paths::Network net = perverse(random, 2 + int(random() % 9));
    CAPTURE(text(net));
    for (const double limit : {1.0, 4.0, 30.0})
      for (const Algorithm algorithm : kAll) {
        CAPTURE(paths::name_of(algorithm));
        CAPTURE(limit);
        const Result found =
            paths::find(net, {.algorithm = algorithm, .seconds = 0.02, .memory_limit = limit});
        CHECK(largest_intermediate(net, found) <= limit);
      }
  }
}
