// Kernels as LLVM functions: variables, loops of every kind but parallel ones.
#include <algorithm>

#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;

Features features_of(const Target& target) {
  const loops::Machine& machine = target.machine;
  return {.fma = machine.fma, .avx512 = machine.masks, .f16c = machine.fma};
}

void Budget::spend(std::int64_t instructions) {
  left -= instructions;
  if (left < 0) support::internal_error("codegen: the program is beyond the instruction budget");
}

KernelEmitter::KernelEmitter(llvm::Module& module, const Target& target, std::span<const Buffer> buffers,
                             const Kernel& kernel, Budget& budget)
    : module_(module),
      context_(module.getContext()),
      b_(context_),
      features_(features_of(target)),
      vector_bytes_(target.machine.vector_bytes),
      buffers_(buffers),
      kernel_(kernel),
      facts_(facts_of(kernel.body)),
      budget_(budget) {
  llvm::FastMathFlags flags;
  flags.setAllowContract(true);
  b_.setFastMathFlags(flags);
}

// ---------------------------------------------------------------- functions

/// Starts a function: entry holds allocas and what depends on nothing, then comes the code.
void KernelEmitter::open(llvm::Function* function) {
  function->setDoesNotThrow();
  if (vector_bytes_ == 64) function->addFnAttr("prefer-vector-width", "512");
  frame_ = Frame{};
  frame_.function = function;
  frame_.entry = llvm::BasicBlock::Create(context_, "entry", function);
  frame_.leave = llvm::BasicBlock::Create(context_, "leave", function);
  auto* start = llvm::BasicBlock::Create(context_, "start", function, frame_.leave);
  b_.SetInsertPoint(frame_.entry);
  b_.CreateBr(start);
  b_.SetInsertPoint(start);
}

/// The one way out: streamed stores are made visible before anybody is told that the part is done.
void KernelEmitter::close() {
  b_.CreateBr(frame_.leave);
  b_.SetInsertPoint(frame_.leave);
  if (frame_.streamed) b_.CreateIntrinsic(llvm::Intrinsic::x86_sse_sfence, {}, {});
  b_.CreateRetVoid();
}

void KernelEmitter::declare(const std::string& name, std::span<llvm::Type* const> arguments) {
  auto* type =
      llvm::FunctionType::get(b_.getVoidTy(), llvm::ArrayRef(arguments.data(), arguments.size()), false);
  open(llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module_));
}

void KernelEmitter::emit(const std::string& name) {
  const std::array<llvm::Type*, 3> arguments = {b_.getPtrTy(), b_.getPtrTy(), b_.getPtrTy()};
  declare(name, arguments);
  frame_.buffer_array = frame_.function->getArg(0);
  frame_.parameter_array = frame_.function->getArg(1);
  frame_.status = frame_.function->getArg(2);
  body(kernel_.body);
  close();
}

void KernelEmitter::emit_apart(const std::string& name, std::span<const BufferId> ids,
                               std::map<BufferId, llvm::Constant*> numbers) {
  numbers_ = std::move(numbers);
  declare(name, std::vector<llvm::Type*>(ids.size() + 1, b_.getPtrTy()));
  for (std::size_t k = 0; k < ids.size(); ++k) frame_.buffers[ids[k]] = frame_.function->getArg(unsigned(k));
  frame_.status = frame_.function->getArg(unsigned(ids.size()));
  body(kernel_.body);
  close();
}

void KernelEmitter::emit_micro(const std::string& name) {
  const std::array<llvm::Type*, 4> arguments = {b_.getPtrTy(), b_.getPtrTy(), b_.getPtrTy(), b_.getPtrTy()};
  declare(name, arguments);
  for (int k = 0; k < 3; ++k) frame_.buffers[k] = frame_.function->getArg(unsigned(k));
  frame_.parameter_array = frame_.function->getArg(3);
  body(kernel_.body);
  frame_.streamed = false;  // the runtime's fence comes after many tiles
  close();
}

// ---------------------------------------------------------------- statements and variables

void KernelEmitter::body(const Body& statements) {
  for (const Statement& next : statements) statement(next);
}

void KernelEmitter::statement(const Statement& statement) {
  budget_.spend(vector_ ? vector_->slots() : 1);
  support::match(
      statement.node, [&](const Loop& s) { loop(s); }, [&](const auto& s) { emit(s); });
}

/// Run-time parameters are loaded once, at the function's entry.
llvm::Value* KernelEmitter::integer(const Int& value) {
  if (value.constant()) return int64(value.value);
  llvm::Value*& found = frame_.parameters[value.param];
  if (found) return found;
  if (!frame_.parameter_array) support::internal_error("codegen: no parameters are at hand");
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(frame_.entry->getTerminator());
  return found = b_.CreateLoad(b_.getInt64Ty(),
                               b_.CreateConstInBoundsGEP1_64(b_.getInt64Ty(), frame_.parameter_array,
                                                             std::uint64_t(value.param)));
}

KernelEmitter::Variable KernelEmitter::variable(llvm::Value* value, llvm::BasicBlock* scope,
                                                std::int64_t step) const {
  int depth = 0;
  for (const auto& [id, other] : frame_.variables) depth = std::max(depth, other.depth);
  return {value, scope, depth + 1, step};
}

void KernelEmitter::with_variable(const Loop& loop, Variable variable, const std::function<void()>& inside) {
  frame_.variables[loop.var] = variable;
  inside();
  frame_.variables.erase(loop.var);
}

/// Where a loop over a part of this extent ends: computed once, at the function's entry.
llvm::Value* KernelEmitter::end_of(const Loop& loop, const Int& extent) {
  llvm::Value* all = integer(extent);
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(frame_.entry->getTerminator());
  if (loop.part == Loop::Part::Whole) return rounded_down(all, loop.unit);
  if (loop.part != Loop::Part::Small) return all;
  return b_.CreateSelect(b_.CreateICmpSLT(all, int64(loop.unit)), all, int64(0));
}

/// The other end.
llvm::Value* KernelEmitter::begin_of(const Loop& loop) {
  if (loop.part != Loop::Part::Rest && loop.part != Loop::Part::Last) return int64(0);
  llvm::Value* all = integer(loop.extent);
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(frame_.entry->getTerminator());
  llvm::Value* whole = rounded_down(all, loop.unit);
  if (loop.part == Loop::Part::Rest) return whole;
  llvm::Value* overlaps = b_.CreateAnd(b_.CreateICmpSGT(all, int64(loop.unit)), b_.CreateICmpNE(whole, all));
  return b_.CreateSelect(overlaps, b_.CreateNSWSub(all, int64(loop.unit)), all);
}

/// Of what is not negative.
llvm::Value* KernelEmitter::rounded_down(llvm::Value* value, std::int64_t unit) {
  if ((unit & (unit - 1)) == 0) return b_.CreateAnd(value, int64(-unit));
  return b_.CreateNSWSub(value, b_.CreateURem(value, int64(unit)));
}

/// min(extent, outer_extent - outer), as a constant where it is one.
KernelEmitter::Extent KernelEmitter::extent_of(const Loop& loop) {
  if (loop.part != Loop::Part::All && loop.outer < 0) return {{}, end_of(loop, loop.extent), {}};
  if (loop.outer < 0) {
    if (loop.extent.constant()) return {loop.extent.value, int64(loop.extent.value), loop.extent.value};
    return {{}, integer(loop.extent), {}};
  }
  const auto found = frame_.variables.find(loop.outer);
  if (found == frame_.variables.end())
    support::internal_error("codegen: a tile's outer loop is not around it");
  const Variable& outer = found->second;
  const bool constants =
      loop.extent.constant() && loop.outer_extent.constant() && loop.part == Loop::Part::All;
  if (const auto* at = llvm::dyn_cast<llvm::ConstantInt>(outer.value); at && constants) {
    const std::int64_t left = std::min(loop.extent.value, loop.outer_extent.value - at->getSExtValue());
    return {left, int64(left), left};
  }
  const std::int64_t tile = loop.extent.value;
  if (constants && tile > 0 && loop.outer_extent.value % tile == 0 && outer.step % tile == 0)
    return {tile, int64(tile), tile};
  llvm::Value* end = end_of(loop, loop.outer_extent);
  const Builder::InsertPointGuard guard(b_);
  b_.SetInsertPoint(outer.scope->getTerminator());
  llvm::Value* left = b_.CreateNSWSub(end, outer.value);
  llvm::Value* value = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, integer(loop.extent), left);
  return {{}, value, loop.extent.constant() ? std::optional(tile) : std::nullopt};
}

// ---------------------------------------------------------------- loops

void KernelEmitter::loop(const Loop& loop) {
  switch (loop.kind) {
    case LoopKind::Unrolled:
      return unrolled_loop(loop);
    case LoopKind::Vector:
      return vector_loop(loop);
    case LoopKind::Parallel:
      return parallel_loop(loop);
    default:
      return serial_loop(loop);
  }
}

/// for (i = begin; i < end; i += step), tested at the bottom; `guard`: it may run zero times.
void KernelEmitter::counted(const Loop& loop, llvm::Value* begin, llvm::Value* end, std::int64_t step,
                            bool guard, const std::function<void()>& inside) {
  llvm::Function* function = frame_.function;
  auto* head = llvm::BasicBlock::Create(context_, "head", function, frame_.leave);
  auto* code = llvm::BasicBlock::Create(context_, "body", function, frame_.leave);
  auto* exit = llvm::BasicBlock::Create(context_, "exit", function, frame_.leave);
  llvm::BasicBlock* before = b_.GetInsertBlock();
  if (guard)
    b_.CreateCondBr(b_.CreateICmpSLT(begin, end), head, exit);
  else
    b_.CreateBr(head);
  b_.SetInsertPoint(head);
  llvm::PHINode* at = b_.CreatePHI(b_.getInt64Ty(), 2);
  at->addIncoming(begin, before);
  b_.CreateBr(code);
  b_.SetInsertPoint(code);
  const bool from_zero = loop.part != Loop::Part::Rest && loop.part != Loop::Part::Last;
  with_variable(loop, variable(at, head, from_zero ? step : 1), inside);
  llvm::Value* next = b_.CreateAdd(at, int64(step), "", true, true);
  at->addIncoming(next, b_.GetInsertBlock());
  b_.CreateCondBr(b_.CreateICmpSLT(next, end), head, exit);
  exit->moveAfter(b_.GetInsertBlock());
  b_.SetInsertPoint(exit);
}

/// Also tiles. A loop of one iteration is its body with a constant, which turns its addresses into constants.
void KernelEmitter::serial_loop(const Loop& loop) {
  const Extent extent = extent_of(loop);
  const auto inside = [&] { body(loop.body); };
  if (!extent.constant) return counted(loop, begin_of(loop), extent.value, loop.step, true, inside);
  if (*extent.constant <= 0) return;
  if (*extent.constant <= loop.step)
    return with_variable(loop, variable(int64(0), frame_.entry, loop.step), inside);
  counted(loop, int64(0), extent.value, loop.step, false, inside);
}

/// The body once for every value. In a ragged tile each copy asks whether it is still inside; the first one
/// always is.
void KernelEmitter::unrolled_loop(const Loop& loop) {
  if (!loop.extent.constant()) support::internal_error("codegen: an unrolled loop needs a constant extent");
  const Extent extent = extent_of(loop);
  for (std::int64_t k = 0; k < extent.constant.value_or(loop.extent.value); k += loop.step) {
    const auto once = [&] {
      with_variable(loop, variable(int64(k), frame_.entry), [&] { body(loop.body); });
    };
    if (extent.constant || k == 0) {
      once();
      continue;
    }
    auto* code = llvm::BasicBlock::Create(context_, "inside", frame_.function, frame_.leave);
    auto* next = llvm::BasicBlock::Create(context_, "next", frame_.function, frame_.leave);
    b_.CreateCondBr(b_.CreateICmpSLT(int64(k), extent.value), code, next);
    b_.SetInsertPoint(code);
    once();
    b_.CreateBr(next);
    b_.SetInsertPoint(next);
  }
}

/// The body for the vectors that the masks stand for, at the variable's current value.
void KernelEmitter::strip(const Loop& loop, std::vector<llvm::Value*> masks) {
  vector_ = Vector{loop.var, int(loop.step), std::move(masks), varying_registers(kernel_, loop)};
  body(loop.body);
  vector_.reset();
}

void KernelEmitter::vector_loop(const Loop& loop) {
  if (vector_) support::internal_error("codegen: vector loops do not nest");
  if (loop.step < 1 || (loop.step & (loop.step - 1)) != 0)
    support::internal_error("codegen: the lanes of a vector are a power of two");
  const Extent extent = extent_of(loop);
  if (extent.constant)
    vector_constant(loop, *extent.constant);
  else
    vector_dynamic(loop, extent);
}

/// Whole groups of `unroll` vectors in a loop, then the full vectors that remain and the masked one side by
/// side.
void KernelEmitter::vector_constant(const Loop& loop, std::int64_t extent) {
  const std::int64_t group = loop.step * loop.unroll;
  const std::int64_t grouped = extent / group * group, rest = extent - grouped;
  const auto whole = [&] { strip(loop, std::vector<llvm::Value*>(std::size_t(loop.unroll), nullptr)); };
  if (grouped == group) with_variable(loop, variable(int64(0), frame_.entry, group), whole);
  if (grouped > group) counted(loop, int64(0), int64(grouped), group, false, whole);
  if (rest <= 0) return;
  std::vector<llvm::Value*> masks(std::size_t(rest / loop.step), nullptr);
  if (rest % loop.step != 0) {
    llvm::SmallVector<llvm::Constant*, 64> lanes;
    for (std::int64_t k = 0; k < loop.step; ++k) lanes.push_back(b_.getInt1(k < rest % loop.step));
    masks.push_back(llvm::ConstantVector::get(lanes));
  }
  with_variable(loop, variable(int64(grouped), frame_.entry), [&] { strip(loop, std::move(masks)); });
}

/// Whole groups in a loop, then single vectors, then a masked one.
void KernelEmitter::vector_dynamic(const Loop& loop, const Extent& extent) {
  const std::int64_t group = loop.step * loop.unroll;
  const Int& end = loop.outer < 0 ? loop.extent : loop.outer_extent;
  const bool no_tail = end.is_multiple(loop.step) && (loop.outer < 0 || loop.extent.is_multiple(loop.step));
  llvm::Value* grouped = int64(0);
  if (!extent.at_most || *extent.at_most >= group) {
    grouped = rounded_down(extent.value, group);
    counted(loop, int64(0), grouped, group, true,
            [&] { strip(loop, std::vector<llvm::Value*>(std::size_t(loop.unroll), nullptr)); });
  }
  llvm::Value* singles = no_tail ? extent.value : rounded_down(extent.value, loop.step);
  if (loop.unroll > 1 || grouped == int64(0)) counted(loop, grouped, singles, loop.step, true, [&] { strip(loop, {nullptr}); });
  if (no_tail) return;
  counted(loop, singles, extent.value, loop.step, true, [&] {
    llvm::Value* left = b_.CreateNSWSub(extent.value, frame_.variables.at(loop.var).value);
    left = b_.CreateTrunc(b_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, left, int64(loop.step)),
                          b_.getInt32Ty());
    llvm::SmallVector<std::uint32_t, 64> lanes;
    for (std::uint32_t k = 0; k < std::uint32_t(loop.step); ++k) lanes.push_back(k);
    llvm::Value* mask = b_.CreateICmpULT(llvm::ConstantDataVector::get(context_, lanes),
                                         b_.CreateVectorSplat(unsigned(loop.step), left));
    strip(loop, {mask});
  });
}

}  // namespace einx::detail::codegen
