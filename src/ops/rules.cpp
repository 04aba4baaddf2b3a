#include "ops/rules.h"

#include <bit>
#include <limits>

#include "support/support.h"

namespace einx::detail::ops {
namespace {

/// Two's complement limits of an integer dtype, by its width in bits.
std::int64_t signed_limit(DType dtype, bool high) {
  const int shift = 64 - 8 * int(size_of(dtype));
  return (high ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min()) >>
         shift;
}

std::uint64_t unsigned_highest(DType dtype) {
  return std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * int(size_of(dtype)));
}

tensor::Scalar extreme(DType dtype, bool high) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (tensor::is_float(dtype)) return tensor::make_scalar(high ? infinity : -infinity, dtype);
  if (dtype == boolean) return tensor::make_scalar(std::int64_t(high), boolean);
  if (tensor::is_signed(dtype)) return tensor::make_scalar(signed_limit(dtype, high), dtype);
  tensor::Scalar out;
  out.dtype = dtype;
  out.u = high ? unsigned_highest(dtype) : 0;
  return out;
}

}  // namespace

DType widened(DType dtype) {
  if (tensor::is_float(dtype)) return dtype;
  return tensor::is_unsigned(dtype) ? u64 : i64;
}

DType averaged(DType dtype) { return tensor::is_float(dtype) ? dtype : f64; }

DType float_of(DType dtype) {
  if (tensor::is_float(dtype)) return dtype;
  const std::size_t bytes = size_of(dtype);
  return bytes == 1 ? f16 : bytes == 2 ? f32 : f64;
}

DType true_quotient(DType a, DType b) { return averaged(common(a, b)); }

DType floor_quotient(DType a, DType b) {
  const DType both = common(a, b);
  return both == boolean ? i8 : both;
}

DType log_sum(DType a, DType b) {
  const DType both = common(a, b);
  return tensor::is_float(both) ? both : common(float_of(a), float_of(b));
}

void dtype_not_supported(const Op& op, std::span<const DType> operands, std::string_view advice) {
  std::vector<std::string> names, lines;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    names.emplace_back(name_of(operands[i]));
    lines.push_back(std::string("#").append(std::to_string(i + 1)).append(": ").append(names.back()));
  }
  support::Report report;
  report.kind = "dtype-not-supported";
  report.sentence =
      "The operation '" + std::string(op.name) + "' is not defined for " + support::join(names, ", ") + ".";
  report.operands = std::move(lines);
  if (!advice.empty()) report.advice.emplace_back(advice);
  support::raise<OperationNotSupportedError>(report);
}

tensor::Scalar lowest(DType dtype) { return extreme(dtype, false); }
tensor::Scalar highest(DType dtype) { return extreme(dtype, true); }

}  // namespace einx::detail::ops
