// Cases of the einops and einsum dialects.
#include "eval_case.h"
#include "support/support.h"

namespace einx_command {

Json evaluate_einops(const Json&) {
  einx::detail::support::raise<einx::OperationNotSupportedError>(
      {.kind = "unknown-operation", .sentence = "The dialect einops and einsum is not available yet."});
}

}  // namespace einx_command
