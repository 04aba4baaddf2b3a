// Programs one operation at a time with tensors in hand: where versions would be too many, and what finds the
// statement that failed. Private to the model layer.
#pragma once
#include <optional>
#include <vector>

#include "model/block.h"

namespace einx::detail::model {

/// Where the program has come to, or what it has returned.
struct Advanced {
  State state;
  std::vector<Tensor> values;                  ///< of the state; those that are fixed, too
  std::optional<std::vector<Tensor>> results;  ///< fresh tensors
};

/// Goes on from a state to the next place where control has parted or meets, or behind the first statement
/// that needed a value's value. Raises what the operations raise, with their place.
Advanced advance(const Surroundings& in, const State& start, std::vector<Tensor> values);

}  // namespace einx::detail::model
