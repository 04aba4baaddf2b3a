// Families of tensor networks on which path searches are compared: the kinds and sizes that opt_einsum's and
// cotengra's benchmarks use, drawn from a seed.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "paths/paths.h"

namespace bench {

using einx::detail::paths::Network;

/// `terms` terms; every label but the `outputs` ones is in two of them, on average `degree` a term; sizes
/// between the two. opt_einsum's random equations.
Network random_equation(int terms, int degree, int outputs, int least, int most, std::uint64_t seed);
/// The same with one label more that is in `holders` terms.
Network random_hyper_equation(int terms, int degree, int outputs, int holders, std::uint64_t seed);
/// Every term has exactly `degree` labels, each of which two terms share.
Network random_regular(int terms, int degree, int least, int most, std::uint64_t seed);
Network random_tree(int terms, int least, int most, std::uint64_t seed);
/// Neighbours on a grid share a label of size `bond`; open ends.
Network lattice(const std::vector<int>& shape, int bond);
/// Two layers of a square patch of projected entangled pair states: bonds within the layers, physical labels
/// between them.
Network cluster_state(int side, int bond, int physical);
/// A matrix product state with a matrix product operator upon it, both of `sites` terms.
Network state_and_operator(int sites, int bond, int operator_bond, int physical);
/// A random circuit of two-qubit gates on a grid of 53 qubits, gates in turn along four directions: one
/// amplitude. Terms of one or two labels are absorbed.
Network grid_circuit(int cycles, std::uint64_t seed);
/// Rotations of single qubits and diagonal gates on two of them, which make labels of many terms.
Network diagonal_circuit(int qubits, int depth, std::uint64_t seed);

struct NamedNetwork {
  std::string name;
  Network network;
};
/// The table of docs/paths.md.
std::vector<NamedNetwork> named_networks();

/// Prints a row a network and algorithm: scalar multiplications (decimal logarithm) and seconds. `seconds`:
/// budget of random-greedy and auto.
int print_networks(double seconds);

}  // namespace bench
