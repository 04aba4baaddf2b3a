// Memory that shows accesses outside of it.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>

namespace guarded {

/// Bytes between two pages that fault when they are touched, beside one of them.
class Guarded {
 public:
  Guarded(std::size_t bytes, bool at_end, std::size_t alignment) {
    const std::size_t page = std::size_t(sysconf(_SC_PAGESIZE));
    const std::size_t room = (bytes + alignment + page - 1) / page * page;
    length_ = room + 2 * page;
    base_ = static_cast<std::byte*>(mmap(nullptr, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED || mprotect(base_ + page, room, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    first_ = base_ + page + (at_end ? (room - bytes) / alignment * alignment : 0);
    spare_ = std::size_t(base_ + page + room - first_) - bytes;
    std::memset(first_ + bytes, kCanary, spare_);
    bytes_ = bytes;
  }
  Guarded(const Guarded&) = delete;
  ~Guarded() { munmap(base_, length_); }

  std::byte* data() const { return first_; }
  /// Whether the bytes between the end and the page behind it are what they were.
  bool intact() const {
    for (std::size_t k = 0; k < spare_; ++k)
      if (first_[bytes_ + k] != std::byte(kCanary)) return false;
    return true;
  }

 private:
  static constexpr int kCanary = 0x5A;
  std::byte *base_ = nullptr, *first_ = nullptr;
  std::size_t length_ = 0, bytes_ = 0, spare_ = 0;
};

}  // namespace guarded
