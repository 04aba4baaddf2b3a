// Options by name and their limits.
#include <span>
#include <string>

#include "paths/plan.h"

namespace einx::detail::paths {

namespace {

constexpr double kDefaultSeconds = 1;
constexpr std::size_t kMostOptimal = 64;

template <class E>
struct Name {
  std::string_view name;
  E value;
};
constexpr Name<Algorithm> kAlgorithms[] = {{"auto", Algorithm::Auto},
                                           {"optimal", Algorithm::Optimal},
                                           {"dp", Algorithm::Dp},
                                           {"greedy", Algorithm::Greedy},
                                           {"random-greedy", Algorithm::RandomGreedy}};
constexpr Name<Minimize> kMinimize[] = {{"flops", Minimize::Flops},
                                        {"size", Minimize::Size},
                                        {"write", Minimize::Write},
                                        {"time", Minimize::Time}};

template <class E>
std::optional<E> named(std::span<const Name<E>> table, std::string_view name) {
  for (const Name<E>& row : table)
    if (row.name == name) return row.value;
  return std::nullopt;
}

[[noreturn]] void refuse(std::string sentence, std::vector<std::string> advice = {}) {
  support::raise<ValueError>(
      {.kind = "bad-parameter", .sentence = std::move(sentence), .advice = std::move(advice)});
}

}  // namespace

std::optional<Algorithm> algorithm_named(std::string_view name) {
  return named<Algorithm>(kAlgorithms, name);
}
std::optional<Minimize> minimize_named(std::string_view name) { return named<Minimize>(kMinimize, name); }
std::string_view name_of(Algorithm algorithm) {
  for (const auto& row : kAlgorithms)
    if (row.value == algorithm) return row.name;
  support::internal_error("an algorithm of paths has a name");
}

void check(const Options& options, const Network& network) {
  if (!(options.seconds >= 0))
    refuse("The time for finding a path is a number of seconds, not " + std::to_string(options.seconds) +
           ".");
  if (!(options.memory_limit >= 0) || (options.memory_limit > 0 && options.memory_limit < 1))
    refuse("A memory limit is a number of elements, at least 1 (0: none), not " +
           std::to_string(options.memory_limit) + ".");
  if (options.algorithm == Algorithm::Optimal && network.terms.size() > kMostOptimal)
    refuse("The algorithm optimal takes at most " + std::to_string(kMostOptimal) + " operands, not " +
               std::to_string(network.terms.size()) + ".",
           {"auto, dp and random-greedy take more."});
}

Options with_budget(Options options) {
  if (options.seconds > 0) return options;
  const bool bounded = options.algorithm == Algorithm::Auto || options.algorithm == Algorithm::RandomGreedy;
  options.seconds = bounded ? kDefaultSeconds : kInfinite;
  return options;
}

}  // namespace einx::detail::paths
