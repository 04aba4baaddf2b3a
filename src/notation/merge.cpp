// Merging of repeated sub-expressions (notation.md 5.5): a run of parts whose axes occur nowhere else becomes
// one axis, so that
// `(b c) d -> d (b c)` needs no sizes for b and c.
//
// Runs are compared by a 64-bit hash of their text. A run T with named axes is accepted if each of them
// occurs just as often as the occurrences of T account for, which says that every occurrence of the axis lies
// inside an occurrence of T.
#include <algorithm>
#include <unordered_map>

#include "notation/solver.h"

namespace einx::detail::notation {

namespace {

using Hash = std::uint64_t;

Hash mix(Hash seed, Hash value) {
  Hash h = seed ^ (value + 0x9E3779B97F4A7C15ull + (seed << 6) + (seed >> 2));
  h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9ull;
  h = (h ^ (h >> 27)) * 0x94D049BB133111EBull;
  return h ^ (h >> 31);
}

struct Candidate {
  int count = 0;
  bool rejected = false;  // overlaps itself, or holds only numbers and stands twice in an output
  int judged = -1;        // -1: not yet, else whether it is accepted
  int atom = -1;          // what stands for it
  const void* list = nullptr;
  std::size_t end = 0;  // where its last occurrence in `list` ends
  int tree = -1;
};

class Merger {
 public:
  Merger(const Problem& problem, Flat& flat)
      : problem_(problem),
        flat_(flat),
        occurrences_(flat.atoms.size(), 0),
        blocked_(flat.atoms.size(), false) {}

  void run() {
    if (!any_group()) return;
    for (const auto& tree : flat_.trees)
      for (const AtomUse& use : uses(tree)) ++occurrences_[use.atom];
    block_atoms();
    for (tree_ = 0; tree_ < int(flat_.trees.size()); ++tree_) {
      register_top(flat_.trees[tree_], false);
    }
    for (auto& tree : flat_.trees) replace_top(tree, false);
  }

 private:
  bool any_group() const {
    const auto is_group = [](const Part& p) {
      return p.kind != Part::Kind::Atom && (p.kind != Part::Kind::Brackets ||
                                            std::any_of(p.parts.begin(), p.parts.end(), [](const Part& q) {
                                              return q.kind != Part::Kind::Atom;
                                            }));
    };
    return std::any_of(flat_.trees.begin(), flat_.trees.end(),
                       [&](const auto& tree) { return std::any_of(tree.begin(), tree.end(), is_group); });
  }

  // A named axis that is a dimension of its own, or has a size by keyword, is outside every candidate.
  void block_atoms() {
    for (std::size_t i = 0; i < flat_.atoms.size(); ++i) {
      const Atom& atom = flat_.atoms[i];
      if (atom.axis >= 0 && problem_.axes[atom.axis].constraint) blocked_[i] = true;
    }
    for (const auto& tree : flat_.trees)
      for (const Part& dim : tree) {
        block(dim);
        if (dim.kind == Part::Kind::Brackets)
          for (const Part& part : dim.parts) block(part);
      }
  }

  void block(const Part& part) {
    if (part.kind == Part::Kind::Atom && !flat_.atoms[part.atom].number) blocked_[part.atom] = true;
  }

  bool clean(const Part& part) const {
    switch (part.kind) {
      case Part::Kind::Atom:
        return !blocked_[part.atom] && flat_.implied != part.atom;
      case Part::Kind::Brackets:
        return false;
      case Part::Kind::Concat:
        // Of a sum of numbers every piece is an axis of its own: one for all of them would have no partner.
        if (!problem_.merge_concat || !has_name(part)) return false;
        [[fallthrough]];
      case Part::Kind::Group:
        break;
    }
    return std::all_of(part.parts.begin(), part.parts.end(), [this](const Part& p) { return clean(p); });
  }

  Hash hash(const Part& part) const {
    if (part.kind == Part::Kind::Atom) {
      const Atom& atom = flat_.atoms[part.atom];
      return atom.number ? mix(11, Hash(atom.value.value_or(-1))) : mix(13, Hash(part.atom));
    }
    Hash h = part.kind == Part::Kind::Group ? 17 : 19;
    for (const Part& p : part.parts) h = mix(h, hash(p));
    return h;
  }

  // An all-number run in brackets is not the same axis as one outside.
  static Hash run_start(bool bracketed) { return bracketed ? 23 : 29; }

  void add(Hash key, const void* list, std::size_t begin, std::size_t end, bool named) {
    if (++steps_ > kBudget)
      raise_with_equations<AxisSizeError>(problem_, nullptr, "solver-budget",
                                          "The expression has too many sub-expressions to compare.", {});
    Candidate& candidate = candidates_[key];
    if (candidate.list == list && begin < candidate.end) candidate.rejected = true;
    if (!named && candidate.tree == tree_ && problem_.expressions[tree_].output) candidate.rejected = true;
    candidate.list = list;
    candidate.end = end;
    candidate.tree = tree_;
    ++candidate.count;
  }

  bool has_name(const Part& part) const {
    if (part.kind == Part::Kind::Atom) return !flat_.atoms[part.atom].number;
    return std::any_of(part.parts.begin(), part.parts.end(), [this](const Part& p) { return has_name(p); });
  }

  static bool holds_atom(const Part& part) {
    return part.kind == Part::Kind::Atom || std::any_of(part.parts.begin(), part.parts.end(), holds_atom);
  }

  bool merges_bracketed() const { return problem_.rules->merge_bracketed; }

  // Runs of two and more parts are candidates only inside groups.
  void register_top(const std::vector<Part>& parts, bool bracketed) {
    for (const Part& part : parts) {
      if (part.kind == Part::Kind::Brackets && &parts == &flat_.trees[tree_] && merges_bracketed())
        register_top(part.parts, true);
      else
        register_node(part, bracketed);
    }
  }

  void register_node(const Part& part, bool bracketed) {
    if (part.kind == Part::Kind::Atom) return;
    if (part.kind == Part::Kind::Brackets) {
      if (merges_bracketed()) register_runs(part.parts, true);
      return;
    }
    if (clean(part) && holds_atom(part))
      add(mix(run_start(bracketed), hash(part)), &part, 0, 1, has_name(part));
    if (part.kind == Part::Kind::Group) return register_runs(part.parts, bracketed);
    for (const Part& operand : part.parts) register_node(operand, bracketed);
  }

  void register_runs(const std::vector<Part>& parts, bool bracketed) {
    std::vector<Hash> hashes(parts.size());
    std::vector<bool> cleans(parts.size()), names(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      cleans[i] = clean(parts[i]);
      names[i] = has_name(parts[i]);
      if (cleans[i]) hashes[i] = hash(parts[i]);
    }
    for (std::size_t begin = 0; begin < parts.size(); ++begin) {
      if (!cleans[begin]) continue;
      Hash key = mix(run_start(bracketed), hashes[begin]);
      bool named = names[begin];
      for (std::size_t end = begin + 1; end < parts.size() && cleans[end]; ++end) {
        key = mix(key, hashes[end]);
        named = named || names[end];
        add(key, &parts, begin, end + 1, named);
      }
    }
    for (const Part& part : parts) register_node(part, bracketed);
  }

  bool accepted(Hash key, const Part* begin, const Part* end) {
    Candidate& candidate = candidates_[key];
    if (candidate.judged < 0)
      candidate.judged =
          !candidate.rejected && candidate.count > 0 && accounts_for_all(candidate.count, begin, end);
    return candidate.judged == 1;
  }

  bool accounts_for_all(int count, const Part* begin, const Part* end) const {
    std::map<int, int> inside;
    for (const AtomUse& use : uses(std::vector<Part>(begin, end)))
      if (!flat_.atoms[use.atom].number) ++inside[use.atom];
    return std::all_of(inside.begin(), inside.end(),
                       [&](const auto& item) { return occurrences_[item.first] == count * item.second; });
  }

  void replace_top(std::vector<Part>& parts, bool bracketed) {
    for (Part& part : parts) {
      if (part.kind == Part::Kind::Brackets && !bracketed && merges_bracketed())
        replace_top(part.parts, true);
      else
        replace_node(part, bracketed);
    }
  }

  void replace_node(Part& part, bool bracketed) {
    if (part.kind == Part::Kind::Atom) return;
    if (part.kind == Part::Kind::Brackets) {
      if (merges_bracketed()) replace_runs(part.parts, true);
      return;
    }
    if (clean(part) && holds_atom(part)) {
      const Hash key = mix(run_start(bracketed), hash(part));
      if (accepted(key, &part, &part + 1)) {
        part = merged(key, &part, &part + 1);
        return;
      }
    }
    if (part.kind == Part::Kind::Group) return replace_runs(part.parts, bracketed);
    for (Part& operand : part.parts) replace_node(operand, bracketed);
  }

  void replace_runs(std::vector<Part>& parts, bool bracketed) {
    std::vector<Part> result;
    result.reserve(parts.size());
    for (std::size_t begin = 0; begin < parts.size();) {
      const std::size_t end = longest_run(parts, begin, bracketed);
      if (end > begin + 1) {
        result.push_back(merged(run_key(parts, begin, end, bracketed), &parts[begin], &parts[end - 1] + 1));
      } else {
        replace_node(parts[begin], bracketed);
        result.push_back(std::move(parts[begin]));
      }
      begin = std::max(end, begin + 1);
    }
    parts = std::move(result);
  }

  Hash run_key(const std::vector<Part>& parts, std::size_t begin, std::size_t end, bool bracketed) const {
    Hash key = run_start(bracketed);
    for (std::size_t i = begin; i < end; ++i) key = mix(key, hash(parts[i]));
    return key;
  }

  std::size_t longest_run(const std::vector<Part>& parts, std::size_t begin, bool bracketed) {
    std::size_t best = begin;
    Hash key = run_start(bracketed);
    for (std::size_t end = begin; end < parts.size() && clean(parts[end]); ++end) {
      key = mix(key, hash(parts[end]));
      if (end > begin && accepted(key, &parts[begin], &parts[end] + 1)) best = end + 1;
    }
    return best;
  }

  Part merged(Hash key, const Part* begin, const Part* end) {
    Candidate& candidate = candidates_[key];
    if (candidate.atom < 0) {
      candidate.atom = int(flat_.atoms.size());
      flat_.atoms.push_back(atom_for(begin, end));
      blocked_.push_back(true);
      occurrences_.push_back(0);
    }
    Part part;
    part.atom = candidate.atom;
    part.span = {begin->span.begin, (end - 1)->span.end};
    flat_.atoms[part.atom].spans.push_back(part.span);
    return part;
  }

  Atom atom_for(const Part* begin, const Part* end) const {
    const std::vector<Part> parts(begin, end);
    const std::vector<AtomUse> inside = uses(parts);
    Atom atom;
    atom.source = text(flat_, parts);
    if (parts.size() > 1) atom.source = "(" + atom.source + ")";
    atom.number = std::all_of(inside.begin(), inside.end(),
                              [this](const AtomUse& use) { return flat_.atoms[use.atom].number; });
    if (atom.number) {
      std::vector<std::int64_t> sizes(flat_.atoms.size(), 1);
      for (const AtomUse& use : inside) sizes[use.atom] = flat_.atoms[use.atom].value.value_or(1);
      Part group;
      group.kind = Part::Kind::Group;
      group.parts = parts;
      atom.value = size_of(group, sizes);
      return atom;
    }
    constexpr std::size_t kLongestName = 32;
    for (const AtomUse& use : inside) {
      const Atom& part = flat_.atoms[use.atom];
      const std::string name = part.number ? std::to_string(part.value.value_or(0)) : part.base;
      if (!atom.base.empty() && atom.base.size() + name.size() > kLongestName) break;
      atom.base += (atom.base.empty() ? part.number ? "n" : "" : "_") + name;
    }
    atom.own_name = inside.size() == 1 && flat_.atoms[inside[0].atom].own_name;
    return atom;
  }

  static constexpr int kBudget = 100'000;
  const Problem& problem_;
  Flat& flat_;
  std::vector<int> occurrences_;
  std::vector<bool> blocked_;
  std::unordered_map<Hash, Candidate> candidates_;
  int tree_ = 0;
  int steps_ = 0;
};

}  // namespace

void merge_repeated(const Problem& problem, Flat& flat) {
  if (problem.merge) Merger(problem, flat).run();
}

}  // namespace einx::detail::notation
