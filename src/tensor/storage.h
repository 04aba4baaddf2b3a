// Private to the tensor layer: who owns a tensor's memory, shape checks, and access to Tensor's members.
#pragma once
#include "support/support.h"
#include "tensor/tensor.h"

namespace einx::detail {

/// Memory of the runtime, freed with the last tensor that uses it. `bytes` is negative if the memory lies in
/// the same block as this object.
struct Storage {
  Storage(void* memory, std::int64_t size) : data(memory), bytes(size) {}
  Storage(const Storage&) = delete;
  ~Storage();

  void* data;
  std::int64_t bytes;

  /// A row-major tensor with memory of its own. Raises ValueError bad-shape, CallOperationError runtime
  /// without memory.
  static Tensor create(std::span<const std::int64_t> shape, DType dtype);
  /// A row-major tensor that takes over memory from the runtime.
  static Tensor adopt(void* data, std::span<const std::int64_t> shape, DType dtype);
  /// A non-owning tensor; the caller has checked shape and strides.
  static Tensor borrow(void* data, bool writable, DType dtype, std::span<const std::int64_t> shape,
                       std::span<const std::int64_t> strides);
  /// The tensor's data under another shape; `offset` in elements.
  static Tensor restrided(const Tensor& tensor, std::span<const std::int64_t> shape,
                          std::span<const std::int64_t> strides, std::int64_t offset, bool writable);
  static const std::shared_ptr<Storage>& of(const Tensor& tensor) { return tensor.storage_; }
  static char* bytes_of(const Tensor& tensor) { return static_cast<char*>(tensor.data_); }

 private:
  static Tensor blank(std::span<const std::int64_t> shape, DType dtype);
};

namespace tensor {

inline constexpr int kMaxRank = 64;

[[noreturn]] void bad_shape(std::string sentence);
[[noreturn]] void bad_view(std::string sentence);
std::string shape_text(std::span<const std::int64_t> shape);
/// Number of elements. Raises ValueError bad-shape for a rank above 64, a negative size, or more than 2^63 -
/// 1 bytes.
std::int64_t checked_elements(std::span<const std::int64_t> shape, DType dtype);
/// Writes row-major strides to `strides`, which has room for shape.size() of them.
void write_row_major(std::span<const std::int64_t> shape, std::int64_t* strides);
/// Lowest and highest offset in elements that a non-empty view reaches. Raises ValueError bad-view if one
/// does not fit in bytes.
struct Reach {
  std::int64_t lowest = 0, highest = 0;
};
Reach checked_reach(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides, DType dtype);
/// Sets every element.
void fill(Tensor& row_major, const Scalar& value);

}  // namespace tensor
}  // namespace einx::detail
