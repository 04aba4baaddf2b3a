// Private to the contraction schedules: products whose operands are not stored as they are computed with.
#pragma once
#include <optional>
#include <string>

#include "loops/nest.h"

namespace einx::detail::loops {

/// The dtype that sum(a * b) is multiplied and added in, if the nest is that: f32 (also of f16 and bf16), f64
/// or an integer of 4 or 8 bytes.
std::optional<DType> product_dtype(const Nest& nest);

/// The same product on dense temporaries of its dtype, in place of every operand of another one.
struct StoredProduct {
  Nest nest;
  std::optional<Nest> last;  ///< what brings the result to its own dtype
  std::string words;         ///< what was converted; empty: nothing
};
/// Appends the steps that convert operands.
StoredProduct store_as(const Nest& nest, Plan& plan, DType dtype);

}  // namespace einx::detail::loops
