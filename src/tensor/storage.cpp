#include "tensor/storage.h"

#include <algorithm>
#include <new>

#include "runtime/runtime.h"
#include "tensor/owners.h"

namespace einx::detail {
namespace {

constexpr std::int64_t kAlignment = 64;
constexpr std::int64_t kSharedBlockLimit =
    2048;  ///< elements of at most so many bytes share a block with their Storage

std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Gives std::allocate_shared a block that has room for the elements behind the control block: one allocation
/// a tensor.
template <class T>
struct BlockAllocator {
  using value_type = T;
  std::int64_t payload;
  void** where;  ///< receives the payload's address

  BlockAllocator(std::int64_t size, void** address) : payload(size), where(address) {}
  template <class U>
  BlockAllocator(const BlockAllocator<U>& other) : payload(other.payload), where(other.where) {}

  static std::int64_t front(std::size_t count) { return aligned(std::int64_t(count * sizeof(T))); }
  T* allocate(std::size_t count) {
    void* block = einx_rt_allocate(front(count) + payload);
    if (block == nullptr) throw std::bad_alloc();
    *where = static_cast<char*>(block) + front(count);
    return static_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t count) { einx_rt_free(block, front(count) + payload); }
  template <class U>
  bool operator==(const BlockAllocator<U>& other) const {
    return payload == other.payload;
  }
};

[[noreturn]] void out_of_memory(std::int64_t bytes) {
  support::raise<CallOperationError>(
      {.kind = "runtime", .sentence = "No memory for a tensor of " + std::to_string(bytes) + " bytes."});
}

std::shared_ptr<Storage> shared_block(std::int64_t bytes) {
  void* payload = nullptr;
  auto storage =
      std::allocate_shared<Storage>(BlockAllocator<Storage>(aligned(bytes), &payload), nullptr, -1);
  storage->data = payload;
  return storage;
}

/// The owner of memory from the runtime; recycled itself as such memory is.
std::shared_ptr<Storage> owner_of(void* data, std::int64_t bytes) {
  void* nothing = nullptr;
  return std::allocate_shared<Storage>(BlockAllocator<Storage>(0, &nothing), data, bytes);
}

std::shared_ptr<Storage> own_block(std::int64_t bytes) {
  void* data = einx_rt_allocate(bytes);
  if (data == nullptr) out_of_memory(bytes);
  return owner_of(data, bytes);
}

}  // namespace

Storage::~Storage() {
  if (bytes >= 0) einx_rt_free(data, bytes);
}

Tensor Storage::blank(std::span<const std::int64_t> shape, DType dtype) {
  Tensor result;
  result.dtype_ = dtype;
  result.defined_ = true;
  result.writable_ = true;
  std::copy(shape.begin(), shape.end(), result.set_rank(int(shape.size())));
  return result;
}

Tensor Storage::create(std::span<const std::int64_t> shape, DType dtype) {
  const std::int64_t bytes = tensor::checked_elements(shape, dtype) * std::int64_t(size_of(dtype));
  Tensor result = blank(shape, dtype);
  tensor::write_row_major(shape, const_cast<std::int64_t*>(result.strides().data()));
  try {
    result.storage_ = bytes <= kSharedBlockLimit ? shared_block(bytes) : own_block(bytes);
  } catch (const std::bad_alloc&) {
    out_of_memory(bytes);
  }
  result.data_ = result.storage_->data;
  return result;
}

Tensor Storage::adopt(void* data, std::span<const std::int64_t> shape, DType dtype) {
  const std::int64_t bytes = tensor::checked_elements(shape, dtype) * std::int64_t(size_of(dtype));
  Tensor result = blank(shape, dtype);
  tensor::write_row_major(shape, const_cast<std::int64_t*>(result.strides().data()));
  result.storage_ = owner_of(data, bytes);
  result.data_ = data;
  return result;
}

Tensor Storage::borrow(void* data, bool writable, DType dtype, std::span<const std::int64_t> shape,
                       std::span<const std::int64_t> strides) {
  Tensor result = blank(shape, dtype);
  std::copy(strides.begin(), strides.end(), const_cast<std::int64_t*>(result.strides().data()));
  result.data_ = data;
  result.writable_ = writable;
  return result;
}

Tensor Storage::restrided(const Tensor& tensor, std::span<const std::int64_t> shape,
                          std::span<const std::int64_t> strides, std::int64_t offset, bool writable) {
  char* const data = bytes_of(tensor) + offset * std::int64_t(size_of(tensor.dtype_));
  Tensor result = borrow(data, writable && tensor.writable_, tensor.dtype_, shape, strides);
  result.storage_ = tensor.storage_;
  result.defined_ = tensor.defined_;
  return result;
}

}  // namespace einx::detail

namespace einx::detail::tensor {

void bad_shape(std::string sentence) {
  support::raise<ValueError>({.kind = "bad-shape", .sentence = std::move(sentence)});
}
void bad_view(std::string sentence) {
  support::raise<ValueError>({.kind = "bad-view", .sentence = std::move(sentence)});
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return support::tuple_text({shape.begin(), shape.end()});
}

std::int64_t checked_elements(std::span<const std::int64_t> shape, DType dtype) {
  if (shape.size() > kMaxRank)
    bad_shape("A tensor has at most 64 axes, but this shape has " + std::to_string(shape.size()) + ".");
  std::int64_t bytes = std::int64_t(size_of(dtype));
  bool overflow = false, empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) bad_shape("The shape " + shape_text(shape) + " has a negative size.");
    empty = empty || extent == 0;
    overflow = __builtin_mul_overflow(bytes, extent, &bytes) || overflow;
  }
  if (empty) return 0;
  if (overflow) bad_shape("A tensor of shape " + shape_text(shape) + " does not fit into memory.");
  return bytes / std::int64_t(size_of(dtype));
}

void write_row_major(std::span<const std::int64_t> shape, std::int64_t* strides) {
  std::int64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    // Only an empty tensor can overflow here; its strides are never used.
    if (__builtin_mul_overflow(stride, shape[axis] == 0 ? 1 : shape[axis], &stride)) stride = 1;
  }
}

Shape row_major(std::span<const std::int64_t> shape) {
  Shape strides(shape.size());
  write_row_major(shape, strides.data());
  return strides;
}

Reach checked_reach(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides, DType dtype) {
  Reach reach;
  bool overflow = false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    std::int64_t distance = 0;
    overflow = __builtin_mul_overflow(shape[axis] - 1, strides[axis], &distance) || overflow;
    std::int64_t& end = distance < 0 ? reach.lowest : reach.highest;
    overflow = __builtin_add_overflow(end, distance, &end) || overflow;
  }
  std::int64_t bytes = 0;
  for (const std::int64_t end : {reach.lowest, reach.highest})
    overflow = __builtin_mul_overflow(end, std::int64_t(size_of(dtype)), &bytes) || overflow;
  if (overflow)
    bad_view("The strides " + shape_text(strides) + " of the shape " + shape_text(shape) +
             " leave the address space.");
  return reach;
}

Ownership ownership(const Tensor& tensor) { return {Storage::of(tensor).get(), Storage::of(tensor).use_count()}; }

Tensor adopt(void* data, std::span<const std::int64_t> shape, DType dtype) {
  return Storage::adopt(data, shape, dtype);
}


}  // namespace einx::detail
