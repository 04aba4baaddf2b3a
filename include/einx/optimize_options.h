// What the optimiser of graphs does: einx::jit and einx::optimize take it.
#pragma once
#include <einx/paths.h>

namespace [[gnu::visibility("default")]] einx {

struct OptimizeOptions {
  bool scalars = true;      ///< numbers along a chain become one, which goes where it costs least
  bool fusion = true;       ///< chains of einsums become one where that is cheaper
  bool contraction = true;  ///< einsums are contracted in the cheapest order
  PathOptions paths = default_paths();
  /// einx::jit and modules: captured tensors of up to 64 KiB become constants of the code, compared with the originals by every call (a change compiles again);
  /// false: all of them are read anew by every call, as larger ones always are. What nobody else holds, and views of memory that is not einx's, are copied.
  bool fold_constants = true;

  /// A tenth of a second for an einsum that is not solved exactly in less.
  static PathOptions default_paths() {
    PathOptions paths;
    paths.seconds = 0.1;
    return paths;
  }
  /// Only what every graph gets before it is compiled: dead code, equal nodes, moves, constants.
  static OptimizeOptions none() { return {false, false, false, default_paths(), true}; }
};

}  // namespace einx
