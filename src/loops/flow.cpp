#include "loops/flow.h"

#include <algorithm>
#include <set>

#include "loops/memory.h"

namespace einx::detail::loops {

bool is_small(const Step& step) {
  constexpr std::size_t kStatements = 64;
  const auto* kernel = std::get_if<Kernel>(&step);
  return kernel && kernel->body.size() <= kStatements && kernel->same_a < 0 &&
         std::ranges::none_of(kernel->body,
                              [](const Statement& s) { return std::holds_alternative<Loop>(s.node); });
}

std::vector<BufferId> buffers_of(Step step) {
  std::set<BufferId> found;
  each_buffer(step, [&](BufferId& id) {
    if (id >= 0) found.insert(id);
  });
  return {found.begin(), found.end()};
}

}  // namespace einx::detail::loops
