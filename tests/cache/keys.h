// Short ways to make keys and entries.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "cache/cache.h"

namespace cache_test {

namespace cache = einx::detail::cache;

/// A key that owns its bytes.
class Key {
 public:
  explicit Key(std::string_view text) { builder_.text(text); }
  explicit Key(int number) { builder_.number(number); }
  operator cache::KeyView() const { return builder_.view(); }

 private:
  cache::KeyBuilder builder_;
};

inline cache::Table::Entry entry(int value) { return std::make_shared<const int>(value); }
inline int value(const cache::Table::Entry& entry) {
  return entry ? *static_cast<const int*>(entry.get()) : -1;
}

}  // namespace cache_test
