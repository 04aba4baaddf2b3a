// Signature keys: a flat, unambiguous byte string. Everything of variable length is preceded by its length,
// so that two different signatures never have the same bytes.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "cache/cache.h"

namespace einx::detail::cache {

void KeyBuilder::grow(std::size_t bytes) { bytes_.resize(std::max(2 * bytes_.size(), used_ + bytes)); }

void KeyBuilder::text(std::string_view value) {
  number(std::int64_t(value.size()));
  if (!value.empty()) raw(value.data(), value.size());
}

void KeyBuilder::numbers(std::span<const std::int64_t> values) {
  number(std::int64_t(values.size()));
  if (!values.empty()) raw(values.data(), values.size_bytes());
}

void KeyBuilder::tensor(DType dtype, std::span<const std::int64_t> shape,
                        std::span<const std::int64_t> strides) {
  byte(std::uint8_t(dtype));
  numbers(shape);
  // How many strides follow is decided by the shape alone, so leaving some out stays unambiguous.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    if (shape[axis] != 1) number(strides[axis]);
}

KeyView KeyBuilder::view() const { return {{bytes_.data(), used_}, XXH3_64bits(bytes_.data(), used_)}; }

}  // namespace einx::detail::cache
