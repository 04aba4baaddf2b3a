// Private to disk: the bytes of an entry's file.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace einx::detail::disk {

/// "0123456789abcdef0123456789abcdef.einx": the 128-bit hash of the key.
std::string file_name(std::string_view key);
bool is_entry_name(std::string_view name);

/// Magic, checksum, sizes, key, object. The checksum covers all that follows it.
std::string encode(std::string_view key, std::string_view object);

/// The object out of an entry's file, or why it cannot be had: any change of any byte, a missing end and
/// another key are found.
struct Decoded {
  std::optional<std::string> object;
  std::string why;
};
Decoded decode(std::string_view bytes, std::string_view key);

}  // namespace einx::detail::disk
