// The hot path: key, look-up, run. Everything else here is what a miss costs.
#include <array>
#include <optional>

#include "api/api.h"
#include "api/direct.h"
#include "api/dynamic.h"
#include "api/operands.h"
#include "passes/passes.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {
namespace api {
namespace {

/// The tensors that the factories of a call gave, by operand; empty without factories.
using Made = std::vector<Tensor>;

/// Why an operand cannot be computed with; nullptr if it can.
const char* obstacle(const Operand& operand) {
  switch (operand.kind()) {
    case Operand::Kind::Tensor: return operand.tensor().defined() ? nullptr : " is an undefined tensor.";
    case Operand::Kind::Value: return " is a traced einx::Value, which has no data: op_into takes tensors, and operands in braces are either tensors or all values "
                                     "(einx::constant makes one of a tensor).";
    case Operand::Kind::Unknown: return " has no shape: only solve_axes and solve_shapes take nullptr.";
    default: return nullptr;
  }
}

/// Every miss passes here, and a call that is refused is never cached: no signature with such an operand exists.
void check_operands(const CallInfo& info) {
  for (std::size_t k = 0; k < info.operands.size(); ++k)
    if (const char* why = obstacle(info.operands[k]))
      support::raise<TypeError>({.kind = "operand-kind",
                                 .sentence = "Operand #" + std::to_string(k + 1) + " of " + std::string(info.op) + why,
                                 .pattern = std::string(info.pattern),
                                 .show_pattern = true});
}

bool has_factory(const CallInfo& info) {
  for (const Operand& operand : info.operands)
    if (operand.kind() == Operand::Kind::Factory) return true;
  return false;
}

cache::KeyBuilder& local_builder() {
  thread_local cache::KeyBuilder builder;
  builder.clear();
  return builder;
}

cache::KeyView key(cache::KeyBuilder& builder, const CallInfo& info, const Made& made) {
  key_call(builder, info);
  for (std::size_t k = 0; k < info.operands.size(); ++k)
    key_operand(builder, info.operands[k], made.empty() || !made[k].defined() ? nullptr : &made[k]);
  return builder.view();
}

/// Solved shapes of calls with factories: the first of the two steps of their key.
cache::Table& shape_solutions() {
  static support::Immortal<cache::Table> table(std::int64_t(4096), std::int64_t(4096));
  return table.value;
}

/// Solves the shapes (cached) and calls the factories with them.
Made call_factories(const CallInfo& info) {
  using Shapes = std::vector<Shape>;
  const cache::KeyView view = key(local_builder(), info, {});
  const auto solve = [&info]() -> cache::Table::Entry {
    check_operands(info);
    const trace::Call call = describe(info);
    return std::make_shared<const Shapes>(trace::operand_shapes(trace::solve(call, trace::expand(call))));
  };
  cache::Table::Entry entry = shape_solutions().find(view);
  if (!entry) entry = shape_solutions().find_or_make({std::string(view.bytes), view.hash}, solve);
  const Shapes& shapes = *static_cast<const Shapes*>(entry.get());
  Made made(info.operands.size());
  for (std::size_t k = 0; k < made.size(); ++k)
    if (info.operands[k].kind() == Operand::Kind::Factory) made[k] = call_factory(info.operands[k], shapes[k], k, info);
  return made;
}

/// The call with what its factories gave.
trace::Call complete(const CallInfo& info, const Made& made) {
  check_operands(info);
  trace::Call call = describe(info);
  for (std::size_t k = 0; k < made.size(); ++k)
    if (made[k].defined()) call.operands[k].type = api::describe(Operand(made[k])).type;
  return call;
}

/// A miss: counted for the call site, then compiled by one thread. The key is no builder's: that is used again by calls nested in a factory or a traced function.
ExecutablePtr compile_into_cache(const Location& site, const trace::Call& call, const std::string& key, std::uint64_t hash) {
  const std::shared_ptr<Sizes> sizes = sizes_of(site, call);
  const auto traced = [&] { return passes::run(trace::single(call, trace::solve(call, trace::expand(call)))); };
  const auto keep = [&](const std::function<cache::Table::Entry()>& make, bool uncounted) {
    return std::static_pointer_cast<const Executable>(cache::signatures().find_or_make({key, hash}, make, &uncounted));
  };
  if (sizes && sizes->has_kernels())
    if (const ExecutablePtr made = sizes->instance(traced())) return keep([&] { return made; }, true);
  const cache::RetraceMonitor::Miss miss = cache::retraces().miss(site, signature(call));
  if (!sizes) return keep([&] { return compile(call); }, false);
  return keep([&]() -> ExecutablePtr { return compile_among(*sizes, traced(), site, call.op->name); }, false);
}

ExecutablePtr executable_of(const CallInfo& info, const Made& made) {
  Direct::tidy();
  const cache::KeyView view = key(local_builder(), info, made);
  if (const cache::Table::HeldPtr held = cache::signatures().hold(view)) {
    Direct::keep(info, held);
    return std::static_pointer_cast<const Executable>(held->entry);
  }
  const std::string bytes(view.bytes);
  const std::uint64_t hash = view.hash;
  return compile_into_cache(info.site, complete(info, made), bytes, hash);
}

/// Addresses of up to eight operands without allocation.
struct Operands {
  std::array<const Tensor*, 8> few;
  std::vector<const Tensor*> many;
  std::vector<Tensor> numbers;
  std::span<const Tensor* const> view;

  Operands(const Executable& executable, const CallInfo& info, const Made& made) {
    const std::size_t count = info.operands.size();
    if (count > few.size()) many.resize(count);
    const std::span<const Tensor*> slots = count > few.size() ? std::span(many) : std::span(few).first(count);
    for (std::size_t k = 0; k < count; ++k) slots[k] = address(executable, info, made, k);
    view = slots;
  }
  Operands(const Operands&) = delete;

 private:
  const Tensor* address(const Executable& executable, const CallInfo& info, const Made& made, std::size_t k) {
    const Operand& operand = info.operands[k];
    if (operand.kind() == Operand::Kind::Tensor) return &operand.tensor();
    if (operand.kind() == Operand::Kind::Factory) return &made[k];
    if (numbers.capacity() == 0) numbers.reserve(info.operands.size());  // addresses stay
    return &numbers.emplace_back(number(operand, executable.inputs[k].dtype));
  }
};

}  // namespace

trace::Call describe(const CallInfo& info) {
  trace::Call call{.op = &ops::get(info.op), .pattern = std::string(info.pattern), .constraints = constraints(info.axes), .keepdims = info.keepdims,
                   .dialect = info.dialect, .function = std::string(info.function)};
  for (const Attribute& attribute : info.attributes)
    call.attributes.emplace_back(std::string(attribute.name), std::vector<std::int64_t>(attribute.values.begin(), attribute.values.end()));
  for (const Operand& operand : info.operands) call.operands.push_back(describe(operand));
  return call;
}

Prepared prepare(const CallInfo& info) {
  const Made made = has_factory(info) ? call_factories(info) : Made{};
  Prepared result{executable_of(info, made), {}};
  const Operands operands(*result.executable, info, made);
  for (const Tensor* operand : operands.view) result.operands.push_back(*operand);
  return result;
}

Deferred defer(const CallInfo& info) {
  const Made made = has_factory(info) ? call_factories(info) : Made{};
  const cache::KeyView view = key(local_builder(), info, made);
  if (const cache::Table::Entry entry = cache::signatures().find(view)) {
    const auto known = std::static_pointer_cast<const Executable>(entry);
    return {known->graph, [known] { return known; }};
  }
  std::string bytes(view.bytes);
  const std::uint64_t hash = view.hash;
  trace::Call call = complete(info, made);
  graph::Graph graph = passes::run(trace::single(call, trace::solve(call, trace::expand(call))));
  auto make = [call = std::move(call), bytes = std::move(bytes), hash, site = info.site] {
    return compile_into_cache(site, call, bytes, hash);
  };
  return {std::move(graph), std::move(make)};
}

namespace {

/// Looks the signature up and runs it on results that `make` provides for the executable.
template <class MakeResults>
void call_with(const CallInfo& info, MakeResults make) {
  const Made made = has_factory(info) ? call_factories(info) : Made{};
  const ExecutablePtr executable = executable_of(info, made);
  const Operands operands(*executable, info, made);
  run(*executable, operands.view, make(*executable));
}

}  // namespace
}  // namespace api

void call(const CallInfo& info, std::span<Tensor> results) {
  if (const api::Executable* found = api::Direct::find(info); found && found->outputs.size() == results.size()) {
    const api::Direct::Running running;
    return api::run(*found, api::Arguments(*found, info).data(), results);
  }
  api::call_with(info, [&](const api::Executable& executable) {
    api::require_results(info, executable.outputs.size(), results.size());
    return results;
  });
}

std::vector<Tensor> call_all(const CallInfo& info) {
  std::vector<Tensor> results;
  api::call_with(info, [&](const api::Executable& executable) {
    results.resize(executable.outputs.size());
    return std::span<Tensor>(results);
  });
  return results;
}

}  // namespace einx::detail
