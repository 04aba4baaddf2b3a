// Flows to code, and how they run.
#include "codegen/flow.h"

#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <cstring>

#include "codegen/emit_flow.h"
#include "codegen/engine.h"
#include "support/support.h"

namespace einx::detail::codegen {

extern "C" std::int32_t einx_codegen_step(const StepCall* call, const void* const* buffers,
                                          einx_status* status) {
  std::exception_ptr failure;  // whoever wants to know what went wrong runs the operation again
  try {
    run_call(*call, buffers, nullptr, status, failure);
  } catch (...) {
    return -1;
  }
  return failure ? -1 : status->code;
}

extern "C" void* einx_codegen_copy(const void* data, void* owned, std::int64_t bytes) {
  if (owned == nullptr) return nullptr;
  void* copy = einx_rt_allocate(bytes);
  if (copy != nullptr) std::memcpy(copy, data, std::size_t(bytes));
  return copy;
}

namespace {

using DriverFunction = std::int32_t (*)(const void* const* fixed, FlowCell* cells, einx_status* status,
                                        std::uint64_t* kernels, void* arena);

class FlowProgram : public FlowCode {
 public:
  FlowProgram(const loops::Flow& flow, FlowCalls calls, std::unique_ptr<Loaded> loaded)
      : calls_(std::move(calls)), loaded_(std::move(loaded)) {
    constexpr std::int64_t kUnit = 64;
    for (const loops::Flow::Block& block : flow.blocks) {
      cells_ = std::max({cells_, block.params.size(), block.yes.values.size(), block.no.values.size()});
      constants_.insert(constants_.end(), block.program.constants.begin(), block.program.constants.end());
      for (const loops::Buffer& buffer : block.program.buffers)
        if (buffer.kind == loops::Buffer::Kind::Temporary && buffer.elements != 1)
          arena_ =
              std::max(arena_, buffer.index * kUnit + buffer.elements * std::int64_t(size_of(buffer.dtype)));
    }
    driver_ = reinterpret_cast<DriverFunction>(loaded_->addresses()[0]);
  }

  int run(const void* const* fixed, FlowCell* cells, std::uint64_t* kernels) const override {
    einx_status status{};
    void* arena = arena_ > 0 ? einx_rt_allocate(arena_) : nullptr;
    if (arena_ > 0 && arena == nullptr) return -1;
    const int exit = driver_(fixed, cells, &status, kernels, arena);
    if (arena != nullptr) einx_rt_free(arena, arena_);
    return exit;
  }
  std::size_t cells() const override { return cells_; }

 private:
  FlowCalls calls_;
  std::vector<Tensor> constants_;  ///< their addresses stand in the code
  std::unique_ptr<Loaded> loaded_;
  DriverFunction driver_ = nullptr;
  std::int64_t arena_ = 0;
  std::size_t cells_ = 0;
};

}  // namespace

std::shared_ptr<const FlowCode> compile(const loops::Flow& flow, const Target& target, Listing* listing) {
  FlowCalls calls;
  std::vector<std::string> names = {kFlowFunction};
  for (std::size_t b = 0; b < flow.blocks.size(); ++b) {
    auto& steps = calls.steps.emplace_back();
    for (std::size_t k = 0; k < flow.blocks[b].program.steps.size(); ++k) {
      const loops::Step& step = flow.blocks[b].program.steps[k];
      const bool kernel = std::holds_alternative<loops::Kernel>(step);
      steps.push_back(kernel ? nullptr : std::make_unique<StepCall>(make_call(step, nullptr)));
      if (std::holds_alternative<loops::Matmul>(step)) names.push_back(flow_step_name(b, k));
    }
  }
  const std::shared_ptr<llvm::TargetMachine> machine = target_machine(target);
  llvm::LLVMContext context;
  context.setDiscardValueNames(listing == nullptr);
  llvm::Module module(flow.name, context);
  set_layout(module, *machine);
  FlowEmitter(module, target, flow, calls).emit();
  optimise_driver(module, *machine, kFlowFunction);
  optimise(module, *machine);
  if (listing) *listing = {ir_text(module), assembly_text(module, *machine)};
  std::unique_ptr<Loaded> loaded = load(generate(module, machine), names);
  std::size_t found = 1;
  for (auto& block : calls.steps)
    for (auto& call : block)
      if (call && call->product)
        call->plan.kernel = reinterpret_cast<einx_rt_microkernel>(loaded->addresses()[found++]);
  return std::make_shared<FlowProgram>(flow, std::move(calls), std::move(loaded));
}

}  // namespace einx::detail::codegen
