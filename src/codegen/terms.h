// Private to codegen: what the files with inlined mathematical functions share.
#pragma once
#include <initializer_list>

#include "codegen/emit.h"

namespace einx::detail::codegen {

using llvm::Value;

/// The operations of one function on values of one type.
struct Terms {
  const Arithmetic& to;
  llvm::Type* type;

  Builder& b() const { return to.b; }
  bool is_double() const { return type->getScalarType()->isDoubleTy(); }
  int mantissa() const { return is_double() ? 52 : 23; }
  int bias() const { return is_double() ? 1023 : 127; }
  int lanes() const {
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
    return vector ? int(vector->getNumElements()) : 0;
  }
  llvm::Type* integers() const { return register_type(type->getContext(), is_double() ? i64 : i32, lanes()); }
  Value* number(double value) const { return llvm::ConstantFP::get(type, value); }
  Value* integer(std::int64_t value) const {
    return llvm::ConstantInt::get(integers(), std::uint64_t(value), true);
  }
  Value* bits(Value* x) const { return b().CreateBitCast(x, integers()); }
  Value* from_bits(Value* x) const { return b().CreateBitCast(x, type); }
  Value* add(Value* x, Value* y) const { return b().CreateFAdd(x, y); }
  Value* sub(Value* x, Value* y) const { return b().CreateFSub(x, y); }
  Value* mul(Value* x, Value* y) const { return b().CreateFMul(x, y); }
  Value* div(Value* x, Value* y) const { return b().CreateFDiv(x, y); }
  Value* fma(Value* x, Value* y, Value* z) const { return emit_fma(to, x, y, z); }
  Value* abs(Value* x) const { return b().CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); }
  Value* select(Value* condition, Value* x, Value* y) const { return b().CreateSelect(condition, x, y); }
  /// c[0] x^n + c[1] x^(n-1) + ... + c[n]
  Value* polynomial(Value* x, std::initializer_list<double> c) const {
    Value* sum = number(*c.begin());
    for (const double* next = c.begin() + 1; next != c.end(); ++next) sum = fma(sum, x, number(*next));
    return sum;
  }
};

/// Adding this rounds to an integer that then stands in the low bits (SSE2 has no rounding instruction).
inline double rounder(const Terms& t) { return t.is_double() ? 0x1.8p52 : 0x1.8p23; }

}  // namespace einx::detail::codegen
