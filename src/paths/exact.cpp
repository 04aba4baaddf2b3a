// Exact dynamic programming over all subsets. What a subset becomes is known without knowing how, so the best
// tree of a subset is the best over its splits of the best trees of both parts.
#include "paths/exact.h"

#include <array>
#include <bit>
#include <tuple>

#include "paths/search.h"

namespace einx::detail::paths {

namespace {

/// A set of label classes.
template <int Words>
struct Mask {
  std::array<std::uint64_t, Words> words{};
  friend Mask operator|(const Mask& a, const Mask& b) {
    Mask out;
    for (int w = 0; w < Words; ++w) out.words[w] = a.words[w] | b.words[w];
    return out;
  }
  friend Mask operator&(const Mask& a, const Mask& b) {
    Mask out;
    for (int w = 0; w < Words; ++w) out.words[w] = a.words[w] & b.words[w];
    return out;
  }
  bool operator==(const Mask&) const = default;
  void insert(int bit) { words[std::size_t(bit) / 64] |= std::uint64_t(1) << (bit % 64); }
};

/// Products of sizes by tables of eight classes.
class Products {
 public:
  explicit Products(std::vector<double>& tables) : tables_(tables) {}
  template <class Classes>
  void fill(const Classes& classes) {
    chunks_ = int(classes.size() + 7) / 8;
    tables_.resize(std::size_t(chunks_) * 256);
    for (int chunk = 0; chunk < chunks_; ++chunk) {
      double* table = tables_.data() + 256 * chunk;
      table[0] = 1;
      const int here = std::min(8, int(classes.size()) - 8 * chunk);
      for (int bit = 0; bit < here; ++bit)
        for (int set = 0; set < 1 << bit; ++set)
          table[set | 1 << bit] = table[set] * classes[std::size_t(8 * chunk + bit)].size;
    }
  }
  template <int Words>
  double of(const Mask<Words>& mask) const {
    double product = 1;
    for (int chunk = 0; chunk < chunks_; ++chunk)
      product *=
          tables_[std::size_t(256 * chunk) + (mask.words[std::size_t(chunk) / 8] >> (8 * (chunk % 8)) & 255)];
    return product;
  }

 private:
  std::vector<double>& tables_;
  int chunks_ = 0;
};

/// All that is known of one set of operands.
template <int Words>
struct Cell {
  Score best = kNoScore;
  double size = 1;     ///< of what it becomes
  Mask<Words> result;  ///< the labels of that
};

/// Everything about one window that the loop over splits reads.
template <int Words>
struct Tables {
  const Model& model;
  const Window& window;
  const Products& products;
  Cell<Words>* cells;
  std::uint32_t* split;
  std::uint32_t constants = 0, with_own = 0;

  Operand operand(std::uint32_t set) const {
    if (std::has_single_bit(set)) return window.operands[std::size_t(std::countr_zero(set))];
    return {cells[set].size, 1, false, free(set)};
  }
  bool free(std::uint32_t set) const { return (set & ~constants) == 0; }
  /// Whether one is a single operand with labels of its own.
  bool owns(std::uint32_t a, std::uint32_t b) const {
    return (std::has_single_bit(a) && (a & with_own)) || (std::has_single_bit(b) && (b & with_own));
  }

  Score step(std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t set = a | b;
    const Mask<Words> both = cells[a].result | cells[b].result;
    const bool summed = !(both == cells[set].result);
    const double elements = products.of(both);
    if (free(set) || owns(a, b))
      return pair_cost(model, operand(a), operand(b), elements, cells[set].size, summed).score;
    return model.step(summed ? 2 * elements : elements, cells[a].size + cells[b].size, cells[set].size);
  }

  /// The least that a step to this set costs, however it is split.
  double floor(std::uint32_t set) const {
    if (free(set)) return 0;
    return model.minimize == Minimize::Time ? model.time.seconds_per_step : cells[set].size;
  }

  /// Tries every split of the set into two. `Maximum`: scores are joined by their maximum; `Reads`: a step
  /// costs no less than what it reads.
  template <bool Maximum, bool Reads>
  void splits(std::uint32_t set, Score least) {
    const std::uint32_t lowest = set & (0 - set), rest = set ^ lowest;
    const double step_floor = Maximum ? 0 : floor(set);
    std::uint32_t chosen = 0;
    double room = least.cost - step_floor;
    for (std::uint32_t b = rest; b != 0; b = (b - 1) & rest) {
      const Cell<Words>&x = cells[set ^ b], &y = cells[b];
      const double parts = Maximum ? std::max(x.best.cost, y.best.cost) : x.best.cost + y.best.cost;
      if (parts > room) continue;
      if (Reads && parts + std::max(x.size, y.size) > least.cost) continue;
      const Score total = model.join(model.join(x.best, y.best), step(set ^ b, b));
      if (!(total < least)) continue;
      least = total;
      chosen = b;
      room = least.cost - step_floor;
    }
    cells[set].best = chosen ? least : kNoScore;
    split[set] = chosen;
  }
  void splits(std::uint32_t set, const Score& below) {
    if (model.minimize == Minimize::Size)
      splits<true, false>(set, below);
    else if (model.minimize == Minimize::Flops && !free(set))
      splits<false, true>(set, below);
    else
      splits<false, false>(set, below);
  }
};

}  // namespace

/// Tables of every width of masks that has been used.
struct Exact::Scratch {
  std::tuple<std::vector<Cell<1>>, std::vector<Cell<4>>, std::vector<Cell<16>>> cells;
  std::tuple<std::vector<Mask<1>>, std::vector<Mask<4>>, std::vector<Mask<16>>> any;
};

Exact::Exact() : scratch_(std::make_unique<Scratch>()) {}
Exact::~Exact() = default;

void Exact::find_classes(const Problem& problem, const Window& window) {
  if (class_of_.size() < problem.sizes.size()) class_of_.resize(problem.sizes.size(), -1);
  seen_.clear(), incidence_.clear(), classes_.clear();
  for (std::size_t k = 0; k < window.legs.size(); ++k)
    for (const Leg& leg : *window.legs[k]) {
      int& at = class_of_[std::size_t(leg.label)];
      if (at < 0) {
        at = int(seen_.size());
        seen_.push_back(leg.label);
        incidence_.push_back(0);
      }
      incidence_[std::size_t(at)] |= std::uint32_t(1) << k;
    }
  // A label that what they become has is marked by the highest bit: windows have fewer operands than that.
  constexpr std::uint32_t kKept = std::uint32_t(1) << 31;
  for (const int label : window.kept)
    if (const int at = class_of_[std::size_t(label)]; at >= 0) incidence_[std::size_t(at)] |= kKept;
  for (std::size_t k = 0; k < seen_.size(); ++k) {
    const std::uint32_t terms = incidence_[k] & ~kKept;
    const bool kept = (incidence_[k] & kKept) != 0;
    auto found = std::find_if(classes_.begin(), classes_.end(),
                              [&](const Class& c) { return c.terms == terms && c.kept == kept; });
    if (found == classes_.end()) found = classes_.insert(classes_.end(), {terms, kept, 1});
    found->size *= problem.sizes[std::size_t(seen_[k])];
    class_of_[std::size_t(seen_[k])] = -1;
  }
}

template <int Words>
bool Exact::run(const Model& model, const Window& window, const Score& below, Budget& budget) {
  const int count = int(window.legs.size());
  const std::uint32_t sets = std::uint32_t(1) << count, all = sets - 1;
  split_.resize(sets);
  auto& cells = std::get<std::vector<Cell<Words>>>(scratch_->cells);
  auto& any = std::get<std::vector<Mask<Words>>>(scratch_->any);  // labels of the operands of a set
  cells.assign(sets, {});
  any.assign(sets, {});
  Mask<Words> kept;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    if (classes_[c].kept) kept.insert(int(c));
    for (std::uint32_t terms = classes_[c].terms; terms != 0; terms &= terms - 1)
      any[terms & (0 - terms)].insert(int(c));
  }
  for (std::uint32_t set = 1; set < sets; ++set) any[set] = any[set & (set - 1)] | any[set & (0 - set)];
  Products products(products_);
  products.fill(classes_);
  Tables<Words> tables{model, window, products, cells.data(), split_.data()};
  for (std::uint32_t set = 1; set < sets; ++set) {
    cells[set].result = any[set] & (kept | any[all ^ set]);
    cells[set].size = products.of(cells[set].result);
  }
  for (int k = 0; k < count; ++k) {
    if (window.operands[std::size_t(k)].constant) tables.constants |= std::uint32_t(1) << k;
    if (window.operands[std::size_t(k)].has_own) tables.with_own |= std::uint32_t(1) << k;
    cells[std::size_t(1) << k].best = {};
  }
  for (std::uint32_t set = 3; set < sets; ++set) {
    if (std::has_single_bit(set)) continue;
    if (budget.spend(double(std::uint32_t(1) << std::popcount(set)))) return false;
    if (cells[set].size <= model.limit || (set == all && window.is_output)) tables.splits(set, below);
  }
  score_ = cells[all].best;
  return score_.cost < kInfinite;
}

int Exact::extract(std::uint32_t set, int count) {
  if (std::has_single_bit(set)) return std::countr_zero(set);
  const int a = extract(set ^ split_[set], count), b = extract(split_[set], count);
  pairs_.emplace_back(a, b);
  return count + int(pairs_.size()) - 1;
}

bool Exact::solve(const Problem& problem, const Model& model, const Window& window, const Score& below,
                  Budget& budget) {
  find_classes(problem, window);
  const std::size_t classes = classes_.size();
  const bool found = classes <= 64    ? run<1>(model, window, below, budget)
                     : classes <= 256 ? run<4>(model, window, below, budget)
                                      : classes <= 1024 && run<16>(model, window, below, budget);
  if (!found) return false;
  const int count = int(window.legs.size());
  const std::uint32_t all = (std::uint32_t(1) << count) - 1;
  pairs_.clear();
  extract(all, count);
  return true;
}

namespace {

constexpr int kWorthBound = 8;  ///< operands from which a greedy tree first makes the search quicker

/// A bound that this tree keeps itself, rounding aside; none if it breaks the limit.
Score just_above(const Problem& problem, const Model& model, const Found& tree) {
  const Evaluation now = evaluate(problem, model, tree.pairs);
  constexpr double kRounding = 1 + 1e-9;
  return now.largest <= model.limit ? Score{now.score.cost * kRounding, kInfinite} : kNoScore;
}

/// All terms of a problem as a window.
Window whole(const Problem& problem, bool is_output) {
  Window window;
  for (const Legs& legs : problem.terms) window.legs.push_back(&legs);
  window.operands = problem.operands;
  for (int label = 0; label < problem.labels(); ++label)
    if (problem.kept[std::size_t(label)]) window.kept.push_back(label);
  window.is_output = is_output;
  return window;
}

}  // namespace

std::optional<Found> find_exact(const Problem& problem, const Model& model, bool is_output, Budget& budget) {
  Exact exact;
  Score below = kNoScore;
  if (problem.count() >= kWorthBound) below = just_above(problem, model, find_greedy(problem, model, budget));
  if (!exact.solve(problem, model, whole(problem, is_output), below, budget)) return std::nullopt;
  budget.tried();
  budget.found(exact.score().cost);
  return Found{exact.pairs(), exact.score(), true};
}

}  // namespace einx::detail::paths
