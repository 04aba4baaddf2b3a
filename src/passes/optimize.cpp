// The optimiser of whole graphs: the passes of the pipeline around the four that opt_einsum_fx has.
#include "passes/passes.h"

namespace einx::detail::passes {
namespace {

using Run = graph::Graph (*)(graph::Graph, const OptimizeOptions&);
using Wanted = bool (*)(const OptimizeOptions&);

template <graph::Graph (*pass)(graph::Graph)>
graph::Graph plain(graph::Graph graph, const OptimizeOptions&) {
  return pass(std::move(graph));
}
template <graph::Graph (*pass)(graph::Graph, const PathOptions&)>
graph::Graph ordered(graph::Graph graph, const OptimizeOptions& options) {
  return pass(std::move(graph), options.paths);
}
bool always(const OptimizeOptions&) { return true; }
bool scalars(const OptimizeOptions& options) { return options.scalars; }
bool fusion(const OptimizeOptions& options) { return options.fusion; }
bool contraction(const OptimizeOptions& options) { return options.contraction; }

struct Row {
  std::string_view name;
  Run run;
  Wanted wanted;
};
constexpr Row kRows[] = {
    {"drop_identities", plain<drop_identities>, always},
    {"merge_maps", plain<merge_maps>, always},  // moves between two einsums hide neither
    {"fold_constants", plain<fold_constants>, always},
    {"merge_common", plain<merge_common>,
     always},  // equal einsums are one with two readers: shared or not by cost
    {"accumulate_scalars", plain<accumulate_scalars>, scalars},  // one number a chain, not one an einsum
    {"fuse_einsums", ordered<fuse_einsums>, fusion},
    {"optimize_einsums", ordered<optimize_einsums>, contraction},
    {"place_scalars", plain<place_scalars>, scalars},   // what lies between exists only now
    {"fold_constants", plain<fold_constants>, always},  // subtrees of constants, and numbers in them
    {"merge_maps", plain<merge_maps>, always},
    {"merge_common", plain<merge_common>, always},  // steps that several einsums have in common
    {"drop_identities", plain<drop_identities>, always},
    {"drop_dead", plain<drop_dead>, always},
};

}  // namespace

graph::Graph optimize(graph::Graph graph, const OptimizeOptions& options, const Observer& observer) {
  for (const Row& row : kRows) {
    if (!row.wanted(options)) continue;
    graph = graph::verified(row.name, row.run(std::move(graph), options));
    if (observer) observer(row.name, graph);
  }
  return graph;
}

}  // namespace einx::detail::passes
