#include "agent/path_guard.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

namespace {

constexpr int most_links = 40;  // as Linux itself
constexpr int common_flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

[[noreturn]] void deny(std::string_view path, std::string_view why) {
  throw Error(ErrorKind::permission,
              fmt::format("the path '{}' is not allowed: {}", path.substr(0, 200), why));
}

[[noreturn]] void fail(std::string_view path, int error) {
  if (error == ENOENT || error == ENOTDIR)
    throw Error(ErrorKind::not_found, fmt::format("there is no '{}'", path.substr(0, 200)));
  throw Error(ErrorKind::storage,
              fmt::format("'{}' cannot be opened: {}", path.substr(0, 200), std::strerror(error)));
}

// The names of a path, the last one first.
std::vector<std::string> names_of(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") names.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::reverse(names.begin(), names.end());
  return names;
}

class Walk {
 public:
  Walk(int root, std::string_view path) : root_(root), path_(path), names_(names_of(path)) {}

  OpenFile open(PathGuard::Want want) {
    while (!names_.empty()) {
      std::string name = std::move(names_.back());
      names_.pop_back();
      if (name == "..") {
        if (folders_.empty()) deny(path_, "it leads out of the folder");
        folders_.pop_back();
      } else if (std::optional<std::string> target = link_at(name)) {
        follow(*target);
      } else if (names_.empty() && want != PathGuard::Want::folder) {
        return last(name, want);
      } else {
        enter(name);
      }
    }
    if (want != PathGuard::Want::folder) deny(path_, "it is no file");
    return OpenFile(::openat(here(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

 private:
  int here() const { return folders_.empty() ? root_ : folders_.back().get(); }

  std::optional<std::string> link_at(const std::string& name) const {
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(here(), name.c_str(), target, sizeof target);
    if (size < 0) return std::nullopt;
    return std::string(target, static_cast<std::size_t>(size));
  }

  void follow(const std::string& target) {
    if (++links_ > most_links) deny(path_, "its links have no end");
    if (target.starts_with('/')) deny(path_, "a link leads out of the folder");
    std::vector<std::string> more = names_of(target);
    names_.insert(names_.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  }

  void enter(const std::string& name) {
    OpenFile next(::openat(here(), name.c_str(), O_RDONLY | O_DIRECTORY | common_flags));
    if (!next) fail(path_, errno);
    folders_.push_back(std::move(next));
  }

  OpenFile last(const std::string& name, PathGuard::Want want) const {
    struct stat about {};
    const bool is_new = want == PathGuard::Want::new_file;
    const bool there = ::fstatat(here(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && !S_ISREG(about.st_mode)) deny(path_, "it is no regular file");
    if (!there && !is_new) fail(path_, errno);
    const int flags = is_new ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
    OpenFile file(::openat(here(), name.c_str(), flags | common_flags, 0644));
    if (!file) fail(path_, errno);
    if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
      deny(path_, "it is no regular file");
    return file;
  }

  int root_;
  std::string_view path_;
  std::vector<std::string> names_;
  std::vector<OpenFile> folders_;
  int links_ = 0;
};

}  // namespace

PathGuard::PathGuard(std::string_view root)
    : root_(::open(std::string(root).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!root_)
    throw Error(ErrorKind::not_found, fmt::format("'{}' is no folder that can be opened: {}", root,
                                                  std::strerror(errno)));
}

OpenFile PathGuard::open(std::string_view path, Want want) const {
  if (path.empty() && want != Want::folder) deny(path, "it is empty");
  if (path.find('\0') != path.npos) deny("…", "it holds a NUL byte");
  if (path.find('\\') != path.npos) deny(path, "it holds a backslash; write '/'");
  if (path.starts_with('/')) deny(path, "it is absolute; write it relative to the folder");
  if (path.size() >= PATH_MAX) deny(path, "it is too long");
  if (want == Want::new_file && path.ends_with('/')) deny(path, "it is no file");
  OpenFile file = Walk(root_.get(), path).open(want);
  if (!file) fail(path, errno);
  return file;
}

}  // namespace v0
}  // namespace lian
