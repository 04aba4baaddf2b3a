// Private to the interpreter: coordinates that are read from operands and index axes of another tensor.
#pragma once
#include "reference/meanings.h"

namespace einx::detail::reference {

/// One coordinate: which operand it is read from, how far from the operand's element, and the axis it
/// indexes.
struct Coordinate {
  std::size_t operand;
  std::int64_t number;        ///< along the operand's bracketed axis; 0 if it has none
  std::int64_t offset;        ///< of that number
  int axis;                   ///< of operand 0
  std::int64_t size, stride;  ///< of that axis in the indexed tensor
};

/// Operands from the second to the one before `end` in order; each gives one coordinate, or those along its
/// bracketed axis. They index the tensor of `indexed_map`.
std::vector<Coordinate> coordinates_of(const Step& step, const std::vector<notation::IndexMap>& maps,
                                       std::size_t end, const notation::IndexMap& indexed_map);

/// The coordinate's value as an index in [0, size); negative ones count from the end. Raises
/// CallOperationError "runtime". `walk` stands at the value.
std::int64_t checked(const Step& step, const Walk& walk, const Coordinate& coordinate, const Scalar& value);

}  // namespace einx::detail::reference
