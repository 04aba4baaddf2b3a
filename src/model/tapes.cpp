// Recordings run again: the same statements at other sizes.
#include "model/tapes.h"

#include <algorithm>

#include "api/operands.h"
#include "api/tracing.h"
#include "model/write.h"
#include "support/support.h"
#include "tensor/owners.h"
#include "tensor/tensor.h"

namespace einx::detail::model {
namespace {

constexpr std::int64_t kMostBaked = 1 << 16;  ///< bytes of captured tensors that every call compares
constexpr std::size_t kMostInstances = 256;

// ---------------------------------------------------------------- captured tensors
/// Tensors that a body uses and that somebody else may write to, by name.
class Captured {
 public:
  std::optional<std::string> name_of(const Tensor& tensor) {
    if (tensor::ownership(tensor).tensors == 0) return std::nullopt;  // a view: its memory may be gone when the body has returned
    const auto found = std::ranges::find_if(tensors_, [&](const Tensor& known) { return same(known, tensor); });
    if (found == tensors_.end()) return tensors_.push_back(tensor), "captured" + std::to_string(tensors_.size() - 1);
    return "captured" + std::to_string(found - tensors_.begin());
  }

 private:
  static bool same(const Tensor& a, const Tensor& b) {
    return a.data() == b.data() && a.dtype() == b.dtype() && std::ranges::equal(a.shape(), b.shape()) && std::ranges::equal(a.strides(), b.strides());
  }
  std::vector<Tensor> tensors_;
};

/// Whether nobody but these holds the memory: then it cannot change.
bool is_private(const Tensor& tensor, const std::vector<std::pair<std::string, Tensor>>& held) {
  const tensor::Ownership owned = tensor::ownership(tensor);
  const auto ours = std::ranges::count_if(held, [&](const auto& each) { return tensor::ownership(each.second).memory == owned.memory; });
  return owned.tensors == long(ours);
}

/// Parameter statements of these names become constants.
void bake(script::Body& body, const std::vector<std::pair<std::string, Tensor>>& constants) {
  for (script::Statement& statement : body) {
    if (auto* branch = std::get_if<script::If>(&statement.node)) bake(branch->then, constants), bake(branch->otherwise, constants);
    if (auto* loop = std::get_if<script::While>(&statement.node)) bake(loop->test, constants), bake(loop->body, constants);
    if (auto* loop = std::get_if<script::For>(&statement.node)) bake(loop->body, constants);
    const auto* parameter = std::get_if<script::Parameter>(&statement.node);
    if (!parameter) continue;
    const auto found = std::ranges::find(constants, parameter->name, &std::pair<std::string, Tensor>::first);
    if (found != constants.end()) statement.node = script::Constant{parameter->result, found->second};
  }
}

std::string type_text(const Tensor& tensor) { return tensor::type_text(tensor.dtype(), tensor.shape(), tensor.strides()); }

/// Decides for each captured tensor: a constant, a constant that is compared, or read anew.
void settle_captured(Recorded& tape, bool fold_constants) {
  Recording& recording = tape.recording;
  std::vector<std::pair<std::string, Tensor>> constants, anew;
  std::vector<bool> alone;
  for (const auto& [name, tensor] : recording.tensors) alone.push_back(is_private(tensor, recording.tensors));
  std::int64_t bytes = 0;
  for (std::size_t k = 0; k < alone.size(); ++k) {
    const auto& [name, tensor] = recording.tensors[k];
    const std::int64_t size = tensor.size() * std::int64_t(size_of(tensor.dtype()));
    const bool folded = fold_constants && tensor.contiguous() && bytes + size <= kMostBaked;
    if (!alone[k] && !folded) {
      anew.emplace_back(name, tensor);
      tape.captured.push_back(type_text(tensor) + " is read anew by every call");
      continue;
    }
    constants.emplace_back(name, alone[k] ? tensor : tensor.clone());
    if (alone[k]) tape.captured.push_back(type_text(tensor) + " is a constant that only this function holds");
    else {
      bytes += size;
      tape.baked.push_back({tensor, constants.back().second});
      tape.captured.push_back(type_text(tensor) + " is a constant of the code (fold_constants), compared with the original by every call");
    }
  }
  recording.tensors = std::move(anew);
  if (constants.empty()) return;
  script::Function function = *recording.function;
  bake(function.body, constants);
  recording.function = std::make_shared<const script::Function>(std::move(function));
  if (!recording.graph.results.empty()) recording.graph = replay(recording, tape.types);
}

bool has_graph(const Recording& recording) {
  const auto* last = recording.function->body.empty() ? nullptr : std::get_if<script::Return>(&recording.function->body.back().node);
  return !recording.graph.results.empty() || (last && last->values.empty());
}

}  // namespace

void Recorded::add(Instance instance) {
  const std::lock_guard lock(mutex_);
  std::erase_if(instances_, [&](const Instance& each) { return each.executable.expired() || each.types == instance.types; });
  if (instances_.size() >= kMostInstances) instances_.erase(instances_.begin());
  instances_.push_back(std::move(instance));
}

std::vector<Recorded::Instance> Recorded::live() const {
  const std::lock_guard lock(mutex_);
  std::vector<Instance> found;
  std::ranges::copy_if(instances_, std::back_inserter(found), [](const Instance& each) { return !each.executable.expired(); });
  return found;
}

std::vector<graph::Type> types_of(std::span<const Tensor> operands) {
  std::vector<graph::Type> types;
  for (const Tensor& operand : operands) types.push_back(api::describe(Operand(operand)).type);
  return types;
}

bool same_kinds(const std::vector<graph::Type>& a, const std::vector<graph::Type>& b) {
  return std::ranges::equal(a, b, [](const graph::Type& x, const graph::Type& y) { return x.dtype == y.dtype && x.shape.size() == y.shape.size(); });
}

RecordedPtr make_tape(const TraceBody& body, std::span<const Tensor> operands, const OptimizeOptions& options) {
  const auto tape = std::make_shared<Recorded>();
  tape->types = types_of(operands);
  {
    Captured captured;
    const RecordOptions recording{.name_of = [&](const Tensor& tensor) { return captured.name_of(tensor); },
                                .examples = std::vector<Tensor>(operands.begin(), operands.end())};
    tape->recording = record("forward", tape->types, body, recording);
  }
  settle_captured(*tape, options.fold_constants);
  tape->straight = has_graph(tape->recording);
  auto program = std::make_shared<script::Program>();
  program->functions.emplace_back("forward", tape->recording.function);
  program->tensors = tape->recording.tensors;
  tape->engine = std::make_unique<const Engine>(std::move(program), EngineOptions{.jit = api::default_options().jit, .optimize = options});
  return tape;
}

namespace {

/// Statements written again, until one that depends on values; the results, if it came to the end.
std::vector<Value> write_again(const Recording& recording, std::size_t operands, std::span<const Value> values) {
  const script::Function& function = *recording.function;
  Frame frame{.slots = std::vector<Slot>(function.variables.size()), .names = &function.variables};
  for (std::size_t k = 0; k < operands; ++k) frame.slots[std::size_t(function.parameters[k].variable)] = tensor(values[k]);
  frame.parameter = [&](const std::string& name) {
    const auto found = std::ranges::find(recording.tensors, name, &std::pair<std::string, Tensor>::first);
    return values[operands + std::size_t(found - recording.tensors.begin())];
  };
  std::vector<Value> results;
  for (const script::Statement& statement : function.body) {
    if (const auto* assume = std::get_if<script::Assume>(&statement.node); assume && broken(*assume, frame)) throw BrokenAssumption{*assume};
    if (const auto* given = std::get_if<script::Return>(&statement.node)) {
      for (const script::Argument& argument : given->values) results.push_back(value_of(slot_of(argument, frame), frame));
      return results;
    }
    if (is_flow(statement) || wanted(statement, frame)) return {};
    write(statement, frame);
  }
  return results;
}

graph::Graph written_again(const Recording& recording, std::span<const graph::Type> types) {
  std::vector<graph::Type> all(types.begin(), types.end());
  for (const auto& [name, tensor] : recording.tensors) all.push_back(api::describe(Operand(tensor)).type);
  return api::write_graph("traced", all, [&](std::span<const Value> values) { return write_again(recording, types.size(), values); }, "");
}

}  // namespace

bool is_flow(const script::Statement& statement) {
  return std::holds_alternative<script::If>(statement.node) || std::holds_alternative<script::While>(statement.node) ||
         std::holds_alternative<script::For>(statement.node) || std::holds_alternative<script::Invoke>(statement.node);
}

graph::Graph replay(const Recording& recording, std::span<const graph::Type> types) { return written_again(recording, types); }

bool breaks(const Recorded& tape, std::span<const graph::Type> types) {
  try {
    written_again(tape.recording, types);
    return false;
  } catch (const BrokenAssumption&) {
    return true;
  }
}

}  // namespace einx::detail::model
