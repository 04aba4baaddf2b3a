// Row-wise operations: several passes over the same row, which stays in cache between them (var, logsumexp, softmax). What the last pass maps an
// element to waits in the output row, so that an exponential is computed once.
#include "loops/rows.h"

namespace einx::detail::loops {

void schedule_rowwise(const Nest& nest, Plan& plan) { emit_rows(nest, plan, choose_rows(nest, plan)); }

}  // namespace einx::detail::loops
