#include "networks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <set>

namespace bench {
namespace {

namespace paths = einx::detail::paths;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  int below(int n) { return int(random_() % std::uint64_t(n)); }
  int between(int least, int most) { return least + below(most - least + 1); }
  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t k = list.size(); k > 1; --k) std::swap(list[k - 1], list[std::size_t(below(int(k)))]);
  }

 private:
  std::mt19937_64 random_;
};

int add_label(Network& network, int size) {
  network.sizes.push_back(size);
  return int(network.sizes.size()) - 1;
}

void connect(Network& network, int a, int b, int size) {
  const int label = add_label(network, size);
  network.terms[std::size_t(a)].push_back(label);
  network.terms[std::size_t(b)].push_back(label);
}

bool has(const std::vector<int>& term, int label) {
  return std::find(term.begin(), term.end(), label) != term.end();
}

/// Terms of at most two labels become a part of a neighbour: no contraction grows by it.
void absorb(Network& network) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t k = 0; k < network.terms.size() && !changed; ++k) {
      if (network.terms[k].size() > 2 || network.terms[k].empty()) continue;
      for (std::size_t other = 0; other < network.terms.size() && !changed; ++other) {
        std::vector<int>& into = network.terms[other];
        if (other == k || !has(into, network.terms[k][0])) continue;
        std::erase(into, network.terms[k][0]);
        for (std::size_t i = 1; i < network.terms[k].size(); ++i) {
          if (has(into, network.terms[k][i]))
            std::erase(into, network.terms[k][i]);
          else
            into.push_back(network.terms[k][i]);
        }
        network.terms.erase(network.terms.begin() + std::ptrdiff_t(k));
        changed = true;
      }
    }
  }
}

}  // namespace

Network random_equation(int terms, int degree, int outputs, int least, int most, std::uint64_t seed) {
  Draw draw(seed);
  Network out;
  out.terms.resize(std::size_t(terms));
  std::vector<int> places;
  for (int k = 0; k < terms * degree / 2 + outputs; ++k) {
    const int label = add_label(out, draw.between(least, most));
    places.push_back(label);
    if (k < outputs)
      out.output.push_back(label);
    else
      places.push_back(label);
  }
  draw.shuffle(places);
  for (std::size_t k = 0; k < places.size(); ++k) {
    int term = int(k) < terms ? int(k) : draw.below(terms);
    while (has(out.terms[std::size_t(term)], places[k])) term = draw.below(terms);
    out.terms[std::size_t(term)].push_back(places[k]);
  }
  return out;
}

Network random_hyper_equation(int terms, int degree, int outputs, int holders, std::uint64_t seed) {
  Network out = random_equation(terms, degree, outputs, 2, 4, seed);
  Draw draw(seed + 1);
  std::vector<int> order(out.terms.size());
  std::iota(order.begin(), order.end(), 0);
  draw.shuffle(order);
  const int label = add_label(out, 3);
  for (int k = 0; k < holders; ++k) out.terms[std::size_t(order[std::size_t(k)])].push_back(label);
  return out;
}

Network random_regular(int terms, int degree, int least, int most, std::uint64_t seed) {
  Draw draw(seed);
  for (;;) {
    std::vector<int> ends;
    for (int k = 0; k < terms * degree; ++k) ends.push_back(k % terms);
    draw.shuffle(ends);
    std::set<std::pair<int, int>> edges;
    for (std::size_t k = 0; k + 1 < ends.size(); k += 2)
      if (ends[k] != ends[k + 1]) edges.insert(std::minmax(ends[k], ends[k + 1]));
    if (int(edges.size()) != terms * degree / 2) continue;  // a loop or a double edge: draw again
    Network out;
    out.terms.resize(std::size_t(terms));
    for (const auto& [a, b] : edges) connect(out, a, b, draw.between(least, most));
    return out;
  }
}

Network random_tree(int terms, int least, int most, std::uint64_t seed) {
  Draw draw(seed);
  Network out;
  out.terms.resize(std::size_t(terms));
  for (int k = 1; k < terms; ++k) connect(out, k, draw.below(k), draw.between(least, most));
  return out;
}

Network lattice(const std::vector<int>& shape, int bond) {
  Network out;
  const int count = std::accumulate(shape.begin(), shape.end(), 1, std::multiplies<>());
  out.terms.resize(std::size_t(count));
  int stride = 1;
  for (const int extent : shape) {
    for (int k = 0; k < count; ++k)
      if (k / stride % extent + 1 < extent) connect(out, k, k + stride, bond);
    stride *= extent;
  }
  return out;
}

Network cluster_state(int side, int bond, int physical) {
  Network out;
  std::map<std::pair<int, int>, int> sites;
  for (int row = 0; row < side; ++row)
    for (int column = 0; column < side; ++column) sites.emplace(std::pair(row, column), int(sites.size()));
  const int layer = int(sites.size());
  out.terms.resize(2 * std::size_t(layer));
  for (const auto& [place, site] : sites) {
    for (const std::pair<int, int>& next :
         {std::pair(place.first + 1, place.second), std::pair(place.first, place.second + 1)})
      if (const auto other = sites.find(next); other != sites.end())
        for (const int base : {0, layer}) connect(out, base + site, base + other->second, bond);
    connect(out, site, layer + site, physical);
  }
  return out;
}

Network state_and_operator(int sites, int bond, int operator_bond, int physical) {
  Network out;
  out.terms.resize(2 * std::size_t(sites));
  for (int k = 0; k < sites; ++k) {
    connect(out, k, sites + k, physical);
    if (k + 1 == sites) break;
    connect(out, k, k + 1, bond);
    connect(out, sites + k, sites + k + 1, operator_bond);
  }
  return out;
}

Network grid_circuit(int cycles, std::uint64_t seed) {
  Draw draw(seed);
  constexpr int kRows = 6, kColumns = 9, kMissing = 1;
  const int qubits = kRows * kColumns - kMissing;
  std::vector<int> wire(std::size_t(qubits), -1);  // -1: still the initial state
  Network out;
  // Four sets of couplers, in the order ABCDCDAB.
  constexpr int kOrder[] = {0, 1, 2, 3, 2, 3, 0, 1};
  for (int cycle = 0; cycle < cycles; ++cycle) {
    const int pattern = kOrder[cycle % 8];
    for (int row = 0; row < kRows; ++row)
      for (int column = 0; column < kColumns; ++column) {
        const bool across = pattern >= 2;
        const int other_row = row + (across ? 0 : 1), other_column = column + (across ? 1 : 0);
        const int a = row * kColumns + column, b = other_row * kColumns + other_column;
        if ((across ? column : row) % 2 != pattern % 2 || other_row >= kRows || other_column >= kColumns ||
            b >= qubits)
          continue;
        if (draw.below(50) == 0) continue;  // a coupler that does not work
        out.terms.emplace_back();
        for (const int qubit : {a, b}) {
          int& at = wire[std::size_t(qubit)];
          if (at >= 0) out.terms.back().push_back(at);
          at = add_label(out, 2);
          out.terms.back().push_back(at);
        }
      }
  }
  // The final state: what is left open is fixed.
  for (std::vector<int>& term : out.terms)
    std::erase_if(term, [&](int label) { return std::find(wire.begin(), wire.end(), label) != wire.end(); });
  absorb(out);
  return out;
}

Network diagonal_circuit(int qubits, int depth, std::uint64_t seed) {
  Draw draw(seed);
  Network out;
  constexpr int kLast = 3;  // layers without rotations: the gates there commute
  std::vector<int> wire, order;
  for (int qubit = 0; qubit < qubits; ++qubit) {
    wire.push_back(add_label(out, 2));
    order.push_back(qubit);
  }
  for (int layer = 0; layer < depth; ++layer) {
    draw.shuffle(order);
    for (std::size_t k = 0; k + 1 < order.size(); k += 2)  // diagonal: no new labels
      out.terms.push_back({wire[std::size_t(order[k])], wire[std::size_t(order[k + 1])]});
    if (layer + kLast >= depth) continue;
    for (int qubit = 0; qubit < qubits; ++qubit) {
      const int next = add_label(out, 2);
      out.terms.push_back({wire[std::size_t(qubit)], next});
      wire[std::size_t(qubit)] = next;
    }
  }
  for (std::vector<int>& term : out.terms)
    std::erase_if(term, [&](int label) { return std::find(wire.begin(), wire.end(), label) != wire.end(); });
  return out;
}

std::vector<NamedNetwork> named_networks() {
  return {{"rtree_100", random_tree(100, 2, 8, 1)},
          {"peps_cluster", cluster_state(4, 10, 2)},
          {"mps_mpo_L100", state_and_operator(100, 64, 5, 2)},
          {"randreg_200", random_regular(200, 3, 2, 3, 1)},
          {"rand_50_5", random_hyper_equation(50, 5, 4, 38, 1)},
          {"cubic_6x6x10", lattice({6, 6, 10}, 2)},
          {"grid_circuit_53_20", grid_circuit(20, 1)},
          {"diagonal_circuit_56_13", diagonal_circuit(56, 13, 1)}};
}

namespace {

/// One for every multiplication, as cotengra counts.
double multiplications(const Network& network, const paths::Result& result) {
  double total = 0;
  for (const paths::StepTerms& step : paths::steps(network, result.path, result.slices)) {
    std::set<int> labels;
    for (const std::vector<int>& input : step.inputs) labels.insert(input.begin(), input.end());
    double elements = result.slice_count;
    for (const int label : labels)
      if (!has(result.slices, label)) elements *= double(network.sizes[std::size_t(label)]);
    total += elements;
  }
  return total;
}

void print_row(const std::string& name, const Network& network, const paths::Options& options) {
  const paths::Result result = paths::find(network, options);
  std::printf("%-24s %5zu  %-14s %8.2f %10.1f ms  largest 2^%.1f%s\n", name.c_str(), network.terms.size(),
              std::string(paths::name_of(options.algorithm)).c_str(),
              std::log10(multiplications(network, result)), result.search_seconds * 1e3,
              std::log2(result.cost.largest), result.exact ? "  exact" : "");
  std::fflush(stdout);
}

}  // namespace

int print_networks(double seconds) {
  std::printf("%-24s %5s  %-14s %8s\n", "network", "terms", "algorithm",
              "log10 multiplications, time of the search");
  for (const int terms : {4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 30, 100}) {
    const Network network = random_equation(terms, 3, 0, 2, 9, 1);
    const std::string name = "random_equation_" + std::to_string(terms);
    if (terms <= 16) print_row(name, network, {.algorithm = paths::Algorithm::Optimal});
    if (terms <= 30) print_row(name, network, {.algorithm = paths::Algorithm::Dp});
    print_row(name, network, {.seconds = seconds});
  }
  for (const NamedNetwork& each : named_networks()) {
    print_row(each.name, each.network, {.algorithm = paths::Algorithm::Greedy});
    for (const double share : {0.1, 1.0})
      print_row(each.name, each.network,
                {.algorithm = paths::Algorithm::RandomGreedy, .seconds = seconds * share});
    print_row(each.name, each.network, {.seconds = seconds});
  }
  return 0;
}

}  // namespace bench
