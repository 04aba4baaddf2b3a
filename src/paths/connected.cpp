// Dynamic programming over the sets of terms that hang together, smallest first, for networks too large for
// all subsets. A tree that is known bounds what a set may cost, so that of a good tree's competitors few sets
// are left (Pfeifer, Haegeman, Verstraete, arXiv:1304.6112).
#include <bit>
#include <numeric>
#include <utility>

#include "paths/search.h"

namespace einx::detail::paths {

namespace {

constexpr std::size_t kMostSets = std::size_t(1) << 21;
constexpr double kJoinWork = 40;  ///< beside 1 for a pair that is not joined

/// Words of a set of terms, with a loop over its members.
template <int Words>
struct Terms {
  std::uint64_t words[Words] = {};
  void insert(int k) { words[k / 64] |= std::uint64_t(1) << (k % 64); }
  bool meets(const Terms& other) const {
    for (int w = 0; w < Words; ++w)
      if (words[w] & other.words[w]) return true;
    return false;
  }
  bool within(const Terms& other) const {
    for (int w = 0; w < Words; ++w)
      if (words[w] & ~other.words[w]) return false;
    return true;
  }
  Terms operator|(const Terms& other) const {
    Terms out;
    for (int w = 0; w < Words; ++w) out.words[w] = words[w] | other.words[w];
    return out;
  }
  Terms without(const Terms& other) const {
    Terms out;
    for (int w = 0; w < Words; ++w) out.words[w] = words[w] & ~other.words[w];
    return out;
  }
  /// The least member that both have, -1 if there is none.
  int first_common(const Terms& other) const {
    for (int w = 0; w < Words; ++w)
      if (const std::uint64_t both = words[w] & other.words[w]) return 64 * w + std::countr_zero(both);
    return -1;
  }
  bool operator==(const Terms&) const = default;
  std::size_t hash() const {
    std::uint64_t h = 0x9E3779B97F4A7C15;
    for (const std::uint64_t word : words) h = (h ^ word) * 0xD6E8FEB86659FD93, h ^= h >> 32;
    return std::size_t(h);
  }
};

template <int Words>
class Connected {
 public:
  Connected(const Problem& problem, const Model& model, bool is_output, bool outer, const Found& known,
            double most_work, Budget& budget)
      : problem_(problem),
        model_(model),
        is_output_(is_output),
        outer_(outer),
        known_(known),
        left_(most_work),
        budget_(budget),
        label_words_(std::size_t(problem.labels() + 63) / 64),
        levels_(std::size_t(problem.count()) + 1),
        holders_(problem.sizes.size()) {
    for (int k = 0; k < problem.count(); ++k)
      for (const Leg& leg : problem.terms[std::size_t(k)]) holders_[std::size_t(leg.label)].insert(k);
    for (const Operand& operand : problem.operands) any_constant_ = any_constant_ || operand.constant;
    add_leaves();
  }

  Found run() {
    find_binding();
    const int count = problem_.count();
    for (int size = 2; size <= count; ++size) {
      table_.assign(64, -1);
      const std::size_t first = sets_.size();
      for (int small = 1; 2 * small <= size; ++small)
        if (!join_levels(small, size - small, size == count)) return known_;
      finish_level(size, first);
    }
    Found out = known_;
    out.exact = true;
    if (levels_.back().sets.empty()) return out;
    const int root = levels_.back().sets[0];
    if (!(scores_[std::size_t(root)] < known_.score)) return out;
    out.pairs.clear();
    out.score = scores_[std::size_t(root)];
    extract(root, out.pairs);
    return out;
  }

 private:
  struct Level {
    std::vector<int> sets;                  ///< cheapest first
    std::vector<std::vector<int>> holding;  ///< per term, those of them that have it
  };
  struct Split {
    int a = -1, b = -1;
  };

  std::uint64_t* labels(int set) { return labels_.data() + std::size_t(set) * label_words_; }
  double& size(int set) { return operands_[std::size_t(set)].size; }

  int add(const Terms<Words>& terms) {
    sets_.push_back(terms);
    labels_.resize(labels_.size() + label_words_);
    operands_.emplace_back();
    scores_.push_back(kNoScore);
    splits_.emplace_back();
    return int(sets_.size()) - 1;
  }

  void add_leaves() {
    for (int k = 0; k < problem_.count(); ++k) {
      Terms<Words> terms;
      terms.insert(k);
      add(terms);
      for (const Leg& leg : problem_.terms[std::size_t(k)])
        labels(k)[leg.label / 64] |= std::uint64_t(1) << (leg.label % 64);
      operands_.back() = problem_.operands[std::size_t(k)];
      scores_.back() = {};
    }
    finish_level(1, 0);
  }

  /// Labels that make terms neighbours: all but those that every term has, as long as the rest holds the
  /// network together.
  void find_binding() {
    const int count = problem_.count();
    std::vector<std::uint8_t> binding(problem_.sizes.size(), 1);
    for (std::size_t l = 0; l < holders_.size(); ++l)
      if (problem_.degree[l] - problem_.kept[l] == count) binding[l] = 0;
    if (!holds_together(binding)) std::fill(binding.begin(), binding.end(), std::uint8_t(1));
    binding_.assign(label_words_, 0);
    for (std::size_t l = 0; l < holders_.size(); ++l)
      if (binding[l]) binding_[l / 64] |= std::uint64_t(1) << (l % 64);
  }

  bool holds_together(const std::vector<std::uint8_t>& binding) const {
    Terms<Words> reached, all;
    reached.insert(0);
    for (int k = 0; k < problem_.count(); ++k) all.insert(k);
    for (bool grows = true; grows;) {
      grows = false;
      for (std::size_t l = 0; l < holders_.size(); ++l)
        if (binding[l] && holders_[l].meets(reached) && !holders_[l].within(reached))
          reached = reached | holders_[l], grows = true;
    }
    return reached == all;
  }

  Terms<Words> neighbours(int set) {
    Terms<Words> out;
    for (std::size_t w = 0; w < label_words_; ++w)
      for (std::uint64_t bits = labels(set)[w] & binding_[w]; bits != 0; bits &= bits - 1)
        out = out | holders_[64 * w + std::size_t(std::countr_zero(bits))];
    return out.without(sets_[std::size_t(set)]);
  }

  double parts(int a, int b) const {
    return model_.join(scores_[std::size_t(a)], scores_[std::size_t(b)]).cost;
  }

  /// Tries every pair of sets of these sizes; false if the search is over.
  bool join_levels(int small, int large, bool all) {
    const bool same = small == large;
    const Level &first = levels_[std::size_t(small)], &second = levels_[std::size_t(large)];
    for (const int a : first.sets) {
      if (scores_[std::size_t(a)].cost > known_.score.cost) break;
      if (outer_) {
        try_all(a, second.sets, same, all);
      } else {
        const Terms<Words> around = neighbours(a);
        for (int w = 0; w < Words; ++w)
          for (std::uint64_t bits = around.words[w]; bits != 0; bits &= bits - 1)
            try_holding(a, around, 64 * w + std::countr_zero(bits), second, same, all);
      }
      left_ -= work_ + 10;
      if (budget_.spend(std::exchange(work_, 0) + 10) || left_ < 0 || sets_.size() > kMostSets) return false;
    }
    return true;
  }

  void try_all(int a, const std::vector<int>& others, bool same, bool all) {
    for (const int b : others) {
      if (parts(a, b) > known_.score.cost) break;
      ++work_;
      if ((!same || a < b) && !sets_[std::size_t(a)].meets(sets_[std::size_t(b)])) join(a, b, all);
    }
  }

  /// Sets that have this neighbour of `a` and none before it: each is met once.
  void try_holding(int a, const Terms<Words>& around, int term, const Level& level, bool same, bool all) {
    for (const int b : level.holding[std::size_t(term)]) {
      if (parts(a, b) > known_.score.cost) break;
      ++work_;
      if (same && a > b) continue;
      const Terms<Words>& other = sets_[std::size_t(b)];
      if (!sets_[std::size_t(a)].meets(other) && around.first_common(other) == term) join(a, b, all);
    }
  }

  /// What both labels' products are, and the labels of the union that stay.
  Joined shared(int a, int b, const Terms<Words>& terms, std::vector<std::uint64_t>& kept) {
    double common = 1, gone = 1;
    Joined out;
    for (std::size_t w = 0; w < label_words_; ++w) {
      const std::uint64_t x = labels(a)[w], y = labels(b)[w];
      kept[w] = x | y;
      for (std::uint64_t bits = x & y; bits != 0; bits &= bits - 1) {
        const std::size_t label = 64 * w + std::size_t(std::countr_zero(bits));
        common *= problem_.sizes[label];
        if (problem_.kept[label] || !holders_[label].within(terms)) continue;
        gone *= problem_.sizes[label];
        out.summed = true;
        kept[w] &= ~(bits & (0 - bits));
      }
    }
    out.both = size(a) * size(b) / common;
    out.result = out.both / gone;
    return out;
  }

  void join(int a, int b, bool all) {
    work_ += kJoinWork;
    const Terms<Words> terms = sets_[std::size_t(a)] | sets_[std::size_t(b)];
    kept_.resize(label_words_);
    const Joined joined = shared(a, b, terms, kept_);
    if (joined.result > model_.limit && !(all && is_output_)) return;
    const Operand &x = operands_[std::size_t(a)], &y = operands_[std::size_t(b)];
    const PairCost pair = pair_cost(model_, x, y, joined.both, joined.result, joined.summed);
    const Score score =
        model_.join(model_.join(scores_[std::size_t(a)], scores_[std::size_t(b)]), pair.score);
    // Whatever is done with it reads all of it once.
    const bool read_later = model_.minimize == Minimize::Flops && !all && !any_constant_;
    if (score.cost + (read_later ? joined.result : 0) > known_.score.cost) return;
    const int set = find_or_add(terms);
    if (!(score < scores_[std::size_t(set)])) return;
    scores_[std::size_t(set)] = score;
    splits_[std::size_t(set)] = {a, b};
    operands_[std::size_t(set)] = {joined.result, 1, false,
                                   operands_[std::size_t(a)].constant && operands_[std::size_t(b)].constant};
    std::copy(kept_.begin(), kept_.end(), labels(set));
  }

  /// By open addressing, among the sets of this level.
  int find_or_add(const Terms<Words>& terms) {
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = terms.hash() & mask;; at = (at + 1) & mask) {
      if (table_[at] < 0) {
        table_[at] = add(terms);
        const int made = table_[at];
        if (2 * ++in_table_ > table_.size()) grow_table();
        return made;
      }
      if (sets_[std::size_t(table_[at])] == terms) return table_[at];
    }
  }

  void grow_table() {
    std::vector<int> old(table_.size() * 4, -1);
    old.swap(table_);
    const std::size_t mask = table_.size() - 1;
    for (const int set : old) {
      if (set < 0) continue;
      std::size_t at = sets_[std::size_t(set)].hash() & mask;
      while (table_[at] >= 0) at = (at + 1) & mask;
      table_[at] = set;
    }
  }

  void finish_level(int size, std::size_t first) {
    Level& level = levels_[std::size_t(size)];
    in_table_ = 0;
    level.sets.resize(sets_.size() - first);
    std::iota(level.sets.begin(), level.sets.end(), int(first));
    std::sort(level.sets.begin(), level.sets.end(), [&](int a, int b) {
      const double x = scores_[std::size_t(a)].cost, y = scores_[std::size_t(b)].cost;
      return x != y ? x < y : a < b;
    });
    if (outer_) return;
    level.holding.resize(std::size_t(problem_.count()));
    for (const int set : level.sets)
      for (int w = 0; w < Words; ++w)
        for (std::uint64_t bits = sets_[std::size_t(set)].words[w]; bits != 0; bits &= bits - 1)
          level.holding[std::size_t(64 * w + std::countr_zero(bits))].push_back(set);
  }

  /// As deep as the tree, which has at most as many levels as the network has terms.
  int extract(int set, Pairs& pairs) {
    const Split split = splits_[std::size_t(set)];
    if (split.a < 0) return set;
    const int a = extract(split.a, pairs), b = extract(split.b, pairs);
    pairs.emplace_back(a, b);
    return problem_.count() + int(pairs.size()) - 1;
  }

  const Problem& problem_;
  const Model& model_;
  const bool is_output_, outer_;
  const Found& known_;
  double left_, work_ = 0;
  Budget& budget_;
  bool any_constant_ = false;
  std::size_t label_words_;
  std::vector<Level> levels_;
  std::vector<Terms<Words>> holders_;  ///< per label
  std::vector<std::uint64_t> binding_, kept_;
  std::vector<Terms<Words>> sets_;
  std::vector<std::uint64_t> labels_;  ///< label_words_ a set
  std::vector<Operand> operands_;
  std::vector<Score> scores_;
  std::vector<Split> splits_;
  std::vector<int> table_;
  std::size_t in_table_ = 0;
};

}  // namespace

Found find_connected(const Problem& problem, const Model& model, bool is_output, bool outer,
                     const Found& known, double most_work, Budget& budget) {
  const auto run = [&]<int Words>() {
    return Connected<Words>(problem, model, is_output, outer, known, most_work, budget).run();
  };
  const int count = problem.count();
  if (count <= 64) return run.template operator()<1>();
  if (count <= 128) return run.template operator()<2>();
  if (count <= 256) return run.template operator()<4>();
  if (count <= 512) return run.template operator()<8>();
  return known;
}

}  // namespace einx::detail::paths
