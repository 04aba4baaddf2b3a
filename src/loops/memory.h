// Buffers of whole programs: who mentions them, and where temporaries lie. Private to the loops layer.
#pragma once
#include <functional>

#include "loops/lowering.h"

namespace einx::detail::loops {

/// Every buffer that the step, or the item, mentions, once or more.
using EachBuffer = std::function<void(BufferId&)>;
void each_buffer(Step& step, const EachBuffer& f);
void each_buffer(Item& item, const EachBuffer& f);

/// Temporaries that no item mentions any more are gone; all others are numbered anew.
void drop_buffers(Lowering& lowering);

/// From the first step that mentions a temporary to the last.
struct Life {
  BufferId id = -1;
  std::size_t first = 0, last = 0;
  std::int64_t units = 0, at = 0;  ///< of 64 bytes
  bool meets(const Life& other) const { return first <= other.last && other.first <= last; }
};
std::vector<Life> lives(Program& program);

/// Temporaries share one piece of memory, those that are not needed at the same time the same part of it: sets Buffer::index to 64-byte units from its beginning. Largest
/// first, each as low as it fits (best-fit of offsets by size, as TensorFlow Lite's planner does it).
void place_temporaries(Program& program);
/// The same where it is known which steps mention which.
void place_temporaries(Program& program, std::vector<Life> lives);

}  // namespace einx::detail::loops
