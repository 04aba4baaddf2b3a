// Values as bytes and back: `fields` names the members of a struct once, for both directions. Little-endian by the formats of x86-64; bounded by the bytes there are,
// whatever those say. Private to the model layer.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace einx::detail::model {

/// What the bytes are not: caught by whoever knows the file's name.
struct Damaged {
  std::string why;
};

class Writer {
 public:
  static constexpr bool reading = false;
  void raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  static constexpr bool reading = true;
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  void raw(void* data, std::size_t size) {
    if (size > left_.size()) throw Damaged{"it ends too early"};
    if (size > 0) std::memcpy(data, left_.data(), size);
    left_.remove_prefix(size);
  }
  std::size_t left() const { return left_.size(); }
  /// Statements nest: as deep as the parser of texts goes, and no deeper.
  void enter() {
    if (++depth_ > kDeepest) throw Damaged{"its statements are nested too deep"};
  }
  void leave() { --depth_; }

 private:
  static constexpr int kDeepest = 400;
  std::string_view left_;
  int depth_ = 0;
};

template <class A, class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
void transfer(A& archive, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    std::uint8_t byte = value;
    archive.raw(&byte, 1);
    if (byte > 1) throw Damaged{"a truth value is none"};
    value = byte != 0;
  } else {
    archive.raw(&value, sizeof value);
  }
}

/// An enumerator, none beyond the last one.
template <class A, class T>
void transfer_up_to(A& archive, T& value, T last) {
  transfer(archive, value);
  if (value < T(0) || value > last) throw Damaged{"a value is of an unknown kind"};
}

/// The number of elements; when it is read, no more than there are bytes left.
template <class A>
std::size_t transfer_count(A& archive, std::size_t count) {
  auto stored = std::uint64_t(count);
  transfer(archive, stored);
  if constexpr (A::reading)
    if (stored > archive.left()) throw Damaged{"a list is longer than the file"};
  return std::size_t(stored);
}

template <class A>
void transfer(A& archive, std::string& text) {
  text.resize(transfer_count(archive, text.size()));
  archive.raw(text.data(), text.size());
}

// Declared before they are used by each other; structs come in by their `fields`.
template <class A, class T>
void transfer(A& archive, std::vector<T>& list);
template <class A, class T>
void transfer(A& archive, std::optional<T>& value);
template <class A, class F, class S>
void transfer(A& archive, std::pair<F, S>& pair);
template <class A, class... T>
void transfer(A& archive, std::variant<T...>& value);
template <class A, class T>
  requires requires(A& archive, T& value) { fields(archive, value); }
void transfer(A& archive, T& value) {
  if constexpr (A::reading) archive.enter();
  fields(archive, value);
  if constexpr (A::reading) archive.leave();
}

template <class A, class... T>
void transfer_all(A& archive, T&... values) {
  (transfer(archive, values), ...);
}

template <class A, class T>
void transfer(A& archive, std::vector<T>& list) {
  const std::size_t count = transfer_count(archive, list.size());
  if constexpr (A::reading) list.clear();
  for (std::size_t k = 0; k < count; ++k) {
    if constexpr (A::reading) list.emplace_back();  // grows with what is read
    transfer(archive, list[k]);
  }
}

template <class A, class T>
void transfer(A& archive, std::optional<T>& value) {
  bool there = value.has_value();
  transfer(archive, there);
  if constexpr (A::reading) value = there ? std::optional<T>(T()) : std::nullopt;
  if (there) transfer(archive, *value);
}

template <class A, class F, class S>
void transfer(A& archive, std::pair<F, S>& pair) {
  transfer_all(archive, pair.first, pair.second);
}

template <std::size_t I = 0, class... T>
void emplace_alternative(std::variant<T...>& value, std::size_t index) {
  if constexpr (I < sizeof...(T)) {
    if (index == I) value.template emplace<I>();
    else emplace_alternative<I + 1>(value, index);
  } else {
    throw Damaged{"a value is of an unknown kind"};
  }
}
template <class A, class... T>
void transfer(A& archive, std::variant<T...>& value) {
  auto index = std::uint8_t(value.index());
  transfer(archive, index);
  if constexpr (A::reading) emplace_alternative(value, index);
  std::visit([&](auto& held) { transfer(archive, held); }, value);
}

}  // namespace einx::detail::model
