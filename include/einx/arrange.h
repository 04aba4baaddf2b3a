// Traced values under other shapes: what stands beside the arithmetic of value.h in the functions of einx::jit and einx::trace.
//
//   auto f = einx::jit([](einx::Value x) { return einx::stack({slice(x, 0, 1, -1), slice(x, 0, {}, -2)}); });
//
// Each writes nodes of einx's own operations with their expressions - reshape "(a b) -> a b", a slice "(a + b + c) -> a, b, c" of which two results are not used - so
// that their text reads like any other, and nothing is copied where the code that uses the result can read the original.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <einx/value.h>

namespace [[gnu::visibility("default")]] einx {

/// A tensor or number as a value of the function that is being traced: where values of a list have to be of one type, and for functions that use no operand.
/// Numbers are i64, f64 or bool here, not weak. Raises TypeError "operand-kind" outside of a traced function.
Value constant(const Operand& operand);

/// The size of an axis, and the number of axes, as numbers of the traced function: they follow the operands where a call of another shape runs what was recorded, may
/// stand in arithmetic, and be sizes of axes: {{"n", einx::size(x, 0) * 2}}. Like plain numbers they are weak. Raise ValueError "bad-view" for an axis that x does
/// not have. x.shape() gives integers to C++ code instead: what it may have decided by them is true of these sizes only, and others trace it again.
Value size(const Value& x, int axis);
Value rank(const Value& x);

namespace values {

/// The same elements in row-major order under another shape; one size may be -1 and follows. Raises ValueError "bad-shape".
Value reshape(const Value& x, const Shape& shape);
/// Axis k of the result is axis order[k] of x; without an order all axes are reversed. Negative axes count from the end. Raises ValueError "bad-view".
Value transpose(const Value& x, const std::vector<int>& order);
Value transpose(const Value& x);
/// x repeated along new axes at the front and along those of size 1, as NumPy does. Raises ValueError "bad-shape".
Value broadcast_to(const Value& x, const Shape& shape);

/// Python's x[from:to:step] along one axis: negative positions count from the end, positions outside are moved to the end they are beyond, {} is the end that the
/// step comes from or goes to. Raises ValueError "bad-view" for an axis that x does not have, "bad-parameter" for a step of 0.
Value slice(const Value& x, int axis, std::optional<std::int64_t> from, std::optional<std::int64_t> to, std::int64_t step = 1);
/// x[index] along one axis, which the result does not have. Raises ValueError "bad-view" also for an index outside [-n, n).
Value select(const Value& x, int axis, std::int64_t index);

}  // namespace values
using values::broadcast_to;
using values::reshape;
using values::select;
using values::slice;
using values::transpose;

/// Values of one shape along a new axis; values one after the other along an axis that they have. The dtype is the one they promote to. Raise TypeError
/// "operand-kind" for an empty list, ValueError "bad-view" for the axis, RankError and AxisSizeError for shapes that do not agree.
Value stack(std::span<const Value> values, int axis = 0);
Value concat(std::span<const Value> values, int axis = 0);
inline Value stack(std::initializer_list<Value> values, int axis = 0) { return stack(std::span(values.begin(), values.size()), axis); }
inline Value concat(std::initializer_list<Value> values, int axis = 0) { return concat(std::span(values.begin(), values.size()), axis); }

}  // namespace einx
