// Operands of a case: random values in a layout.
#pragma once
#include "differential/case.h"

namespace differential {

struct Filling {
  bool special = false;           ///< NaN, infinities and extreme integers among the values
  bool near_one = false;          ///< for products of many
  bool hostile = false;           ///< coordinates outside among the valid ones
  std::int64_t coordinate_of = 0; ///< > 0: valid coordinates of an axis of this size, negative ones among them
};
Tensor make_operand(const Shape& shape, const OperandSpec& spec, const Filling& filling, Random& random);

}  // namespace differential
