// Front door of the disk layer: finished objects in a folder, one file a graph, for the processes that come
// later. It knows bytes only: the key says what they are, and a file counts for nothing unless it holds that
// very key.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace einx::detail::disk {

class File;

/// What a folder holds.
struct Contents {
  std::int64_t entries = 0, bytes = 0;
};

/// Since the store was made.
struct Counters {
  std::uint64_t loaded = 0;    ///< entries read
  std::uint64_t saved = 0;     ///< entries written
  std::uint64_t rejected = 0;  ///< entries that were there and could not be used
};

/// The entries of one folder. Many threads and processes may use a folder at once: an entry is written to a
/// private file and renamed, so that others see all of it or nothing, whenever a writer stops. Nothing here
/// raises: a folder or an entry that cannot be trusted is as good as none, and the log has one warning of
/// each kind (refused folder, bad entry, failed write) for a store.
///
/// The folder is refused if it is a symbolic link, belongs to somebody else or is writable by others, because
/// what lies in it is executed. It is made when the first entry is written, for its owner only.
class Store {
 public:
  /// `limit`: how many bytes the folder may hold; entries used longest ago are removed for new ones. An empty
  /// folder name is not allowed.
  Store(std::string_view folder, std::int64_t limit);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::string& folder() const { return folder_; }  ///< absolute
  std::int64_t limit() const { return limit_; }

  /// The object saved under this key, whole and unchanged, or nothing. Counts as a use of the entry.
  std::optional<std::string> load(std::string_view key);
  void save(std::string_view key, std::string_view object);
  /// An object that was loaded turned out to be of no use: warns like any other bad entry.
  void reject(std::string_view key, std::string_view why);

  Contents contents();
  Contents clear();  ///< what was removed
  Counters counters() const;

 private:
  enum Cause : unsigned { Refused = 1, Entry = 2, Write = 4 };
  void warn(Cause cause, const std::string& text);
  void write(const File& folder, const std::string& name, std::string_view bytes);
  void make_room(const File& folder, std::int64_t bytes);
  std::int64_t prune(const File& folder, std::int64_t keep);
  File open(bool create);

  std::string folder_;
  std::int64_t limit_;
  mutable std::mutex mutex_;  ///< of everything below; never held while a file is read or written
  Counters counters_;
  unsigned told_ = 0;  ///< causes that were warned of
  std::int64_t known_ =
      -1;  ///< bytes in the folder when it was last looked through, and our own since; -1: never
  std::int64_t unseen_ = 0;    ///< bytes of ours since then
  std::uint64_t written_ = 0;  ///< numbers temporary files
};

/// The store of this process, as EINX_CACHE_DIR or `use_folder` says; null: none.
std::shared_ptr<Store> store();
/// From now on; "": none. Overrides EINX_CACHE_DIR.
void use_folder(std::string_view folder);
/// "einx" in the XDG cache folder: $XDG_CACHE_HOME if that is an absolute path, else $HOME/.cache. "" without
/// a home.
std::string default_folder(const std::function<const char*(const char*)>& lookup);

}  // namespace einx::detail::disk
