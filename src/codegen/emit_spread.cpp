// Vectors whose lanes walk a small block of memory in two steps: loaded whole, then shuffled. Equal loads and
// shuffles of one basic block are merged when instructions are selected.
#include <algorithm>

#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {

using namespace loops;

/// The number-th vector of the span; elements beyond the span are not touched.
llvm::Value* KernelEmitter::chunk(const Spread& statement, std::int64_t number, std::int64_t lanes) {
  const Access how = access(statement.buffer, statement.at);
  const auto size = std::int64_t(size_of(how.dtype));
  llvm::Type* type = memory_type(context_, how.dtype, int(lanes));
  llvm::Value* from = shifted(pointer(statement.buffer, statement.at), number * lanes * size);
  const std::int64_t left = statement.span - number * lanes;
  if (left >= lanes) {
    llvm::LoadInst* load = b_.CreateAlignedLoad(type, from, how.align);
    if (how.invariant)
      load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context_, {}));
    return load;
  }
  llvm::SmallVector<llvm::Constant*, 64> inside;
  for (std::int64_t k = 0; k < lanes; ++k) inside.push_back(b_.getInt1(k < left));
  return b_.CreateMaskedLoad(type, from, how.align, llvm::ConstantVector::get(inside),
                             llvm::Constant::getNullValue(type));
}

/// A run of `period` neighbours again and again, which is one broadcasting load.
llvm::Value* KernelEmitter::repeated(const Spread& statement, std::int64_t first) {
  const Access how = access(statement.buffer, statement.at);
  const auto size = std::int64_t(size_of(how.dtype));
  llvm::Value* from = shifted(pointer(statement.buffer, statement.at), first * size);
  const int period = int(statement.period);
  if (period == 1)
    return b_.CreateVectorSplat(unsigned(vector_->lanes),
                                b_.CreateAlignedLoad(memory_type(context_, how.dtype), from, how.align));
  llvm::Value* run = b_.CreateAlignedLoad(memory_type(context_, how.dtype, period), from, how.align);
  llvm::SmallVector<int, 64> lanes;
  for (int k = 0; k < vector_->lanes; ++k) lanes.push_back(k % period);
  return b_.CreateShuffleVector(run, lanes);
}

/// One vector: lane k is element from[k] of the span; negative: any value.
llvm::Value* KernelEmitter::shuffled(const Spread& statement, std::span<const std::int64_t> from) {
  const auto lanes = std::int64_t(from.size());
  std::set<std::int64_t> chunks;
  for (std::int64_t at : from)
    if (at >= 0) chunks.insert(at / lanes);
  llvm::Value* result = nullptr;
  std::set<std::int64_t> held;
  for (auto next = chunks.begin(); next != chunks.end();) {
    llvm::SmallVector<int, 64> take;
    const bool fresh = result == nullptr;
    const std::int64_t first = *next++;
    const std::int64_t second = fresh && next != chunks.end() ? *next++ : first;
    for (std::int64_t k = 0; k < lanes; ++k) {
      const std::int64_t number = from[std::size_t(k)] < 0 ? -1 : from[std::size_t(k)] / lanes;
      const int lane = int(from[std::size_t(k)] % lanes);
      if (fresh)
        take.push_back(number == first ? lane : number == second ? int(lanes) + lane : -1);
      else
        take.push_back(number == first ? int(lanes) + lane : held.contains(number) ? int(k) : -1);
    }
    budget_.spend(2);
    if (fresh && second == first)
      result = b_.CreateShuffleVector(chunk(statement, first, lanes), take);
    else if (fresh)
      result = b_.CreateShuffleVector(chunk(statement, first, lanes), chunk(statement, second, lanes), take);
    else
      result = b_.CreateShuffleVector(result, chunk(statement, first, lanes), take);
    held.insert({first, second});
  }
  return result;
}

void KernelEmitter::emit(const Spread& statement) {
  if (!vector_) support::internal_error("codegen: a spread stands in a vector loop");
  if (access(statement.buffer, statement.at).dtype == boolean)
    support::internal_error("codegen: truth values are not spread");
  const auto* start = llvm::dyn_cast<llvm::ConstantInt>(position(statement.first, nullptr));
  if (start == nullptr) support::internal_error("codegen: a spread starts where unrolled loops stand");
  const std::int64_t first = start->getSExtValue(), period = statement.period;
  const bool repeats = statement.across == 0 && (statement.along == 1 || period == 1) &&
                       (period & (period - 1)) == 0 && period < vector_->lanes;
  Operand value{{}, vector_->lanes};
  for (int slot = 0; slot < vector_->slots(); ++slot) {
    if (repeats) {
      value.parts.push_back(slot == 0 ? repeated(statement, first) : value.parts[0]);
      continue;
    }
    std::vector<std::int64_t> from;
    for (std::int64_t k = 0; k < vector_->lanes; ++k) {
      const std::int64_t element = slot * vector_->lanes + k;
      const std::int64_t at =
          first + element / period * statement.across + element % period * statement.along;
      from.push_back(at < statement.span ? at : -1);  // beyond the loop's end: never used
    }
    value.parts.push_back(shuffled(statement, from));
  }
  write(statement.dst, value);
}

}  // namespace einx::detail::codegen
