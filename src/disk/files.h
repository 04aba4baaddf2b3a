// Private to disk: files and folders by descriptor, so that nothing can be exchanged between a check and its
// use.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

struct stat;

namespace einx::detail::disk {

/// A descriptor, closed with the object.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File();
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// Something that was opened, or not: `why` says why not, and is empty if it is just not there.
struct Opened {
  File file;
  std::string why;
};

/// The folder, made with its parents if asked for; not one that is a symbolic link, somebody else's or
/// writable by others. `path` is absolute and does not end in "/".
Opened open_folder(const std::string& path, bool create);
/// A file in it for reading, under the same conditions.
Opened open_file(const File& folder, const std::string& name);
/// A new file in it for writing, which only its owner may read and write.
File create_file(const File& folder, const std::string& name);

/// All bytes of an opened file; false if they cannot be read.
bool read_all(const File& file, std::string& into);
bool write_all(const File& file, std::string_view bytes);
/// Its time of use is now; nothing happens if it may not be changed.
void mark_used(const File& file);

/// Every plain file in the folder.
struct Found {
  std::string name;
  std::int64_t bytes = 0;
  std::int64_t used = 0;  ///< nanoseconds since 1970
};
void for_each_file(const File& folder, const std::function<void(const Found&)>& look);
void remove_file(const File& folder, const std::string& name);
/// False with errno set.
bool rename_file(const File& folder, const std::string& from, const std::string& to);

/// The words of an errno.
std::string error_text(int number);

}  // namespace einx::detail::disk
