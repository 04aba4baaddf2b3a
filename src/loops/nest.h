// What a schedule is given: one operation's loops, unscheduled. Private to the loops layer.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loops/loops.h"

namespace einx::detail::loops {

struct NestAxis {
  std::string name;
  Int extent;
  bool reduced = false;  ///< runs inside the operation (bracketed); the others are independent iterations
};

/// How one operand is read or written: offset + sum(strides[a] * value of axis a).
struct Access {
  BufferId buffer = -1;
  DType dtype = DType::f32;   ///< as stored
  DType computed = DType::f32;  ///< converted to this on load (inputs) or from the meaning's result (outputs: same as dtype)
  Int offset;
  std::vector<Int> strides;   ///< one per axis of the nest; 0 where the operand does not have it
};

/// One coordinate of a gather or scatter: its value, checked against `extent`, moves input 0, or the output, by `stride`.
struct Coordinate {
  Access access;
  Int extent, stride;
  Access position;            ///< row-major number of the coordinate in its operand (as if that were dense): Check::position
  int operand = 0, axis = 0;  ///< for the status
};

/// What is done with the one result of a nest of Rows where it is stored: a function of it and of further operands, which have the kept axes only.
struct Epilogue {
  ops::ScalarFn fn;            ///< (the result, rounded to the dtype of this argument; an element of each input) -> what is stored
  std::vector<Access> inputs;
};

/// for all axes: output = meaning(inputs). Axes are in the order of the output's strides (slowest first), reduced ones after them; axes of extent 1 are gone and
/// axes that every access steps through together are merged. A scatter's one input is its update, and its axes stand in the order that decides which of two
/// updates of an element comes first; reduced are those that the output does not have: only along these is an element met twice.
struct Nest {
  std::string label;  ///< "sum(i0) -> x0"
  std::vector<NestAxis> axes;
  std::vector<Access> inputs;
  std::vector<Access> outputs;  ///< one; for argmax's coordinates one per coordinate
  ops::Meaning meaning;
  std::vector<Coordinate> coordinates;        ///< Gather, Scatter
  std::vector<std::int64_t> unravel;          ///< coordinates: the sizes of the bracketed axes, in text order, position is unravelled over
  std::vector<Int> position_strides;          ///< per axis: what a step along a reduced axis adds to the row-major position (0 for kept axes)
  Int count;                                  ///< number of elements of the sub-tensor
  std::optional<Epilogue> epilogue;           ///< of Rows without coordinates that are not per element
};

/// What was done to the axes of a nest, numbers as they were at that moment.
struct Simplified {
  std::vector<std::size_t> dropped;
  std::vector<std::pair<std::size_t, std::size_t>> merged;  ///< (outer, inner): the outer one is gone
  std::vector<std::size_t> order;
};

/// Where a schedule puts what it makes.
struct Plan {
  Program& program;  ///< new Temporary buffers go to program.buffers, steps to program.steps
  const Machine& machine;
  bool dynamic = false;  ///< of the nest at hand: whether it has parameters. Their values are those of one size: they may decide what is fast, never what is right
  bool bounded = false;  ///< whether sub-tensors are known to have fewer than kMostPositions elements, whatever their parameters say
  std::int64_t reserved = 0;  ///< instructions of kernels that are made, but are no steps yet
};

/// Elements of a sub-tensor whose positions fit in 32 bits.
inline constexpr std::int64_t kMostPositions = std::int64_t(1) << 31;

/// Whether a number of the nest is a parameter.
bool has_parameters(const Nest& nest);

/// The schedules: each appends its steps and says why in Kernel::schedule.
void schedule_copy(const Nest& nest, Plan& plan);      ///< Move: transposes, repeats, pieces of concatenations
void schedule_map(const Nest& nest, Plan& plan);       ///< Map
void schedule_reduce(const Nest& nest, Plan& plan);    ///< Rows, one pass with one accumulator, one operand
void schedule_contract(const Nest& nest, Plan& plan);  ///< Rows over several operands: products under sums
void schedule_rowwise(const Nest& nest, Plan& plan);   ///< Rows of several passes, or per element
void schedule_index(const Nest& nest, Plan& plan);     ///< Gather
void schedule_check(const Nest& nest, Plan& plan);     ///< coordinates alone: nothing is written
void schedule_scatter(const Nest& nest, Plan& plan);   ///< Scatter, once the output holds the tensor
void schedule_order(const Nest& nest, Plan& plan);     ///< Rows with coordinates
/// Scalar loops in the order of the axes for any nest: what the others fall back to, and the first schedule of all.
void schedule_plain(const Nest& nest, Plan& plan);
/// Picks one of the above.
void schedule(const Nest& nest, Plan& plan);
/// Instructions that a kernel may become; what nests still may take of the program's budget.
std::int64_t instructions(const Kernel& kernel);
std::int64_t affordable(const Plan& plan);

}  // namespace einx::detail::loops
