// Parallel loops: their bodies become functions of their own.
#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;

/// With no more than one part's work the loop is an ordinary one, or a plain call if only the run shows it:
/// forking costs microseconds.
void KernelEmitter::parallel_loop(const Loop& loop) {
  if (vector_) support::internal_error("codegen: parallel loops are outermost");
  const Extent extent = extent_of(loop);
  if (extent.constant && *extent.constant <= loop.step * loop.grain) return serial_loop(loop);
  const Outlined part = outline(loop, extent.value);
  llvm::Value* count = b_.CreateSDiv(b_.CreateNSWAdd(extent.value, int64(loop.step - 1)), int64(loop.step));
  llvm::Type* pointer = b_.getPtrTy();
  const auto parallel_for = module_.getOrInsertFunction("einx_rt_parallel_for", b_.getVoidTy(),
                                                        b_.getInt64Ty(), b_.getInt64Ty(), pointer, pointer);
  auto* next = llvm::BasicBlock::Create(context_, "joined", frame_.function, frame_.leave);
  if (!extent.constant) {
    auto* alone = llvm::BasicBlock::Create(context_, "alone", frame_.function, next);
    auto* many = llvm::BasicBlock::Create(context_, "many", frame_.function, next);
    b_.CreateCondBr(b_.CreateICmpSLE(count, int64(loop.grain)), alone, many);
    b_.SetInsertPoint(alone);
    b_.CreateCall(part.function, {part.context, int64(0), count});
    b_.CreateBr(next);
    b_.SetInsertPoint(many);
  }
  b_.CreateCall(parallel_for, {count, int64(loop.grain), part.function, part.context});
  if (extent.constant)
    next->eraseFromParent();
  else
    b_.CreateBr(next), b_.SetInsertPoint(next);
  if (!facts_of(loop.body).checks) return;
  auto* fine = llvm::BasicBlock::Create(context_, "fine", frame_.function, frame_.leave);
  b_.CreateCondBr(b_.CreateICmpNE(b_.CreateLoad(b_.getInt32Ty(), frame_.status), b_.getInt32(0)),
                  frame_.leave, fine);
  b_.SetInsertPoint(fine);
}

/// The body as a function (context, begin, end). The context holds what the body uses of its surroundings:
/// pointers, registers, variables.
KernelEmitter::Outlined KernelEmitter::outline(const Loop& loop, llvm::Value* extent) {
  const Facts facts = facts_of(loop.body);
  std::vector<std::pair<StorageKey, llvm::AllocaInst*>> registers;
  for (const auto& entry : frame_.storage) {
    if (facts.registers.contains(std::get<0>(entry.first))) registers.push_back(entry);
  }
  std::vector<llvm::Value*> captured = {frame_.buffer_array, frame_.parameter_array, frame_.status, extent};
  for (const auto& [id, outer] : frame_.variables) captured.push_back(outer.value);
  for (const auto& [key, slot] : registers) captured.push_back(b_.CreateLoad(slot->getAllocatedType(), slot));
  std::vector<llvm::Type*> types;
  for (llvm::Value* value : captured) types.push_back(value->getType());
  auto* layout = llvm::StructType::get(context_, types);
  llvm::IRBuilder<> entry(frame_.entry->getTerminator());
  llvm::Value* context = entry.CreateAlloca(layout);
  for (unsigned k = 0; k < captured.size(); ++k)
    b_.CreateStore(captured[k], b_.CreateStructGEP(layout, context, k));

  const Builder::InsertPointGuard guard(b_);
  Frame saved = std::move(frame_);
  llvm::Type* whole = b_.getInt64Ty();
  auto* type = llvm::FunctionType::get(b_.getVoidTy(), {b_.getPtrTy(), whole, whole}, false);
  auto* function =
      llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                             saved.function->getName() + ".part" + std::to_string(outlined_++), module_);
  open(function);
  unsigned field = 0;
  const auto take = [&] {
    return b_.CreateLoad(types[field], b_.CreateStructGEP(layout, function->getArg(0), field));
  };
  const auto restore = [&] {
    b_.SetInsertPoint(frame_.entry->getTerminator());
    for (llvm::Value** to : {&frame_.buffer_array, &frame_.parameter_array, &frame_.status})
      *to = take(), ++field;
    ++field;  // the extent is only needed by the count
    for (const auto& [id, outer] : saved.variables)
      frame_.variables[id] = Variable{take(), frame_.entry, outer.depth, outer.step}, ++field;
    for (const auto& [key, slot] : registers) {
      llvm::AllocaInst* copy = b_.CreateAlloca(slot->getAllocatedType());
      b_.CreateStore(take(), copy);
      frame_.storage[key] = copy, ++field;
    }
  };
  llvm::BasicBlock* start = b_.GetInsertBlock();
  restore();
  b_.SetInsertPoint(start);
  parallel_part(loop);
  close();
  frame_ = std::move(saved);
  return {function, context};
}

/// Iterations [begin, end) of a parallel loop; nothing once a check has failed.
void KernelEmitter::parallel_part(const Loop& loop) {
  llvm::Function* function = frame_.function;
  if (facts_of(loop.body).checks) {
    auto* fine = llvm::BasicBlock::Create(context_, "fine", function, frame_.leave);
    llvm::LoadInst* code = b_.CreateAlignedLoad(b_.getInt32Ty(), frame_.status, llvm::Align(4));
    code->setAtomic(llvm::AtomicOrdering::Monotonic);
    b_.CreateCondBr(b_.CreateICmpNE(code, b_.getInt32(0)), frame_.leave, fine);
    b_.SetInsertPoint(fine);
  }
  llvm::Value* begin = b_.CreateNSWMul(function->getArg(1), int64(loop.step));
  llvm::Value* end = b_.CreateNSWMul(function->getArg(2), int64(loop.step));
  counted(loop, begin, end, loop.step, true, [&] { body(loop.body); });
}

}  // namespace einx::detail::codegen
