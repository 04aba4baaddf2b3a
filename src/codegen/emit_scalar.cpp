// Scalar functions in LLVM IR: every primitive on scalars and vectors, with the meaning that ops::evaluate
// gives it.
#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using ops::Prim;
using ops::ScalarNode;
using Args = std::array<llvm::Value*, 3>;

llvm::Type* with_lanes(llvm::Type* type, int lanes) {
  return lanes > 0 ? llvm::FixedVectorType::get(type, unsigned(lanes)) : type;
}

llvm::Value* zero_like(llvm::Value* value) { return llvm::Constant::getNullValue(value->getType()); }

/// The instruction that looks for NaN lanes and passes them on, for vectors that it exists for.
llvm::Intrinsic::ID fixup_intrinsic(const llvm::FixedVectorType& type) {
  using namespace llvm;
  const bool is_double = type.getElementType()->isDoubleTy();
  switch (type.getNumElements() * type.getScalarSizeInBits()) {
    case 512:
      return is_double ? Intrinsic::x86_avx512_mask_fixupimm_pd_512
                       : Intrinsic::x86_avx512_mask_fixupimm_ps_512;
    case 256:
      return is_double ? Intrinsic::x86_avx512_mask_fixupimm_pd_256
                       : Intrinsic::x86_avx512_mask_fixupimm_ps_256;
    case 128:
      return is_double ? Intrinsic::x86_avx512_mask_fixupimm_pd_128
                       : Intrinsic::x86_avx512_mask_fixupimm_ps_128;
    default:
      return Intrinsic::not_intrinsic;
  }
}

/// Lanes of x that are NaN, `otherwise` in the others. nullptr: no such instruction. A comparison would go by
/// a mask register, which costs more than the maximum that it is for.
llvm::Value* nan_or(const Arithmetic& to, llvm::Value* x, llvm::Value* otherwise) {
  const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(x->getType());
  if (!to.features.avx512 || type == nullptr) return nullptr;
  const llvm::Intrinsic::ID id = fixup_intrinsic(*type);
  if (id == llvm::Intrinsic::not_intrinsic) return nullptr;
  constexpr unsigned kNanIsItself = 0x11;  // four bits a class of numbers: quiet, signaling NaN; 0: as it was
  llvm::Value* table = llvm::ConstantInt::get(
      llvm::FixedVectorType::get(to.b.getIntNTy(type->getScalarSizeInBits()), type->getNumElements()),
      kNanIsItself);
  const unsigned lanes = std::max(8U, type->getNumElements());
  llvm::SmallVector<llvm::Value*, 6> args = {otherwise, x, table, to.b.getInt32(0),
                                             to.b.getIntN(lanes, (1U << lanes) - 1)};
  if (type->getNumElements() * type->getScalarSizeInBits() == 512)
    args.push_back(to.b.getInt32(4));  // as MXCSR says
  return to.b.CreateIntrinsic(id, {}, args);
}

/// NaN if either is: the comparison picks y if one is NaN, which leaves a NaN in x.
llvm::Value* float_extreme(const Arithmetic& to, llvm::Value* x, llvm::Value* y, bool larger) {
  Builder& b = to.b;
  llvm::Value* picked = b.CreateSelect(larger ? b.CreateFCmpOGT(x, y) : b.CreateFCmpOLT(x, y), x, y);
  if (llvm::Value* result = nan_or(to, x, picked)) return result;
  return b.CreateSelect(b.CreateFCmpUNO(x, x), x, picked);
}

/// numpy's: the floor of the exact quotient, found with fmod; x // 0 is x / 0 (see ops::evaluate). In f64 for
/// f32, too, as there.
llvm::Value* float_floor_divide(const Arithmetic& to, llvm::Value* x, llvm::Value* y) {
  Builder& b = to.b;
  llvm::Type* type = x->getType();
  llvm::Value* a = emit_convert(to, x, type->getScalarType()->isDoubleTy() ? f64 : f32, f64);
  llvm::Value* d = emit_convert(to, y, type->getScalarType()->isDoubleTy() ? f64 : f32, f64);
  llvm::Value* zero = zero_like(a);
  llvm::Value* one = llvm::ConstantFP::get(a->getType(), 1);
  llvm::Value* remainder = b.CreateFRem(a, d);
  llvm::Value* quotient = b.CreateFDiv(b.CreateFSub(a, remainder), d);
  llvm::Value* signs = b.CreateXor(b.CreateFCmpOLT(d, zero), b.CreateFCmpOLT(remainder, zero));
  llvm::Value* below = b.CreateAnd(b.CreateFCmpUNE(remainder, zero), signs);
  quotient = b.CreateSelect(below, b.CreateFSub(quotient, one), quotient);
  llvm::Value* floored = b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, quotient);
  llvm::Value* off =
      b.CreateFCmpOGT(b.CreateFSub(quotient, floored), llvm::ConstantFP::get(a->getType(), 0.5));
  floored = b.CreateSelect(off, b.CreateFAdd(floored, one), floored);
  llvm::Value* plain = b.CreateFDiv(a, d);
  llvm::Value* signed_zero = b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, zero, plain);
  llvm::Value* result = b.CreateSelect(b.CreateFCmpOEQ(quotient, zero), signed_zero, floored);
  result = b.CreateSelect(b.CreateFCmpOEQ(d, zero), plain, result);
  return type->getScalarType()->isDoubleTy() ? result : b.CreateFPTrunc(result, type);
}

/// x // 0 is 0, the lowest integer // -1 wraps: both are kept away from the instruction, which would trap.
llvm::Value* integer_floor_divide(Builder& b, llvm::Value* x, llvm::Value* y, bool is_signed) {
  const auto* known = llvm::dyn_cast<llvm::ConstantInt>(y);
  if (known && is_signed && known->getValue().isStrictlyPositive() && known->getValue().isPowerOf2())
    return b.CreateAShr(x, known->getValue().logBase2());
  llvm::Value* zero = zero_like(x);
  llvm::Value* one = llvm::ConstantInt::get(x->getType(), 1);
  llvm::Value* by_zero = b.CreateICmpEQ(y, zero);
  if (!is_signed) return b.CreateSelect(by_zero, zero, b.CreateUDiv(x, b.CreateSelect(by_zero, one, y)));
  llvm::Value* negates = b.CreateICmpEQ(y, llvm::Constant::getAllOnesValue(x->getType()));
  llvm::Value* divisor = b.CreateSelect(b.CreateOr(by_zero, negates), one, y);
  llvm::Value* quotient = b.CreateSDiv(x, divisor);
  llvm::Value* remainder = b.CreateSub(x, b.CreateMul(quotient, divisor));
  llvm::Value* inexact = b.CreateICmpNE(remainder, zero);
  llvm::Value* below = b.CreateAnd(inexact, b.CreateICmpSLT(b.CreateXor(x, divisor), zero));
  quotient = b.CreateSelect(below, b.CreateSub(quotient, one), quotient);
  quotient = b.CreateSelect(negates, b.CreateSub(zero, x), quotient);
  return b.CreateSelect(by_zero, zero, quotient);
}

llvm::Value* float_op(const Arithmetic& to, Prim prim, const Args& a) {
  Builder& b = to.b;
  switch (prim) {
    case Prim::Add:
      return b.CreateFAdd(a[0], a[1]);
    case Prim::Sub:
      return b.CreateFSub(a[0], a[1]);
    case Prim::Mul:
      return b.CreateFMul(a[0], a[1]);
    case Prim::Div:
      return b.CreateFDiv(a[0], a[1]);
    case Prim::FloorDiv:
      return float_floor_divide(to, a[0], a[1]);
    case Prim::Max:
      return float_extreme(to, a[0], a[1], true);
    case Prim::Min:
      return float_extreme(to, a[0], a[1], false);
    case Prim::Abs:
      return b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, a[0]);
    case Prim::Neg:
      return b.CreateFNeg(a[0]);
    case Prim::Exp:
      return emit_exp(to, a[0]);
    case Prim::Log:
      return emit_log(to, a[0]);
    case Prim::Log1p:
      return emit_log1p(to, a[0]);
    case Prim::Sqrt:
      return b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, a[0]);
    case Prim::Floor:
      return b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, a[0]);
    case Prim::Tanh:
      return emit_tanh(to, a[0]);
    case Prim::Erf:
      return emit_erf(to, a[0]);
    case Prim::Sin:
      return emit_sin(to, a[0]);
    case Prim::Cos:
      return emit_cos(to, a[0]);
    case Prim::Pow:
      return emit_pow(to, a[0], a[1]);
    default:
      support::internal_error("codegen: not a primitive of floats");
  }
}

llvm::Value* integer_op(Builder& b, Prim prim, const Args& a, bool is_signed) {
  using namespace llvm;
  switch (prim) {
    case Prim::Add:
      return b.CreateAdd(a[0], a[1]);
    case Prim::Sub:
      return b.CreateSub(a[0], a[1]);
    case Prim::Mul:
      return b.CreateMul(a[0], a[1]);
    case Prim::Neg:
      return b.CreateNeg(a[0]);
    case Prim::FloorDiv:
      return integer_floor_divide(b, a[0], a[1], is_signed);
    case Prim::Max:
      return b.CreateBinaryIntrinsic(is_signed ? Intrinsic::smax : Intrinsic::umax, a[0], a[1]);
    case Prim::Min:
      return b.CreateBinaryIntrinsic(is_signed ? Intrinsic::smin : Intrinsic::umin, a[0], a[1]);
    case Prim::Abs:
      return is_signed ? b.CreateBinaryIntrinsic(Intrinsic::abs, a[0], b.getFalse()) : a[0];
    default:
      support::internal_error("codegen: not a primitive of integers");
  }
}

llvm::Value* bool_op(Builder& b, Prim prim, const Args& a) {
  switch (prim) {
    case Prim::Add:
    case Prim::Max:
    case Prim::Or:
      return b.CreateOr(a[0], a[1]);
    case Prim::Mul:
    case Prim::Min:
    case Prim::And:
      return b.CreateAnd(a[0], a[1]);
    case Prim::Not:
      return b.CreateNot(a[0]);
    case Prim::Abs:
      return a[0];
    default:
      support::internal_error("codegen: not a primitive of bool");
  }
}

llvm::Value* compare(Builder& b, Prim prim, const Args& a, DType dtype) {
  using P = llvm::CmpInst::Predicate;
  const bool is_signed = tensor::is_signed(dtype);
  const auto pick = [&](P on_float, P on_signed, P on_unsigned) {
    if (tensor::is_float(dtype)) return b.CreateFCmp(on_float, a[0], a[1]);
    return b.CreateICmp(is_signed ? on_signed : on_unsigned, a[0], a[1]);
  };
  switch (prim) {
    case Prim::Lt:
      return pick(P::FCMP_OLT, P::ICMP_SLT, P::ICMP_ULT);
    case Prim::Le:
      return pick(P::FCMP_OLE, P::ICMP_SLE, P::ICMP_ULE);
    case Prim::Eq:
      return pick(P::FCMP_OEQ, P::ICMP_EQ, P::ICMP_EQ);
    default:
      return pick(P::FCMP_UNE, P::ICMP_NE, P::ICMP_NE);
  }
}

/// Primitives whose result is bool whatever their operands are.
bool is_test(Prim prim) {
  return (prim >= Prim::Lt && prim <= Prim::Ne) || prim == Prim::NonZero || prim == Prim::IsNan;
}

llvm::Value* test(const Arithmetic& to, Prim prim, const Args& a, DType dtype) {
  if (prim == Prim::NonZero) return emit_convert(to, a[0], dtype, boolean);
  if (prim != Prim::IsNan) return compare(to.b, prim, a, dtype);
  if (tensor::is_float(dtype)) return to.b.CreateFCmpUNO(a[0], a[0]);
  return llvm::Constant::getNullValue(llvm::CmpInst::makeCmpResultType(a[0]->getType()));
}

/// f16 and bf16 are computed in f32 and rounded after every node.
llvm::Value* arithmetic(const Arithmetic& to, Prim prim, Args a, DType operands, DType dtype) {
  const DType computed = tensor::is_half(operands) ? f32 : operands;
  for (llvm::Value*& value : a) value = value ? emit_convert(to, value, operands, computed) : nullptr;
  if (is_test(prim)) return test(to, prim, a, computed);
  if (computed == boolean) return bool_op(to.b, prim, a);
  if (!tensor::is_float(computed)) return integer_op(to.b, prim, a, tensor::is_signed(computed));
  return emit_convert(to, float_op(to, prim, a), computed, dtype);
}

llvm::Value* emit_node(const Arithmetic& to, const ops::ScalarFn& fn, const ScalarNode& node, const Args& a) {
  const DType operands = node.args[0] >= 0 ? fn.nodes[std::size_t(node.args[0])].dtype : node.dtype;
  switch (node.prim) {
    case Prim::Const:
      return constant(to.b.getContext(), node.constant);
    case Prim::Cast:
      // Where loops/fuse.cpp joined two operations: each is rounded as if it stood alone.
      if (operands == node.dtype && a[0]->getType()->isFPOrFPVectorTy())
        return to.b.CreateArithmeticFence(a[0], a[0]->getType());
      return emit_convert(to, a[0], operands, node.dtype);
    case Prim::Select:
      return to.b.CreateSelect(a[0], a[1], a[2]);
    case Prim::Exp:
      // The schedule of softmax marks exponents that are never above 0 (loops/rowwise.cpp): one instruction less.
      if (node.arg == 0 && !tensor::is_half(operands)) return emit_exp_below(to, a[0]);
      [[fallthrough]];
    default:
      return arithmetic(to, node.prim, a, operands, node.dtype);
  }
}

/// One node for all slots; a scalar stays one while its operands are.
Operand emit_slots(const Arithmetic& to, const ops::ScalarFn& fn, const ScalarNode& node,
                   std::span<const Operand> done) {
  int lanes = 0;
  std::size_t slots = 1;
  for (int arg : node.args) {
    if (arg < 0 || done[std::size_t(arg)].lanes == 0) continue;
    lanes = done[std::size_t(arg)].lanes;
    slots = std::max(slots, done[std::size_t(arg)].parts.size());
  }
  std::array<Operand, 3> operands;
  for (std::size_t k = 0; k < 3; ++k) {
    if (node.args[k] >= 0) operands[k] = spread(to.b, done[std::size_t(node.args[k])], int(slots), lanes);
  }
  Operand result{{}, lanes};
  for (std::size_t slot = 0; slot < slots; ++slot) {
    Args args{};
    for (std::size_t k = 0; k < 3; ++k) args[k] = node.args[k] >= 0 ? operands[k].parts[slot] : nullptr;
    result.parts.push_back(emit_node(to, fn, node, args));
  }
  return result;
}

}  // namespace

llvm::Type* register_type(llvm::LLVMContext& context, DType dtype, int lanes) {
  const auto bits = unsigned(size_of(dtype)) * 8;
  llvm::Type* type = llvm::Type::getIntNTy(context, dtype == boolean ? 1 : bits);
  if (dtype == f32) type = llvm::Type::getFloatTy(context);
  if (dtype == f64) type = llvm::Type::getDoubleTy(context);
  return with_lanes(type, lanes);
}

llvm::Type* memory_type(llvm::LLVMContext& context, DType dtype, int lanes) {
  return dtype == boolean ? with_lanes(llvm::Type::getInt8Ty(context), lanes)
                          : register_type(context, dtype, lanes);
}

llvm::Constant* constant(llvm::LLVMContext& context, const tensor::Scalar& value) {
  std::uint64_t bits = 0;
  tensor::store(&bits, value);  // little endian: the low bytes
  llvm::Type* type = register_type(context, value.dtype);
  if (type->isFloatTy())
    return llvm::ConstantFP::get(context, llvm::APFloat(llvm::APFloat::IEEEsingle(), llvm::APInt(32, bits)));
  if (type->isDoubleTy())
    return llvm::ConstantFP::get(context, llvm::APFloat(llvm::APFloat::IEEEdouble(), llvm::APInt(64, bits)));
  return llvm::ConstantInt::get(type, bits);
}

Operand spread(Builder& b, const Operand& value, int slots, int lanes) {
  if (lanes == 0 || value.lanes > 0) return value;
  llvm::Value* vector = b.CreateVectorSplat(unsigned(lanes), value.parts.front());
  return {llvm::SmallVector<llvm::Value*, 4>(std::size_t(slots), vector), lanes};
}

std::vector<Operand> emit_function(const Arithmetic& to, const ops::ScalarFn& fn,
                                   std::span<const Operand> args) {
  std::vector<Operand> done;
  for (const ScalarNode& node : fn.nodes) {
    done.push_back(node.prim == Prim::Arg ? args[std::size_t(node.arg)] : emit_slots(to, fn, node, done));
  }
  std::vector<Operand> results;
  for (int node : fn.results) results.push_back(done[std::size_t(node)]);
  return results;
}

}  // namespace einx::detail::codegen
