// Registers and the statements on them: Index, Set, Apply, Update, Fold, Check.
#include <algorithm>

#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;

// ---------------------------------------------------------------- registers: allocas, which the first pass
// turns into values

std::int64_t KernelEmitter::flat_index(const Ref& ref) const {
  const Register& reg = kernel_.registers[std::size_t(ref.reg)];
  std::int64_t flat = 0;
  for (std::size_t k = 0; k < ref.index.size(); ++k) {
    const auto* at = llvm::dyn_cast<llvm::ConstantInt>(frame_.variables.at(ref.index[k]).value);
    if (!at) support::internal_error("codegen: arrays of registers are indexed by unrolled loops");
    flat = flat * reg.extents[k] + at->getSExtValue();
  }
  return flat;
}

/// Slots and lanes of a register here; lanes 0: a scalar.
std::pair<int, int> KernelEmitter::shape_of(RegId reg) const {
  const Register& declared = kernel_.registers[std::size_t(reg)];
  if (declared.lanes > 0) return {vector_ ? vector_->slots() : declared.slots, declared.lanes};
  if (vector_ && vector_->varying[std::size_t(reg)]) return {vector_->slots(), vector_->lanes};
  return {1, 0};
}

llvm::AllocaInst* KernelEmitter::storage(RegId reg, std::int64_t index, int lanes, int slot) {
  llvm::AllocaInst*& found = frame_.storage[{reg, index, lanes, slot}];
  if (found) return found;
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(frame_.entry->getTerminator());
  return found = b_.CreateAlloca(register_type(context_, kernel_.registers[std::size_t(reg)].dtype, lanes));
}

Operand KernelEmitter::read(const Ref& ref) {
  const auto [slots, lanes] = shape_of(ref.reg);
  if (const auto known = known_.find(ref.reg); known != known_.end()) return {{known->second}, 0};
  const std::int64_t index = flat_index(ref);
  Operand value{{}, lanes};
  for (int slot = 0; slot < slots; ++slot) {
    const auto found = frame_.storage.find({ref.reg, index, lanes, slot});
    if (found == frame_.storage.end())
      support::internal_error("codegen: register " + kernel_.registers[std::size_t(ref.reg)].name +
                              " is read before it is written");
    value.parts.push_back(b_.CreateLoad(found->second->getAllocatedType(), found->second));
  }
  return value;
}

/// Scalars are spread over the lanes of a register that varies; the other way round would lose lanes.
void KernelEmitter::write(const Ref& ref, const Operand& value) {
  known_.erase(ref.reg);
  const auto [slots, lanes] = shape_of(ref.reg);
  const Operand whole = spread(b_, value, slots, lanes);
  const std::string& name = kernel_.registers[std::size_t(ref.reg)].name;
  if (whole.lanes != lanes || int(whole.parts.size()) != slots)
    support::internal_error("codegen: register " + name + " is given too many lanes");
  for (int slot = 0; slot < slots; ++slot) {
    llvm::AllocaInst* to = storage(ref.reg, flat_index(ref), lanes, slot);
    llvm::Value* part = whole.parts[std::size_t(slot)];
    if (part->getType() != to->getAllocatedType())
      support::internal_error("codegen: register " + name + " is given another dtype");
    b_.CreateStore(part, to);
  }
}

std::vector<Operand> KernelEmitter::read_all(std::span<const Ref> refs) {
  std::vector<Operand> values;
  for (const Ref& ref : refs) values.push_back(read(ref));
  return values;
}

/// A function of values; paid for by slots and nodes.
std::vector<Operand> KernelEmitter::apply(const ops::ScalarFn& fn, std::span<const Operand> args) {
  std::int64_t slots = 1;
  for (const Operand& arg : args) slots = std::max(slots, std::int64_t(arg.parts.size()));
  budget_.spend(slots * std::int64_t(fn.nodes.size()));
  return emit_function({b_, features_}, fn, args);
}

// ---------------------------------------------------------------- statements

/// offset + sum(stride * variable), `lane` counted along the vector variable.
llvm::Value* KernelEmitter::position(const Address& at, llvm::Value* lane) {
  llvm::Value* sum = integer(at.offset);
  for (const Address::Term& term : at.terms) {
    llvm::Value* value = frame_.variables.at(term.var).value;
    if (lane && vector_ && term.var == vector_->var) value = b_.CreateAdd(value, lane);
    sum = b_.CreateAdd(sum, b_.CreateMul(value, integer(term.stride)));
  }
  return sum;
}

void KernelEmitter::emit(const Index& statement) {
  const DType dtype = kernel_.registers[std::size_t(statement.dst.reg)].dtype;
  llvm::Type* type = register_type(context_, dtype);
  llvm::Value* first = b_.CreateTrunc(position(statement.at, nullptr), type);
  const Int stride = vector_ ? lane_stride(statement.at) : Int{};
  if (stride.is(0)) return write(statement.dst, {{first}, 0});
  Operand value{{}, vector_->lanes};
  for (int slot = 0; slot < vector_->slots(); ++slot) {
    llvm::SmallVector<llvm::Constant*, 64> lanes;
    for (int k = 0; k < vector_->lanes; ++k)
      lanes.push_back(llvm::ConstantInt::get(type, std::uint64_t(slot * vector_->lanes + k)));
    llvm::Value* scale =
        b_.CreateVectorSplat(unsigned(vector_->lanes), b_.CreateTrunc(integer(stride), type));
    llvm::Value* steps = b_.CreateMul(llvm::ConstantVector::get(lanes), scale);
    value.parts.push_back(b_.CreateAdd(b_.CreateVectorSplat(unsigned(vector_->lanes), first), steps));
  }
  write(statement.dst, value);
}

void KernelEmitter::emit(const Set& statement) {
  const DType dtype = kernel_.registers[std::size_t(statement.dst.reg)].dtype;
  const tensor::Scalar& value = statement.value;
  write(statement.dst,
        {{constant(context_, value.dtype == dtype ? value : tensor::convert(value, dtype))}, 0});
}

void KernelEmitter::emit(const Apply& statement) {
  const std::vector<Operand> results = apply(statement.fn, read_all(statement.args));
  for (std::size_t k = 0; k < statement.dst.size(); ++k) write(statement.dst[k], results[k]);
}

/// Under a mask the lanes beyond the end keep what they had, whatever was computed from them.
void KernelEmitter::emit(const Update& statement) {
  std::vector<Operand> args = read_all(statement.accumulators);
  const std::vector<Operand> old = args;
  for (Operand& value : read_all(statement.values)) args.push_back(std::move(value));
  std::vector<Operand> results = apply(statement.combine, args);
  for (std::size_t k = 0; k < old.size(); ++k) {
    const auto [slots, lanes] = shape_of(statement.accumulators[k].reg);
    Operand merged = spread(b_, results[k], slots, lanes);
    for (int slot = 0; vector_ && lanes > 0 && slot < slots; ++slot) {
      llvm::Value*& part = merged.parts[std::size_t(slot)];
      if (llvm::Value* mask = mask_of(slot))
        part = b_.CreateSelect(mask, part, old[k].parts[std::size_t(slot)]);
    }
    write(statement.accumulators[k], merged);
  }
}

namespace {

/// The lower or upper half of a vector; a scalar where one lane is left.
Operand half_of(Builder& b, const Operand& value, bool upper) {
  const int lanes = value.lanes / 2;
  if (lanes == 1) return {{b.CreateExtractElement(value.parts[0], std::uint64_t(upper ? 1 : 0))}, 0};
  llvm::SmallVector<int, 64> lane_of;
  for (int k = 0; k < lanes; ++k) lane_of.push_back(k + (upper ? lanes : 0));
  return {{b.CreateShuffleVector(value.parts[0], lane_of)}, lanes};
}

}  // namespace

/// Slots in pairs until one is left, then halves of the vector until one lane is left.
void KernelEmitter::emit(const Fold& statement) {
  std::vector<Operand> whole = read_all(statement.accumulators);
  const auto combined = [&](std::vector<Operand> args, const std::vector<Operand>& others) {
    args.insert(args.end(), others.begin(), others.end());
    return apply(statement.combine, args);
  };
  std::vector<std::vector<Operand>> slots(whole.front().parts.size());
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    for (const Operand& value : whole) slots[slot].push_back({{value.parts[slot]}, value.lanes});
  }
  for (; slots.size() > 1; slots.resize((slots.size() + 1) / 2)) {
    for (std::size_t k = 0; k < slots.size() / 2; ++k) slots[k] = combined(slots[2 * k], slots[2 * k + 1]);
    if (slots.size() % 2 == 1) slots[slots.size() / 2] = slots.back();
  }
  std::vector<Operand> result = slots.front();
  while (result.front().lanes > 1) {
    std::vector<Operand> low, high;
    for (const Operand& value : result)
      low.push_back(half_of(b_, value, false)), high.push_back(half_of(b_, value, true));
    result = combined(std::move(low), high);
  }
  if (result.front().lanes == 1) {
    for (Operand& value : result) value = {{b_.CreateExtractElement(value.parts[0], std::uint64_t(0))}, 0};
  }
  for (std::size_t k = 0; k < statement.dst.size(); ++k) write(statement.dst[k], result[k]);
}

/// One unsigned comparison: a negative coordinate that is still negative with the extent added is huge.
void KernelEmitter::emit(const Check& statement) {
  const DType dtype = kernel_.registers[std::size_t(statement.coordinate.reg)].dtype;
  const Operand raw = read(statement.coordinate);
  Operand wide{{}, raw.lanes}, counted{{}, raw.lanes}, bad{{}, raw.lanes};
  for (std::size_t slot = 0; slot < raw.parts.size(); ++slot) {
    llvm::Value* given =
        emit_convert({b_, features_}, raw.parts[slot], dtype, tensor::is_unsigned(dtype) ? u64 : i64);
    llvm::Value* extent = integer(statement.extent);
    if (raw.lanes > 0) extent = b_.CreateVectorSplat(unsigned(raw.lanes), extent);
    llvm::Value* negative = b_.CreateICmpSLT(given, llvm::Constant::getNullValue(given->getType()));
    llvm::Value* index =
        tensor::is_unsigned(dtype) ? given : b_.CreateSelect(negative, b_.CreateAdd(given, extent), given);
    llvm::Value* outside = b_.CreateICmpUGE(index, extent);
    if (raw.lanes > 0 && vector_ && mask_of(int(slot))) outside = b_.CreateAnd(outside, mask_of(int(slot)));
    wide.parts.push_back(given), counted.parts.push_back(index), bad.parts.push_back(outside);
  }
  report(statement, wide, bad);
  write(statement.dst, counted);
}

/// Leaves the function if any lane is bad, with the first of them in the status.
void KernelEmitter::report(const Check& statement, const Operand& coordinates, const Operand& bad) {
  llvm::Value* any = bad.parts.front();
  for (std::size_t slot = 1; slot < bad.parts.size(); ++slot) any = b_.CreateOr(any, bad.parts[slot]);
  if (bad.lanes > 0) any = b_.CreateOrReduce(any);
  auto* failed = llvm::BasicBlock::Create(context_, "failed", frame_.function, frame_.leave);
  auto* fine = llvm::BasicBlock::Create(context_, "fine", frame_.function, failed);
  llvm::MDNode* rarely = llvm::MDBuilder(context_).createBranchWeights(1, 1 << 20);
  b_.CreateCondBr(any, failed, fine, rarely);
  b_.SetInsertPoint(failed);
  llvm::Value* value = coordinates.parts.front();
  llvm::Value* lane = nullptr;
  if (bad.lanes > 0) {
    value = lane = int64(0);
    for (int slot = int(bad.parts.size()) - 1; slot >= 0; --slot) {
      llvm::Value* set = b_.CreateZExt(
          b_.CreateBitCast(bad.parts[std::size_t(slot)], b_.getIntNTy(unsigned(bad.lanes))), b_.getInt64Ty());
      llvm::Value* first = b_.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, set, b_.getFalse());
      first = b_.CreateAnd(first, int64(bad.lanes - 1));
      llvm::Value* here = b_.CreateICmpNE(set, int64(0));
      value =
          b_.CreateSelect(here, b_.CreateExtractElement(coordinates.parts[std::size_t(slot)], first), value);
      lane = b_.CreateSelect(here, b_.CreateAdd(first, int64(std::int64_t(slot) * bad.lanes)), lane);
    }
  }
  llvm::Type* whole = b_.getInt64Ty();
  const auto report = module_.getOrInsertFunction("einx_codegen_report", b_.getVoidTy(), b_.getPtrTy(),
                                                  b_.getInt32Ty(), b_.getInt32Ty(), whole, whole, whole);
  b_.CreateCall(report, {frame_.status, b_.getInt32(std::uint32_t(statement.operand)),
                         b_.getInt32(std::uint32_t(statement.axis)), value, integer(statement.extent),
                         position(statement.position, lane)});
  b_.CreateBr(frame_.leave);
  b_.SetInsertPoint(fine);
}

}  // namespace einx::detail::codegen
