// Front door of the tensor layer: dtype rules, raw access for the interpreters, memory.
#pragma once
#include <cstdint>
#include <einx/tensor.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace einx::detail::tensor {

inline bool is_float(DType d) { return d >= DType::f16; }
inline bool is_half(DType d) { return d == DType::f16 || d == DType::bf16; }
inline bool is_signed(DType d) { return d >= DType::i8 && d <= DType::i64; }
inline bool is_unsigned(DType d) { return d >= DType::u8 && d <= DType::u64; }
inline bool is_integer(DType d) { return is_signed(d) || is_unsigned(d); }

/// Common dtype of two operands (operations.md 1; bf16 goes like f16, with f32 as their common dtype).
DType promote(DType a, DType b);
DType promote(std::span<const DType> dtypes);
/// "f32" and the conformance files' "float32" both parse.
std::optional<DType> dtype_from(std::string_view name);
/// "float32", "int64", "bool": numpy's names, as einx eval writes them.
std::string_view long_name(DType dtype);

/// Row-major strides in elements.
Shape row_major(std::span<const std::int64_t> shape);

/// A value of any dtype in the widest form of its kind: what the interpreters compute with.
/// f16, bf16, f32 and f64 sit in `f`; signed integers and bool in `i`; unsigned integers in `u`.
struct Scalar {
  DType dtype = DType::f64;
  union {
    double f;
    std::int64_t i;
    std::uint64_t u;
  };
  Scalar() : f(0) {}
};
Scalar load(const void* address, DType dtype);
void store(void* address, const Scalar& value);
/// C++ conversion rules with a defined answer everywhere: integers wrap, float to integer truncates, NaN and values out of range give
/// what x86's cvttsd2si gives (the lowest integer) before wrapping; anything to bool is != 0; results are rounded to the dtype's precision.
Scalar convert(const Scalar& value, DType dtype);
Scalar make_scalar(double value, DType dtype);
Scalar make_scalar(std::int64_t value, DType dtype);
double to_double(const Scalar& value);

/// A row-major tensor over memory that `allocate` of the runtime gave; takes the memory over.
Tensor adopt(void* data, std::span<const std::int64_t> shape, DType dtype);

/// Element by element into a tensor of the same shape and dtype, any strides on both sides; they must not overlap.
void copy(Tensor& to, const Tensor& from);

/// "f32[10, 10]", with strides "f32[10, 10 : 1, 10]" where they are not row-major (axes of size 1 do not count).
std::string type_text(DType dtype, std::span<const std::int64_t> shape, std::span<const std::int64_t> strides);

}  // namespace einx::detail::tensor
