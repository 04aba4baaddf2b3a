// Networks for the tests: einsum text with sizes, and the true optimum by trying everything.
#pragma once
#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "paths/paths.h"

namespace paths_test {

namespace paths = einx::detail::paths;

/// network("ij,jk->ik", {{'i', 2}, ...})
inline paths::Network network(std::string_view text, const std::map<char, std::int64_t>& sizes) {
  paths::Network out;
  std::map<char, int> labels;
  for (const auto& [letter, size] : sizes) {
    labels.emplace(letter, int(labels.size()));
    out.sizes.push_back(size);
  }
  const std::size_t arrow = text.find("->");
  out.terms.emplace_back();
  for (const char c : text.substr(0, arrow)) {
    if (c == ',')
      out.terms.emplace_back();
    else
      out.terms.back().push_back(labels.at(c));
  }
  for (const char c : text.substr(arrow + 2)) out.output.push_back(labels.at(c));
  return out;
}

inline std::string text(const paths::Network& network) {
  std::ostringstream out;
  const auto labels = [&](const std::vector<int>& list) {
    for (const int label : list) out << char('a' + label);
  };
  for (std::size_t k = 0; k < network.terms.size(); ++k) {
    if (k > 0) out << ',';
    labels(network.terms[k]);
  }
  out << "->";
  labels(network.output);
  for (std::size_t k = 0; k < network.sizes.size(); ++k)
    out << ' ' << char('a' + k) << '=' << network.sizes[k];
  return out.str();
}

/// Labels in many terms, twice in one term, in one term alone; scalars; sizes of 1.
inline paths::Network perverse(std::mt19937_64& random, int terms) {
  const auto below = [&](int n) { return int(random() % std::uint64_t(n)); };
  paths::Network out;
  const int labels = 2 + below(5);
  for (int k = 0; k < labels; ++k) out.sizes.push_back(below(8) == 0 ? 1 : 2 + below(6));
  std::set<int> used;
  for (int k = 0; k < terms; ++k) {
    out.terms.emplace_back();
    for (int axis = below(5); axis > 0; --axis) {
      out.terms.back().push_back(below(labels));
      used.insert(out.terms.back().back());
    }
  }
  for (const int label : used)
    if (below(4) == 0) out.output.push_back(label);
  std::shuffle(out.output.begin(), out.output.end(), random);
  return out;
}

/// The least cost over every path of pairs, with and without sums over single operands before: by recursion,
/// nothing clever.
class BruteForce {
 public:
  explicit BruteForce(const paths::Network& network) : network_(network) {}
  double flops() {
    best_ = std::numeric_limits<double>::infinity();
    std::vector<Term> terms;
    for (const std::vector<int>& term : network_.terms) terms.push_back({{term.begin(), term.end()}, false});
    if (terms.size() == 1) return paths::cost(network_, {{0}}).flops;
    search(terms, 0);
    return best_;
  }

 private:
  struct Term {
    std::set<int> labels;
    bool done = false;  ///< nothing is left to sum over it alone
  };
  std::set<int> stays(const std::set<int>& labels, const std::vector<Term>& others) const {
    std::set<int> out;
    for (const int label : labels) {
      bool used = std::count(network_.output.begin(), network_.output.end(), label) > 0;
      for (const Term& other : others) used = used || other.labels.contains(label);
      if (used) out.insert(label);
    }
    return out;
  }
  double elements(const std::set<int>& labels) const {
    double product = 1;
    for (const int label : labels) product *= double(network_.sizes[std::size_t(label)]);
    return product;
  }
  void search(const std::vector<Term>& terms, double spent) {
    if (spent >= best_) return;
    if (terms.size() == 1) {
      best_ = spent;
      return;
    }
    for (std::size_t a = 0; a < terms.size(); ++a) {
      std::vector<Term> without = terms;
      without.erase(without.begin() + std::ptrdiff_t(a));
      const std::set<int> alone = stays(terms[a].labels, without);
      if (!terms[a].done && alone.size() < terms[a].labels.size()) {
        std::vector<Term> next = terms;
        next[a] = {alone, true};
        search(next, spent + 2 * elements(terms[a].labels));
      }
      for (std::size_t b = a + 1; b < terms.size(); ++b) {
        std::vector<Term> next = without;
        next.erase(next.begin() + std::ptrdiff_t(b - 1));
        std::set<int> both = terms[a].labels;
        both.insert(terms[b].labels.begin(), terms[b].labels.end());
        const std::set<int> result = stays(both, next);
        next.push_back({result, true});
        search(next, spent + elements(both) * (result.size() < both.size() ? 2 : 1));
      }
    }
  }

  const paths::Network& network_;
  double best_ = 0;
};

}  // namespace paths_test
