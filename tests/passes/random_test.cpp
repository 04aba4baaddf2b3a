// Random graphs through every pass alone and through all of them: the reference interpreter finds the same
// results.
#include <set>

#include "passes/passes.h"
#include "passes/random_graphs.h"

namespace passes = einx::detail::passes;
namespace graph = einx::detail::graph;
using namespace random_graphs;

namespace {

constexpr DType kDtypes[] = {einx::f64, einx::f64, einx::f64, einx::i64, einx::f32};

}  // namespace

TEST_CASE("random graphs: optimised ones compute the same") {
  const unsigned first = from_environment("EINX_TEST_SEED", 1),
                 count = from_environment("EINX_TEST_CASES", 300);
  MESSAGE(count << " graphs from seed " << first << " (EINX_TEST_SEED, EINX_TEST_CASES)");
  std::set<std::string_view> changed;
  std::size_t before = 0, after = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    const Case made = random_case(seed, {.dtype = kDtypes[seed % std::size(kDtypes)]});
    CAPTURE(graph::text(made.graph));
    for (const passes::Pass& pass : passes::kAll) {
      CAPTURE(pass.name);
      const Graph one = graph::verified(pass.name, pass.run(made.graph));
      CAPTURE(graph::text(one));
      if (!(one == made.graph)) changed.insert(pass.name);
      check_same(made, one);
    }
    const Graph all = passes::run(made.graph);
    CAPTURE(graph::text(all));
    check_same(made, all);
    const Graph scaled = passes::run(passes::place_scalars(passes::accumulate_scalars(all)));
    CAPTURE(graph::text(scaled));
    check_same(made, scaled);
    CHECK(passes::run(all).nodes.size() <= all.nodes.size());
    before += made.graph.nodes.size(), after += all.nodes.size();
  }
  if (count >= 300) CHECK(changed.size() == std::size(passes::kAll));  // every pass had something to do
  MESSAGE(before << " nodes became " << after);
  CHECK(after < before);
}
