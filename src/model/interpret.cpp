// Programs run statement by statement with tensors in hand: what every faster way is compared with, and what
// EINX_JIT=0 runs.
#include <algorithm>
#include <map>

#include "api/tracing.h"
#include "model/model.h"
#include "model/write.h"
#include "reference/reference.h"
#include "support/support.h"

namespace einx::detail::model {
namespace {

using script::Argument;
using script::Body;
using script::Number;
using script::Statement;
using script::Var;

/// What a variable holds: nothing yet, a number (always known here), a tensor (which nothing writes to).
using Cell = std::variant<std::monostate, Number, Tensor>;

graph::Type type_of(const Tensor& tensor) {
  return graph::make_type(tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end()),
                          Shape(tensor.strides().begin(), tensor.strides().end()));
}
graph::Type type_of(const Cell& cell) {
  const auto* number = std::get_if<Number>(&cell);
  return type_of(number ? tensor_of(*number) : std::get<Tensor>(cell));
}
std::vector<graph::Type> types_of(const std::vector<Cell>& cells) {
  std::vector<graph::Type> types;
  for (const Cell& cell : cells) types.push_back(type_of(cell));
  return types;
}

Number number_in(const Cell& cell) {
  const auto* number = std::get_if<Number>(&cell);
  return number ? *number : read_number(std::get<Tensor>(cell));
}

/// An operand or result that is declared: numbers take the declared dtype if it is of their kind.
Cell declared(const Cell& cell, const script::TypePattern& type) {
  const auto* number = std::get_if<Number>(&cell);
  if (!number) return cell;
  const Tensor weak = tensor_of(*number);
  const DType dtype = declared_dtype(weak.dtype(), type);
  if (dtype == weak.dtype()) return cell;
  const Tensor converted = weak.cast(dtype);
  if (dtype == DType::i64 || dtype == DType::f64) return read_number(converted);
  return converted;
}

[[noreturn]] void wrong_signature(const std::string& problem) {
  support::raise<ValueError>({.kind = "script-signature", .sentence = problem});
}

/// One call of a function: its variables, and what it returns.
struct Activation {
  const script::Function& function;
  std::vector<Cell> cells;
  std::vector<Cell> returned;
};

enum class Next {
  Statement,
  Round,
  Exit,
  Caller
};  ///< what runs next: Round and Exit are of the innermost loop

class Interpreter {
 public:
  explicit Interpreter(const script::Program& program) : program_(program) {}
  std::vector<Cell> call(const std::string& name, std::vector<Cell> operands);

 private:
  script::FunctionPtr function(const std::string& name, const std::vector<Cell>& operands);
  Next run(const Body& body, Activation& in);
  Next run(const Statement& statement, Activation& in);
  Next run_while(const Statement& statement, const script::While& loop, Activation& in);
  Next run_for(const Statement& statement, const script::For& loop, Activation& in);
  void invoke(const script::Invoke& invoke, Activation& in);
  void operate(const Statement& statement, Activation& in);
  Cell read(const Argument& argument, const Activation& in) const;
  const Tensor& parameter(const std::string& name) const;
  template <class F>
  auto at(const Statement& statement, const F& work) const;

  const script::Program& program_;
  int depth_ = 0;
  std::map<std::string, std::vector<std::pair<std::vector<graph::Type>, script::FunctionPtr>>> traced_;
};

/// Does a statement's own work; what it raises names its place. The bodies of control flow run outside of it.
template <class F>
auto Interpreter::at(const Statement& statement, const F& work) const {
  try {
    return work();
  } catch (const Error& error) {
    raise_at(error, statement.place, program_);
  }
}

Cell Interpreter::read(const Argument& argument, const Activation& in) const {
  if (const auto* literal = std::get_if<Number>(&argument)) return *literal;
  const auto variable = std::size_t(std::get<Var>(argument));
  const Cell& cell = in.cells.at(variable);
  if (cell.index() > 0) return cell;
  const Frame unset{.slots = std::vector<Slot>(variable + 1), .names = &in.function.variables};
  slot_of(argument, unset);
  support::internal_error("an unset variable cannot be read");
}

const Tensor& Interpreter::parameter(const std::string& name) const {
  for (const auto& [known, tensor] : program_.tensors)
    if (known == name) return tensor;
  support::raise<ValueError>(
      {.kind = "script-variable", .sentence = "The program has no tensor '" + name + "'."});
}

// ---------------------------------------------------------------- operations
/// The values of the tensors that a statement reads, while it is written.
Frame frame_of(const std::vector<Var>& reads, const Activation& in, std::span<const Value> values) {
  Frame frame{.slots = std::vector<Slot>(in.cells.size()), .names = &in.function.variables};
  auto value = values.begin();
  for (const Var variable : reads) {
    const Cell& cell = in.cells[std::size_t(variable)];
    if (const auto* known = std::get_if<Number>(&cell))
      frame.slots[std::size_t(variable)] = number(*known);
    else if (cell.index() > 0)
      frame.slots[std::size_t(variable)] = tensor(*value++);
  }
  return frame;
}

void Interpreter::operate(const Statement& statement, Activation& in) {
  const std::vector<Var> reads = script::read_by(statement), writes = script::assigned({statement});
  std::vector<Tensor> operands;
  std::vector<graph::Type> types;
  for (const Var variable : reads)
    if (const auto* operand = std::get_if<Tensor>(&in.cells[std::size_t(variable)])) {
      operands.push_back(*operand);
      types.push_back(
          graph::make_type(operand->dtype(), Shape(operand->shape().begin(), operand->shape().end())));
    }
  std::vector<Slot> made;
  const auto body = [&](std::span<const Value> values) {
    Frame frame = frame_of(reads, in, values);
    frame.parameter = [&](const std::string& name) { return constant(parameter(name)); };
    while (const std::optional<Var> variable = wanted(statement, frame))
      frame.slots[std::size_t(*variable)].known = number_in(in.cells[std::size_t(*variable)]);
    if (const auto* assume = std::get_if<script::Assume>(&statement.node); assume && broken(*assume, frame))
      throw BrokenAssumption{*assume};
    write(statement, frame);
    std::vector<Value> results;
    for (const Var variable : writes) {
      made.push_back(frame.slots[std::size_t(variable)]);
      if (!made.back().known) results.push_back(value_of(made.back(), frame));
    }
    return results;
  };
  const graph::Graph graph = api::write_graph("statement", types, body, "");
  const std::vector<Tensor> results = reference::run(graph, operands);
  auto result = results.begin();
  for (std::size_t k = 0; k < writes.size(); ++k) {
    Cell& cell = in.cells[std::size_t(writes[k])];
    if (made[k].known)
      cell = *made[k].known;
    else if (made[k].kind == Slot::Kind::Number)
      cell = read_number(*result++);
    else
      cell = *result++;
  }
}

// ---------------------------------------------------------------- control flow
Next Interpreter::run_while(const Statement& statement, const script::While& loop, Activation& in) {
  while (true) {
    if (const Next next = run(loop.test, in); next != Next::Statement) return next;
    if (!at(statement, [&] { return truth(number_in(read(loop.condition, in))); })) return Next::Statement;
    const Next next = run(loop.body, in);
    if (next == Next::Exit) return Next::Statement;
    if (next == Next::Caller) return next;
  }
}

/// The rows, or what is counted.
struct Rounds {
  std::int64_t count = 0;
  std::function<Cell(std::int64_t)> item;
};
Rounds rounds_of(const script::For& loop, const Cell& over) {
  if (loop.range) return {whole_number(number_in(over)), [](std::int64_t k) { return Cell(Number(k)); }};
  const auto* known = std::get_if<Number>(&over);
  const Tensor rows = known ? tensor_of(*known) : std::get<Tensor>(over);
  if (rows.rank() == 0)
    support::raise<ValueError>(
        {.kind = "bad-view",
         .sentence = "A loop over rows needs a tensor with an axis; this one is a single number."});
  const Shape shape(rows.shape().begin() + 1, rows.shape().end());
  return {rows.shape()[0],
          [=](std::int64_t k) { return Cell(rows.sliced(0, k, k + 1).clone().reshaped(shape)); }};
}

Next Interpreter::run_for(const Statement& statement, const script::For& loop, Activation& in) {
  const Rounds rounds = at(statement, [&] { return rounds_of(loop, read(loop.over, in)); });
  for (std::int64_t k = 0; k < rounds.count; ++k) {
    in.cells[std::size_t(loop.item)] = rounds.item(k);
    const Next next = run(loop.body, in);
    if (next == Next::Exit) return Next::Statement;
    if (next == Next::Caller) return next;
  }
  return Next::Statement;
}

Next Interpreter::run(const Statement& statement, Activation& in) {
  return support::match(
      statement.node,
      [&](const script::If& branch) {
        const bool taken = at(statement, [&] { return truth(number_in(read(branch.condition, in))); });
        return run(taken ? branch.then : branch.otherwise, in);
      },
      [&](const script::While& loop) { return run_while(statement, loop, in); },
      [&](const script::For& loop) { return run_for(statement, loop, in); },  //
      [](const script::Break&) { return Next::Exit; },                        //
      [](const script::Continue&) { return Next::Round; },
      [&](const script::Return& result) {
        at(statement, [&] {
          for (const Argument& argument : result.values) in.returned.push_back(read(argument, in));
        });
        return Next::Caller;
      },
      [&](const script::Invoke& invoked) {
        at(statement, [&] { invoke(invoked, in); });
        return Next::Statement;
      },
      [&](const auto&) {
        at(statement, [&] { operate(statement, in); });
        return Next::Statement;
      });
}

Next Interpreter::run(const Body& body, Activation& in) {
  for (const Statement& statement : body)
    if (const Next next = run(statement, in); next != Next::Statement) return next;
  return Next::Statement;
}

// ---------------------------------------------------------------- functions
script::FunctionPtr Interpreter::function(const std::string& name, const std::vector<Cell>& operands) {
  const auto found =
      std::ranges::find(program_.functions, name, [](const auto& entry) { return entry.first; });
  if (found == program_.functions.end())
    support::raise<ValueError>(
        {.kind = "bad-parameter", .sentence = "The program has no function '" + name + "'."});
  if (const auto* written = std::get_if<script::FunctionPtr>(&found->second)) return *written;
  const std::vector<graph::Type> types = types_of(operands);
  for (const auto& [known, traced] : traced_[name])
    if (known == types) return traced;
  script::FunctionPtr traced = std::get<script::Traceable>(found->second)(types);
  traced_[name].emplace_back(types, traced);
  return traced;
}

void Interpreter::invoke(const script::Invoke& invoke, Activation& in) {
  std::vector<Cell> operands;
  for (const Argument& argument : invoke.arguments) operands.push_back(read(argument, in));
  std::vector<Cell> results = call(invoke.function, std::move(operands));
  if (results.size() != invoke.results.size())
    wrong_signature(invoke.function + " returns " + std::to_string(results.size()) + " results here, but " +
                    std::to_string(invoke.results.size()) + " are taken.");
  for (std::size_t k = 0; k < results.size(); ++k)
    in.cells[std::size_t(invoke.results[k])] = std::move(results[k]);
}

std::vector<Cell> Interpreter::call(const std::string& name, std::vector<Cell> operands) {
  if (depth_ >= kMaxDepth) too_deep(name);
  const script::FunctionPtr written = function(name, operands);
  const script::Function& callee = *written;
  for (std::size_t k = 0; k < operands.size() && k < callee.parameters.size(); ++k)
    operands[k] = declared(operands[k], callee.parameters[k].type);
  const script::Bound bound = script::bind(callee, types_of(operands));
  if (!bound.problem.empty()) wrong_signature(bound.problem);
  Activation in{callee, std::vector<Cell>(callee.variables.size()), {}};
  for (std::size_t k = 0; k < operands.size(); ++k)
    in.cells[std::size_t(callee.parameters[k].variable)] = std::move(operands[k]);
  for (std::size_t k = 0; k < callee.sizes.size(); ++k)
    in.cells[std::size_t(callee.sizes[k])] = Number(bound.sizes[k]);

  struct Deeper {
    int& depth;
    explicit Deeper(int& d) : depth(d) { ++depth; }
    ~Deeper() { --depth; }
  } const deeper(depth_);
  if (run(callee.body, in) != Next::Caller)
    support::internal_error("every path of a function ends with return");
  if (callee.results)
    for (std::size_t k = 0; k < in.returned.size() && k < callee.results->size(); ++k)
      in.returned[k] = declared(in.returned[k], (*callee.results)[k]);
  if (const std::string problem = script::check_results(callee, bound, types_of(in.returned));
      !problem.empty())
    wrong_signature(problem);
  return std::move(in.returned);
}

}  // namespace

std::vector<Tensor> interpret(const script::Program& program, std::string_view function,
                              std::span<const Tensor> operands) {
  std::vector<Cell> cells;
  for (const Tensor& operand : operands) {
    if (!operand.defined())
      support::raise<TypeError>(
          {.kind = "operand-kind",
           .sentence = "An undefined tensor was given to " + std::string(function) + "."});
    cells.emplace_back(operand);
  }
  std::vector<Tensor> results;
  for (const Cell& cell : Interpreter(program).call(std::string(function), std::move(cells))) {
    const auto* known = std::get_if<Number>(&cell);
    results.push_back(
        known ? tensor_of(*known)
              : std::get<Tensor>(cell).clone());  // it may be an operand, or a tensor of the program's
  }
  return results;
}

}  // namespace einx::detail::model
