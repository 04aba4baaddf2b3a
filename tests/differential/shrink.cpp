#include "differential/case.h"

namespace differential {
namespace {

bool still_fails(const Case& c, const Bug* bug, bool strict) {
  try {
    return run(c, bug, strict).kind == Outcome::Kind::Different;
  } catch (const std::exception&) {  // the change made the case meaningless
    return false;
  }
}

/// Simpler neighbours of a case, simplest first.
std::vector<Case> simpler(const Case& c) {
  std::vector<Case> result;
  const auto add = [&](auto change) {
    Case other = c;
    change(other);
    result.push_back(std::move(other));
  };
  if (c.special) add([](Case& o) { o.special = false; });
  if (c.dynamic) add([](Case& o) { o.dynamic = false; });
  for (std::size_t k = 0; k < c.operands.size(); ++k) {
    if (c.operands[k].layout != Layout::Contiguous) add([k](Case& o) { o.operands[k].layout = Layout::Contiguous; });
    if (c.operands[k].dtype != DType::f32 && c.operands[k].dtype != DType::i64) add([k](Case& o) { o.operands[k].dtype = holds_coordinates(o, k) ? DType::i64 : DType::f32; });
  }
  if (c.hostile) add([](Case& o) { o.hostile = false; });
  for (std::size_t k = 0; k < c.shift.size(); ++k)
    for (const std::int64_t smaller : {std::int64_t(0), std::int64_t(1), std::int64_t(-1)})
      if (c.shift[k] != smaller && (c.shift[k] != 0 && c.shift[k] != 1)) add([k, smaller](Case& o) { o.shift[k] = smaller; });
  for (const auto& [name, size] : c.sizes)
    for (const std::int64_t smaller : {std::int64_t(1), std::int64_t(2), size / 2, size - 1})
      if (smaller > 0 && smaller < size) add([&name = name, smaller](Case& o) { o.sizes[name] = smaller; });
  return result;
}

}  // namespace

Case shrink(Case c, const Bug* bug, bool strict) {
  for (int round = 0; round < 60; ++round) {
    bool changed = false;
    for (Case& candidate : simpler(c)) {
      if (!still_fails(candidate, bug, strict)) continue;
      c = std::move(candidate);
      changed = true;
      break;
    }
    if (!changed) break;
  }
  return c;
}

}  // namespace differential
