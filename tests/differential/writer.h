// What random patterns are made of. Private to the generators.
#pragma once
#include <algorithm>
#include <utility>

#include "differential/case.h"

namespace differential {

using Names = std::vector<std::string>;

class Writer {
 public:
  explicit Writer(Random& random) : random_(random) {}

  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }
  template <class T>
  const T& pick(const std::vector<T>& items) { return items[static_cast<std::size_t>(below(static_cast<std::int64_t>(items.size())))]; }
  template <class T>
  std::vector<T> shuffled(std::vector<T> items) {
    std::shuffle(items.begin(), items.end(), random_);
    return items;
  }
  Names subset(const Names& names, int percent) {
    Names result;
    for (const std::string& name : names)
      if (chance(percent)) result.push_back(name);
    return result;
  }

  /// Boundary sizes: 0 and 1, vector lengths -1, +0, +1, primes. `budget` bounds the product of all of them.
  std::int64_t size(std::int64_t budget) {
    static const std::vector<std::int64_t> sizes = {1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 37, 63, 64, 65, 127, 129, 257, 1021};
    if (chance(2)) return 0;
    for (int k = 0; k < 8; ++k)
      if (const std::int64_t drawn = pick(sizes); drawn <= budget) return drawn;
    return 1;
  }
  Names axes(Case& c, int count, std::int64_t budget = 20'000) {
    if (chance(4)) budget *= 12;  // enough work for several threads
    Names names;
    for (int k = 0; k < count; ++k) {
      names.emplace_back(1, static_cast<char>('a' + k));
      const std::int64_t drawn = size(budget);
      c.sizes[names.back()] = drawn;
      budget /= std::max<std::int64_t>(drawn, 1);
    }
    return names;
  }

  /// Items side by side, some of them grouped in parentheses, a 1 or () now and then.
  std::string compose(const Names& items) {
    std::string out;
    for (std::size_t k = 0; k < items.size();) {
      const auto left = static_cast<std::int64_t>(items.size() - k);
      const std::int64_t take = chance(25) ? 1 + below(std::min<std::int64_t>(left, 3)) : 0;
      if (!out.empty()) out += ' ';
      if (take == 0) {
        out += items[k++];
        continue;
      }
      std::string group;
      for (std::int64_t j = 0; j < take; ++j) group += (j ? " " : "") + items[k++];
      out += "(" + group + ")";
    }
    if (chance(6)) out += out.empty() ? "1" : chance(50) ? " 1" : " ()";
    return out;
  }
  static Names bracketed(Names names, const Names& marked) {
    for (std::string& name : names)
      if (std::find(marked.begin(), marked.end(), name) != marked.end()) name = "[" + name + "]";
    return names;
  }

 private:
  Random& random_;
};

/// Dtypes and layouts for this many operands.
void add_operands(Writer& w, Case& c, int count);
/// A diagonal now and then: a short axis, one `of` these, written twice.
Names with_diagonal(Writer& w, const Case& c, Names names, Names of);
/// The names that are not marked.
inline bool among(const Names& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }
inline Names without(Names names, const Names& marked) {
  std::erase_if(names, [&](const std::string& name) { return among(marked, name); });
  return names;
}

/// The axes of a result that keeps its brackets: the marked ones in their order, the others anywhere between them.
inline Names reordered(Writer& w, const Names& names, const Names& marked) {
  Names out = w.shuffled(names), in_order = names;
  std::erase_if(in_order, [&](const std::string& name) { return !among(marked, name); });
  std::size_t next = 0;
  for (std::string& name : out)
    if (among(marked, name)) name = in_order[next++];
  return out;
}

// --- generate_index.cpp
void gather_case(Writer& w, Case& c);
void scatter_case(Writer& w, Case& c);
// --- generate_order.cpp
void shuffle_case(Writer& w, Case& c, bool roll);
void sort_case(Writer& w, Case& c);

}  // namespace differential
