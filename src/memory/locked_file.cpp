#include "memory/locked_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_wait = 5s;
constexpr auto first_pause = std::chrono::microseconds(100), longest_pause = 1000us;
constexpr mode_t owner_only = S_IRUSR | S_IWUSR;

bool write_all(int fd, std::string_view bytes, off_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += count;
  }
  return true;
}

// A new name is for good when its folder is on the disk.
bool sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::fsync(fd) == 0 || errno == EINVAL;  // some file systems have no such thing
  ::close(fd);
  return done;
}

}  // namespace

void LockedFile::fail(std::string_view doing, int code) const {
  const std::string reason = std::generic_category().message(code);
  throw Error(ErrorKind::storage,
              fmt::format("{}: the file cannot be {} ({})", path_, doing, reason));
}

LockedFile::LockedFile(std::string path) : path_(std::move(path)) {
  if (path_.empty() || path_.find('\0') != std::string::npos)
    throw Error(ErrorKind::config, "chat history: the file name is empty or holds a NUL byte");
  fd_ = open_file(false);
  if (fd_ < 0 && errno == ENOENT) {
    fd_ = open_file(true);
    if (fd_ >= 0 && !sync_folder_of(path_)) {
      const int code = errno;
      ::close(fd_);
      fail("made", code);
    }
  }
  if (fd_ < 0 && (errno == EACCES || errno == EROFS)) {
    read_only_ = true;
    fd_ = open_file(false);
  }
  if (fd_ < 0) fail("opened or made; check that its folder is there and what it permits", errno);
  std::error_code unknown;
  const auto resolved = std::filesystem::canonical(path_, unknown);
  if (!unknown) path_ = resolved.string();
}

LockedFile::~LockedFile() { ::close(fd_); }

int LockedFile::open_file(bool make) const {
  const int flags = (read_only_ ? O_RDONLY : O_RDWR) | (make ? O_CREAT : 0) | O_CLOEXEC;
  return ::open(path_.c_str(), flags, owner_only);
}

bool LockedFile::still_in_place() const {
  struct stat here = {};
  struct stat there = {};
  if (::fstat(fd_, &here) != 0) fail("looked at", errno);
  if (::stat(path_.c_str(), &there) != 0) {
    if (errno != ENOENT) fail("looked at", errno);
    throw Error(ErrorKind::storage,
                fmt::format("{}: the file was deleted or moved while it was open; open it again to "
                            "begin a new one",
                            path_));
  }
  return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

void LockedFile::reopen() {
  const int fd = open_file(false);
  if (fd < 0) fail("opened again", errno);
  ::close(std::exchange(fd_, fd));
  ++generation_;
}

LockedFile::Lock::Lock(LockedFile& file, bool alone) : file_(file) {
  const int kind = (alone ? LOCK_EX : LOCK_SH) | LOCK_NB;
  const auto give_up = std::chrono::steady_clock::now() + longest_wait;
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    if (::flock(file_.fd_, kind) == 0) {
      if (took_place()) return;
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) file_.fail("locked", errno);
    if (std::chrono::steady_clock::now() > give_up)
      throw Error(ErrorKind::storage,
                  fmt::format("{}: the file is locked by another process; waited 5 s. Let that "
                              "process finish",
                              file_.path_));
    std::this_thread::sleep_for(pause);
  }
}

// With the lock: whether it is that of the file in its place, which is opened otherwise.
bool LockedFile::Lock::took_place() const {
  try {
    if (file_.still_in_place()) return true;
    file_.reopen();
    return false;
  } catch (...) {
    ::flock(file_.fd_, LOCK_UN);
    throw;
  }
}

LockedFile::Lock::~Lock() { ::flock(file_.fd_, LOCK_UN); }

std::uint64_t LockedFile::size() const {
  struct stat status = {};
  if (::fstat(fd_, &status) != 0) fail("looked at", errno);
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::storage,
                fmt::format("{}: this is no regular file; name a file for the history", path_));
  return static_cast<std::uint64_t>(status.st_size);
}

std::string LockedFile::read(std::uint64_t offset, std::uint64_t count) const {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t some =
        ::pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (some < 0 && errno == EINTR) continue;
    if (some <= 0) fail("read", some < 0 ? errno : EIO);
    done += static_cast<std::size_t>(some);
  }
  return bytes;
}

void LockedFile::append(std::uint64_t end, std::string_view bytes) {
  if (write_all(fd_, bytes, static_cast<off_t>(end)) && ::fsync(fd_) == 0) return;
  const int code = errno;
  if (::ftruncate(fd_, static_cast<off_t>(end)) != 0) fail("written, nor the change undone", code);
  fail("written; the change was undone", code);
}

void LockedFile::cut(std::uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0 || ::fsync(fd_) != 0) fail("cut", errno);
}

void LockedFile::replace(std::string_view bytes) {
  const std::string fresh = path_ + ".new";
  ::unlink(fresh.c_str());  // left by a process that was killed
  struct stat status = {};
  if (::fstat(fd_, &status) != 0) fail("looked at", errno);
  const int fd =
      ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0777);
  if (fd < 0) fail("written anew; it is as it was", errno);
  // Locked before anybody can find it, and held on in the place of the old one's lock.
  const bool written = ::flock(fd, LOCK_EX | LOCK_NB) == 0 && write_all(fd, bytes, 0) &&
                       ::fsync(fd) == 0 && ::rename(fresh.c_str(), path_.c_str()) == 0;
  if (!written) {
    const int code = errno;
    ::close(fd);
    ::unlink(fresh.c_str());
    fail("written anew; it is as it was", code);
  }
  ::close(std::exchange(fd_, fd));
  ++generation_;
  if (!sync_folder_of(path_)) fail("put in place for good", errno);
}

}  // namespace v0
}  // namespace lian
