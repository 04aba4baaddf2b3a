// Random patterns: axes are drawn first, then written into expressions - permuted, grouped, repeated, bracketed, concatenated.
#include <algorithm>

#include "differential/writer.h"

namespace differential {
namespace {

const std::vector<DType> kAllTypes = {DType::boolean, DType::i8, DType::i16, DType::i32, DType::i64, DType::u8, DType::u16,
                                      DType::u32, DType::u64, DType::f16, DType::bf16, DType::f32, DType::f64};
const std::vector<DType> kCommonTypes = {DType::f32, DType::f32, DType::f32, DType::f32, DType::f64, DType::i32, DType::i64, DType::u8, DType::boolean, DType::f16};

}  // namespace

void add_operands(Writer& w, Case& c, int count) {
  const DType first = w.chance(50) ? w.pick(kCommonTypes) : w.pick(kAllTypes);
  for (int k = 0; k < count; ++k) {
    const DType dtype = w.chance(75) ? first : w.pick(kAllTypes);
    const Layout layout = w.chance(55) ? Layout::Contiguous : kLayouts[w.below(std::size(kLayouts))];
    c.operands.push_back({dtype, layout});
  }
}

Names with_diagonal(Writer& w, const Case& c, Names names, Names of) {
  Names short_ones = std::move(of);
  std::erase_if(short_ones, [&](const std::string& name) { return c.sizes.at(name) > 65; });
  if (!short_ones.empty() && w.chance(8)) names.insert(names.begin() + w.below(static_cast<std::int64_t>(names.size()) + 1), w.pick(short_ones));
  return names;
}

namespace {

void move_case(Writer& w, Case& c) {
  const Names names = w.axes(c, static_cast<int>(w.below(6)));
  Names out = names;
  if (w.chance(20)) {
    out.emplace_back("z");
    c.sizes["z"] = 1 + w.below(5);
  }
  c.pattern = w.compose(with_diagonal(w, c, w.shuffled(names), names)) + " -> " + w.compose(w.shuffled(out));
  add_operands(w, c, 1);
}

/// Pieces that share some axes and have one of their own, joined on either side, both or none.
void concat_case(Writer& w, Case& c) {
  const Names shared = w.axes(c, static_cast<int>(w.below(3)), 600);
  const int pieces = 2 + static_cast<int>(w.below(2));
  Names own;
  for (int k = 0; k < pieces; ++k) {
    own.push_back(std::string("p") + std::to_string(k));
    c.sizes[own.back()] = 1 + w.below(9);
  }
  const auto side = [&](bool joined) {
    const Names order = w.shuffled(shared);
    const auto at = static_cast<std::size_t>(w.below(static_cast<std::int64_t>(order.size()) + 1));
    const auto write = [&](const std::string& item) {
      Names items = order;
      items.insert(items.begin() + static_cast<std::ptrdiff_t>(at), item);
      std::string text;
      for (const std::string& name : items) text += (text.empty() ? "" : " ") + name;
      return text;
    };
    if (joined) {
      std::string sum;
      for (const std::string& name : own) sum += (sum.empty() ? "" : " + ") + name;
      return write("(" + sum + ")");
    }
    std::string list;
    for (const std::string& name : own) list += (list.empty() ? "" : ", ") + write(name);
    return list;
  };
  const bool join_in = w.chance(40), join_out = w.chance(60);
  c.pattern = side(join_in) + " -> " + side(join_out);
  add_operands(w, c, join_in ? 1 : pieces);
}

void map_case(Writer& w, Case& c, int operands) {
  const Names names = w.axes(c, static_cast<int>(w.below(5)));
  Names used;
  for (int k = 0; k < operands; ++k) {
    const Names own = w.shuffled(k == 0 && w.chance(70) ? names : w.subset(names, 60));
    used.insert(used.end(), own.begin(), own.end());
    c.pattern += (k ? ", " : "") + w.compose(with_diagonal(w, c, own, own));
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  c.pattern += " -> " + w.compose(w.chance(60) ? used : w.shuffled(used));
  add_operands(w, c, operands);
}

void reduce_case(Writer& w, Case& c) {
  const Names names = w.axes(c, 1 + static_cast<int>(w.below(4)));
  const Names marked = w.subset(names, 50);
  Names kept;
  for (const std::string& name : names)
    if (std::find(marked.begin(), marked.end(), name) == marked.end()) kept.push_back(name);
  c.pattern = w.compose(Writer::bracketed(with_diagonal(w, c, w.shuffled(names), names), marked)) + " -> " + w.compose(w.chance(50) ? kept : w.shuffled(kept));
  add_operands(w, c, 1);
}

void preserve_case(Writer& w, Case& c) {
  const Names names = w.axes(c, 1 + static_cast<int>(w.below(4)));
  const Names marked = w.subset(names, 40);
  Names out = names;
  if (w.chance(40)) {  // brackets keep their order, the others go anywhere
    std::stable_partition(out.begin(), out.end(), [&](const std::string& n) { return std::find(marked.begin(), marked.end(), n) != marked.end(); });
  }
  c.pattern = w.compose(Writer::bracketed(names, marked)) + " -> " + w.compose(Writer::bracketed(out, marked));
  add_operands(w, c, 1);
}

void order_case(Writer& w, Case& c) {
  const Names names = w.axes(c, 1 + static_cast<int>(w.below(4)));
  Names marked = w.subset(names, 50);
  if (marked.empty()) marked = {w.pick(names)};
  Names out;
  for (const std::string& name : names)
    if (std::find(marked.begin(), marked.end(), name) == marked.end()) out.push_back(name);
  if (marked.size() > 1 || w.chance(50)) out.insert(out.begin() + w.below(static_cast<std::int64_t>(out.size()) + 1), "[" + std::to_string(marked.size()) + "]");
  c.pattern = w.compose(Writer::bracketed(w.shuffled(names), marked)) + " -> " + w.compose(out);
  add_operands(w, c, 1);
}

void dot_case(Writer& w, Case& c) {
  const Names names = w.axes(c, 1 + static_cast<int>(w.below(5)), 60'000);
  Names sides[2], out, marked;
  for (const std::string& name : names) {
    const std::int64_t role = w.below(4);  // contracted, batch, left, right
    if (role != 3) sides[0].push_back(name);
    if (role != 2) sides[1].push_back(name);
    (role == 0 ? marked : out).push_back(name);
  }
  c.pattern = w.compose(Writer::bracketed(w.shuffled(sides[0]), marked)) + ", " + w.compose(Writer::bracketed(w.shuffled(sides[1]), marked));
  const bool third = w.chance(15);
  if (third) c.pattern += ", " + w.compose(w.subset(out, 50));
  c.pattern += " -> " + w.compose(w.chance(60) ? out : w.shuffled(out));
  add_operands(w, c, third ? 3 : 2);
}

/// Around what packed panels are worth their while for, ragged against every register tile.
void large_dot_case(Writer& w, Case& c) {
  c.sizes["m"] = w.pick(std::vector<std::int64_t>{13, 61, 64, 97});
  for (const char* name : {"n", "k"}) c.sizes[name] = w.pick(std::vector<std::int64_t>{101, 128, 257, 331});
  const bool batched = w.chance(30);
  if (batched) c.sizes["z"] = 2;
  const Names left = batched ? Names{"z", "m", "[k]"} : Names{"m", "[k]"}, right = batched ? Names{"[k]", "z", "n"} : Names{"[k]", "n"};
  c.pattern = w.compose(w.shuffled(left)) + ", " + w.compose(w.shuffled(right)) + " -> " + w.compose(w.shuffled(batched ? Names{"z", "m", "n"} : Names{"m", "n"}));
  add_operands(w, c, 2);
  const DType dtype = w.chance(50) ? DType::f32 : w.pick(std::vector{DType::f64, DType::i32, DType::u64, DType::f16, DType::bf16});
  for (OperandSpec& operand : c.operands) operand.dtype = w.chance(90) ? dtype : DType::f32;
}

void write_case(Writer& w, Case& c, const einx::detail::ops::Op& op) {
  using Family = einx::detail::notation::Family;
  switch (op.family) {
    case Family::Id: return w.chance(35) ? concat_case(w, c) : move_case(w, c);
    case Family::Elementwise: return map_case(w, c, op.max_inputs > 0 ? op.max_inputs : 1 + static_cast<int>(w.below(3)));
    case Family::Reduce: return reduce_case(w, c);
    case Family::Dot: return w.chance(20) ? large_dot_case(w, c) : dot_case(w, c);
    case Family::ArgFind: return order_case(w, c);
    case Family::GetAt: return gather_case(w, c);
    case Family::UpdateAt: return scatter_case(w, c);
    default:
      if (op.one_bracketed_axis) return sort_case(w, c);
      if (op.name == "flip" || op.name == "roll") return shuffle_case(w, c, op.name == "roll");
      return preserve_case(w, c);
  }
}

/// Rare classes as often as the sixteen elementwise operations together.
const einx::detail::ops::Op& draw_op(Writer& w) {
  static const Names heavy = {"id", "id", "dot", "dot", "get_at", "softmax", "argmax", "sum", "max",
                              "flip", "roll", "sort", "argsort", "set_at", "set_at", "add_at", "subtract_at"};
  if (w.chance(60)) return einx::detail::ops::get(w.pick(heavy));
  const auto all = einx::detail::ops::all();
  return *all[static_cast<std::size_t>(w.below(static_cast<std::int64_t>(all.size())))];
}

}  // namespace

Case generate(Random& random, const std::string& only_op) {
  Writer w(random);
  Case c;
  const auto& op = only_op.empty() ? draw_op(w) : einx::detail::ops::get(only_op);
  c.op = std::string(op.name);
  write_case(w, c, op);
  c.dynamic = w.chance(10);
  c.special = w.chance(15);
  c.seed = random() % 1'000'000;
  return c;
}

}  // namespace differential
