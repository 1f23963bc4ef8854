#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lian/agent/tool.hpp"

namespace lian {
inline namespace v0 {

/// What file tools may do; chained setters. Regular value.
class LIAN_API FileToolOptions {
 public:
  FileToolOptions() = default;
  /// Bytes of a file that is read or written; more is LimitError. Default 128 KiB.
  FileToolOptions& max_bytes(std::size_t v) { return max_bytes_ = v, *this; }
  /// Entries of a folder that are listed; more is LimitError. Default 1,000.
  FileToolOptions& max_entries(std::size_t v) { return max_entries_ = v, *this; }
  /// Adds the tool write_file, which needs approval unless `approved`.
  FileToolOptions& allow_write(bool approved = false) {
    return write_ = true, approved_ = approved, *this;
  }

  std::size_t max_bytes() const noexcept { return max_bytes_; }
  std::size_t max_entries() const noexcept { return max_entries_; }
  bool write() const noexcept { return write_; }
  bool write_approved() const noexcept { return approved_; }

 private:
  std::size_t max_bytes_ = std::size_t{128} << 10, max_entries_ = 1000;
  bool write_ = false, approved_ = false;
};

/// Tools for the files below a folder: read_file and list_directory, which take {"path": text}, and
/// write_file, {"path", "content"}, where it is allowed. A path is relative, with '/'; it never
/// leaves the folder, neither by "..", nor as an absolute path, nor through links, which are
/// followed only while they stay inside. Only regular files are read and written; nothing blocks on
/// a pipe or a device. What is not allowed is ToolError. The folder may be moved meanwhile: it
/// is held open. They run on the Runtime's threads. Throws Error{not_found} when `root` is no
/// folder.
LIAN_API std::vector<Tool> file_tools(std::string_view root,
                                      FileToolOptions options = FileToolOptions());

}  // namespace v0
}  // namespace lian
