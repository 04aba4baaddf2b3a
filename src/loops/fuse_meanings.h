// The meaning of rows that are fused: scalar functions of the passes of both. Private to the fusion of rows.
#pragma once
#include <vector>

#include "loops/nest.h"

namespace einx::detail::loops {

/// The fused inputs and, as indices into them, what the consumer reads (-1: the producer's result) and what
/// the producer does, its epilogue's operands last.
struct FusedSources {
  std::vector<DType> inputs;
  std::vector<int> consumer, producer;
};

/// The producer's passes, then the consumer's; `epilogue`: the consumer's reads the producer's result, and
/// nothing else.
ops::Rows fused_meaning(const Nest& producer, const Nest& consumer, FusedSources sources, bool epilogue);
/// The scalar function of a map, or of a move, which converts.
ops::Map as_map(const Nest& nest);
/// A pass before the last that accumulates what an earlier one did is left out: the mean, and then the
/// variance, of one row.
void drop_repeated(ops::Rows& rows, std::size_t inputs);

}  // namespace einx::detail::loops
