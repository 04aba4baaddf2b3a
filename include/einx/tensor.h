// Dtypes and Tensor: a shared, strided, typed array.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace [[gnu::visibility("default")]] einx {

using Shape = std::vector<std::int64_t>;

enum class DType : std::uint8_t { boolean, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64 };
inline constexpr DType boolean = DType::boolean, i8 = DType::i8, i16 = DType::i16, i32 = DType::i32, i64 = DType::i64,
                       u8 = DType::u8, u16 = DType::u16, u32 = DType::u32, u64 = DType::u64, f16 = DType::f16,
                       bf16 = DType::bf16, f32 = DType::f32, f64 = DType::f64;

/// IEEE binary16 storage; arithmetic goes through float. Conversions round to nearest even.
struct half {
  std::uint16_t bits = 0;
  half() = default;
  explicit half(float value);
  operator float() const;
};

/// bfloat16 storage; arithmetic goes through float. Conversions round to nearest even.
struct bfloat16 {
  std::uint16_t bits = 0;
  bfloat16() = default;
  explicit bfloat16(float value);
  operator float() const;
};

namespace detail {
template <class T>
consteval int dtype_index() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, bool>) return 0;
  else if constexpr (std::is_same_v<U, half>) return int(DType::f16);
  else if constexpr (std::is_same_v<U, bfloat16>) return int(DType::bf16);
  else if constexpr (std::is_floating_point_v<U>) return sizeof(U) == 4 ? int(DType::f32) : sizeof(U) == 8 ? int(DType::f64) : -1;
  else if constexpr (std::is_integral_v<U>) return (std::is_signed_v<U> ? 1 : 5) + (sizeof(U) == 1 ? 0 : sizeof(U) == 2 ? 1 : sizeof(U) == 4 ? 2 : 3);
  else return -1;
}
struct Storage;  // a reference-counted, 64-byte aligned buffer
}  // namespace detail

/// A C++ type that a tensor can hold.
template <class T>
concept Element = detail::dtype_index<T>() >= 0;
template <Element T>
inline constexpr DType dtype_of = DType(detail::dtype_index<T>());

/// Bytes of one element.
std::size_t size_of(DType dtype) noexcept;
/// "f32", "bool", ...
std::string_view name_of(DType dtype) noexcept;

/// A typed array of up to 64 axes with a stride (in elements; 0 and negative allowed) for each. Copies share the data.
/// Owning tensors are 64-byte aligned; a view made from the caller's memory must not outlive it.
class Tensor {
 public:
  Tensor() noexcept;  ///< rank 0, f32, no data: `defined()` is false

  /// Uninitialised, row-major. Raises ValueError if the size in bytes does not fit in 63 bits, CallOperationError without memory.
  static Tensor empty(std::span<const std::int64_t> shape, DType dtype);
  static Tensor empty(std::initializer_list<std::int64_t> shape, DType dtype) { return empty(std::span(shape.begin(), shape.size()), dtype); }
  static Tensor zeros(std::span<const std::int64_t> shape, DType dtype = f32);
  static Tensor zeros(std::initializer_list<std::int64_t> shape, DType dtype = f32) { return zeros(std::span(shape.begin(), shape.size()), dtype); }
  static Tensor ones(const Shape& shape, DType dtype = f32) { return full(shape, 1, dtype); }
  static Tensor full(const Shape& shape, double value, DType dtype = f32);
  static Tensor iota(const Shape& shape, DType dtype = f32);  ///< 0, 1, 2, ... in row-major order
  /// A strict rank-0 operand (a plain number as an operand is weak: it takes the other operands' dtype).
  static Tensor scalar(double value, DType dtype);
  static Tensor scalar(std::int64_t value, DType dtype);
  template <Element T>
  static Tensor scalar(T value) { return copy_of(std::span<const T>(&value, 1), {}); }

  /// A copy of row-major values. Raises ValueError if their number is not that of the shape.
  template <Element T>
  static Tensor copy_of(std::span<const T> values, const Shape& shape) { return copy_bytes(values.data(), values.size(), shape, dtype_of<T>); }
  template <Element T>
  static Tensor copy_of(const std::vector<T>& values, const Shape& shape) requires(!std::is_same_v<T, bool>) { return copy_of(std::span<const T>(values), shape); }
  template <Element T>
  static Tensor copy_of(std::initializer_list<T> values, const Shape& shape) { return copy_of(std::span<const T>(values.begin(), values.size()), shape); }

  /// A non-owning view of the caller's memory; strides in elements, row-major if left out. No copy, constant time.
  static Tensor view(void* data, DType dtype, const Shape& shape);
  static Tensor view(void* data, DType dtype, const Shape& shape, const Shape& strides);
  static Tensor view(const void* data, DType dtype, const Shape& shape);
  static Tensor view(const void* data, DType dtype, const Shape& shape, const Shape& strides);
  /// The same over a span or vector, whose length must hold the view (else ValueError).
  template <Element T>
  static Tensor view(std::span<T> values, const Shape& shape, const Shape& strides) { return view_checked(values.data(), std::is_const_v<T>, values.size(), dtype_of<T>, shape, &strides); }
  template <Element T>
  static Tensor view(std::span<T> values, const Shape& shape) { return view_checked(values.data(), std::is_const_v<T>, values.size(), dtype_of<T>, shape, nullptr); }
  template <Element T>
  static Tensor view(std::vector<T>& values, const Shape& shape) { return view(std::span<T>(values), shape); }
  template <Element T>
  static Tensor view(const std::vector<T>& values, const Shape& shape) { return view(std::span<const T>(values), shape); }

  bool defined() const noexcept { return defined_; }
  bool writable() const noexcept { return writable_; }
  DType dtype() const noexcept { return dtype_; }
  int rank() const noexcept { return rank_; }
  std::span<const std::int64_t> shape() const noexcept { return {dims(), std::size_t(rank_)}; }
  std::span<const std::int64_t> strides() const noexcept { return {dims() + rank_, std::size_t(rank_)}; }
  std::int64_t size() const noexcept;  ///< number of elements
  bool contiguous() const noexcept;    ///< row-major without gaps
  /// Address of element (0, 0, ...).
  const void* data() const noexcept { return data_; }
  void* data() noexcept { return data_; }
  /// Typed address; raises TypeError if T is not the dtype.
  template <Element T>
  const T* data_as() const { require(dtype_of<T>); return static_cast<const T*>(data_); }
  template <Element T>
  T* data_as() { require(dtype_of<T>); return static_cast<T*>(data_); }

  /// Views that share the data. Raise ValueError for an axis or range outside the shape.
  Tensor permuted(const std::vector<int>& order) const;
  Tensor sliced(int axis, std::int64_t start, std::int64_t stop, std::int64_t step = 1) const;
  Tensor reversed(int axis) const;
  Tensor broadcast_to(const Shape& shape) const;
  /// Same elements in row-major order under another shape; a view where the strides allow it, else a copy.
  Tensor reshaped(const Shape& shape) const;
  /// A row-major copy with data of its own.
  Tensor clone() const;
  /// A row-major copy converted to another dtype with C++ rules (integers wrap, NaN to an integer: the lowest one wrapped; bool: != 0).
  Tensor cast(DType dtype) const;

  /// One element; raises ValueError if the index is outside or the tensor is not of one element (item without index).
  template <Element T>
  T item(std::initializer_list<std::int64_t> index = {}) const { require(dtype_of<T>); return *static_cast<const T*>(element(index)); }
  /// All elements in row-major order, converted to T.
  template <Element T>
  std::vector<T> to_vector() const {
    const Tensor flat = cast(dtype_of<T>);
    const T* first = static_cast<const T*>(flat.data());
    return std::vector<T>(first, first + flat.size());
  }
  /// "f32[2, 3] [[1, 2, 3], [4, 5, 6]]", long axes shortened with "...".
  std::string to_string() const;

 private:
  static constexpr int inline_rank = 4;
  static Tensor copy_bytes(const void* values, std::size_t count, const Shape& shape, DType dtype);
  static Tensor view_checked(const void* data, bool read_only, std::size_t count, DType dtype, const Shape& shape, const Shape* strides);
  void require(DType dtype) const;
  const void* element(std::initializer_list<std::int64_t> index) const;
  const std::int64_t* dims() const noexcept { return rank_ <= inline_rank ? small_ : large_.get(); }
  std::int64_t* set_rank(int rank);  ///< room for shape, then strides
  friend struct detail::Storage;

  void* data_ = nullptr;
  std::shared_ptr<detail::Storage> storage_;
  std::int64_t small_[2 * inline_rank] = {};
  std::shared_ptr<std::int64_t[]> large_;  ///< shape and strides beyond inline_rank
  DType dtype_ = DType::f32;
  std::uint8_t rank_ = 0;
  bool writable_ = false;
  bool defined_ = false;
};

/// Reads an .npy file, format 1.0 to 3.0, C or Fortran order, any of our dtypes. Raises ValueError that names the file and what is wrong.
Tensor load_npy(const std::string& path);
/// Writes format 1.0 in C order (strided tensors are written row-major). bf16 is written as raw 2-byte 'V2'.
void save_npy(const std::string& path, const Tensor& tensor);

}  // namespace einx
