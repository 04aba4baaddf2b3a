// Statements at known types, one after the other, until control needs to know more than types.
#include "model/block.h"

#include <algorithm>
#include <map>

#include "api/tracing.h"
#include "model/model.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::model {
namespace {

using script::Number;
using script::Var;

constexpr int kMostInstructions = 2000;  ///< of one block

/// A frame while its statements are written.
struct Active {
  LinearPtr code;
  int pc = 0;
  std::shared_ptr<const script::Bound> bound;
  Frame frame;
  std::vector<int> decided;  ///< joins of branches whose condition was known: only one way leads there
};

class Writer {
 public:
  Writer(const Surroundings& in, const State& start) : in_(in), start_(start) {}

  Block run() {
    std::vector<graph::Type> types;
    for (const ValueState& value : start_.values) types.push_back(value.type);
    const auto body = [&](std::span<const Value> parameters) {
      open(parameters);
      while (!ended_) step();
      keep_checks();
      return results_;
    };
    block_.graph = api::write_graph("block", types, body, "");
    return std::move(block_);
  }

 private:
  // ---------------------------------------------------------------- values
  graph::Graph& graph() const { return api::current_tracing()->graph; }
  const graph::Type& type_of(const Value& value) const {
    return graph().values.at(std::size_t(value.id())).type;
  }
  graph::Type type_of(const Slot& slot) const {
    if (slot.value) return type_of(*slot.value);
    return graph::make_type(tensor_of(slot.known.value()).dtype(), {});
  }

  void open(std::span<const Value> parameters) {
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      const int fixed = start_.values[k].fixed;
      const Source source =
          fixed >= 0 ? Source{Source::Kind::Fixed, fixed, {}} : Source{Source::Kind::Param, int(k), {}};
      given_[parameters[k].id()] = source;
      block_.parameters.push_back(source);
      if (fixed >= 0) fixed_.emplace(fixed, parameters[k]);
    }
    for (const FrameState& state : start_.frames) {
      Active active{state.code, state.pc, state.bound, new_frame(*state.code), {}};
      for (std::size_t v = 0; v < state.slots.size(); ++v)
        active.frame.slots[v] = slot_of_state(state.slots[v], parameters);
      frames_.push_back(std::move(active));
    }
  }
  Slot slot_of_state(const SlotState& state, std::span<const Value> parameters) const {
    Slot slot{state.kind, {}, state.known};
    const bool number =
        state.kind == Slot::Kind::Number && state.known;  // then it is known, and nothing else
    if (state.value >= 0 && !number) slot.value = parameters[std::size_t(state.value)];
    return slot;
  }
  Frame new_frame(const Linear& code) {
    Frame frame;
    frame.slots.resize(code.names.size());
    frame.parameter = [this](const std::string& name) { return program_tensor(name); };
    frame.names = &code.names;
    return frame;
  }
  Value program_tensor(const std::string& name) {
    const auto& tensors = in_.program.tensors;
    const auto found = std::ranges::find(tensors, name, [](const auto& entry) { return entry.first; });
    if (found == tensors.end())
      support::raise<ValueError>(
          {.kind = "script-variable", .sentence = "The program has no tensor '" + name + "'."});
    if (in_.fold_constants) return constant(found->second);
    const int fixed = in_.fixed_tensor(name);
    if (const auto known = fixed_.find(fixed); known != fixed_.end()) return known->second;
    const Value value(api::current_tracing(), graph::add_parameter(graph(), in_.type_of_fixed(fixed)));
    given_[value.id()] = {Source::Kind::Fixed, fixed, {}};
    block_.parameters.push_back(given_[value.id()]);
    return fixed_.emplace(fixed, value).first->second;
  }

  Source source_of(const Value& value) {
    if (const auto found = given_.find(value.id()); found != given_.end()) return found->second;
    const auto& constants = graph().constants;
    const auto known = std::ranges::find(constants, value.id(), &graph::Constant::value);
    Source made{Source::Kind::Result, int(results_.size()), {}};
    if (known != constants.end())
      made = {Source::Kind::Fixed, in_.fixed_constant(known->data), {}};
    else
      results_.push_back(value);
    return given_[value.id()] = made;
  }
  Source source_of(const Slot& slot) {
    if (slot.value) return source_of(*slot.value);
    return {Source::Kind::Number, -1, slot.known.value()};
  }

  /// Coordinates out of range and maxima of nothing are errors also where nobody needs the result.
  bool may_fail(const graph::Node& node) const {
    if (node.op->family == notation::Family::GetAt || node.op->family == notation::Family::UpdateAt)
      return true;
    const ops::Resolved resolved = graph::resolve(graph(), node);
    const auto* rows = std::get_if<ops::Rows>(&resolved.meaning);
    const auto empty = [&](bool bracketed) {
      return std::ranges::any_of(node.expr.axes, [&](const notation::Axis& axis) {
        return axis.bracketed == bracketed && axis.size == 0;
      });
    };
    return rows && rows->nonempty && empty(true) && !empty(false);
  }
  void keep_checks() {
    std::vector<bool> needed(graph().values.size(), false);
    for (const Value& result : results_) needed[std::size_t(result.id())] = true;
    const auto& nodes = graph().nodes;
    for (std::size_t k = nodes.size(); k-- > 0;) {
      const graph::Node& node = nodes[k];
      bool read = std::ranges::any_of(node.outputs, [&](int id) { return needed[std::size_t(id)]; });
      if (!read && may_fail(node)) {
        results_.emplace_back(api::current_tracing(), node.outputs[0]);
        read = true;
      }
      if (read)
        for (const int id : node.inputs) needed[std::size_t(id)] = true;
    }
  }

  // ---------------------------------------------------------------- where control goes
  template <class Way>
  void end(Way way) {
    block_.end = std::move(way);
    ended_ = true;
  }

  /// The state at `pc` of the innermost frame, as it is now.
  Edge edge(int pc) {
    Edge made;
    std::map<int, int> numbers;  // by source: carried values by their id, fixed ones below -1
    const Join* join = settle(*frames_.back().code, pc);
    for (std::size_t depth = 0; depth < frames_.size(); ++depth) {
      const Active& active = frames_[depth];
      const bool innermost = depth + 1 == frames_.size();
      const int at = innermost ? pc : active.pc;
      FrameState state{active.code, at, active.bound, std::vector<SlotState>(active.frame.slots.size())};
      for (std::size_t v = 0; v < state.slots.size(); ++v) {
        const Slot& slot = active.frame.slots[v];
        if (slot.kind == Slot::Kind::Unset || !is_live(*active.code, at, !innermost, v)) continue;
        const bool changes =
            innermost && join && std::ranges::find(join->assigned, Var(v)) != join->assigned.end();
        state.slots[v] =
            slot_state(made, numbers, slot, changes, changes && forgets(*join, *active.code, Var(v)));
      }
      made.state.frames.push_back(std::move(state));
    }
    return made;
  }

  /// `changes`: other ways to this place may bring other values, so that this one is carried, and by itself.
  SlotState slot_state(Edge& made, std::map<int, int>& numbers, const Slot& slot, bool changes, bool forget) {
    SlotState state{slot.kind, -1, slot.known};
    if (slot.kind == Slot::Kind::Number && slot.known && !forget) return state;
    if (forget) state.known.reset();
    const Source source = source_of(slot);
    const int fixed = source.kind == Source::Kind::Fixed && !changes ? source.index : -1;
    if (slot.value && !changes)
      if (const auto known = numbers.find(slot.value->id()); known != numbers.end()) {
        state.value = known->second;
        return state;
      }
    state.value = int(made.state.values.size());
    if (slot.value && !changes) numbers[slot.value->id()] = state.value;
    made.state.values.push_back({type_of(slot), fixed});
    made.values.push_back(source);
    return state;
  }

  void step() {
    Active& top = frames_.back();
    if (++steps_ > kMostInstructions) return end(Go{edge(top.pc)});
    const Instruction& next = top.code->code.at(std::size_t(top.pc));
    place_ = next.place;
    try {
      support::match(next.work, [&](const auto& work) { run(top, work); });
    } catch (const InternalError&) {
      throw;
    } catch (const Error& error) {
      end(Fail{std::make_shared<const Error>(error), place_});
    }
  }

  void run(Active& top, const Write& work) {
    if (const std::optional<Var> variable = wanted(*work.statement, top.frame)) {
      const Slot slot = slot_of(*variable, top.frame);
      return end(Look{*variable, source_of(slot), edge(top.pc)});
    }
    if (const auto* assume = std::get_if<script::Assume>(&work.statement->node);
        assume && broken(*assume, top.frame))
      throw BrokenAssumption{*assume};
    write(*work.statement, top.frame);
    ++top.pc;
  }
  void run(Active& top, const Jump& jump) { top.pc = jump.to; }
  void run(Active& top, const Join&) {
    const auto known = std::ranges::find(top.decided, top.pc);
    if (steps_ > 1 && known == top.decided.end()) return end(Go{edge(top.pc)});
    if (known != top.decided.end()) top.decided.erase(known);
    ++top.pc;
  }
  void run(Active& top, const Branch& branch) {
    const Slot slot = slot_of(branch.condition, top.frame);
    if (slot.known) {
      if (branch.join >= 0) top.decided.push_back(branch.join);
      top.pc = truth(*slot.known) ? top.pc + 1 : branch.otherwise;
      return;
    }
    const Value condition = truth_of(*slot.value);
    const Source source = source_of(condition);
    Edge yes = edge(top.pc + 1), no = edge(branch.otherwise);
    end(Choose{source, std::move(yes), std::move(no)});
  }
  /// One number as a bool of rank 0.
  Value truth_of(const Value& value) const {
    const Shape shape = value.shape();
    if (support::checked_product(shape) != std::optional<std::int64_t>(1))
      read_number(Tensor::scalar(false).broadcast_to(shape));
    const Value one = shape.empty() ? value : values::reshape(value, {});
    if (one.dtype() == DType::boolean) return one;
    const Operand operands[] = {Operand(one), Operand(0)};
    return detail::apply("not_equal", operands);
  }
  /// What a loop counts to: fixed before its first round, an integer of i64.
  void run(Active& top, const Count& count) {
    const Slot slot = slot_of(count.over, top.frame);
    Slot& to = top.frame.slots[std::size_t(count.result)];
    if (slot.known) {
      to = number(whole_number(*slot.known));
    } else {
      const Shape shape = slot.value->shape();
      if (support::checked_product(shape) != std::optional<std::int64_t>(1))
        read_number(Tensor::scalar(false).broadcast_to(shape));
      const DType dtype = slot.value->dtype();
      if (!tensor::is_integer(dtype)) whole_number(dtype == DType::boolean ? Number(false) : Number(0.0));
      const Value one = shape.empty() ? *slot.value : values::reshape(*slot.value, {});
      to = {Slot::Kind::Number, dtype == DType::i64 ? one : convert(one, DType::i64), {}};
    }
    ++top.pc;
  }
  void run(Active& top, const Rows& rows) {
    const Slot slot = slot_of(rows.over, top.frame);
    require_rows(slot.value ? slot.value->shape().size() : 0);
    top.frame.slots[std::size_t(rows.result)] = slot;
    ++top.pc;
  }

  // ---------------------------------------------------------------- functions
  /// A number as it is declared: it may become a tensor.
  Slot declared(const Slot& slot, const script::TypePattern& type) const {
    if (slot.kind != Slot::Kind::Number) return slot;
    const DType weak = type_of(slot).dtype, dtype = declared_dtype(weak, type);
    if (dtype == weak) return slot;
    const bool stays = dtype == DType::i64 || dtype == DType::f64;
    if (slot.known && stays) return number(read_number(tensor_of(*slot.known).cast(dtype)));
    const Value converted =
        slot.known ? constant(tensor_of(*slot.known).cast(dtype)) : convert(*slot.value, dtype);
    return stays ? Slot{Slot::Kind::Number, converted, {}} : tensor(converted);
  }

  void run(Active& caller, const script::Invoke* invoke) {
    std::vector<Slot> operands;
    for (const script::Argument& argument : invoke->arguments)
      operands.push_back(slot_of(argument, caller.frame));
    if (frames_.size() >= std::size_t(kMaxDepth)) too_deep(invoke->function);
    std::vector<graph::Type> types;
    for (const Slot& operand : operands) types.push_back(type_of(operand));
    const LinearPtr code = in_.function(invoke->function, types);
    const script::Function& callee = *code->function;
    for (std::size_t k = 0; k < operands.size() && k < callee.parameters.size(); ++k) {
      operands[k] = declared(operands[k], callee.parameters[k].type);
      types[k] = type_of(operands[k]);
    }
    auto bound = std::make_shared<const script::Bound>(script::bind(callee, types));
    if (!bound->problem.empty()) wrong_signature(bound->problem);
    Active active{code, 0, bound, new_frame(*code), {}};
    for (std::size_t k = 0; k < operands.size(); ++k)
      active.frame.slots[std::size_t(callee.parameters[k].variable)] = operands[k];
    for (std::size_t k = 0; k < callee.sizes.size(); ++k)
      active.frame.slots[std::size_t(callee.sizes[k])] = number(bound->sizes[k]);
    ++caller.pc;
    frames_.push_back(std::move(active));
  }

  void run(Active& top, const script::Return* result) {
    std::vector<Slot> returned;
    for (const script::Argument& argument : result->values) returned.push_back(slot_of(argument, top.frame));
    const script::Function& callee = *top.code->function;
    const script::Invoke* invoke = nullptr;
    if (frames_.size() > 1) {
      const Active& caller = frames_[frames_.size() - 2];
      const Instruction& call = caller.code->code[std::size_t(caller.pc) - 1];
      invoke = std::get<const script::Invoke*>(call.work);
      place_ = call.place;
    } else {
      place_ = {};
    }
    std::vector<graph::Type> types;
    for (std::size_t k = 0; k < returned.size(); ++k) {
      if (callee.results && k < callee.results->size())
        returned[k] = declared(returned[k], (*callee.results)[k]);
      types.push_back(type_of(returned[k]));
    }
    const std::string problem = script::check_results(callee, *top.bound, types);
    if (!problem.empty()) wrong_signature(problem);
    if (!invoke) return finish(returned, std::move(types));
    if (returned.size() != invoke->results.size()) wrong_signature(wrong_results(*invoke, returned.size()));
    frames_.pop_back();
    for (std::size_t k = 0; k < returned.size(); ++k)
      frames_.back().frame.slots[std::size_t(invoke->results[k])] = returned[k];
  }
  void finish(const std::vector<Slot>& returned, std::vector<graph::Type> types) {
    Finish made;
    for (const Slot& slot : returned) made.values.push_back(source_of(slot));
    made.types = std::move(types);
    end(std::move(made));
  }

  const Surroundings& in_;
  const State& start_;
  Block block_;
  std::vector<Active> frames_;
  std::map<int, Source> given_;  ///< of values of the graph
  std::map<int, Value> fixed_;   ///< by their number
  std::vector<Value> results_;
  script::Place place_;
  int steps_ = 0;
  bool ended_ = false;
};

}  // namespace

void wrong_signature(const std::string& problem) {
  support::raise<ValueError>({.kind = "script-signature", .sentence = problem});
}

std::string wrong_results(const script::Invoke& invoke, std::size_t returned) {
  return invoke.function + " returns " + std::to_string(returned) + " results here, but " +
         std::to_string(invoke.results.size()) + " are taken.";
}

void require_rows(std::size_t rank) {
  if (rank == 0)
    support::raise<ValueError>(
        {.kind = "bad-view",
         .sentence = "A loop over rows needs a tensor with an axis; this one is a single number."});
}

State entry_state(const Surroundings& in, const std::string& function,
                  const std::vector<graph::Type>& operands) {
  const LinearPtr code = in.function(function, operands);
  const script::Function& entry = *code->function;
  auto bound = std::make_shared<const script::Bound>(script::bind(entry, operands));
  if (!bound->problem.empty()) wrong_signature(bound->problem);
  FrameState frame{code, 0, bound, std::vector<SlotState>(code->names.size())};
  State state;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const auto variable = std::size_t(entry.parameters[k].variable);
    if (!is_live(*code, 0, false, variable)) continue;
    frame.slots[variable] = {Slot::Kind::Tensor, int(state.values.size()), {}};
    state.values.push_back({operands[k], int(k)});
  }
  for (std::size_t k = 0; k < entry.sizes.size(); ++k)
    frame.slots[std::size_t(entry.sizes[k])] = {Slot::Kind::Number, -1, script::Number(bound->sizes[k])};
  state.frames.push_back(std::move(frame));
  return state;
}

Block write_block(const Surroundings& in, const State& start) { return Writer(in, start).run(); }

}  // namespace einx::detail::model
