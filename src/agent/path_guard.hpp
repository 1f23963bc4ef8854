#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lian {
inline namespace v0 {

/// A descriptor that is closed when destroyed.
class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int descriptor) noexcept : descriptor_(descriptor) {}
  OpenFile(OpenFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~OpenFile();
  int get() const noexcept { return descriptor_; }
  int release() noexcept { return std::exchange(descriptor_, -1); }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// Opens what lies below one folder and nothing else: it walks a path name by name, from descriptor
/// to descriptor, so that no link and no change under way leads out. Thread-safe.
class PathGuard {
 public:
  /// Throws Error{not_found} when there is no such folder.
  explicit PathGuard(std::string_view root);

  enum class Want { file, folder, new_file };
  /// Throws Error{permission} for a path that leads out or to what is no regular file (no folder),
  /// Error{not_found}, Error{storage} for what the system refuses.
  OpenFile open(std::string_view path, Want want) const;

 private:
  OpenFile root_;
};

}  // namespace v0
}  // namespace lian
