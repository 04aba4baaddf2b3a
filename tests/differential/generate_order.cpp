// flip, roll, sort and argsort: axes keep their brackets, and these their order.
#include "differential/writer.h"

namespace differential {
namespace {

void write(Writer& w, Case& c, const Names& names, const Names& marked) {
  Names out = w.chance(50) ? names : reordered(w, names, marked);
  if (w.chance(12)) {
    out.insert(out.begin() + w.below(static_cast<std::int64_t>(out.size()) + 1), "z");
    c.sizes["z"] = 1 + w.below(4);
  }
  const Names in = with_diagonal(w, c, names, without(names, marked));
  c.pattern = w.compose(Writer::bracketed(in, marked)) + " -> " + w.compose(Writer::bracketed(out, marked));
  add_operands(w, c, 1);
}

/// Small, a multiple of the size or nearly, or anything at all.
std::int64_t shift(Writer& w, std::int64_t size) {
  switch (w.below(4)) {
    case 0: return w.below(7) - 3;
    case 1: return size * (w.below(5) - 2);
    case 2: return size * (w.below(5) - 2) + w.below(3) - 1;
    default: return static_cast<std::int64_t>(static_cast<std::uint64_t>(w.below(INT64_MAX)) * 2 + static_cast<std::uint64_t>(w.below(2)));
  }
}

}  // namespace

void shuffle_case(Writer& w, Case& c, bool roll) {
  const Names names = w.axes(c, 1 + static_cast<int>(w.below(w.chance(10) ? 6 : 4)));
  const Names marked = w.subset(names, 60);
  write(w, c, names, marked);
  if (!roll) return;
  const bool one = !marked.empty() && w.chance(20);
  for (const std::string& name : marked)
    if (c.shift.empty() || !one) c.shift.push_back(shift(w, c.sizes[name]));
}

void sort_case(Writer& w, Case& c) {
  if (w.chance(4)) {  // long enough for every digit
    c.sizes["a"] = 1 + w.below(3), c.sizes["b"] = w.pick(std::vector<std::int64_t>{4099, 12'289, 20'011});
    return write(w, c, w.shuffled(Names{"a", "b"}), {"b"});
  }
  const Names names = w.axes(c, 1 + static_cast<int>(w.below(4)));
  const auto longest = *std::max_element(names.begin(), names.end(), [&](const auto& x, const auto& y) { return c.sizes[x] < c.sizes[y]; });
  write(w, c, names, {w.chance(50) ? longest : w.pick(names)});
}

}  // namespace differential
