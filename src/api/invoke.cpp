// Calls of traced functions: the hot path of what is no operation.
#include <atomic>
#include <cstring>
#include <optional>

#include "api/addresses.h"
#include "api/api.h"
#include "api/direct.h"
#include "api/operands.h"
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail::api {
namespace {

cache::Signature signature_of(std::span<const Tensor> operands) {
  cache::Signature signature{.op = "jit", .pattern = "(traced function)"};
  for (const Tensor& operand : operands) {
    const graph::Type type = describe(Operand(operand)).type;
    signature.operands.push_back({"tensor", type.dtype, type.shape, type.strides, {}});
  }
  return signature;
}

/// A call as the caches see it: no operation has such a name, and the pattern's bytes tell functions apart.
CallInfo info_of(const Invocation& call) {
  static const Axes none;
  const std::string_view identity(reinterpret_cast<const char*>(&call.identity), sizeof call.identity);
  return {"(traced)", identity, call.operands, none, false, call.site};
}

cache::KeyView key_of(cache::KeyBuilder& builder, const CallInfo& info, std::span<const Tensor> operands) {
  builder.clear();
  key_call(builder, info);
  for (const Tensor& operand : operands) builder.tensor(operand.dtype(), operand.shape(), operand.strides());
  return builder.view();
}

ExecutablePtr look_up(const Invocation& call, const CallInfo& info, std::span<const Tensor> operands,
                      const MakeFor& make) {
  Direct::tidy();
  thread_local cache::KeyBuilder builder;
  const cache::KeyView view = key_of(builder, info, operands);
  if (const cache::Table::HeldPtr held = cache::signatures().hold(view)) {
    Direct::keep(info, held);
    return std::static_pointer_cast<const Executable>(held->entry);
  }
  const std::string bytes(view.bytes);  // the builder is used again by functions called while this one is traced
  std::optional<cache::RetraceMonitor::Miss> miss;  // until it is made
  bool uncounted = true;
  const auto compiles = [&] {
    if (!miss) miss.emplace(cache::retraces().miss(call.site, signature_of(operands)));
    uncounted = false;
  };
  const auto entry = cache::signatures().find_or_make({bytes, view.hash}, [&]() -> cache::Table::Entry { return make(operands, compiles); }, &uncounted);
  return std::static_pointer_cast<const Executable>(entry);
}

bool unchanged(const Executable& executable) {
  for (const Executable::Baked& baked : executable.baked)
    if (std::memcmp(baked.original.data(), baked.copy.data(), std::size_t(baked.copy.size()) * size_of(baked.copy.dtype())) != 0) return false;
  return true;
}

/// On the addresses of the operands, with the function's own tensors behind them.
void run_with_captured(const Executable& executable, const void* const* operands, std::size_t count, std::span<Tensor> results) {
  if (executable.captured.empty()) return run(executable, operands, results);
  Addresses<const void*> inputs(count + executable.captured.size());
  for (std::size_t k = 0; k < count; ++k) inputs[k] = operands[k];
  for (std::size_t k = 0; k < executable.captured.size(); ++k) inputs[count + k] = executable.captured[k].data();
  run(executable, inputs.data(), results);
}

}  // namespace

std::uint64_t new_identity() {
  static std::atomic<std::uint64_t> next{1};
  return next++;
}

bool cached(const Invocation& call) {
  cache::KeyBuilder builder;
  return cache::signatures().find(key_of(builder, info_of(call), operand_tensors(call.operands, "A traced function"))) != nullptr;
}

bool invoke(const Invocation& call, const MakeFor& make,
            const std::function<std::span<Tensor>(std::size_t)>& results_for) {
  const CallInfo info = info_of(call);
  if (const Executable* found = Direct::find(info)) {
    if (!unchanged(*found)) return false;
    const Direct::Running running;
    run_with_captured(*found, Arguments(*found, info).data(), info.operands.size(), results_for(found->outputs.size()));
    return true;
  }
  const std::vector<Tensor> operands = operand_tensors(call.operands, "A traced function");
  const ExecutablePtr executable = look_up(call, info, operands, make);
  if (!unchanged(*executable)) return false;
  std::vector<Tensor> inputs = operands;
  inputs.insert(inputs.end(), executable->captured.begin(), executable->captured.end());
  run(*executable, addresses(inputs), results_for(executable->outputs.size()));
  return true;
}

}  // namespace einx::detail::api
