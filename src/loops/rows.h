// What the schedules of reductions, row-wise operations, argmax and direct contractions have in common:
// passes over the reduced axes of one vectorised nest. Private to the loops layer.
#pragma once
#include <optional>

#include "loops/axis_builder.h"

namespace einx::detail::loops {

struct RowsChoice {
  std::vector<int> outer;   ///< kept axes in loop order, without the vector axis
  std::vector<int> inner;   ///< reduced axes in loop order, without the vector axis
  std::vector<int> spread;  ///< kept axes that no operand has: loops around the stores of one result
  int vector = -1;          ///< -1: scalar loops
  int lanes = 1, unroll = 1;
  std::int64_t grain = 0;  ///< of outer[0]; 0: serial
  std::int64_t tile = 0;   ///< parallel tiles of a kept vector axis; 0: none
  std::int64_t start = 0;  ///< of axis 0: the last part of a split
  bool stream = false;  ///< results of a row leave past the caches; what waits for them waits in a local row
  std::int64_t ahead = 0;    ///< elements that memory is asked for in advance, in the last pass
  bool unroll_last = false;  ///< the last of `inner` is short enough to be written out
  std::optional<ops::ScalarFn>
      in_order;  ///< combine where the second is known to come later: every lane goes forward
  std::string why;
  std::string threads;  ///< what they take, "" without
};

/// Vector axis, order, unrolling and threads for a nest of Rows.
RowsChoice choose_rows(const Nest& nest, const Plan& plan);
/// Whether the loops of the choice meet the elements in the order of their positions.
bool goes_forward(const Nest& nest, const RowsChoice& choice);
/// Loops in the order of positions, as far as the vector axis allows.
void sort_by_position(const Nest& nest, RowsChoice& choice);
/// Makes the kernel.
void emit_rows(const Nest& nest, Plan& plan, const RowsChoice& choice);

/// Lanes of a vector that holds the widest of the operands and accumulators.
int lanes_of(const Nest& nest, const Machine& machine);
/// Vectors side by side: enough to hide the latency of one accumulator, few enough for the registers.
int unroll_of(const Nest& nest, const Machine& machine);
/// Estimated nanoseconds of the whole nest with vectors of so many lanes.
double time_of(const Nest& nest, int lanes);

/// Columns that a block has if there are so many: rows are read in runs of this.
inline constexpr std::int64_t kColumnRun = 4096;
/// Kept axis contiguous and wide: blocks of columns, accumulators in L1, four rows at a time. False if the
/// nest is not of that form.
bool schedule_columns(const Nest& nest, Plan& plan, const RowsChoice& choice);
// --- moments.cpp: variances in one reading
/// What a reduced axis is cut into: `whole` parts of `size` elements each, and one of `rest`.
struct RowParts {
  std::int64_t whole = 0, size = 0, rest = 0;
};
/// Whether two nodes of two functions of the same arguments are the same expression.
bool same_value(const ops::ScalarFn& f, int a, const ops::ScalarFn& g, int b);
/// Whether the passes sum the elements, then their squared deviations from the mean: of floats.
bool is_variance(const Nest& nest);
/// (elements before this group) -> shares that its mean and its distance have in the whole.
ops::ScalarFn group_weights(DType t, int count);
/// (elements of a group, mean and squares of all before it, its two shares) -> mean and squares with it.
ops::ScalarFn group_moments(DType t, int count);
/// A result of (sum, squares, count) as one of (mean, squares, count).
ops::ScalarFn with_moments(const ops::ScalarFn& result, DType t);
/// (sum, squares, count) -> mean, squares.
ops::ScalarFn part_moments(DType t);
/// One pass that merges the parts' means and squares, and the result of `rows` from them.
ops::Rows merge_moments(const ops::Rows& rows, const RowParts& parts);

/// Few results of many elements: parts of the reduced axis by threads, their results combined by a second
/// kernel. False if not needed.
bool schedule_split(const Nest& nest, Plan& plan, const RowsChoice& choice);
/// The three of them in turn: columns, split or plain rows.
void schedule_rows(const Nest& nest, Plan& plan);

/// What the nest's epilogue makes of the result, or the result itself.
Ref after_epilogue(AxisBuilder& b, Body& body, Ref result);
/// The results of one row: after the epilogue, converted, unravelled for argmax, stored (along the axes that only the output
/// has).
void store_results(AxisBuilder& b, Body& body, std::span<const Ref> values, std::span<const int> spread,
                   int lanes, bool streaming = false);

}  // namespace einx::detail::loops
