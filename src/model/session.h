// One run of a function: from block to block. Private to the model layer.
#pragma once
#include <span>
#include <vector>

#include "model/unit.h"

namespace einx::detail::model {

std::vector<Tensor> run(Unit& unit, std::span<const Tensor> operands, Counters& counters);

}  // namespace einx::detail::model
