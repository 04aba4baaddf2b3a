// The loops of one nest inside whatever stands around them: its passes over the reduced axes, and what they
// make. Private to the loops layer.
#pragma once
#include "loops/axis_builder.h"

namespace einx::detail::loops {

struct PlainBody {
  AxisBuilder& builder;
  const Nest& nest;                             ///< along the builder's axes
  std::vector<int> reduced;                     ///< in loop order
  std::function<Ref(Body&, std::size_t)> load;  ///< of an input
  std::function<void(Body&, Ref)> store;        ///< of output 0
  std::int64_t written_out = 0;        ///< iterations of the innermost loops that may stand as straight code
  std::vector<Ref> accumulators = {};  ///< of the passes so far
};

/// What stands inside the loops over the kept axes.
void emit_plain(PlainBody& p, Body& body);
/// Loops over these axes in order; the last ones are written out as far as they have `written_out`
/// iterations.
void over_short(AxisBuilder& b, Body& body, std::span<const int> axes, std::int64_t written_out,
                const AxisBuilder::Inner& inner);

}  // namespace einx::detail::loops
