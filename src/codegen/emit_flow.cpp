// The driver of a flow: blocks become blocks, carried values allocas, which become registers.
#include "codegen/emit_flow.h"

#include <llvm/Transforms/Utils/Cloning.h>

#include <algorithm>
#include <cstring>

#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;
using SourceKind = Flow::Source::Kind;

namespace {

std::int64_t bytes_of(const graph::Type& type) {
  return support::checked_product(type.shape).value_or(0) * std::int64_t(size_of(type.dtype));
}
bool is_register(const graph::Type& type) { return type.shape.empty(); }

constexpr std::int64_t kUnit = 64;  ///< of the places of temporaries

}  // namespace

std::string flow_step_name(std::size_t block, std::size_t step) {
  return "block" + std::to_string(block) + ".step" + std::to_string(step);
}

FlowEmitter::FlowEmitter(llvm::Module& module, const Target& target, const Flow& flow, const FlowCalls& calls)
    : module_(module),
      context_(module.getContext()),
      b_(context_),
      target_(target),
      flow_(flow),
      calls_(calls) {}

void FlowEmitter::emit() {
  open();
  make_places();
  take_parameters();
  b_.CreateBr(blocks_[0]);
  for (std::size_t k = 0; k < flow_.blocks.size(); ++k) block(k);
  close();
  for (llvm::CallInst* call : small_) {
    llvm::Function* callee = call->getCalledFunction();
    llvm::InlineFunctionInfo info;
    if (!llvm::InlineFunction(*call, info).isSuccess())
      support::internal_error("codegen: a kernel was not inlined");
    callee->eraseFromParent();
  }
}

void FlowEmitter::open() {
  llvm::Type* pointer = b_.getPtrTy();
  auto* type = llvm::FunctionType::get(b_.getInt32Ty(), {pointer, pointer, pointer, pointer, pointer}, false);
  function_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, kFlowFunction, module_);
  function_->setDoesNotThrow();
  if (target_.machine.vector_bytes == 64) function_->addFnAttr("prefer-vector-width", "512");
  entry_ = llvm::BasicBlock::Create(context_, "entry", function_);
  auto* start = llvm::BasicBlock::Create(context_, "start", function_);
  b_.SetInsertPoint(entry_);
  b_.CreateBr(start);
  b_.SetInsertPoint(start);
  for (std::size_t k = 0; k < flow_.blocks.size(); ++k)
    blocks_.push_back(llvm::BasicBlock::Create(context_, "block" + std::to_string(k), function_));
  close_ = llvm::BasicBlock::Create(context_, "close", function_);
  exit_ = alloca_of(b_.getInt32Ty());
  for (const Flow::Block& block : flow_.blocks) {
    for (const graph::Type& type : block.program.outputs)
      if (!is_register(type)) spare_.emplace(bytes_of(type), nullptr);
    for (const Flow::Param& param : block.params)
      if (!param.fixed && !is_register(param.type)) spare_.emplace(bytes_of(param.type), nullptr);
  }
  for (auto& [bytes, spare] : spare_) {
    spare = alloca_of(b_.getPtrTy());
    b_.CreateStore(llvm::ConstantPointerNull::get(b_.getPtrTy()), spare);
  }
}

/// The one way out: nothing is kept.
void FlowEmitter::close() {
  const auto release =
      module_.getOrInsertFunction("einx_rt_free", b_.getVoidTy(), b_.getPtrTy(), b_.getInt64Ty());
  b_.SetInsertPoint(close_);
  for (const auto& [bytes, spare] : spare_)
    b_.CreateCall(release, {b_.CreateLoad(b_.getPtrTy(), spare), b_.getInt64(std::uint64_t(bytes))});
  b_.CreateRet(b_.CreateLoad(b_.getInt32Ty(), exit_));
}

void FlowEmitter::leave(int exit) {
  b_.CreateStore(b_.getInt32(std::uint32_t(exit)), exit_);
  b_.CreateBr(close_);
}

// ---------------------------------------------------------------- values
llvm::AllocaInst* FlowEmitter::alloca_of(llvm::Type* type) {
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(entry_->getTerminator());
  return b_.CreateAlloca(type);
}

llvm::Value* FlowEmitter::fixed(int number) {
  llvm::Value*& found = fixed_[number];
  if (found) return found;
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(entry_->getTerminator());
  llvm::Value* at =
      b_.CreateConstInBoundsGEP1_64(b_.getPtrTy(), function_->getArg(kFixed), std::uint64_t(number));
  return found = b_.CreateLoad(b_.getPtrTy(), at);
}

llvm::Value* FlowEmitter::pointer(const void* address) {
  return llvm::ConstantExpr::getIntToPtr(
      b_.getInt64(std::uint64_t(reinterpret_cast<std::uintptr_t>(address))), b_.getPtrTy());
}

llvm::Constant* FlowEmitter::memory_constant(const tensor::Scalar& value) {
  llvm::Constant* number = constant(context_, value);
  if (value.dtype != DType::boolean) return number;
  return b_.getInt8(number->isZeroValue() ? 0 : 1);
}

llvm::Value* FlowEmitter::cell(std::size_t number, unsigned field) {
  return b_.CreateConstInBoundsGEP1_64(b_.getPtrTy(), function_->getArg(kCells), number * 2 + field);
}

void FlowEmitter::make_places() {
  for (const Flow::Block& block : flow_.blocks) {
    std::vector<Place>& places = places_.emplace_back();
    for (const Flow::Param& param : block.params) {
      Place& place = places.emplace_back();
      if (param.fixed) continue;
      const bool is_number = is_register(param.type);
      place.data = alloca_of(is_number ? memory_type(context_, param.type.dtype) : b_.getPtrTy());
      if (!is_number) place.owned = alloca_of(b_.getPtrTy());
    }
  }
}

void FlowEmitter::take_parameters() {
  for (std::size_t k = 0; k < places_[0].size(); ++k) {
    const Place& place = places_[0][k];
    if (!place.data) continue;
    b_.CreateStore(b_.CreateLoad(place.data->getAllocatedType(), cell(k, 0)), place.data);
    if (place.owned) b_.CreateStore(b_.CreateLoad(b_.getPtrTy(), cell(k, 1)), place.owned);
  }
}

// ---------------------------------------------------------------- a block's memory
llvm::Value* FlowEmitter::input(const Source& source) {
  if (source.kind == SourceKind::Fixed) return fixed(source.index);
  const Place& place = places_[now_.number].at(std::size_t(source.index));
  return place.owned ? b_.CreateLoad(b_.getPtrTy(), place.data) : static_cast<llvm::Value*>(place.data);
}

/// One number is a constant of the code, so that what is computed from it can be, too.
llvm::Value* FlowEmitter::constant_buffer(const Buffer& buffer) {
  const Tensor& data = now_.block->program.constants.at(std::size_t(buffer.index));
  if (data.size() != 1) return pointer(data.data());
  llvm::Constant* value = memory_constant(tensor::load(data.data(), data.dtype()));
  return new llvm::GlobalVariable(module_, value->getType(), true, llvm::GlobalValue::PrivateLinkage, value,
                                  "number");
}

/// Memory for what the block hands on is its own; temporaries share the arena.
void FlowEmitter::make_buffers() {
  const Program& program = now_.block->program;
  llvm::Value* missing = nullptr;
  for (const graph::Type& type : program.outputs) {
    if (is_register(type)) {
      now_.results.push_back(alloca_of(memory_type(context_, type.dtype)));
      continue;
    }
    now_.results.push_back(allocate(type));
    llvm::Value* none = b_.CreateIsNull(now_.results.back());
    missing = missing ? b_.CreateOr(missing, none) : none;
  }
  if (missing) check(missing);
  for (const Buffer& buffer : program.buffers) {
    llvm::Value* at = llvm::ConstantPointerNull::get(b_.getPtrTy());
    switch (buffer.kind) {
      case Buffer::Kind::Input:
        at = input(now_.block->inputs.at(std::size_t(buffer.index)));
        break;
      case Buffer::Kind::Output:
        at = now_.results.at(std::size_t(buffer.index));
        break;
      case Buffer::Kind::Constant:
        at = constant_buffer(buffer);
        break;
      case Buffer::Kind::Local:
        break;
      case Buffer::Kind::Temporary:
        at = buffer.elements == 1 ? alloca_of(memory_type(context_, buffer.dtype))
                                  : b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), function_->getArg(kArena),
                                                                  std::uint64_t(buffer.index) * kUnit);
    }
    now_.buffers.push_back(at);
    now_.registers.push_back(llvm::isa<llvm::AllocaInst>(at));
  }
}

// ---------------------------------------------------------------- blocks
void FlowEmitter::block(std::size_t number) {
  const Flow::Block& block = flow_.blocks[number];
  now_ = Current{number, &block, llvm::BasicBlock::Create(context_, "failed", function_), {}, {}, {}};
  b_.SetInsertPoint(blocks_[number]);
  if (block.fails) {
    b_.CreateBr(now_.failed);
    return failed();
  }
  make_buffers();
  for (std::size_t k = 0; k < block.program.steps.size(); ++k) step(k);
  if (!block.branches) {
    way(block.yes);
  } else {
    llvm::Value* condition = moved(block.condition, graph::make_type(DType::boolean, {})).data;
    auto* yes = llvm::BasicBlock::Create(context_, "yes", function_);
    auto* no = llvm::BasicBlock::Create(context_, "no", function_);
    // what is little on one way is better computed always than guessed
    b_.CreateCondBr(b_.CreateICmpNE(condition, b_.getInt8(0)), yes, no, nullptr,
                    llvm::MDBuilder(context_).createUnpredictable());
    b_.SetInsertPoint(yes);
    way(block.yes);
    b_.SetInsertPoint(no);
    way(block.no);
  }
  failed();
}

/// What has been computed is dropped, what the block began with handed out.
void FlowEmitter::failed() {
  b_.SetInsertPoint(now_.failed);
  const auto& outputs = now_.block->program.outputs;
  for (std::size_t k = 0; k < now_.results.size(); ++k)
    if (!is_register(outputs[k])) free(now_.results[k], outputs[k]);
  for (std::size_t k = 0; k < now_.block->params.size(); ++k) {
    const Place& place = places_[now_.number][k];
    if (!place.data) continue;
    b_.CreateStore(b_.CreateLoad(place.data->getAllocatedType(), place.data), cell(k, 0));
    if (place.owned) b_.CreateStore(b_.CreateLoad(b_.getPtrTy(), place.owned), cell(k, 1));
  }
  leave(now_.block->failed);
}

FlowEmitter::Moved FlowEmitter::moved(const Source& source, const graph::Type& type) {
  const bool is_number = is_register(type);
  llvm::Type* number = memory_type(context_, type.dtype);
  llvm::Value* none = llvm::ConstantPointerNull::get(b_.getPtrTy());
  switch (source.kind) {
    case SourceKind::Number:
      return {memory_constant(source.number), none};
    case SourceKind::Fixed:
      if (is_number) return {b_.CreateLoad(number, fixed(source.index)), none};
      return {fixed(source.index), none};
    case SourceKind::Result: {
      llvm::Value* result = now_.results.at(std::size_t(source.index));
      if (is_number) return {b_.CreateLoad(number, result), none};
      return {result, result};
    }
    case SourceKind::Param: {
      const Place& place = places_[now_.number].at(std::size_t(source.index));
      if (is_number) return {b_.CreateLoad(number, place.data), none};
      return {b_.CreateLoad(b_.getPtrTy(), place.data), b_.CreateLoad(b_.getPtrTy(), place.owned)};
    }
  }
  support::internal_error("codegen: every value comes from somewhere");
}

/// What was freed last, if it is as large, else of the runtime.
llvm::Value* FlowEmitter::allocate(const graph::Type& type) {
  const auto allocate = module_.getOrInsertFunction("einx_rt_allocate", b_.getPtrTy(), b_.getInt64Ty());
  llvm::AllocaInst* spare = spare_.at(bytes_of(type));
  llvm::Value* found = b_.CreateLoad(b_.getPtrTy(), spare);
  b_.CreateStore(llvm::ConstantPointerNull::get(b_.getPtrTy()), spare);
  auto* before = b_.GetInsertBlock();
  auto* none = llvm::BasicBlock::Create(context_, "none", function_);
  auto* next = llvm::BasicBlock::Create(context_, "next", function_);
  b_.CreateCondBr(b_.CreateIsNull(found), none, next);
  b_.SetInsertPoint(none);
  llvm::Value* made = b_.CreateCall(allocate, {b_.getInt64(std::uint64_t(bytes_of(type)))});
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
  llvm::PHINode* memory = b_.CreatePHI(b_.getPtrTy(), 2);
  memory->addIncoming(found, before);
  memory->addIncoming(made, none);
  return memory;
}

/// Of memory that is there, or null.
void FlowEmitter::free(llvm::Value* address, const graph::Type& type) {
  const auto release =
      module_.getOrInsertFunction("einx_rt_free", b_.getVoidTy(), b_.getPtrTy(), b_.getInt64Ty());
  llvm::AllocaInst* spare = spare_.at(bytes_of(type));
  llvm::Value* old = b_.CreateLoad(b_.getPtrTy(), spare);
  b_.CreateStore(address, spare);
  auto* twice = llvm::BasicBlock::Create(context_, "twice", function_);
  auto* next = llvm::BasicBlock::Create(context_, "next", function_);
  b_.CreateCondBr(b_.CreateIsNull(old), next, twice);
  b_.SetInsertPoint(twice);
  b_.CreateCall(release, {old, b_.getInt64(std::uint64_t(bytes_of(type)))});
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
}

/// Frees what is not handed on; kept[0]: parameters, kept[1]: results.
void FlowEmitter::release(const std::vector<std::vector<bool>>& kept) {
  for (std::size_t k = 0; k < now_.block->params.size(); ++k) {
    const Place& place = places_[now_.number][k];
    if (!place.owned || kept[0][k]) continue;
    llvm::Value* owned = b_.CreateLoad(b_.getPtrTy(), place.owned);
    auto* ours = llvm::BasicBlock::Create(context_, "ours", function_);
    auto* next = llvm::BasicBlock::Create(context_, "next", function_);
    b_.CreateCondBr(b_.CreateIsNull(owned), next, ours);
    b_.SetInsertPoint(ours);
    free(owned, now_.block->params[k].type);
    b_.CreateBr(next);
    b_.SetInsertPoint(next);
  }
  const auto& outputs = now_.block->program.outputs;
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (!is_register(outputs[k]) && !kept[1][k]) free(now_.results[k], outputs[k]);
}

/// All values are read before the first is written. Memory goes to the first that asks for it; others get a
/// copy, or outside of the flow only its address.
void FlowEmitter::way(const Flow::Way& way) {
  std::vector<std::vector<bool>> kept = {std::vector<bool>(now_.block->params.size(), false),
                                         std::vector<bool>(now_.results.size(), false)};
  const std::vector<Flow::Param>* params =
      way.block >= 0 ? &flow_.blocks.at(std::size_t(way.block)).params : nullptr;
  const auto copy = module_.getOrInsertFunction("einx_codegen_copy", b_.getPtrTy(), b_.getPtrTy(),
                                                b_.getPtrTy(), b_.getInt64Ty());
  std::vector<Moved> values;
  for (std::size_t k = 0; k < way.values.size(); ++k) {
    const Source& source = way.values[k];
    const bool constant = source.kind == SourceKind::Fixed || source.kind == SourceKind::Number;
    if (params ? (*params)[k].fixed : constant) {
      values.emplace_back();
      continue;
    }
    Moved value = moved(source, way.types[k]);
    if (!is_register(way.types[k]) && !constant) {
      const bool result = source.kind == SourceKind::Result;
      if (kept[result][std::size_t(source.index)]) {
        llvm::Value* none = llvm::ConstantPointerNull::get(b_.getPtrTy());
        llvm::Value* own = none;
        if (params) {
          own = b_.CreateCall(copy,
                              {value.data, value.owned, b_.getInt64(std::uint64_t(bytes_of(way.types[k])))});
          check(b_.CreateAnd(b_.CreateIsNull(own), b_.CreateIsNotNull(value.owned)));
        }
        value = {b_.CreateSelect(b_.CreateIsNull(own), value.data, own), own};
      }
      kept[result][std::size_t(source.index)] = true;
    }
    values.push_back(value);
  }
  release(kept);
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!values[k].data) continue;
    const bool is_number = is_register(way.types[k]);
    b_.CreateStore(values[k].data, params ? places_[std::size_t(way.block)][k].data : cell(k, 0));
    if (!is_number)
      b_.CreateStore(values[k].owned, params ? places_[std::size_t(way.block)][k].owned : cell(k, 1));
  }
  if (params)
    b_.CreateBr(blocks_[std::size_t(way.block)]);
  else
    leave(way.exit);
}

}  // namespace einx::detail::codegen
