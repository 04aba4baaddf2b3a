// Front door of the script layer: functions with control flow that depends on data, before shapes are known. Texts and traced functions both become this; the
// same function is specialised for every signature it is called with, so nothing in it is a size, a rank or a recipe that could go stale.
#pragma once
#include <einx/call.h>
#include <einx/tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "graph/graph.h"

namespace einx::detail::script {

/// Where a statement stands in its text: both from 1; 0 for what was recorded from C++.
struct Place {
  int line = 0, column = 0;
  bool operator==(const Place&) const = default;
};

/// A local variable: an index into Function::variables. Variables may be assigned again, also with values of another type.
using Var = int;
/// A number as written: weak, it takes the dtype of the values beside it.
using Number = std::variant<bool, std::int64_t, double>;
using Argument = std::variant<Var, Number>;
/// An integer that a shape depends on: a number, or a variable whose value (rank-0, integer) is needed before the operation's types are known.
using Integer = std::variant<std::int64_t, Var>;

/// The size of an axis by name; a list for one under an ellipsis.
struct NamedSize {
  std::string name;
  std::variant<Integer, std::vector<std::int64_t>> size;
  bool operator==(const NamedSize&) const = default;
};

// ---------------------------------------------------------------- statements
struct Statement;
using Body = std::vector<Statement>;

/// An operation of the library. Without a pattern it is taken by ranks, as on traced values: elementwise operations broadcast as NumPy does, others work on all axes.
struct Call {
  std::vector<Var> results;
  std::string op;
  std::optional<std::string> pattern;
  std::vector<Argument> arguments;
  std::vector<NamedSize> sizes;
  graph::Attributes attributes;
  bool keepdims = false;
  Dialect dialect = Dialect::Einx;
  std::string function;  ///< as the caller named it in that dialect, if it is not `op`
  bool operator==(const Call&) const = default;
};
/// What stands beside the operations: shapes, pieces, sizes. `integers` by kind, nullopt is an open end:
///   Reshape, BroadcastTo: the shape (-1 follows, for Reshape). Transpose: the order (none: reversed). Slice: axis, from, to, step. Select: axis, index
///   (a variable may be out of any known range: checked when it runs). Stack, Concat: axis. Size: axis; the result is i64. Rank: none; i64. Copy: none.
struct Arrange {
  enum class Kind { Reshape, BroadcastTo, Transpose, Slice, Select, Stack, Concat, Size, Rank, Copy };
  Kind kind = Kind::Copy;
  Var result = -1;
  std::vector<Argument> arguments;
  std::vector<std::optional<Integer>> integers;
  bool operator==(const Arrange&) const = default;
};
/// A tensor known when the function was written down.
struct Constant {
  Var result = -1;
  Tensor data;
};
/// A tensor of the program's (a module's parameter or buffer), read anew by every call.
struct Parameter {
  Var result = -1;
  std::string name;
  bool operator==(const Parameter&) const = default;
};
/// A call of another function of the program.
struct Invoke {
  std::vector<Var> results;
  std::string function;
  std::vector<Argument> arguments;
  bool operator==(const Invoke&) const = default;
};
/// The condition has one element (any dtype; not zero is true).
struct If {
  Argument condition;
  Body then, otherwise;
};
/// `test` runs before every round and computes the condition.
struct While {
  Body test;
  Argument condition;
  Body body;
};
/// For every element of the first axis, `item` is that row. `range`: `over` is one integer n, and item counts 0 ... n - 1 (i64). What `over` is, is fixed before the first round.
struct For {
  Var item = -1;
  Argument over;
  bool range = false;
  Body body;
};
/// Leaves the innermost loop, or goes on with its next round.
struct Break {};
struct Continue {};
struct Return {
  std::vector<Argument> values;
};
/// What a trace has assumed, since its code looked: holds, or the function must be traced again. `size` is of `axis`; axis -1: the rank; -2: the dtype (as a number); -3: a known number's value.
struct Assume {
  Var of = -1;
  int axis = -1;
  std::int64_t value = 0;
  bool operator==(const Assume&) const = default;
};

struct Statement {
  Place place;
  std::variant<Call, Arrange, Constant, Parameter, Invoke, If, While, For, Break, Continue, Return, Assume> node;
};

// ---------------------------------------------------------------- functions
/// A dimension in a parameter's type: a size, a shape variable (equal names are equal sizes), `_` for any, `...` for any number of axes.
struct Dim {
  enum class Kind { Size, Name, Any, Ellipsis };
  Kind kind = Kind::Any;
  std::int64_t size = 0;
  std::string name;
  bool operator==(const Dim&) const = default;
};
/// f32[b, 3]; without dims any shape; without a dtype any dtype.
struct TypePattern {
  std::optional<DType> dtype;
  std::optional<std::vector<Dim>> dims;
  std::optional<Shape> strides;  ///< as in graph text: f32[2, 3 : 1, 2]
  bool operator==(const TypePattern&) const = default;
};
struct FunctionParameter {
  Var variable = -1;
  TypePattern type;
  Place place;
};

struct Function {
  std::string name;
  std::vector<std::string> variables;  ///< names; shape variables of the signature are variables too (i64), defined on entry
  std::vector<FunctionParameter> parameters;
  std::vector<Var> sizes;              ///< the shape variables
  std::optional<std::vector<TypePattern>> results;  ///< checked on return
  Body body;
};
using FunctionPtr = std::shared_ptr<const Function>;

/// C++ code that writes the function down for operands of these types, when it is first called with them.
using Traceable = std::function<FunctionPtr(const std::vector<graph::Type>& types)>;

struct Program {
  std::vector<std::pair<std::string, std::variant<FunctionPtr, Traceable>>> functions;  ///< names are unique; "forward", "encoder.norm.forward"
  std::vector<std::pair<std::string, Tensor>> tensors;                                  ///< what Parameter statements name
  std::string text;                                                                     ///< the source, for errors that show the line; may be empty
};

// ---------------------------------------------------------------- text
/// What a text may name beside its own functions and the data: a module's children and parameters, by the names it knows them by and those in the program.
struct Surroundings {
  std::vector<std::pair<std::string, std::string>> functions;  ///< {"norm", "encoder.norm.forward"}: norm(x) and self.norm(x)
  std::vector<std::pair<std::string, std::string>> tensors;    ///< {"weight", "encoder.weight"}: weight and self.weight
  std::string prefix;                                          ///< before the names of the text's own functions: "encoder."
};
/// The language of docs/scripts.md. Raises SyntaxError "script-text" with line, column and caret. Everything that can be said without shapes is checked: names, arity,
/// expressions (parsed), variables that are surely not assigned before they are read, unreachable statements, functions that may end without a value. `data` are
/// tensors by name: constant("name") takes one as it is, what is not taken so are the program's tensors.
Program parse(std::string_view text, const std::vector<std::pair<std::string, Tensor>>& data = {}, const Surroundings& surroundings = {});
/// The same program as text, which `parse` reads back; constants of more than 16 elements by name (`data_beside`).
std::string text(const Program& program);
std::string text(const Function& function);
std::vector<std::pair<std::string, Tensor>> data_beside(const Program& program);
/// nullopt, or the broken rule: variables exist, functions exist, Break and Continue stand in loops, every path of the body ends with Return.
std::optional<std::string> verify(const Program& program);

/// A parameter's types against a call's: what the shape variables are, or a sentence that says what does not fit.
struct Bound {
  std::vector<std::int64_t> sizes;  ///< of Function::sizes
  std::string problem;              ///< empty: fits
};
Bound bind(const Function& function, const std::vector<graph::Type>& types);
/// The same for what is returned by a call with these sizes: "" if the types fit `Function::results`, else the sentence.
std::string check_results(const Function& function, const Bound& bound, const std::vector<graph::Type>& types);
std::string text(const TypePattern& pattern);  ///< "f32[b, 3]"; "" for any type

/// Whether control can reach the end of a body: the last statement does not return, leave a loop, or loop forever.
bool falls_through(const Body& body);
bool falls_through(const Statement& statement);
/// Variables that statements may assign, sorted, each once: what changes in a loop.
std::vector<Var> assigned(const Body& body);
/// Variables that a statement itself reads, in order, each once: of control flow only the condition and what is looped over.
std::vector<Var> read_by(const Statement& statement);

}  // namespace einx::detail::script
