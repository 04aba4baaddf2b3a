// Chains of small contractions, and what stands between them, as one kernel: memory is touched once. A group
// is what shares an independent axis, found by strides; it runs a vector of that axis' values at a time.
#include "loops/blocks.h"

#include <algorithm>
#include <cmath>

namespace einx::detail::loops {
namespace {

constexpr std::size_t kFarthest = 48;  ///< items after the first that are looked at
constexpr std::size_t kMostMembers = 16;
constexpr double kWorthIt = 1.2;  ///< by this factor a group must be faster,
constexpr double kLeast = 200;    ///< and by so many nanoseconds
constexpr double kAsGood = 0.95;  ///< of more nests beside fewer

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

/// What is read by items that are no members.
std::set<BufferId> read_outside(const std::vector<Item>& items, const std::vector<std::size_t>& members) {
  std::set<BufferId> read;
  for (std::size_t k = 0; k < items.size(); ++k) {
    if (std::ranges::find(members, k) != members.end()) continue;
    if (const auto* nest = std::get_if<Nest>(&items[k].work)) read.merge(read_by(*nest));
  }
  return read;
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

/// The group of the axis' extent that begins with this item: those that share the axis and can be brought
/// together by moving others before or behind it.
Found grow(const Lowering& lowering, std::size_t first, std::int64_t extent, std::size_t most) {
  const std::vector<Item>& items = lowering.items;
  const Program& program = lowering.plan.program;
  Found found;
  found.group.extent = extent;
  std::set<BufferId> inside, behind;  // written by members, by what comes behind
  for (std::size_t k = first; k < std::min(items.size(), first + kFarthest) && found.members.size() < most;
       ++k) {
    const auto* nest = std::get_if<Nest>(&items[k].work);
    if (nest == nullptr || items[k].same_a >= 0) break;
    const std::set<BufferId> reads = read_by(*nest), writes = written_by(*nest);
    found.end = k + 1;
    if (meet(reads, behind) || meet(writes, behind)) {
      behind.insert(writes.begin(), writes.end());
    } else if (may_join(items[k]) && join(found.group, *nest, program)) {
      found.members.push_back(k);
      inside.insert(writes.begin(), writes.end());
    } else if (k == first) {
      return {};
    } else if (meet(reads, inside) || meet(writes, inside)) {
      behind.insert(writes.begin(), writes.end());
    } else {
      found.before.push_back(k);
    }
  }
  return found;
}

void judge(const Lowering& lowering, Found& found) {
  drop_strangers(lowering.items, found);
  const auto sums = [&](std::size_t k) {
    return std::holds_alternative<ops::Rows>(std::get<Nest>(lowering.items[k].work).meaning);
  };
  if (found.members.size() < 2 || std::ranges::none_of(found.members, sums)) return;
  settle(found.group, lowering.plan.program, read_outside(lowering.items, found.members));
  found.lanes = lanes_of(found.group, lowering.plan);
  if (found.lanes == 0) return;
  found.together = time_in_lanes(found.group, lowering.plan, found.lanes);
  for (const std::size_t member : found.members)
    found.alone += time_alone(std::get<Nest>(lowering.items[member].work), lowering.plan);
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

/// The group from this item on that saves most; without lanes: there is none.
Found best_group(const Lowering& lowering, std::size_t first) {
  Found best;
  for (const std::int64_t extent : extents_near(lowering.items, first)) {
    if (extent < 4) continue;
    std::size_t reached = 0;
    for (std::size_t most = 2; most <= kMostMembers; ++most) {
      Found found = grow(lowering, first, extent, most);
      if (found.members.size() <= reached) break;
      reached = found.members.size();
      judge(lowering, found);
      if (is_better(found, best)) best = std::move(found);
    }
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
  for (std::size_t first = 0; first < lowering.items.size(); ++first) {
    if (!may_join(lowering.items[first])) continue;
    const Found found = best_group(lowering, first);
    if (found.lanes > 0) replace(lowering, first, found);
  }
}

}  // namespace einx::detail::loops
