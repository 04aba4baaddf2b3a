// One product of two factors in the lanes, summed: by register tiles, or term by term where one of them is a
// constant with few nonzero elements. Private to the schedule of the lanes.
#pragma once
#include "loops/lanes.h"

namespace einx::detail::loops {

/// What both ways are told.
struct PairJob {
  AxisBuilder& b;
  const Factor &left, &right;
  int lane = 0;
  std::vector<int> kept, reduced;
  const ops::Pass& pass;                 ///< its sum
  std::function<void(Body&, Ref)> sink;  ///< stores one sum
};
void emit_tiles(const PairJob& job, Body& body);
/// One of the factors has terms: an element of the other is multiplied by those only that are not zero.
void emit_terms(const PairJob& job, Body& body);

}  // namespace einx::detail::loops
