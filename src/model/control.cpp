// einx::cond, einx::while_loop and einx::for_each on values: regions of the recording.
#include <einx/control.h>

#include <algorithm>

#include "api/operands.h"
#include "api/tracing.h"
#include "model/model.h"
#include "model/write.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {
namespace {

using script::Var;

Tape& tape_for(std::string_view function) {
  const std::shared_ptr<Tracing>& tracing = api::current_tracing();
  if (tracing && tracing->tape) return *tracing->tape;
  support::raise<TypeError>({.kind = "operand-kind",
                             .sentence = "einx::" + std::string(function) + " is part of a recorded function (einx::jit, a module); a graph has no branches and loops.",
                             .advice = {"einx::where chooses between values that are both computed."}});
}

const graph::Type& type_of(const Value& value) { return value.tracing()->graph.values.at(std::size_t(value.id())).type; }

std::vector<graph::Type> types_of(std::span<const Value> values) {
  std::vector<graph::Type> types;
  for (const Value& value : values) types.push_back(type_of(value));
  return types;
}

void require_own(const Value& value, std::string_view function) {
  if (value.tracing() != api::current_tracing())
    support::raise<TypeError>({.kind = "operand-kind", .sentence = "einx::" + std::string(function) + " was given a value of another traced function."});
}

/// Known numbers become tensors: what goes through a region is of one type, not weak.
Value settled(const Value& value) { return api::known_number(value) ? convert(value, type_of(value).dtype) : value; }

script::Statement copy_of(Var to, Var from) {
  return {{}, script::Arrange{.kind = script::Arrange::Kind::Copy, .result = to, .arguments = {from}, .integers = {}}};
}

/// A region's statements, the variables of its results and their types.
struct Region {
  script::Body body;
  std::vector<Var> results;
  std::vector<graph::Type> types;
};

/// Closes the region also when its code throws: then the recording knows that something raised.
class Open {
 public:
  explicit Open(Tape& tape) : tape_(tape) { tape_.open(); }
  ~Open() {
    if (!open_) return;
    tape_.close();
    tape_.raised = true;
  }
  Open(const Open&) = delete;
  script::Body close() {
    open_ = false;
    return tape_.close();
  }

 private:
  Tape& tape_;
  bool open_ = true;
};

Region trace_region(Tape& tape, const TraceBody& body, std::span<const Value> operands, std::string_view function) {
  Open open(tape);
  Region region;
  for (const Value& returned : body(operands)) {
    require_own(returned, function);
    const Value value = settled(returned);
    region.results.push_back(tape.variable(value));
    region.types.push_back(type_of(value));
  }
  region.body = open.close();
  return region;
}

std::string types_text(const std::vector<graph::Type>& types) {
  std::vector<std::string> texts;
  for (const graph::Type& type : types) texts.push_back(graph::text(type));
  return types.size() == 1 ? texts[0] : "(" + support::join(texts, ", ") + ")";
}

void require_condition(const Value& value, std::string_view function) {
  require_own(value, function);
  if (support::checked_product(type_of(value).shape).value_or(0) == 1) return;
  support::raise<TypeError>({.kind = "script-condition",
                             .sentence = "The condition of einx::" + std::string(function) + " is one number, but this value is " + graph::text(type_of(value)) + ".",
                             .advice = {"Reduce it first, for instance with any, all or sum."}});
}

/// Values that stand for what a region has left in these variables.
std::vector<Value> outcome(Tape& tape, const std::vector<graph::Type>& types, const std::vector<Var>& variables) {
  std::vector<Value> values;
  for (std::size_t k = 0; k < types.size(); ++k) {
    values.push_back(api::placeholder(api::current_tracing(), types[k]));
    tape.define(values.back(), variables[k]);
  }
  return values;
}

// ---------------------------------------------------------------- loops
/// What a loop carries: a variable each, which the rounds assign again.
struct Carried {
  std::vector<Var> variables;
  std::vector<graph::Type> types;
};

Carried carry(Tape& tape, std::span<const Value> init, std::string_view function) {
  Carried carried;
  for (const Value& given : init) {
    require_own(given, function);
    const Value value = settled(given);
    carried.variables.push_back(tape.fresh());
    carried.types.push_back(graph::make_type(type_of(value).dtype, type_of(value).shape));
    tape.write(copy_of(carried.variables.back(), tape.variable(value)).node);
  }
  return carried;
}

/// The body's results become the next round's: all are read before one is written.
void assign_next(Tape& tape, Region& region, const Carried& carried, std::string_view function) {
  if (region.types != carried.types)
    support::raise<TypeError>({.kind = "operand-kind",
                               .sentence = "The body of einx::" + std::string(function) + " was given " + types_text(carried.types) + " and returns " +
                                           types_text(region.types) + "; every round has the same types.",
                               .advice = {"In a script (docs/scripts.md) a variable may have another type in every round."}});
  std::vector<Var> next;
  for (const Var result : region.results) {
    next.push_back(tape.fresh());
    region.body.push_back(copy_of(next.back(), result));
  }
  for (std::size_t k = 0; k < next.size(); ++k) region.body.push_back(copy_of(carried.variables[k], next[k]));
}

/// The values of one loop are not to be seen outside of it.
class LoopScope {
 public:
  explicit LoopScope(Tape& tape) : tape_(tape) { tape_.open_scope(); }
  ~LoopScope() { tape_.close_scope(); }
  LoopScope(const LoopScope&) = delete;

 private:
  Tape& tape_;
};

}  // namespace

std::vector<Value> trace_cond(const Value& predicate, const TraceBody& then, const TraceBody& otherwise, std::span<const Value> operands) {
  Tape& tape = tape_for("cond");
  require_condition(predicate, "cond");
  for (const Value& operand : operands) require_own(operand, "cond");
  script::If branch{.condition = tape.variable(predicate), .then = {}, .otherwise = {}};
  Region taken = trace_region(tape, then, operands, "cond"), other = trace_region(tape, otherwise, operands, "cond");
  if (taken.types != other.types)
    support::raise<TypeError>({.kind = "operand-kind",
                               .sentence = "The branches of einx::cond return different types: " + types_text(taken.types) + " and " + types_text(other.types) + ".",
                               .advice = {"In a traced function both give values of one type; a script (docs/scripts.md) may return other shapes from its branches."}});
  std::vector<Var> results;
  for (std::size_t k = 0; k < taken.types.size(); ++k) {
    results.push_back(tape.fresh());
    taken.body.push_back(copy_of(results[k], taken.results[k]));
    other.body.push_back(copy_of(results[k], other.results[k]));
  }
  branch.then = std::move(taken.body), branch.otherwise = std::move(other.body);
  tape.write(std::move(branch));
  return outcome(tape, taken.types, results);
}

std::vector<Value> trace_while(const TraceBody& test, const TraceBody& body, std::span<const Value> init) {
  Tape& tape = tape_for("while_loop");
  const Carried carried = carry(tape, init, "while_loop");
  script::While loop;
  {
    const LoopScope scope(tape);
    const std::vector<Value> state = outcome(tape, carried.types, carried.variables);
    const auto condition = [&](std::span<const Value> values) {
      std::vector<Value> made = test(values);
      for (const Value& value : made) require_condition(value, "while_loop");
      return made;
    };
    Region tested = trace_region(tape, condition, state, "while_loop"), next = trace_region(tape, body, state, "while_loop");
    assign_next(tape, next, carried, "while_loop");
    loop = {.test = std::move(tested.body), .condition = tested.results.at(0), .body = std::move(next.body)};
  }
  tape.write(std::move(loop));
  return outcome(tape, carried.types, carried.variables);
}

std::vector<Value> trace_for(const Value& over, const TraceBody& body, std::span<const Value> init) {
  Tape& tape = tape_for("for_each");
  require_own(over, "for_each");
  const graph::Type rows = type_of(over);
  if (rows.shape.empty())
    support::raise<ValueError>({.kind = "bad-view", .sentence = "einx::for_each goes over the rows of a tensor with an axis; this one is a single number."});
  const Carried carried = carry(tape, init, "for_each");
  script::For loop{.item = tape.fresh(), .over = tape.variable(over), .range = false, .body = {}};
  {
    const LoopScope scope(tape);
    std::vector<graph::Type> types = carried.types;
    std::vector<Var> variables = carried.variables;
    types.insert(types.begin(), graph::make_type(rows.dtype, Shape(rows.shape.begin() + 1, rows.shape.end())));
    variables.insert(variables.begin(), loop.item);
    const std::vector<Value> state = outcome(tape, types, variables);
    Region next = trace_region(tape, body, state, "for_each");
    assign_next(tape, next, carried, "for_each");
    loop.body = std::move(next.body);
  }
  tape.write(std::move(loop));
  return outcome(tape, carried.types, carried.variables);
}

// ---------------------------------------------------------------- with tensors
Tensor tensor_from(const Operand& operand) {
  std::vector<Tensor> made = api::operand_tensors(std::span(&operand, 1), "einx::cond, einx::while_loop or einx::for_each");
  return std::move(made.at(0));
}

bool is_true(const Operand& operand) { return model::truth(model::read_number(tensor_from(operand))); }

std::int64_t row_count(const Tensor& x) {
  if (x.rank() > 0) return x.shape()[0];
  support::raise<ValueError>({.kind = "bad-view", .sentence = "einx::for_each goes over the rows of a tensor with an axis; this one is a single number."});
}

Tensor row_of(const Tensor& x, std::int64_t k) { return x.sliced(0, k, k + 1).reshaped(Shape(x.shape().begin() + 1, x.shape().end())); }

}  // namespace einx::detail
