#include "notation/dialects.h"

namespace einx::detail::notation {

Expanded read_einsum(std::string_view, const Rules&, std::span<const Operand>, std::span<const Constraint>) {
  support::raise<OperationNotSupportedError>({.kind = "unknown-operation", .sentence = "This dialect is not available yet."});
}

}  // namespace einx::detail::notation
