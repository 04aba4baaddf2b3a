// Arrays of one item an operand or result. Private to the api layer.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace einx::detail::api {

/// Room for `count` items, without allocation for up to `Few`. Pointers begin undefined.
template <class T, std::size_t Few = 8>
class Addresses {
 public:
  explicit Addresses(std::size_t count) : count_(count) {
    if (count > few_.size()) many_.resize(count);
    data_ = count > few_.size() ? many_.data() : few_.data();
  }
  Addresses(const Addresses&) = delete;
  T& operator[](std::size_t k) { return data_[k]; }
  T* data() { return data_; }
  std::span<T> span() { return {data_, count_}; }

 private:
  std::array<T, Few> few_;
  std::vector<T> many_;
  std::size_t count_;
  T* data_;
};

}  // namespace einx::detail::api
