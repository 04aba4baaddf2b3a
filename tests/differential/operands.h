// Operands of a case: random values in a layout.
#pragma once
#include <memory>

#include "differential/case.h"
#include "support/guarded.h"

namespace differential {

struct Filling {
  bool special = false;           ///< NaN, infinities and extreme integers among the values
  bool near_one = false;          ///< for products of many
  bool hostile = false;           ///< coordinates outside among the valid ones
  std::int64_t coordinate_of = 0; ///< > 0: valid coordinates of an axis of this size, negative ones among them
};

/// Where tensors of a case lie: if guarded, beside pages that fault, at one end or the other.
class Memory {
 public:
  explicit Memory(bool guarded, bool at_end = false) : guarded_(guarded), at_end_(at_end) {}
  /// Row-major, aligned to `alignment` bytes; its elements have any value. Lives as long as this if guarded.
  Tensor make(const Shape& shape, DType dtype, std::size_t alignment);
  /// Whether nothing was written behind a tensor's end, up to the page that faults.
  bool intact() const;
  bool guarded() const { return guarded_; }

 private:
  bool guarded_, at_end_;
  std::vector<std::unique_ptr<guarded::Guarded>> kept_;
};
Tensor make_operand(const Shape& shape, const OperandSpec& spec, const Filling& filling, Random& random, Memory& memory);

}  // namespace differential
