#include "loops/run_program.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>

#include "support/guarded.h"

namespace einx::detail::loops_test {
namespace {

using guarded::Guarded;

/// Offsets of the lowest element, and the number of elements up to the highest.
std::pair<std::int64_t, std::int64_t> reach(const graph::Type& type) {
  std::int64_t low = 0, high = 0;
  for (std::size_t d = 0; d < type.shape.size(); ++d) {
    if (type.shape[d] == 0) return {0, 0};
    const std::int64_t span = (type.shape[d] - 1) * type.strides[d];
    (span < 0 ? low : high) += span;
  }
  return {low, high - low + 1};
}

tensor::Scalar value(DType dtype, std::mt19937& random, std::int64_t below) {
  if (below > 0) return tensor::make_scalar(std::int64_t(random() % unsigned(below)), dtype);
  if (tensor::is_float(dtype)) return tensor::make_scalar(double(int(random() % 33) - 16) / 8, dtype);
  if (dtype == DType::boolean) return tensor::make_scalar(std::int64_t(random() % 2), dtype);
  return tensor::make_scalar(std::int64_t(random() % 16) - (tensor::is_signed(dtype) ? 8 : 0), dtype);
}

double unit(DType dtype) {
  switch (dtype) {
    case DType::f16:
      return 0x1p-10;
    case DType::bf16:
      return 0x1p-7;
    case DType::f32:
      return 0x1p-23;
    default:
      return 0x1p-52;
  }
}

bool close(double expected, double actual, double tolerance) {
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) == std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual)) return expected == actual;
  return std::abs(expected - actual) <= tolerance * std::max(1.0, std::abs(expected));
}

}  // namespace

Tensor operand(const graph::Type& type, unsigned seed, bool at_end, std::int64_t below) {
  static std::vector<std::unique_ptr<Guarded>> kept;
  const auto [low, count] = reach(type);
  const std::size_t bytes = size_of(type.dtype);
  kept.push_back(std::make_unique<Guarded>(std::size_t(count) * bytes, at_end, bytes));
  std::byte* data = kept.back()->data();
  std::mt19937 random(seed);
  for (std::int64_t k = 0; k < count; ++k)
    tensor::store(data + std::size_t(k) * bytes, value(type.dtype, random, below));
  return Tensor::view(static_cast<void*>(data - low * std::int64_t(bytes)), type.dtype, type.shape,
                      type.strides);
}

Ran run_program(const loops::Program& program, std::span<const Tensor> operands,
                const codegen::Target& target) {
  if (const auto broken = loops::verify(program)) {
    Ran ran;
    ran.broken = *broken + "\n" + loops::text(program);
    return ran;
  }
  return run_code(*codegen::compile(program, target), program, operands);
}

Ran run_code(const codegen::Code& code, const loops::Program& program, std::span<const Tensor> operands) {
  Ran ran;
  std::vector<const void*> inputs;
  for (const Tensor& operand : operands) inputs.push_back(operand.data());
  std::vector<std::unique_ptr<Guarded>> memory;
  std::vector<void*> outputs;
  std::vector<std::size_t> bytes;
  for (const graph::Type& type : program.outputs) {
    bytes.push_back(std::size_t(support::checked_product(type.shape).value_or(0)) * size_of(type.dtype));
    memory.push_back(std::make_unique<Guarded>(bytes.back(), true, 64));
    outputs.push_back(memory.back()->data());
  }
  ran.code = code.run(inputs.data(), outputs.data(), &ran.status);
  for (std::size_t k = 0; k < memory.size(); ++k) {
    if (!memory[k]->intact()) ran.broken += "output " + std::to_string(k) + " is written beyond its end\n";
    Tensor copy = Tensor::empty(program.outputs[k].shape, program.outputs[k].dtype);
    if (bytes[k] > 0) std::memcpy(copy.data(), outputs[k], bytes[k]);
    ran.outputs.push_back(std::move(copy));
  }
  return ran;
}

Ran run_program(const graph::Graph& graph, std::span<const Tensor> operands, const codegen::Target& target,
                const loops::Options& options) {
  return run_program(loops::lower(graph, target.machine, options), operands, target);
}

std::string difference(const Tensor& expected, const Tensor& actual, double tolerance) {
  if (expected.dtype() != actual.dtype()) return "dtype " + std::string(name_of(actual.dtype()));
  if (!std::ranges::equal(expected.shape(), actual.shape())) return "shape " + actual.to_string();
  const Tensor want = expected.clone();
  const std::size_t bytes = size_of(want.dtype());
  for (std::int64_t k = 0; k < want.size(); ++k) {
    const auto at = std::size_t(k) * bytes;
    const tensor::Scalar a = tensor::load(static_cast<const std::byte*>(want.data()) + at, want.dtype());
    const tensor::Scalar b = tensor::load(static_cast<const std::byte*>(actual.data()) + at, want.dtype());
    const bool same =
        tensor::is_float(want.dtype()) ? close(a.f, b.f, tolerance * unit(want.dtype())) : a.i == b.i;
    if (same) continue;
    return "element " + std::to_string(k) + " is " + std::to_string(tensor::to_double(b)) + ", not " +
           std::to_string(tensor::to_double(a));
  }
  return "";
}

}  // namespace einx::detail::loops_test
