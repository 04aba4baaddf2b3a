// The layers of e3nn that opt_einsum_fx was made for: what the recorded operations give, in no more operations than it takes after its optimiser.
#include <doctest/doctest.h>

#include <cmath>

#include "passes/einsums.h"
#include "passes/passes.h"
#include "passes/workloads.h"
#include "reference/reference.h"

namespace graph = einx::detail::graph;
namespace passes = einx::detail::passes;

namespace {

double worst(const std::vector<double>& expected, const std::vector<double>& found) {
  if (expected.size() != found.size()) return 1e300;
  double out = 0;
  for (std::size_t k = 0; k < expected.size(); ++k) out = std::max(out, std::abs(expected[k] - found[k]) / std::max(1.0, std::abs(expected[k])));
  return out;
}

}  // namespace

TEST_CASE("the recorded layers: values, and flops at or below opt_einsum_fx") {
  for (const char* name : {"e3nn_fctp_small", "e3nn_linear", "e3nn_nequip_uvu_conv"})
    for (const bool constant_weights : {false, true}) {
      CAPTURE(std::string(name));
      CAPTURE(constant_weights);
      const auto [before, best, place] = workloads::load(name, constant_weights);
      REQUIRE_FALSE(graph::verify(before));
      const graph::Graph after = passes::optimize(before);
      const std::string what = std::string(name) + (constant_weights ? ", constant weights" : ", weights as inputs");
      MESSAGE(what << ": " << passes::flops(before) << " flops before, " << passes::flops(after) << " after, opt_einsum_fx " << best << "; " << before.nodes.size()
                   << " and " << after.nodes.size() << " nodes");
      CHECK(passes::flops(after) <= best);

      std::mt19937_64 random(1);
      const auto operands = einsums::operands_for(before, random, false);
      std::vector<einx::Tensor> recorded = operands;
      if (constant_weights) recorded.insert(recorded.begin() + place, before.constants[0].data);
      CHECK(worst(workloads::run_plainly(name, recorded), einx::detail::reference::run(before, operands)[0].to_vector<double>()) < 1e-12);
      CHECK(einsums::difference(before, after, operands) < 1e-12);
    }
}
