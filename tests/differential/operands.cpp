#include "differential/operands.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/tensor.h"

namespace differential {
namespace {

namespace tensor = einx::detail::tensor;

double special_real(Random& random) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double values[] = {std::numeric_limits<double>::quiet_NaN(), inf, -inf, -0.0, 0.0, 1.0, -1.0};
  return values[random() % std::size(values)];
}

std::int64_t extreme_integer(DType dtype, Random& random) {
  const int bits = static_cast<int>(einx::size_of(dtype)) * 8;
  const auto top = tensor::is_signed(dtype) ? static_cast<std::int64_t>((std::uint64_t(1) << (bits - 1)) - 1) : -1;  // all ones for unsigned
  const std::int64_t values[] = {top, tensor::is_signed(dtype) ? -top - 1 : top, 0, 1};
  return values[random() % std::size(values)];
}

/// Just outside an axis of this size, and far: as near to it as the dtype comes.
std::int64_t hostile_coordinate(std::int64_t size, DType dtype, Random& random) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t values[] = {size, -size - 1, std::int64_t(1) << 31, -(std::int64_t(1) << 31) - 1, most, least, least + size, -1};
  const std::int64_t drawn = values[random() % std::size(values)];
  if (dtype == DType::u64 || dtype == DType::i64) return drawn;  // as u64 the negative ones are enormous
  const int bits = static_cast<int>(einx::size_of(dtype)) * 8;
  const std::int64_t top = (std::int64_t(1) << (tensor::is_signed(dtype) ? bits - 1 : bits)) - 1;
  return std::clamp(drawn, tensor::is_signed(dtype) ? -top - 1 : std::int64_t(0), top);
}

/// Small values, exact in every dtype; products stay in range.
tensor::Scalar value(const Filling& filling, DType dtype, Random& random) {
  if (filling.coordinate_of > 0) {
    if (filling.hostile && random() % 16 == 0) return tensor::make_scalar(hostile_coordinate(filling.coordinate_of, dtype, random), dtype);
    const std::int64_t n = std::min<std::int64_t>(filling.coordinate_of, dtype == DType::i8 ? 128 : dtype == DType::u8 ? 256 : filling.coordinate_of);
    const auto coordinate = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    const bool negative = tensor::is_signed(dtype) && random() % 4 == 0 && filling.coordinate_of <= 128;
    return tensor::make_scalar(negative ? coordinate - n + (n - filling.coordinate_of) : coordinate, dtype);
  }
  const bool special = filling.special && random() % 8 == 0;
  if (dtype == DType::boolean) return tensor::make_scalar(std::int64_t(random() % 2), dtype);
  if (tensor::is_integer(dtype)) {
    if (special) return tensor::make_scalar(extreme_integer(dtype, random), dtype);
    return tensor::make_scalar(static_cast<std::int64_t>(random() % 9) - (tensor::is_signed(dtype) ? 4 : 0), dtype);
  }
  if (special) return tensor::make_scalar(special_real(random), dtype);
  if (filling.near_one) return tensor::make_scalar(1.0 + (static_cast<double>(random() % 17) - 8.0) / 64.0, dtype);
  return tensor::make_scalar((static_cast<double>(random() % 65) - 32.0) / 8.0, dtype);
}

Tensor filled(const Shape& shape, DType dtype, const Filling& filling, Random& random, Memory& memory) {
  Tensor result = memory.make(shape, dtype, einx::size_of(dtype));
  auto* bytes = static_cast<char*>(result.data());
  for (std::int64_t k = 0; k < result.size(); ++k) tensor::store(bytes + k * static_cast<std::int64_t>(einx::size_of(dtype)), value(filling, dtype, random));
  return result;
}

std::vector<int> reversed_order(int rank) {
  std::vector<int> order(static_cast<std::size_t>(rank));
  for (int d = 0; d < rank; ++d) order[static_cast<std::size_t>(d)] = rank - 1 - d;
  return order;
}

}  // namespace

Tensor Memory::make(const Shape& shape, DType dtype, std::size_t alignment) {
  if (!guarded_) return Tensor::empty(shape, dtype);
  std::size_t bytes = einx::size_of(dtype);
  for (const std::int64_t extent : shape) bytes *= static_cast<std::size_t>(extent);
  kept_.push_back(std::make_unique<guarded::Guarded>(bytes, at_end_, alignment));
  return Tensor::view(static_cast<void*>(kept_.back()->data()), dtype, shape);
}

bool Memory::intact() const {
  return std::ranges::all_of(kept_, [](const auto& memory) { return memory->intact(); });
}

Tensor make_operand(const Shape& shape, const OperandSpec& spec, const Filling& filling, Random& random, Memory& memory) {
  const int rank = static_cast<int>(shape.size());
  const int axis = rank ? static_cast<int>(random() % static_cast<std::uint64_t>(rank)) : 0;
  Shape larger = shape;
  switch (rank == 0 && spec.layout != Layout::Misaligned ? Layout::Contiguous : spec.layout) {
    case Layout::Contiguous: return filled(shape, spec.dtype, filling, random, memory);
    case Layout::Permuted: {
      std::reverse(larger.begin(), larger.end());
      return filled(larger, spec.dtype, filling, random, memory).permuted(reversed_order(rank));
    }
    case Layout::Sliced: {
      larger[static_cast<std::size_t>(axis)] = larger[static_cast<std::size_t>(axis)] * 2 + 1;
      return filled(larger, spec.dtype, filling, random, memory).sliced(axis, 1, larger[static_cast<std::size_t>(axis)], 2);
    }
    case Layout::Reversed: return filled(shape, spec.dtype, filling, random, memory).reversed(axis);
    case Layout::Broadcast: {
      larger[static_cast<std::size_t>(axis)] = std::min<std::int64_t>(1, larger[static_cast<std::size_t>(axis)]);
      return filled(larger, spec.dtype, filling, random, memory).broadcast_to(shape);
    }
    case Layout::Misaligned: break;
  }
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) elements *= extent;
  return filled({elements + 1}, spec.dtype, filling, random, memory).sliced(0, 1, elements + 1).reshaped(shape);
}

}  // namespace differential
