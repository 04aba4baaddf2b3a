#include "model/advance.h"

#include <algorithm>
#include <map>

#include "api/api.h"
#include "api/tracing.h"
#include "cache/cache.h"
#include "model/model.h"
#include "reference/reference.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::model {
namespace {

using script::Number;
using script::Var;

/// A variable with its value in hand. Numbers that are not known to other versions are tensors here, too, so
/// that what is known stays the same.
struct Cell {
  Slot::Kind kind = Slot::Kind::Unset;
  Tensor tensor;
  std::optional<Number> known;
  int fixed = -1;
};

struct Activation {
  LinearPtr code;
  int pc = 0;
  std::shared_ptr<const script::Bound> bound;
  std::vector<Cell> cells;
};

graph::Type type_of(const Tensor& tensor) {
  return graph::make_type(tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end()),
                          Shape(tensor.strides().begin(), tensor.strides().end()));
}
Tensor tensor_in(const Cell& cell) {
  return cell.tensor.defined() ? cell.tensor : tensor_of(cell.known.value());
}
Number number_in(const Cell& cell) { return cell.known ? *cell.known : read_number(cell.tensor); }

/// Combinations of axes that the nodes go over: what the interpreter takes a step for.
double work(const graph::Graph& graph) {
  double steps = 0;
  for (const graph::Node& node : graph.nodes) {
    double all = 1;
    for (const auto& axis : node.expr.axes) all *= double(axis.size);
    steps += all;
  }
  return steps;
}

/// Small ones are interpreted, so that sizes that never come again are not compiled for; others are compiled
/// into the cache of calls, which is bounded.
std::vector<Tensor> run_graph(const graph::Graph& graph, std::span<const Tensor> operands) {
  constexpr double kInterpreted = 20'000;
  if (!api::default_options().jit || work(graph) < kInterpreted || !graph::data_beside(graph).empty())
    return reference::run(graph, operands);
  cache::KeyBuilder key;
  key.text("(statement)");
  key.text(graph::text(graph));
  const auto entry = cache::signatures().find_or_make(
      key.view(), [&]() -> cache::Table::Entry { return api::compile(graph); });
  return api::run(*std::static_pointer_cast<const api::Executable>(entry), operands);
}

class Advance {
 public:
  Advance(const Surroundings& in, const State& start, std::vector<Tensor> values) : in_(in) {
    for (const FrameState& state : start.frames) {
      Activation frame{state.code, state.pc, state.bound, std::vector<Cell>(state.slots.size())};
      for (std::size_t v = 0; v < state.slots.size(); ++v) {
        const SlotState& slot = state.slots[v];
        Cell& cell = frame.cells[v];
        cell.kind = slot.kind;
        cell.known = slot.known;
        if (slot.value < 0) continue;
        cell.tensor = values.at(std::size_t(slot.value));
        cell.fixed = start.values[std::size_t(slot.value)].fixed;
      }
      frames_.push_back(std::move(frame));
    }
  }

  Advanced run() {
    for (bool first = true; !ended_; first = false) {
      Activation& top = frames_.back();
      const Instruction& next = top.code->code.at(std::size_t(top.pc));
      if (!first && std::holds_alternative<Join>(next.work)) break;
      place_ = next.place;
      try {
        support::match(next.work, [&](const auto& work) { run(top, work); });
      } catch (const Error& error) {
        raise_at(error, place_, in_.program);
      }
    }
    if (!out_.results) write_state();
    return std::move(out_);
  }

 private:
  // ---------------------------------------------------------------- back to states
  void write_state() {
    std::map<std::pair<const void*, const void*>, int> numbers;
    Activation& top = frames_.back();
    const Join* join = settle(*top.code, top.pc);
    for (std::size_t depth = 0; depth < frames_.size(); ++depth) {
      const Activation& frame = frames_[depth];
      const bool innermost = depth + 1 == frames_.size();
      FrameState state{frame.code, frame.pc, frame.bound, std::vector<SlotState>(frame.cells.size())};
      for (std::size_t v = 0; v < frame.cells.size(); ++v) {
        const Cell& cell = frame.cells[v];
        if (cell.kind == Slot::Kind::Unset || !is_live(*frame.code, frame.pc, !innermost, v)) continue;
        const bool changes =
            innermost && join && std::ranges::find(join->assigned, Var(v)) != join->assigned.end();
        state.slots[v] = slot_state(cell, changes, changes && forgets(*join, *frame.code, Var(v)));
      }
      out_.state.frames.push_back(std::move(state));
    }
  }
  SlotState slot_state(const Cell& cell, bool changes, bool forget) {
    SlotState slot{cell.kind, -1, cell.known};
    if (cell.kind == Slot::Kind::Number && cell.known && !forget) return slot;
    if (forget) slot.known.reset();
    const Tensor tensor = tensor_in(cell);
    const int fixed = changes ? -1 : cell.fixed;
    const graph::Type type = type_of(tensor);
    for (std::size_t k = 0; k < out_.values.size() && !changes; ++k) {
      const bool same = out_.values[k].data() == tensor.data() && out_.state.values[k].type == type &&
                        out_.state.values[k].fixed == fixed;
      if (!same || !shared_[k] || tensor.size() == 0) continue;
      slot.value = int(k);
      return slot;
    }
    slot.value = int(out_.values.size());
    out_.state.values.push_back({type, fixed});
    out_.values.push_back(tensor);
    shared_.push_back(!changes);
    return slot;
  }

  // ---------------------------------------------------------------- statements
  void run(Activation& top, const Jump& jump) { top.pc = jump.to; }
  void run(Activation& top, const Join&) { ++top.pc; }
  void run(Activation& top, const Write& work) {
    const script::Statement& statement = *work.statement;
    if (const auto* constant = std::get_if<script::Constant>(&statement.node))
      top.cells[std::size_t(constant->result)] = {
          Slot::Kind::Tensor, constant->data, {}, in_.fixed_constant(constant->data)};
    else if (const auto* parameter = std::get_if<script::Parameter>(&statement.node))
      take_parameter(top, *parameter);
    else
      operate(top, statement);
    ++top.pc;
  }
  void take_parameter(Activation& top, const script::Parameter& parameter) {
    for (const auto& [name, tensor] : in_.program.tensors)
      if (name == parameter.name) {
        const int fixed = in_.fold_constants ? in_.fixed_constant(tensor) : in_.fixed_tensor(name);
        top.cells[std::size_t(parameter.result)] = {Slot::Kind::Tensor, tensor, {}, fixed};
        return;
      }
    support::raise<ValueError>(
        {.kind = "script-variable", .sentence = "The program has no tensor '" + parameter.name + "'."});
  }

  void operate(Activation& top, const script::Statement& statement) {
    const std::vector<Var> reads = script::read_by(statement), writes = script::assigned({statement});
    std::vector<Tensor> operands;
    std::vector<graph::Type> types;
    std::vector<Var> given;
    for (const Var variable : reads) {
      const Cell& cell = top.cells[std::size_t(variable)];
      if (!cell.tensor.defined()) continue;
      given.push_back(variable);
      operands.push_back(cell.tensor);
      types.push_back(type_of(cell.tensor));
    }
    std::vector<Slot> made;
    std::vector<int> copied;  // of each result: the operand that it is, or -1
    const auto body = [&](std::span<const Value> values) {
      Frame frame{.slots = std::vector<Slot>(top.cells.size()), .names = &top.code->names};
      for (const Var variable : reads) {
        const Cell& cell = top.cells[std::size_t(variable)];
        frame.slots[std::size_t(variable)] = {cell.kind, {}, cell.known};
      }
      for (std::size_t k = 0; k < given.size(); ++k) frame.slots[std::size_t(given[k])].value = values[k];
      while (const std::optional<Var> variable = wanted(statement, frame)) {
        frame.slots[std::size_t(*variable)].known = number_in(top.cells[std::size_t(*variable)]);
        ended_ = true;
      }
      if (const auto* assume = std::get_if<script::Assume>(&statement.node); assume && broken(*assume, frame))
        throw BrokenAssumption{*assume};
      write(statement, frame);
      std::vector<Value> results;
      for (const Var variable : writes) {
        const Slot& slot = made.emplace_back(frame.slots[std::size_t(variable)]);
        const auto same = std::ranges::find_if(
            values, [&](const Value& value) { return slot.value && value.id() == slot.value->id(); });
        copied.push_back(same == values.end() ? -1 : int(same - values.begin()));
        if (slot.value && copied.back() < 0) results.push_back(*slot.value);
      }
      return results;
    };
    const graph::Graph graph = api::write_graph("statement", types, body, "");
    const std::vector<Tensor> results =
        graph.results.empty() ? std::vector<Tensor>() : run_graph(graph, operands);
    auto result = results.begin();
    for (std::size_t k = 0; k < writes.size(); ++k) {
      Cell cell{made[k].kind, {}, made[k].known, -1};
      if (copied[k] >= 0)
        cell = top.cells[std::size_t(given[std::size_t(copied[k])])];
      else if (made[k].value)
        cell.tensor = *result++;
      top.cells[std::size_t(writes[k])] = std::move(cell);
    }
  }

  Cell read(const Activation& top, const script::Argument& argument) const {
    if (const auto* literal = std::get_if<Number>(&argument)) return {Slot::Kind::Number, {}, *literal, -1};
    const auto variable = std::size_t(std::get<Var>(argument));
    const Cell& cell = top.cells.at(variable);
    if (cell.kind == Slot::Kind::Unset)
      slot_of(argument, {.slots = std::vector<Slot>(variable + 1), .names = &top.code->names});
    return cell;
  }
  void run(Activation& top, const Branch& branch) {
    top.pc = truth(number_in(read(top, branch.condition))) ? top.pc + 1 : branch.otherwise;
    ended_ = true;
  }
  void run(Activation& top, const Count& count) {
    const Cell over = read(top, count.over);
    const Number whole = whole_number(number_in(over));
    top.cells[std::size_t(count.result)] = over.known ? Cell{Slot::Kind::Number, {}, whole, -1}
                                                      : Cell{Slot::Kind::Number, tensor_of(whole), {}, -1};
    ++top.pc;
  }
  void run(Activation& top, const Rows& rows) {
    const Cell over = read(top, rows.over);
    require_rows(std::size_t(tensor_in(over).rank()));
    top.cells[std::size_t(rows.result)] = over;
    ++top.pc;
  }

  // ---------------------------------------------------------------- functions
  Cell declared(const Cell& cell, const script::TypePattern& type) const {
    if (cell.kind != Slot::Kind::Number) return cell;
    const Tensor weak = tensor_in(cell);
    const DType dtype = declared_dtype(weak.dtype(), type);
    if (dtype == weak.dtype()) return cell;
    const Tensor converted = weak.cast(dtype);
    if (dtype != DType::i64 && dtype != DType::f64) return {Slot::Kind::Tensor, converted, {}, -1};
    if (cell.known) return {Slot::Kind::Number, {}, read_number(converted), -1};
    return {Slot::Kind::Number, converted, {}, -1};
  }
  static std::vector<graph::Type> types_of(const std::vector<Cell>& cells) {
    std::vector<graph::Type> types;
    for (const Cell& cell : cells) types.push_back(type_of(tensor_in(cell)));
    return types;
  }
  void run(Activation& caller, const script::Invoke* invoke) {
    std::vector<Cell> operands;
    for (const script::Argument& argument : invoke->arguments) operands.push_back(read(caller, argument));
    if (frames_.size() >= std::size_t(kMaxDepth)) too_deep(invoke->function);
    const LinearPtr code = in_.function(invoke->function, types_of(operands));
    const script::Function& callee = *code->function;
    for (std::size_t k = 0; k < operands.size() && k < callee.parameters.size(); ++k)
      operands[k] = declared(operands[k], callee.parameters[k].type);
    auto bound = std::make_shared<const script::Bound>(script::bind(callee, types_of(operands)));
    if (!bound->problem.empty()) wrong_signature(bound->problem);
    Activation active{code, 0, bound, std::vector<Cell>(code->names.size())};
    for (std::size_t k = 0; k < operands.size(); ++k)
      active.cells[std::size_t(callee.parameters[k].variable)] = operands[k];
    for (std::size_t k = 0; k < callee.sizes.size(); ++k)
      active.cells[std::size_t(callee.sizes[k])] = {Slot::Kind::Number, {}, Number(bound->sizes[k]), -1};
    ++caller.pc;
    frames_.push_back(std::move(active));
  }
  void run(Activation& top, const script::Return* result) {
    std::vector<Cell> returned;
    for (const script::Argument& argument : result->values) returned.push_back(read(top, argument));
    const script::Function& callee = *top.code->function;
    const script::Invoke* invoke = nullptr;
    place_ = {};
    if (frames_.size() > 1) {
      const Activation& caller = frames_[frames_.size() - 2];
      const Instruction& call = caller.code->code[std::size_t(caller.pc) - 1];
      invoke = std::get<const script::Invoke*>(call.work);
      place_ = call.place;
    }
    for (std::size_t k = 0; k < returned.size() && callee.results && k < callee.results->size(); ++k)
      returned[k] = declared(returned[k], (*callee.results)[k]);
    const std::string problem = script::check_results(callee, *top.bound, types_of(returned));
    if (!problem.empty()) wrong_signature(problem);
    if (!invoke) {
      out_.results.emplace();
      for (const Cell& cell : returned) out_.results->push_back(tensor_in(cell).clone());
      ended_ = true;
      return;
    }
    if (returned.size() != invoke->results.size()) wrong_signature(wrong_results(*invoke, returned.size()));
    frames_.pop_back();
    for (std::size_t k = 0; k < returned.size(); ++k)
      frames_.back().cells[std::size_t(invoke->results[k])] = returned[k];
  }

  const Surroundings& in_;
  std::vector<Activation> frames_;
  std::vector<bool> shared_;
  Advanced out_;
  script::Place place_;
  bool ended_ = false;
};

}  // namespace

Advanced advance(const Surroundings& in, const State& start, std::vector<Tensor> values) {
  return Advance(in, start, std::move(values)).run();
}

}  // namespace einx::detail::model
