// Fusion of nests: a producer whose result only passes through a temporary is written into its consumers.
// Private to the loops layer; `fuse` runs between the lowering of nodes and the schedules.
//
// Everything works on nests of constants: samples of a template are fused before their numbers become parameters; under Options::dynamic nothing is.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "loops/lowering.h"

namespace einx::detail::loops {

/// Merges nests, and drops the temporaries that are gone. Values keep the dtype they had in their temporary, so that chains of elementwise operations keep their bits. `epilogues`:
/// also operations on results, with operands of their own; the nests that have these are no members of groups (blocks.cpp).
void fuse(Lowering& lowering, bool epilogues);

// ---------------------------------------------------------------- fuse_fn.cpp: scalar functions
/// One function out of several over the same arguments; equal nodes occur once.
class Joined {
 public:
  explicit Joined(std::vector<DType> args);
  int arg(int index);
  int cast(int node, DType dtype);
  /// The value as if it had been stored: no multiplication on one side contracts with an addition on the other. A conversion of a float to its own dtype.
  int fence(int node);
  /// The results of `fn`; arguments that it does not use may be -1. They have its dtypes.
  std::vector<int> append(const ops::ScalarFn& fn, std::span<const int> args);
  /// Every use of node `from` by nodes and results from now on is one of `to`.
  void replace(int from, int to);
  ops::ScalarFn finish(std::span<const int> results) const;

 private:
  int add(ops::ScalarNode node);
  int now(int node) const;
  ops::ScalarFn fn_;
  std::vector<std::pair<int, int>> replaced_;
};
/// The function without fences: reductions may contract.
ops::ScalarFn without_fences(const ops::ScalarFn& fn);
/// What the last pass maps an element to is taken from there where the result per element computes it again.
void reuse_mapped(ops::Rows& rows, std::size_t inputs);

// ---------------------------------------------------------------- fuse_axes.cpp: accesses of accesses
/// An axis of a nest becomes two, (outer, inner), the inner one right behind the other.
void cut_axis(Nest& nest, std::size_t axis, std::int64_t inner);
/// Whether the access runs over `elements` elements from 0 on as a row-major tensor does, along these axes (slowest first).
bool is_dense(const Nest& nest, const Access& access, std::span<const std::size_t> axes, std::int64_t elements);
/// Axes along which the access moves, or does not, by falling distance.
std::vector<std::size_t> axes_along(const Nest& nest, const Access& access, bool moves);
/// Cuts axes of both nests until they correspond one by one: lists of the axes, slowest first, over as many elements. False if they do not line up.
bool align(Nest& x, std::vector<std::size_t>& xs, Nest& y, std::vector<std::size_t>& ys);

/// Where the consumer's axes stand in those of the producer: coordinate[k] = first[k] + sum(step[a][k] * axis a).
struct Digits {
  std::vector<std::int64_t> first;
  std::vector<std::vector<std::int64_t>> step;
};
/// The consumer reads `read` of what the producer writes to its dense output. Cuts axes of the consumer where the two radices line up, also in `read`'s strides if they are
/// the nest's own; nullopt: they do not.
std::optional<Digits> digits_of(const Nest& producer, Nest& consumer, std::size_t input);
/// The producer's operand over the consumer's axes.
Access through(const Access& operand, const Digits& digits);

// ---------------------------------------------------------------- fuse_map.cpp, fuse_rows.cpp: pairs of nests
/// The inputs of a fused nest, equal ones once.
struct FusedInputs {
  std::vector<Access> list;
  int add(const Access& access);
  std::vector<DType> dtypes() const;
};
/// The consumer with a producer that is a Map or a Move in place of its inputs that read `buffer`; nullopt with the reason if it cannot be.
std::optional<Nest> fuse_map(const Nest& producer, const Nest& consumer, BufferId buffer, std::string& why);
/// The same for a producer of Rows: what follows from its results becomes part of the same rows, or its epilogue.
std::optional<Nest> fuse_rows(const Nest& producer, const Nest& consumer, BufferId buffer, const Machine& machine,
                              std::string& why);

}  // namespace einx::detail::loops
