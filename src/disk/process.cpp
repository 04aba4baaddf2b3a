// Which folder this process uses.
#include "disk/disk.h"
#include "support/support.h"

namespace einx::detail::disk {
namespace {

std::shared_ptr<Store> make_store(std::string_view folder) {
  return folder.empty() ? nullptr : std::make_shared<Store>(folder, support::environment().disk_cache_bytes);
}

struct Chosen {
  std::mutex mutex;
  std::shared_ptr<Store> store = make_store(support::environment().cache_dir);
};

/// Never destroyed: calls may still run while the process exits.
Chosen& chosen() {
  static support::Immortal<Chosen> state;
  return state.value;
}

}  // namespace

std::shared_ptr<Store> store() {
  Chosen& state = chosen();
  const std::lock_guard lock(state.mutex);
  return state.store;
}

void use_folder(std::string_view folder) {
  Chosen& state = chosen();
  const std::lock_guard lock(state.mutex);
  state.store = make_store(folder);
}

std::string default_folder(const std::function<const char*(const char*)>& lookup) {
  const auto value = [&](const char* name) {
    const char* text = lookup(name);
    return std::string(text == nullptr ? "" : text);
  };
  if (const std::string cache = value("XDG_CACHE_HOME"); cache.starts_with('/')) return cache + "/einx";
  if (const std::string home = value("HOME"); home.starts_with('/')) return home + "/.cache/einx";
  return "";
}

}  // namespace einx::detail::disk
