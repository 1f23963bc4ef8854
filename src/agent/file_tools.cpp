#include "lian/agent/file_tools.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "agent/path_guard.hpp"
#include "lian/agent/tool_function.hpp"

namespace lian {
inline namespace v0 {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

// What the tools of one folder share.
class Files {
 public:
  Files(std::string_view root, FileToolOptions options) : guard_(root), options_(options) {}

  std::string read(const std::string& path) const {
    const OpenFile file = guard_.open(path, PathGuard::Want::file);
    std::string text;
    char bytes[16384];
    while (true) {
      const ssize_t count = ::read(file.get(), bytes, sizeof bytes);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_storage(path, "read");
      if (count == 0) return text;
      text.append(bytes, static_cast<std::size_t>(count));
      check_size(path, text.size());
    }
  }

  std::string list(const std::string& path) const {
    OpenFile folder = guard_.open(path, PathGuard::Want::folder);
    const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(folder.get()));
    if (!entries) throw_storage(path, "listed");
    const int descriptor = folder.release();  // the entries own it now
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(entries.get())) {
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat about {};
      const bool known = ::fstatat(descriptor, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0;
      if (known && S_ISDIR(about.st_mode)) name += '/';
      names.push_back(std::move(name));
      if (names.size() > options_.max_entries())
        throw LimitError(fmt::format("'{}' has more than {} entries", path, options_.max_entries()),
                         "max_entries", options_.max_entries());
    }
    std::sort(names.begin(), names.end());
    return names.empty() ? "(empty)" : fmt::format("{}", fmt::join(names, "\n"));
  }

  std::string write(const std::string& path, const std::string& content) const {
    check_size(path, content.size());
    const OpenFile file = guard_.open(path, PathGuard::Want::new_file);
    for (std::size_t at = 0; at < content.size();) {
      const ssize_t count = ::write(file.get(), content.data() + at, content.size() - at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_storage(path, "written");
      at += static_cast<std::size_t>(count);
    }
    return fmt::format("wrote {} bytes to {}", content.size(), path);
  }

 private:
  void check_size(const std::string& path, std::size_t bytes) const {
    if (bytes > options_.max_bytes())
      throw LimitError(fmt::format("'{}' is longer than {} bytes (FileToolOptions::max_bytes)",
                                   path, options_.max_bytes()),
                       "max_bytes", options_.max_bytes());
  }
  [[noreturn]] static void throw_storage(const std::string& path, std::string_view what) {
    throw Error(ErrorKind::storage,
                fmt::format("'{}' cannot be {}: {}", path, what, std::strerror(errno)));
  }

  PathGuard guard_;
  FileToolOptions options_;
};

}  // namespace

std::vector<Tool> file_tools(std::string_view root, FileToolOptions options) {
  const auto files = std::make_shared<const Files>(root, options);
  const char* const path_words = "relative to the folder, with '/'";
  std::vector<Tool> tools;
  tools.push_back(tool(
      "read_file", "Gives the text of a file.",
      [files](const std::string& path) { return files->read(path); }, {{"path", path_words}},
      ToolOptions().blocking()));
  tools.push_back(tool(
      "list_directory", "Lists the names in a folder, folders with a '/' behind.",
      [files](const std::optional<std::string>& path) { return files->list(path.value_or("")); },
      {{"path", "relative to the folder; left out: the folder itself"}}, ToolOptions().blocking()));
  if (!options.write()) return tools;
  tools.push_back(tool(
      "write_file", "Writes a file anew; its folder must be there.",
      [files](const std::string& path, const std::string& content) {
        return files->write(path, content);
      },
      {{"path", path_words}, "content"},
      ToolOptions().blocking().needs_approval(!options.write_approved())));
  return tools;
}

}  // namespace v0
}  // namespace lian
