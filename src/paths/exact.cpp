// Exact dynamic programming over all subsets. What a subset becomes is known without knowing how, so the best
// tree of a subset is the best over its splits of the best trees of both parts.
#include "paths/exact.h"

#include <array>
#include <bit>

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

/// Everything about one window that the loop over splits reads.
template <int Words>
struct Tables {
  const Model& model;
  const Window& window;
  const Products& products;
  Score* best;
  std::uint32_t* split;
  double* size;
  const Mask<Words>* result;
  std::uint32_t constants = 0, with_own = 0;

  const Operand operand(std::uint32_t set) const {
    if (std::has_single_bit(set)) return window.operands[std::size_t(std::countr_zero(set))];
    return {size[set], 1, false, (set & ~constants) == 0};
  }
  /// Whether one is a single operand with labels of its own.
  bool owns(std::uint32_t a, std::uint32_t b) const {
    return (std::has_single_bit(a) && (a & with_own)) || (std::has_single_bit(b) && (b & with_own));
  }

  Score step(std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t set = a | b;
    const Mask<Words> both = result[a] | result[b];
    const bool summed = !(both == result[set]);
    const double elements = products.of(both);
    if ((set & ~constants) == 0 || owns(a, b))
      return pair_cost(model, operand(a), operand(b), elements, size[set], summed).score;
    return model.step(summed ? 2 * elements : elements, size[a] + size[b], size[set]);
  }

  /// The least that a step to this set costs, however it is split.
  double floor(std::uint32_t set) const {
    if ((set & ~constants) == 0 && model.minimize != Minimize::Size) return 0;
    return model.minimize == Minimize::Time ? model.time.seconds_per_step : size[set];
  }

  /// Tries every split of the set into two.
  template <bool Maximum>
  void splits(std::uint32_t set, Score least) {
    const std::uint32_t lowest = set & (0 - set), rest = set ^ lowest;
    const double step_floor = floor(set);
    std::uint32_t chosen = 0;
    double room = Maximum ? least.cost : least.cost - step_floor;
    for (std::uint32_t b = rest; b != 0; b = (b - 1) & rest) {
      const Score &x = best[set ^ b], &y = best[b];
      const double parts = Maximum ? std::max(x.cost, y.cost) : x.cost + y.cost;
      if (parts > room) continue;
      const Score total = model.join(model.join(x, y), step(set ^ b, b));
      if (!(total < least)) continue;
      least = total;
      chosen = b;
      room = Maximum ? least.cost : least.cost - step_floor;
    }
    best[set] = chosen ? least : kNoScore;
    split[set] = chosen;
  }
};

}  // namespace

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
  best_.resize(sets), split_.resize(sets), size_.resize(sets);
  std::vector<Mask<Words>> any(sets), result(sets);  // labels of the operands of a set; of what it becomes
  Mask<Words> kept;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    if (classes_[c].kept) kept.insert(int(c));
    for (std::uint32_t terms = classes_[c].terms; terms != 0; terms &= terms - 1)
      any[terms & (0 - terms)].insert(int(c));
  }
  for (std::uint32_t set = 1; set < sets; ++set) any[set] = any[set & (set - 1)] | any[set & (0 - set)];
  Products products(products_);
  products.fill(classes_);
  for (std::uint32_t set = 1; set < sets; ++set) {
    result[set] = any[set] & (kept | any[all ^ set]);
    size_[set] = products.of(result[set]);
  }
  Tables<Words> tables{model, window, products, best_.data(), split_.data(), size_.data(), result.data()};
  for (int k = 0; k < count; ++k) {
    if (window.operands[std::size_t(k)].constant) tables.constants |= std::uint32_t(1) << k;
    if (window.operands[std::size_t(k)].has_own) tables.with_own |= std::uint32_t(1) << k;
    best_[std::size_t(1) << k] = {};
  }
  for (std::uint32_t set = 3; set < sets; ++set) {
    if (std::has_single_bit(set)) continue;
    if (budget.spend(double(std::uint32_t(1) << std::popcount(set)))) return false;
    if (size_[set] > model.limit && !(set == all && window.is_output))
      best_[set] = kNoScore;
    else if (model.minimize == Minimize::Size)
      tables.template splits<true>(set, below);
    else
      tables.template splits<false>(set, below);
  }
  return best_[all].cost < kInfinite;
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
  score_ = best_[all];
  return true;
}

}  // namespace einx::detail::paths
