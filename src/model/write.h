// One statement at known types, written into the graph that is being traced: through the same Values as C++ code, so that solving, dtypes and errors are those of
// calls. Private to the model layer: the interpreter, specialisation and the replay of traces are made of it.
#pragma once
#include <einx/einx.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "script/script.h"

namespace einx::detail::model {

/// What a variable holds at one point of a function: a tensor of the graph that is being written, or a number, which is what Python's numbers are: weak, of i64, f64
/// or bool. Arithmetic of numbers gives numbers; sizes are numbers; what an operation makes of a tensor is a tensor, also with rank 0.
struct Slot {
  enum class Kind { Unset, Tensor, Number };
  Kind kind = Kind::Unset;
  std::optional<Value> value;           ///< a tensor's; a number's (rank 0) if it is computed when the function runs, or has been made a value
  std::optional<script::Number> known;  ///< if it is known already; of a tensor only where its value has been looked at
};
Slot number(script::Number known);
Slot tensor(Value value);

/// Slots of one function's variables while statements are written into the current trace.
struct Frame {
  std::vector<Slot> slots;
  std::function<Value(const std::string& name)> parameter;        ///< gives the value of a tensor of the program's
  std::function<Value(const script::Number& known)> materialise;  ///< a known number as a value; unset: a constant of the graph
  const std::vector<std::string>* names = nullptr;                ///< of the variables, for messages
};

/// Calls of functions within each other; one more raises CallOperationError "runtime".
inline constexpr int kMaxDepth = 200;
[[noreturn]] void too_deep(std::string_view function);

/// Thrown where an Assume does not hold: the function must be traced again. Never leaves the library.
struct BrokenAssumption {
  script::Assume assume;
};

/// A call, arrangement, constant or parameter; nothing for Assume (see broken). Other statements are the caller's. Raises what the operation raises.
void write(const script::Statement& statement, Frame& frame);

/// A variable whose value (not only its type) the statement needs, and which is not known: its caller looks at it first. nullopt: write can be called.
std::optional<script::Var> wanted(const script::Statement& statement, const Frame& frame);
/// Whether an Assume does not hold for these slots.
bool broken(const script::Assume& assume, const Frame& frame);

/// The slot of an argument: a literal is a known number. Raises ValueError "script-variable" for a variable that is not set.
Slot slot_of(const script::Argument& argument, const Frame& frame);
/// As a value of the current trace; numbers become rank-0 values of i64, f64 or bool.
Value value_of(const Slot& slot, const Frame& frame);
/// The dtype that a number (i64, f64 or bool) has as an operand or result that is declared like this: weak numbers take a declared dtype of their kind or a wider one.
/// While it is i64, f64 or bool it stays a number; else it becomes a tensor.
DType declared_dtype(DType number, const script::TypePattern& declared);
/// The truth of a known number.
bool truth(const script::Number& known);
/// One element of a rank-0 (or one-element) tensor as a number. `raises`: TypeError "script-condition" unless it has one element.
script::Number read_number(const Tensor& tensor);
/// The way back: rank 0, of bool, i64 or f64.
Tensor tensor_of(const script::Number& known);
/// A count, size or position. Raises TypeError "script-size" for a number that is no integer.
std::int64_t whole_number(const script::Number& known);

}  // namespace einx::detail::model
