// Cases of the einx-0.3 dialect.
#include "eval_case.h"
#include "support/support.h"

namespace einx_command {

Json evaluate_einx03(const Json&) {
  einx::detail::support::raise<einx::OperationNotSupportedError>(
      {.kind = "unknown-operation", .sentence = "The dialect einx-0.3 is not available yet."});
}

}  // namespace einx_command
