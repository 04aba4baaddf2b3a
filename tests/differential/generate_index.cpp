// Elements at coordinates: get_at, and the operations that write there.
#include "differential/writer.h"

namespace differential {
namespace {

void integers(Writer& w, Case& c, std::size_t first, std::size_t end) {
  static const std::vector<DType> kIntegers = {DType::i8, DType::i16, DType::i32, DType::i64, DType::u8, DType::u16, DType::u32, DType::u64};
  for (std::size_t k = first; k < end; ++k) c.operands[k].dtype = w.pick(kIntegers);
  c.hostile = w.chance(10);
}

Names marked_of(Writer& w, const Names& names) {
  const Names marked = w.subset(names, 50);
  return marked.empty() ? Names{w.pick(names)} : marked;
}

/// p, often also q: what coordinates have beside the tensor's axes.
Names coordinate_loops(Writer& w, Case& c) {
  c.sizes["p"] = w.size(40);
  c.sizes["q"] = w.size(8);
  return w.chance(40) ? Names{"p", "q"} : Names{"p"};
}

/// One tensor with all coordinates along a bracketed axis, or one each. Appends their expressions; returns their number. The first has all of `loops`.
int write_coordinates(Writer& w, Case& c, const Names& marked, const Names& kept, const Names& loops) {
  const bool one_tensor = w.chance(60);
  const int tensors = one_tensor ? 1 : static_cast<int>(marked.size());
  for (int k = 0; k < tensors; ++k) {
    Names own = w.subset(kept, 30);
    const Names some = k == 0 ? loops : w.subset(loops, 60);
    own.insert(own.end(), some.begin(), some.end());
    own = w.shuffled(own);
    if (one_tensor && (marked.size() > 1 || w.chance(30))) own.insert(own.begin() + w.below(static_cast<std::int64_t>(own.size()) + 1), "[" + std::to_string(marked.size()) + "]");
    c.pattern += ", " + w.compose(own);
  }
  return tensors;
}

}  // namespace

void gather_case(Writer& w, Case& c) {
  const Names names = w.axes(c, 1 + static_cast<int>(w.below(3)), 4'000);
  const Names marked = marked_of(w, names), kept = without(names, marked), loops = coordinate_loops(w, c);
  c.pattern = w.compose(Writer::bracketed(w.shuffled(names), marked));
  const int tensors = write_coordinates(w, c, marked, kept, loops);
  Names out = kept;
  out.insert(out.end(), loops.begin(), loops.end());
  c.pattern += " -> " + w.compose(w.shuffled(out));
  add_operands(w, c, 1 + tensors);
  integers(w, c, 1, c.operands.size());
}

/// Duplicates come by themselves: there are often more coordinates than places. An axis of the update or of the coordinates that the result does not have
/// writes to the same places again; one that only the result has repeats it.
void scatter_case(Writer& w, Case& c) {
  const Names names = w.shuffled(w.axes(c, 1 + static_cast<int>(w.below(3)), w.chance(10) ? 40'000 : 2'000));
  const Names marked = marked_of(w, names), kept = without(names, marked), loops = coordinate_loops(w, c);
  c.pattern = w.compose(Writer::bracketed(names, marked));
  const int tensors = write_coordinates(w, c, marked, kept, loops);

  Names update = w.subset(kept, 60);
  const Names some = w.subset(loops, 75);
  update.insert(update.end(), some.begin(), some.end());
  if (w.chance(8)) {
    update.emplace_back("u");
    c.sizes["u"] = 1 + w.below(3);
  }
  c.pattern += ", " + w.compose(w.shuffled(update));

  Names out = w.chance(45) ? names : reordered(w, names, marked);
  if (w.chance(8)) out.insert(out.begin() + w.below(static_cast<std::int64_t>(out.size()) + 1), w.pick(loops));
  if (w.chance(8)) {
    out.insert(out.begin() + w.below(static_cast<std::int64_t>(out.size()) + 1), "z");
    c.sizes["z"] = 1 + w.below(4);
  }
  if (w.chance(80)) c.pattern += " -> " + w.compose(Writer::bracketed(out, marked));
  add_operands(w, c, 2 + tensors);
  integers(w, c, 1, c.operands.size() - 1);
}

}  // namespace differential
