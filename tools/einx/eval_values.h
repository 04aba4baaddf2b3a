// Tensors and sizes as JSON, in the format of the conformance cases.
#pragma once
#include <nlohmann/json.hpp>

#include "request.h"

namespace einx_command {

using Json = nlohmann::ordered_json;

/// Adds an input of a case: {"shape", "dtype", "data"}, {"scalar", "value"}, {"factory"} or {"none"}.
/// `weak_scalars`: scalars are plain numbers, else strict rank-0 tensors. Raises ValueError.
void add_input(OperandList& operands, const Json& input, bool weak_scalars);
/// {"shape", "dtype", "data"}; 64-bit integers exact, nan and infinities as strings.
Json to_json(const einx::Tensor& tensor);

/// A size or a list (of lists) of sizes. Other values are kept as text, for the library to refuse at its
/// stage.
einx::detail::notation::Constraint to_size(const std::string& name, const Json& value);
/// An integer, or lists `dims` deep.
Json to_json(const einx::detail::notation::AxisValue& value);

/// A case that is not of the format. `kind` "bad-parameter".
[[noreturn]] void bad_case(const std::string& why);

}  // namespace einx_command
