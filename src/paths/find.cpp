// The front door: a network in, a path out.
#include "paths/plan.h"

namespace einx::detail::paths {

namespace {

Model model_of(const Options& options) {
  Model model{options.minimize, {}, options.memory_limit > 0 ? options.memory_limit : kInfinite};
  if (options.time)
    model.time = *options.time;
  else if (options.minimize == Minimize::Time)
    model.time = measured_time_model();
  return model;
}

bool keeps_limit(const Problem& problem, const Model& model, const Found& found) {
  return !found.pairs.empty() && evaluate(problem, model, found.pairs).largest <= model.limit;
}

}  // namespace

Result find(const Network& network, const Options& given) {
  check(network);
  check(given, network);
  const Options options = with_budget(given);
  Search search{options, model_of(options), Budget(options)};
  Result out;
  Problem problem = make_problem(network);
  Found found{{}, {}, true};
  if (problem.count() > 1) {
    found = search_tree(problem, search);
    if (!keeps_limit(problem, search.model, found)) {
      Sliced sliced = search_slices(network, problem, search);
      found = {std::move(sliced.pairs), {}, false};
      out.slices = std::move(sliced.slices);
      problem = make_problem(network, out.slices);
    }
  }
  out.path = linear(problem, search.model, found.pairs);
  for (const int label : out.slices) out.slice_count *= double(network.sizes[std::size_t(label)]);
  const bool timed = options.time || options.minimize == Minimize::Time;
  out.cost = cost(network, out.path, out.slices, timed ? std::optional(search.model.time) : std::nullopt);
  out.algorithm = search.used == Algorithm::Auto ? Algorithm::Optimal : search.used;
  out.exact = found.exact;
  out.stopped = search.budget.over();
  out.search_seconds = search.budget.seconds();
  return out;
}

}  // namespace einx::detail::paths
