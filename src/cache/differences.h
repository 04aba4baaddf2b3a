// What made the signatures of one call site differ, in words. Private to the cache layer.
#pragma once
#include <string>
#include <vector>

#include "cache/cache.h"

namespace einx::detail::cache {

struct Difference {
  std::string what;    ///< "axis b of operand 0: 31, 32, 33"
  std::string advice;  ///< what the caller can do about it
};

/// Compares signatures of one operation, oldest first. Empty if they are all alike.
std::vector<Difference> differences(const std::vector<Signature>& signatures);
/// Whether one of them occurs twice: it was compiled, dropped and asked for again.
bool repeats(const std::vector<Signature>& signatures);

}  // namespace einx::detail::cache
