// What a function of a dialect and its keywords mean: the row, its parameters and the sizes of axes.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "request.h"

namespace einx_command {

/// A keyword argument, read in every way that it can be meant; the function decides which one it is.
struct Keyword {
  einx::detail::notation::Constraint size;  ///< its name, and the integers if it is one or a list of them
  std::string text;                         ///< as it was written
  std::optional<bool> flag;                 ///< true or false
};
Keyword read_keyword(const std::string& name, const std::string& text);

/// "einx", "einx-0.3", "einops", "einsum". Raises OperationNotSupportedError "unknown-operation".
einx::Dialect dialect_from(std::string_view name);

/// Fills in everything but pattern and operands, which are there already: op, function, dialect, attributes, keepdims, sizes. arange of einx 0.3, which
/// has no operands, becomes a call of id on those that count. Raises OperationNotSupportedError for a function that the dialect does not have, TypeError
/// and ValueError for its parameters.
/// Keywords of einops and einsum: `reduction` and `list` (a flag: the operands are one list) of rearrange, repeat and reduce; `packed_shapes` of unpack, once
/// for each shape.
void complete(Request& request, einx::Dialect dialect, const std::string& function, const std::vector<Keyword>& keywords);

// --- one file a dialect: what `complete` does
void complete_einops(Request& request, const std::string& function, const std::vector<Keyword>& keywords);
void complete_einsum(Request& request, const std::string& function, const std::vector<Keyword>& keywords);

}  // namespace einx_command
