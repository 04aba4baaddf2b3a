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

void add_reads(const Body& body, std::set<BufferId>& read) {
  for (const Statement& statement : body)
    support::match(
        statement.node, [&](const Loop& loop) { add_reads(loop.body, read); },
        [&](const Load& load) { read.insert(load.buffer); },
        [&](const Transpose& block) { read.insert(block.from); },
        [&](const Spread& spread) { read.insert(spread.buffer); }, [](const auto&) {});
}

std::set<BufferId> read_by(const Step& step) {
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
      [&](const Kernel& s) { add_reads(s.body, read); });
  return read;
}

void add_writes(const Body& body, std::set<BufferId>& written) {
  for (const Statement& statement : body)
    support::match(
        statement.node, [&](const Loop& loop) { add_writes(loop.body, written); },
        [&](const Store& store) { written.insert(store.buffer); },
        [&](const Transpose& block) { written.insert(block.to); }, [](const auto&) {});
}

std::set<BufferId> written_by(const Step& step) {
  std::set<BufferId> written;
  if (const auto* kernel = std::get_if<Kernel>(&step)) add_writes(kernel->body, written);
  return written;
}

/// What is asked of the items again and again.
struct Facts {
  std::vector<std::set<BufferId>> reads, writes;  ///< of each item
  std::vector<double> alone;                      ///< nanoseconds of each nest that may join
  std::map<BufferId, int> readers;                ///< items that read a buffer
  std::map<BufferId, std::size_t> writer;         ///< the first item that writes a buffer
  std::int64_t joins = 0;                         ///< that may still be tried: bounds the time of the search
};

void learn(const Lowering& lowering, Facts& facts) {
  facts.reads.clear(), facts.writes.clear(), facts.alone.clear(), facts.readers.clear(), facts.writer.clear();
  for (const Item& item : lowering.items) {
    const auto* nest = std::get_if<Nest>(&item.work);
    facts.reads.push_back(nest != nullptr ? read_by(*nest) : read_by(std::get<Step>(item.work)));
    facts.writes.push_back(nest != nullptr ? written_by(*nest) : written_by(std::get<Step>(item.work)));
    for (const BufferId id : facts.writes.back()) facts.writer.try_emplace(id, facts.writes.size() - 1);
    facts.alone.push_back(may_join(item) ? time_alone(*nest, lowering.plan) : 0);
    for (const BufferId id : facts.reads.back()) ++facts.readers[id];
  }
}

/// What is read by items that are no members.
std::set<BufferId> read_outside(const Facts& facts, const std::vector<std::size_t>& members) {
  std::map<BufferId, int> inside;
  for (const std::size_t k : members)
    for (const BufferId id : facts.reads[k]) ++inside[id];
  std::set<BufferId> outside;
  for (const auto& [id, count] : inside)
    if (facts.readers.at(id) > count) outside.insert(id);
  return outside;
}

/// Members that neither read from another nor are read by one do better alone.
void drop_strangers(const Facts& facts, Found& found) {
  std::set<BufferId> read, written;
  for (const std::size_t k : found.members) {
    read.insert(facts.reads[k].begin(), facts.reads[k].end());
    written.insert(facts.writes[k].begin(), facts.writes[k].end());
  }
  std::vector<LanesGroup::Member> kept;
  std::vector<std::size_t> numbers;
  for (std::size_t m = 0; m < found.members.size(); ++m) {
    const std::size_t k = found.members[m];
    if (meet(facts.reads[k], written) || meet(facts.writes[k], read)) {
      kept.push_back(std::move(found.group.members[m]));
      numbers.push_back(k);
    } else {
      found.before.push_back(k);
    }
  }
  found.group.members = std::move(kept);
  found.members = std::move(numbers);
  std::ranges::sort(found.before);
}

/// The group of these extents that begins with this item, as far as it is known: items that share the axes
/// and can be brought together by moving others before or behind it.
struct Growth {
  Found found;
  Growing growing;
  std::set<BufferId> inside, behind,
      ahead;             ///< written by members, by what comes behind or moves before them
  std::size_t next = 0;  ///< the item that is looked at next
};

/// Goes on until the group has so many members. False if there is nothing more.
bool grow(const Lowering& lowering, Facts& facts, Growth& growth, std::size_t first, std::size_t wanted) {
  const std::vector<Item>& items = lowering.items;
  std::vector<std::size_t>& members = growth.found.members;
  for (; members.size() < wanted; ++growth.next) {
    const std::size_t k = growth.next;
    const bool ends = k >= std::min(items.size(), first + kFarthest) || facts.joins <= 0;
    if (ends || std::holds_alternative<Step>(items[k].work) || items[k].same_a >= 0) return false;
    const std::set<BufferId>&reads = facts.reads[k], &writes = facts.writes[k];
    // of a value that is written in pieces a frame holds all or nothing
    const bool in_part = std::ranges::any_of(reads, [&](BufferId id) {
      return growth.inside.contains(id) && (facts.writer.at(id) < first || growth.ahead.contains(id));
    });
    const bool late = in_part || meet(reads, growth.behind) || meet(writes, growth.behind);
    facts.joins -= 1;
    if (!late && may_join(items[k]) &&
        join(growth.growing, std::get<Nest>(items[k].work), lowering.plan.program)) {
      members.push_back(k);
      growth.inside.insert(writes.begin(), writes.end());
    } else if (k == first) {
      return false;
    } else if (late || meet(reads, growth.inside) || meet(writes, growth.inside)) {
      growth.behind.insert(writes.begin(), writes.end());
    } else {
      growth.found.before.push_back(k);
      growth.ahead.insert(writes.begin(), writes.end());
    }
  }
  return true;
}

/// What the group of all that grew would take, and its nests alone.
Found judged(const Lowering& lowering, const Facts& facts, const Growth& growth) {
  Found found = growth.found;
  found.group = growth.growing.group;
  if (found.members.empty()) return found;
  found.end = found.members.back() + 1;
  std::erase_if(found.before, [&](std::size_t k) { return k >= found.end; });
  drop_strangers(facts, found);
  const auto sums = [&](std::size_t k) {
    return std::holds_alternative<ops::Rows>(std::get<Nest>(lowering.items[k].work).meaning);
  };
  if (found.members.size() < 2 || std::ranges::none_of(found.members, sums)) return found;
  settle(found.group, lowering.plan.program, read_outside(facts, found.members));
  found.lanes = lanes_of(found.group, lowering.plan);
  if (found.lanes == 0) return found;
  found.together = time_in_lanes(found.group, found.lanes);
  for (const std::size_t member : found.members) found.alone += facts.alone[member];
  return found;
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
/// It stops to grow where its frames have no room, or where it has long lost.
Found best_of(const Lowering& lowering, Facts& facts, std::size_t first, std::int64_t extent,
              std::int64_t around, std::size_t most, bool& fits) {
  constexpr double kLost = 1.5;
  constexpr std::size_t kLong = 8;
  Found best;
  Growth growth{{}, {{{}, extent, around, {}}, {}}, {}, {}, {}, first};
  std::size_t reached = 0;
  for (std::size_t count = 2;; count += 1 + count / 4) {
    const bool more = grow(lowering, facts, growth, first, std::min(count, most));
    if (growth.found.members.size() == reached) return best;
    reached = growth.found.members.size();
    Found found = judged(lowering, facts, growth);
    const bool is_group = found.members.size() >= 2;
    fits = !is_group || found.lanes == full_lanes(found.group, lowering.plan);
    const bool lost =
        is_group && (found.lanes == 0 || (reached >= kLong && found.together > kLost * found.alone));
    if (is_better(found, best)) best = std::move(found);
    if (!more || lost) return best;
  }
}

/// The group from this item on that saves most; without lanes: there is none. A loop around the nests is
/// tried where frames are too large without.
Found best_group(const Lowering& lowering, Facts& facts, std::size_t first, std::size_t most) {
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
    consider(best_of(lowering, facts, first, extent, 0, most, fits));
    if (fits) continue;
    for (const std::int64_t around : extents_beside(extents, extent))
      consider(best_of(lowering, facts, first, extent, around, most, fits));
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
  constexpr std::int64_t kJoins = 3000, kJoinsEach = 30;
  if (lowering.plan.dynamic || lowering.plan.program.in_place) return;
  split_products(lowering);
  if (lowering.items.size() < 2) return;
  Facts facts;
  facts.joins = kJoins + kJoinsEach * std::int64_t(lowering.items.size());
  learn(lowering, facts);
  std::size_t most = kFarthest;  // what is too long to compile once is not tried again
  for (std::size_t first = 0; first < lowering.items.size() && facts.joins > 0; ++first) {
    while (may_join(lowering.items[first]) && most >= 2) {
      const Found found = best_group(lowering, facts, first, most);
      if (found.lanes == 0) break;
      if (replace(lowering, first, found)) {
        learn(lowering, facts);
        break;
      }
      most = found.members.size() / 2;
    }
  }
}

}  // namespace einx::detail::loops
