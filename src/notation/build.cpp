// From solved atoms to the public structure: axes numbered and named in text order.
#include <algorithm>
#include <set>

#include "notation/solver.h"

namespace einx::detail::notation {

namespace {

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Letters, digits and underscores of a source text, other runs as one underscore: "(a b)..." -> "a_b".
std::string legal(const std::string& source) {
  std::string out;
  for (char c : source) {
    if (plain(c))
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  if (out.empty() || (out[0] >= '0' && out[0] <= '9')) out = "e" + out;
  return out;
}

class Builder {
 public:
  Builder(const Problem& problem, const Flat& flat, const std::vector<std::int64_t>& sizes)
      : problem_(problem), flat_(flat), sizes_(sizes) {
    for (const auto& [name, axis] : problem.by_name) taken_.insert(std::string(name));
  }

  Solved run() {
    for (std::size_t i = 0; i < flat_.trees.size(); ++i) {
      repeated_.clear();
      TensorExpr expr;
      for (const Part& part : flat_.trees[i]) append(part, false, expr.dims);
      (problem_.expressions[i].output ? solved_.outputs : solved_.inputs).push_back(std::move(expr));
    }
    return std::move(solved_);
  }

 private:
  void append(const Part& part, bool bracketed, std::vector<Dim>& out) {
    Dim dim;
    switch (part.kind) {
      case Part::Kind::Brackets:
        for (const Part& inner : part.parts) append(inner, true, out);
        return;
      case Part::Kind::Atom:
        dim.axis = axis(part.atom, bracketed);
        break;
      case Part::Kind::Group:
        dim.kind = Dim::Kind::Group;
        for (const Part& inner : part.parts) append(inner, bracketed, dim.parts);
        splice_groups(dim);
        if (dim.parts.size() == 1) {
          out.push_back(Dim(dim.parts[0]));
          return;
        }
        break;
      case Part::Kind::Concat:
        dim.kind = Dim::Kind::Concat;
        for (const Part& inner : part.parts) append(inner, bracketed, dim.parts);
        break;
    }
    out.push_back(std::move(dim));
  }

  // ((a b) c) is (a b c): the same dimension.
  static void splice_groups(Dim& group) {
    std::vector<Dim> parts;
    for (Dim& part : group.parts) {
      if (part.kind == Dim::Kind::Group)
        std::move(part.parts.begin(), part.parts.end(), std::back_inserter(parts));
      else
        parts.push_back(std::move(part));
    }
    group.parts = std::move(parts);
  }

  // The same bracketed axis twice in a tensor is two axes; elsewhere the k-th occurrence is the same one. In
  // einsum it is one axis, whose terms are those on the diagonal.
  int axis(int atom, bool bracketed) {
    const bool distinct = bracketed && problem_.rules->family != Family::Einsum;
    const int occurrence = distinct ? repeated_[atom]++ : 0;
    const auto [found, fresh] =
        numbers_.try_emplace({atom, bracketed ? occurrence : -1}, int(solved_.axes.size()));
    if (fresh)
      solved_.axes.push_back({name(atom, occurrence), sizes_[atom], bracketed, flat_.atoms[atom].number,
                              flat_.atoms[atom].source});
    return found->second;
  }

  std::string name(int atom_index, int occurrence) {
    const Atom& atom = flat_.atoms[atom_index];
    const bool ascii = std::all_of(atom.base.begin(), atom.base.end(), plain);  // einops and einsum allow others
    if (atom.own_name && occurrence == 0 && ascii) return atom.base;
    if (atom.base.empty()) {
      std::string candidate;
      do candidate = "n" + std::to_string(unnamed_++);
      while (!taken_.insert(candidate).second);
      return candidate;
    }
    const std::string base = legal(atom.base);
    std::string candidate = base;
    for (int i = 1; !taken_.insert(candidate).second; ++i) candidate = base + "_" + std::to_string(i);
    return candidate;
  }

  const Problem& problem_;
  const Flat& flat_;
  const std::vector<std::int64_t>& sizes_;
  std::set<std::string> taken_;
  std::map<int, int> repeated_;
  std::map<std::pair<int, int>, int> numbers_;
  int unnamed_ = 0;
  Solved solved_;
};

}  // namespace

Solved build_solved(const Problem& problem, const Flat& flat, const std::vector<std::int64_t>& sizes) {
  return Builder(problem, flat, sizes).run();
}

}  // namespace einx::detail::notation
