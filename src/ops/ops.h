// Front door of the operation registry: one row an operation. A row is data - family, arity, dtype rule, meaning in scalar primitives -
// and knows neither the reference interpreter nor the loops: both interpret rows.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "notation/notation.h"
#include "tensor/tensor.h"

namespace einx::detail::ops {

// ---------------------------------------------------------------- scalar functions
/// The primitives all meanings are written in. Operands of the arithmetic ones share the node's dtype; those marked -> bool give bool.
/// Add and Mul of bool are or and and; Max and Min propagate NaN; integers wrap; FloorDiv rounds toward -inf, integer x // 0 is 0 and
/// the lowest integer // -1 wraps; float FloorDiv is the floor of the exact quotient (numpy's: fmod first, so that 1 // 0.1 is 9), x // 0 is
/// x / 0 and inf // x is nan; Div is for floats only; Cast follows tensor::convert.
enum class Prim : std::uint8_t {
  Arg, Const, Cast,
  Add, Sub, Mul, Div, FloorDiv, Max, Min, Abs, Neg,
  Lt, Le, Eq, Ne,      // -> bool; comparisons with NaN are false, Ne true
  And, Or, Not,        // of bool
  NonZero, IsNan,      // -> bool
  Select,              // bool, T, T -> T
  Exp, Log, Log1p, Sqrt, Floor, Tanh,
  Erf, Sin, Cos, Pow,
};
std::string_view name_of(Prim prim);
int arity_of(Prim prim);

struct ScalarNode {
  Prim prim = Prim::Arg;
  DType dtype = DType::f32;         ///< of the result
  std::array<int, 3> args{-1, -1, -1};
  int arg = -1;                     ///< Arg: which
  tensor::Scalar constant;          ///< Const
};

/// A pure function of scalars as a list of nodes in dependency order; every dtype is concrete. Equal nodes occur once, unneeded ones never.
/// In rows, f16 and bf16 occur only as arguments and as operand or result of Cast: everything is computed in f32.
struct ScalarFn {
  std::vector<DType> args;
  std::vector<ScalarNode> nodes;
  std::vector<int> results;  ///< nodes; one, or several for tuple accumulators
  DType result_dtype(int k = 0) const { return nodes[results[k]].dtype; }
  bool uses(int arg) const;  ///< whether an Arg node for this argument exists
};
std::string text(const ScalarFn& fn);

/// Interprets a function: the one evaluator of the reference, and of constant folding. f16 and bf16 results are rounded after every node.
void evaluate(const ScalarFn& fn, std::span<const tensor::Scalar> args, std::span<tensor::Scalar> results);

// ---------------------------------------------------------------- meanings
/// id: elements are moved.
struct Move {
  bool operator==(const Move&) const = default;
};

/// Elementwise. fn: (element of each operand, in Resolved::operands dtypes) -> element of the result.
struct Map {
  ScalarFn fn;
};

/// One pass over the sub-tensor of bracketed axes. Accumulators are tuples (usually of one): acc = combine(acc, map(...)).
struct Pass {
  /// (element of each operand, accumulators of all earlier passes flattened, count: i64, position: i64) -> one value per accumulator.
  /// count = number of elements of the sub-tensor; position = row-major number of the element in it.
  ScalarFn map;
  /// (accumulators, values) -> accumulators. Associative and commutative up to rounding: any tree is right, ours is fixed by the shape.
  ScalarFn combine;
  std::vector<tensor::Scalar> identity;
};

/// Reductions, dot, softmax, argmax: passes over the bracketed axes, then a result.
struct Rows {
  std::vector<Pass> passes;
  /// per_element: (element of each operand, last pass's map values, all accumulators flattened, count) -> element of the result, for every element
  /// of the sub-tensor (softmax). Else: (all accumulators flattened, count) -> the one result (sum); for `coordinates` it is the position.
  ScalarFn result;
  bool per_element = false;
  bool coordinates = false;  ///< argmax, argmin: the result is unravelled over the bracketed axes into the output's [k]
  bool nonempty = false;     ///< an empty sub-tensor is an error (max, argmax)
};

/// get_at: operand 0 indexed by the coordinates in the others, which keep their dtype: a coordinate i of an axis of size n must be in
/// [-n, n), judged in its own dtype (a large u64 is not negative); negative ones count from the end.
struct Gather {};

/// flip, roll: id whose elements move along the bracketed axes. out[i] = in[n - 1 - i]; roll: out[i] = in[(i - shift) mod n] with one shift a bracketed
/// axis, in the node's attribute `shift`.
struct Shuffle {
  bool roll = false;
};

/// sort, argsort along the one bracketed axis: ascending, stable, nan last. -0 and 0 are equal.
struct Sort {
  bool positions = false;  ///< i64 positions within the axis instead of the elements
};

/// set_at, add_at, subtract_at. Operands: the tensor, coordinates as in Gather, the update. The result starts as the tensor; then for every assignment of the
/// vectorised axes of all inputs, in row-major order, element = update(element, update's element), both in their own dtypes.
struct Scatter {
  ScalarFn update;
  bool reads = true;  ///< whether `update` looks at the element that is there
};

/// A function of the user's on sub-tensors over the bracketed axes, called once for every assignment of the others, on any thread. Outputs are
/// allocated; the function fills them.
struct Native {
  using Function = std::function<void(std::span<const Tensor> inputs, std::span<Tensor> outputs)>;
  std::shared_ptr<const Function> function;
  std::vector<DType> results;  ///< the dtype of each output
};

using Meaning = std::variant<Move, Map, Rows, Gather, Shuffle, Sort, Scatter, Native>;

/// An operation for given operand dtypes.
struct Resolved {
  std::vector<DType> operands;  ///< each operand is converted to this dtype before anything else
  DType result = DType::f32;    ///< of every output (id with several: see output_dtypes)
  Meaning meaning;
};

// ---------------------------------------------------------------- rows
struct Op {
  std::string_view name;
  std::string_view summary;  ///< one line for `einx ops` and the documentation
  notation::Family family = notation::Family::Id;
  int min_inputs = 1, max_inputs = 1;  ///< -1: any
  bool second_operand_shorthand = false;
  bool keepdims = false;               ///< accepts the deprecated keepdims parameter
  bool one_bracketed_axis = false;     ///< sort, argsort
  std::string_view parameter;          ///< of its own, a list of integers with one entry a bracketed axis: "shift"
  /// Dtypes and meaning for these operands, of a number within min_inputs and max_inputs. Raises OperationNotSupportedError
  /// "dtype-not-supported"; CallOperationError "runtime" for coordinates that are not integers. `op` is the row itself, never a copy.
  Resolved (*resolve)(const Op& op, std::span<const DType> operands) = nullptr;
};

/// nullptr if there is no such operation.
const Op* find(std::string_view name);
/// The same, but raises OperationNotSupportedError "unknown-operation" with the nearest names as a hint.
const Op& get(std::string_view name);
/// All rows in the order of operations.md.
std::span<const Op* const> all();
notation::Rules rules(const Op& op, bool keepdims = false);

// ---------------------------------------------------------------- operations of the user's own
/// A row to be made: what `resolve` gives is kept, so it is called once for given dtypes (by several threads at once at worst).
struct UserRow {
  std::string name;
  notation::Family family = notation::Family::Elementwise;
  int min_inputs = 1, max_inputs = 1;
  std::function<Resolved(const Op& op, std::span<const DType> operands)> resolve;
};
/// Adds a row, which `find` then finds like the built-in ones (`all` does not list it) and which lives as long as the process. A row of this name and
/// identity is only made once; another row of the name, or any without identity (""), is called name_2, name_3, ... Raises ValueError "bad-parameter" for
/// names that are no identifiers or belong to a built-in operation. Thread-safe.
const Op& add_row(UserRow row, const std::string& identity);

/// Makes one scalar function out of others. Nodes are numbers; equal ones occur once.
class Composer {
 public:
  explicit Composer(std::vector<DType> args);
  ~Composer();
  int arg(int index);
  int constant(const tensor::Scalar& value);
  DType dtype(int node) const;
  /// A detour of an f32 through f16 or bf16 that only the dtypes of operations ask for is left out: chains are computed in f32 throughout.
  int cast(int node, DType dtype);
  /// The results of `fn`, arguments converted to its dtypes. A function that only converts does so, detour or not. Arguments that it does not use may be -1.
  std::vector<int> call(const ScalarFn& fn, std::span<const int> args);
  ScalarFn finish(std::span<const int> results) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};
/// What a scalar function computes in: f32 for f16 and bf16, else the dtype itself.
DType computed_dtype(DType dtype);

/// One an output: Resolved::result, but for id each output has the common dtype of the inputs whose pieces it takes.
std::vector<DType> output_dtypes(const Op& op, const notation::Solved& expr, std::span<const DType> operands);

}  // namespace einx::detail::ops
