// exp, log, log1p, tanh, erf and (with FMA) pow, inline, on f32 and f64, scalars and vectors of any width:
// straight code, no calls, no tables, at most 2 ulp. exp and tanh follow Cephes (S. L. Moshier), log and
// log1p fdlibm (Sun Microsystems): argument reductions and polynomials; the scaling, the treatment of special
// values and the branch-free form are ours.
#include <limits>

#include "codegen/terms.h"

namespace einx::detail::codegen {
namespace {

using llvm::Value;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

llvm::Intrinsic::ID scalef_intrinsic(const Terms& t) {
  using namespace llvm;
  const int bits = t.lanes() * (t.is_double() ? 64 : 32);
  if (!t.to.features.avx512) return Intrinsic::not_intrinsic;
  if (bits == 512)
    return t.is_double() ? Intrinsic::x86_avx512_mask_scalef_pd_512
                         : Intrinsic::x86_avx512_mask_scalef_ps_512;
  if (bits == 256)
    return t.is_double() ? Intrinsic::x86_avx512_mask_scalef_pd_256
                         : Intrinsic::x86_avx512_mask_scalef_ps_256;
  if (bits == 128)
    return t.is_double() ? Intrinsic::x86_avx512_mask_scalef_pd_128
                         : Intrinsic::x86_avx512_mask_scalef_ps_128;
  return Intrinsic::not_intrinsic;
}

/// x * 2^n rounded once, also into subnormals and infinity. `n_float` is n as a number, `n` the same as an
/// integer.
Value* scaled(const Terms& t, Value* x, Value* n_float, Value* n) {
  if (const llvm::Intrinsic::ID id = scalef_intrinsic(t); id != llvm::Intrinsic::not_intrinsic) {
    Value* mask =
        t.b().getIntN(unsigned(std::max(8, t.lanes())), ~std::uint64_t(0) >> (64 - std::max(8, t.lanes())));
    llvm::SmallVector<Value*, 5> args = {x, n_float, x, mask};
    if (t.lanes() * t.type->getScalarSizeInBits() == 512)
      args.push_back(t.b().getInt32(4));  // rounding: as MXCSR says
    return t.b().CreateIntrinsic(id, {}, args);
  }
  // In two steps, of which the first is exact.
  const auto power = [&](Value* e) {
    return t.from_bits(t.b().CreateShl(t.b().CreateAdd(e, t.integer(t.bias())), t.integer(t.mantissa())));
  };
  Value* half = t.b().CreateAShr(n, t.integer(1));
  return t.mul(t.mul(x, power(half)), power(t.b().CreateSub(n, half)));
}

Value* exp_polynomial(const Terms& t, Value* r) {
  if (!t.is_double()) {
    return t.polynomial(r, {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
                            1.6666665459e-1, 5.0000001201e-1, 1, 1});
  }
  // The series to r^13: the rest is below 2^-57 for |r| <= log(2) / 2.
  Value* p = t.polynomial(r, {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                              1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5});
  return t.add(t.fma(p, t.mul(r, r), r), t.number(1));
}

/// exp(x + tail), the tail below the last place of x, or null. `any`: x may be above 0.
Value* exp_of_sum(const Terms& t, Value* x, Value* tail, bool any = true) {
  Builder& b = t.b();
  // Beyond these the result is infinity or zero anyway; a NaN passes both comparisons.
  Value* high = t.number(t.is_double() ? 710.5 : 89.5);
  Value* low = t.number(t.is_double() ? -746.5 : -105);
  Value* y = any ? t.select(b.CreateFCmpOLT(high, x), high, x) : x;
  y = t.select(b.CreateFCmpOGT(low, y), low, y);
  Value* magic = t.number(rounder(t));
  Value* sum = t.fma(y, t.number(1.44269504088896340736), magic);
  Value* n = t.sub(sum, magic);
  Value* r = t.fma(n, t.number(t.is_double() ? -6.93145751953125e-1 : -0.693359375), y);
  r = t.fma(n, t.number(t.is_double() ? -1.42860682030941723212e-6 : 2.12194440e-4), r);
  if (tail != nullptr) r = t.add(r, tail);
  Value* exponent = b.CreateSub(t.bits(sum), t.bits(magic));
  return scaled(t, exp_polynomial(t, r), n, exponent);
}

/// log(1 + f) + k log(2) + correction, f in [sqrt(1/2) - 1, sqrt(2) - 1], by the series in s = f / (2 + f).
Value* log_series(const Terms& t, Value* f, Value* k, Value* correction) {
  Value* s = t.div(f, t.add(f, t.number(2)));
  Value* z = t.mul(s, s);
  Value* r =
      t.is_double()
          ? t.polynomial(z, {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                             2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                             6.666666666666735130e-01})
          : t.polynomial(z, {0xf89e26.0p-26, 0x91e9ee.0p-25, 0xccce13.0p-25, 0xaaaaaa.0p-24});
  r = t.mul(r, z);
  const double high = t.is_double() ? 6.93147180369123816490e-01 : 6.9313812256e-01;
  const double low = t.is_double() ? 1.90821492927058770002e-10 : 9.0580006145e-06;
  Value* half_square = t.mul(t.mul(f, f), t.number(0.5));
  Value* tail = t.fma(k, t.number(low), correction);
  tail = t.fma(s, t.add(half_square, r), tail);
  Value* small = t.sub(t.sub(half_square, tail), f);
  return t.fma(k, t.number(high), t.b().CreateFNeg(small));
}

struct Parts {
  Value *f, *k;  ///< x = (1 + f) * 2^k
};
/// For positive normal x.
Parts split(const Terms& t, Value* x) {
  // Adding 1 - sqrt(1/2) in units of the bits carries into the exponent exactly when the mantissa is at least
  // sqrt(2).
  const std::int64_t root = t.is_double() ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  const std::int64_t one = t.is_double() ? 0x3ff0000000000000 : 0x3f800000;
  Value* shifted = t.b().CreateAdd(t.bits(x), t.integer(one - root));
  Value* exponent = t.b().CreateSub(t.b().CreateAShr(shifted, t.integer(t.mantissa())), t.integer(t.bias()));
  Value* fraction = t.b().CreateAnd(shifted, t.integer((std::int64_t(1) << t.mantissa()) - 1));
  Value* reduced = t.from_bits(t.b().CreateAdd(fraction, t.integer(root)));
  // The exponent is small: through the low bits of the rounder, as SSE2 has no conversion from 64-bit
  // integers.
  Value* magic = t.number(rounder(t));
  Value* k = t.sub(t.from_bits(t.b().CreateAdd(exponent, t.bits(magic))), magic);
  return {t.sub(reduced, t.number(1)), k};
}

/// For positive x, subnormal ones too.
Parts split_any(const Terms& t, Value* x) {
  const double smallest = t.is_double() ? 0x1p-1022 : 0x1p-126, lift = t.is_double() ? 0x1p54 : 0x1p25;
  Value* tiny = t.b().CreateFCmpOLT(x, t.number(smallest));
  const Parts parts = split(t, t.select(tiny, t.mul(x, t.number(lift)), x));
  return {parts.f, t.select(tiny, t.sub(parts.k, t.number(t.is_double() ? 54 : 25)), parts.k)};
}

/// The logarithm's values at zero, below it, at infinity and at NaN.
Value* log_specials(const Terms& t, Value* result, Value* x, double zero) {
  result = t.select(t.b().CreateFCmpOEQ(x, t.number(zero)), t.number(-kInfinity), result);
  result = t.select(t.b().CreateFCmpOLT(x, t.number(zero)),
                    t.number(std::numeric_limits<double>::quiet_NaN()), result);
  result = t.select(t.b().CreateFCmpOEQ(x, t.number(kInfinity)), x, result);
  return t.select(t.b().CreateFCmpUNO(x, x), x, result);
}

/// tanh below 0.625, where 1 - 2 / (exp(2 x) + 1) would cancel.
Value* tanh_small(const Terms& t, Value* x) {
  Value* z = t.mul(x, x);
  if (!t.is_double()) {
    Value* p = t.polynomial(
        z, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1});
    return t.fma(t.mul(p, z), x, x);
  }
  Value* p =
      t.polynomial(z, {-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3});
  Value* q =
      t.polynomial(z, {1, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3});
  return t.fma(t.mul(t.div(p, q), z), x, x);
}

/// erf below 1: x + x P(x^2).
Value* erf_small(const Terms& t, Value* x) {
  Value* z = t.mul(x, x);
  Value* p =
      t.is_double()
          ? t.polynomial(z, {5.9571761477489114044e-11, -1.137284885679167367e-9, 1.4659775274047435814e-8,
                             -1.6350312701054695011e-7, 1.6461000484121368033e-6, -1.4925595266831181565e-5,
                             1.2055331111642710923e-4, -8.5483269808337899052e-4, 5.2239776248180144673e-3,
                             -2.6866170645076793248e-2, 1.1283791670954878666e-1, -3.7612638903183748056e-1,
                             1.2837916709551257377e-1})
          : t.polynomial(z, {7.8758750626854883411e-5, -8.0168642871658695293e-4, 5.1890874234339739861e-3,
                             -2.6854212010626412443e-2, 1.1283594715160217732e-1, -3.7612626666720331023e-1,
                             1.2837916584835094603e-1});
  return t.fma(x, p, x);
}

/// erf of numbers from 1 on: 1 - exp(-x^2) Q((x - 2) / (x + 2)). What is lost in exp counts for less than a
/// sixth in 1 - erfc.
Value* erf_large(const Terms& t, Value* x) {
  Value* y = t.div(t.sub(x, t.number(2)), t.add(x, t.number(2)));
  Value* q =
      t.is_double()
          ? t.polynomial(y, {-2.2281295763723501736e-7, 4.1463021832684877226e-6, 1.8594273874294019752e-6,
                             -1.4166339069117108161e-5, -2.7640727821912853578e-5, 2.7560352756678313228e-5,
                             1.7436477257256736926e-4, 4.3552653598178827704e-5, -9.8197711147407153110e-4,
                             -8.4714312294153334166e-4, 6.9974617392005747422e-3, 3.7328924016564481496e-3,
                             -7.8978581015712693680e-2, 2.4165819424248762655e-1, -4.2718584741395849238e-1,
                             2.5539567631050571616e-1})
          : t.polynomial(y, {-9.4415963408727357325e-4, -8.3658997364860578320e-4, 6.9948554135999575607e-3,
                             3.7321413513030097422e-3, -7.8978523272533491895e-2, 2.4165821109072445301e-1,
                             -4.2718584761434302090e-1, 2.5539567625190335418e-1});
  Value* e = emit_exp(t.to, t.b().CreateFNeg(t.mul(x, x)));
  return t.sub(t.number(1), t.mul(e, q));
}

// ---------------------------------------------------------------- pow, in f64

/// A sum whose second part is below the last place of the first one.
struct Wide {
  Value *high, *low;
};

/// a + b exactly, for |a| >= |b| or a = 0.
Wide sum_of(const Terms& t, Value* a, Value* b) {
  Value* high = t.add(a, b);
  return {high, t.add(t.sub(a, high), b)};
}

/// a b exactly; needs FMA.
Wide product(const Terms& t, Value* a, Value* b) {
  Value* high = t.mul(a, b);
  return {high, t.fma(a, b, t.b().CreateFNeg(high))};
}

/// log(x) of positive x to about 2^-64 of it: 2 atanh(s), s = (m - 1) / (m + 1) for x = m 2^k. Of the series
/// s + s^3 / 3 + ... the first two terms are wide, the others count for less than 2^-12 of the sum.
Wide wide_log(const Terms& t, Value* x) {
  const Parts parts = split_any(t, x);
  const Wide divisor = sum_of(t, t.number(2), parts.f);
  Value* inverse = t.div(t.number(1), divisor.high);
  Value* s = t.mul(parts.f, inverse);
  const Wide back = product(t, s, divisor.high);
  Value* rest = t.sub(t.sub(t.sub(parts.f, back.high), back.low), t.mul(s, divisor.low));
  Value* s_low = t.mul(rest, inverse);
  const Wide z = product(t, s, s);
  Value* z_low = t.add(z.low, t.mul(t.add(s, s), s_low));
  Value* later = t.polynomial(z.high, {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11,
                                       1.0 / 9, 1.0 / 7, 1.0 / 5});
  Wide factor = sum_of(t, t.number(0x1.5555555555555p-2), t.mul(later, z.high));
  factor.low = t.add(factor.low, t.number(0x1.5555555555555p-56));
  Wide cube = product(t, s, z.high);
  cube.low = t.add(cube.low, t.add(t.mul(s, z_low), t.mul(s_low, z.high)));
  const Wide second = product(t, cube.high, factor.high);
  Value* second_low = t.add(second.low, t.add(t.mul(cube.high, factor.low), t.mul(cube.low, factor.high)));
  const Wide half = sum_of(t, s, second.high);
  Value* half_low = t.add(half.low, t.add(s_low, second_low));
  const Wide all =
      sum_of(t, t.mul(parts.k, t.number(6.93147180369123816490e-01)), t.add(half.high, half.high));
  Value* low = t.fma(parts.k, t.number(1.90821492927058770002e-10), t.add(half_low, half_low));
  return {all.high, t.add(all.low, low)};
}

/// x^y for x >= 0, all but its values at 1 and for y = 0; `exact`: to the last places of f64.
Value* power_of_size(const Terms& t, Value* x, Value* y, bool exact) {
  if (!exact) return emit_exp(t.to, t.mul(y, emit_log(t.to, x)));
  const Wide log = wide_log(t, x);
  const Wide exponent = product(t, y, log_specials(t, log.high, x, 0));
  Value* low = t.add(exponent.low, t.mul(y, log.low));
  Value* moderate = t.b().CreateFCmpOLT(t.abs(exponent.high), t.number(1100));
  return exp_of_sum(t, exponent.high, t.select(moderate, low, t.number(0)));
}

/// C's pow (Annex F): signs of odd powers, NaN for a negative base unless the exponent is whole, 1 where base
/// or exponent say so.
Value* power(const Terms& t, Value* x, Value* y, bool exact = true) {
  Builder& b = t.b();
  Value *size = t.abs(x), *exponent = t.abs(y), *one = t.number(1);
  Value* infinity = t.number(kInfinity);
  const auto rounded = [&](Value* value) {
    Value* whole = t.number(0x1p52);
    return t.select(b.CreateFCmpOLT(value, whole), t.sub(t.add(value, whole), whole), value);
  };
  Value* half = t.mul(exponent, t.number(0.5));
  Value* whole = b.CreateFCmpOEQ(exponent, rounded(exponent));
  Value* odd = b.CreateAnd(whole, b.CreateFCmpONE(half, rounded(half)));
  Value* result = power_of_size(t, size, y, exact);
  Value* negative = b.CreateICmpSLT(t.bits(x), t.integer(0));
  result = t.select(b.CreateAnd(odd, negative), b.CreateFNeg(result), result);
  Value* below = b.CreateAnd(b.CreateFCmpOLT(x, t.number(0)), b.CreateFCmpOLT(size, infinity));
  result = t.select(b.CreateAnd(below, b.CreateNot(whole)),
                    t.number(std::numeric_limits<double>::quiet_NaN()), result);
  Value* unit = b.CreateAnd(b.CreateFCmpOEQ(size, one), b.CreateFCmpOEQ(exponent, infinity));
  unit = b.CreateOr(unit, b.CreateOr(b.CreateFCmpOEQ(x, one), b.CreateFCmpOEQ(y, t.number(0))));
  return t.select(unit, one, result);
}

/// By products for small whole exponents; null for others.
Value* known_power(const Arithmetic& to, Value* x, const llvm::ConstantFP& exponent) {
  const Terms t{to, x->getType()};
  if (exponent.isExactlyValue(1)) return x;
  if (exponent.isExactlyValue(-1)) return t.div(t.number(1), x);
  Value* square = t.mul(x, x);
  if (exponent.isExactlyValue(2)) return square;
  if (exponent.isExactlyValue(3)) return t.mul(square, x);
  if (exponent.isExactlyValue(4)) return t.mul(square, square);
  return nullptr;
}

}  // namespace

Value* emit_fma(const Arithmetic& to, Value* a, Value* b, Value* c) {
  if (to.features.fma) return to.b.CreateIntrinsic(llvm::Intrinsic::fma, {a->getType()}, {a, b, c});
  return to.b.CreateFAdd(to.b.CreateFMul(a, b), c);
}

Value* emit_exp(const Arithmetic& to, Value* x) { return exp_of_sum({to, x->getType()}, x, nullptr); }

Value* emit_exp_below(const Arithmetic& to, Value* x) {
  return exp_of_sum({to, x->getType()}, x, nullptr, false);
}

Value* emit_log(const Arithmetic& to, Value* x) {
  const Terms t{to, x->getType()};
  const Parts parts = split_any(t, x);
  return log_specials(t, log_series(t, parts.f, parts.k, t.number(0)), x, 0);
}

Value* emit_log1p(const Arithmetic& to, Value* x) {
  const Terms t{to, x->getType()};
  Builder& b = to.b;
  Value* one = t.number(1);
  Value* u = t.add(x, one);
  const Parts parts = split(t, u);
  // What rounding 1 + x lost, relative to it; for large x the other way round.
  Value* lost =
      t.select(b.CreateFCmpOGE(parts.k, t.number(2)), t.sub(one, t.sub(u, x)), t.sub(x, t.sub(u, one)));
  Value* near = b.CreateFCmpOLT(t.abs(x), t.number(0.29));
  Value* zero = t.number(0);
  Value* f = t.select(near, x, parts.f);
  Value* k = t.select(near, zero, parts.k);
  Value* result = log_series(t, f, k, t.select(near, zero, t.div(lost, u)));
  result = t.select(b.CreateFCmpOEQ(x, zero), x, result);  // keeps -0
  return log_specials(t, result, x, -1);
}

Value* emit_tanh(const Arithmetic& to, Value* x) {
  const Terms t{to, x->getType()};
  Value* size = t.abs(x);
  Value* e = emit_exp(to, t.add(size, size));
  Value* large = t.sub(t.number(1), t.div(t.number(2), t.add(e, t.number(1))));
  Value* result = t.select(to.b.CreateFCmpOLT(size, t.number(0.625)), tanh_small(t, size), large);
  return to.b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, result, x);
}

/// Polynomials through the Chebyshev nodes of erf(x) / x - 1 and exp(x^2) erfc(x), both made for this file.
Value* emit_erf(const Arithmetic& to, Value* x) {
  const Terms t{to, x->getType()};
  Value* last = t.number(t.is_double() ? 6 : 4);  // from here on erf rounds to 1
  Value* size = t.abs(x);
  size = t.select(to.b.CreateFCmpOLT(last, size), last, size);  // a NaN stays
  Value* large = to.b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, erf_large(t, size), x);
  return t.select(to.b.CreateFCmpOLT(size, t.number(1)), erf_small(t, x), large);
}

Value* emit_pow(const Arithmetic& to, Value* x, Value* y) {
  const auto* constant = llvm::dyn_cast<llvm::Constant>(y);
  if (constant && constant->getType()->isVectorTy()) constant = constant->getSplatValue();
  if (const auto* exponent = llvm::dyn_cast_or_null<llvm::ConstantFP>(constant))
    if (Value* known = known_power(to, x, *exponent)) return known;
  // By parts of significands, the exact products take twice as long as the C library's scalar function.
  if (!to.features.fma) return emit_libm(to, "einx_codegen_pow", {x, y});
  const Terms given{to, x->getType()};
  if (given.is_double()) return power(given, x, y);
  // What is lost in f64 is far below the last place of f32.
  llvm::Type* wide = register_type(x->getContext(), f64, given.lanes());
  const Terms t{to, wide};
  return to.b.CreateFPTrunc(power(t, to.b.CreateFPExt(x, wide), to.b.CreateFPExt(y, wide), false),
                            given.type);
}

}  // namespace einx::detail::codegen
