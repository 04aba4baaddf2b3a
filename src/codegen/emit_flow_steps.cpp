// The steps of a flow's blocks: kernels as part of the driver, kernels that it calls, and what C++ runs.
#include "codegen/emit_flow.h"
#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;

void FlowEmitter::check(llvm::Value* wrong) {
  auto* fine = llvm::BasicBlock::Create(context_, "fine", function_);
  b_.CreateCondBr(wrong, now_.failed, fine, llvm::MDBuilder(context_).createBranchWeights(1, 1 << 20));
  b_.SetInsertPoint(fine);
}

void FlowEmitter::count() {
  llvm::Value* counter = function_->getArg(kKernels);
  b_.CreateStore(b_.CreateAdd(b_.CreateLoad(b_.getInt64Ty(), counter), b_.getInt64(1)), counter);
}

std::vector<bool> FlowEmitter::mentioned(const Step& step) const {
  std::vector<bool> found(now_.buffers.size(), false);
  for (const BufferId id : buffers_of(step)) found[std::size_t(id)] = true;
  return found;
}

void FlowEmitter::step(std::size_t number) {
  const Step& step = now_.block->program.steps[number];
  const std::string name = flow_step_name(now_.number, number);
  const auto* generated = std::get_if<Kernel>(&step);
  if (!generated) return callback(number);
  is_small(step) ? small_kernel(*generated, name) : kernel(*generated, name);
  if (!facts_of(generated->body).checks) return;
  check(b_.CreateICmpNE(b_.CreateLoad(b_.getInt32Ty(), function_->getArg(kStatus)), b_.getInt32(0)));
}

/// A function of its buffers, for now.
void FlowEmitter::small_kernel(const Kernel& kernel, const std::string& name) {
  Budget budget;
  const std::vector<BufferId> ids = buffers_of(kernel);
  std::vector<llvm::Value*> arguments;
  std::map<BufferId, llvm::Constant*> numbers;
  for (const BufferId id : ids) {
    const Buffer& buffer = now_.block->program.buffers[std::size_t(id)];
    if (buffer.kind != Buffer::Kind::Constant) continue;
    const Tensor& data = now_.block->program.constants.at(std::size_t(buffer.index));
    if (data.size() == 1) numbers[id] = constant(context_, tensor::load(data.data(), data.dtype()));
  }
  for (const BufferId id : ids) arguments.push_back(now_.buffers[std::size_t(id)]);
  arguments.push_back(function_->getArg(kStatus));
  KernelEmitter(module_, target_, now_.block->program.buffers, kernel, budget)
      .emit_apart(name, ids, std::move(numbers));
  llvm::Function* function = module_.getFunction(name);
  for (llvm::BasicBlock& block : *function)  // what does not change in the kernel may change around it
    for (llvm::Instruction& instruction : block)
      instruction.setMetadata(llvm::LLVMContext::MD_invariant_load, nullptr);
  small_.push_back(b_.CreateCall(function, arguments));
}

/// Registers lie in memory of their own while other code may read or write them, so that they stay registers
/// elsewhere.
llvm::Value* FlowEmitter::address_array(bool before, llvm::Value* array, const std::vector<bool>& mentioned) {
  for (std::size_t k = 0; k < now_.buffers.size(); ++k) {
    if (!mentioned[k]) continue;
    llvm::Value* at = now_.buffers[k];
    if (now_.registers[k]) {
      auto* own = llvm::cast<llvm::AllocaInst>(at);
      llvm::AllocaInst*& copy = spilled_[{now_.number, BufferId(k)}];
      if (!copy) copy = alloca_of(own->getAllocatedType());
      llvm::AllocaInst *from = before ? own : copy, *to = before ? copy : own;
      b_.CreateStore(b_.CreateLoad(own->getAllocatedType(), from), to);
      at = copy;
    }
    if (before) b_.CreateStore(at, b_.CreateConstInBoundsGEP1_64(b_.getPtrTy(), array, k));
  }
  return array;
}

void FlowEmitter::kernel(const Kernel& kernel, const std::string& name) {
  Budget budget;
  budget.left += 128;
  KernelEmitter(module_, target_, now_.block->program.buffers, kernel, budget).emit(name);
  const std::vector<bool> used = mentioned(kernel);
  llvm::Value* array = alloca_of(llvm::ArrayType::get(b_.getPtrTy(), now_.buffers.size()));
  address_array(true, array, used);
  llvm::Value* none = llvm::ConstantPointerNull::get(b_.getPtrTy());
  b_.CreateCall(module_.getFunction(name), {array, none, function_->getArg(kStatus)});
  address_array(false, array, used);
  count();
}

/// Products, sorts and functions of the user's are run by C++.
void FlowEmitter::callback(std::size_t number) {
  const Step& step = now_.block->program.steps[number];
  if (const auto* product = std::get_if<Matmul>(&step)) {
    Budget budget;
    KernelEmitter(module_, target_, product->micro.buffers, product->micro.kernel, budget)
        .emit_micro(flow_step_name(now_.number, number));
  }
  const std::vector<bool> used = mentioned(step);
  llvm::Value* array = alloca_of(llvm::ArrayType::get(b_.getPtrTy(), now_.buffers.size()));
  address_array(true, array, used);
  const auto run = module_.getOrInsertFunction("einx_codegen_step", b_.getInt32Ty(), b_.getPtrTy(),
                                               b_.getPtrTy(), b_.getPtrTy());
  llvm::Value* call = pointer(calls_.steps.at(now_.number).at(number).get());
  llvm::Value* code = b_.CreateCall(run, {call, array, function_->getArg(kStatus)});
  address_array(false, array, used);
  count();
  check(b_.CreateICmpNE(code, b_.getInt32(0)));
}

}  // namespace einx::detail::codegen
