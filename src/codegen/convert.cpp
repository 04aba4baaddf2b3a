// tensor::convert in LLVM IR, the same bits: no undefined conversion, f16 and bf16 by integer arithmetic
// where there is no instruction for them.
#include "codegen/emit.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

using llvm::Value;

/// Constants and types of the same shape (scalar or vector) as a value.
struct Like {
  Builder& b;
  llvm::Type* type;
  llvm::Type* with(llvm::Type* scalar) const {
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
    return vector ? llvm::FixedVectorType::get(scalar, vector->getNumElements()) : scalar;
  }
  llvm::Type* integer(int bits) const { return with(b.getIntNTy(unsigned(bits))); }
  Value* i32(std::uint32_t value) const { return llvm::ConstantInt::get(integer(32), value); }
  Value* f32(double value) const { return llvm::ConstantFP::get(with(b.getFloatTy()), value); }
};

Value* half_to_float(const Arithmetic& to, Value* bits) {
  Builder& b = to.b;
  const Like like{b, bits->getType()};
  llvm::Type* floats = like.with(b.getFloatTy());
  if (to.features.f16c) return b.CreateFPExt(b.CreateBitCast(bits, like.with(b.getHalfTy())), floats);
  Value* wide = b.CreateZExt(bits, like.integer(32));
  Value* sign = b.CreateShl(b.CreateAnd(wide, like.i32(0x8000)), like.i32(16));
  Value* magnitude = b.CreateAnd(wide, like.i32(0x7fff));
  Value* shifted = b.CreateShl(magnitude, like.i32(13));
  Value* normal = b.CreateAdd(shifted, like.i32(112u << 23));
  Value* special = b.CreateOr(shifted, like.i32(0x7f800000));
  // A signalling NaN becomes a quiet one, as the instruction does it.
  special = b.CreateSelect(b.CreateICmpUGT(magnitude, like.i32(0x7c00)),
                           b.CreateOr(special, like.i32(0x400000)), special);
  Value* tiny = b.CreateFMul(b.CreateSIToFP(magnitude, floats), like.f32(0x1p-24));
  Value* result = b.CreateSelect(b.CreateICmpUGE(magnitude, like.i32(0x7c00)), special, normal);
  result = b.CreateSelect(b.CreateICmpULT(magnitude, like.i32(0x0400)),
                          b.CreateBitCast(tiny, like.integer(32)), result);
  return b.CreateBitCast(b.CreateOr(result, sign), floats);
}

Value* float_to_half(const Arithmetic& to, Value* value) {
  Builder& b = to.b;
  const Like like{b, value->getType()};
  if (to.features.f16c)
    return b.CreateBitCast(b.CreateFPTrunc(value, like.with(b.getHalfTy())), like.integer(16));
  Value* bits = b.CreateBitCast(value, like.integer(32));
  Value* magnitude = b.CreateAnd(bits, like.i32(0x7fffffff));
  Value* sign = b.CreateLShr(b.CreateAnd(bits, like.i32(0x80000000)), like.i32(16));
  Value* odd = b.CreateAnd(b.CreateLShr(magnitude, like.i32(13)), like.i32(1));
  Value* normal =
      b.CreateAdd(b.CreateSub(magnitude, like.i32(112u << 23)), b.CreateAdd(odd, like.i32(0xfff)));
  normal = b.CreateLShr(normal, like.i32(13));
  // Beside 0.5 a float's last place is 2^-24, the step of subnormal halves: the addition rounds to it.
  Value* beside = b.CreateFAdd(b.CreateBitCast(magnitude, like.with(b.getFloatTy())), like.f32(0.5));
  Value* tiny = b.CreateSub(b.CreateBitCast(beside, like.integer(32)), like.i32(0x3f000000));
  Value* nan =
      b.CreateOr(b.CreateAnd(b.CreateLShr(magnitude, like.i32(13)), like.i32(0x3ff)), like.i32(0x7e00));
  Value* result = b.CreateSelect(b.CreateICmpULT(magnitude, like.i32(0x38800000)), tiny, normal);
  result = b.CreateSelect(b.CreateICmpUGE(magnitude, like.i32(0x47800000)), like.i32(0x7c00), result);
  result = b.CreateSelect(b.CreateICmpUGT(magnitude, like.i32(0x7f800000)), nan, result);
  return b.CreateTrunc(b.CreateOr(result, sign), like.integer(16));
}

Value* brain_to_float(Builder& b, Value* bits) {
  const Like like{b, bits->getType()};
  return b.CreateBitCast(b.CreateShl(b.CreateZExt(bits, like.integer(32)), like.i32(16)),
                         like.with(b.getFloatTy()));
}

Value* float_to_brain(Builder& b, Value* value) {
  const Like like{b, value->getType()};
  Value* bits = b.CreateBitCast(value, like.integer(32));
  Value* top = b.CreateLShr(bits, like.i32(16));
  Value* rounded = b.CreateAdd(bits, b.CreateAdd(b.CreateAnd(top, like.i32(1)), like.i32(0x7fff)));
  Value* result = b.CreateSelect(b.CreateFCmpUNO(value, value), b.CreateOr(top, like.i32(0x40)),
                                 b.CreateLShr(rounded, like.i32(16)));
  return b.CreateTrunc(result, like.integer(16));
}

/// f64 to f32, rounding to odd, so that rounding once more to at most 22 bits is as if done in one step
/// (Boldo and Melquiond, 2008).
Value* round_to_odd(Builder& b, Value* value) {
  const Like like{b, value->getType()};
  llvm::Type* floats = like.with(b.getFloatTy());
  Value* nearest = b.CreateFPTrunc(value, floats);
  Value* back = b.CreateFPExt(nearest, value->getType());
  Value* away = b.CreateFCmpOGT(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, back),
                                b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value));
  Value* bits = b.CreateBitCast(nearest, like.integer(32));
  Value* towards_zero = b.CreateSub(bits, b.CreateZExt(away, like.integer(32)));
  Value* odd = b.CreateBitCast(b.CreateOr(towards_zero, like.i32(1)), floats);
  return b.CreateSelect(b.CreateFCmpUEQ(back, value), nearest, odd);
}

/// To the 64-bit integers: what does not fit becomes the lowest i64; u64 has its own upper half.
Value* float_to_wide(Builder& b, Value* value, bool is_unsigned) {
  const Like like{b, value->getType()};
  llvm::Type* wide = like.integer(64);
  const auto number = [&](double v) { return llvm::ConstantFP::get(value->getType(), v); };
  const auto fits_from = [&](double low, double high) {
    return b.CreateAnd(b.CreateFCmpOGE(value, number(low)), b.CreateFCmpOLT(value, number(high)));
  };
  Value* lowest = llvm::ConstantInt::get(wide, std::uint64_t(1) << 63);
  Value* fits = fits_from(-0x1p63, 0x1p63);
  Value* result = b.CreateFPToSI(b.CreateSelect(fits, value, number(0)), wide);
  result = b.CreateSelect(fits, result, lowest);
  if (!is_unsigned) return result;
  Value* upper = fits_from(0x1p63, 0x1p64);
  Value* rest = b.CreateFPToSI(b.CreateSelect(upper, b.CreateFSub(value, number(0x1p63)), number(0)), wide);
  return b.CreateSelect(upper, b.CreateXor(rest, lowest), result);
}

Value* from_float(const Arithmetic& to, Value* value, DType dtype) {
  Builder& b = to.b;
  const Like like{b, value->getType()};
  const bool is_double = value->getType()->getScalarType()->isDoubleTy();
  if (dtype == boolean) return b.CreateFCmpUNE(value, llvm::ConstantFP::get(value->getType(), 0));
  if (dtype == f64) return is_double ? value : b.CreateFPExt(value, like.with(b.getDoubleTy()));
  if (dtype == f32) return is_double ? b.CreateFPTrunc(value, like.with(b.getFloatTy())) : value;
  if (tensor::is_half(dtype)) {
    Value* single = is_double ? round_to_odd(b, value) : value;
    return dtype == f16 ? float_to_half(to, single) : float_to_brain(b, single);
  }
  Value* wide = float_to_wide(b, value, dtype == u64);
  return b.CreateTrunc(wide, like.integer(int(size_of(dtype)) * 8));
}

Value* from_integer(const Arithmetic& to, Value* value, DType from, DType dtype) {
  Builder& b = to.b;
  const Like like{b, value->getType()};
  const bool is_signed = tensor::is_signed(from);
  if (dtype == boolean) return b.CreateICmpNE(value, llvm::Constant::getNullValue(value->getType()));
  if (!tensor::is_float(dtype))
    return b.CreateIntCast(value, like.integer(int(size_of(dtype)) * 8), is_signed);
  llvm::Type* floats = like.with(dtype == f64 ? b.getDoubleTy() : b.getFloatTy());
  Value* result = is_signed ? b.CreateSIToFP(value, floats) : b.CreateUIToFP(value, floats);
  return tensor::is_half(dtype) ? from_float(to, result, dtype) : result;
}

}  // namespace

Value* emit_convert(const Arithmetic& to, Value* value, DType from, DType dtype) {
  if (from == dtype) return value;
  if (from == f16) return from_float(to, half_to_float(to, value), dtype);
  if (from == bf16) return from_float(to, brain_to_float(to.b, value), dtype);
  return tensor::is_float(from) ? from_float(to, value, dtype) : from_integer(to, value, from, dtype);
}

}  // namespace einx::detail::codegen
