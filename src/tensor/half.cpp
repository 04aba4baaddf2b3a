// half and bfloat16: conversions by integer arithmetic, the same bits on every CPU.
#include <einx/tensor.h>

#include <bit>

namespace einx {
namespace {

constexpr std::uint32_t kSign = 0x80000000u, kInfinity = 0x7f800000u;
constexpr std::uint32_t kHalfOverflow = 0x47800000u;  // 2^16 as a float
constexpr std::uint32_t kHalfSmallest = 0x38800000u;  // 2^-14, the smallest normal half
constexpr std::uint32_t kExponentShift = 112u << 23;  // between the biases of float and half
constexpr std::uint16_t kHalfQuiet = 0x0200, kBrainQuiet = 0x0040;

std::uint16_t half_bits(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value), magnitude = bits & ~kSign;
  const auto sign = std::uint16_t((bits & kSign) >> 16);
  if (magnitude > kInfinity) return std::uint16_t(sign | 0x7c00 | kHalfQuiet | ((magnitude >> 13) & 0x3ff));
  if (magnitude >= kHalfOverflow) return sign | 0x7c00;
  if (magnitude < kHalfSmallest) {
    // Beside 0.5 a float's last place is 2^-24, the step of subnormal halves: the addition rounds to it.
    const std::uint32_t half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f);
    return std::uint16_t(sign | (half - std::bit_cast<std::uint32_t>(0.5f)));
  }
  const std::uint32_t tie_to_even = 0xfff + ((magnitude >> 13) & 1);
  return std::uint16_t(sign | ((magnitude - kExponentShift + tie_to_even) >> 13));
}

float half_value(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t(bits & 0x8000) << 16, magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) return std::bit_cast<float>(sign | kInfinity | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x0400) return std::bit_cast<float>(sign | ((magnitude << 13) + kExponentShift));
  const float value = float(magnitude) * 0x1p-24f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
}

std::uint16_t brain_bits(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & ~kSign) > kInfinity) return std::uint16_t(bits >> 16 | kBrainQuiet);
  return std::uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

half::half(float value) : bits(half_bits(value)) {}
half::operator float() const { return half_value(bits); }

bfloat16::bfloat16(float value) : bits(brain_bits(value)) {}
bfloat16::operator float() const { return std::bit_cast<float>(std::uint32_t(bits) << 16); }

}  // namespace einx
