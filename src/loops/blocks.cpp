// Chains of small contractions, and what stands between them, as one kernel: memory is touched once. A group
// is what shares an independent axis, found by strides; it runs a vector of that axis' values at a time.
#include "loops/blocks.h"

#include <algorithm>
#include <cmath>

#include "support/support.h"

namespace einx::detail::loops {
namespace {

constexpr std::size_t kFarthest = 64;  ///< items after the first that are looked at
constexpr double kWorthIt = 1.2;       ///< by this factor a group must be faster,
constexpr double kLeast = 200;         ///< and by so many nanoseconds
constexpr double kAsGood = 0.95;       ///< of more nests beside fewer

/// A group, and the items that it is made of and that have to move out of its way.
struct Found {
  LanesGroup group;
  std::vector<std::size_t> members, before;
  std::size_t end = 0;  ///< items from the first to here are members, before it, or after it
  double alone = 0, together = 0;
  int lanes = 0;
  double gain() const { return alone - together; }
};

bool meet(const std::set<BufferId>& a, const std::set<BufferId>& b) {
  return std::ranges::any_of(a, [&](BufferId id) { return b.contains(id); });
}

/// What a step reads; of a kernel it is not known: anything.
std::set<BufferId> read_by(const Step& step, const Program& program) {
  std::set<BufferId> read;
  support::match(
      step,
      [&](const Matmul& s) {
        read = {s.a, s.b};
      },
      [&](const Sort& s) { read = {s.from}; },
      [&](const Native& s) {
        for (const Native::View& view : s.inputs) read.insert(view.buffer);
      },
      [&](const Kernel&) {
        for (std::size_t id = 0; id < program.buffers.size(); ++id) read.insert(BufferId(id));
      });
  return read;
}

/// What is read by items from the first on that are no members.
std::set<BufferId> read_outside(const Lowering& lowering, std::size_t first,
                                const std::vector<std::size_t>& members) {
  std::set<BufferId> read;
  for (std::size_t k = first; k < lowering.items.size(); ++k) {
    if (std::ranges::find(members, k) != members.end()) continue;
    read.merge(support::match(
        lowering.items[k].work, [](const Nest& nest) { return read_by(nest); },
        [&](const Step& step) { return read_by(step, lowering.plan.program); }));
  }
  return read;
}

void add_writes(const Body& body, std::set<BufferId>& written) {
  for (const Statement& statement : body)
    support::match(
        statement.node, [&](const Loop& loop) { add_writes(loop.body, written); },
        [&](const Store& store) { written.insert(store.buffer); },
        [&](const Transpose& block) { written.insert(block.to); }, [](const auto&) {});
}

/// What the items before this one write: parts of a value may be among it.
std::set<BufferId> written_before(const std::vector<Item>& items, std::size_t first) {
  std::set<BufferId> written;
  for (std::size_t k = 0; k < first; ++k) {
    if (const auto* nest = std::get_if<Nest>(&items[k].work)) written.merge(written_by(*nest));
    const auto* step = std::get_if<Step>(&items[k].work);
    if (const auto* kernel = step != nullptr ? std::get_if<Kernel>(step) : nullptr)
      add_writes(kernel->body, written);
  }
  return written;
}

/// Members that neither read from another nor are read by one do better alone.
void drop_strangers(const std::vector<Item>& items, Found& found) {
  std::vector<LanesGroup::Member> kept;
  std::vector<std::size_t> numbers;
  for (std::size_t k = 0; k < found.members.size(); ++k) {
    const Nest& nest = std::get<Nest>(items[found.members[k]].work);
    const bool friendly = std::ranges::any_of(found.members, [&](std::size_t other) {
      const Nest& with = std::get<Nest>(items[other].work);
      return other != found.members[k] &&
             (meet(written_by(nest), read_by(with)) || meet(written_by(with), read_by(nest)));
    });
    if (friendly) {
      kept.push_back(std::move(found.group.members[k]));
      numbers.push_back(found.members[k]);
    } else {
      found.before.push_back(found.members[k]);
    }
  }
  found.group.members = std::move(kept);
  found.members = std::move(numbers);
  std::ranges::sort(found.before);
}

/// The group of these extents that begins with this item: those that share the axes and can be brought
/// together by moving others before or behind it.
Found grow(const Lowering& lowering, std::size_t first, std::int64_t extent, std::int64_t around) {
  const std::vector<Item>& items = lowering.items;
  Growing growing{{{}, extent, around, {}}, {}};
  Found found;
  std::set<BufferId> inside, behind;  // written by members, by what comes behind them
  std::set<BufferId> ahead = written_before(items, first);
  for (std::size_t k = first; k < std::min(items.size(), first + kFarthest); ++k) {
    const auto* nest = std::get_if<Nest>(&items[k].work);
    if (nest == nullptr || items[k].same_a >= 0) break;
    const std::set<BufferId> reads = read_by(*nest), writes = written_by(*nest);
    // of a value that is written in pieces a frame holds all or nothing
    const bool in_part =
        std::ranges::any_of(reads, [&](BufferId id) { return inside.contains(id) && ahead.contains(id); });
    if (in_part || meet(reads, behind) || meet(writes, behind)) {
      behind.insert(writes.begin(), writes.end());
    } else if (may_join(items[k]) && join(growing, *nest, lowering.plan.program)) {
      found.members.push_back(k);
      inside.insert(writes.begin(), writes.end());
    } else if (k == first) {
      return {};
    } else if (meet(reads, inside) || meet(writes, inside)) {
      behind.insert(writes.begin(), writes.end());
    } else {
      found.before.push_back(k);
      ahead.insert(writes.begin(), writes.end());
    }
  }
  found.group = std::move(growing.group);
  return found;
}

/// The group of its first members only: whether an item is before or behind follows from those before it.
Found first_members(const Found& all, std::size_t count) {
  Found found;
  found.group = {{all.group.members.begin(), all.group.members.begin() + std::ptrdiff_t(count)},
                 all.group.extent,
                 all.group.around,
                 all.group.inner};
  found.members.assign(all.members.begin(), all.members.begin() + std::ptrdiff_t(count));
  found.end = found.members.back() + 1;
  for (const std::size_t k : all.before)
    if (k < found.end) found.before.push_back(k);
  return found;
}

/// What the group would take, and its nests alone.
void judge(const Lowering& lowering, std::size_t first, std::span<const double> alone, Found& found) {
  drop_strangers(lowering.items, found);
  const auto sums = [&](std::size_t k) {
    return std::holds_alternative<ops::Rows>(std::get<Nest>(lowering.items[k].work).meaning);
  };
  if (found.members.size() < 2 || std::ranges::none_of(found.members, sums)) return;
  settle(found.group, lowering.plan.program, read_outside(lowering, first, found.members));
  found.lanes = lanes_of(found.group, lowering.plan);
  if (found.lanes == 0) return;
  found.together = time_in_lanes(found.group, found.lanes);
  for (const std::size_t member : found.members) found.alone += alone[member];
}

/// Whether the group is worth it, and saves more than the best so far; with more nests it may save a little
/// less.
bool is_better(const Found& found, const Found& best) {
  const double goal = found.members.size() > best.members.size() ? kAsGood * best.gain() : best.gain();
  return found.lanes > 0 && found.alone > kWorthIt * found.together && found.gain() > std::max(kLeast, goal);
}

std::set<std::int64_t> extents_near(const std::vector<Item>& items, std::size_t first) {
  constexpr std::size_t kNear = 6;
  std::set<std::int64_t> extents;
  for (std::size_t k = first; k < std::min(items.size(), first + kNear); ++k)
    if (const auto* nest = std::get_if<Nest>(&items[k].work))
      for (int axis : axes_where(*nest, false)) extents.insert(nest->axes[std::size_t(axis)].extent.value);
  return extents;
}

/// The other extents, and what is left of those that hold this one: axes may have been merged.
std::set<std::int64_t> extents_beside(const std::set<std::int64_t>& extents, std::int64_t extent) {
  std::set<std::int64_t> others;
  for (const std::int64_t other : extents)
    for (const std::int64_t around : {other, other % extent == 0 ? other / extent : 1})
      if (around > 1) others.insert(around);
  return others;
}

/// Of a group's first members, the number that saves most; `fits`: whether full vectors of all of them would.
Found best_of(const Lowering& lowering, std::size_t first, std::span<const double> alone, const Found& all,
              std::size_t most, bool& fits) {
  Found best;
  const std::size_t end = std::min(all.members.size(), most);
  for (std::size_t count = 2; count <= end;
       count = count == end ? end + 1 : std::min(end, count + 1 + count / 4)) {
    Found found = first_members(all, count);
    judge(lowering, first, alone, found);
    fits = found.members.size() < 2 || found.lanes == full_lanes(found.group, lowering.plan);
    if (is_better(found, best)) best = std::move(found);
  }
  return best;
}

/// The group from this item on that saves most; without lanes: there is none. A loop around the nests is
/// tried where frames are too large without.
Found best_group(const Lowering& lowering, std::size_t first, std::span<const double> alone,
                 std::size_t most) {
  Found best;
  // of other axes: what is left out may be in a group as good as this one
  const auto consider = [&](Found found) {
    const bool dense = found.gain() * best.alone >= kAsGood * best.gain() * found.alone;
    if (found.lanes > 0 && found.gain() > best.gain() && dense) best = std::move(found);
  };
  const std::set<std::int64_t> extents = extents_near(lowering.items, first);
  for (const std::int64_t extent : extents) {
    if (extent < 4) continue;
    bool fits = true;
    consider(best_of(lowering, first, alone, grow(lowering, first, extent, 0), most, fits));
    if (fits) continue;
    for (const std::int64_t around : extents_beside(extents, extent))
      consider(best_of(lowering, first, alone, grow(lowering, first, extent, around), most, fits));
  }
  return best;
}

std::string reasons(const Found& found, const Program& program) {
  std::string kept, sent;
  for (const auto& [id, inner] : found.group.inner) {
    std::string& list = inner.leaves ? sent : kept;
    list += (list.empty() ? "" : ", ") + program.buffers[std::size_t(id)].name;
  }
  const auto microseconds = [](double ns) { return std::to_string(std::int64_t(std::ceil(ns / 1000))); };
  std::string words = std::to_string(found.members.size()) + " nests in one kernel: about " +
                      microseconds(found.together) + " us instead of " + microseconds(found.alone);
  if (!kept.empty()) words += "; " + kept + " never in memory";
  if (!sent.empty()) words += "; " + sent + " read from frames";
  return words;
}

/// Emits the kernel and puts it in the members' place. False, with nothing changed, if it is too long to
/// compile.
bool replace(Lowering& lowering, std::size_t first, const Found& found) {
  Program& program = lowering.plan.program;
  const std::size_t steps = program.steps.size(), buffers = program.buffers.size();
  emit_lanes(found.group, lowering.plan, found.lanes, reasons(found, program));
  Step step = std::move(program.steps.back());
  program.steps.resize(steps);
  const std::int64_t length = instructions(std::get<Kernel>(step));
  if (length > affordable(lowering.plan)) {
    program.buffers.resize(buffers);
    return false;
  }
  lowering.plan.reserved += length;
  for (const auto& [id, inner] : found.group.inner)
    if (!inner.leaves)
      program.buffers[std::size_t(id)].elements = 0,
      program.buffers[std::size_t(id)].kind = Buffer::Kind::Local;
  std::vector<Item> order;
  const auto take = [&](std::size_t k) { order.push_back(std::move(lowering.items[k])); };
  for (const std::size_t k : found.before) take(k);
  order.push_back({std::move(step)});
  for (std::size_t k = first; k < found.end; ++k)
    if (std::ranges::find(found.before, k) == found.before.end() &&
        std::ranges::find(found.members, k) == found.members.end())
      take(k);
  const auto begin = lowering.items.begin() + std::ptrdiff_t(first);
  lowering.items.erase(begin, lowering.items.begin() + std::ptrdiff_t(found.end));
  lowering.items.insert(lowering.items.begin() + std::ptrdiff_t(first),
                        std::make_move_iterator(order.begin()), std::make_move_iterator(order.end()));
  return true;
}

/// Products of several operands that are done in pairs anyway are so before groups are looked for.
void split_products(Lowering& lowering) {
  std::vector<Item> items;
  for (Item& item : lowering.items) {
    std::vector<Nest> pairs;
    if (may_join(item))
      if (const Nest& nest = std::get<Nest>(item.work);
          std::holds_alternative<ops::Rows>(nest.meaning) && !is_small_in_lanes(nest, lowering.plan))
        pairs = pair_nests(nest, lowering.plan);
    for (Nest& pair : pairs) items.push_back({std::move(pair), schedule});
    if (pairs.empty()) items.push_back(std::move(item));
  }
  lowering.items = std::move(items);
}

}  // namespace

void run_in_blocks(Lowering& lowering) {
  if (lowering.plan.dynamic || lowering.plan.program.in_place) return;
  split_products(lowering);
  std::vector<double> alone;
  const auto estimate = [&] {
    alone.clear();
    for (const Item& item : lowering.items)
      alone.push_back(may_join(item) ? time_alone(std::get<Nest>(item.work), lowering.plan) : 0);
  };
  estimate();
  for (std::size_t first = 0; first < lowering.items.size(); ++first) {
    for (std::size_t most = kFarthest; may_join(lowering.items[first]) && most >= 2;) {
      const Found found = best_group(lowering, first, alone, most);
      if (found.lanes == 0) break;
      if (replace(lowering, first, found)) {
        estimate();
        break;
      }
      most = found.members.size() * 3 / 4;  // too long to compile: with fewer
    }
  }
}

}  // namespace einx::detail::loops
