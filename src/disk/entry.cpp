#include "disk/entry.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <cstring>

namespace einx::detail::disk {
namespace {

constexpr char kMagic[8] = {'e', 'i', 'n', 'x', ' ', 'o', 'b', '1'};
constexpr std::string_view kSuffix = ".einx";
constexpr std::size_t kDigits = 32;

/// Native byte order: an entry of another machine has another key.
struct Header {
  char magic[sizeof kMagic];
  std::uint64_t checksum[2];
  std::uint64_t key_bytes, object_bytes;
};
constexpr std::size_t kUnchecked = offsetof(Header, key_bytes);
static_assert(sizeof(Header) == kUnchecked + 2 * sizeof(std::uint64_t));

XXH128_hash_t checksum(std::string_view bytes) {
  return XXH3_128bits(bytes.data() + kUnchecked, bytes.size() - kUnchecked);
}

}  // namespace

std::string file_name(std::string_view key) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(key.data(), key.size()));
  constexpr const char* digits = "0123456789abcdef";
  std::string name;
  for (const unsigned char byte : canonical.digest) {
    name += digits[byte >> 4];
    name += digits[byte & 15];
  }
  return name.append(kSuffix);
}

bool is_entry_name(std::string_view name) {
  return name.size() == kDigits + kSuffix.size() && name.ends_with(kSuffix) &&
         name.find_first_not_of("0123456789abcdef") == kDigits;
}

std::string encode(std::string_view key, std::string_view object) {
  Header header{{}, {}, key.size(), object.size()};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(key).append(object);
  const XXH128_hash_t hash = checksum(bytes);
  header.checksum[0] = hash.low64, header.checksum[1] = hash.high64;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

Decoded decode(std::string_view bytes, std::string_view key) {
  Header header;
  if (bytes.size() < sizeof header) return {{}, "it is too short"};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return {{}, "it is no entry of this format"};
  const std::uint64_t rest = bytes.size() - sizeof header;
  if (header.key_bytes > rest || header.object_bytes != rest - header.key_bytes)
    return {{}, "its size is not what it says"};
  const XXH128_hash_t hash = checksum(bytes);
  if (hash.low64 != header.checksum[0] || hash.high64 != header.checksum[1])
    return {{}, "its checksum is wrong"};
  if (bytes.substr(sizeof header, key.size()) != key || header.key_bytes != key.size())
    return {{}, "it was made for another kernel, machine or build"};
  return {std::string(bytes.substr(sizeof header + key.size())), ""};
}

}  // namespace einx::detail::disk
