// The graph that a traced function is writing, and beside it the statements of its recording. A second front door of the api layer, for the model layer.
#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "api/api.h"
#include "passes/passes.h"
#include "script/script.h"

namespace einx::detail {

/// What a traced function does, written down as statements without shapes: every call of the library where its code makes it (what such a call does inside is not).
class Tape {
 public:
  /// The name of a tensor of the program's; none: it is a constant.
  std::function<std::optional<std::string>(const Tensor&)> name_of;
  /// A value for the example operands; not set without examples.
  std::function<Tensor(const Value&)> example;
  script::Function function;
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, Tensor>> tensors;  ///< named ones that were used: parameters of the graph, behind the operands
  bool placeholders = false;                            ///< the graph has values that it does not compute: results of regions and of other functions
  bool computed_sizes = false;                          ///< the graph's types depend on the examples' values
  bool raised = false;                                  ///< something raised that the code may have caught: then it looked at everything

  /// The variable of a value. Raises TypeError "operand-kind" for one that was made in a region that has ended.
  script::Var variable(const Value& value) const;
  /// A new variable, of the innermost region, for a value.
  script::Var define(const Value& value);
  void define(const Value& value, script::Var variable);
  bool knows(const Value& value) const { return places_.contains(value.id()); }
  script::Var fresh(char kind = 'v');
  void write(decltype(script::Statement::node) node) { bodies_.back().push_back({{}, std::move(node)}); }
  /// A new operand of the function.
  void parameter(const Value& value, const graph::Type& type);
  /// The code has seen a size (or the rank: -1, the dtype: -2, a number: -3), and may have decided by it.
  void looked(const Value& value, int axis, std::int64_t found);

  /// Between them, what is written belongs to the region. `scope` alone: values are of the region, statements stay where they were.
  void open_scope() { scopes_.push_back(++last_scope_); }
  void close_scope() { scopes_.pop_back(); }
  void open() { open_scope(), bodies_.emplace_back(); }
  script::Body close();
  bool in_region() const { return scopes_.size() > 1; }
  /// The function's body with everything that was assumed.
  script::Body finish();
  const std::vector<script::Body>& bodies() const { return bodies_; }

 private:
  struct Place {
    script::Var variable = -1;
    int scope = 0;
  };
  bool open_now(int scope) const { return std::ranges::find(scopes_, scope) != scopes_.end(); }
  std::map<int, Place> places_;  ///< by the value's id
  std::vector<std::pair<script::Var, Shape>> parameters_;
  std::vector<script::Body> bodies_ = std::vector<script::Body>(1);
  std::vector<int> scopes_ = {0};
  int last_scope_ = 0;
  std::set<std::tuple<script::Var, int, int>> looked_;  ///< variable, axis, scope
};

struct Tracing {
  graph::Graph graph;
  std::map<int, script::Number> numbers;  ///< values that are sizes or made of sizes: known, and weak as plain numbers are
  std::optional<Tape> tape;               ///< nothing is recorded without
};

namespace api {

/// The trace that this thread is writing, innermost: where einx::constant puts its values. Null outside of traced functions.
const std::shared_ptr<Tracing>& current_tracing();

/// Runs a body on parameters of these types and gives the graph it wrote, named `name`. Values of another trace among its results raise TypeError "operand-kind" with
/// this sentence; whatever the body throws passes.
graph::Graph write_graph(std::string_view name, std::span<const graph::Type> types, const TraceBody& body,
                         std::string_view foreign);
/// The same into a trace that may have a tape.
void trace_into(const std::shared_ptr<Tracing>& tracing, std::string_view name, std::span<const graph::Type> types, const TraceBody& body, std::string_view foreign);

using TracedFunction = std::function<Value(std::span<const Value>)>;

/// The same for the function of an operation of the user's, with one result. What is not of einx that it throws is a CallOperationError "runtime" with the
/// operation's name.
graph::Graph traced(std::string_view op, const TracedFunction& function, std::span<const graph::Type> types);

/// A constant of the graph for an operand that is no value yet; a number has this dtype. Raises TypeError "operand-kind" for operands without data.
graph::ValueId add_constant(graph::Graph& graph, const Operand& operand, DType dtype);

/// For layers above: what optimizing.h and operands.h say.
passes::OptimizeOptions optimize_options(const OptimizeOptions& options);
graph::Type type_of(const Spec& spec, const std::string& which);
// ---------------------------------------------------------------- recording
/// While the library itself works with values, nothing is recorded and nobody looks.
class Inside {
 public:
  Inside();
  ~Inside();
  Inside(const Inside&) = delete;
};
bool inside();
int& inside_depth();  ///< of this thread: traces begin outside

/// The tape that is being written with these values; null if there is none, or if the library itself is at work.
Tape* tape_of(const Value& value);
Tape* tape_of(std::span<const Operand> operands);
/// A value that stands for something that the graph does not compute.
Value placeholder(const std::shared_ptr<Tracing>& tracing, graph::Type type);
/// The same elements as a value of its own.
Value distinct(const Value& value);
/// The known number that a value is.
std::optional<script::Number> known_number(const Value& value);
/// Operands with plain numbers in the place of values that are known numbers, unless there is nothing else.
std::vector<Operand> with_weak_numbers(std::span<const Operand> operands);
/// What the tape calls this operand; `constant`: its copy in the graph, if it is a tensor.
script::Argument argument_of(Tape& tape, const Operand& operand, const Tensor& constant);
/// Arithmetic of numbers that are known; nothing if an operand is none.
std::optional<script::Number> folded(std::string_view op, std::span<const Operand> operands);
/// A known number as a value of this trace.
Value number_value(const std::shared_ptr<Tracing>& tracing, script::Number known);

/// Makes a value of others in one step of the recording. `make` works inside.
template <class Make>
Value arranged(script::Arrange::Kind kind, std::span<const Value> operands, std::vector<std::optional<script::Integer>> integers, Make make);
Value write_arranged(script::Arrange::Kind kind, std::span<const Value> operands, std::vector<std::optional<script::Integer>> integers, Value made);
/// Notes what raises while a tape is written: the code may catch it.
template <class Make>
auto noting(Tape* tape, Make make) {
  try {
    const Inside scope;
    return make();
  } catch (...) {
    if (tape) tape->raised = true;
    throw;
  }
}
template <class Make>
Value arranged(script::Arrange::Kind kind, std::span<const Value> operands, std::vector<std::optional<script::Integer>> integers, Make make) {
  if (inside()) return make();
  return write_arranged(kind, operands, std::move(integers), noting(operands.empty() ? nullptr : tape_of(operands[0]), make));
}

}  // namespace api
}  // namespace einx::detail
