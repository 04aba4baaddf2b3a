// Addresses, loads and stores. A masked lane never touches memory.
#include <algorithm>

#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;

// ---------------------------------------------------------------- addresses

/// The buffer's first element: an argument, an entry of the kernel's array, or a place in this function's
/// frame.
llvm::Value* KernelEmitter::buffer(BufferId id) {
  llvm::Value*& found = frame_.buffers[id];
  if (found) return found;
  const Buffer& declared = buffers_[std::size_t(id)];
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(frame_.entry->getTerminator());
  if (declared.kind == Buffer::Kind::Local) {
    auto* block =
        llvm::ArrayType::get(memory_type(context_, declared.dtype), std::uint64_t(declared.elements));
    llvm::AllocaInst* local = b_.CreateAlloca(block);
    local->setAlignment(llvm::Align(64));
    return found = local;
  }
  if (!frame_.buffer_array) support::internal_error("codegen: a micro-kernel has three buffers");
  llvm::Value* entry = b_.CreateConstInBoundsGEP1_64(b_.getPtrTy(), frame_.buffer_array, std::uint64_t(id));
  return found = b_.CreateLoad(b_.getPtrTy(), entry);
}

llvm::Value* KernelEmitter::shifted(llvm::Value* pointer, std::int64_t bytes) {
  return bytes == 0 ? pointer : b_.CreateConstGEP1_64(b_.getInt8Ty(), pointer, std::uint64_t(bytes));
}

/// pointer + variable * stride, computed once, as far out as the variable allows.
llvm::Value* KernelEmitter::offset_by(llvm::Value* pointer, const Variable& variable, const Int& stride,
                                      std::int64_t size) {
  llvm::Value*& found =
      frame_
          .pointers[{pointer, variable.value, stride.constant() ? stride.value * size : size, stride.param}];
  if (found) return found;
  llvm::Value* step = integer(stride);
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(variable.scope->getTerminator());
  llvm::Value* bytes = stride.constant() ? int64(stride.value * size) : b_.CreateNSWMul(step, int64(size));
  return found = b_.CreateGEP(b_.getInt8Ty(), pointer, b_.CreateNSWMul(variable.value, bytes));
}

/// Address of a slot's first lane: variables from the outermost to the innermost, then everything constant,
/// then checked indices that are scalars.
llvm::Value* KernelEmitter::pointer(BufferId id, const Address& at, int slot) {
  const auto size = std::int64_t(size_of(buffers_[std::size_t(id)].dtype));
  std::int64_t bytes = at.offset.constant() ? at.offset.value * size : 0;
  std::vector<std::pair<Variable, Int>> steps;
  const Variable one{int64(1), frame_.entry, 0, 1};
  if (!at.offset.constant()) steps.push_back({one, at.offset});
  for (const Address::Start& start : at.starts)
    steps.push_back({Variable{int64(start.times), frame_.entry, 0, 1}, start.stride});
  for (const Address::Term& term : at.terms) {
    const Variable& variable = frame_.variables.at(term.var);
    const bool along = vector_ && term.var == vector_->var;
    const std::int64_t lanes = along ? std::int64_t(slot) * vector_->lanes : 0;
    const auto* value = llvm::dyn_cast<llvm::ConstantInt>(variable.value);
    const std::int64_t known = lanes + (value ? value->getSExtValue() : 0);
    if (!value && !term.stride.is(0)) steps.push_back({variable, term.stride});
    if (term.stride.constant())
      bytes += term.stride.value * size * known;
    else if (known != 0)
      steps.push_back({Variable{int64(known), frame_.entry, 0, 1}, term.stride});
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const auto& x, const auto& y) { return x.first.depth < y.first.depth; });
  llvm::Value* result = buffer(id);
  for (const auto& [variable, stride] : steps) result = offset_by(result, variable, stride, size);
  result = shifted(result, bytes);
  for (const Address::Indirect& term : at.indirect) {
    const Operand index = read({term.index, {}});
    if (index.lanes > 0) continue;
    llvm::Value* distance = b_.CreateNSWMul(index.parts[0], integer(term.stride));
    result = b_.CreateGEP(b_.getInt8Ty(), result, b_.CreateNSWMul(distance, int64(size)));
  }
  return result;
}

/// The stride along the vector variable.
Int KernelEmitter::lane_stride(const Address& at) const {
  Int stride;
  for (const Address::Term& term : at.terms) {
    if (!vector_ || term.var != vector_->var || term.stride.is(0)) continue;
    if (!stride.is(0) && !(stride.constant() && term.stride.constant()))
      support::internal_error("codegen: two run-time strides along one vector variable");
    stride = stride.is(0) ? term.stride : Int{stride.value + term.stride.value};
  }
  return stride;
}

bool KernelEmitter::indirect_lanes(const Address& at) const {
  return vector_ && std::any_of(at.indirect.begin(), at.indirect.end(),
                                [&](const auto& term) { return shape_of(term.index).second > 0; });
}

/// Whether an element address is always a multiple of `bytes`, given a 64-byte aligned buffer.
bool KernelEmitter::aligned(const Address& at, std::int64_t bytes, std::int64_t size) const {
  const auto whole = [&](const Int& value, std::int64_t times) {
    return (value.constant() ? value.value : value.multiple) * times * size % bytes == 0;
  };
  if (!at.indirect.empty() || !at.starts.empty() || !whole(at.offset, 1)) return false;
  return std::all_of(at.terms.begin(), at.terms.end(), [&](const Address::Term& term) {
    const Variable& variable = frame_.variables.at(term.var);
    const auto* value = llvm::dyn_cast<llvm::ConstantInt>(variable.value);
    const std::int64_t lanes = vector_ && term.var == vector_->var ? vector_->lanes : 0;
    return whole(term.stride, value ? value->getSExtValue() : variable.step) && whole(term.stride, lanes);
  });
}

/// Inputs may have any alignment (x86 does not mind), what we allocate that of its elements. A micro-kernel's
/// buffers are the runtime's own.
KernelEmitter::Access KernelEmitter::access(BufferId id, const Address& at) const {
  const Buffer& declared = buffers_[std::size_t(id)];
  const bool foreign = declared.kind == Buffer::Kind::Input || declared.kind == Buffer::Kind::Constant;
  const bool panel = frame_.buffer_array == nullptr;  // of a micro-kernel: the runtime's own memory
  Access access;
  access.dtype = declared.dtype;
  access.align = llvm::Align(foreign && !panel ? 1 : size_of(declared.dtype));
  access.invariant = foreign && !panel && !facts_.stored.contains(id);
  const Int stride = lane_stride(at);
  using Kind = Access::Kind;
  if (indirect_lanes(at))
    access.kind = Kind::Lanes;
  else
    access.kind = stride.is(0)    ? Kind::Uniform
                  : stride.is(1)  ? Kind::Forward
                  : stride.is(-1) ? Kind::Backward
                                  : Kind::Lanes;
  return access;
}

llvm::Value* KernelEmitter::reversed(llvm::Value* vector) { return b_.CreateVectorReverse(vector); }

/// Elements from the slot's first lane to each lane, as a vector of i64.
llvm::Value* KernelEmitter::lane_offsets(const Address& at, int slot) {
  llvm::SmallVector<std::uint64_t, 64> lanes;
  for (int k = 0; k < vector_->lanes; ++k) lanes.push_back(std::uint64_t(k));
  const auto splat = [&](llvm::Value* value) {
    return b_.CreateVectorSplat(unsigned(vector_->lanes), value);
  };
  llvm::Value* sum =
      b_.CreateMul(llvm::ConstantDataVector::get(context_, lanes), splat(integer(lane_stride(at))));
  for (const Address::Indirect& term : at.indirect) {
    const Operand index = read({term.index, {}});
    if (index.lanes > 0)
      sum = b_.CreateAdd(sum, b_.CreateMul(index.parts[std::size_t(slot)], splat(integer(term.stride))));
  }
  return sum;
}

// ---------------------------------------------------------------- loads

namespace {

/// A constant mask's lane, true without a mask; nullopt if only known at run time.
std::optional<bool> lane_is_on(llvm::Value* mask, int lane) {
  if (!mask) return true;
  const auto* known = llvm::dyn_cast<llvm::Constant>(mask);
  const auto* bit =
      known ? llvm::dyn_cast_or_null<llvm::ConstantInt>(known->getAggregateElement(unsigned(lane))) : nullptr;
  return bit ? std::optional(bit->isOne()) : std::nullopt;
}

}  // namespace

/// Lanes that are not neighbours: a gather where there is an instruction for it, else one load a lane.
llvm::Value* KernelEmitter::load_lanes(const Load& statement, const Access& access, int slot) {
  llvm::Value* mask = mask_of(slot);
  const Int stride = lane_stride(statement.at);
  const auto size = std::int64_t(size_of(access.dtype));
  llvm::Type* element = memory_type(context_, access.dtype);
  llvm::Type* vector = memory_type(context_, access.dtype, vector_->lanes);
  llvm::Value* first = pointer(statement.buffer, statement.at, slot);
  const bool simple = !indirect_lanes(statement.at) && stride.constant();
  if (!simple || !lane_is_on(mask, 0) || (features_.avx512 && size >= 4)) {
    llvm::Value* addresses = b_.CreateGEP(element, first, lane_offsets(statement.at, slot));
    llvm::Value* all = mask ? mask : b_.CreateVectorSplat(unsigned(vector_->lanes), b_.getTrue());
    return b_.CreateMaskedGather(vector, addresses, access.align, all, llvm::Constant::getNullValue(vector));
  }
  llvm::Value* result = llvm::Constant::getNullValue(vector);
  for (int k = 0; k < vector_->lanes; ++k) {
    if (!*lane_is_on(mask, k)) continue;
    llvm::Value* loaded =
        b_.CreateAlignedLoad(element, shifted(first, k * stride.value * size), access.align);
    result = b_.CreateInsertElement(result, loaded, std::uint64_t(k));
  }
  return result;
}

/// One slot of a load. Downward neighbours are loaded upwards from the last one and reversed, their mask too.
llvm::Value* KernelEmitter::load_part(const Load& statement, const Access& access, int slot) {
  if (access.kind == Access::Kind::Lanes) return load_lanes(statement, access, slot);
  llvm::Value* from = pointer(statement.buffer, statement.at, slot);
  if (access.kind == Access::Kind::Uniform)
    return b_.CreateAlignedLoad(memory_type(context_, access.dtype), from, access.align);
  llvm::Type* vector = memory_type(context_, access.dtype, vector_->lanes);
  llvm::Value* mask = mask_of(slot);
  const bool backward = access.kind == Access::Kind::Backward;
  if (backward) from = shifted(from, -std::int64_t(size_of(access.dtype)) * (vector_->lanes - 1));
  if (backward && mask) mask = reversed(mask);
  llvm::Value* loaded = mask ? static_cast<llvm::Value*>(b_.CreateMaskedLoad(
                                   vector, from, access.align, mask, llvm::Constant::getNullValue(vector)))
                             : b_.CreateAlignedLoad(vector, from, access.align);
  return backward ? reversed(loaded) : loaded;
}

void KernelEmitter::emit(const Load& statement) {
  if (const auto number = numbers_.find(statement.buffer); number != numbers_.end()) {
    write(statement.dst, {{number->second}, 0});
    known_[statement.dst.reg] = number->second;
    return;
  }
  const Access how = access(statement.buffer, statement.at);
  const bool uniform = !vector_ || how.kind == Access::Kind::Uniform;
  Operand value{{}, uniform ? 0 : vector_->lanes};
  for (int slot = 0; slot < (uniform ? 1 : vector_->slots()); ++slot) {
    llvm::Value* part = load_part(statement, how, slot);
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(part); load && how.invariant)
      load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context_, {}));
    if (how.dtype == boolean) part = b_.CreateICmpNE(part, llvm::Constant::getNullValue(part->getType()));
    value.parts.push_back(part);
  }
  write(statement.dst, value);
}

void KernelEmitter::emit(const Prefetch& statement) {
  const int slots = vector_ && !lane_stride(statement.at).is(0) ? vector_->slots() : 1;
  for (int slot = 0; slot < slots; ++slot) {
    prefetch(pointer(statement.buffer, statement.at, slot), statement.far);
  }
}

void KernelEmitter::prefetch(llvm::Value* at, bool far) {
  b_.CreateIntrinsic(llvm::Intrinsic::prefetch, {at->getType()},
                     {at, b_.getInt32(0), b_.getInt32(far ? 2 : 3), b_.getInt32(1)});
}

// ---------------------------------------------------------------- stores

/// Lanes that are not neighbours: one store a lane in their order, or a scatter where addresses or mask are
/// only known at run time.
void KernelEmitter::store_lanes(const Store& statement, const Access& access, llvm::Value* value, int slot) {
  llvm::Value* mask = mask_of(slot);
  const Int stride = lane_stride(statement.at);
  llvm::Type* element = memory_type(context_, access.dtype);
  llvm::Value* first = pointer(statement.buffer, statement.at, slot);
  if (indirect_lanes(statement.at) || !stride.constant() || !lane_is_on(mask, 0)) {
    llvm::Value* addresses = b_.CreateGEP(element, first, lane_offsets(statement.at, slot));
    b_.CreateMaskedScatter(value, addresses, access.align,
                           mask ? mask : b_.CreateVectorSplat(unsigned(vector_->lanes), b_.getTrue()));
    return;
  }
  for (int k = 0; k < vector_->lanes; ++k) {
    if (!*lane_is_on(mask, k)) continue;
    llvm::Value* to = shifted(first, k * stride.value * std::int64_t(size_of(access.dtype)));
    b_.CreateAlignedStore(b_.CreateExtractElement(value, std::uint64_t(k)), to, access.align);
  }
}

/// Neighbouring lanes: one vector store, past the caches if asked for and if the address is provably a
/// multiple of the vector.
void KernelEmitter::store_part(const Store& statement, const Access& access, llvm::Value* value, int slot) {
  llvm::Value* to = pointer(statement.buffer, statement.at, slot);
  llvm::Value* mask = mask_of(slot);
  const std::int64_t size = std::int64_t(size_of(access.dtype)), bytes = size * vector_->lanes;
  if (access.kind == Access::Kind::Backward) {
    to = shifted(to, size - bytes);
    value = reversed(value);
    mask = mask ? reversed(mask) : nullptr;
  }
  if (mask) {
    b_.CreateMaskedStore(value, to, access.align, mask);
    return;
  }
  llvm::StoreInst* store = b_.CreateAlignedStore(value, to, access.align);
  const bool streams = statement.streaming && access.kind == Access::Kind::Forward && bytes >= 16 &&
                       aligned(statement.at, std::min<std::int64_t>(bytes, 64), size);
  if (!streams) return;
  store->setAlignment(llvm::Align(std::uint64_t(std::min<std::int64_t>(bytes, 64))));
  store->setMetadata(llvm::LLVMContext::MD_nontemporal,
                     llvm::MDNode::get(context_, llvm::ConstantAsMetadata::get(b_.getInt32(1))));
  frame_.streamed = true;
}

void KernelEmitter::emit(const Store& statement) {
  const Access how = access(statement.buffer, statement.at);
  Operand value = read(statement.value);
  if (kernel_.registers[std::size_t(statement.value.reg)].dtype != how.dtype)
    support::internal_error("codegen: a store changes the dtype");
  if (how.dtype == boolean) {
    for (llvm::Value*& part : value.parts)
      part = b_.CreateZExt(part, memory_type(context_, boolean, value.lanes));
  }
  if (how.kind == Access::Kind::Uniform && value.lanes == 0) {
    b_.CreateAlignedStore(value.parts[0], pointer(statement.buffer, statement.at), how.align);
    return;
  }
  if (!vector_) support::internal_error("codegen: a vector is stored outside of its loop");
  value = spread(b_, value, vector_->slots(), vector_->lanes);
  const bool neighbours = how.kind == Access::Kind::Forward || how.kind == Access::Kind::Backward;
  for (int slot = 0; slot < vector_->slots(); ++slot) {
    if (neighbours)
      store_part(statement, how, value.parts[std::size_t(slot)], slot);
    else
      store_lanes(statement, how, value.parts[std::size_t(slot)], slot);
  }
}

}  // namespace einx::detail::codegen
