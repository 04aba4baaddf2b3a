// The optimiser's public functions: thin over the passes.
#include <einx/optimize.h>

#include "api/api.h"
#include "api/operands.h"
#include "api/optimizing.h"
#include "passes/passes.h"

namespace einx {
namespace {

namespace ir = detail::graph;  // einx::graph makes graphs of calls

template <class Pass>
Graph after(const Graph& given, std::string_view name, Pass pass) {
  return detail::api::make_public(ir::verified(name, pass(detail::api::graph_of(given))));
}

}  // namespace

namespace detail::api {

detail::passes::OptimizeOptions optimize_options(const OptimizeOptions& options) {
  return {options.scalars, options.fusion, options.contraction, path_options(options.paths)};
}

}  // namespace detail::api

Graph optimize(const Graph& given, const OptimizeOptions& options, const PassObserver& observer) {
  detail::passes::Observer inner;
  if (observer)
    inner = [&](std::string_view pass, const ir::Graph& made) {
      observer(pass, detail::api::make_public(made));
    };
  return detail::api::make_public(
      detail::passes::optimize(detail::api::graph_of(given), detail::api::optimize_options(options), inner));
}

Graph fuse_einsums(const Graph& given) { return passes::fuse_einsums(given); }
void fuse_einsums(Graph& given, InPlace) { given = fuse_einsums(given); }
Graph fuse_scalars(const Graph& given) { return passes::place_scalars(passes::accumulate_scalars(given)); }
void fuse_scalars(Graph& given, InPlace) { given = fuse_scalars(given); }
Graph optimize_einsums(const Graph& given, const PathOptions& paths) {
  return passes::optimize_einsums(given, paths);
}

Graph propagate_shapes(const Graph& given, const std::vector<Spec>& inputs,
                       const std::vector<std::string>& keep) {
  std::vector<ir::Type> types;
  for (const Spec& spec : inputs)
    types.push_back(detail::api::type_of(spec, "#" + std::to_string(types.size() + 1)));
  return after(given, "propagate_shapes",
               [&](const ir::Graph& g) { return detail::passes::propagate_shapes(g, types, keep); });
}

Graph jitable(const Graph& given) { return given; }

double flops(const Graph& given) { return detail::passes::flops(detail::api::graph_of(given)); }

Graph optimize_einsums_full(const Graph& given, const std::vector<Spec>& inputs,
                            const OptimizeOptions& options) {
  return optimize(inputs.empty() ? given : propagate_shapes(given, inputs), options);
}

namespace passes {

Graph drop_identities(const Graph& given) {
  return after(given, "drop_identities", detail::passes::drop_identities);
}
Graph merge_maps(const Graph& given) { return after(given, "merge_maps", detail::passes::merge_maps); }
Graph fold_constants(const Graph& given) {
  return after(given, "fold_constants", detail::passes::fold_constants);
}
Graph merge_common(const Graph& given) { return after(given, "merge_common", detail::passes::merge_common); }
Graph accumulate_scalars(const Graph& given) {
  return after(given, "accumulate_scalars", detail::passes::accumulate_scalars);
}
Graph place_scalars(const Graph& given) {
  return after(given, "place_scalars", detail::passes::place_scalars);
}
Graph drop_dead(const Graph& given) { return after(given, "drop_dead", detail::passes::drop_dead); }

Graph fuse_einsums(const Graph& given) {
  return after(given, "fuse_einsums", [](const ir::Graph& g) { return detail::passes::fuse_einsums(g); });
}
Graph optimize_einsums(const Graph& given, const PathOptions& paths) {
  const auto options = detail::api::path_options(paths);
  return after(given, "optimize_einsums",
               [&](const ir::Graph& g) { return detail::passes::optimize_einsums(g, options); });
}

}  // namespace passes
}  // namespace einx
