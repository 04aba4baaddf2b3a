// What a recording relies on, in words: found by solving its calls again at the sizes in question and following the operands' axes through them.
#include <einx/guards.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "api/operands.h"
#include "api/optimizing.h"
#include "api/tracing.h"
#include "model/tapes.h"
#include "model/write.h"
#include "support/support.h"

namespace einx {
namespace {

std::string_view name_of(Guard::Kind kind) {
  constexpr std::string_view kNames[] = {"rank", "dtype", "size", "layout", "divisible", "equal", "given", "parameter", "captured", "looked", "computed"};
  return kNames[std::size_t(kind)];
}

}  // namespace

std::string Guards::text() const {
  std::string text;
  for (const SpecialisationGuards& each : specialisations) {
    text += each.signature + std::string(each.origin == Origin::Traced ? ", traced\n" : each.origin == Origin::Replayed ? ", replayed\n" : ", dynamic\n");
    for (const Guard& guard : each.guards) text += "  " + guard.text + "\n";
  }
  return text;
}

std::string Explanation::text() const {
  constexpr std::string_view kNames[] = {"hit", "replayed", "dynamic", "traced again", "raises"};
  std::string text(kNames[std::size_t(what)]);
  if (!broken.empty()) text += ": " + detail::support::join(broken, "; ");
  if (!error.empty()) text += ": " + error;
  return text;
}

namespace detail::model {
namespace {

using script::Var;
using notation::Dim;

std::string operand_name(std::size_t k) { return "operand #" + std::to_string(k + 1); }
std::string axis_name(std::size_t k, std::size_t axis) { return "axis " + std::to_string(axis) + " of " + operand_name(k); }

/// Where each axis of a variable comes from: "axis 1 of operand #1", or nothing that has a name.
using Origins = std::vector<std::string>;

class Reader {
 public:
  Reader(const Recorded& tape, const std::vector<graph::Type>& types) : tape_(tape), function_(*tape.recording.function), types_(types) {}

  std::vector<Guard> read() {
    for (std::size_t k = 0; k < types_.size(); ++k) operand(k);
    for (const std::string& line : tape_.captured) add(Guard::Kind::Captured, line);
    std::vector<graph::Type> all = types_;
    for (const auto& [name, tensor] : tape_.recording.tensors) all.push_back(api::describe(Operand(tensor)).type);
    const auto body = [&](std::span<const Value> values) { return follow(values), std::vector<Value>{}; };
    api::write_graph("guards", all, body, "");
    return std::move(guards_);
  }

 private:
  void add(Guard::Kind kind, const std::string& what) {
    const std::string text = std::string(name_of(kind)) + ": " + what;
    if (std::ranges::find(guards_, text, &Guard::text) == guards_.end()) guards_.push_back({kind, text});
  }

  void operand(std::size_t k) {
    const graph::Type& type = types_[k];
    add(Guard::Kind::DType, operand_name(k) + " is " + std::string(name_of(type.dtype)));
    add(Guard::Kind::Rank, operand_name(k) + " has " + std::to_string(type.shape.size()) + (type.shape.size() == 1 ? " axis" : " axes"));
    for (std::size_t axis = 0; axis < type.shape.size(); ++axis) {
      origins_[function_.parameters[k].variable].push_back(axis_name(k, axis));
      add(Guard::Kind::Size, axis_name(k, axis) + " is " + std::to_string(type.shape[axis]));
    }
    const bool plain = type == graph::make_type(type.dtype, type.shape);
    if (!type.shape.empty()) add(Guard::Kind::Layout, operand_name(k) + (plain ? " is row-major" : " has the strides " + support::tuple_text(type.strides)));
  }

  /// Statement by statement, as a replay; what is behind the first that depends on values has no types yet.
  void follow(std::span<const Value> values) {
    frame_ = {.slots = std::vector<Slot>(function_.variables.size()), .names = &function_.variables};
    for (std::size_t k = 0; k < types_.size(); ++k) frame_.slots[std::size_t(function_.parameters[k].variable)] = tensor(values[k]);
    frame_.parameter = [&](const std::string& name) {
      const auto& tensors = tape_.recording.tensors;
      return values[types_.size() + std::size_t(std::ranges::find(tensors, name, &std::pair<std::string, Tensor>::first) - tensors.begin())];
    };
    bool known = true;
    for (const script::Statement& statement : function_.body) known = read(statement, known);
  }

  bool read(const script::Statement& statement, bool known) {
    if (const auto* assume = std::get_if<script::Assume>(&statement.node)) {
      if (assume->axis >= 0 || assume->axis == -3) add(Guard::Kind::Looked, looked(*assume));
      return known;
    }
    if (is_flow(statement)) {
      add(Guard::Kind::Computed, "which branch is taken and how often a loop runs is decided by every call");
      return false;
    }
    if (!known || std::holds_alternative<script::Return>(statement.node)) return known;
    if (const auto variable = wanted(statement, frame_)) {
      add(Guard::Kind::Computed, "a size" + in_call(statement) + " is computed by every call, and checked by it");
      return false;
    }
    if (const auto* call = std::get_if<script::Call>(&statement.node)) read(*call);
    if (const auto* arrange = std::get_if<script::Arrange>(&statement.node)) read(*arrange);
    write(statement, frame_);
    return true;
  }

  std::string looked(const script::Assume& assume) const {
    const auto found = origins_.find(assume.of);
    if (assume.axis >= 0 && found != origins_.end() && std::size_t(assume.axis) < found->second.size() && !found->second[std::size_t(assume.axis)].empty())
      return found->second[std::size_t(assume.axis)] + " is " + std::to_string(assume.value) + ", which the code has read";
    return text_of(assume, function_);
  }

  static std::string in_call(const script::Statement& statement) {
    const auto* call = std::get_if<script::Call>(&statement.node);
    return call && call->pattern ? " in \"" + *call->pattern + "\"" : "";
  }

  // -------------------------------------------------------------- calls
  const Origins* origins_of(const script::Argument& argument) const {
    const auto* variable = std::get_if<Var>(&argument);
    const auto found = variable ? origins_.find(*variable) : origins_.end();
    return found == origins_.end() ? nullptr : &found->second;
  }

  trace::Call described(const script::Call& call) const {
    trace::Call made{.op = &ops::get(call.op), .pattern = *call.pattern, .attributes = call.attributes, .keepdims = call.keepdims,
                     .dialect = call.dialect, .function = call.function};
    for (const script::Argument& argument : call.arguments) {
      const Slot slot = slot_of(argument, frame_);
      if (slot.value) made.operands.push_back(api::describe(Operand(*slot.value)));
      else made.operands.push_back(std::visit([](auto number) { return api::describe(Operand(number)); }, slot.known.value()));
    }
    for (const script::NamedSize& named : call.sizes) {
      notation::Constraint constraint{.name = named.name};
      if (const auto* list = std::get_if<std::vector<std::int64_t>>(&named.size)) constraint.dims = {std::int64_t(list->size())}, constraint.values = *list;
      else constraint.values = {size_of(std::get<script::Integer>(named.size))};
      made.constraints.push_back(std::move(constraint));
    }
    return made;
  }
  std::int64_t size_of(const script::Integer& size) const {
    if (const auto* literal = std::get_if<std::int64_t>(&size)) return *literal;
    return whole_number(slot_of(std::get<Var>(size), frame_).known.value());
  }

  void read(const script::Call& call) {
    for (const auto& [name, values] : call.attributes) add(Guard::Kind::Parameter, name + " is " + support::tuple_text(values) + " in " + call.op);
    if (!call.pattern) return pass_elementwise(call);
    const std::string where = ", in \"" + *call.pattern + "\"";
    std::vector<std::string> fixed;
    for (const script::NamedSize& named : call.sizes) {
      if (const auto* list = std::get_if<std::vector<std::int64_t>>(&named.size)) {
        add(Guard::Kind::Given, named.name + " is " + support::tuple_text(*list) + where);
        continue;
      }
      const auto& size = std::get<script::Integer>(named.size);
      const bool literal = std::holds_alternative<std::int64_t>(size);
      if (literal) fixed.push_back(named.name);
      add(Guard::Kind::Given, named.name + (literal ? " is " : " follows from sizes: ") + std::to_string(size_of(size)) + where);
    }
    const trace::Call described = this->described(call);
    const notation::Solved solved = trace::solve(described, trace::expand(described));
    std::map<std::string, std::string> seen;  // axis -> where it was first
    for (std::size_t k = 0; k < solved.inputs.size() && solved.inputs.size() == call.arguments.size(); ++k)
      if (const Origins* origins = origins_of(call.arguments[k]))
        for (std::size_t d = 0; d < solved.inputs[k].dims.size() && d < origins->size(); ++d)
          dimension(solved, solved.inputs[k].dims[d], (*origins)[d], fixed, where, seen);
    for (std::size_t r = 0; r < call.results.size() && r < solved.outputs.size(); ++r) {
      Origins& origins = origins_[call.results[r]];
      for (const Dim& dim : solved.outputs[r].dims) {
        const auto found = dim.kind == Dim::Kind::Axis ? seen.find(solved.axes[std::size_t(dim.axis)].name) : seen.end();
        origins.push_back(found == seen.end() ? "" : found->second);
      }
    }
  }

  void dimension(const notation::Solved& solved, const Dim& dim, const std::string& origin, const std::vector<std::string>& fixed, const std::string& where,
                 std::map<std::string, std::string>& seen) {
    if (origin.empty() || dim.kind == Dim::Kind::Concat) return;
    const auto is_fixed = [&](const notation::Axis& axis) { return axis.unnamed || std::ranges::find(fixed, axis.source) != fixed.end(); };
    if (dim.kind == Dim::Kind::Axis) {
      const notation::Axis& axis = solved.axes[std::size_t(dim.axis)];
      if (is_fixed(axis)) return add(Guard::Kind::Equal, origin + " is " + std::to_string(axis.size) + " (" + axis.source + ")" + where);
      const auto [first, fresh] = seen.emplace(axis.name, origin);
      if (!fresh && first->second != origin) add(Guard::Kind::Equal, origin + " is " + first->second + " (" + axis.source + ")" + where);
      return;
    }
    std::int64_t product = 1;
    bool all = true;
    std::vector<std::string> names;
    for (const Dim& part : dim.parts) {
      const bool known = part.kind == Dim::Kind::Axis && is_fixed(solved.axes[std::size_t(part.axis)]);
      all &= known;
      if (!known) continue;
      product *= solved.axes[std::size_t(part.axis)].size;
      names.push_back(solved.axes[std::size_t(part.axis)].source);
    }
    if (names.empty()) return;
    const std::string why = std::to_string(product) + " (" + support::join(names, " ") + ")" + where;
    if (all) add(Guard::Kind::Equal, origin + " is " + why);
    else if (product != 1) add(Guard::Kind::Divisible, origin + " by " + why);
  }

  /// NumPy's rules: axes are aligned at their ends.
  void pass_elementwise(const script::Call& call) {
    Origins made;
    for (const script::Argument& argument : call.arguments) {
      const Origins* origins = origins_of(argument);
      if (!origins || slot_of(argument, frame_).kind != Slot::Kind::Tensor) continue;
      const Shape shape = slot_of(argument, frame_).value->shape();
      if (made.size() < shape.size()) made.insert(made.begin(), shape.size() - made.size(), "");
      for (std::size_t d = 0; d < shape.size() && d < origins->size(); ++d) {
        std::string& at = made[made.size() - shape.size() + d];
        const std::string& own = (*origins)[d];
        if (shape[d] == 1 || own.empty()) continue;
        if (!at.empty() && at != own) add(Guard::Kind::Equal, own + " is " + at + ", in " + call.op);
        at = own;
      }
    }
    if (ops::get(call.op).family == notation::Family::Elementwise) origins_[call.results.at(0)] = made;
  }

  void read(const script::Arrange& arrange) {
    using Kind = script::Arrange::Kind;
    constexpr std::string_view kNames[] = {"reshape", "broadcast_to", "transpose", "slice", "select", "stack", "concat", "size", "rank", "copy"};
    const Origins* origins = origins_of(arrange.arguments.at(0));
    if (arrange.kind == Kind::Copy && origins) origins_[arrange.result] = *origins;
    if (arrange.kind == Kind::Size || arrange.kind == Kind::Rank || arrange.kind == Kind::Copy) return;
    std::vector<std::string> numbers;
    for (const auto& each : arrange.integers) numbers.push_back(each ? std::to_string(size_of(*each)) : "-");
    if (arrange.kind == Kind::Transpose && origins) {
      Origins made(origins->rbegin(), origins->rend());
      for (std::size_t k = 0; k < arrange.integers.size(); ++k) {
        const std::int64_t axis = size_of(*arrange.integers[k]);
        made[k] = (*origins)[std::size_t(axis < 0 ? axis + std::int64_t(made.size()) : axis)];
      }
      origins_[arrange.result] = made;
    }
    if (!numbers.empty()) add(Guard::Kind::Parameter, "(" + support::join(numbers, ", ") + ") of " + std::string(kNames[std::size_t(arrange.kind)]));
  }

  const Recorded& tape_;
  const script::Function& function_;
  const std::vector<graph::Type>& types_;
  Frame frame_;
  std::map<Var, Origins> origins_;
  std::vector<Guard> guards_;
};

// ---------------------------------------------------------------- explanations
/// What differs between signatures, as sentences; ranks and dtypes hide sizes.
std::vector<std::string> differences(const std::vector<graph::Type>& had, const std::vector<graph::Type>& now) {
  if (had.size() != now.size()) return {"there are " + std::to_string(now.size()) + " operands, not " + std::to_string(had.size())};
  std::vector<std::string> found;
  for (std::size_t k = 0; k < now.size(); ++k) {
    if (now[k].dtype != had[k].dtype) found.push_back(operand_name(k) + " is " + std::string(name_of(now[k].dtype)) + ", not " + std::string(name_of(had[k].dtype)));
    if (now[k].shape.size() != had[k].shape.size()) {
      found.push_back(operand_name(k) + " has " + std::to_string(now[k].shape.size()) + " axes, not " + std::to_string(had[k].shape.size()));
      continue;
    }
    for (std::size_t d = 0; d < now[k].shape.size(); ++d)
      if (now[k].shape[d] != had[k].shape[d])
        found.push_back(axis_name(k, d) + " is " + std::to_string(now[k].shape[d]) + ", not " + std::to_string(had[k].shape[d]));
    if (now[k].shape == had[k].shape && now[k].strides != had[k].strides)
      found.push_back(operand_name(k) + " has the strides " + support::tuple_text(now[k].strides) + ", not " + support::tuple_text(had[k].strides));
  }
  return found;
}

/// Of the signatures that a recording was compiled for, the differences to the nearest.
std::vector<std::string> nearest(const Recorded& tape, const std::vector<graph::Type>& types) {
  std::vector<std::string> best = differences(tape.types, types);
  for (const Recorded::Instance& each : tape.live())
    if (auto found = differences(each.types, types); found.size() < best.size()) best = std::move(found);
  return best;
}

Explanation replay_would(const Recorded& tape, const std::vector<graph::Type>& types, const passes::OptimizeOptions& passes) {
  using What = Explanation::What;
  try {
    if (tape.straight) {
      const graph::Graph graph = passes::run(passes::optimize(replay(tape.recording, types), passes));
      return {tape.sizes.has_kernels() && tape.sizes.fits(graph) ? What::Dynamic : What::Replayed, nearest(tape, types), {}};
    }
    if (breaks(tape, types)) throw BrokenAssumption{};
    return {What::Replayed, nearest(tape, types), {}};
  } catch (const BrokenAssumption& broken) {
    if (broken.assume.of < 0) return {What::Traced, nearest(tape, types), {}};
    return {What::Traced, {text_of(broken.assume, *tape.recording.function) + " no longer"}, {}};
  } catch (const Error& error) {
    return {What::Raises, nearest(tape, types), error.what()};
  }
}

}  // namespace

std::vector<Guard> guards_of(const Recorded& tape, const std::vector<graph::Type>& types) { return Reader(tape, types).read(); }

std::string text_of(const script::Assume& assume, const script::Function& function) {
  const auto parameter = std::ranges::find(function.parameters, assume.of, &script::FunctionParameter::variable);
  const std::string value = std::to_string(assume.value);
  const std::string of =
      parameter == function.parameters.end() ? "a computed value" : operand_name(std::size_t(parameter - function.parameters.begin()));
  if (assume.axis == -1) return "the rank of " + of + " is " + value + ", which the code has read";
  if (assume.axis == -2) return "the dtype of " + of + " is " + std::string(name_of(DType(assume.value))) + ", which the code has read";
  if (assume.axis == -3) return "a number that follows from sizes is " + value + ", which the code has read";
  return "axis " + std::to_string(assume.axis) + " of " + of + " is " + value + ", which the code has read";
}

std::string signature_text(const std::vector<graph::Type>& types) {
  std::vector<std::string> texts;
  for (const graph::Type& type : types) texts.push_back(graph::text(type));
  return "(" + support::join(texts, ", ") + ")";
}

std::optional<std::string> changed_capture(const std::vector<RecordedPtr>& tapes) {
  for (const RecordedPtr& tape : tapes)
    for (const api::Executable::Baked& baked : tape->baked)
      if (std::memcmp(baked.original.data(), baked.copy.data(), std::size_t(baked.copy.size()) * size_of(baked.copy.dtype())) != 0)
        return "a captured " + graph::text(api::describe(Operand(baked.original)).type) + " is not what it was when it became a constant";
  return std::nullopt;
}

Explanation explain(const std::vector<RecordedPtr>& tapes, const std::vector<graph::Type>& types, const OptimizeOptions& options) {
  const passes::OptimizeOptions passes = api::optimize_options(options);
  using What = Explanation::What;
  std::optional<Explanation> best;
  for (const RecordedPtr& tape : tapes) {
    Explanation found = same_kinds(tape->types, types) ? replay_would(*tape, types, passes) : Explanation{What::Traced, differences(tape->types, types), {}};
    if (found.what != What::Traced) return found;
    if (!best || found.broken.size() < best->broken.size()) best = std::move(found);
  }
  return best ? *best : Explanation{What::Traced, {"it was not called before"}, {}};
}

}  // namespace detail::model
}  // namespace einx
